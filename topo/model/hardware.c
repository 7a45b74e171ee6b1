/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kinds are known by words in names: those that boards' device trees and engineers use.
 */
#include "topo/model/hardware.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "lib/bits.h"
#include "topo/model/board.h"
#include "topo/model/pci.h"

static const struct {
	const char *name;
	const char *affects;
} kinds[HARDWARE_KIND_COUNT] = {
	[HARDWARE_NIC] = {"NIC", "network"},
	[HARDWARE_STORAGE] = {"storage", "storage"},
	[HARDWARE_GPU] = {"GPU", "display"},
	[HARDWARE_USB] = {"USB", "USB devices"},
	[HARDWARE_SERIAL] = {"serial", "serial lines"},
	[HARDWARE_OTHER] = {"other", "other hardware"},
};

/* Words in a device's name; a word that stands earlier wins. */
static const struct {
	const char *word;
	enum hardware_kind kind;
} words[] = {
	{"genet", HARDWARE_NIC},       {"ethernet", HARDWARE_NIC},  {"e1000", HARDWARE_NIC},
	{"wifi", HARDWARE_NIC},        {"wlan", HARDWARE_NIC},      {"igb", HARDWARE_NIC},
	{"virtio-net", HARDWARE_NIC},  {"nic", HARDWARE_NIC},       {"eth", HARDWARE_NIC},
	{"net", HARDWARE_NIC},         {"mmc", HARDWARE_STORAGE},   {"sdhc", HARDWARE_STORAGE},
	{"nvme", HARDWARE_STORAGE},    {"ahci", HARDWARE_STORAGE},  {"sata", HARDWARE_STORAGE},
	{"blk", HARDWARE_STORAGE},     {"disk", HARDWARE_STORAGE},  {"ufs", HARDWARE_STORAGE},
	{"storage", HARDWARE_STORAGE}, {"flash", HARDWARE_STORAGE}, {"gpu", HARDWARE_GPU},
	{"v3d", HARDWARE_GPU},         {"hdmi", HARDWARE_GPU},      {"hvs", HARDWARE_GPU},
	{"pixelvalve", HARDWARE_GPU},  {"txp", HARDWARE_GPU},       {"vga", HARDWARE_GPU},
	{"display", HARDWARE_GPU},     {"usb", HARDWARE_USB},       {"xhci", HARDWARE_USB},
	{"ehci", HARDWARE_USB},        {"serial", HARDWARE_SERIAL}, {"uart", HARDWARE_SERIAL},
	{"pl011", HARDWARE_SERIAL},
};

#define BEHIND_MAX 64U /* functions behind a bridge that are listed */
#define WORD_COUNT (ARRAY_COUNT(words))

/* Whether a name has the word, not counting the address of a node behind its '@'. */
static bool has_word(const char *name, const char *word)
{
	for (const char *at = strcasestr(name, word); at != NULL; at = strcasestr(at + 1, word)) {
		const char *before = at;

		while (before > name && *before != '/' && *before != '@') {
			before--;
		}
		if (*before != '@') {
			return true;
		}
	}
	return false;
}

static enum hardware_kind kind_of(const char *name)
{
	for (size_t i = 0; i < WORD_COUNT; i++) {
		if (has_word(name, words[i].word)) {
			return words[i].kind;
		}
	}
	return HARDWARE_OTHER;
}

const char *hardware_kind_name(enum hardware_kind kind)
{
	return kinds[kind].name;
}

const char *hardware_kind_affects(enum hardware_kind kind)
{
	return kinds[kind].affects;
}

bool hardware_kind_is_named(enum hardware_kind kind, const char *name)
{
	return strcasecmp(kinds[kind].name, name) == 0;
}

/* A node is named with or without its unit address. */
static bool is_named(const char *unit, const char *name)
{
	size_t bytes = strlen(name);

	return strncasecmp(unit, name, bytes) == 0 &&
	       (unit[bytes] == '\0' || (unit[bytes] == '@' && bytes != 0));
}

bool hardware_is_named(const struct hardware_unit *unit, const char *name)
{
	return is_named(unit->name, name) || hardware_kind_is_named(unit->kind, name) ||
	       (unit->alias != NULL && is_named(unit->alias, name));
}

