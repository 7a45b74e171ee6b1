/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PSCI, SMCCC and random numbers as the guest calls them, by HVC and SMC alike.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include <string.h>

#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/vmm_machine.h"

static struct reply call(uint32_t vcpu, uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
	struct message message = {{PV_MSG_CALL, vcpu, function, x1, x2, x3, 0, 0}};
	struct reply hvc;
	struct reply smc;

	hvc = vm_serve(&machine.vm, &message);
	if (hvc.kind == PV_REPLY_RESUME && (function & 0xf) != 3) { /* CPU_ON changes state */
		message.word[6] = 1;
		smc = vm_serve(&machine.vm, &message);
		assert_int_equal(smc.kind, hvc.kind);
		assert_int_equal(smc.value, hvc.value);
	}
	return hvc;
}

static int64_t answer(uint32_t vcpu, uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
	struct reply reply = call(vcpu, function, x1, x2, x3);

	assert_int_equal(reply.kind, PV_REPLY_RESUME);
	return (int64_t)reply.value;
}

static void versions(void **state)
{
	(void)state;
	machine_start(1);
	assert_int_equal(answer(0, 0x84000000, 0, 0, 0), 0x10001);
	assert_int_equal(answer(0, 0x80000000, 0, 0, 0), 0x10001);
	assert_int_equal(answer(0, 0x84000006, 0, 0, 0), 2);
}

static void unknown_functions_are_not_supported(void **state)
{
	static const uint64_t unknown[] = {0x84000001, 0xc4000001, 0x84000005, 0x84000007,
	                                   0xc4000000, 0x8400000e, 0xc400000e, 0x84000013,
	                                   0x84000050, 0x8600ff01, 0xc6000000, 0x80008000,
	                                   0x80008002, 0,          1,          0xffffffff};

	(void)state;
	machine_start(2);
	for (uint32_t i = 0; i < ARRAY_COUNT(unknown); i++) {
		assert_int_equal(answer(0, unknown[i], 0, 0, 0), -1);
		assert_int_equal(answer(0, 0x8400000a, unknown[i], 0, 0), -1);
		assert_int_equal(answer(0, 0x80000001, unknown[i], 0, 0), -1);
	}
}

static void features_name_what_exists(void **state)
{
	static const uint64_t known[] = {0x84000000, 0x84000002, 0x84000003, 0xc4000003, 0x84000004,
	                                 0xc4000004, 0x84000006, 0x84000008, 0x84000009, 0x8400000a,
	                                 0x84000012, 0xc4000012, 0x80000000};

	(void)state;
	machine_start(1);
	for (uint32_t i = 0; i < ARRAY_COUNT(known); i++) {
		assert_int_equal(answer(0, 0x8400000a, known[i], 0, 0), 0);
	}
	assert_int_equal(answer(0, 0x80000001, 0x80000000, 0, 0), 0);
	assert_int_equal(answer(0, 0x80000001, 0x80000001, 0, 0), 0);
	assert_int_equal(answer(0, 0x80000001, 0x84000000, 0, 0), -1);
}

static void life_of_a_vcpu(void **state)
{
	(void)state;
	machine_start(3);
	assert_int_equal(answer(0, 0xc4000004, 0, 0, 0), 0);
	assert_int_equal(answer(0, 0xc4000004, 2, 0, 0), 1);
	assert_int_equal(answer(0, 0xc4000003, 2, 0x1234567890, 0xabcdef0123), 0);
	assert_true(fake.vcpu_on[2]);
	assert_int_equal(fake.vcpu_pc[2], 0x1234567890);
	assert_int_equal(fake.vcpu_argument[2], 0xabcdef0123);
	assert_int_equal(answer(0, 0x84000004, 2, 0, 0), 0);
	assert_int_equal(answer(0, 0xc4000003, 2, 0x4000, 0), -4);
	assert_int_equal(answer(0, 0xc4000003, 0, 0x4000, 0), -4);
	assert_int_equal(call(2, 0x84000002, 0, 0, 0).kind, PV_REPLY_OFF);
	fake.vcpu_on[2] = false;
	assert_int_equal(answer(0, 0x84000004, 2, 0, 0), 1);
	fake.too_soon = 9;
	assert_int_equal(answer(0, 0x84000003, 2, 0x4000, 7), 0);
	assert_int_equal(fake.vcpu_pc[2], 0x4000);
	assert_int_equal(fake.too_soon, 0);
}

