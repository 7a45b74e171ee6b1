/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2's own map on QEMU's machine virt.
 */
/* links: tests/unit/mmu_cases.c */
#include "abi/boards/fits.h"
#include "abi/boards/qemu_virt.h"
#include "tests/unit/mmu_cases.h"

MMU_CASES
