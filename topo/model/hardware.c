/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM has, each device once: functions, nodes, ranges, and what comes along with them.
 */
#include "topo/model/hardware.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "topo/model/hardware_parts.h"
#include "topo/model/pci.h"
#include "topo/model/pci_models.h"

#define BEHIND_MAX 64U /* functions behind a bridge that are listed */

/* Only what lies behind a PCI host bridge is behind the SMMU of a board that has one. */
static enum dma dma_of(const struct model *model, bool dma, bool pci)
{
	if (!dma) {
		return DMA_NONE;
	}
	return model->board->smmu && pci ? DMA_CONFINED : DMA_OPEN;
}

static bool is_pci_host(const struct model *model, const struct board_device *device)
{
	return strcmp(device->path, model->board->pci_host) == 0;
}

static enum dma device_dma(const struct model *model, const struct board_device *device)
{
	return dma_of(model, device->dma, is_pci_host(model, device));
}

/*
 * Whether two are the same device: the same node or registers, or a PCI function and what the
 * device tree has of the only device of its kind, as far as interrupts do not say otherwise.
 */
static bool is_same(const struct hardware *hardware, const struct hardware_unit *old,
                    const struct hardware_unit *unit)
{
	size_t alike = 0;

	if (!old->pci && !unit->pci) {
		return strcmp(old->name, unit->name) == 0 ||
		       (old->base < unit->base + unit->bytes &&
		        unit->base < old->base + old->bytes);
	}
	if (old->pci == unit->pci || old->kind != unit->kind || old->kind == HARDWARE_OTHER) {
		return false;
	}
	if (old->irq != 0 && unit->irq != 0) {
		return old->irq == unit->irq;
	}
	for (size_t i = 0; i < hardware->count; i++) {
		alike += hardware->units[i].kind == unit->kind ? 1 : 0;
	}
	return alike == 1;
}

/* What is told anew of a device that is there already. */
static void merge_unit(struct hardware_unit *old, const struct hardware_unit *unit,
                       struct arena *arena)
{
	old->dma = unit->dma > old->dma ? unit->dma : old->dma;
	old->messages = unit->messages > old->messages ? unit->messages : old->messages;
	old->kernel |= unit->kernel;
	old->irq = old->irq == 0 ? unit->irq : old->irq;
	old->alias =
		old->alias == NULL && strcmp(old->name, unit->name) != 0 ? unit->name : old->alias;
	if (strstr(old->where, unit->where) == NULL) {
		old->where = arena_printf(arena, "%s; %s", old->where, unit->where);
	}
	if (old->bytes == 0) {
		old->base = unit->base;
		old->bytes = unit->bytes;
	}
}

static void add_unit(struct hardware *hardware, struct arena *arena, struct hardware_unit unit)
{
	for (size_t i = 0; i < hardware->count; i++) {
		if (is_same(hardware, &hardware->units[i], &unit)) {
			merge_unit(&hardware->units[i], &unit, arena);
			return;
		}
	}
	*ARENA_ADD(arena, hardware->units, hardware->count) = unit;
}

/* A function of QEMU's that asks a driver for addresses, which may be those of the machine. */
static bool is_virtio(const char *name)
{
	return strcasestr(name, "virtio") != NULL || strcasestr(name, "vhost") != NULL;
}

/*
 * By what the machine has in its slot, or else by its name. A virtio function that QEMU emulates
 * bypasses the SMMU unless it has iommu_platform=on, which only a slot says; so may what topo does not
 * know.
 */
static enum dma function_dma(const struct model *model, const struct pci_function *function)
{
	const struct machine_slot *slot = pci_slot_of(model, function);
	const char *name = function->name == NULL ? "" : function->name;
	bool told = slot != NULL && strstr(slot->model->options, "iommu_platform=on") != NULL;

	if (slot != NULL && slot->model->quiet) {
		return DMA_NONE;
	}
	if ((slot != NULL && slot->model->unknown) ||
	    (is_virtio(slot != NULL ? slot->model->name : name) && !told)) {
		return model->board->smmu ? DMA_UNKNOWN : DMA_OPEN;
	}
	return dma_of(model, true, true);
}

