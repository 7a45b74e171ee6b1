/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of EL2's own map on one board, whose rows a program includes before this header.
 */
#ifndef TESTS_UNIT_MMU_CASES_H
#define TESTS_UNIT_MMU_CASES_H

#include <stdint.h>

struct mmu_range {
	uint64_t base, bytes;
};

struct mmu_board {
	struct mmu_range ram;
	uint64_t load;
	const struct mmu_range *devices; /* that EL2 uses */
	uint32_t device_count;
};

#define CASE_KERNEL(base, bytes) {base, bytes},
#define CASE_GUESTS(base, bytes)
#define CASE_NOBODY(base, bytes)
#define CASE_WINDOW(base, bytes) {base, bytes},
#define CASE_DEVICE(block, base, bytes, user, shown, name) CASE_##user(base, bytes)

/* main() of a program, behind the rows. */
#define MMU_CASES                                                                                  \
	BOARD_FITS                                                                                 \
	int main(void)                                                                             \
	{                                                                                          \
		static const struct mmu_range devices[] = {BOARD_BLOCKS(CASE_DEVICE)               \
		                                                   BOARD_WINDOWS(CASE_WINDOW)};    \
		const struct mmu_board rows = {                                                    \
			.ram = {BOARD_RAM_BASE, BOARD_RAM_BYTES},                                  \
			.load = BOARD_LOAD,                                                        \
			.devices = devices,                                                        \
			.device_count = sizeof(devices) / sizeof(devices[0]),                      \
		};                                                                                 \
		return mmu_cases(&rows);                                                           \
	}

/** Run them all; the exit status. */
int mmu_cases(const struct mmu_board *rows);

#endif
