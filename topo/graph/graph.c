/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The drawing of a topology: VMs as boxes inside the kernel's, with role, memory, hardware and the
 * marks of the analysis, connections as arrows from the device VM to the driver VM with what they
 * serve and what they expose. Texts of the user's are escaped for Graphviz' HTML-like labels.
 */
#include "topo/graph/graph.h"

#include <inttypes.h>
#include <string.h>

#include "topo/base/arena.h"
#include "topo/base/utf8.h"
#include "topo/model/board.h"
#include "topo/model/device_options.h"

#define CHIPS_MAX 5U  /* pieces of hardware that a box names */
#define LARGE_VMS 16U /* a drawing of more VMs leaves out what goes without saying */
#define LINE_CHARACTERS 34U
#define SMALL "<FONT POINT-SIZE=\"10\" COLOR=\"#4b5563\">"
#define COMMON_POOL (8ULL << 20)

enum role { ROLE_ALONE, ROLE_DEVICE, ROLE_DRIVER, ROLE_HYBRID };

/* By what a VM does for others and others for it: device is bit 0, driver bit 1. */
static const struct {
	const char *name;
	const char *fill;
	const char *line;
} roles[] = {
	[ROLE_ALONE] = {"no connection", "#f3f4f6", "#6b7280"},
	[ROLE_DEVICE] = {"device VM",     "#dbeafe", "#1d4ed8"},
	[ROLE_DRIVER] = {"driver VM",     "#dcfce7", "#15803d"},
	[ROLE_HYBRID] = {"hybrid",        "#ede9fe", "#6d28d9"},
};

/* What has a meaning in HTML by its name, what nobody can see as a question mark. */
static void put_text_bytes(FILE *out, const char *text, size_t bytes)
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
			fwrite(text, 1, count, out);
		}
		text += count;
	}
}

static void put_text(FILE *out, const char *text)
{
	put_text_bytes(out, text, strlen(text));
}

static void put_bytes(FILE *out, uint64_t bytes)
{
	static const struct {
		unsigned int shift;
		const char *name;
	} units[] = {
		{30, "GiB"},
                {20, "MiB"},
                {10, "KiB"}
        };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (bytes != 0 && (bytes & ((1ULL << units[i].shift) - 1)) == 0) {
			fprintf(out, "%" PRIu64 " %s", bytes >> units[i].shift, units[i].name);
			return;
		}
	}
	fprintf(out, "%" PRIu64 " bytes", bytes);
}

/* Hardware. */

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
	if (chips->column != 0 && chips->column + 2 + bytes > LINE_CHARACTERS) {
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
		put_text_bytes(chips->out, name, bytes);
	}
}

/* "/soc/serial@7e215040": "serial" */
static void add_node(struct chips *chips, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	size_t bytes = strcspn(name, "@");

	chips_add(chips, bytes == 0 ? path : name, bytes == 0 ? strlen(path) : bytes);
}

static void add_pci(struct chips *chips, const struct pci_function *function)
{
	char name[48];

	if (function->name != NULL && function->name[0] != '\0') {
		chips_add(chips, function->name, strlen(function->name));
		return;
	}
	int bytes = snprintf(name, sizeof(name), "PCI %02x:%02x.%x", function->bus,
	                     function->device, function->function);

	chips_add(chips, name, (size_t)bytes);
}

static bool has_hardware(const struct vm *vm)
{
	return vm->pci_count + vm->dtb_node_count + vm->mmio_count + vm->irq_count != 0;
}

