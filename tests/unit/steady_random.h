/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that look random and are the same in every run (xorshift32). */
#ifndef TESTS_UNIT_STEADY_RANDOM_H
#define TESTS_UNIT_STEADY_RANDOM_H

#include <stdint.h>

static uint32_t random_state = 1;

/* Start a sequence; @seed is not 0. */
static inline void random_start(uint32_t seed)
{
	random_state = seed;
}

static inline uint32_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

/* A number below @below, which is not 0. */
static inline uint32_t random_below(uint32_t below)
{
	return random_next() % below;
}

#endif
