/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/arm/gicv2_lr.h and gicv3_lr.h against encodings of IHI 0048B, table 5-12, and of IHI 0069H,
 * 12.4.5, that were put together by hand; and back.
 */
#include "kernel/arm/gicv2_lr.h"
#include "kernel/arm/gicv3_lr.h"
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"

static void assert_same(struct lr a, struct lr b)
{
	assert_int_equal(a.intid, b.intid);
	assert_int_equal(a.physical, b.physical);
	assert_int_equal(a.priority, b.priority);
	assert_int_equal(a.state, b.state);
	assert_int_equal(a.source, b.source);
	assert_int_equal(a.hw, b.hw);
	assert_int_equal(a.eoi, b.eoi);
}

static void test_by_hand(void **state)
{
	static const struct {
		struct lr lr;
		uint32_t word;
		uint64_t wide; /* GICv3 */
	} rows[] = {
		/* clang-format off */
		{{.intid = 5, .priority = 0xa0, .state = LR_PENDING, .source = 3}, 0x1a000c05,
		 0x50a0000000000005},
		{{.intid = 27, .physical = 27, .priority = 0x80, .state = LR_ACTIVE, .hw = true},
		 0xa8006c1b, 0xb080001b0000001b},
		{{.intid = 33, .physical = 0x3fb, .priority = 0x80, .state = LR_PENDING, .hw = true},
		 0x980fec21, 0x708003fb00000021},
		{{.intid = 40, .priority = 0xf8, .state = LR_BOTH, .eoi = true}, 0x3f880028,
		 0xd0f8020000000028},
		{{.intid = 0x1ff}, 0x1ff, 0x10000000000001ff},
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(gicv2_lr_encode(rows[i].lr), rows[i].word);
		assert_same(gicv2_lr_decode(rows[i].word), rows[i].lr);
		assert_int_equal(gicv2_lr_has_ended(rows[i].word, rows[i].lr.intid),
		                 rows[i].lr.state == LR_EMPTY);
		assert_false(gicv2_lr_has_ended(rows[i].word, rows[i].lr.intid ^ 1));

		struct lr sourceless = rows[i].lr;

		sourceless.source = 0;
		assert_int_equal(gicv3_lr_encode(rows[i].lr), rows[i].wide);
		assert_same(gicv3_lr_decode(rows[i].wide), sourceless);
		assert_int_equal(gicv3_lr_has_ended(rows[i].wide, rows[i].lr.intid),
		                 rows[i].lr.state == LR_EMPTY);
		assert_false(gicv3_lr_has_ended(rows[i].wide, rows[i].lr.intid ^ 1));
	}
}

static void test_there_and_back(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 512 * 32 * 4 * 4; n++) {
		struct lr lr = {.intid = n % 512,
		                .physical = n / 512 / 32 / 4 == 2 ? 1019 - n % 512 : 0,
		                .priority = (uint8_t)(n / 512 % 32 << 3),
		                .state = n / 512 / 32 % 4,
		                .source = n / 512 / 32 / 4 == 1 ? 7 : 0,
		                .hw = n / 512 / 32 / 4 == 2,
		                .eoi = n / 512 / 32 / 4 == 3};
		uint32_t word = gicv2_lr_encode(lr);

		assert_same(gicv2_lr_decode(word), lr);
		if (lr.state == LR_PENDING && n / 512 / 32 / 4 == 0) {
			assert_int_equal(gicv2_lr_encode_pending(lr.intid, lr.priority), word);
			assert_int_equal(gicv3_lr_encode_pending(lr.intid, lr.priority),
			                 gicv3_lr_encode(lr));
		}
		lr.source = 0;
		assert_same(gicv3_lr_decode(gicv3_lr_encode(lr)), lr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
