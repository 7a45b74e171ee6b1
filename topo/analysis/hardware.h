/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hardware that a VM was given, as an auditor names it: which kind of device each PCI
 * function, node or MMIO range is, and whether it reaches memory by itself.
 */
#ifndef TOPO_ANALYSIS_HARDWARE_H
#define TOPO_ANALYSIS_HARDWARE_H

#include <stdbool.h>

#include "topo/base/arena.h"
#include "topo/model/model.h"

enum hardware_kind {
	HARDWARE_NIC,
	HARDWARE_STORAGE,
	HARDWARE_GPU,
	HARDWARE_USB,
	HARDWARE_SERIAL,
	HARDWARE_OTHER,
	HARDWARE_KIND_COUNT
};

enum dma {
	DMA_NONE,
	DMA_CONFINED, /* by the board's SMMU, to its VM's memory */
	DMA_UNKNOWN,  /* topo does not know the device: taken for open everywhere */
	DMA_OPEN,     /* to all memory */
};

struct hardware_unit {
	const char *name;  /* "genet", "ethernet@7d580000", "0xfd580000" */
	const char *alias; /* another name of the same device, NULL = none */
	const char *where; /* "PCI 1:0.0, interrupt 189" */
	enum hardware_kind kind;
	enum dma dma;
	bool pci;      /* it was given as a PCI function */
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
};

/**
 * What VM @vm of @model has, each device once although it may be given as a PCI function, as a
 * node and as registers.
 */
struct hardware hardware_of(const struct model *model, uint32_t vm, struct arena *arena);

/** What the board has at @base: "ethernet@7d580000", or the address where nothing is known. */
const char *hardware_registers_name(const struct model *model, uint64_t base, uint64_t bytes,
                                    struct arena *arena);

/** Whether @name names hardware of that kind, in any case of letters. */
bool hardware_kind_is_named(enum hardware_kind kind, const char *name);

/** "NIC", "storage", … */
const char *hardware_kind_name(enum hardware_kind kind);

/** What a VM that has it can affect: "network", "storage", "display", … */
const char *hardware_kind_affects(enum hardware_kind kind);

/** Whether @name names the unit or its kind, in any case of letters. */
bool hardware_is_named(const struct hardware_unit *unit, const char *name);

#endif
