/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What QEMU's machine virt has whatever its interrupt controller is: rows for qemu_virt_topo.h and
 * qemu_virt_v3_topo.h. What they mean: boards.h.
 */
#ifndef ABI_BOARDS_QEMU_VIRT_TREE_H
#define ABI_BOARDS_QEMU_VIRT_TREE_H

#define BOARD_DIRECTORY "qemu-arm-virt"
#define BOARD_CPUS 8
#define BOARD_RAM_TAKEN 0x2000000
#define BOARD_RAM_ZEROED 1
#define BOARD_GIC_LIST_REGISTERS 4
#define BOARD_GIC_SPIS 256
#define BOARD_QEMU_CPU "cortex-a72"
#define BOARD_PCI_HOST "/pcie@10000000"
#define BOARD_PCI_IRQ 35

/* clang-format off */
#define BOARD_PCI_WINDOWS(X) \
	X(MEMORY, 0x10000000,   0x2eff0000,   35) \
	X(IO,     0x3eff0000,   0x10000,      35) \
	X(CONFIG, BOARD_ECAM_BASE, BOARD_ECAM_BYTES, 35) \
	X(MEMORY, 0x8000000000, 0x8000000000, 35)

#define QEMU_VIRT_TREE(X) \
	X("/pl011@9000000",            0x09000000,    0x1000, 33, SERIAL,  QUIET) \
	X("/pl031@9010000",            0x09010000,    0x1000, 34, OTHER,   QUIET) \
	X("/pl061@9030000",            0x09030000,    0x1000, 39, OTHER,   QUIET) \
	X("/pl011@9040000",            0x09040000,    0x1000, 40, SERIAL,  QUIET) \
	X("/fw-cfg@9020000",           0x09020000,      0x18,  0, OTHER,   DMA)   \
	X("/smmuv3@9050000",           0x09050000,   0x20000,  0, OTHER,   DMA)   \
	X("/flash@0",                           0, 0x8000000,  0, STORAGE, QUIET) \
	X("/platform-bus@c000000",     0x0c000000, 0x2000000,  0, OTHER,   DMA)   \
	X("/virtio_mmio@a000000",      0x0a000000,     0x200, 48, OTHER,   DMA)   \
	X("/virtio_mmio@a000200",      0x0a000200,     0x200, 49, OTHER,   DMA)   \
	X("/virtio_mmio@a000400",      0x0a000400,     0x200, 50, OTHER,   DMA)   \
	X("/virtio_mmio@a000600",      0x0a000600,     0x200, 51, OTHER,   DMA)   \
	X("/virtio_mmio@a000800",      0x0a000800,     0x200, 52, OTHER,   DMA)   \
	X("/virtio_mmio@a000a00",      0x0a000a00,     0x200, 53, OTHER,   DMA)   \
	X("/virtio_mmio@a000c00",      0x0a000c00,     0x200, 54, OTHER,   DMA)   \
	X("/virtio_mmio@a000e00",      0x0a000e00,     0x200, 55, OTHER,   DMA)   \
	X("/virtio_mmio@a001000",      0x0a001000,     0x200, 56, OTHER,   DMA)   \
	X("/virtio_mmio@a001200",      0x0a001200,     0x200, 57, OTHER,   DMA)   \
	X("/virtio_mmio@a001400",      0x0a001400,     0x200, 58, OTHER,   DMA)   \
	X("/virtio_mmio@a001600",      0x0a001600,     0x200, 59, OTHER,   DMA)   \
	X("/virtio_mmio@a001800",      0x0a001800,     0x200, 60, OTHER,   DMA)   \
	X("/virtio_mmio@a001a00",      0x0a001a00,     0x200, 61, OTHER,   DMA)   \
	X("/virtio_mmio@a001c00",      0x0a001c00,     0x200, 62, OTHER,   DMA)   \
	X("/virtio_mmio@a001e00",      0x0a001e00,     0x200, 63, OTHER,   DMA)   \
	X("/virtio_mmio@a002000",      0x0a002000,     0x200, 64, OTHER,   DMA)   \
	X("/virtio_mmio@a002200",      0x0a002200,     0x200, 65, OTHER,   DMA)   \
	X("/virtio_mmio@a002400",      0x0a002400,     0x200, 66, OTHER,   DMA)   \
	X("/virtio_mmio@a002600",      0x0a002600,     0x200, 67, OTHER,   DMA)   \
	X("/virtio_mmio@a002800",      0x0a002800,     0x200, 68, OTHER,   DMA)   \
	X("/virtio_mmio@a002a00",      0x0a002a00,     0x200, 69, OTHER,   DMA)   \
	X("/virtio_mmio@a002c00",      0x0a002c00,     0x200, 70, OTHER,   DMA)   \
	X("/virtio_mmio@a002e00",      0x0a002e00,     0x200, 71, OTHER,   DMA)   \
	X("/virtio_mmio@a003000",      0x0a003000,     0x200, 72, OTHER,   DMA)   \
	X("/virtio_mmio@a003200",      0x0a003200,     0x200, 73, OTHER,   DMA)   \
	X("/virtio_mmio@a003400",      0x0a003400,     0x200, 74, OTHER,   DMA)   \
	X("/virtio_mmio@a003600",      0x0a003600,     0x200, 75, OTHER,   DMA)   \
	X("/virtio_mmio@a003800",      0x0a003800,     0x200, 76, OTHER,   DMA)   \
	X("/virtio_mmio@a003a00",      0x0a003a00,     0x200, 77, OTHER,   DMA)   \
	X("/virtio_mmio@a003c00",      0x0a003c00,     0x200, 78, OTHER,   DMA)   \
	X("/virtio_mmio@a003e00",      0x0a003e00,     0x200, 79, OTHER,   DMA)   \
	X("/reserved-memory",                   0,         0,  0, OTHER,   QUIET) \
	X("/chosen",                            0,         0,  0, OTHER,   QUIET) \
	X("/timer",                             0,         0,  0, OTHER,   QUIET) \
	X("/psci",                              0,         0,  0, OTHER,   QUIET) \
	X("/pmu",                               0,         0,  0, OTHER,   QUIET) \
	X("/cpus",                              0,         0,  0, OTHER,   QUIET) \
	X("/aliases",                           0,         0,  0, OTHER,   QUIET) \
	X("/apb-pclk",                          0,         0,  0, OTHER,   QUIET)

#define BOARD_CONTROLLERS(X)
/* clang-format on */

#endif
