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

bool hardware_is_named(const struct hardware_unit *unit, const char *name)
{
	size_t bytes = strlen(name);

	/* A node is named with or without its unit address. */
	return strcasecmp(unit->name, name) == 0 || strcasecmp(kinds[unit->kind].name, name) == 0 ||
	       (strncasecmp(unit->name, name, bytes) == 0 && unit->name[bytes] == '@');
}

/* Only PCI functions are behind the SMMU of a board that has one. */
static enum dma dma_of(const struct model *model, bool dma, bool pci)
{
	if (!dma) {
		return DMA_NONE;
	}
	return model->board->smmu && pci ? DMA_CONFINED : DMA_OPEN;
}

static void add_unit(struct hardware *hardware, struct arena *arena, struct hardware_unit unit)
{
	*ARENA_ADD(arena, hardware->units, hardware->count) = unit;
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
				 .dma = dma_of(model, true, true),
			 });
	}
}

static const struct board_device *find_node(const struct board *board, const char *path)
{
	for (size_t i = 0; i < board->device_count; i++) {
		if (strcmp(board->devices[i].path, path) == 0) {
			return &board->devices[i];
		}
	}
	return NULL;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static void add_nodes(struct hardware *hardware, const struct model *model, const struct vm *vm,
                      struct arena *arena)
{
	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		const char *path = vm->dtb_nodes[i];
		const struct board_device *device = find_node(model->board, path);

		/* Nodes without registers, such as /chosen, are no devices. */
		if (device != NULL && device->base == 0 && !device->dma) {
			continue;
		}
		add_unit(hardware, arena,
		         (struct hardware_unit){
				 .name = last_part(path),
				 .where = path,
				 .kind = kind_of(path),
				 .dma = device == NULL ? DMA_UNKNOWN
		                                       : dma_of(model, device->dma,
		                                                strstr(path, "/pcie") == path),
			 });
	}
}

static const struct board_device *find_registers(const struct board *board,
                                                 const struct range *range)
{
	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *device = &board->devices[i];

		if (device->base != 0 && device->base < range->base + range->bytes &&
		    range->base < device->base + device->bytes) {
			return device;
		}
	}
	return NULL;
}

/* The kind of all devices so far, if they are of one kind. */
static enum hardware_kind only_kind(const struct hardware *hardware)
{
	enum hardware_kind kind = hardware->count == 0 ? HARDWARE_OTHER : hardware->units[0].kind;

	for (size_t i = 1; i < hardware->count; i++) {
		kind = hardware->units[i].kind == kind ? kind : HARDWARE_OTHER;
	}
	return kind;
}

static void add_mmios(struct hardware *hardware, const struct model *model, const struct vm *vm,
                      struct arena *arena)
{
	/* Registers of no known device belong to the device beside them, if there is but one. */
	enum hardware_kind beside = only_kind(hardware);
	bool alone = hardware->count == 0;

	for (size_t i = 0; i < vm->mmio_count; i++) {
		const struct range *range = &vm->mmios[i];
		const struct board_device *device = find_registers(model->board, range);
		const char *where =
			arena_printf(arena, "registers 0x%" PRIx64 ", %" PRIu64 " bytes",
		                     range->base, range->bytes);
		struct hardware_unit unit = {
			.name = arena_printf(arena, "0x%" PRIx64, range->base),
			.where = where,
			.kind = beside,
			.dma = alone ? DMA_UNKNOWN : DMA_NONE,
			.base = range->base,
			.bytes = range->bytes,
		};

		if (device != NULL) {
			unit.name = last_part(device->path);
			unit.kind = kind_of(device->path);
			unit.dma = dma_of(model, device->dma,
			                  strstr(device->path, "/pcie") == device->path);
		}
		add_unit(hardware, arena, unit);
	}
}

struct hardware hardware_of(const struct model *model, uint32_t vm, struct arena *arena)
{
	struct hardware hardware = {NULL, 0, 0, false};
	const struct vm *row = &model->vms[vm];

	add_pci(&hardware, model, row, arena);
	add_nodes(&hardware, model, row, arena);
	add_mmios(&hardware, model, row, arena);
	for (size_t i = 0; i < hardware.count; i++) {
		hardware.kinds |= 1U << (unsigned)hardware.units[i].kind;
		hardware.dma_open |= hardware.units[i].dma == DMA_OPEN;
	}
	return hardware;
}
