/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memmove and memcmp for code without a C library, byte by byte. EL2 needs neither.
 */
#include <stdint.h>

#include "lib/freestanding.h"

void *memmove(void *to, const void *from, size_t bytes)
{
	unsigned char *out = to;
	const unsigned char *in = from;

	if ((uintptr_t)to <= (uintptr_t)from || (uintptr_t)to - (uintptr_t)from >= bytes) {
		/* Upwards is right also for ranges that overlap this way round. */
		for (size_t i = 0; i < bytes; i++) {
			out[i] = in[i];
			keep_loop();
		}
		return to;
	}
	for (; bytes > 0; bytes--) {
		out[bytes - 1] = in[bytes - 1];
		keep_loop();
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (size_t i = 0; i < bytes; i++) {
		if (x[i] != y[i]) {
			return x[i] < y[i] ? -1 : 1;
		}
	}
	return 0;
}