static void parameters_are_checked(void **state)
{
	(void)state;
	machine_start(2);
	assert_int_equal(answer(0, 0xc4000003, 2, 0x4000, 0), -2);
	assert_int_equal(answer(0, 0xc4000003, 0x100, 0x4000, 0), -2);
	assert_int_equal(answer(0, 0xc4000003, UINT64_C(1) << 32, 0x4000, 0), -2);
	assert_int_equal(answer(0, 0xc4000003, UINT64_MAX, 0x4000, 0), -2);
	assert_int_equal(answer(0, 0xc4000004, 2, 0, 0), -2);
	assert_int_equal(answer(0, 0xc4000004, 1, 1, 0), -2);
	assert_false(fake.vcpu_on[1]);
}

static void narrow_calls_have_narrow_arguments(void **state)
{
	(void)state;
	machine_start(2);
	assert_int_equal(answer(0, 0xffffffff84000003, 0xffffffff00000001, 0xffffffff00004000,
	                        0xffffffff00000007),
	                 0);
	assert_int_equal(fake.vcpu_pc[1], 0x4000);
	assert_int_equal(fake.vcpu_argument[1], 7);
}

static void system_ends(void **state)
{
	static const struct {
		uint64_t function;
		uint64_t reason;
	} rows[] = {
		{0x84000008, PV_STOP_POWEROFF},
		{0x84000009, PV_STOP_RESET},
		{0x84000012, PV_STOP_RESET},
		{0xc4000012, PV_STOP_RESET},
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct reply reply;

		machine_start(1);
		machine.config.vm.restart = PV_VMM_RESTART_NO;
		reply = call(0, rows[i].function, 0, 0, 0);
		assert_int_equal(reply.kind, PV_REPLY_STOP);
		assert_int_equal(reply.value, rows[i].reason);
	}
	/* Of the second reset there is one kind. */
	machine_start(1);
	assert_int_equal(answer(0, 0x84000012, 1, 0, 0), -2);
	assert_int_equal(answer(0, 0xc4000012, UINT64_C(1) << 32, 0, 0), -2);
	assert_true(fake.vcpu_on[0]);
}

static const uint64_t trng_functions[] = {0x84000050, 0x84000051, 0x84000052, 0x84000053,
                                          0xc4000053};

/* Nothing that anybody could foretell is handed out. */
static void no_random_numbers_without_a_source(void **state)
{
	uint8_t seed[PV_VMM_SEED_BYTES] = {0};

	(void)state;
	machine_start(1);
	trng_init(&machine.vm.trng, seed, false);
	for (uint32_t i = 0; i < ARRAY_COUNT(trng_functions); i++) {
		assert_int_equal(answer(0, trng_functions[i], 32, 0, 0), -1);
	}
}

static void start_seeded(uint8_t first)
{
	machine_start(1);
	memset(machine.config.vm.seed, first, PV_VMM_SEED_BYTES);
	trng_init(&machine.vm.trng, machine.config.vm.seed, false);
}

static struct reply draw(uint64_t function, uint64_t bits)
{
	struct message message = {{PV_MSG_CALL, 0, function, bits}};

	return vm_serve(&machine.vm, &message);
}

