/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts of the user's in a drawing, and the hardware of a VM in few words.
 */
#include "topo/draw/words.h"

#include <inttypes.h>
#include <string.h>

#include "topo/base/utf8.h"
#include "topo/model/hardware.h"
#include "topo/model/pci.h"

#define CHIPS_MAX 5U /* pieces of hardware that a box names */

/* What has a meaning in HTML by its number, what nobody can see as a question mark. A backslash is
 * written twice: Graphviz puts the name of the node for \N, also in HTML. */
void draw_text_bytes(FILE *out, const char *text, size_t bytes)
{
	const char *end = text + bytes;

	while (text < end) {
		size_t count = utf8_bytes(text, (size_t)(end - text));

		if (count == 0 || !utf8_shows(text, count)) {
			putc('?', out);
			count = count == 0 ? 1 : count;
		} else if (strchr("&<>\"", *text) != NULL) {
			fprintf(out, "&#%u;", (unsigned char)*text);
		} else {
			fputs(*text == '\\' ? "\\" : "", out);
			fwrite(text, 1, count, out);
		}
		text += count;
	}
}

void draw_text(FILE *out, const char *text)
{
	draw_text_bytes(out, text, strlen(text));
}

/* A line of names that breaks where it gets long. */
struct chips {
	FILE *out;
	size_t count, column;
	size_t more; /* not named */
};

/* Make room for a chip of @bytes; false: it goes unnamed. */
static bool chips_begin(struct chips *chips, size_t bytes)
{
	if (chips->count >= CHIPS_MAX) {
		chips->more++;
		return false;
	}
	if (chips->column != 0 && chips->column + 2 + bytes > DRAW_LINE_CHARACTERS) {
		fputs(",<BR/>", chips->out);
		chips->column = 0;
	} else if (chips->count != 0) {
		fputs(", ", chips->out);
		chips->column += 2;
	}
	chips->count++;
	chips->column += bytes;
	return true;
}

static void chips_add(struct chips *chips, const char *name, size_t bytes)
{
	if (chips_begin(chips, bytes)) {
		draw_text_bytes(chips->out, name, bytes);
	}
}

bool draw_has_hardware(const struct vm *vm)
{
	return vm->pci_count + vm->dtb_node_count + vm->mmio_count + vm->irq_count != 0;
}

/* "ethernet@7d580000" is "ethernet"; the root of a device tree has no name but its path. */
static void add_unit(struct chips *chips, const struct hardware_unit *unit)
{
	size_t bytes = strcspn(unit->name, "@");

	if (bytes == 0) {
		chips_add(chips, unit->where, strlen(unit->where));
	} else {
		chips_add(chips, unit->name, bytes);
	}
}

/* Whether a unit before number @at is the same device: of the same name, or, for registers, of
 * the same known kind. */
static bool is_named(const struct hardware *hardware, size_t at)
{
	const struct hardware_unit *unit = &hardware->units[at];

	for (size_t i = 0; i < at; i++) {
		const struct hardware_unit *before = &hardware->units[i];

		if (strcmp(before->name, unit->name) == 0 ||
		    (unit->bytes != 0 && unit->kind != HARDWARE_OTHER &&
		     before->kind == unit->kind)) {
			return true;
		}
	}
	return false;
}

void draw_hardware(const struct model *model, uint32_t index, struct arena *arena, FILE *out)
{
	const struct vm *vm = &model->vms[index];
	const struct hardware hardware = hardware_of(model, index, arena);
	struct chips chips = {.out = out};

	fprintf(out,
	        "<TR><TD BORDER=\"1\" COLOR=\"%s\" BGCOLOR=\"#ffffff\"%s>"
	        "<FONT POINT-SIZE=\"10\">",
	        hardware_has_all(&hardware) ? DRAW_DANGER : "#9ca3af",
	        hardware_has_all(&hardware) ? " STYLE=\"DASHED\"" : "");
	for (size_t i = 0; i < hardware.count; i++) {
		if (!is_named(&hardware, i)) {
			add_unit(&chips, &hardware.units[i]);
		}
	}
	if (chips.count == 0) {
		fprintf(out, "%zu interrupt%s", vm->irq_count, vm->irq_count == 1 ? "" : "s");
	}
	if (chips.more != 0) {
		fprintf(out, ", +%zu", chips.more);
	}
	if (hardware_has_all(&hardware)) {
		fputs("<BR/><FONT COLOR=\"" DRAW_DANGER "\"><B>DMA to all memory</B></FONT>", out);
	}
	if (pci_forges_messages(model, vm)) {
		fputs("<BR/><FONT COLOR=\"#92400e\"><B>MSIs forgeable</B></FONT>", out);
	}
	fputs("</FONT></TD></TR>", out);
}
