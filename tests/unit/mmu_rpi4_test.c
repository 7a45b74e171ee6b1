/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2's own map on the Raspberry Pi 4: RAM from 0, devices above 3 GiB, in the GiB where RAM ends.
 */
/* links: tests/unit/mmu_cases.c */
#include "abi/boards/fits.h"
#include "abi/boards/rpi4.h"
#include "tests/unit/mmu_cases.h"

MMU_CASES
