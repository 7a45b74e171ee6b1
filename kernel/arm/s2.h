/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage-2 mapper: builds the translation tables of all address spaces at boot, one for the
 * guest and one for the VMM of each domain. Boot code declares ranges (s2_allow), maps them
 * (s2_map) and seals; nothing is unmapped and no table is freed, ever.
 *
 * Format: Arm ARM K.a D8.3, VMSAv8-64 stage 2, 4 KiB granule, 39-bit input (VTCR_EL2.T0SZ = 25,
 * SL0 = 1: three levels, the walk starts at level 1), pages and 2 MiB blocks.
 *
 * Invariant, in s2_spec.h and proved in tests/proofs: a walk of any address of any space ends
 * without a translation, or at the place that one of the ranges declared for this very space says,
 * with that range's rights and memory type; it never ends in a table and never leaves the pool on
 * the way. The proof decides the style here: page numbers in 32 bits, indices instead of pointers,
 * one entry written for each step, and nothing that was written once is written again.
 *
 * Table memory is reached only by pte_get() and pte_set() of "pte.h", which the include path
 * chooses: kernel/aarch64, tests/fake_arch or tests/proofs. The pool must be zero at s2_init().
 */
#ifndef KERNEL_ARM_S2_H
#define KERNEL_ARM_S2_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/err.h"
#include "abi/image.h"
#include "abi/limits.h"

/* Sizes of the state. The proofs set smaller ones: their cost grows with the arrays, while the
 * code has no loop over them. */
#ifndef S2_SPACES
#define S2_SPACES (PV_SPACE_COUNT * PV_DOMAINS_MAX)
#endif
#ifndef S2_TABLES_MAX
#define S2_TABLES_MAX PV_TABLES_MAX
#endif
#ifndef S2_RANGES_MAX
/* And for each domain a CPU interface, and a page for MSIs. */
#define S2_RANGES_MAX (PV_MAPPINGS_MAX + PV_DEVICES_MAX + 2U * PV_DOMAINS_MAX)
#endif

#define S2_NONE UINT32_MAX /* no table */

enum s2_memory {
	S2_MEMORY_NORMAL = 0, /* write-back, inner shareable */
	S2_MEMORY_DEVICE = 1  /* nGnRE */
};

/* A range that a space may reach. */
struct s2_range {
	uint32_t ipa_page;
	uint32_t pa_page;
	uint32_t page_count;
	uint16_t space;
	uint8_t rights; /* PV_RIGHT_*; READ is always there */
	uint8_t memory; /* enum s2_memory */
};

/* What a table is for. Written when it is taken from the pool, then constant. */
struct s2_table {
	uint32_t ipa_page; /* first page that its entry 0 translates */
	uint16_t space;
	uint16_t level; /* 1 to 3 */
};

struct s2 {
	/* Set by s2_init(), then constant. */
	uint32_t pool_page;
	uint32_t pool_page_count;
	/* Grow while booting, each entry written once; constant after s2_seal(). */
	uint32_t table_count; /* pages of the pool in use */
	uint32_t range_count;
	uint32_t root[S2_SPACES]; /* table of level 1, S2_NONE before s2_space_create() */
	struct s2_range ranges[S2_RANGES_MAX];
	struct s2_table tables[S2_TABLES_MAX];
	bool sealed;
};

/** Index of a domain's space. */
static inline uint32_t s2_space_of(uint32_t domain, enum pv_space space)
{
	return (uint32_t)PV_SPACE_COUNT * domain + (uint32_t)space;
}

/**
 * Take the pages [pool_page, pool_page + pool_page_count), all zero, as the pool of tables.
 * Errors: ERR_RANGE empty, larger than S2_TABLES_MAX, or beyond PV_PA_BITS.
 */
MUST_USE err_t s2_init(struct s2 *s2, uint32_t pool_page, uint32_t pool_page_count);

/**
 * Give @space (s2_space_of()) its root table.
 * Errors: ERR_RANGE no such space; ERR_STATE it has one, or sealed; ERR_FULL the pool is used up.
 */
MUST_USE err_t s2_space_create(struct s2 *s2, uint32_t space);

/**
 * Declare @range; *index names it from now on. Nothing is mapped yet.
 * Errors: ERR_STATE the space has no root, or sealed; ERR_RANGE empty, beyond PV_IPA_BITS or
 * PV_PA_BITS, no such space; ERR_ARG unknown rights or memory type, READ missing, or executable
 * device memory; ERR_OVERLAP it touches the table pool; ERR_FULL no room.
 */
MUST_USE err_t s2_allow(struct s2 *s2, const struct s2_range *range, uint32_t *index);

/**
 * Map the whole range @index, in blocks where its addresses allow it. On error the pages that
 * were mapped stay mapped; at boot that is fatal anyway.
 * Cost: page_count steps and three for each GiB at most. Only while booting.
 * Errors: ERR_RANGE no such range; ERR_STATE sealed; ERR_OVERLAP something else is mapped there;
 * ERR_FULL the pool is used up.
 */
MUST_USE err_t s2_map(struct s2 *s2, uint32_t index);

/** Physical page of the root table of @space, for VTTBR_EL2; S2_NONE if it has none. */
uint32_t s2_root_page(const struct s2 *s2, uint32_t space);

/** From now on every call that would change a table fails with ERR_STATE. */
void s2_seal(struct s2 *s2);

/**
 * One step of s2_map(): go down to page @ipa_page of range @index and write one entry, which is
 * either the next table on the way (then *mapped is 0, and the same step is due again) or the leaf
 * (then *mapped is the number of pages that it maps). Apart so that it can be proved.
 * Errors: those of s2_map(), and ERR_RANGE @ipa_page is not in the range.
 */
MUST_USE err_t s2_step(struct s2 *s2, uint32_t index, uint32_t ipa_page, uint32_t *mapped);

#endif
