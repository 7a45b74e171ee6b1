/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What QEMU's machine virt has whatever its interrupt controller is, and the kernel knows too: rows for
 * qemu_virt.h and qemu_virt_v3.h, by the memory map of hw/arm/virt.c of QEMU 10.0 as its device tree
 * shows it. What the rows mean: boards.h.
 */
#ifndef ABI_BOARDS_QEMU_VIRT_ROWS_H
#define ABI_BOARDS_QEMU_VIRT_ROWS_H

#define BOARD_RAM_BASE 0x40000000
#define BOARD_RAM_BYTES 0x200000000
#define BOARD_LOAD 0x40200000
#define BOARD_SMMU 3
#define BOARD_ECAM_BASE 0x4010000000
#define BOARD_ECAM_BYTES 0x10000000

/*
 * The SMMU is before PCI only: what a virtio-mmio transport or a device on the platform bus is told to
 * read or write it does, wherever that is. The machine may start from its flash. (Interrupts of a device
 * on the platform bus come from the device alone, which nobody has.)
 */
/* clang-format off */
#define QEMU_VIRT_BLOCKS(X) \
	X(smmu,     0x09050000, 0x20000,   KERNEL, HIDDEN, "the SMMU") \
	X(power,    0x09030000, 0x1000,    NOBODY, HIDDEN, "the power-off GPIO") \
	X(fwcfg,    0x09020000, 0x1000,    NOBODY, HIDDEN, "QEMU's fw_cfg") \
	X(uart,     0x09000000, 0x1000,    KERNEL, SHOWN,  "the kernel's console") \
	X(virtio,   0x0a000000, 0x4000,    NOBODY, HIDDEN, "virtio-mmio past the SMMU") \
	X(platform, 0x0c000000, 0x2000000, NOBODY, HIDDEN, "the platform bus past the SMMU") \
	X(flash,    0x00000000, 0x8000000, NOBODY, HIDDEN, "the flash that the machine starts from")

#define BOARD_IRQS(X) \
	X(uart,   33,  1,  "the kernel's console") \
	X(virtio, 48,  32, "virtio-mmio past the SMMU") \
	X(smmu,   106, 4,  "the SMMU")

#define BOARD_WINDOWS(X) X(BOARD_ECAM_BASE, BOARD_ECAM_BYTES)
/* clang-format on */

#endif
