/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A board without an SMMU: nothing stands between devices and memory.
 */
#include "kernel/aarch64/smmu.h"

void smmu_abort(void)
{
}

void smmu_init(void)
{
}
