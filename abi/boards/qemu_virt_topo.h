/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What topo alone knows of qemu_virt.h. What the rows mean: boards.h.
 */
#ifndef ABI_BOARDS_QEMU_VIRT_TOPO_H
#define ABI_BOARDS_QEMU_VIRT_TOPO_H

#include "abi/boards/qemu_virt_tree.h"

#define BOARD_TITLE "QEMU virt, GICv2, SMMUv3"
#define BOARD_BY_DIRECTORY 1
#define BOARD_QEMU_MACHINE "virt,virtualization=on,gic-version=2,iommu=smmuv3"

/* clang-format off */
#define BOARD_TREE(X) \
	X("/intc@8000000",             0x08000000,   0x10000,  0, OTHER,   QUIET) \
	X("/intc@8000000/v2m@8020000", 0x08020000,    0x1000,  0, OTHER,   QUIET) \
	QEMU_VIRT_TREE(X)
/* clang-format on */

#endif
