/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads and compares device trees, see topo/verify/tree.h. The blob is foreign: libfdt checks it
 * whole before it is walked.
 */
#include "topo/verify/tree.h"

#include <ctype.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16
#define TREE_BYTES_MAX 0x200000U /* what an arm64 kernel takes */

static const char meaningless[] = "it has bytes that mean nothing and are not 0";

static void add(struct tree *tree, const char *node, const char *name, struct bytes value)
{
	*ARENA_ADD(tree->arena, tree->properties, tree->count) =
		(struct property){node, name, value};
}

/* Names and values are padded to cells with zeros. @fdt is aligned, so addresses tell. */
static bool padded(const void *data, size_t bytes)
{
	const uint8_t *end = (const uint8_t *)data + bytes;

	while ((uintptr_t)end % 4 != 0) {
		if (*end++ != 0) {
			return false;
		}
	}
	return true;
}

/* How much of a blob its nodes and properties take; the rest must be nothing. */
struct extent {
	size_t structure;    /* bytes of the structure block */
	bool *is_string;     /* of each byte of the strings block: belongs to a name in use */
	size_t string_bytes; /* of that block */
};

/* Name and value of the property at @at, as fdt_check_full has found them in their blocks. */
static void count_property(struct extent *extent, const void *fdt, int at, const char *name,
                           size_t value_bytes)
{
	const struct fdt_property *property = fdt_get_property_by_offset(fdt, at, NULL);
	const size_t from = fdt32_ld(&property->nameoff);

	extent->structure += sizeof(*property) + (value_bytes + 3) / 4 * 4;
	for (size_t i = from; i <= from + strlen(name) && i < extent->string_bytes; i++) {
		extent->is_string[i] = true;
	}
}

static bool read_properties(struct tree *tree, const void *fdt, int offset, const char *path,
                            struct extent *extent)
{
	int at;

	add(tree, path, "", (struct bytes){(const uint8_t *)"", 0});
	fdt_for_each_property_offset(at, fdt, offset)
	{
		const char *name;
		int length;
		const void *value = fdt_getprop_by_offset(fdt, at, &name, &length);

		if (value && length >= 0) {
			add(tree, path, name, (struct bytes){value, (size_t)length});
			count_property(extent, fdt, at, name, (size_t)length);
			if (!padded(value, (size_t)length)) {
				return false;
			}
		}
	}
	return true;
}

static bool walk(struct tree *tree, const void *fdt, struct extent *extent, const char **why)
{
	const char *paths[DEPTH_MAX] = {"/"};
	int depth = 0;

	for (int at = 0; at >= 0 && depth >= 0; at = fdt_next_node(fdt, at, &depth)) {
		const char *name = fdt_get_name(fdt, at, NULL);

		if (depth >= DEPTH_MAX || !name) {
			*why = "its nodes are nested too deeply";
			return false;
		}
		if (depth > 0) {
			paths[depth] = arena_printf(tree->arena, "%s/%s",
			                            depth == 1 ? "" : paths[depth - 1], name);
		}
		/* FDT_BEGIN_NODE, the name, FDT_END_NODE. */
		extent->structure += FDT_TAGSIZE + (strlen(name) + 4) / 4 * 4 + FDT_TAGSIZE;
		if (!padded(name, strlen(name) + 1) ||
		    !read_properties(tree, fdt, at, paths[depth], extent)) {
			*why = meaningless;
			return false;
		}
	}
	return true;
}

/*
 * Header, an empty memory reservation map at the next multiple of its entries, structure and strings
 * stand one behind the other, and each holds what has been read of it and nothing else (devicetree
 * spec 0.4, 5).
 */
static bool is_tight(const void *fdt, const struct extent *extent)
{
	const size_t entry = sizeof(struct fdt_reserve_entry);
	const size_t map = (sizeof(struct fdt_header) + entry - 1) / entry * entry;
	const size_t structure = map + entry;
	const size_t strings = structure + extent->structure + FDT_TAGSIZE;

	for (size_t i = sizeof(struct fdt_header); i < map; i++) {
		if (((const uint8_t *)fdt)[i] != 0) {
			return false;
		}
	}
	for (size_t i = 0; i < extent->string_bytes; i++) {
		if (!extent->is_string[i]) {
			return false;
		}
	}
	return fdt_version(fdt) == FDT_LAST_SUPPORTED_VERSION &&
	       fdt_last_comp_version(fdt) == FDT_LAST_COMPATIBLE_VERSION &&
	       fdt_off_mem_rsvmap(fdt) == map && fdt_off_dt_struct(fdt) == structure &&
	       fdt_size_dt_struct(fdt) == strings - structure &&
	       fdt_off_dt_strings(fdt) == strings &&
	       fdt_totalsize(fdt) == strings + extent->string_bytes;
}

