/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcpy and memset for code without a C library, EL2's own among it. Only aligned accesses are
 * made, so they work while the MMU is off (unaligned accesses fault then).
 */
#include "lib/freestanding.h"

#include <stdbool.h>
#include <stdint.h>

#define WORD sizeof(uint64_t)
#define BLOCK (4 * WORD)

typedef uint64_t __attribute__((may_alias)) word_t;

static bool both_aligned(const void *a, const void *b)
{
	return (((uintptr_t)a | (uintptr_t)b) & (WORD - 1)) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	unsigned char *out = to;
	const unsigned char *in = from;

	/* The same distance from a word boundary: bytes up to it, then words. */
	if ((((uintptr_t)to ^ (uintptr_t)from) & (WORD - 1)) == 0) {
		for (; bytes > 0 && !both_aligned(out, in); bytes--) {
			*out++ = *in++;
			keep_loop();
		}
		word_t *w = (void *)out;
		const word_t *r = (const void *)in;
		for (; bytes >= BLOCK; bytes -= BLOCK) {
			word_t a = r[0];
			word_t b = r[1];
			word_t c = r[2];
			word_t d = r[3];
			w[0] = a;
			w[1] = b;
			w[2] = c;
			w[3] = d;
			w += 4;
			r += 4;
			keep_loop();
		}
		for (; bytes >= WORD; bytes -= WORD) {
			*w++ = *r++;
			keep_loop();
		}
		out = (unsigned char *)w;
		in = (const unsigned char *)r;
	}
	for (; bytes > 0; bytes--) {
		*out++ = *in++;
		keep_loop();
	}
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	unsigned char *out = to;
	unsigned char byte = (unsigned char)value;
	word_t word = byte * UINT64_C(0x0101010101010101);

	for (; bytes > 0 && ((uintptr_t)out & (WORD - 1)) != 0; bytes--) {
		*out++ = byte;
		keep_loop();
	}
	word_t *w = (void *)out;
	for (; bytes >= BLOCK; bytes -= BLOCK) {
		w[0] = word;
		w[1] = word;
		w[2] = word;
		w[3] = word;
		w += 4;
		keep_loop();
	}
	for (; bytes >= WORD; bytes -= WORD) {
		*w++ = word;
		keep_loop();
	}
	out = (unsigned char *)w;
	for (; bytes > 0; bytes--) {
		*out++ = byte;
		keep_loop();
	}
	return to;
}
