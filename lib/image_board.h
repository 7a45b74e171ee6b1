/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the rows of a board (abi/boards/) to what the image check asks of it. Who has the rows of one
 * defines it, by IMAGE_BOARD(name): the kernel of its board, topo of each.
 */
#ifndef LIB_IMAGE_BOARD_H
#define LIB_IMAGE_BOARD_H

#include "lib/bits.h"
#include "lib/image_check.h"

/* Every page that [base, base + bytes) touches. */
#define IMAGE_BOARD_PAGES(base, bytes)                                                             \
	{                                                                                          \
		(uint32_t)(((base) + 0ULL) >> PV_PAGE_SHIFT),                                      \
			(uint32_t)((((base) % PV_PAGE_BYTES) + 0ULL + (bytes) + PV_PAGE_BYTES -    \
		                    1) >>                                                          \
		                   PV_PAGE_SHIFT)                                                  \
	}
#define IMAGE_BOARD_BLOCK(block, base, bytes, user, shown, text) IMAGE_BOARD_PAGES(base, bytes),
#define IMAGE_BOARD_WINDOW(base, bytes) IMAGE_BOARD_PAGES(base, bytes),
#define IMAGE_BOARD_LINES(block, first, count, text) {first, count},

/* The last row of each table is there on every board: an array is never empty. */
#define IMAGE_BOARD(name)                                                                          \
	static const struct image_span name##_kept[] = {                                           \
		BOARD_BLOCKS(IMAGE_BOARD_BLOCK) BOARD_WINDOWS(IMAGE_BOARD_WINDOW)                  \
			IMAGE_BOARD_PAGES(BOARD_MSI_PAGE, BOARD_MSI_PAGE ? PV_PAGE_BYTES : 0),     \
		IMAGE_BOARD_PAGES(BOARD_RAM_BASE, BOARD_RAM_BYTES)};                               \
	static const struct image_span name##_lines[] = {                                          \
		BOARD_IRQS(IMAGE_BOARD_LINES){BOARD_MSI_FIRST, BOARD_MSI_COUNT}};                  \
	static const struct image_span name##_windows[] = {                                        \
		BOARD_WINDOWS(IMAGE_BOARD_WINDOW){0, 0}};                                          \
	static const struct image_board name = {                                                   \
		.gicc_page_count = BOARD_GIC_VERSION == 2 ? PV_GICC_PAGES : 0,                     \
		.smmu = BOARD_SMMU != 0,                                                           \
		.msi_page = BOARD_MSI_PAGE >> PV_PAGE_SHIFT,                                       \
		.msis = {BOARD_MSI_FIRST, BOARD_MSI_COUNT},                                        \
		.kept = name##_kept,                                                               \
		.kept_count = ARRAY_COUNT(name##_kept),                                            \
		.lines = name##_lines,                                                             \
		.line_count = ARRAY_COUNT(name##_lines),                                           \
		.windows = name##_windows,                                                         \
		.window_count = ARRAY_COUNT(name##_windows),                                       \
	};

#endif
