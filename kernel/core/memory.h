/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory while booting: implemented by kernel/aarch64, used by boot.c alone. After boot
 * none of this memory is mapped at EL2.
 */
#ifndef KERNEL_CORE_MEMORY_H
#define KERNEL_CORE_MEMORY_H

#include <stdint.h>

/** Fill pages with zero. */
void memory_clear(uint32_t page, uint32_t page_count);

/** Write the caches' content of these pages back to memory, and drop it. */
void memory_clean(uint32_t page, uint32_t page_count);

#endif
