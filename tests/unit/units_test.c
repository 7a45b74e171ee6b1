/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sizes for people: in the largest unit that leaves no rest.
 *
 * links: topo/base/units.c topo/base/arena.c
 * flags: -D_GNU_SOURCE
 */
#include "tests/unit/ordered_cmocka.h"
#include "topo/base/units.h"

static void printed(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1 KiB"},
		{1025, "1025 B"},
		{1536 << 10, "1536 KiB"},
		{MIB(8), "8 MiB"},
		{MIB(1) << 10, "1 GiB"},
		{MIB(5) << 20, "5 TiB"},
		{MIB(5) << 30, "5120 TiB"},
		{UINT64_MAX, "18446744073709551615 B"},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(size_text(arena, cases[i].bytes), cases[i].text);
	}
	arena_free(arena);
}

static void read_back(void **state)
{
	(void)state;
	assert_int_equal(unit_shift('k'), 10);
	assert_int_equal(unit_shift('K'), 10);
	assert_int_equal(unit_shift('m'), 20);
	assert_int_equal(unit_shift('G'), 30);
	assert_int_equal(unit_shift('B'), 0);
	assert_int_equal(unit_shift('T'), 0);
	assert_int_equal(unit_shift('\0'), 0);
	assert_int_equal(unit_shift((char)0xe4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printed),
		cmocka_unit_test(read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