bool tree_read(struct arena *arena, struct bytes dtb, struct tree *out, const char **why)
{
	void *copy = arena_alloc(arena, dtb.count + 8);
	int error;

	*out = (struct tree){.arena = arena};
	if (dtb.count < sizeof(struct fdt_header) || dtb.count > TREE_BYTES_MAX) {
		*why = "it is too short or too long to be one";
		return false;
	}
	memcpy(copy, dtb.data, dtb.count);
	error = fdt_check_full(copy, dtb.count);
	if (error) {
		*why = fdt_strerror(error);
		return false;
	}
	if (fdt_totalsize(copy) != dtb.count) {
		*why = "its header does not tell its size";
		return false;
	}
	if (fdt_num_mem_rsv(copy) != 0 || fdt_boot_cpuid_phys(copy) != 0) {
		*why = "it reserves memory or names a boot CPU, which topo does not";
		return false;
	}
	struct extent extent = {.string_bytes = fdt_size_dt_strings(copy)};

	extent.is_string = arena_alloc(arena, extent.string_bytes + 1);
	if (!walk(out, copy, &extent, why)) {
		return false;
	}
	*why = meaningless;
	return is_tight(copy, &extent);
}

const struct property *tree_find(const struct tree *tree, const char *node, const char *name)
{
	for (size_t i = 0; i < tree->count; i++) {
		const struct property *p = &tree->properties[i];

		if (strcmp(p->node, node) == 0 && strcmp(p->name, name) == 0) {
			return p;
		}
	}
	return NULL;
}

bool tree_cell(const struct property *property, size_t index, uint32_t *out)
{
	if (!property || index >= property->value.count / 4) {
		return false;
	}
	const uint8_t *b = property->value.data + 4 * index;

	*out = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	return true;
}

bool tree_cell64(const struct property *property, size_t index, uint64_t *out)
{
	uint32_t high;
	uint32_t low;

	if (!tree_cell(property, index, &high) || !tree_cell(property, index + 1, &low)) {
		return false;
	}
	*out = (uint64_t)high << 32 | low;
	return true;
}

bool tree_is(const struct property *property, const char *text)
{
	return property && property->value.count == strlen(text) + 1 &&
	       memcmp(property->value.data, text, property->value.count) == 0;
}

void cells_add(struct cells *cells, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		*ARENA_ADD(cells->arena, cells->data, cells->count) = (uint8_t)(value >> shift);
	}
}

void cells_add64(struct cells *cells, uint64_t value)
{
	cells_add(cells, (uint32_t)(value >> 32));
	cells_add(cells, (uint32_t)value);
}

void tree_want_node(struct tree *tree, const char *node)
{
	add(tree, node, "", (struct bytes){(const uint8_t *)"", 0});
}

void tree_want(struct tree *tree, const char *node, const char *name, struct bytes value)
{
	add(tree, node, name, value);
}

void tree_want_flag(struct tree *tree, const char *node, const char *name)
{
	add(tree, node, name, (struct bytes){(const uint8_t *)"", 0});
}

void tree_want_string(struct tree *tree, const char *node, const char *name, const char *text)
{
	add(tree, node, name, (struct bytes){(const uint8_t *)text, strlen(text) + 1});
}

void tree_want_strings(struct tree *tree, const char *node, const char *name,
                       const char *const *texts)
{
	struct cells list = {.arena = tree->arena};

	for (; *texts; texts++) {
		for (size_t i = 0; i <= strlen(*texts); i++) {
			*ARENA_ADD(list.arena, list.data, list.count) = (uint8_t)(*texts)[i];
		}
	}
	tree_want_cells(tree, node, name, &list);
}

void tree_want_u32(struct tree *tree, const char *node, const char *name, uint32_t value)
{
	struct cells cells = {.arena = tree->arena};

	cells_add(&cells, value);
	tree_want_cells(tree, node, name, &cells);
}

