/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bits, array lengths and alignment: the few macros that every part would otherwise define again.
 */
#ifndef LIB_BITS_H
#define LIB_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BIT32(n) (UINT32_C(1) << (n))
#define BIT64(n) (UINT64_C(1) << (n))

/* A mask of @width ones from bit @low up; 0 < width < 64. */
#define MASK64(low, width) (((UINT64_C(1) << (width)) - 1) << (low))

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/** Is @value a multiple of @align, a power of two? */
static inline bool is_aligned(uint64_t value, uint64_t align)
{
	return (value & (align - 1)) == 0;
}

/** Is @value a power of two? */
static inline bool is_power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

#endif
