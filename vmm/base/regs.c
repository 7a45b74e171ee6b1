/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one lookup in register tables (regs.h): binary search by offset, then the checks that every
 * access has to pass before a handler sees it.
 */
#include "vmm/base/regs.h"

static uint64_t width_mask(uint32_t bytes)
{
	return bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * bytes)) - 1;
}

bool access_is_sane(const struct access *access)
{
	uint32_t bytes = access->bytes;

	return (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) &&
	       access->offset % bytes == 0;
}

/* The row that holds the whole access and takes its width, or NULL. */
static const struct reg *find(const struct reg_table *table, const struct access *access)
{
	size_t low = 0;
	size_t high = table->count;

	if (!access_is_sane(access)) {
		return NULL;
	}
	while (low < high) { /* halves a table of constant size */
		size_t middle = low + (high - low) / 2;
		const struct reg *row = &table->rows[middle];

		if (access->offset < row->offset) {
			high = middle;
		} else if (access->offset - row->offset >= row->bytes) {
			low = middle + 1;
		} else if ((row->widths & access->bytes) != 0 &&
		           row->bytes - (access->offset - row->offset) >= access->bytes) {
			return row;
		} else {
			return NULL;
		}
	}
	return NULL;
}

uint64_t regs_read(const struct reg_table *table, void *device, const struct access *access)
{
	const struct reg *row = find(table, access);
	struct access inner;

	if (row == NULL || row->read == NULL) {
		return 0;
	}
	inner = *access;
	inner.offset -= row->offset;
	return row->read(device, &inner) & width_mask(access->bytes);
}

void regs_write(const struct reg_table *table, void *device, const struct access *access)
{
	const struct reg *row = find(table, access);
	struct access inner;

	if (row == NULL || row->write == NULL) {
		return;
	}
	inner = *access;
	inner.offset -= row->offset;
	inner.value &= width_mask(access->bytes);
	row->write(device, &inner);
}
