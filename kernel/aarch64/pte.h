/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to the entries of stage-2 tables, for kernel/arm/s2.c alone. The table pool is identity
 * mapped at EL2 while tables are built; barriers are the caller's who puts a root into VTTBR_EL2.
 */
#ifndef KERNEL_AARCH64_PTE_H
#define KERNEL_AARCH64_PTE_H

#include <stdint.h>

#include "abi/limits.h"

static inline volatile uint64_t *pte_at(uint32_t pool_page, uint32_t table, uint32_t entry)
{
	uintptr_t page = (uintptr_t)pool_page + table;

	return (volatile uint64_t *)(page << PV_PAGE_SHIFT) + entry;
}

/** Entry @entry, below 512, of table @table of the pool that begins at physical @pool_page. */
static inline uint64_t pte_get(uint32_t pool_page, uint32_t table, uint32_t entry)
{
	return *pte_at(pool_page, table, entry);
}

/** Write it: one 64-bit store, since a walker may look at any time. */
static inline void pte_set(uint32_t pool_page, uint32_t table, uint32_t entry, uint64_t value)
{
	*pte_at(pool_page, table, entry) = value;
}

#endif
