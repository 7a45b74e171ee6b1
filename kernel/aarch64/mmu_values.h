/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of the registers that turn EL2's translation on (Arm ARM D19.2). Numbers alone: assembly
 * reads them too.
 */
#ifndef KERNEL_AARCH64_MMU_VALUES_H
#define KERNEL_AARCH64_MMU_VALUES_H

/* Attribute 0: normal write-back; 1: device nGnRE. */
#define MMU_MAIR 0x04ff
/* T0SZ 25; walks write-back (bits 9:8, 11:10) and inner shareable (13:12); 4 KiB; 40-bit physical
 * addresses (18:16); RES1 23 and 31. */
#define MMU_TCR (25 | (1 << 8) | (1 << 10) | (3 << 12) | (2 << 16) | (1 << 23) | 0x80000000)
/* MMU (0), data cache (2), stack alignment check (3), instruction cache (12), no execution of
 * writable memory (19); RES1. */
#define MMU_SCTLR (0x30c50830 | (1 << 0) | (1 << 2) | (1 << 3) | (1 << 12) | (1 << 19))

#endif