static void put_hardware(FILE *out, const struct vm *vm)
{
	struct chips chips = {.out = out};
	char name[40];

	fputs("<TR><TD BORDER=\"1\" COLOR=\"#9ca3af\" BGCOLOR=\"#ffffff\">"
	      "<FONT POINT-SIZE=\"10\">",
	      out);
	for (size_t i = 0; i < vm->pci_count; i++) {
		add_pci(&chips, &vm->pci[i]);
	}
	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		add_node(&chips, vm->dtb_nodes[i]);
	}
	for (size_t i = 0; i < vm->mmio_count; i++) {
		int bytes = snprintf(name, sizeof(name), "0x%" PRIx64, vm->mmios[i].base);

		chips_add(&chips, name, (size_t)bytes);
	}
	if (chips.count == 0) {
		int bytes = snprintf(name, sizeof(name), "%zu interrupts", vm->irq_count);

		chips_add(&chips, name, (size_t)bytes);
	}
	if (chips.more != 0) {
		fprintf(out, ", +%zu", chips.more);
	}
	fputs("</FONT></TD></TR>", out);
}

/* VMs. */

static void put_mark(FILE *out, const char *fill, const char *colour, const char *word,
                     const char *text)
{
	fprintf(out, "<TR><TD BGCOLOR=\"%s\"><FONT POINT-SIZE=\"10\" COLOR=\"%s\"><B>%s</B>", fill,
	        colour, word);
	if (text != NULL) {
		fputs(": ", out);
		put_text(out, text);
	}
	fputs("</FONT></TD></TR>", out);
}

static void put_marks(FILE *out, const struct vm *vm)
{
	if (vm->exposed) {
		put_mark(out, "#fee2e2", "#b91c1c", "exposed", NULL);
	}
	if (vm->asset != NULL) {
		put_mark(out, "#fef3c7", "#92400e", "asset", vm->asset);
	}
	if (vm->trust == TRUST_HIGH) {
		put_mark(out, "#ffffff", "#166534", "high trust", NULL);
	} else if (vm->trust == TRUST_LOW) {
		put_mark(out, "#ffffff", "#9a3412", "low trust", NULL);
	}
}

static void put_vm(FILE *out, const struct model *model, size_t index, enum role role)
{
	const struct vm *vm = &model->vms[index];

	fprintf(out,
	        "    vm%zu [label=<<TABLE STYLE=\"ROUNDED\" BORDER=\"2\" CELLBORDER=\"0\" "
	        "CELLSPACING=\"3\" CELLPADDING=\"2\" COLOR=\"%s\" BGCOLOR=\"%s\">"
	        "<TR><TD><FONT POINT-SIZE=\"15\"><B>",
	        index, roles[role].line, roles[role].fill);
	put_text(out, vm->name);
	fprintf(out,
	        "</B></FONT></TD></TR><TR><TD><FONT POINT-SIZE=\"10\" COLOR=\"%s\"><B>%s</B>"
	        "</FONT>" SMALL " · ",
	        roles[role].line, roles[role].name);
	put_bytes(out, vm->ram_bytes);
	if (vm->vcpu_count != 1) {
		fprintf(out, " · %u vCPUs", vm->vcpu_count);
	}
	fputs("</FONT></TD></TR>", out);
	if (has_hardware(vm)) {
		put_hardware(out, vm);
	} else if (model->vm_count <= LARGE_VMS) {
		fputs("<TR><TD>" SMALL "<I>no hardware</I></FONT></TD></TR>", out);
	}
	put_marks(out, vm);
	fputs("</TABLE>>];\n", out);
}

static void put_vms(FILE *out, const struct model *model, struct arena *arena)
{
	unsigned int *found = arena_alloc(arena, (model->vm_count + 1) * sizeof(*found));

	for (size_t i = 0; i < model->connection_count; i++) {
		found[model->connections[i].device_vm] |= ROLE_DEVICE;
		found[model->connections[i].driver_vm] |= ROLE_DRIVER;
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		put_vm(out, model, i, (enum role)found[i]);
	}
}

/* Connections. */

/* "net ×2, blk" */
static void put_types(FILE *out, const struct connection *connection)
{
	const char *between = "";

	for (enum device_type type = DEVICE_NET; type < DEVICE_TYPE_COUNT; type++) {
		size_t count = 0;

		for (size_t i = 0; i < connection->device_count; i++) {
			count += connection->devices[i].type == type ? 1 : 0;
		}
		if (count == 0) {
			continue;
		}
		fprintf(out, "%s%s", between, device_type_name(type));
		if (count > 1) {
			fprintf(out, " ×%zu", count);
		}
		between = ", ";
	}
}

