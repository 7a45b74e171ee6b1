/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sizes, for people: how they are printed and how they are read.
 */
#ifndef TOPO_BASE_UNITS_H
#define TOPO_BASE_UNITS_H

#include <stdint.h>

#include "topo/base/arena.h"

#define MIB(n) ((uint64_t)(n) << 20)

/* A size in the largest unit that leaves no rest: 8 and "MiB". */
struct size_in_units {
	uint64_t count;
	const char *unit;
};

/** @bytes, to be printed as its count, a blank and its unit. */
struct size_in_units size_in_units(uint64_t bytes);

/** The same as text: "8 MiB". */
const char *size_text(struct arena *arena, uint64_t bytes);

/** The power of two that the letter K, M or G behind a number stands for, of any case; else 0. */
unsigned int unit_shift(char letter);

#endif
