/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trapped read of a register whose value the machine gives, an ID register for example: it
 * reaches the guest's register, and the guest goes on behind it. A store that sends SGIs: they
 * become pending for the vCPUs that it names, of the own domain.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c kernel/arm/sysregs.c kernel/variants/release.c tests/fake_arch/arch.c */
#include "kernel/core/sched.h"
#include "kernel/core/trap.h"
#include "tests/fake_arch/fake.h"
#include "tests/unit/ordered_cmocka.h"

#define EC_SYSREG (0x18ULL << 26)
#define ISS_READ(reg) (3U << 20 | (reg) << 5 | 4U << 1 | 1U) /* ID_AA64PFR0_EL1 */
#define VALUE 0x1122334455667788ULL

static const struct regs *guest_reads(uint32_t reg, uint32_t known_iss)
{
	struct vcpu *v = &kernel.vcpus[0];
	const struct trap trap = {.esr = EC_SYSREG | ISS_READ(reg)};

	fake_build(1, 1, 1);
	(void)sched_resume(&kernel.cpus[0]);
	fake.sysreg_iss = known_iss;
	fake.sysreg_value = VALUE;
	v->regs.pc = 0x1000;
	for (uint32_t i = 0; i < 31; i++) {
		v->regs.x[i] = i;
	}
	trap_synchronous(&kernel.cpus[0], &trap);
	return &v->regs;
}

static void test_the_value_reaches_the_register(void **state)
{
	(void)state;
	for (uint32_t reg = 0; reg < 32; reg++) { /* 31 is the zero register */
		const struct regs *regs = guest_reads(reg, ISS_READ(reg));

		for (uint32_t i = 0; i < 31; i++) {
			assert_int_equal(regs->x[i], i == reg ? VALUE : i);
		}
		assert_int_equal(regs->pc, 0x1004);
		assert_int_equal(kernel.vcpus[0].arch.undefined, 0);
	}
}

static void test_another_one_is_undefined(void **state)
{
	(void)state;
	const struct regs *regs = guest_reads(3, ISS_READ(3U) ^ 2U << 17);

	assert_int_equal(regs->x[3], 3);
	assert_int_equal(regs->pc, 0x1000);
	assert_int_equal(kernel.vcpus[0].arch.undefined, 1);
}

/* By vCPU 1 of the second domain, from register @reg. */
static void send(uint32_t reg, struct sgi sgi)
{
	struct vcpu *v = &kernel.vcpus[3];
	const struct trap trap = {.esr = EC_SYSREG | 3U << 20 | reg << 5 | 1U << 1};

	fake_build(2, 2, 1);
	kernel.cpus[0].current = v;
	fake.sgi_iss = (uint32_t)trap.esr & 0x1ffffffU;
	fake.sgi = sgi;
	v->regs.pc = 0x1000;
	v->regs.x[7] = VALUE;
	kernel.cpus[0].world = WORLD_GUEST;
	trap_synchronous(&kernel.cpus[0], &trap);
	assert_int_equal(v->regs.pc, 0x1004);
	assert_int_equal(v->arch.undefined, 0);
}

static bool is_pending(uint32_t vcpu, uint32_t sgi)
{
	return kernel.vcpus[vcpu].vgic.sgi_sources[sgi] == 1;
}

static void test_sgis_reach_the_vcpus_named(void **state)
{
	(void)state;
	send(7, (struct sgi){5, 1});
	assert_int_equal(fake.sgi_value, VALUE);
	assert_true(is_pending(2, 5));
	assert_false(is_pending(3, 5) || is_pending(0, 5) || is_pending(1, 5));
	send(7, (struct sgi){15, 2});
	assert_true(is_pending(3, 15));
	assert_false(is_pending(2, 15));
	send(31, (struct sgi){0, 0xffffffff});
	assert_int_equal(fake.sgi_value, 0);
	assert_true(is_pending(2, 0) && is_pending(3, 0));
	assert_false(is_pending(0, 0) || is_pending(1, 0));
	send(7, (struct sgi){3, 0});
	assert_false(is_pending(2, 3) || is_pending(3, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_value_reaches_the_register),
		cmocka_unit_test(test_another_one_is_undefined),
		cmocka_unit_test(test_sgis_reach_the_vcpus_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
