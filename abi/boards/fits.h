/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the rows of a board fit the kernel: BOARD_FITS, behind the rows, does not compile
 * otherwise. topo does it for every board, since it is built in every build.
 *
 * EL2 maps addresses of 39 bits by blocks of 2 MiB, and has tables for so many blocks of registers
 * (kernel/arm/mmu.h): RAM and the kernel in it are whole blocks, nothing else lies in one of RAM.
 */
#ifndef ABI_BOARDS_FITS_H
#define ABI_BOARDS_FITS_H

#define FITS_BLOCK_BYTES (1ULL << 21)
#define FITS_GIB_BYTES (1ULL << 30)
#define FITS_END (1ULL << 39)
#define FITS_DEVICES_MAX 6

#define FITS_COUNT_KERNEL +1 /* NOLINT(bugprone-macro-parentheses): a summand */
#define FITS_COUNT_GUESTS
#define FITS_COUNT_NOBODY
#define FITS_COUNT(block, base, bytes, user, shown, name) FITS_COUNT_##user
#define FITS_COUNT_WINDOW(base, bytes) FITS_COUNT_KERNEL
#define FITS_RAM_END (BOARD_RAM_BASE + 0ULL + BOARD_RAM_BYTES)
#define FITS_WHERE(block, base, bytes, user, shown, name)                                          \
	_Static_assert((base) + 0ULL + (bytes) <= BOARD_RAM_BASE || (base) >= FITS_RAM_END,        \
	               name " may not lie in RAM");                                                \
	_Static_assert((base) + 0ULL + (bytes) <= FITS_END, name " may not lie above 512 GiB");    \
	_Static_assert((bytes) <= FITS_GIB_BYTES, name " may not be larger than 1 GiB");
#define FITS_WINDOW(base, bytes) FITS_WHERE(window, base, bytes, KERNEL, HIDDEN, "a window area")

#define BOARD_FITS                                                                                 \
	BOARD_BLOCKS(FITS_WHERE)                                                                   \
	BOARD_WINDOWS(FITS_WINDOW)                                                                 \
	_Static_assert(FITS_RAM_END <= FITS_END, "RAM may not lie above 512 GiB");                 \
	_Static_assert((BOARD_RAM_BASE | BOARD_RAM_BYTES) % FITS_BLOCK_BYTES == 0,                 \
	               "RAM begins and ends at a multiple of 2 MiB");                              \
	_Static_assert(BOARD_LOAD >= BOARD_RAM_BASE && BOARD_LOAD < FITS_RAM_END &&                \
	                       BOARD_LOAD % FITS_BLOCK_BYTES == 0,                                 \
	               "the kernel lies in RAM, at a multiple of 2 MiB");                          \
	_Static_assert(0 BOARD_BLOCKS(FITS_COUNT)                                                  \
	                               BOARD_WINDOWS(FITS_COUNT_WINDOW) <= FITS_DEVICES_MAX,       \
	               "the kernel uses too many blocks of registers");

#endif
