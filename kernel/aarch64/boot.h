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

#endif
