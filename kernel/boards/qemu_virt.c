/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's `virt` machine with virtualization=on,gic-version=2 (hw/arm/virt.c).
 */
#include "abi/image.h"
#include "kernel/board.h"

const struct board board = {
	.name = "qemu-virt",
	.id = PV_BOARD_QEMU_VIRT,
	.ram_page = 0x40000,
	.ram_page_count = 0x1000000, /* 64 GiB */
	.gicd = 0x08000000,
	.gicc = 0x08010000,
	.gich = 0x08030000,
	.gicv = 0x08040000,
	.uart = 0x09000000,
	.uart_intid = 33,
};
