/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2's own map on a board with devices scattered over many GiB.
 */
/* links: tests/unit/mmu_cases.c */
#include "abi/boards/fits.h"
#include "tests/unit/board_scattered.h"
#include "tests/unit/mmu_cases.h"

MMU_CASES
