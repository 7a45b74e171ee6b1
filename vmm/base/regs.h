/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register tables: how an emulated device says what lies at which offset. One lookup checks
 * bounds, width and alignment of every access of the guest, so that no register can forget to.
 * What no row describes reads as zero and ignores writes.
 */
#ifndef VMM_BASE_REGS_H
#define VMM_BASE_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bits.h"

/* Access widths in bytes; a set of them is their sum. */
#define W8 1U
#define W16 2U
#define W32 4U
#define W64 8U

/* An access of the guest. Handlers of a row see `offset` relative to the row. */
struct access {
	uint32_t vcpu;
	uint32_t offset; /* in the device's window */
	uint32_t bytes;  /* 1, 2, 4 or 8 */
	uint64_t value;  /* of a write, zero-extended */
};

/*
 * A register, or a bank of equal ones. A row without `read` reads as zero, one without `write`
 * ignores writes. Rows of a table are sorted by offset and disjoint.
 */
struct reg {
	uint32_t offset;
	uint32_t bytes;  /* of the whole bank */
	uint32_t widths; /* sum of W* */
	uint64_t (*read)(void *device, const struct access *access);
	void (*write)(void *device, const struct access *access);
};

struct reg_table {
	const struct reg *rows;
	size_t count;
};

#define REG_TABLE(array)                                                                           \
	{                                                                                          \
		(array), ARRAY_COUNT(array)                                                        \
	}

/** Whether an access has a width that exists and is aligned to it. */
bool access_is_sane(const struct access *access);

/** Read from the register that @access hits; only the low access->bytes bytes can be set. */
uint64_t regs_read(const struct reg_table *table, void *device, const struct access *access);

/** Write access->value, cut to the access's width, to the register that @access hits. */
void regs_write(const struct reg_table *table, void *device, const struct access *access);

#endif
