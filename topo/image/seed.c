/* SPDX-License-Identifier: BSD-2-Clause */
/* See topo/image/seed.h. Linux, Documentation/devicetree/bindings: chosen, "kaslr-seed". */
#include "topo/image/seed.h"

#include <libfdt.h>

uint64_t seed_place(struct blob tree)
{
	const uint8_t *seed;
	int bytes = 0;

	if (fdt_check_full(tree.data, tree.bytes)) {
		return 0;
	}
	seed = fdt_getprop(tree.data, fdt_path_offset(tree.data, "/chosen"), "kaslr-seed", &bytes);
	return seed && bytes == sizeof(uint64_t) ? (uint64_t)(seed - tree.data) : 0;
}
