/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See topo/image/apertures.h. From the largest on, each offset is a sum of multiples of what comes:
 * nothing is lost to alignment.
 */
#include "topo/image/apertures.h"

#include "abi/limits.h"

static uint64_t aperture_bytes(uint64_t wanted)
{
	uint64_t bytes = PV_PAGE_BYTES;

	while (bytes < wanted) {
		bytes *= 2;
	}
	return wanted == 0 ? 0 : bytes;
}

struct apertures apertures_lay(struct aperture *list, uint32_t count)
{
	struct apertures all = {.bytes = 0, .align = PV_PAGE_BYTES};

	for (uint32_t i = 0; i < count; i++) {
		list[i].bytes = aperture_bytes(list[i].wanted);
		if (list[i].bytes > all.align) {
			all.align = list[i].bytes;
		}
	}
	for (uint64_t bytes = all.align; bytes >= PV_PAGE_BYTES; bytes /= 2) {
		for (uint32_t i = 0; i < count; i++) {
			if (list[i].bytes == bytes) {
				list[i].offset = all.bytes;
				all.bytes += bytes;
			}
		}
	}
	return all;
}