static void put_connection(FILE *out, const struct model *model,
                           const struct connection *connection, uint32_t rank)
{
	bool large = model->vm_count > LARGE_VMS;

	fprintf(out, "    vm%u -> vm%u [label=<", connection->device_vm, connection->driver_vm);
	put_types(out, connection);
	if (!connection->swiotlb) {
		fputs("<BR/><FONT COLOR=\"#b91c1c\"><B>all RAM!</B></FONT>", out);
	} else if (!large || connection->pool_bytes != COMMON_POOL) {
		fputs("<BR/>" SMALL, out);
		put_bytes(out, connection->pool_bytes);
		fputs(" pool</FONT>", out);
	}
	fputs(">", out);
	if (!connection->swiotlb) {
		fputs(", color=\"#b91c1c\", penwidth=2.2", out);
	}
	if (rank == 0) {
		fputs(", constraint=false", out);
	} else if (rank != 1) {
		fprintf(out, ", minlen=%u", rank);
	}
	fputs("];\n", out);
}

static void put_connections(FILE *out, const struct model *model, struct arena *arena)
{
	struct graph_place place = graph_place(model, arena);

	for (size_t i = 0; i < model->connection_count; i++) {
		put_connection(out, model, &model->connections[i], place.ranks[i]);
	}
	for (size_t i = 0; i < place.step_count; i++) {
		fprintf(out, "    vm%u -> vm%u [style=invis];\n", place.steps[i].from,
		        place.steps[i].to);
	}
}

static void put_count(FILE *out, size_t count, const char *what)
{
	fprintf(out, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

static void put_title(FILE *out, const struct model *model)
{
	fputs("  label=<<FONT POINT-SIZE=\"20\"><B>", out);
	put_text(out, model->name);
	fputs("</B></FONT><BR/>" SMALL, out);
	put_count(out, model->vm_count, "VM");
	fputs(" · ", out);
	put_count(out, model->connection_count, "connection");
	fputs(" · ", out);
	put_text(out, model->board->name);
	if (model->connection_count != 0) {
		fputs(" · arrows lead from the VM that serves to the one that is served", out);
	}
	if (model->vm_count > LARGE_VMS && model->connection_count != 0) {
		fputs(", through a pool of 8 MiB where nothing else is said", out);
	}
	fputs("</FONT><BR/> >;\n", out);
}

void graph_print(const struct model *model, FILE *out)
{
	struct arena *arena = arena_new();
	bool large = model->vm_count > LARGE_VMS;

	fprintf(out,
	        "digraph topology {\n"
	        "  graph [rankdir=LR, labelloc=t, fontname=\"Helvetica,Arial,sans-serif\", "
	        "nodesep=%s, ranksep=%s, pad=0.3, bgcolor=\"#ffffff\"];\n"
	        "  node [shape=plain, fontname=\"Helvetica,Arial,sans-serif\"];\n"
	        "  edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=%u, penwidth=1.4, "
	        "arrowsize=0.8, color=\"#374151\"];\n",
	        large ? "0.15" : "0.35", large ? "0.5" : "0.6", large ? 10U : 12U);
	put_title(out, model);
	fputs("  subgraph cluster_kernel {\n"
	      "    style=\"rounded,filled\"; color=\"#9ca3af\"; fillcolor=\"#fafafa\"; "
	      "penwidth=1.5; margin=18; labelloc=b; fontsize=12; fontcolor=\"#4b5563\";\n"
	      "    label=\"kernel: the only trusted code that all of them share\";\n",
	      out);
	put_vms(out, model, arena);
	put_connections(out, model, arena);
	fputs("  }\n}\n", out);
	arena_free(arena);
}