/* Only what lies behind a PCI host bridge is behind the SMMU of a board that has one. */
static enum dma dma_of(const struct model *model, bool dma, bool pci)
{
	if (!dma) {
		return DMA_NONE;
	}
	return model->board->smmu && pci ? DMA_CONFINED : DMA_OPEN;
}

static uint64_t page_up(uint64_t address)
{
	return (address + PV_PAGE_BYTES - 1) & ~((uint64_t)PV_PAGE_BYTES - 1);
}

/* What of the kernel's own the device is; NULL if nothing. */
static const struct board_range *reserved_for(const struct board *board,
                                              const struct board_device *device,
                                              struct board_range *reserved)
{
	for (size_t i = 0; device->bytes != 0 && board_reserved_at(board, i, reserved); i++) {
		if (ranges_share_page(device->base, device->bytes, reserved->base,
		                      reserved->bytes)) {
			return reserved;
		}
	}
	return NULL;
}

/* A node that stands for the virtual one of what is the kernel's own: every VM has that anyway. */
static bool is_virtual(const struct board *board, const struct board_device *device)
{
	struct board_range reserved;

	return reserved_for(board, device, &reserved) != NULL && reserved.shown;
}

bool hardware_node_gives(const struct board *board, const char *path,
                         const struct board_device *device)
{
	return (strcmp(device->path, path) == 0 || path_is_below(device->path, path)) &&
	       !is_virtual(board, device);
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

/*
 * A virtio function that QEMU emulates bypasses the SMMU unless it was started with
 * iommu_platform=on, which no topology says.
 */
static enum dma virtio_dma(const struct model *model)
{
	return model->board->smmu ? DMA_UNKNOWN : DMA_OPEN;
}

static struct hardware_unit function_unit(const struct model *model,
                                          const struct pci_function *function, const char *behind,
                                          struct arena *arena)
{
	const char *address = arena_printf(arena, "%sPCI %u:%u.%u", behind, function->bus,
	                                   function->device, function->function);
	bool named = function->name != NULL && function->name[0] != '\0';
	bool is_virtio = named && strcasestr(function->name, "virtio") != NULL;

	return (struct hardware_unit){
		.name = named ? function->name : address,
		.where = function->irq == 0
	                         ? address
	                         : arena_printf(arena, "%s, interrupt %u", address, function->irq),
		.kind = named ? kind_of(function->name) : HARDWARE_OTHER,
		.dma = is_virtio ? virtio_dma(model) : dma_of(model, true, true),
		.pci = true,
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

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

static void add_device(struct hardware *hardware, const struct model *model,
                       const struct board_device *device, const char *where, struct arena *arena)
{
	struct board_range reserved;

	add_unit(hardware, arena,
	         (struct hardware_unit){
			 .name = last_part(device->path),
			 .where = where,
			 .kind = device->kind,
			 .dma = device_dma(model, device),
			 .kernel = reserved_for(model->board, device, &reserved) != NULL,
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
		    !is_virtual(model->board, device)) {
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
 * A node that the board is not known to have may be anything, unless a PCI host bridge is above
 * it. Nodes without registers, such as /chosen, are no devices.
 */
static void add_node(struct hardware *hardware, const struct model *model, const char *path,
                     struct arena *arena)
{
	bool known = false;
	enum dma dma = DMA_UNKNOWN;

	for (size_t i = 0; i < model->board->device_count; i++) {
		const struct board_device *device = &model->board->devices[i];
		enum dma its = device_dma(model, device);

		if (strcmp(device->path, path) == 0) {
			known = true;
			if ((device->bytes != 0 || its != DMA_NONE) &&
			    !is_virtual(model->board, device)) {
				add_device(hardware, model, device, path, arena);
			}
		} else if (path_is_below(path, device->path) && is_pci_host(model, device)) {
			dma = its;
		}
	}
	enum dma below = add_below(hardware, model, path, arena);

	if (!known) {
		add_unit(hardware, arena,
		         (struct hardware_unit){
				 .name = last_part(path),
				 .where = path,
				 .kind = kind_of(path),
				 .dma = below == DMA_OPEN ? DMA_OPEN : dma,
			 });
	}
	add_pages(hardware, model, path, arena);
}

static bool overlaps(uint64_t base, uint64_t bytes, const struct board_device *device)
{
	return device->base < base + bytes && base < device->base + device->bytes;
}

/* Where what is known at @at ends, in whole pages; @at itself if nothing is known there. */
static uint64_t known_until(const struct board *board, uint64_t at)
{
	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *device = &board->devices[i];

		if (device->bytes != 0 && overlaps(at, PV_PAGE_BYTES, device)) {
			return page_up(device->base + device->bytes);
		}
	}
	for (size_t i = 0; i < board->reserved_count; i++) {
		const struct board_range *range = &board->reserved[i];

		if (range->base < at + PV_PAGE_BYTES && at < range->base + range->bytes) {
			return page_up(range->base + range->bytes);
		}
	}
	return ranges_share_page(at, PV_PAGE_BYTES, board->ram_base, board->ram_bytes_max)
	               ? page_up(board->ram_base + board->ram_bytes_max)
	               : at;
}

bool hardware_range_is_known(const struct board *board, const struct range *range)
{
	uint64_t end = page_up(range->base + range->bytes);
	uint64_t next = range->base & ~((uint64_t)PV_PAGE_BYTES - 1);
	uint64_t known;

	do {
		known = next;
		next = known_until(board, known);
	} while (next != known && next < end);
	return next >= end;
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
	uint64_t end = page_up(range->base + range->bytes);
	const char *where = arena_printf(arena, "registers 0x%" PRIx64 ", %" PRIu64 " bytes",
	                                 range->base, range->bytes);

	for (size_t i = 0; i < model->board->device_count; i++) {
		const struct board_device *device = &model->board->devices[i];

		if (device->bytes != 0 && overlaps(base, end - base, device)) {
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

const char *hardware_registers_name(const struct model *model, uint64_t base, uint64_t bytes,
                                    struct arena *arena)
{
	for (size_t i = 0; i < model->board->device_count; i++) {
		const struct board_device *device = &model->board->devices[i];

		if (device->bytes != 0 && overlaps(base, bytes, device)) {
			return last_part(device->path);
		}
	}
	return arena_printf(arena, "0x%" PRIx64, base);
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

/* Functions of other VMs that lie behind a bridge of this one. */
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
			struct hardware_unit unit =
				function_unit(model, &row->pci[i], "the PCI host bridge, ", arena);

			hardware->kinds |= 1U << (unsigned)unit.kind;
			hardware->dma_open |= unit.dma == DMA_UNKNOWN || unit.dma == DMA_OPEN;
			hardware->dma_known |= unit.dma == DMA_OPEN;
			if (listed++ < BEHIND_MAX) {
				*ARENA_ADD(arena, hardware->units, hardware->count) = unit;
			}
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

/* Whether the node, or one below it, has registers in a page of the device's. */
static bool has_page_of(const struct board *board, const char *path,
                        const struct board_device *device)
{
	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *own = &board->devices[i];

		if (ranges_share_page(own->base, own->bytes, device->base, device->bytes) &&
		    hardware_node_gives(board, path, own)) {
			return true;
		}
	}
	return false;
}

enum hardware_way hardware_holds(const struct model *model, const struct vm *vm,
                                 const struct board_device *device)
{
	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		if (hardware_node_gives(model->board, vm->dtb_nodes[i], device)) {
			return HARDWARE_BY_NODE;
		}
	}
	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		if (has_page_of(model->board, vm->dtb_nodes[i], device)) {
			return HARDWARE_BY_RANGE;
		}
	}
	for (size_t i = 0; i < vm->mmio_count; i++) {
		if (ranges_share_page(vm->mmios[i].base, vm->mmios[i].bytes, device->base,
		                      device->bytes)) {
			return HARDWARE_BY_RANGE;
		}
	}
	return HARDWARE_NOT_HELD;
}

bool hardware_is_common(const struct board_device *device)
{
	return device->bytes == 0 && !device->dma && !board_is_controller(device->path);
}

bool hardware_is_common_node(const struct board *board, const char *path)
{
	bool known = false;

	for (size_t i = 0; i < board->device_count; i++) {
		if (strcmp(board->devices[i].path, path) == 0) {
			known = true;
			if (!hardware_is_common(&board->devices[i]) &&
			    !is_virtual(board, &board->devices[i])) {
				return false;
			}
		}
	}
	return known;
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