static enum messages messages_of(const struct board *board, bool writes_some)
{
	if (!writes_some) {
		return MESSAGES_NONE;
	}
	return board->msi_forgeable       ? MESSAGES_FORGEABLE
	       : board->gic_version >= 3U ? MESSAGES_ISOLATED
	                                  : MESSAGES_UNKNOWN;
}

/*
 * By the class of what the machine has in its slot; if topo has no row of that, by its name, or as
 * without slot by that of the function.
 */
static enum hardware_kind function_kind(const struct model *model,
                                        const struct pci_function *function)
{
	const struct machine_slot *slot = pci_slot_of(model, function);
	enum hardware_kind kind = HARDWARE_OTHER;

	if (slot != NULL && slot->model->class_code != 0) {
		return hardware_kind_of_class(slot->model->class_code);
	}
	if (slot != NULL) {
		kind = hardware_kind_of(slot->model->name);
	}
	return kind == HARDWARE_OTHER && function->name != NULL ? hardware_kind_of(function->name)
	                                                        : kind;
}

static struct hardware_unit function_unit(const struct model *model,
                                          const struct pci_function *function, const char *behind,
                                          struct arena *arena)
{
	const char *address = arena_printf(arena, "%sPCI %u:%u.%u", behind, function->bus,
	                                   function->device, function->function);
	bool named = function->name != NULL && function->name[0] != '\0';

	return (struct hardware_unit){
		.name = named ? function->name : address,
		.where = function->irq == 0
	                         ? address
	                         : arena_printf(arena, "%s, interrupt %u", address, function->irq),
		.kind = function_kind(model, function),
		.dma = function_dma(model, function),
		.messages = messages_of(model->board, pci_function_has_messages(model, function)),
		.pci = true,
		.id = function->bus << 8 | function->device << 3 | function->function,
		.irq = function->irq,
	};
}

static void add_pci(struct hardware *hardware, const struct model *model, const struct vm *vm,
                    struct arena *arena)
{
	for (size_t i = 0; i < vm->pci_count; i++) {
		add_unit(hardware, arena, function_unit(model, &vm->pci[i], "", arena));
	}
}

static void add_device(struct hardware *hardware, const struct model *model,
                       const struct board_device *device, const char *where, struct arena *arena)
{
	struct board_range reserved;

	add_unit(hardware, arena,
	         (struct hardware_unit){
			 .name = hardware_last_part(device->path),
			 .where = where,
			 .kind = device->kind,
			 .dma = device_dma(model, device),
			 .kernel = hardware_reserved_for(model->board, device, &reserved) != NULL,
			 .irq = device->irq,
			 .base = device->base,
			 .bytes = device->bytes,
		 });
}

/* What lies below a node comes with it. Returns the strongest DMA there. */
static enum dma add_below(struct hardware *hardware, const struct model *model, const char *path,
                          struct arena *arena)
{
	enum dma strongest = DMA_NONE;

	for (size_t i = 0; i < model->board->device_count; i++) {
		const struct board_device *device = &model->board->devices[i];
		enum dma dma = device_dma(model, device);

		if (path_is_below(device->path, path) && (device->bytes != 0 || dma != DMA_NONE) &&
		    !hardware_is_virtual(model->board, device)) {
			strongest = dma > strongest ? dma : strongest;
			add_device(hardware, model, device, path, arena);
		}
	}
	return strongest;
}

/* Devices that have registers in the pages of @given, which pages bring along. */
static void add_neighbours(struct hardware *hardware, const struct model *model,
                           const struct board_device *given, struct arena *arena)
{
	const char *where = arena_printf(arena, "a page of %s", given->path);

	for (size_t i = 0; i < model->board->device_count; i++) {
		const struct board_device *device = &model->board->devices[i];

		if (ranges_share_page(device->base, device->bytes, given->base, given->bytes) &&
		    strcmp(device->path, given->path) != 0) {
			add_device(hardware, model, device, where, arena);
		}
	}
}

/* Pages are what is given: of the registers of a node and of all below it. */
static void add_pages(struct hardware *hardware, const struct model *model, const char *path,
                      struct arena *arena)
{
	for (size_t i = 0; i < model->board->device_count; i++) {
		if (hardware_node_gives(model->board, path, &model->board->devices[i])) {
			add_neighbours(hardware, model, &model->board->devices[i], arena);
		}
	}
}

