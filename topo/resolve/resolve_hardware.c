/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical devices that a VM is given: registers, interrupts, PCI functions, nodes of the board's
 * device tree.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/resolve/resolve_internal.h"

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
	return range->base == board_cpu_interface(board) && range->bytes <= 0x2000;
}

/* Of a board that is not known, anything may be RAM: what is not the VM's own becomes a range of
 * registers again. */
static bool is_ram(const struct board *board, const struct range *range)
{
	return board->unknown ||
	       (range->base >= board->ram_base &&
	        range->base - board->ram_base <= board->ram_bytes_max &&
	        range->bytes <= board->ram_bytes_max - (range->base - board->ram_base));
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
		struct vm_origin *origin = &resolver->topology->vm_origins[index];

		*ARENA_ADD(resolver->arena, origin->ram_ranges, origin->ram_range_count) = *range;
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

/* The pages of an arm64 kernel: 4 KiB, 2 MiB, 1 GiB. */
static void check_page_bits(struct resolver *resolver, const struct value *value,
                            const struct range *range)
{
	uint64_t bits = 0;

	if (!read_field(resolver, value, 2, "the size of a page", &bits)) {
		return;
	}
	if (bits != 12 && bits != 21 && bits != 30) {
		if (rule_report(resolver->rules, &rule_mmio_page_bits, value->place,
		                "there are no pages of %llu bits", (unsigned long long)bits)) {
			diag_help(resolver->diag, "12, 21 and 30 bits are 4 KiB, 2 MiB and 1 GiB");
		}
	} else if (bits > PV_PAGE_SHIFT &&
	           ((range->base | range->bytes) & (((uint64_t)1 << bits) - 1)) != 0) {
		/* Parts of small pages are those of mmio-page. */
		rule_report(resolver->rules, &rule_mmio_page_bits, value->place,
		            "0x%llx with 0x%llx bytes is not made of pages of %llu bits",
		            (unsigned long long)range->base, (unsigned long long)range->bytes,
		            (unsigned long long)bits);
	}
}

void resolve_mmios(struct resolver *resolver, size_t vm, const struct value *value)
{
	if (!is_list(resolver, value, "mmios")) {
		return;
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		const struct value *item = &value->of.list.items[i];
		struct range range = {.place = item->place};

		if (check_form(resolver, item, "mmios", "address:bytes:page bits", 3, 3) &&
		    read_field(resolver, item, 0, "the address", &range.base) &&
		    read_field(resolver, item, 1, "the size", &range.bytes)) {
			check_page_bits(resolver, item, &range);
			add_range(resolver, vm, &range);
		}
	}
}

static void check_size_bits(struct resolver *resolver, const struct value *value, uint64_t bits)
{
	const char *text = value->of.string.text;
	const char *size = text + field_bytes(text, 0) + 1;
	bool hex = strstr(size, "0x") != NULL || strstr(size, "0X") != NULL;

	/* Nobody counts bits in hex. */
	if ((hex || bits < PV_PAGE_SHIFT) &&
	    rule_report(resolver->rules, &rule_size_bits, value->place,
	                "%llu is under 64, so it is read as a number of bits: 0x%llx bytes",
	                (unsigned long long)bits, 1ULL << bits)) {
		diag_help(resolver->diag, "a page, the least that can be given, is 12 or 0x1000");
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
			check_size_bits(resolver, item, range.bytes);
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
                           struct pci_places *places, const struct value_entry *entry)
{
	const struct {
		const char *name;
		uint32_t *number;
		struct place *place;
	} keys[] = {
		{"bus", &function->bus, &places->bus},
		{"dev", &function->device, &places->device},
		{"fun", &function->function, &places->function},
		{"irq", &function->irq, &places->irq},
	};
	struct suggest suggest = suggest_start(entry->key.text);

	if (strcmp(entry->key.text, "name") == 0) {
		value_string(&resolver->evaluator, &entry->value, "name", &function->name);
		return;
	}
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		if (strcmp(keys[i].name, entry->key.text) == 0) {
			*keys[i].place = entry->value.place;
			small_number(resolver, &entry->value, keys[i].name, keys[i].number);
			return;
		}
		suggest_consider(&suggest, keys[i].name);
	}
	if (rule_report(resolver->rules, &rule_unknown_attribute, entry->key.place,
	                "a PCI function has no '%s'", entry->key.text)) {
		diag_help(resolver->diag, "it has: name, bus, dev, fun, irq");
		if (suggest.best != NULL) {
			diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
		}
	}
}

/* A function of which a number could not be read is nobody's. */
static void add_pci(struct resolver *resolver, size_t index, const struct value *dict)
{
	struct vm *vm = &resolver->topology->model.vms[index];
	struct vm_origin *origin = &resolver->topology->vm_origins[index];
	struct place place = dict->place;
	struct pci_function function = {.name = "", .place = place};
	struct pci_places places = {place, place, place, place};
	size_t count = vm->pci_count;
	size_t errors = diag_count(resolver->diag, SEVERITY_ERROR) - resolver->rules->errors;

	for (size_t i = 0; i < dict->of.dict.count; i++) {
		read_pci_entry(resolver, &function, &places, &dict->of.dict.entries[i]);
	}
	if (!dict->of.dict.partial &&
	    diag_count(resolver->diag, SEVERITY_ERROR) - resolver->rules->errors == errors) {
		*ARENA_ADD(resolver->arena, vm->pci, vm->pci_count) = function;
		*ARENA_ADD(resolver->arena, origin->pci_places, count) = places;
	}
}

void resolve_pci_devices(struct resolver *resolver, size_t index, const struct value *value)
{

	if (!is_list(resolver, value, "pci_devices")) {
		return;
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		const struct value *item = &value->of.list.items[i];

		if (item->kind == VALUE_DICT) {
			add_pci(resolver, index, item);
		} else {
			diag_error(resolver->diag, item->place,
			           "each of pci_devices is { name, bus, dev, fun, irq }, not %s",
			           value_kind_name(item->kind));
		}
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

/*
 * A node that is named by what it holds, such as { "properties": { "compatible[0]": "…" } }: which one
 * that is only the board's device tree says. It stands for a node that no board has.
 */
static const char *path_of_properties(struct resolver *resolver, const struct value *value)
{
	const char *path = "/*";

	if (value->kind != VALUE_DICT) {
		diag_error(resolver->diag, value->place, "properties is a dict, not %s",
		           value_kind_name(value->kind));
		return NULL;
	}
	for (size_t i = 0; i < value->of.dict.count; i++) {
		const struct value_entry *entry = &value->of.dict.entries[i];
		const char *text = NULL;

		if (!value_string(&resolver->evaluator, &entry->value, entry->key.text, &text)) {
			return NULL;
		}
		path = arena_printf(resolver->arena, "%s[%s=%s]", path, entry->key.text, text);
	}
	return path;
}

/* What an entry of dtb() names; NULL after an error. */
static const char *path_of(struct resolver *resolver, const struct value_entry *entry)
{
	const char *path = NULL;

	if (strcmp(entry->key.text, "properties") == 0) {
		return path_of_properties(resolver, &entry->value);
	}
	if (strcmp(entry->key.text, "path") == 0) {
		value_string(&resolver->evaluator, &entry->value, "path", &path);
	} else if (rule_report(resolver->rules, &rule_unknown_attribute, entry->key.place,
	                       "dtb() does not look for '%s'", entry->key.text)) {
		diag_help(resolver->diag, "nodes are named by { \"path\": \"/...\" }");
	}
	return path;
}

static void add_node(struct resolver *resolver, size_t index, const struct value_entry *entry)
{
	struct vm *vm = &resolver->topology->model.vms[index];
	struct vm_origin *origin = &resolver->topology->vm_origins[index];
	size_t count = vm->dtb_node_count;
	const char *path = path_of(resolver, entry);

	if (path == NULL) {
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

bool ram_window_of(const struct topology *topology, size_t vm, struct ram_window *out)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	const struct vm *row = &topology->model.vms[vm];
	enum vm_attribute attribute = vm_given(origin, VM_RAM_PADDR) ? VM_RAM_PADDR : VM_RAM_BASE;

	*out = (struct ram_window){
		.base = attribute == VM_RAM_PADDR ? origin->ram_paddr_base : row->ram_base,
		.bytes = row->ram_bytes,
		.vm = vm,
		.place = vm_place(topology, vm, attribute),
	};
	return vm_read(origin, attribute) && !origin->failed[VM_RAM_SIZE];
}

static bool is_inside(const struct range *range, const struct ram_window *window)
{
	return range->base >= window->base && range->base - window->base <= window->bytes &&
	       range->bytes <= window->bytes - (range->base - window->base);
}

void resolve_ram_ranges(struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		struct vm_origin *origin = &topology->vm_origins[i];
		struct vm *vm = &topology->model.vms[i];
		struct ram_window window;
		bool known = ram_window_of(topology, i, &window);
		size_t own = 0;

		for (size_t j = 0; j < origin->ram_range_count; j++) {
			if (known && is_inside(&origin->ram_ranges[j], &window)) {
				origin->ram_ranges[own++] = origin->ram_ranges[j];
			} else {
				*ARENA_ADD(topology->arena, vm->mmios, vm->mmio_count) =
					origin->ram_ranges[j];
			}
		}
		origin->ram_range_count = own;
	}
}
