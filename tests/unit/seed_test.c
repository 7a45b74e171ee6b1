/* SPDX-License-Identifier: BSD-2-Clause */
/* topo/image/seed.c: where the seed of a kernel's layout lies in a device tree, the user's too. */
/* links: topo/image/seed.c */
/* libs: fdt */
#include <libfdt.h>
#include <stdint.h>

#include "tests/unit/ordered_cmocka.h"
#include "topo/image/seed.h"

#define TREE_BYTES 512

/* Trees as users bring them: @bytes of a seed, and nothing behind it but what ends the tree. */
static struct blob seeded(void *out, const char *node, const char *name, int bytes)
{
	static const uint8_t seed[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

	assert_int_equal(fdt_create(out, TREE_BYTES), 0);
	assert_int_equal(fdt_finish_reservemap(out), 0);
	assert_int_equal(fdt_begin_node(out, ""), 0);
	assert_int_equal(fdt_begin_node(out, node), 0);
	assert_int_equal(fdt_property(out, name, seed, bytes), 0);
	assert_int_equal(fdt_end_node(out), 0);
	assert_int_equal(fdt_end_node(out), 0);
	assert_int_equal(fdt_finish(out), 0);
	return (struct blob){out, fdt_totalsize(out)};
}

static void test_seed(void **state)
{
	uint64_t words[TREE_BYTES / 8];
	uint8_t *bytes = (uint8_t *)words;
	struct blob tree = seeded(words, "chosen", "kaslr-seed", 8);
	const uint64_t at = seed_place(tree);

	(void)state;
	assert_int_equal(at % 4, 0);
	assert_int_equal(bytes[at], 1);
	assert_int_equal(bytes[at + 7], 8);
	assert_int_equal(at + 8 + 3 * FDT_TAGSIZE, fdt_off_dt_strings(words));
	/* Cut off before its end, or in the middle of the seed by its own word. */
	assert_int_equal(seed_place((struct blob){bytes, tree.bytes - 1}), 0);
	assert_int_equal(seed_place((struct blob){bytes, 0}), 0);
	fdt_set_size_dt_struct(words, (uint32_t)at + 4 - fdt_off_dt_struct(words));
	assert_int_equal(seed_place(tree), 0);
	/* Too short, too long, elsewhere, absent. */
	assert_int_equal(seed_place(seeded(words, "chosen", "kaslr-seed", 4)), 0);
	assert_int_equal(seed_place(seeded(words, "chosen", "kaslr-seed", 12)), 0);
	assert_int_equal(seed_place(seeded(words, "choice", "kaslr-seed", 8)), 0);
	assert_int_equal(seed_place(seeded(words, "chosen", "rng-seed", 8)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