/*
 * A node that the board is not known to have may be anything, unless a PCI host bridge is above it:
 * then it is the function at the place that it names. Nodes without registers, such as /chosen, are
 * no devices.
 */
static void add_node(struct hardware *hardware, const struct model *model, const char *path,
                     struct arena *arena)
{
	bool known = false;
	enum dma dma = DMA_UNKNOWN;
	struct pci_function function = {.name = ""};

	for (size_t i = 0; i < model->board->device_count; i++) {
		const struct board_device *device = &model->board->devices[i];
		enum dma its = device_dma(model, device);

		if (strcmp(device->path, path) == 0) {
			known = true;
			if ((device->bytes != 0 || its != DMA_NONE) &&
			    !hardware_is_virtual(model->board, device)) {
				add_device(hardware, model, device, path, arena);
			}
		} else if (path_is_below(path, device->path) && is_pci_host(model, device)) {
			dma = its;
		}
	}
	enum dma below = add_below(hardware, model, path, arena);

	if (!known) {
		bool is_function = pci_function_of_node(model, path, &function);

		function.name = path;
		if (is_function) {
			dma = function_dma(model, &function);
		}
		add_unit(hardware, arena,
		         (struct hardware_unit){
				 .name = hardware_last_part(path),
				 .where = path,
				 .kind = is_function ? function_kind(model, &function)
		                                     : hardware_kind_of(path),
				 .dma = below == DMA_OPEN ? DMA_OPEN : dma,
				 .messages = messages_of(model->board,
		                                         is_function && pci_function_has_messages(
										model, &function)),
			 });
	}
	add_pages(hardware, model, path, arena);
}

/* What of a range is the kernel's own: whoever can write that has the kernel. */
static void add_kernel_range(struct hardware *hardware, const struct board *board,
                             const struct range *range, const char *where, struct arena *arena)
{
	struct board_range reserved;

	for (size_t i = 0; board_reserved_at(board, i, &reserved); i++) {
		if (ranges_share_page(range->base, range->bytes, reserved.base, reserved.bytes)) {
			add_unit(hardware, arena,
			         (struct hardware_unit){
					 .name = reserved.name,
					 .where = where,
					 .kind = HARDWARE_OTHER,
					 .base = reserved.base,
					 .bytes = reserved.bytes,
					 .kernel = true,
				 });
		}
	}
	if (!board->unknown &&
	    ranges_share_page(range->base, range->bytes, board->ram_base, board->ram_bytes_max)) {
		add_unit(hardware, arena,
		         (struct hardware_unit){
				 .name = "RAM of the board",
				 .where = where,
				 .kind = HARDWARE_OTHER,
				 .kernel = true,
			 });
	}
}

/* All devices that have registers in the pages of a range, and what else may be there. */
static void add_range(struct hardware *hardware, const struct model *model,
                      const struct range *range, struct arena *arena)
{
	uint64_t base = range->base & ~((uint64_t)PV_PAGE_BYTES - 1);
	uint64_t end = hardware_page_up(range->base + range->bytes);
	const char *where = arena_printf(arena, "registers 0x%" PRIx64 ", %" PRIu64 " bytes",
	                                 range->base, range->bytes);

	for (size_t i = 0; i < model->board->device_count; i++) {
		const struct board_device *device = &model->board->devices[i];

		if (device->bytes != 0 && hardware_overlaps(base, end - base, device)) {
			add_device(hardware, model, device, where, arena);
		}
	}
	add_kernel_range(hardware, model->board, range, where, arena);
	if (!hardware_range_is_known(model->board, range)) {
		add_unit(hardware, arena,
		         (struct hardware_unit){
				 .name = arena_printf(arena, "0x%" PRIx64, range->base),
				 .where = where,
				 .kind = HARDWARE_OTHER,
				 .dma = DMA_UNKNOWN,
			 });
	}
}

/* Interrupts of the kernel's own; of others nothing is known but that they come. */
static void add_irqs(struct hardware *hardware, const struct board *board, const struct vm *vm,
                     struct arena *arena)
{
	for (size_t i = 0; i < vm->irq_count; i++) {
		if (board_kernel_irq(board, vm->irqs[i]) != NULL) {
			add_unit(hardware, arena,
			         (struct hardware_unit){
					 .name = arena_printf(arena, "interrupt %u", vm->irqs[i]),
					 .where = board_kernel_irq(board, vm->irqs[i]),
					 .kind = HARDWARE_OTHER,
					 .irq = vm->irqs[i],
					 .kernel = true,
				 });
		}
	}
}

