/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the device tree generator share (topo/image/guest_dtb.c: the machine,
 * topo/image/guest_dtb_connections.c: what connections add): a thin layer over libfdt's sequential
 * writer. The first error sticks, the rest is then skipped; guest_dtb_make() grows the buffer and
 * starts again when it was too small.
 */
#ifndef TOPO_IMAGE_GUEST_DTB_WRITER_H
#define TOPO_IMAGE_GUEST_DTB_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "topo/base/arena.h"
#include "topo/image/layout.h"

struct dtb {
	const struct layout *layout;
	uint32_t vm;
	void *buffer;
	int error; /* of libfdt, 0 = none */
};

/* Longest list of cells that a property here has: three for each interrupt of a VM. */
#define DTB_CELLS_MAX (3U * PV_VIRQS)

/* Cells of a property under construction; a list that is too long is a libfdt error later. */
struct dtb_cells {
	uint32_t cells[DTB_CELLS_MAX];
	uint32_t count;
};

/* A phandle says what it is the handle of; those of pools count up from the last. */
enum dtb_phandle { DTB_PHANDLE_GIC = 1, DTB_PHANDLE_V2M, DTB_PHANDLE_CLOCK, DTB_PHANDLE_POOL };

/* Interrupt specifier, Linux Documentation/devicetree/bindings/interrupt-controller/
 * arm,gic.yaml. */
enum dtb_irq { DTB_IRQ_SPI = 0, DTB_IRQ_PPI = 1 };
#define DTB_IRQ_EDGE 1U
#define DTB_IRQ_LEVEL 4U

void dtb_begin(struct dtb *dtb, const char *name);
/** A node with a unit address: "name@1f000". */
void dtb_begin_at(struct dtb *dtb, const char *name, uint64_t address);
void dtb_end(struct dtb *dtb);

void dtb_flag(struct dtb *dtb, const char *name);
void dtb_u32(struct dtb *dtb, const char *name, uint32_t value);
void dtb_u64(struct dtb *dtb, const char *name, uint64_t value);
void dtb_string(struct dtb *dtb, const char *name, const char *value);
void dtb_bytes(struct dtb *dtb, const char *name, const void *bytes, uint32_t count);
/** Several strings; the list ends with NULL. */
void dtb_strings(struct dtb *dtb, const char *name, const char *const *values);
void dtb_cells(struct dtb *dtb, const char *name, const struct dtb_cells *cells);

void dtb_add_u32(struct dtb_cells *cells, uint32_t value);
/** Two cells. */
void dtb_add_u64(struct dtb_cells *cells, uint64_t value);
/** Address and size, two cells each. */
void dtb_add_range(struct dtb_cells *cells, uint64_t base, uint64_t bytes);

/** "reg" with one range. */
void dtb_reg(struct dtb *dtb, uint64_t base, uint64_t bytes);

/** An interrupt specifier, behind @cells. */
void dtb_add_interrupt(struct dtb_cells *cells, enum dtb_irq type, uint32_t number, uint32_t flags);

/* topo/image/guest_dtb_hardware.c, called inside the root node. */
void dtb_add_hardware(struct dtb *dtb);

/**
 * "DOMAIN:00:SLOT.0=ADDRESS/PREFIX" of the first network function of the VM, and behind it ",GATEWAY"
 * with @way_out if it leads anywhere; in @arena. NULL: it has none.
 */
const char *dtb_card_entry(const struct dtb *dtb, bool way_out, struct arena *arena);

/** A window of 32-bit PCI memory space at the guest-physical address that it has too. */
void dtb_add_window(struct dtb_cells *ranges, uint64_t ipa, uint64_t bytes);

/** The node of a PCI host bridge of one bus, all but its interrupts; dtb_end() ends it. */
void dtb_begin_host_bridge(struct dtb *dtb, uint64_t ecam_ipa, uint32_t domain,
                           const struct dtb_cells *ranges);

/* topo/image/guest_dtb_connections.c, called inside the root node and inside /chosen. */
void dtb_add_connections(struct dtb *dtb);
void dtb_add_reserved_memory(struct dtb *dtb);
void dtb_add_network(struct dtb *dtb);
void dtb_add_hosts(struct dtb *dtb);
void dtb_add_disks(struct dtb *dtb);

#endif
