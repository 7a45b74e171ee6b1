/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address table of the emulated devices (windows.h): insertion at set-up, binary search afterwards.
 */
#include "vmm/vm/windows.h"

#include <stddef.h>

#include "lib/range.h"

err_t windows_add(struct windows *windows, const struct window *window)
{
	uint32_t place = windows->count;

	if (windows->count == WINDOWS_MAX) {
		return ERR_FULL;
	}
	for (uint32_t i = 0; i < windows->count; i++) {
		if (range_overlap(window->base, window->bytes, windows->list[i].base,
		                  windows->list[i].bytes)) {
			return ERR_OVERLAP;
		}
	}
	for (; place > 0 && windows->list[place - 1].base > window->base; place--) {
		windows->list[place] = windows->list[place - 1];
	}
	windows->list[place] = *window;
	windows->count++;
	return OK;
}

const struct window *windows_find(const struct windows *windows, uint64_t ipa, uint64_t bytes)
{
	uint32_t low = 0;
	uint32_t high = windows->count;

	while (low < high) { /* halves a table of at most WINDOWS_MAX entries */
		uint32_t middle = low + (high - low) / 2;
		const struct window *window = &windows->list[middle];

		if (ipa < window->base) {
			high = middle;
		} else if (ipa - window->base >= window->bytes) {
			low = middle + 1;
		} else {
			return range_inside(ipa, bytes, window->base, window->bytes) ? window
			                                                             : NULL;
		}
	}
	return NULL;
}
