/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A board that nobody has made, as far as the kernel knows one (abi/boards/boards.h). RAM begins
 * with the last block of a GiB, the kernel lies in the next one, RAM ends within a third. Registers
 * lie across two GiB, before RAM in its first GiB, behind it in its last one, two blocks of them in
 * one of 2 MiB, and where the addresses end; windows across two GiB.
 */
#ifndef TESTS_UNIT_BOARD_SCATTERED_H
#define TESTS_UNIT_BOARD_SCATTERED_H

#define BOARD_NAME "scattered"
#define BOARD_ID 99
#define BOARD_RAM_BASE 0x83fe00000
#define BOARD_RAM_BYTES 0x100600000
#define BOARD_LOAD 0x840000000

/* clang-format off */
#define BOARD_BLOCKS(X) \
	X(gicd, 0x3ffe0000,   0x400000, KERNEL, SHOWN, "the distributor") \
	X(gicc, 0x83fc00000,  0x2000,   KERNEL, SHOWN, "the CPU interface") \
	X(gich, 0x83fc02000,  0x1000,   KERNEL, SHOWN, "the interface to it") \
	X(gicv, 0x7e00000000, 0x2000,   GUESTS, SHOWN, "that of guests") \
	X(rest, 0x7f00000000, 0x200000, NOBODY, SHOWN, "something else") \
	X(its,  0x940400000,  0x20000,  KERNEL, SHOWN, "the translator") \
	X(uart, 0x7fffe00000, 0x200000, KERNEL, SHOWN, "the console")

#define BOARD_IRQS(X) \
	X(uart, 33, 1, "the console")

#define BOARD_WINDOWS(X) X(0x403fe00000, 0x10000000)
/* clang-format on */

#endif
