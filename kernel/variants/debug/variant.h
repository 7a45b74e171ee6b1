/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks that stand in the hot path, in a debug build: one that fails ends the machine with an
 * exception at EL2.
 */
#ifndef KERNEL_VARIANTS_DEBUG_VARIANT_H
#define KERNEL_VARIANTS_DEBUG_VARIANT_H

#include "arch_types.h"

/** The caller of this CPU holds @l. A ticket lock does not know its holder, so that another CPU
 * holds it passes here; tests/fake_arch, where one CPU executes, is exact. */
static inline void lock_assert_held(const struct lock *l)
{
	if (!lock_is_held(l)) {
		__builtin_trap();
	}
}

#endif
