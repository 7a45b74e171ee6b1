/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image check on images that were edited at many places at once, or are nothing but the
 * fuzzer's bytes. What it accepts, the judge of tests/unit/image_oracle.c must find right; what
 * it refuses, it must have named. ASan sees a read beyond the image.
 *
 * links: lib/image_check.c lib/image_check_memory.c lib/image_check_objects.c
 * links: lib/image_check_hardware.c
 * links: tests/unit/image_builder.c tests/unit/image_oracle.c
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/image_check.h"
#include "tests/unit/image_builder.h"
#include "tests/unit/image_oracle.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define EDIT_BYTES 7U /* place (2), what (1), value (4) */

static struct image_builder builder;
static uint8_t sound[BUILDER_BYTES_MAX];
static uint64_t sound_bytes;
static uint64_t tables_bytes; /* header and tables: where edits go */

static void build(void)
{
	image_builder_make_pair(&builder);
	sound_bytes = image_builder_finish(&builder, sound);
	tables_bytes = builder.header.window_rules.offset +
	               builder.header.window_rules.count * sizeof(struct pv_window_rule);
}

static uint32_t word_of(const uint8_t *data, uint32_t bytes)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < bytes; i++) {
		value |= (uint32_t)data[i] << (8 * i);
	}
	return value;
}

/* One edit of a word of the tables: set, add, flip, or copy from another place. */
static void edit(uint8_t *image, const uint8_t *data)
{
	uint64_t words = tables_bytes / sizeof(uint32_t);
	uint8_t *at = image + word_of(data, 2) % words * sizeof(uint32_t);
	uint32_t value = word_of(&data[3], 4);
	uint32_t old;

	memcpy(&old, at, sizeof(old));
	switch (data[2] % 5) {
	case 0:
		break;
	case 1:
		value = old + (uint32_t)(int8_t)value;
		break;
	case 2:
		value = old ^ 1U << value % 32;
		break;
	case 3:
		memcpy(&value, image + value % words * sizeof(uint32_t), sizeof(value));
		break;
	default:
		value &= 0xff;
		break;
	}
	memcpy(at, &value, sizeof(value));
}

static void judge(const uint8_t *image, uint64_t bytes)
{
	struct image_fault fault = {0};
	err_t err = image_check((const void *)image, bytes, &builder.bounds, &fault);

	if (err == OK) {
		assert(!image_oracle_judge(image, bytes, &builder.bounds));
	} else {
		assert(fault.table && fault.field && fault.err == err);
	}
}

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	if (bytes == 0) {
		return 0;
	}
	if (sound_bytes == 0) {
		build();
	}
	bool is_raw = data[0] & 1;
	uint64_t size = is_raw ? bytes - 1 : sound_bytes;
	uint8_t *image = malloc(size + (size == 0));

	if (!image) {
		abort();
	}
	if (is_raw) {
		memcpy(image, data + 1, size);
	} else {
		memcpy(image, sound, size);
		for (size_t at = 1; at + EDIT_BYTES <= bytes; at += EDIT_BYTES) {
			edit(image, data + at);
		}
	}
	judge(image, size);
	free(image);
	return 0;
}
