/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hardware that a VM was given, as an auditor names it: which kind of device each PCI
 * function, node or MMIO range is, and whether it reaches memory by itself.
 */
#ifndef TOPO_MODEL_HARDWARE_H
#define TOPO_MODEL_HARDWARE_H

#include <stdbool.h>

#include "topo/base/arena.h"
#include "topo/model/board.h"
#include "topo/model/model.h"

enum dma {
	DMA_NONE,
	DMA_CONFINED, /* by the board's SMMU, to its VM's memory */
	DMA_UNKNOWN,  /* topo does not know the device: taken for open everywhere */
	DMA_OPEN,     /* to all memory */
};

/* How a device interrupts, of what can be forged. */
enum messages {
	MESSAGES_NONE,      /* by a line of its own, or not at all */
	MESSAGES_ISOLATED,  /* an ITS tells who has written one */
	MESSAGES_FORGEABLE, /* nothing does: any function that writes some can write all */
	MESSAGES_UNKNOWN,   /* the board does not run */
};

struct hardware_unit {
	const char *name;  /* "genet", "ethernet@1000", "0x1000" */
	const char *alias; /* another name of the same device, NULL = none */
	const char *where; /* "PCI 1:0.0, interrupt 189" */
	enum hardware_kind kind;
	enum dma dma;
	enum messages messages;
	bool pci;      /* it was given as a PCI function */
	uint32_t id;   /* of that: of its stream */
	bool kernel;   /* it is the kernel's own: who has it has the kernel, and all */
	uint32_t irq;  /* INTID, 0 = none known */
	uint64_t base; /* of its first registers, if bytes != 0 */
	uint64_t bytes;
};

struct hardware {
	struct hardware_unit *units;
	size_t count;
	uint32_t kinds; /* bit HARDWARE_* for each kind that occurs */
	bool dma_open;  /* a device reaches all memory, or may do so */
	bool dma_known; /* one does so for certain */
	bool kernel;    /* something is the kernel's own */
};

/* How a VM was given a device of the board. */
enum hardware_way { HARDWARE_NOT_HELD, HARDWARE_BY_RANGE, HARDWARE_BY_NODE };

/**
 * What VM @vm of @model has, each device once although it may be given as a PCI function, as a
 * node and as registers.
 */
struct hardware hardware_of(const struct model *model, uint32_t vm, struct arena *arena);

/** Whether all memory is in the reach of who has it: by open DMA, or since it is the kernel's own. */
static inline bool hardware_has_all(const struct hardware *hardware)
{
	return hardware->dma_open || hardware->kernel;
}

/**
 * Whether who has the node at @path has the registers of @device: it is the device's node or one
 * above it, and none that stands for the virtual device which every VM has.
 */
bool hardware_node_gives(const struct board *board, const char *path,
                         const struct board_device *device);

/** How @vm holds the @device of the board: by its node, one above it, or a page of its registers. */
enum hardware_way hardware_holds(const struct model *model, const struct vm *vm,
                                 const struct board_device *device);

/** Whether @device stands for nothing that moves or decides, as /chosen does. */
bool hardware_is_common(const struct board_device *device);

/** The same of all that the board is known to have at the node. */
bool hardware_is_common_node(const struct board *board, const char *path);

/** The DMA of the node by itself. */
enum dma hardware_node_dma(const struct model *model, const char *path);

/** Whether topo knows what lies in every page of @range. */
bool hardware_range_is_known(const struct board *board, const struct range *range);

/** What the board has at @base: "ethernet@7d580000", or the address where nothing is known. */
const char *hardware_registers_name(const struct model *model, uint64_t base, uint64_t bytes,
                                    struct arena *arena);

/** Whether @name names hardware of that kind, in any case of letters. */
bool hardware_kind_is_named(enum hardware_kind kind, const char *name);

/** "NIC", "storage", … */
const char *hardware_kind_name(enum hardware_kind kind);

/** What a VM that has it can affect: "network", "storage", "display", … */
const char *hardware_kind_affects(enum hardware_kind kind);

/** What the reports' programs read: "none", "confined", "open", "unknown". */
const char *hardware_dma_name(enum dma dma);

/** Likewise: "none", "isolated", "forgeable", "unknown". */
const char *hardware_messages_name(enum messages messages);

/** Whether @name names the unit or its kind, in any case of letters. */
bool hardware_is_named(const struct hardware_unit *unit, const char *name);

#endif
