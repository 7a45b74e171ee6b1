/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of attributes as a list. tests/documents compares docs/language.md with it, tests/manual
 * the words of the editor.
 */
#include "topo/export/attribute_list.h"

#include <inttypes.h>

#include "topo/base/arena.h"
#include "topo/base/say.h"
#include "topo/model/vm_attributes.h"

/* What may stand there, as far as it follows from the kind. */
static const char *values_of(const struct vm_attribute_row *row, struct arena *arena)
{
	const char *text = "";

	if (row->values != NULL) {
		return row->values;
	}
	switch (row->kind) {
	case ATTRIBUTE_NUMBER:
		return row->unit != NULL ? row->unit
		                         : arena_printf(arena, "%" PRIu64 " to %" PRIu64,
		                                        row->minimum, row->maximum);
	case ATTRIBUTE_ADDRESS:
		return "a guest-physical address";
	case ATTRIBUTE_SIZE:
		return "bytes";
	case ATTRIBUTE_TRUTH:
		return "true or false";
	case ATTRIBUTE_WORD:
		for (size_t i = 1; row->words[i] != NULL; i++) {
			text = arena_printf(arena, "%s%s\"%s\"", text, i == 1 ? "" : " or ",
			                    row->words[i]);
		}
		return text;
	case ATTRIBUTE_STRING:
		return row->maximum == 0 ? "text"
		                         : arena_printf(arena, "text, %" PRIu64 " bytes at most",
		                                        row->maximum);
	case ATTRIBUTE_OWN:
		break;
	}
	return "text";
}

/* The dict in which it may stand; NULL = in none. */
static const char *dict_of(enum vm_attribute attribute)
{
	if (vm_attribute_row(attribute)->place == ATTRIBUTE_IMAGE_KEY) {
		return vm_attribute_row(VM_IMAGE)->name;
	}
	return vm_attribute_stands(attribute, ATTRIBUTE_KEY) ? vm_attribute_row(VM_ADDRESSES)->name
	                                                     : NULL;
}

static void put_member(FILE *out, const char *before, const char *key, const char *text)
{
	fprintf(out, "%s\"%s\": ", before, key);
	if (text == NULL) {
		fputs("null", out);
	} else {
		say_json_string(out, text);
	}
}

static void put_json(FILE *out, enum vm_attribute attribute, const char *values)
{
	const struct vm_attribute_row *row = vm_attribute_row(attribute);

	put_member(out, attribute == 0 ? " {" : ",\n {", "name", row->name);
	put_member(out, ", ", "older", row->older);
	fprintf(out, ", \"alone\": %s",
	        vm_attribute_stands(attribute, ATTRIBUTE_ALONE) ? "true" : "false");
	put_member(out, ", ", "dict", dict_of(attribute));
	put_member(out, ",\n  ", "values", values);
	put_member(out, ", ", "meaning", row->meaning);
	put_member(out, ", ", "default", row->otherwise);
	put_member(out, ", ", "json", row->json);
	putc('}', out);
}

static void put_text(FILE *out, enum vm_attribute attribute, const char *values)
{
	const struct vm_attribute_row *row = vm_attribute_row(attribute);
	const char *dict = dict_of(attribute);

	say(out, "%s", row->name);
	if (!vm_attribute_stands(attribute, ATTRIBUTE_ALONE)) {
		say(out, " (in %s)", dict);
	}
	say(out, "\n    %s\n", row->meaning);
	say(out, "    value: %s\n", values);
	say(out, "    default: %s\n", row->otherwise);
}

void attribute_list_print(FILE *out, bool json)
{
	struct arena *arena = arena_new();

	fputs(json ? "[\n" : "", out);
	for (enum vm_attribute i = 0; i < VM_ATTRIBUTE_COUNT; i++) {
		const char *values = values_of(vm_attribute_row(i), arena);

		if (json) {
			put_json(out, i, values);
		} else {
			put_text(out, i, values);
		}
	}
	fputs(json ? "\n]\n" : "", out);
	arena_free(arena);
}
