/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2's own translation (stage 1, identity): the kernel's sections, its devices and, while
 * booting only, all of RAM.
 */
#ifndef KERNEL_AARCH64_MMU_H
#define KERNEL_AARCH64_MMU_H

#include <stdint.h>

/** Build the tables, with the first GiB of RAM mapped. Boot CPU, MMU off. */
void mmu_build(void);

/** Map the rest of RAM, up to page @end_page, while booting. */
void mmu_map_ram(uint64_t end_page);

/** The root of the tables. */
extern uint64_t mmu_root[512];

/** Turn this CPU's MMU and caches on. In assembly (head.S), since a CPU needs it before a stack. */
void mmu_enable(void);

/** Take everything but the kernel and its devices out of the tables, on all CPUs. */
void mmu_seal(void);

#endif
