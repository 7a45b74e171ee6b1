/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raspberry Pi 4: BCM2711 ARM Peripherals, and the device tree of Linux 6.12. For check and
 * analysis. What the rows mean: boards.h.
 */
#ifndef ABI_BOARDS_RPI4_H
#define ABI_BOARDS_RPI4_H

#define BOARD_NAME "rpi4"
#define BOARD_ID 0
#define BOARD_RAM_BASE 0x0
#define BOARD_RAM_BYTES 0xfc000000 /* below the peripherals */
#define BOARD_LOAD 0x200000
#define BOARD_GIC_VERSION 2
#define BOARD_ITS 0
#define BOARD_MSI_PAGE 0
#define BOARD_MSI_FIRST 0
#define BOARD_MSI_COUNT 0
#define BOARD_SMMU 0

/* clang-format off */
#define BOARD_BLOCKS(X) \
	X(gicd,  0xff841000, 0x1000, KERNEL, SHOWN,  "the interrupt controller's distributor") \
	X(gicc,  0xff842000, 0x2000, KERNEL, SHOWN,  "the interrupt controller") \
	X(gich,  0xff844000, 0x2000, KERNEL, SHOWN,  "the interrupt controller") \
	X(gicv,  0xff846000, 0x2000, GUESTS, SHOWN,  "the interrupt controller") \
	X(local, 0xff800000, 0x1000, NOBODY, HIDDEN, "the local interrupt controller") \
	X(uart,  0xfe201000, 0x1000, KERNEL, SHOWN,  "the kernel's console")

#define BOARD_IRQS(X) \
	X(uart, 153, 1, "the kernel's console")

#define BOARD_WINDOWS(X)
/* clang-format on */

#endif
