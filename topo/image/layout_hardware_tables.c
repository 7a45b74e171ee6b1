/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is physical as tables of the image, each in its order: layout_hardware_tables(). A function
 * has a register window on its page of configuration space, a stream if it does DMA, and the pages
 * of its apertures; what is in a slot and nobody's, a window that turns it off.
 *
 * Of configuration space a VMM may write: memory space and bus master, and INTx disable where the
 * guest has the line; base address registers below the size of their aperture, so that wherever it
 * puts them they decode that; the capabilities of PCI, in which nothing moves a
 * register, and what else its maker has put there (docs/threat-model.md).
 */
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/image/layout_parts.h"

#define DEVICES_OF_BUS 32U
#define WORD_COMMAND 1U
#define WORD_BAR 4U
#define WORD_ROM 12U
#define WORD_CAPABILITIES 16U
#define WORD_EXTENDED 64U
#define COMMAND_MEMORY 0x2U
#define COMMAND_MASTER 0x4U
#define COMMAND_INTX_OFF 0x400U
#define BAR_ADDRESS 0xfffffff0U

static void add_rule(struct layout *layout, const struct pv_window_rule *rule)
{
	struct layout_tables *t = &layout->tables;
	uint32_t i =
		layout_take(layout, "rules of windows", &t->window_rule_count, PV_WINDOW_RULES_MAX);

	t->window_rules[i] = *rule;
	t->windows[t->window_count - 1].rules.count++;
}

/* The next window; the rules that follow are its own. */
static void add_window(struct layout *layout, uint32_t domain, uint32_t device)
{
	struct layout_tables *t = &layout->tables;
	uint32_t i = layout_take(layout, "register windows", &t->window_count, PV_WINDOWS_MAX);

	t->windows[i] = (struct pv_window){
		.page = (uint32_t)board_config_page(layout->model->board) + (device << 3),
		.domain = domain,
		.rules = {t->window_rule_count, 0},
	};
}

/* A register without a place must decode nothing, whatever the function is. */
static void add_bar_rule(struct layout *layout, uint32_t bar, const struct layout_bar *place)
{
	uint32_t below = place->bytes == 0 ? 0 : (uint32_t)(place->bytes - 1) & BAR_ADDRESS;

	add_rule(layout, &(struct pv_window_rule){
				 .word = WORD_BAR + bar,
				 .writable = below,
				 .keep = BAR_ADDRESS & ~below,
				 .initial = place->bytes == 0 ? 0 : (uint32_t)place->bus,
				 .flags = PV_RULE_INITIAL | PV_RULE_PROBE,
			 });
}

static void add_held_window(struct layout *layout, const struct layout_function *function,
                            uint32_t device)
{
	uint32_t writable = COMMAND_MEMORY | COMMAND_MASTER;
	uint32_t fixed = function->intid == 0 ? COMMAND_INTX_OFF : 0;

	add_window(layout, function->vm, device);
	writable |= function->intid == 0 ? 0 : COMMAND_INTX_OFF;
	add_rule(layout, &(struct pv_window_rule){.word = WORD_COMMAND,
	                                          .writable = writable,
	                                          .keep = fixed,
	                                          .initial = fixed,
	                                          .flags = PV_RULE_INITIAL});
	for (uint32_t b = 0; b < PCI_BARS_MAX; b++) {
		add_bar_rule(layout, b, &function->bars[b]);
	}
	add_rule(layout, &(struct pv_window_rule){.word = WORD_ROM, .flags = PV_RULE_INITIAL});
	for (uint32_t word = WORD_CAPABILITIES; word < WORD_EXTENDED; word++) {
		add_rule(layout, &(struct pv_window_rule){.word = word, .writable = UINT32_MAX});
	}
}

static void add_stream(struct layout *layout, const struct layout_function *function)
{
	struct layout_tables *t = &layout->tables;
	uint32_t i = layout_take(layout, "streams", &t->stream_count, PV_STREAMS_MAX);

	t->streams[i] = (struct pv_stream){function->id, function->vm};
}

