/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SMMU, between the machine's devices and memory. It lets through what a stream is granted, and
 * where anything is wrong with it, nothing. Implemented once for each version of it that a board may
 * have (BOARD_SMMU), and for none.
 */
#ifndef KERNEL_AARCH64_SMMU_H
#define KERNEL_AARCH64_SMMU_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/arm/smmu.h"
#include "kernel/core/kernel.h"

/** From now on no DMA passes, whatever ran before us had set up. Boot CPU, before any other store to
 * the SMMU. */
void smmu_abort(void);

/** Set up the SMMU with streams that all abort. If it is not one that we can use, or does not answer,
 * no DMA ever passes, and the log says so. Boot CPU. */
void smmu_init(void);

/** @s, which is off, gets the stage-2 tables at @root; its vmid is theirs. Boot CPU. */
void smmu_grant(const struct stream *s, uint64_t root);

/** The table of SMMU_STREAMS streams. NULL: there is no SMMU. */
const struct smmu_ste *smmu_table(void);

#endif
