/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of hardware.h share.
 */
#ifndef TOPO_MODEL_HARDWARE_PARTS_H
#define TOPO_MODEL_HARDWARE_PARTS_H

#include "topo/model/hardware.h"

/** The kind of what is called so. */
enum hardware_kind hardware_kind_of(const char *name);

/** The kind of PCI functions of that class, subclass and interface. */
enum hardware_kind hardware_kind_of_class(uint32_t class_code);

/** The last part of a path. */
const char *hardware_last_part(const char *path);

/** Whether a register of the device lies in the range. */
bool hardware_overlaps(uint64_t base, uint64_t bytes, const struct board_device *device);

/** What of the kernel's own the device is; NULL if nothing. */
const struct board_range *hardware_reserved_for(const struct board *board,
                                                const struct board_device *device,
                                                struct board_range *reserved);

/** Whether it is a node that stands for the virtual one of what is the kernel's own, which every VM
 * has anyway. */
bool hardware_is_virtual(const struct board *board, const struct board_device *device);

/** The page boundary at or behind @address. */
static inline uint64_t hardware_page_up(uint64_t address)
{
	return (address + PV_PAGE_BYTES - 1) & ~((uint64_t)PV_PAGE_BYTES - 1);
}

#endif