static void add_slot(struct layout *layout, const struct machine_slot *slot)
{
	const struct layout_hardware *hardware = &layout->hardware;

	for (uint32_t i = 0; i < hardware->function_count; i++) {
		const struct layout_function *function = &hardware->functions[i];

		if (function->id != slot->device << 3) {
			continue;
		}
		layout->tables.filled_by = function->source->place;
		add_held_window(layout, function, slot->device);
		if (!function->model->quiet) {
			add_stream(layout, function);
		}
		return;
	}
	add_window(layout, PV_NOBODY, slot->device);
	add_rule(layout, &(struct pv_window_rule){.word = WORD_COMMAND,
	                                          .initial = COMMAND_INTX_OFF,
	                                          .flags = PV_RULE_INITIAL});
}

static void add_device(struct layout *layout, uint32_t vm, uint64_t base, uint64_t bytes,
                       uint64_t ipa)
{
	struct layout_tables *t = &layout->tables;
	uint32_t i = layout_take(layout, "device pages", &t->device_count, PV_DEVICES_MAX);

	t->devices[i] = (struct pv_device){
		.page = (uint32_t)(base >> PV_PAGE_SHIFT),
		.page_count = (uint32_t)(bytes >> PV_PAGE_SHIFT),
		.domain = vm,
		.space = PV_SPACE_GUEST,
		.rights = PV_RIGHT_READ | PV_RIGHT_WRITE,
		.ipa_page = (uint32_t)(ipa >> PV_PAGE_SHIFT),
	};
}

static int compare_devices(const void *left, const void *right)
{
	const struct pv_device *a = left;
	const struct pv_device *b = right;

	return (a->page > b->page) - (a->page < b->page);
}

static int compare_irqs(const void *left, const void *right)
{
	const struct pv_irq *a = left;
	const struct pv_irq *b = right;

	return (a->intid > b->intid) - (a->intid < b->intid);
}

/* What the guest has of @function, when the window of its VM lies. */
static void lay_function(struct layout *layout, struct layout_function *function)
{
	const struct layout_vm *vm = &layout->vms[function->vm];

	layout->tables.filled_by = function->source->place;
	for (uint32_t b = 0; b < PCI_BARS_MAX; b++) {
		struct layout_bar *bar = &function->bars[b];

		bar->ipa = vm->hw_window_ipa + (bar->bus - vm->hw_window_bus);
		if (bar->bytes != 0) {
			add_device(layout, function->vm, bar->bus, bar->bytes, bar->ipa);
		}
	}
	for (uint32_t i = 0; i < layout->hardware.line_count; i++) {
		if (function->intid != 0 && layout->hardware.lines[i].intid == function->intid) {
			function->virq = layout->hardware.lines[i].virq;
		}
	}
}

static void add_devices(struct layout *layout)
{
	struct layout_hardware *hardware = &layout->hardware;
	struct layout_tables *t = &layout->tables;

	for (uint32_t i = 0; i < hardware->function_count; i++) {
		lay_function(layout, &hardware->functions[i]);
	}
	for (uint32_t i = 0; i < hardware->registers_count; i++) {
		const struct layout_registers *r = &hardware->registers[i];

		layout->tables.filled_by = r->place;
		add_device(layout, r->vm, r->base, r->bytes, r->ipa);
	}
	qsort(t->devices, t->device_count, sizeof(t->devices[0]), compare_devices);
}

static void add_irqs(struct layout *layout)
{
	const struct layout_hardware *hardware = &layout->hardware;
	struct layout_tables *t = &layout->tables;

	for (uint32_t i = 0; i < hardware->line_count; i++) {
		const struct layout_line *line = &hardware->lines[i];

		t->irqs[t->irq_count++] = (struct pv_irq){
			.intid = line->intid, .domain = line->vm, .virq = (uint16_t)line->virq};
	}
	qsort(t->irqs, t->irq_count, sizeof(t->irqs[0]), compare_irqs);
}

void layout_hardware_tables(struct layout *layout)
{
	const struct model *model = layout->model;

	for (uint32_t device = 0; device < DEVICES_OF_BUS; device++) {
		for (size_t i = 0; i < model->slot_count; i++) {
			if (model->slots[i].device == device) {
				add_slot(layout, &model->slots[i]);
			}
		}
	}
	add_devices(layout);
	add_irqs(layout);
}
