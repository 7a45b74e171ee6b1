/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks in the hot path (kernel/variants), on the host: one that fails ends the test.
 */
#ifndef TESTS_FAKE_ARCH_VARIANT_H
#define TESTS_FAKE_ARCH_VARIANT_H

#include <stdlib.h>

#include "arch_types.h"

static inline void lock_assert_held(const struct lock *l)
{
	if (!l->held) {
		abort();
	}
}

#endif