static void random_numbers_of_a_seed(void **state)
{
	struct reply first;
	uint32_t same = 0;

	(void)state;
	start_seeded(7);
	for (uint32_t i = 0; i < PV_VMM_SEED_BYTES; i++) {
		same += machine.config.vm.seed[i] == 7 ? 1 : 0;
	}
	assert_in_range(same, 0, 3); /* taken */
	assert_int_equal(answer(0, 0x84000050, 0, 0, 0), 0x10000);
	for (uint32_t i = 0; i < ARRAY_COUNT(trng_functions); i++) {
		assert_int_equal(answer(0, 0x84000051, trng_functions[i], 0, 0), 0);
	}
	assert_int_equal(answer(0, 0x84000051, 0x84000000, 0, 0), -1);
	assert_int_equal(answer(0, 0x84000051, 0x84000054, 0, 0), -1);
	first = draw(0xc4000053, 192);
	assert_int_equal(first.kind, PV_REPLY_RESULTS);
	assert_int_equal(first.value, 0);
	start_seeded(7);
	assert_int_equal(draw(0xc4000053, 192).more[0], first.more[0]);
	assert_int_not_equal(draw(0xc4000053, 192).more[0], first.more[0]);
	start_seeded(8);
	assert_int_not_equal(draw(0xc4000053, 192).more[0], first.more[0]);
}

/* Of two that start, one in the other's place, neither gives what the other gives. */
static void a_next_vmm_has_a_seed_of_its_own(void **state)
{
	uint64_t given[4];

	(void)state;
	start_seeded(7);
	for (uint32_t i = 0; i < 4; i++) {
		given[i] = draw(0xc4000053, 192).more[2];
		if (i % 2 == 1) {
			trng_init(&machine.vm.trng, machine.config.vm.seed, false);
		}
		for (uint32_t j = 0; j < i; j++) {
			assert_int_not_equal(given[i], given[j]);
		}
	}
}

static void random_numbers_name_their_source(void **state)
{
	struct reply reply;

	(void)state;
	start_seeded(1);
	reply = draw(0x84000052, 0);
	assert_int_equal(reply.kind, PV_REPLY_RESULTS);
	assert_int_not_equal(reply.value, 0xffffffff); /* would mean: none */
	assert_int_equal(reply.value >> 32 | reply.more[0] >> 32 | reply.more[2] >> 32, 0);
}

/* Exactly as many bits as were asked for, the lowest in x3. */
static void check_width(uint64_t function, uint32_t width)
{
	uint64_t any[3] = {0};

	for (uint32_t count = 1; count <= 3 * width; count++) {
		for (uint32_t i = 0; i < 3; i++) {
			any[i] = 0;
		}
		for (uint32_t n = 0; n < 64; n++) {
			struct reply reply = draw(function, count);

			assert_int_equal(reply.kind, PV_REPLY_RESULTS);
			for (uint32_t i = 0; i < 3; i++) {
				any[i] |= reply.more[i];
			}
		}
		for (uint32_t bit = 0; bit < 192; bit++) {
			uint32_t place = bit % 64;
			uint32_t index = bit / 64 * width + place;

			assert_int_equal(any[2 - bit / 64] >> place & 1,
			                 place < width && index < count);
		}
	}
	assert_int_equal(draw(function, 0).value, (uint64_t)-2);
	assert_int_equal(draw(function, 3 * width + 1).value, (uint64_t)-2);
	assert_int_equal(draw(function, UINT64_C(1) << 32).value, (uint64_t)-2);
}

static void random_numbers_have_their_width(void **state)
{
	(void)state;
	start_seeded(1);
	check_width(0x84000053, 32);
	check_width(0xc4000053, 64);
}

/* A CPU's own numbers are enough, and are added at each call; while it has none there are none. */
static void random_numbers_of_the_cpu(void **state)
{
	uint8_t seed[PV_VMM_SEED_BYTES] = {0};
	struct reply first;

	(void)state;
	machine_start(1);
	trng_init(&machine.vm.trng, seed, true);
	assert_int_equal(draw(0x84000050, 0).value, 0x10000);
	fake.rndr_fails = 1U << 1;
	assert_int_equal(draw(0xc4000053, 64).value, (uint64_t)-3);
	assert_int_equal(fake.rndr_calls, 2);
	first = draw(0xc4000053, 64);
	assert_int_equal(first.kind, PV_REPLY_RESULTS);
	assert_int_equal(fake.rndr_calls, 6);
	assert_int_equal(draw(0xc4000053, 64).kind, PV_REPLY_RESULTS);
	assert_int_equal(fake.rndr_calls, 10);
	/* It is the difference. */
	machine_start(1);
	trng_init(&machine.vm.trng, seed, true);
	fake.rndr = 1000;
	assert_int_not_equal(draw(0xc4000053, 64).more[2], first.more[2]);
	/* Once there is something, it does not matter that it fails. */
	fake.rndr_fails = UINT64_MAX;
	assert_int_equal(draw(0xc4000053, 64).kind, PV_REPLY_RESULTS);
}

