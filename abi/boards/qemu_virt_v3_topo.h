/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What topo alone knows of qemu_virt_v3.h. What the rows mean: boards.h.
 */
#ifndef ABI_BOARDS_QEMU_VIRT_V3_TOPO_H
#define ABI_BOARDS_QEMU_VIRT_V3_TOPO_H

#include "abi/boards/qemu_virt_tree.h"

#define BOARD_TITLE "QEMU virt, GICv3, SMMUv3"
#define BOARD_BY_DIRECTORY 0 /* the deployed platform has a GICv2 */
#define BOARD_QEMU_MACHINE "virt,virtualization=on,gic-version=3,iommu=smmuv3"

/* clang-format off */
#define BOARD_TREE(X) \
	X("/intc@8000000",             0x08000000,   0x10000,  0, OTHER,   QUIET) \
	X("/intc@8000000",             0x080a0000,  0xf60000,  0, OTHER,   QUIET) \
	X("/intc@8000000/its@8080000", 0x08080000,   0x20000,  0, OTHER,   QUIET) \
	QEMU_VIRT_TREE(X)
/* clang-format on */

#endif
