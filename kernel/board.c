/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's view of the board that the build names (abi/boards/boards.h).
 */
#include "kernel/board.h"

#include BOARD_ROWS

#include "abi/image.h"

#define BLOCK_KERNEL(block, base) .block = (base),
#define BLOCK_GUESTS(block, base) .block = (base),
#define BLOCK_NOBODY(block, base)
#define BLOCK(block, base, bytes, user, shown, text) BLOCK_##user(block, base)
#define INTID(block, first, count, text) INTID_##block = (first),

enum { BOARD_IRQS(INTID) };

const struct board board = {
	.name = BOARD_NAME,
	.id = BOARD_ID,
	.ram_page = BOARD_RAM_BASE >> PV_PAGE_SHIFT,
	.ram_page_count = BOARD_RAM_BYTES >> PV_PAGE_SHIFT,
	.uart_intid = INTID_uart,
	BOARD_BLOCKS(BLOCK) /**/
};
