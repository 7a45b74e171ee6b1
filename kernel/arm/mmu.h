/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2's own translation (stage 1, identity): the kernel's sections, its devices and, while booting
 * only, RAM. They may lie anywhere below 512 GiB, as abi/boards/fits.h asserts of each board.
 *
 * Format: Arm ARM K.a D8.3, VMSAv8-64 stage 1 of EL2, 4 KiB granule, 39-bit addresses: a root with
 * an entry for each GiB, tables of 2 MiB blocks where a GiB holds more than RAM, one table of pages
 * for the kernel's block. Barriers and the TLB are the caller's.
 */
#ifndef KERNEL_ARM_MMU_H
#define KERNEL_ARM_MMU_H

#include <stdint.h>

#define MMU_ENTRIES 512U
#define MMU_GIB_BYTES (1ULL << 30)
#define MMU_BLOCK_BYTES (1ULL << 21)
#define MMU_DEVICES_MAX 6U

/** The root of the tables. */
extern uint64_t mmu_root[MMU_ENTRIES];

/** Map the kernel's block, from @text on: code, from @rodata on constants, from @data on RAM. */
void mmu_map_kernel(uint64_t text, uint64_t rodata, uint64_t data);

/** Map the blocks of a device's registers, up to MMU_DEVICES_MAX times MMU_GIB_BYTES. */
void mmu_map_device(uint64_t base, uint64_t bytes);

/** Map the blocks of RAM from @base, where one begins, to @end: behind the kernel and devices. */
void mmu_map_ram(uint64_t base, uint64_t end);

/** Take everything but the kernel, which ends at @end, and its devices out of the tables. */
void mmu_seal(uint64_t end);

#endif
