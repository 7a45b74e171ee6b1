/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What traps to EL2 beyond what every CPU has (HCR_GUEST, CPTR_GUEST in sysreg.h).
 */
#ifndef KERNEL_AARCH64_TRAP_CONTROLS_H
#define KERNEL_AARCH64_TRAP_CONTROLS_H

#include <stdint.h>

/* Bits for registers that are written at each change of world. */
struct trap_controls {
	uint64_t hcr, cptr; /* boot */
};

extern struct trap_controls trap_controls;

/** Set this CPU's trap registers, and `trap_controls`. One CPU after the other, while booting. */
void trap_controls_init(void);

#endif
