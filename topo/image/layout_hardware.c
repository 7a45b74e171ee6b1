/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is physical in a system: which functions, registers and lines the VMs have, where functions
 * decode and which MSIs are theirs. A part of layout_new().
 */
#include <inttypes.h>

#include "lib/bits.h"
#include "lib/image_check.h"
#include "topo/image/apertures.h"
#include "topo/image/layout_parts.h"
#include "topo/model/hardware_parts.h"
#include "topo/model/pci.h"

#define BUS_LIMIT BIT64(32) /* every register can hold an address below */

/* A driver asks for one vector for each queue of a CPU in either direction, and for two more. */
static uint32_t vectors_of(const struct vm *vm, const struct pci_model *model)
{
	uint32_t useful = 2 * vm->vcpu_count + 2;

	return model->vectors < useful ? model->vectors : useful;
}

/* Checks refuse what two VMs have, if they are not switched off: here one of them would go without. */
static void add_line(struct layout *layout, uint32_t vm, uint32_t intid, struct diag *diag)
{
	const struct vm *vms = layout->model->vms;
	struct layout_hardware *hardware = &layout->hardware;

	for (uint32_t i = 0; i < hardware->line_count; i++) {
		const struct layout_line *line = &hardware->lines[i];

		if (line->intid == intid) {
			if (line->vm != vm) {
				diag_error(diag, vms[vm].place,
				           "'%s' is given interrupt %u, and so is '%s'",
				           vms[vm].name, intid, vms[line->vm].name);
			}
			return;
		}
	}
	uint32_t i = layout_take(layout, "interrupts", &hardware->line_count, PV_IRQS_MAX);

	hardware->lines[i] = (struct layout_line){.vm = vm, .intid = intid};
}

static void add_function(struct layout *layout, uint32_t vm, const struct pci_function *source,
                         struct diag *diag)
{
	struct layout_hardware *hardware = &layout->hardware;
	struct layout_vm *laid = &layout->vms[vm];
	const struct machine_slot *slot = pci_slot_of(layout->model, source);

	if (slot == NULL) {
		diag_error(diag, source->place,
		           "the machine has nothing at %u:%u.%u, which '%s' is given", source->bus,
		           source->device, source->function, layout->model->vms[vm].name);
		diag_help(diag, "system.machine says what is in its slots");
		return;
	}
	if (laid->function_count == PV_VMM_FUNCTIONS_MAX) {
		diag_error(diag, source->place, "'%s' is given more than %u functions",
		           layout->model->vms[vm].name, PV_VMM_FUNCTIONS_MAX);
		return;
	}
	layout->tables.filled_by = source->place;

	uint32_t i = layout_take(layout, "functions", &hardware->function_count, PV_WINDOWS_MAX);

	hardware->functions[i] = (struct layout_function){
		.source = source,
		.model = slot->model,
		.vm = vm,
		.id = source->bus << 8 | source->device << 3 | source->function,
		.slot = laid->function_count++,
		/* Messages go before the pin, which is then off for good. */
		.intid = slot->model->vectors == 0 ? source->irq : 0,
		.vectors = vectors_of(&layout->model->vms[vm], slot->model),
		.cap_stream = PV_VMM_NO_STREAM,
	};
	if (source->irq != 0) {
		add_line(layout, vm, source->irq, diag);
	}
}

/* @wanted has pages of @given: no more than these, and of the same VM? */
static void check_given(const struct layout *layout, const struct layout_registers *given,
                        const struct layout_registers *wanted, struct diag *diag)
{
	const struct vm *vms = layout->model->vms;
	uint64_t page = wanted->base > given->base ? wanted->base : given->base;
	bool within = wanted->base >= given->base &&
	              wanted->base + wanted->bytes <= given->base + given->bytes;

	if (wanted->vm != given->vm) {
		diag_error(diag, wanted->place,
		           "'%s' is given the page at 0x%" PRIx64 ", and so is '%s'",
		           vms[wanted->vm].name, page, vms[given->vm].name);
	} else if (!within) {
		diag_error(diag, wanted->place,
		           "'%s' is given the page at 0x%" PRIx64 " twice, in ranges that differ",
		           vms[wanted->vm].name, page);
		diag_help(diag, "one range that has both can be given");
	}
}

static void add_registers(struct layout *layout, const struct layout_registers *wanted,
                          struct diag *diag)
{
	struct layout_hardware *hardware = &layout->hardware;
	struct layout_registers whole = *wanted;

	whole.base &= ~(GUEST_PAGE - 1);
	whole.bytes = hardware_page_up(wanted->base + wanted->bytes) - whole.base;
	for (uint32_t i = 0; i < hardware->registers_count; i++) {
		const struct layout_registers *other = &hardware->registers[i];

		if (ranges_share_page(whole.base, whole.bytes, other->base, other->bytes)) {
			check_given(layout, other, &whole, diag);
			return;
		}
	}
	layout->tables.filled_by = wanted->place;

	uint32_t i =
		layout_take(layout, "device pages", &hardware->registers_count, PV_DEVICES_MAX);

	hardware->registers[i] = whole;
}

/* What the node gives: its own registers, and those of nodes below it. */
static void add_node(struct layout *layout, uint32_t vm, size_t index, struct diag *diag)
{
	const struct board *board = layout->model->board;
	const char *path = layout->model->vms[vm].dtb_nodes[index];

	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *device = &board->devices[i];

		if (!hardware_node_gives(board, path, device)) {
			continue;
		}
		if (device->bytes != 0) {
			add_registers(layout,
			              &(struct layout_registers){
					      .node = device,
					      .base = device->base,
					      .bytes = device->bytes,
					      .vm = vm,
					      .place = layout->model->vms[vm].place,
				      },
			              diag);
		}
		if (device->irq != 0) {
			add_line(layout, vm, device->irq, diag);
		}
	}
}

