/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The board that the build names, from its rows (abi/boards/boards.h): where its registers are, as
 * board_gicd and board_gicd_bytes, and which interrupts they raise, as board_uart_intid.
 */
#ifndef KERNEL_BOARD_H
#define KERNEL_BOARD_H

#include <stdint.h>

#include BOARD_ROWS
#include "abi/limits.h"

#define BOARD_RAM_PAGE ((uint32_t)(BOARD_RAM_BASE >> PV_PAGE_SHIFT))
#define BOARD_RAM_PAGES ((uint32_t)(BOARD_RAM_BYTES >> PV_PAGE_SHIFT)) /* at most */
#define BOARD_BASE(block, base, bytes, user, shown, text)                                          \
	static const uint64_t board_##block = (base);                                              \
	static const uint64_t board_##block##_bytes = (bytes);
#define BOARD_INTID(block, first, count, text)                                                     \
	static const uint32_t board_##block##_intid = (first);
/* cppcheck-suppress unknownMacro ; the build names the file that has the rows */
BOARD_BLOCKS(BOARD_BASE)
BOARD_IRQS(BOARD_INTID)

#endif
