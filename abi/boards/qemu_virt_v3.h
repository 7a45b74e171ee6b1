/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's machine virt with a GICv3 and its ITS; the rest is as in qemu_virt.h. What the rows mean:
 * boards.h.
 */
#ifndef ABI_BOARDS_QEMU_VIRT_V3_H
#define ABI_BOARDS_QEMU_VIRT_V3_H

#define BOARD_NAME "qemu-virt-v3"
#define BOARD_ID PV_BOARD_QEMU_VIRT_V3
#define BOARD_RAM_BASE 0x40000000
#define BOARD_RAM_BYTES 0x200000000
#define BOARD_LOAD 0x40200000
#define BOARD_GIC_VERSION 3
#define BOARD_ITS 3
#define BOARD_MSI_PAGE 0x08090000 /* of GITS_TRANSLATER */
#define BOARD_MSI_FIRST 0
#define BOARD_MSI_COUNT 0
#define BOARD_SMMU 3
#define BOARD_ECAM_BASE 0x4010000000
#define BOARD_ECAM_BYTES 0x10000000

/* clang-format off */
#define BOARD_BLOCKS(X) \
	X(gicd,  0x08000000, 0x10000,  KERNEL, SHOWN,  "the interrupt controller's distributor") \
	X(its,   0x08080000, 0x20000,  KERNEL, SHOWN,  "the interrupt controller") \
	X(gicr,  0x080a0000, 0xf60000, KERNEL, SHOWN,  "the interrupt controller") \
	X(smmu,  0x09050000, 0x20000,  KERNEL, HIDDEN, "the SMMU") \
	X(power, 0x09030000, 0x1000,   NOBODY, HIDDEN, "the power-off GPIO") \
	X(fwcfg, 0x09020000, 0x1000,   NOBODY, HIDDEN, "QEMU's fw_cfg") \
	X(uart,  0x09000000, 0x1000,   KERNEL, SHOWN,  "the kernel's console")

#define BOARD_IRQS(X) \
	X(uart, 33,  1, "the kernel's console") \
	X(smmu, 106, 4, "the SMMU")

#define BOARD_WINDOWS(X) X(BOARD_ECAM_BASE, BOARD_ECAM_BYTES)
/* clang-format on */

#endif
