/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of layout_new() (topo/image/layout.h), one file each. They run in the order below; each
 * reads what those before it wrote. Errors are reported through diag and the work goes on, so that
 * one run shows all of them.
 */
#ifndef TOPO_IMAGE_LAYOUT_PARTS_H
#define TOPO_IMAGE_LAYOUT_PARTS_H

#include "topo/image/layout.h"

/* topo/image/layout_guest.c: personalities, numbers of queues. */
void layout_queues(struct layout *layout, struct diag *diag);

/* The same: guest-physical maps, interrupts. */
void layout_guests(struct layout *layout, struct diag *diag);

/* topo/image/layout_hardware.c: what is physical, and where it lies in the machine. */
void layout_hardware(struct layout *layout, struct diag *diag);

/* The same, when it is known where guests have it: the tables of the image. */
void layout_hardware_tables(struct layout *layout);

/* topo/image/layout_rights.c: domains, vCPUs, doorbells, doorbell pages, capabilities. */
void layout_rights(struct layout *layout);

/**
 * Take the next entry of a table: its index, and *count grows by one. When the table is full it
 * is noted in layout->tables.full with whom it had no room for, and the last entry is given out again.
 */
uint32_t layout_take(struct layout *layout, const char *name, uint32_t *count, uint32_t limit);

/** @value up to the next multiple of @align, a power of two. */
static inline uint64_t layout_align(uint64_t value, uint64_t align)
{
	return (value + (align - 1)) & ~(align - 1);
}

#endif
