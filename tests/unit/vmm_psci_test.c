/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PSCI and SMCCC as the guest calls them, by HVC and SMC alike.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/dev/connection.c vmm/dev/gicd.c vmm/dev/log.c vmm/dev/msix.c vmm/dev/pci_config.c
 * links: vmm/dev/pl011.c vmm/dev/regs.c vmm/dev/v2m.c vmm/dev/virtio.c vmm/dev/virtio_pci.c
 * links: vmm/vm/config.c vmm/vm/faults.c vmm/vm/psci.c vmm/vm/vm.c vmm/vm/windows.c
 */
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/vmm_machine.h"

static struct reply call(uint32_t vcpu, uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
	struct message message = {
		{PV_MSG_CALL, vcpu, function, x1, x2, x3, 0, 0}
        };
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
	                                   0xc4000000, 0x8400000e, 0xc400000e, 0x84000012,
	                                   0x84000050, 0x8600ff01, 0xc6000000, 0x80008000,
	                                   0x80008002, 0,          1,          0xffffffff};

	(void)state;
	machine_start(2);
	for (uint32_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_int_equal(answer(0, unknown[i], 0, 0, 0), -1);
		assert_int_equal(answer(0, 0x8400000a, unknown[i], 0, 0), -1);
		assert_int_equal(answer(0, 0x80000001, unknown[i], 0, 0), -1);
	}
}

static void features_name_what_exists(void **state)
{
	static const uint64_t known[] = {0x84000000, 0x84000002, 0x84000003, 0xc4000003,
	                                 0x84000004, 0xc4000004, 0x84000006, 0x84000008,
	                                 0x84000009, 0x8400000a, 0x80000000};

	(void)state;
	machine_start(1);
	for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
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
	assert_int_equal(answer(0, 0x84000003, 2, 0x4000, 7), 0);
	assert_int_equal(fake.vcpu_pc[2], 0x4000);
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
	(void)state;
	machine_start(1);
	assert_int_equal(call(0, 0x84000008, 0, 0, 0).kind, PV_REPLY_STOP);
	assert_int_equal(call(0, 0x84000008, 0, 0, 0).value, PV_STOP_POWEROFF);
	assert_int_equal(call(0, 0x84000009, 0, 0, 0).kind, PV_REPLY_STOP);
	assert_int_equal(call(0, 0x84000009, 0, 0, 0).value, PV_STOP_RESET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(unknown_functions_are_not_supported),
		cmocka_unit_test(features_name_what_exists),
		cmocka_unit_test(life_of_a_vcpu),
		cmocka_unit_test(parameters_are_checked),
		cmocka_unit_test(narrow_calls_have_narrow_arguments),
		cmocka_unit_test(system_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
