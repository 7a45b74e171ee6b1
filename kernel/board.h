/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs between boards, as data. It is read from abi/boards/.
 */
#ifndef KERNEL_BOARD_H
#define KERNEL_BOARD_H

#include <stdint.h>

struct board {
	const char *name;
	uint32_t id; /* enum pv_board */
	uint32_t ram_page;
	uint32_t ram_page_count; /* at most; the image says how much is there */
	/* GICv2, and its virtualization extensions (IHI 0048B). Physical addresses. */
	uint64_t gicd, gicc, gich, gicv;
	uint64_t uart;       /* PL011 that the kernel keeps */
	uint32_t uart_intid; /* its interrupt */
};

extern const struct board board;

#endif