static void collect(struct layout *layout, uint32_t vm, struct diag *diag)
{
	const struct vm *source = &layout->model->vms[vm];

	for (size_t i = 0; i < source->pci_count; i++) {
		add_function(layout, vm, &source->pci[i], diag);
	}
	for (size_t i = 0; i < source->dtb_node_count; i++) {
		add_node(layout, vm, i, diag);
	}
	for (size_t i = 0; i < source->mmio_count; i++) {
		add_registers(layout,
		              &(struct layout_registers){
				      .base = source->mmios[i].base,
				      .bytes = source->mmios[i].bytes,
				      .vm = vm,
				      .place = source->mmios[i].place,
			      },
		              diag);
	}
	for (size_t i = 0; i < source->irq_count; i++) {
		add_line(layout, vm, source->irqs[i], diag);
	}
}

static const struct board_window *memory_window(const struct board *board)
{
	for (size_t i = 0; i < board->pci_window_count; i++) {
		const struct board_window *window = &board->pci_windows[i];

		if (window->kind == BOARD_MEMORY && window->base + window->bytes <= BUS_LIMIT) {
			return window;
		}
	}
	return NULL;
}

/* Where the functions of @vm decode, from *@next on. */
static void lay_bars(struct layout *layout, uint32_t vm, uint64_t *next, struct diag *diag)
{
	const struct board_window *window = memory_window(layout->model->board);
	struct layout_hardware *hardware = &layout->hardware;
	struct layout_vm *laid = &layout->vms[vm];
	struct aperture list[PV_VMM_FUNCTIONS_MAX * PCI_BARS_MAX] = {0};
	uint32_t count = 0;

	for (uint32_t i = 0; i < hardware->function_count; i++) {
		const struct pci_model *model = hardware->functions[i].model;

		for (uint32_t b = 0; hardware->functions[i].vm == vm && b < PCI_BARS_MAX; b++) {
			list[count++].wanted =
				model->bars[b].kind == PCI_BAR_IO ? 0 : model->bars[b].bytes;
		}
	}
	struct apertures all = apertures_lay(list, count);

	laid->hw_window_bus = layout_align(*next, all.align);
	laid->hw_window_bytes = all.bytes;
	laid->hw_window_align = all.align;
	*next = laid->hw_window_bus + all.bytes;
	if (count != 0 && (window == NULL || *next > window->base + window->bytes)) {
		diag_error(diag, layout->model->vms[vm].place,
		           "the board has no room for what the functions of '%s' decode",
		           layout->model->vms[vm].name);
	}
	count = 0;
	for (uint32_t i = 0; i < hardware->function_count; i++) {
		struct layout_function *f = &hardware->functions[i];

		for (uint32_t b = 0; f->vm == vm && b < PCI_BARS_MAX; b++, count++) {
			f->bars[b].bytes = list[count].bytes;
			f->bars[b].bus = laid->hw_window_bus + list[count].offset;
		}
	}
}

/* MSIs of the virtio devices that @vm uses: one for each queue, and one for its configuration. */
static uint32_t virtio_vectors(const struct layout *layout, uint32_t vm)
{
	const struct model *model = layout->model;
	uint32_t count = 0;

	for (size_t i = 0; i < model->connection_count; i++) {
		if (model->connections[i].driver_vm == vm) {
			count += layout->connections[i].queue_count;
			count += (uint32_t)model->connections[i].device_count;
		}
	}
	return count;
}

/* One frame for all MSIs of a VM. If physical functions write to it, and the board takes its own
 * interrupts for their numbers, it is given some from *@next on. */
static void number_msis(struct layout *layout, uint32_t vm, uint32_t *next, struct diag *diag)
{
	const struct image_span *msis = &layout->model->board->checked->msis;
	struct layout_hardware *hardware = &layout->hardware;
	struct layout_vm *laid = &layout->vms[vm];
	uint32_t most = PV_MSIS_MAX;
	uint32_t physical = 0;

	for (uint32_t i = 0; i < hardware->function_count; i++) {
		physical += hardware->functions[i].vm == vm ? hardware->functions[i].vectors : 0;
	}
	laid->v2m_count = virtio_vectors(layout, vm) + physical;
	laid->msis_physical = physical != 0;
	if (!laid->msis_physical) {
		return;
	}
	if (msis->count != 0) {
		most = msis->first + msis->count - *next;
		laid->v2m_first = *next;
		*next += laid->v2m_count;
	}
	if (laid->v2m_count > most || laid->v2m_count > PV_MSIS_MAX) {
		diag_error(diag, layout->model->vms[vm].place,
		           "'%s' needs %u interrupts by messages; there are %u for it",
		           layout->model->vms[vm].name, laid->v2m_count, most);
	}
}

void layout_hardware(struct layout *layout, struct diag *diag)
{
	const struct board_window *window = memory_window(layout->model->board);
	uint64_t address = window != NULL ? window->base : 0;
	uint32_t msi = layout->model->board->checked->msis.first;

	for (uint32_t i = 0; i < layout->model->vm_count; i++) {
		layout->tables.filled_by = layout->model->vms[i].place;
		collect(layout, i, diag);
		lay_bars(layout, i, &address, diag);
		number_msis(layout, i, &msi, diag);
	}
}
