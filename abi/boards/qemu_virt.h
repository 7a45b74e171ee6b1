/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's machine virt with a GICv2; the rest is as in qemu_virt_rows.h. What the rows mean: boards.h.
 */
#ifndef ABI_BOARDS_QEMU_VIRT_H
#define ABI_BOARDS_QEMU_VIRT_H

#include "abi/boards/qemu_virt_rows.h"

#define BOARD_NAME "qemu-virt"
#define BOARD_ID PV_BOARD_QEMU_VIRT
#define BOARD_GIC_VERSION 2
#define BOARD_ITS 0
#define BOARD_MSI_PAGE 0x08020000
#define BOARD_MSI_FIRST 80
#define BOARD_MSI_COUNT 64

/* clang-format off */
#define BOARD_BLOCKS(X) \
	X(gicd,  0x08000000, 0x10000, KERNEL, SHOWN,  "the interrupt controller's distributor") \
	X(gicc,  0x08010000, 0x10000, KERNEL, SHOWN,  "the interrupt controller") \
	X(v2m,   0x08020000, 0x10000, NOBODY, SHOWN,  "the interrupt controller") \
	X(gich,  0x08030000, 0x10000, KERNEL, SHOWN,  "the interrupt controller") \
	X(gicv,  0x08040000, 0x20000, GUESTS, SHOWN,  "the interrupt controller") \
	QEMU_VIRT_BLOCKS(X)
/* clang-format on */

#endif
