/* SPDX-License-Identifier: BSD-2-Clause */
/* Times and durations in ticks of the counter; UINT64_MAX is never. */
#ifndef KERNEL_CORE_TICKS_H
#define KERNEL_CORE_TICKS_H

#include <stdint.h>

static inline uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline uint64_t less(uint64_t from, uint64_t by)
{
	return by < from ? from - by : 0;
}

#endif
