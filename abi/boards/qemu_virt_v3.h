/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's machine virt with a GICv3 and its ITS; the rest is as in qemu_virt_rows.h. What the rows
 * mean: boards.h.
 */
#ifndef ABI_BOARDS_QEMU_VIRT_V3_H
#define ABI_BOARDS_QEMU_VIRT_V3_H

#include "abi/boards/qemu_virt_rows.h"

#define BOARD_NAME "qemu-virt-v3"
#define BOARD_ID PV_BOARD_QEMU_VIRT_V3
#define BOARD_GIC_VERSION 3
#define BOARD_ITS 3
#define BOARD_MSI_PAGE 0x08090000 /* of GITS_TRANSLATER */
#define BOARD_MSI_FIRST 0
#define BOARD_MSI_COUNT 0

/* clang-format off */
#define BOARD_BLOCKS(X) \
	X(gicd,  0x08000000, 0x10000,  KERNEL, SHOWN,  "the interrupt controller's distributor") \
	X(its,   0x08080000, 0x20000,  KERNEL, SHOWN,  "the interrupt controller") \
	X(gicr,  0x080a0000, 0xf60000, KERNEL, SHOWN,  "the interrupt controller") \
	QEMU_VIRT_BLOCKS(X)
/* clang-format on */

#endif
