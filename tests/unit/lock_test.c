/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A function that says "lock held" and is called without the lock is caught: here exactly, in a
 * debug build as far as a ticket lock tells.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/core/doorbell.h"
#include "kernel/core/message.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic.h"
#include "lib/bits.h"
#include "tests/fake_arch/fake.h"
#include "tests/unit/ordered_cmocka.h"

#define SPI 40U

static struct vcpu *const first = &kernel.vcpus[0];

static void wake(void)
{
	vcpu_wake_locked(first);
}

static void dirty(void)
{
	vcpu_dirty_locked(first);
}

static void start(void)
{
	vcpu_start_locked(first, 0, 0);
}

static void configure(void)
{
	(void)vgic_configure_locked(first, SPI, 0);
}

static void operate(void)
{
	(void)vgic_operate_locked(first, SPI, PV_VIRQ_OP_PEND);
}

static void state_of(void)
{
	uint64_t state;

	(void)vgic_state_locked(first, SPI, &state);
}

static void enable(void)
{
	vgic_enable_locked(first->domain, true);
}

static void pend(void)
{
	vgic_pend_spi_locked(first->domain, SPI);
}

static void fold(void)
{
	vgic_fold_locked(first);
}

static void has_pending(void)
{
	(void)vgic_has_pending_locked(first);
}

static void event(void)
{
	message_event_locked(first->domain, 1);
}

static void stop(void)
{
	(void)vcpu_stop_locked(first);
}

static void stop_from(void)
{
	(void)message_stop_locked(first, first);
}

static void stop_all(void)
{
	(void)message_stop_all_locked(first);
}

static void is_off(void)
{
	(void)vcpu_is_off_locked(first);
}

static void begin_wait(void)
{
	(void)vcpu_wait_locked(first, WAIT_IRQ);
}

static void reset(void)
{
	vgic_reset_locked(first->domain);
}

static void reset_all(void)
{
	doorbell_reset_all_locked(first->domain);
}

/* How a process ends that makes @call, with the lock of @held. */
static int end_of(void (*call)(void), struct lock *held)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		lock_acquire(held);
		call();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void test_unlocked_calls_are_caught(void **state)
{
	static void (*const calls[])(void) = {
		wake,   dirty, start,     configure,  operate, state_of,
		enable, pend,  stop_from, stop_all,   fold,    has_pending,
		event,  stop,  is_off,    begin_wait, reset,   reset_all};

	(void)state;
	fake_build(2, 1, 1);
	kernel.cpus[0].current = first;
	for (size_t i = 0; i < ARRAY_COUNT(calls); i++) {
		int status = end_of(calls[i], &kernel.domains[0].lock);

		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		/* The lock of another domain is none. */
		status = end_of(calls[i], &kernel.domains[1].lock);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unlocked_calls_are_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
