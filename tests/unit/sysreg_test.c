/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trapped access to a system register: the VMM learns which it is, and what the CPU has there; the
 * value that it gives reaches the guest's register, and the guest goes on behind it. A store that
 * sends SGIs: they become pending for the vCPUs that it names, of the own domain.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include "kernel/core/sched.h"
#include "kernel/core/trap.h"
#include "tests/fake_arch/fake.h"
#include "tests/unit/ordered_cmocka.h"

#define EC_SYSREG (0x18ULL << 26)
#define ISS_READ(reg) (3U << 20 | (reg) << 5 | 4U << 1 | 1U) /* ID_AA64PFR0_EL1 */
#define VALUE 0x1122334455667788ULL
#define CPU_HAS 0x8877665544332211ULL

static struct regs *reply(enum pv_reply reply, uint64_t value)
{
	const struct trap wait = {.esr = 0x15ULL << 26}; /* SVC */
	struct domain *d = &kernel.domains[0];

	d->vmm_regs.x[8] = PV_CALL_WAIT;
	d->vmm_regs.x[0] = reply;
	d->vmm_regs.x[1] = value;
	trap_synchronous(&kernel.cpus[0], &wait);
	return sched_resume(&kernel.cpus[0]);
}

/* The guest makes the access @iss, where the CPU's ID register @known_iss holds CPU_HAS. */
static const uint64_t *guest_accesses(uint32_t iss, uint32_t known_iss)
{
	struct vcpu *v = &kernel.vcpus[0];
	const struct trap trap = {.esr = EC_SYSREG | 1U << 25 | iss};

	fake_build(2, 1, 1);
	fake_set_priority(v, 200);
	(void)sched_resume(&kernel.cpus[0]);
	fake.sysreg_iss = known_iss;
	fake.sysreg_value = CPU_HAS;
	v->regs.pc = 0x1000;
	for (uint32_t i = 0; i < 31; i++) {
		v->regs.x[i] = i;
	}
	trap_synchronous(&kernel.cpus[0], &trap);
	assert_ptr_equal(sched_resume(&kernel.cpus[0]), &kernel.domains[0].vmm_regs);
	assert_int_equal(v->regs.pc, 0x1000);
	return kernel.domains[0].vmm_regs.x;
}

static void test_the_value_reaches_the_register(void **state)
{
	(void)state;
	for (uint32_t reg = 0; reg < 32; reg++) { /* 31 is the zero register */
		const uint64_t *message = guest_accesses(ISS_READ(reg), ISS_READ(reg));

		assert_int_equal(message[0], PV_MSG_SYSREG);
		assert_int_equal(message[1], 0);
		assert_int_equal(message[2], CPU_HAS);
		assert_int_equal(message[5], EC_SYSREG | 1U << 25 | ISS_READ(reg));
		assert_int_equal(message[6], 0x1000);
		const struct regs *regs = reply(PV_REPLY_RESUME, VALUE);

		for (uint32_t i = 0; i < 31; i++) {
			assert_int_equal(regs->x[i], i == reg ? VALUE : i);
		}
		assert_ptr_equal(regs, &kernel.vcpus[0].regs);
		assert_int_equal(regs->pc, 0x1004);
	}
}

static void test_a_store_changes_no_register(void **state)
{
	(void)state;
	for (uint32_t reg = 0; reg < 32; reg++) {
		const uint64_t *message = guest_accesses(ISS_READ(reg) & ~1U, ISS_READ(reg));

		assert_int_equal(message[0], PV_MSG_SYSREG);
		assert_int_equal(message[2], 0);
		const struct regs *regs = reply(PV_REPLY_RESUME, VALUE);

		for (uint32_t i = 0; i < 31; i++) {
			assert_int_equal(regs->x[i], i);
		}
		assert_int_equal(regs->pc, 0x1004);
	}
}

static void test_the_vmm_makes_it_undefined(void **state)
{
	(void)state;
	const uint64_t *message = guest_accesses(ISS_READ(3U) ^ 2U << 17, ISS_READ(3U));

	assert_int_equal(message[2], 0);
	const struct regs *regs = reply(PV_REPLY_UNDEF, VALUE);

	assert_int_equal(regs->x[3], 3);
	assert_int_equal(regs->pc, 0x1000);
	assert_int_equal(kernel.vcpus[0].arch.undefined, 1);
}

static void test_it_is_not_aborted(void **state)
{
	static const enum pv_reply wrong[] = {PV_REPLY_NONE, PV_REPLY_ABORT, PV_REPLY_RESULTS};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)guest_accesses(ISS_READ(3U), ISS_READ(3U));
		(void)reply(wrong[i], VALUE);
		assert_false(kernel.domains[0].alive);
		assert_int_equal(kernel.vcpus[0].arch.aborts, 0);
	}
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
		cmocka_unit_test(test_a_store_changes_no_register),
		cmocka_unit_test(test_the_vmm_makes_it_undefined),
		cmocka_unit_test(test_it_is_not_aborted),
		cmocka_unit_test(test_sgis_reach_the_vcpus_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