void tree_want_u64(struct tree *tree, const char *node, const char *name, uint64_t value)
{
	struct cells cells = {.arena = tree->arena};

	cells_add64(&cells, value);
	tree_want_cells(tree, node, name, &cells);
}

void tree_want_cells(struct tree *tree, const char *node, const char *name,
                     const struct cells *cells)
{
	add(tree, node, name, (struct bytes){cells->data, cells->count});
}

static int order(const void *a, const void *b)
{
	const struct property *left = a;
	const struct property *right = b;
	int nodes = strcmp(left->node, right->node);

	return nodes ? nodes : strcmp(left->name, right->name);
}

static bool is_text(struct bytes value)
{
	if (value.count < 2 || value.data[value.count - 1] != '\0') {
		return false;
	}
	for (size_t i = 0; i + 1 < value.count; i++) {
		bool end = value.data[i] == '\0';

		if (!isprint(value.data[i]) && (!end || i == 0 || value.data[i - 1] == '\0')) {
			return false;
		}
	}
	return true;
}

/* A value as a device tree source has it; long ones are cut. */
static const char *value_text(struct arena *arena, struct bytes value)
{
	const size_t shown = 24;
	const char *text = "";

	if (value.count == 0) {
		return "there";
	}
	if (is_text(value)) {
		return arena_printf(arena, "\"%.200s\"", (const char *)value.data);
	}
	for (size_t i = 0; i < value.count && i < shown * 4; i += value.count % 4 ? 1 : 4) {
		const struct property p = {"", "", value};
		uint32_t cell = 0;

		if (value.count % 4) {
			text = arena_printf(arena, "%s%s%02x", text, i ? " " : "", value.data[i]);
		} else if (tree_cell(&p, i / 4, &cell)) {
			text = arena_printf(arena, "%s%s0x%" PRIx32, text, i ? " " : "", cell);
		}
	}
	return arena_printf(arena, value.count % 4 ? "[%s%s]" : "<%s%s>", text,
	                    value.count > shown * 4 ? " …" : "");
}

/* @p is in one of the trees only. */
static void report_alone(struct findings *report, const char *vm, const struct property *p,
                         bool found)
{
	enum finding_kind kind = found ? FINDING_EXTRA : FINDING_MISSING;
	const char *verdict = found ? "which the topology does not explain"
	                            : "which is not there, but follows from the topology";

	if (!p->name[0]) {
		findings_add(report, kind, vm, "device tree", "the device tree of %s: node %s, %s",
		             vm, p->node, verdict);
		return;
	}
	findings_add(report, kind, vm, "device tree", "the device tree of %s: `%s` of %s, %s, %s",
	             vm, p->name, p->node, value_text(report->arena, p->value), verdict);
}

static void compare_values(struct findings *report, const char *vm, const struct property *found,
                           const struct property *wanted)
{
	if (found->value.count == wanted->value.count &&
	    (found->value.count == 0 ||
	     memcmp(found->value.data, wanted->value.data, found->value.count) == 0)) {
		return;
	}
	findings_add(report, FINDING_DIFFERENT, vm, "device tree",
	             "the device tree of %s: `%s` of %s is %s; from the topology follows %s", vm,
	             found->name, found->node, value_text(report->arena, found->value),
	             value_text(report->arena, wanted->value));
}

void tree_compare(struct findings *report, const char *vm, struct tree *found, struct tree *wanted)
{
	size_t f = 0;
	size_t w = 0;

	if (found->count) {
		qsort(found->properties, found->count, sizeof(*found->properties), order);
	}
	if (wanted->count) {
		qsort(wanted->properties, wanted->count, sizeof(*wanted->properties), order);
	}
	while (f < found->count || w < wanted->count) {
		int way = f == found->count ? 1
		          : w == wanted->count
		                  ? -1
		                  : order(&found->properties[f], &wanted->properties[w]);

		if (way == 0) {
			compare_values(report, vm, &found->properties[f], &wanted->properties[w]);
		} else if (way < 0) {
			report_alone(report, vm, &found->properties[f], true);
		} else {
			report_alone(report, vm, &wanted->properties[w], false);
		}
		f += way <= 0;
		w += way >= 0;
	}
}
