/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry points of the CPUs (head.S).
 */
#ifndef KERNEL_AARCH64_BOOT_H
#define KERNEL_AARCH64_BOOT_H

#include <stdint.h>

/** The first CPU, at EL2 with its MMU off, on its stack. */
_Noreturn void boot_primary(void);

/** CPU @id, started by the first one by PSCI CPU_ON at secondary_entry. */
_Noreturn void boot_secondary(uint64_t id);

extern const char secondary_entry[];

/** Turn this CPU's MMU and caches on, by mmu_root. In assembly, since a CPU needs it before a stack. */
void mmu_enable(void);

/** Load the word at @pa, the last of RAM. Where it does not answer, since the image was made for a
 * larger machine, there is an exception at this function's first instruction: panic_exception(). */
void boot_probe_ram(uint64_t pa);

#endif
