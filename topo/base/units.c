/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sizes are in powers of 1024 wherever topo prints or reads one.
 */
#include "topo/base/units.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "lib/bits.h"

static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
static const char letters[] = "BKMG"; /* of the first of them */

#define UNIT_LAST (ARRAY_COUNT(units) - 1)

struct size_in_units size_in_units(uint64_t bytes)
{
	size_t unit = 0;

	while (unit < UNIT_LAST && bytes != 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	return (struct size_in_units){bytes, units[unit]};
}

const char *size_text(struct arena *arena, uint64_t bytes)
{
	struct size_in_units size = size_in_units(bytes);

	return arena_printf(arena, "%" PRIu64 " %s", size.count, size.unit);
}

unsigned int unit_shift(char letter)
{
	const char *found = letter == '\0' ? NULL : strchr(letters, toupper((unsigned char)letter));

	return found == NULL ? 0 : 10 * (unsigned int)(found - letters);
}
