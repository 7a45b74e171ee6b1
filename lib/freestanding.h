/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four functions that a C compiler may call by itself even in freestanding code. Kernel and
 * VMM link lib/freestanding.c; hosted programs have them from their C library.
 */
#ifndef LIB_FREESTANDING_H
#define LIB_FREESTANDING_H

#include <stddef.h>

/* Compilers know the shape of such loops and replace them by calls to the very functions that stand
 * here: this in each loop stops that. */
static inline void keep_loop(void)
{
	__asm__ volatile("");
}

/** Copy @bytes from @from to @to, which do not overlap. Returns @to. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);

/** Copy @bytes from @from to @to, which may overlap. Returns @to. */
void *memmove(void *to, const void *from, size_t bytes);

/** Set @bytes at @to to the low byte of @value. Returns @to. */
void *memset(void *to, int value, size_t bytes);

/** Compare @bytes as unsigned char: negative, 0 or positive. */
int memcmp(const void *a, const void *b, size_t bytes);

#endif
