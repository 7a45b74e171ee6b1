/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/freestanding*.c against the C library: every alignment of both ends, every length up to some
 * blocks, in heap blocks of just that length, so that ASan sees each byte beyond. The functions
 * get other names here: the sanitizers have the C library's.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ordered_cmocka.h"

#define memcpy own_memcpy
#define memmove own_memmove
#define memset own_memset
#define memcmp own_memcmp
#include "lib/freestanding.c"       /* NOLINT(bugprone-suspicious-include): see above */
#include "lib/freestanding_bytes.c" /* NOLINT(bugprone-suspicious-include): see above */
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

#define ALIGNS 8U
#define LENGTHS 100U

/* A block of @bytes that ends where its heap block ends and begins @align behind its start. */
static uint8_t *block_new(uint32_t align, uint32_t bytes, uint8_t seed)
{
	uint8_t *block = malloc(align + bytes + (align + bytes == 0));

	assert_non_null(block);
	for (uint32_t i = 0; i < align + bytes; i++) {
		block[i] = (uint8_t)(seed + 7 * i);
	}
	return block;
}

static void check_copy(uint32_t to_align, uint32_t from_align, uint32_t bytes)
{
	uint8_t *to = block_new(to_align, bytes, 3);
	uint8_t *from = block_new(from_align, bytes, 101);
	uint8_t *before = block_new(to_align, bytes, 3);

	assert_ptr_equal(own_memcpy(to + to_align, from + from_align, bytes), to + to_align);
	assert_int_equal(memcmp(to, before, to_align), 0);
	assert_int_equal(memcmp(to + to_align, from + from_align, bytes), 0);
	free(before);
	free(from);
	free(to);
}

static void check_set(uint32_t align, uint32_t bytes, int value)
{
	uint8_t *to = block_new(align, bytes, 3);
	uint8_t *before = block_new(align, bytes, 3);

	assert_ptr_equal(own_memset(to + align, value, bytes), to + align);
	assert_int_equal(memcmp(to, before, align), 0);
	for (uint32_t i = 0; i < bytes; i++) {
		assert_int_equal(to[align + i], (uint8_t)value);
	}
	free(before);
	free(to);
}

static void test_memcpy(void **state)
{
	(void)state;
	for (uint32_t bytes = 0; bytes < LENGTHS; bytes++) {
		for (uint32_t i = 0; i < ALIGNS * ALIGNS; i++) {
			check_copy(i % ALIGNS, i / ALIGNS, bytes);
		}
	}
	check_copy(0, 0, 65536);
	check_copy(5, 5, 65537);
}

static void test_memset(void **state)
{
	(void)state;
	for (uint32_t bytes = 0; bytes < LENGTHS; bytes++) {
		for (uint32_t align = 0; align < ALIGNS; align++) {
			check_set(align, bytes, 0);
			check_set(align, bytes, 0xa5);
			check_set(align, bytes, -1);
			check_set(align, bytes, 0x17f);
		}
	}
}

/* Every distance between the ends, in one block, both ways round. */
static void test_memmove(void **state)
{
	(void)state;
	for (uint32_t bytes = 0; bytes < 40; bytes++) {
		for (uint32_t i = 0; i < 50U * 50U; i++) {
			uint8_t own[100];
			uint8_t libc[100];

			for (uint32_t n = 0; n < sizeof(own); n++) {
				own[n] = libc[n] = (uint8_t)n;
			}
			assert_ptr_equal(own_memmove(own + i % 50, own + i / 50, bytes),
			                 own + i % 50);
			memmove(libc + i % 50, libc + i / 50, bytes);
			assert_int_equal(memcmp(own, libc, sizeof(own)), 0);
		}
	}
}

static int sign_of(int value)
{
	return (value > 0) - (value < 0);
}

static void test_memcmp(void **state)
{
	(void)state;
	for (uint32_t bytes = 0; bytes < 40; bytes++) {
		uint8_t *a = block_new(1, bytes, 9);
		uint8_t *b = block_new(3, bytes, 251); /* from b[3] on as from a[1] on */

		assert_int_equal(own_memcmp(a + 1, b + 3, bytes), 0);
		for (uint32_t i = 0; i < bytes * 256; i++) {
			uint8_t kept = b[3 + i % bytes];

			b[3 + i % bytes] = (uint8_t)(i / bytes);
			assert_int_equal(sign_of(own_memcmp(a + 1, b + 3, bytes)),
			                 sign_of(memcmp(a + 1, b + 3, bytes)));
			b[3 + i % bytes] = kept;
		}
		free(b);
		free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memcpy),
		cmocka_unit_test(test_memset),
		cmocka_unit_test(test_memmove),
		cmocka_unit_test(test_memcmp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
