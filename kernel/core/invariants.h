/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run-time check of what is proved, or found by the fuzzers alone. kernel/variants/debug.c does it,
 * kernel/variants/release.c does nothing; the build links one of them (VARIANT).
 */
#ifndef KERNEL_CORE_INVARIANTS_H
#define KERNEL_CORE_INVARIANTS_H

#include <stdbool.h>

#include "kernel/arm/s2.h"
#include "kernel/arm/smmu.h"
#include "kernel/core/kernel.h"

/** Whether the sealed mapper @s2 and every entry of its tables keep the rules of s2_spec.h. */
bool invariants_hold(const struct s2 *s2);

/** Whether, before any stream is on, each entry of @table, the SMMU's table of SMMU_STREAMS streams,
 * aborts, and those of streams[] alone lead anywhere: to the DMA space of their holder in @s2. NULL:
 * there is no SMMU, and nobody has a stream. */
bool invariants_streams_hold(const struct smmu_ste *table, const struct s2 *s2);

/** See that the interrupts of @v, loaded here and just flushed, keep the rules of vgic.h. If not,
 * the machine ends with an exception at EL2. Lock: domain lock held. */
void invariants_check_vgic(struct vcpu *v);

#endif
