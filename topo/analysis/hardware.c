/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kinds are known by words in names: those that boards' device trees and engineers use.
 */
#include "topo/analysis/hardware.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "topo/model/board.h"

static const struct {
	const char *name;
	const char *affects;
} kinds[HARDWARE_KIND_COUNT] = {
	[HARDWARE_NIC] = {"NIC",     "network"       },
	[HARDWARE_STORAGE] = {"storage", "storage"       },
	[HARDWARE_GPU] = {"GPU",     "display"       },
	[HARDWARE_USB] = {"USB",     "USB devices"   },
	[HARDWARE_SERIAL] = {"serial",  "serial lines"  },
	[HARDWARE_OTHER] = {"other",   "other hardware"},
};

/* Words in a device's name; a word that stands earlier wins. */
static const struct {
	const char *word;
	enum hardware_kind kind;
} words[] = {
	{"genet",      HARDWARE_NIC    },
        {"ethernet",   HARDWARE_NIC    },
        {"e1000",      HARDWARE_NIC    },
	{"wifi",       HARDWARE_NIC    },
        {"wlan",       HARDWARE_NIC    },
        {"igb",        HARDWARE_NIC    },
	{"virtio-net", HARDWARE_NIC    },
        {"nic",        HARDWARE_NIC    },
        {"eth",        HARDWARE_NIC    },
	{"net",        HARDWARE_NIC    },
        {"mmc",        HARDWARE_STORAGE},
        {"sdhc",       HARDWARE_STORAGE},
	{"nvme",       HARDWARE_STORAGE},
        {"ahci",       HARDWARE_STORAGE},
        {"sata",       HARDWARE_STORAGE},
	{"blk",        HARDWARE_STORAGE},
        {"disk",       HARDWARE_STORAGE},
        {"ufs",        HARDWARE_STORAGE},
	{"storage",    HARDWARE_STORAGE},
        {"flash",      HARDWARE_STORAGE},
        {"gpu",        HARDWARE_GPU    },
	{"v3d",        HARDWARE_GPU    },
        {"hdmi",       HARDWARE_GPU    },
        {"hvs",        HARDWARE_GPU    },
	{"pixelvalve", HARDWARE_GPU    },
        {"txp",        HARDWARE_GPU    },
        {"vga",        HARDWARE_GPU    },
	{"display",    HARDWARE_GPU    },
        {"usb",        HARDWARE_USB    },
        {"xhci",       HARDWARE_USB    },
	{"ehci",       HARDWARE_USB    },
        {"serial",     HARDWARE_SERIAL },
        {"uart",       HARDWARE_SERIAL },
	{"pl011",      HARDWARE_SERIAL },
};

#define WORD_COUNT (sizeof(words) / sizeof(words[0]))

static enum hardware_kind kind_of(const char *name)
{
	for (size_t i = 0; i < WORD_COUNT; i++) {
		if (strcasestr(name, words[i].word) != NULL) {
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

static bool is_below(const char *path, const char *ancestor)
{
	size_t bytes = strcmp(ancestor, "/") == 0 ? 0 : strlen(ancestor);

	return strncmp(path, ancestor, bytes) == 0 && path[bytes] == '/';
}

static bool is_host_bridge(const struct board_device *device)
{
	return strncmp(device->path, "/pcie", 5) == 0;
}

static enum dma device_dma(const struct model *model, const struct board_device *device)
{
	return dma_of(model, device->dma, is_host_bridge(device));
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

static void add_pci(struct hardware *hardware, const struct model *model, const struct vm *vm,
                    struct arena *arena)
{
	for (size_t i = 0; i < vm->pci_count; i++) {
		const struct pci_function *function = &vm->pci[i];
		const char *address = arena_printf(arena, "PCI %u:%u.%u", function->bus,
		                                   function->device, function->function);
		bool named = function->name != NULL && function->name[0] != '\0';

		add_unit(hardware, arena,
		         (struct hardware_unit){
				 .name = named ? function->name : address,
				 .where = function->irq == 0
		                                  ? address
		                                  : arena_printf(arena, "%s, interrupt %u", address,
		                                                 function->irq),
				 .kind = named ? kind_of(function->name) : HARDWARE_OTHER,
				 .dma = named && strcasestr(function->name, "virtio") != NULL
		                                ? virtio_dma(model)
		                                : dma_of(model, true, true),
				 .pci = true,
				 .irq = function->irq,
			 });
	}
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

static void add_device(struct hardware *hardware, const struct board_device *device, enum dma dma,
                       const char *where, struct arena *arena)
{
	add_unit(hardware, arena,
	         (struct hardware_unit){
			 .name = last_part(device->path),
			 .where = where,
			 .kind = kind_of(device->path),
			 .dma = dma,
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

		if (is_below(device->path, path) && (device->bytes != 0 || dma != DMA_NONE)) {
			strongest = dma > strongest ? dma : strongest;
			add_device(hardware, device, dma, path, arena);
		}
	}
	return strongest;
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
			if (device->bytes != 0 || its != DMA_NONE) {
				add_device(hardware, device, its, path, arena);
			}
		} else if (is_below(path, device->path) && is_host_bridge(device)) {
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
	return at;
}

/* All devices that have registers in the pages of a range, and what else may be there. */
static void add_range(struct hardware *hardware, const struct model *model,
                      const struct range *range, struct arena *arena)
{
	uint64_t base = range->base & ~((uint64_t)PV_PAGE_BYTES - 1);
	uint64_t end = page_up(range->base + range->bytes);
	const char *where = arena_printf(arena, "registers 0x%" PRIx64 ", %" PRIu64 " bytes",
	                                 range->base, range->bytes);
	uint64_t known;
	uint64_t next = base;

	for (size_t i = 0; i < model->board->device_count; i++) {
		const struct board_device *device = &model->board->devices[i];

		if (device->bytes != 0 && overlaps(base, end - base, device)) {
			add_device(hardware, device, device_dma(model, device), where, arena);
		}
	}
	do {
		known = next;
		next = known_until(model->board, known);
	} while (next != known && next < end);
	if (next < end) {
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

struct hardware hardware_of(const struct model *model, uint32_t vm, struct arena *arena)
{
	struct hardware hardware = {NULL, 0, 0, false, false};
	const struct vm *row = &model->vms[vm];

	add_pci(&hardware, model, row, arena);
	for (size_t i = 0; i < row->dtb_node_count; i++) {
		add_node(&hardware, model, row->dtb_nodes[i], arena);
	}
	for (size_t i = 0; i < row->mmio_count; i++) {
		add_range(&hardware, model, &row->mmios[i], arena);
	}
	for (size_t i = 0; i < hardware.count; i++) {
		enum dma dma = hardware.units[i].dma;

		hardware.kinds |= 1U << (unsigned)hardware.units[i].kind;
		hardware.dma_open |= dma == DMA_OPEN || dma == DMA_UNKNOWN;
		hardware.dma_known |= dma == DMA_OPEN;
	}
	return hardware;
}