/* A function that lies behind a bridge of the VM; not more of them are told than BEHIND_MAX. */
static void add_one_behind(struct hardware *hardware, const struct model *model,
                           const struct pci_function *function, size_t *listed, struct arena *arena)
{
	struct hardware_unit unit = function_unit(model, function, "the PCI host bridge, ", arena);

	hardware->kinds |= 1U << (unsigned)unit.kind;
	hardware->dma_open |= unit.dma == DMA_UNKNOWN || unit.dma == DMA_OPEN;
	hardware->dma_known |= unit.dma == DMA_OPEN;
	if ((*listed)++ < BEHIND_MAX) {
		*ARENA_ADD(arena, hardware->units, hardware->count) = unit;
	}
}

/* Is what the slot has given to a VM, as a function? */
static bool is_given(const struct model *model, const struct machine_slot *slot)
{
	for (size_t i = 0; i < model->vm_count; i++) {
		for (size_t j = 0; j < model->vms[i].pci_count; j++) {
			if (pci_slot_of(model, &model->vms[i].pci[j]) == slot) {
				return true;
			}
		}
	}
	return false;
}

/* Functions of other VMs, and nobody's, that lie behind a bridge of this one. */
static void add_behind(struct hardware *hardware, const struct model *model, uint32_t vm,
                       struct arena *arena)
{
	struct pci_holding holding;
	size_t listed = 0;

	if (!pci_holds_bridge(model, &model->vms[vm], &holding)) {
		return;
	}
	for (uint32_t other = 0; other < model->vm_count; other++) {
		const struct vm *row = &model->vms[other];

		for (size_t i = 0; i < row->pci_count && other != vm; i++) {
			add_one_behind(hardware, model, &row->pci[i], &listed, arena);
		}
	}
	for (size_t i = 0; i < model->slot_count; i++) {
		const struct machine_slot *slot = &model->slots[i];
		const struct pci_function function = {.name = slot->model->name,
		                                      .device = slot->device};

		if (!is_given(model, slot)) {
			add_one_behind(hardware, model, &function, &listed, arena);
		}
	}
}

struct hardware hardware_of(const struct model *model, uint32_t vm, struct arena *arena)
{
	struct hardware hardware = {.count = 0};
	const struct vm *row = &model->vms[vm];

	add_pci(&hardware, model, row, arena);
	/* Firmware can do whatever the machine can: which of its calls are let through says little. */
	if (row->smc) {
		add_unit(&hardware, arena,
		         (struct hardware_unit){
				 .name = "secure firmware",
				 .where = "SMC calls (allow_smc)",
				 .kind = HARDWARE_OTHER,
				 .dma = DMA_OPEN,
			 });
	}
	for (size_t i = 0; i < row->dtb_node_count; i++) {
		add_node(&hardware, model, row->dtb_nodes[i], arena);
	}
	for (size_t i = 0; i < row->mmio_count; i++) {
		add_range(&hardware, model, &row->mmios[i], arena);
	}
	add_irqs(&hardware, model->board, row, arena);
	add_behind(&hardware, model, vm, arena);
	for (size_t i = 0; i < hardware.count; i++) {
		enum dma dma = hardware.units[i].dma;

		hardware.kinds |= 1U << (unsigned)hardware.units[i].kind;
		hardware.dma_open |= dma == DMA_OPEN || dma == DMA_UNKNOWN;
		hardware.dma_known |= dma == DMA_OPEN;
		hardware.kernel |= hardware.units[i].kernel;
	}
	return hardware;
}

enum dma hardware_node_dma(const struct model *model, const char *path)
{
	struct arena *arena = arena_new();
	struct hardware hardware = {.count = 0};
	enum dma strongest = DMA_NONE;

	add_node(&hardware, model, path, arena);
	for (size_t i = 0; i < hardware.count; i++) {
		strongest = hardware.units[i].dma > strongest ? hardware.units[i].dma : strongest;
	}
	arena_free(arena);
	return strongest;
}
