/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A release build checks nothing of it at run time.
 */
#include "kernel/core/invariants.h"

bool invariants_hold(const struct s2 *s2)
{
	(void)s2;
	return true;
}

bool invariants_streams_hold(const struct smmu_ste *table, const struct s2 *s2)
{
	(void)table;
	(void)s2;
	return true;
}

void invariants_check_vgic(struct vcpu *v)
{
	(void)v;
}
