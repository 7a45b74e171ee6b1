/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical devices that a VM is given: registers, interrupts, PCI functions, nodes of the board's
 * device tree.
 */
#include <string.h>

#include "topo/base/suggest.h"
#include "topo/model/resolve_internal.h"

#define NODE_PATH_MAX 1024U
#define SIZE_BITS_LIMIT 64U /* a smaller size is a number of bits, as seL4 counts untyped memory */

static bool is_list(struct resolver *resolver, const struct value *value, const char *what)
{
	if (value->kind != VALUE_LIST) {
		diag_error(resolver->diag, value->place, "%s is a list, not %s", what,
		           value_kind_name(value->kind));
		return false;
	}
	return true;
}

/* Bytes of the field of a string that begins at @first, up to the next colon or the end. */
static size_t field_bytes(const char *text, size_t first)
{
	return strcspn(text + first, ":");
}

/* Field number @index of "a:b:c". False when it is not there (then nothing is said), or wrong. */
static bool read_field(struct resolver *resolver, const struct value *value, size_t index,
                       const char *what, uint64_t *out)
{
	const char *text = value->of.string.text;
	size_t first = 0;

	for (size_t i = 0; i < index; i++) {
		first += field_bytes(text, first);
		if (text[first] == '\0') {
			return false;
		}
		first++;
	}
	return value_number_part(&resolver->evaluator, value, first, field_bytes(text, first), what,
	                         out);
}

static size_t field_count(const char *text)
{
	size_t count = 1;

	for (; *text != '\0'; text++) {
		count += *text == ':' ? 1 : 0;
	}
	return count;
}

/* Every VM has the virtual CPU interface anyway; deployed systems list it among its ranges. */
static bool is_virtual_cpu_interface(const struct board *board, const struct range *range)
{
	return range->base == board->gicv_base && range->bytes <= 0x2000;
}

static bool is_ram(const struct board *board, const struct range *range)
{
	return range->base >= board->ram_base &&
	       range->base - board->ram_base <= board->ram_bytes_max &&
	       range->bytes <= board->ram_bytes_max - (range->base - board->ram_base);
}

static void add_range(struct resolver *resolver, size_t index, const struct range *range)
{
	const struct board *board = resolver->topology->model.board;
	struct vm *vm = &resolver->topology->model.vms[index];
	uint64_t end = 0;

	if (range->bytes == 0 || __builtin_add_overflow(range->base, range->bytes, &end) ||
	    end > (uint64_t)1 << PV_PA_BITS) {
		diag_error(resolver->diag, range->place,
		           "this range is empty or ends behind the last physical address");
		diag_help(resolver->diag,
		          "address:bytes, at most %u bits; a number under 64 is a size in bits",
		          PV_PA_BITS);
		return;
	}
	if (is_virtual_cpu_interface(board, range)) {
		return;
	}
	if (is_ram(board, range)) {
		check_report(resolver->checks, CHECK_RAM_AS_MMIO, range->place,
		             "this range is RAM, which topo places by itself: it is left out");
		return;
	}
	*ARENA_ADD(resolver->arena, vm->mmios, vm->mmio_count) = *range;
}

static bool check_form(struct resolver *resolver, const struct value *value, const char *what,
                       const char *form, size_t least, size_t most)
{
	if (value->kind == VALUE_STRING) {
		size_t count = field_count(value->of.string.text);

		if (count >= least && count <= most) {
			return true;
		}
	}
	diag_error(resolver->diag, value->place, "each of %s is a string \"%s\"", what, form);
	return false;
}

void resolve_mmios(struct resolver *resolver, size_t vm, const struct value *value)
{
	if (!is_list(resolver, value, "mmios")) {
		return;
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		const struct value *item = &value->of.list.items[i];
		struct range range = {.place = item->place};

		if (check_form(resolver, item, "mmios", "address:bytes:page bits", 2, 3) &&
		    read_field(resolver, item, 0, "the address", &range.base) &&
		    read_field(resolver, item, 1, "the size", &range.bytes)) {
			add_range(resolver, vm, &range);
		}
	}
}

void resolve_untyped_mmios(struct resolver *resolver, size_t vm, const struct value *value)
{
	if (!is_list(resolver, value, "untyped_mmios")) {
		return;
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		const struct value *item = &value->of.list.items[i];
		struct range range = {.place = item->place};

		if (!check_form(resolver, item, "untyped_mmios", "address:bytes", 2, 2) ||
		    !read_field(resolver, item, 0, "the address", &range.base) ||
		    !read_field(resolver, item, 1, "the size", &range.bytes)) {
			continue;
		}
		if (range.bytes < SIZE_BITS_LIMIT) {
			range.bytes = range.bytes == 63 ? 0 : (uint64_t)1 << range.bytes;
		}
		add_range(resolver, vm, &range);
	}
}

