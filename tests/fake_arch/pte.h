/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of stage-2 tables on the host: an array in the place of the table pool, which a test
 * defines. An access outside of it ends the test.
 */
#ifndef TESTS_FAKE_ARCH_PTE_H
#define TESTS_FAKE_ARCH_PTE_H

#include <stdint.h>
#include <stdlib.h>

#define FAKE_POOL_PAGES 256U

extern uint64_t fake_pool[FAKE_POOL_PAGES][512];
extern uint32_t fake_pool_page; /* where the pool is meant to lie */

static inline uint64_t *fake_pte(uint32_t pool_page, uint32_t table, uint32_t entry)
{
	if (pool_page != fake_pool_page || table >= FAKE_POOL_PAGES || entry >= 512) {
		abort();
	}
	return &fake_pool[table][entry];
}

static inline uint64_t pte_get(uint32_t pool_page, uint32_t table, uint32_t entry)
{
	return *fake_pte(pool_page, table, entry);
}

static inline void pte_set(uint32_t pool_page, uint32_t table, uint32_t entry, uint64_t value)
{
	*fake_pte(pool_page, table, entry) = value;
}

#endif
