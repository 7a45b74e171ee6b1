/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A board without an SMMU: nothing stands between devices and memory.
 */
#include <stddef.h>

#include "kernel/aarch64/smmu.h"
#include "kernel/core/arch.h"

void smmu_abort(void)
{
}

void smmu_init(void)
{
}

void smmu_grant(const struct stream *s, uint64_t root)
{
	(void)s;
	(void)root;
}

const struct smmu_ste *smmu_table(void)
{
	return NULL;
}

bool arch_stream_set(const struct stream *s, bool on)
{
	(void)s;
	(void)on;
	return false;
}

bool arch_stream_fault(struct smmu_event *fault)
{
	(void)fault;
	return false;
}