/* What a guest is told of workarounds 1 to 3, and whether it may call them. */
static void workarounds_by_cpu(void **state)
{
#define THERE(n) ((uint64_t)PV_WORKAROUND_THERE << (PV_CPU_WORKAROUND_SHIFT + 2 * ((n)-1)))
#define NEEDLESS(n) ((uint64_t)PV_WORKAROUND_NEEDLESS << (PV_CPU_WORKAROUND_SHIFT + 2 * ((n)-1)))
#define CSV2(value) ((uint64_t)(value) << PV_CPU_CSV2_SHIFT)
	static const struct {
		struct cpu cpu;
		int64_t answers[3];
	} rows[] = {
		{{0, 0x410fd083}, {-1, -1, -1}},                                /* Cortex-A72 */
		{{THERE(1) | THERE(2) | THERE(3), 0x410fd083}, {0, -2, 0}},     /* its firmware */
		{{THERE(1), 0x410fd083}, {0, -1, -1}},                          /* of 2018 */
		{{NEEDLESS(1) | NEEDLESS(2), 0x410fd083}, {1, -2, -1}},         /* r1p0 */
		{{0, 0x410fd034}, {1, -2, 1}},                                  /* Cortex-A53 */
		{{0, 0x410fd042}, {1, -2, 1}},                                  /* Cortex-A35 */
		{{0, 0x410fd050}, {1, -2, 1}},                                  /* Cortex-A55 */
		{{0, 0x510fd034}, {-1, -1, -1}},                                /* not Arm's */
		{{CSV2(1) | PV_CPU_SSBS, 0x414fd0b1}, {1, -1, -1}},             /* Cortex-A76 */
		{{CSV2(1) | PV_CPU_SSBS | THERE(2) | THERE(3), 0}, {1, -1, 0}}, /* its firmware */
		{{CSV2(2), 0}, {1, -1, -1}},
		{{CSV2(3) | PV_CPU_RNDR, 0}, {1, -1, 1}},
	};
	static const uint64_t functions[3] = {0x80008000, 0x80007fff, 0x80003fff};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_COUNT(rows); i++) {
		machine_start(1);
		machine.vm.psci.cpu = rows[i].cpu;
		for (uint32_t n = 0; n < 3; n++) {
			int64_t said = rows[i].answers[n];

			assert_int_equal(answer(0, 0x80000001, functions[n], 0, 0), said);
			assert_int_equal(answer(0, functions[n], 1, 0, 0), said == -1 ? -1 : 0);
			assert_int_equal(answer(0, 0x8400000a, functions[n], 0, 0), -1);
		}
	}
#undef CSV2
#undef NEEDLESS
#undef THERE
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(unknown_functions_are_not_supported),
		cmocka_unit_test(features_name_what_exists),
		cmocka_unit_test(workarounds_by_cpu),
		cmocka_unit_test(life_of_a_vcpu),
		cmocka_unit_test(parameters_are_checked),
		cmocka_unit_test(narrow_calls_have_narrow_arguments),
		cmocka_unit_test(system_ends),
		cmocka_unit_test(no_random_numbers_without_a_source),
		cmocka_unit_test(random_numbers_of_a_seed),
		cmocka_unit_test(a_next_vmm_has_a_seed_of_its_own),
		cmocka_unit_test(random_numbers_name_their_source),
		cmocka_unit_test(random_numbers_have_their_width),
		cmocka_unit_test(random_numbers_of_the_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
