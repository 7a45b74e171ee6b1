/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which vsock connections are to be turned round, against all ways to do it: random small meshes.
 */
/* links: topo/checks/orientation.c */
#include <string.h>

#include "tests/unit/ordered_cmocka.h"
#include "topo/checks/orientation.h"

#define ROUNDS 4000U
#define VMS 5U
#define CONNECTIONS 7U

struct best {
	uint32_t left, turned; /* turned: of those that leave fewest */
};

static uint64_t random_state = 88172645463325252U;

static uint32_t any(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

/* Whether no VM is driver VM of two, and nothing is turned that may not be. */
static bool stands(const struct orientation *rows, size_t count)
{
	uint32_t drivers[VMS] = {0};
	bool good = true;

	for (size_t i = 0; i < count; i++) {
		uint32_t driver = rows[i].turned ? rows[i].device_vm : rows[i].driver_vm;

		good &= !rows[i].turned || rows[i].turnable;
		good &= rows[i].left || ++drivers[driver] == 1;
	}
	return good;
}

static struct best sum(const struct orientation *rows, size_t count)
{
	struct best best = {0, 0};

	for (size_t i = 0; i < count; i++) {
		best.left += rows[i].left ? 1 : 0;
		best.turned += rows[i].turned ? 1 : 0;
	}
	return best;
}

static struct best try_all(const struct orientation *given, size_t count)
{
	struct orientation rows[CONNECTIONS];
	struct best best = {UINT32_MAX, 0};
	uint32_t ways = 1;

	memcpy(rows, given, sizeof(rows));
	for (size_t i = 0; i < count; i++) {
		ways *= 3;
	}
	for (uint32_t way = 0; way < ways; way++) {
		uint32_t rest = way;

		for (size_t i = 0; i < count; i++, rest /= 3) {
			rows[i].turned = rest % 3 == 1;
			rows[i].left = rest % 3 == 2;
		}
		struct best now = sum(rows, count);

		if (stands(rows, count) &&
		    (now.left < best.left || (now.left == best.left && now.turned < best.turned))) {
			best = now;
		}
	}
	return best;
}

static void random_meshes(void **state)
{
	uint32_t with_turns = 0;
	uint32_t without_way = 0;

	(void)state;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct orientation rows[CONNECTIONS] = {{0}};
		size_t count = 1 + any(CONNECTIONS);

		for (size_t i = 0; i < count; i++) {
			rows[i].device_vm = any(VMS);
			rows[i].driver_vm = (rows[i].device_vm + 1 + any(VMS - 1)) % VMS;
			rows[i].turnable = any(4) != 0;
		}
		struct best best = try_all(rows, count);

		orientation_find(rows, count);
		struct best found = sum(rows, count);

		assert_true(stands(rows, count));
		assert_int_equal(found.left, best.left);
		if (best.left == 0) {
			assert_int_equal(found.turned, best.turned);
		}
		with_turns += best.left == 0 && best.turned > 1 ? 1 : 0;
		without_way += best.left != 0 ? 1 : 0;
	}
	assert_true(with_turns > ROUNDS / 50 && without_way > ROUNDS / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_meshes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