static bool small_number(struct resolver *resolver, const struct value *value, const char *what,
                         uint32_t *out)
{
	uint64_t number = 0;

	if (!value_number(&resolver->evaluator, value, what, &number)) {
		return false;
	}
	*out = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
	return true;
}

static void read_pci_entry(struct resolver *resolver, struct pci_function *function,
                           const struct value_entry *entry)
{
	const struct {
		const char *name;
		uint32_t *number;
	} keys[] = {
		{"bus", &function->bus     },
		{"dev", &function->device  },
		{"fun", &function->function},
		{"irq", &function->irq     },
	};
	struct suggest suggest = suggest_start(entry->key.text);

	if (strcmp(entry->key.text, "name") == 0) {
		value_string(&resolver->evaluator, &entry->value, "name", &function->name);
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].name, entry->key.text) == 0) {
			small_number(resolver, &entry->value, keys[i].name, keys[i].number);
			return;
		}
		suggest_consider(&suggest, keys[i].name);
	}
	if (check_report(resolver->checks, CHECK_UNKNOWN_ATTRIBUTE, entry->key.place,
	                 "a PCI function has no '%s'", entry->key.text)) {
		diag_help(resolver->diag, "it has: name, bus, dev, fun, irq");
	}
}

void resolve_pci_devices(struct resolver *resolver, size_t index, const struct value *value)
{
	struct vm *vm = &resolver->topology->model.vms[index];

	if (!is_list(resolver, value, "pci_devices")) {
		return;
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		const struct value *item = &value->of.list.items[i];
		struct pci_function function = {.name = "", .place = item->place};

		if (item->kind != VALUE_DICT) {
			diag_error(resolver->diag, item->place,
			           "each of pci_devices is { name, bus, dev, fun, irq }, not %s",
			           value_kind_name(item->kind));
			continue;
		}
		for (size_t j = 0; j < item->of.dict.count; j++) {
			read_pci_entry(resolver, &function, &item->of.dict.entries[j]);
		}
		*ARENA_ADD(resolver->arena, vm->pci, vm->pci_count) = function;
	}
}

void resolve_irqs(struct resolver *resolver, size_t index, const struct value *value)
{
	struct vm *vm = &resolver->topology->model.vms[index];
	struct vm_origin *origin = &resolver->topology->vm_origins[index];

	if (!is_list(resolver, value, "a list of interrupts")) {
		return;
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		const struct value *item = &value->of.list.items[i];
		uint32_t irq = 0;
		size_t count = vm->irq_count;

		if (small_number(resolver, item, "an interrupt", &irq)) {
			*ARENA_ADD(resolver->arena, vm->irqs, vm->irq_count) = irq;
			*ARENA_ADD(resolver->arena, origin->irq_places, count) = item->place;
		}
	}
}

static void add_node(struct resolver *resolver, size_t index, const struct value_entry *entry)
{
	struct vm *vm = &resolver->topology->model.vms[index];
	struct vm_origin *origin = &resolver->topology->vm_origins[index];
	size_t count = vm->dtb_node_count;
	const char *path = NULL;

	if (strcmp(entry->key.text, "path") != 0) {
		if (check_report(resolver->checks, CHECK_UNKNOWN_ATTRIBUTE, entry->key.place,
		                 "dtb() does not look for '%s'", entry->key.text)) {
			diag_help(resolver->diag, "nodes are named by { \"path\": \"/...\" }");
		}
		return;
	}
	if (!value_string(&resolver->evaluator, &entry->value, "path", &path)) {
		return;
	}
	if (path[0] != '/' || strlen(path) > NODE_PATH_MAX) {
		diag_error(resolver->diag, entry->value.place,
		           "the path of a node begins with / and has at most %u bytes",
		           NODE_PATH_MAX);
		return;
	}
	*ARENA_ADD(resolver->arena, vm->dtb_nodes, vm->dtb_node_count) = path;
	*ARENA_ADD(resolver->arena, origin->node_places, count) = entry->value.place;
}

static void add_query(struct resolver *resolver, size_t index, const struct value *query)
{
	if (query->kind != VALUE_DICT) {
		diag_error(resolver->diag, query->place,
		           "dtb() takes { \"path\": \"/...\" }, not %s",
		           value_kind_name(query->kind));
		return;
	}
	for (size_t i = 0; i < query->of.dict.count; i++) {
		add_node(resolver, index, &query->of.dict.entries[i]);
	}
}

void resolve_dtb(struct resolver *resolver, size_t index, const struct value *value)
{
	if (value->kind != VALUE_CALL || strcmp(value->function, "dtb") != 0) {
		diag_error(resolver->diag, value->place,
		           "the nodes of a VM are given as dtb([{ \"path\": \"/...\" }])");
		return;
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		const struct value *argument = &value->of.list.items[i];

		if (argument->kind != VALUE_LIST) {
			add_query(resolver, index, argument);
			continue;
		}
		for (size_t j = 0; j < argument->of.list.count; j++) {
			add_query(resolver, index, &argument->of.list.items[j]);
		}
	}
}
