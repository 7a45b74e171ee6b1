/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/arm/smmu.h against encodings of IHI 0070 that were put together by hand.
 */
#include "kernel/arm/smmu.h"
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"

/* What QEMU's says: stage 1 and 2, AArch64, coherent, two-level tables, no stall, 44 bits. */
#define IDR0 0x0d44101bU
#define IDR1 0x02730010U
#define IDR5 0x74U

static void test_entry(void **state)
{
	struct smmu_ste ste = smmu_ste(0x47fff000, 0x5a);

	(void)state;
	assert_int_equal(ste.word[0], 1);
	assert_int_equal(ste.word[1], 0x0000100000000000);
	assert_int_equal(ste.word[2], 0x044a35590000005a);
	assert_int_equal(ste.word[3], 0x47fff000);
	for (size_t i = 4; i < ARRAY_COUNT(ste.word); i++) {
		assert_int_equal(ste.word[i], 0);
	}
	/* Valid, as one that is not has every attempt recorded; and what is on is stage 2 alone. */
	assert_int_equal(SMMU_STE_ABORT, 1 | 0 << 1);
	assert_int_equal(SMMU_STE_TRANSLATE, 1 | 6 << 1);
}

static void test_commands(void **state)
{
	const struct {
		struct smmu_command command;
		uint64_t low, high;
	} rows[] = {
		{smmu_cfgi_ste(0x1f8), 0x000001f800000003, 1},
		{smmu_cfgi_all(), 4, 0x1f},
		{smmu_tlbi_vmid(0x60), 0x0000006000000028, 0},
		{smmu_tlbi_all(), 0x30, 0},
		{smmu_sync(), 0x46, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(rows[i].command.word[0], rows[i].low);
		assert_int_equal(rows[i].command.word[1], rows[i].high);
	}
}

/* A write to and a read from an address that is not mapped, as QEMU records them. */
static void test_events(void **state)
{
	struct smmu_event write = smmu_event(
		(struct smmu_record){{0x800000010, 0x28000000000, 0xfffffff012, 0xfffffff012}});
	struct smmu_event read =
		smmu_event((struct smmu_record){{0x1f800000013, 0x28800000000, 0x1000, 0x1000}});

	(void)state;
	assert_int_equal(write.stream, 8);
	assert_int_equal(write.kind, SMMU_F_TRANSLATION);
	assert_int_equal(write.address, 0xfffffff012);
	assert_int_equal(read.stream, 0x1f8);
	assert_int_equal(read.kind, SMMU_F_PERMISSION);
	assert_int_equal(read.address, 0x1000);
}

/* Each fill of a queue, from each place in it: what is in it is what went in, in order. */
static void test_queue(void **state)
{
	const uint32_t log2 = 2;

	(void)state;
	for (uint32_t start = 0; start < 8; start++) {
		for (uint32_t fill = 0; fill <= 4; fill++) {
			uint32_t prod = start;
			uint32_t cons = start;
			uint32_t seen = 0;

			for (uint32_t i = 0; i < fill; i++) {
				prod = smmu_queue_next(prod, log2);
			}
			/* The flags of overflow differ while one has not been acknowledged. */
			while (!smmu_queue_is_empty(prod | 1U << 31, cons, log2)) {
				assert_int_equal(smmu_queue_slot(cons, log2), (start + seen) % 4);
				cons = smmu_queue_next(cons, log2);
				seen++;
			}
			assert_int_equal(seen, fill);
		}
	}
}

/* ATSCHK is bit 4, and is not there without IDR0.ATS, bit 10. */
static void test_translated_requests_are_checked(void **state)
{
	(void)state;
	assert_int_equal(smmu_cr0(IDR0, 0), 0);
	assert_int_equal(smmu_cr0(IDR0, 1 | 4 | 8), 13);
	assert_int_equal(smmu_cr0(IDR0 | 1U << 10, 0), 16);
	assert_int_equal(
		smmu_cr0(IDR0 | 1U << 10, SMMU_CR0_ENABLED | SMMU_CR0_EVENTS | SMMU_CR0_COMMANDS),
		29);
}

static void test_fits(void **state)
{
	static const struct {
		const char *lacks;
		uint32_t idr0, idr1, idr5;
	} rows[] = {
		/* clang-format off */
		{"stage 2",             IDR0 & ~1U,        IDR1, IDR5},
		{"AArch64 tables",      IDR0 & ~(1U << 3), IDR1, IDR5},
		{"coherent walks",      IDR0 & ~(1U << 4), IDR1, IDR5},
		{"little endian",       IDR0 | 3U << 21,   IDR1, IDR5},
		{"ends without stall",  (IDR0 & ~(3U << 24)) | 2U << 24, IDR1, IDR5},
		{"tables of ours",      IDR0, IDR1 | 1U << 30, IDR5},
		{"queues of ours",      IDR0, IDR1 | 1U << 29, IDR5},
		{"16 commands",         IDR0, (IDR1 & ~(31U << 21)) | 3U << 21, IDR5},
		{"16 events",           IDR0, (IDR1 & ~(31U << 16)) | 3U << 16, IDR5},
		{"512 streams",         IDR0, (IDR1 & ~63U) | 8, IDR5},
		{"pages of 4 KiB",      IDR0, IDR1, IDR5 & ~(1U << 4)},
		{"40 bits",             IDR0, IDR1, (IDR5 & ~7U) | 1},
		/* clang-format on */
	};

	(void)state;
	assert_true(smmu_fits(IDR0, IDR1, IDR5));
	assert_true(smmu_fits(IDR0 & ~(3U << 21), IDR1, IDR5)); /* either endianness */
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (smmu_fits(rows[i].idr0, rows[i].idr1, rows[i].idr5)) {
			fail_msg("fits without %s", rows[i].lacks);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_translated_requests_are_checked),
		cmocka_unit_test(test_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
