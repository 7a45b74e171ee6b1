/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What traps to EL2 beyond what every CPU has (HCR_GUEST, CPTR_GUEST in sysreg.h).
 */
#ifndef KERNEL_AARCH64_TRAPS_H
#define KERNEL_AARCH64_TRAPS_H

#include <stdint.h>

/* Bits for registers that are written at each change of world. */
struct traps {
	uint64_t hcr, cptr; /* boot */
};

extern struct traps traps;

/** Set this CPU's trap registers, and `traps`. One CPU after the other, while booting. */
void traps_init(void);

#endif
