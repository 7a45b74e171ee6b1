/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams: off whenever all vCPUs of their domain are, however that comes about; who counts faults,
 * and how many.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c kernel/core/domain.c */
/* links: kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include <string.h>

#include "kernel/core/domain.h"
#include "kernel/core/message.h"
#include "kernel/core/stream.h"
#include "lib/bits.h"
#include "tests/fake_arch/fake.h"
#include "tests/unit/ordered_cmocka.h"

#define OWN 1U    /* streams[] of domain 0 */
#define OTHERS 0U /* of domain 1 */
#define OWN_2 2U  /* of domain 0 */
#define ON(i) (1U << (i))

static struct domain *const d = &kernel.domains[0];
static struct vcpu *const v = &kernel.vcpus[0]; /* of d, as is the next */

/* Two domains of two vCPUs, all on, with streams that are all on. */
static void build(void)
{
	fake_build(2, 2, 1);
	for (uint32_t i = 0; i < kernel.vcpu_count; i++) {
		kernel.vcpus[i].wait = WAIT_NOTHING;
	}
	kernel.streams[OTHERS] = (struct stream){.domain = &kernel.domains[1], .id = 8};
	kernel.streams[OWN] = (struct stream){.domain = d, .id = 16};
	kernel.streams[OWN_2] = (struct stream){.domain = d, .id = 24};
	assert_int_equal(stream_set(&kernel.domains[1], OTHERS, true), OK);
	assert_int_equal(stream_set(d, OWN, true), OK);
	assert_int_equal(stream_set(d, OWN_2, true), OK);
	assert_int_equal(fake.streams_on, ON(OTHERS) | ON(OWN) | ON(OWN_2));
	kernel.cpus[0].current = v;
	d->vmm_owner = 0;
}

static void test_vmm_turns_its_own(void **state)
{
	(void)state;
	build();
	assert_int_equal(stream_set(d, OWN, false), OK);
	assert_int_equal(fake.streams_on, ON(OTHERS) | ON(OWN_2));
	assert_int_equal(stream_set(d, OWN, false), OK);
	assert_int_equal(stream_set(d, OWN, true), OK);
	assert_int_equal(fake.streams_on, ON(OTHERS) | ON(OWN) | ON(OWN_2));
}

static void stop_by_call(void)
{
	lock_acquire(&d->lock);
	(void)message_stop_locked(v, v);
	assert_int_equal(fake.streams_on, ON(OTHERS) | ON(OWN) | ON(OWN_2)); /* one is on yet */
	(void)message_stop_locked(v, v + 1);
	lock_release(&d->lock);
}

static void stop_by_reply(void)
{
	v[1].wait = WAIT_OFF;
	v->wait = WAIT_VMM;
	d->serving = SERVING_VCPU;
	assert_int_equal(message_reply(v, PV_REPLY_OFF, 0), OK);
}

static void stop_by_going_off(void)
{
	domain_off(v, PV_STOP_POWEROFF);
}

static void stop_by_death(void)
{
	domain_stop(d, PV_STOP_FAULT, "");
}

static void stop_by_vmm_that_starts_again(void)
{
	d->image.flags = PV_DOMAIN_VMM_RESTARTS;
	domain_vmm_died(v, "");
	assert_int_equal(v->wait,
	                 WAIT_NOTHING); /* and yet they are off: the new one has not asked */
}

static void test_off_with_the_vcpus(void **state)
{
	static void (*const ways[])(void) = {stop_by_call, stop_by_reply, stop_by_going_off,
	                                     stop_by_death, stop_by_vmm_that_starts_again};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(ways); i++) {
		build();
		ways[i]();
		assert_int_equal(fake.streams_on, ON(OTHERS));
		assert_false(kernel.streams[OWN].on || kernel.streams[OWN_2].on);
		assert_int_equal(d->streams_on, 0);
		if (i < 4) {
			assert_int_equal(stream_set(d, OWN, true), ERR_STATE);
			assert_int_equal(stream_set(d, OWN, false), OK);
		}
	}
}

/* Who asks counts what there is of all streams, and nobody notices. */
static void test_faults_are_counted_when_somebody_asks(void **state)
{
	static const struct smmu_event faults[] = {
		{16, 0x10, 0x1234}, {8, 0x13, 0x5678}, {99, 0x10, 0}, {16, 0x07, 0x9abc}};
	uint64_t counts[3];
	uint32_t changes;

	(void)state;
	build();
	changes = fake.stream_changes;
	memcpy(fake.faults, faults, sizeof(faults));
	fake.fault_count = ARRAY_COUNT(faults);
	stream_get(OWN_2, counts);
	assert_int_equal(fake.faults_taken, ARRAY_COUNT(faults));
	assert_int_equal(counts[0], 0);
	stream_get(OWN, counts);
	assert_int_equal(counts[0], 2);
	assert_int_equal(counts[1], 0x9abc);
	assert_int_equal(counts[2], 0x07);
	stream_get(OTHERS, counts);
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[1], 0x5678);
	assert_int_equal(counts[2], 0x13);
	assert_int_equal(d->events | kernel.domains[1].events, 0);
	assert_int_equal(fake.output_bytes, 0);
	assert_int_equal(fake.stream_changes, changes);
}

/* However fast devices fault, who asks is through after a queue of them. */
static void test_a_storm_is_bounded(void **state)
{
	uint64_t counts[3];

	(void)state;
	build();
	fake.faults[0] = (struct smmu_event){16, 0x10, 0};
	fake.fault_count = UINT32_MAX;
	for (uint32_t n = 1; n <= 3; n++) {
		stream_get(OTHERS, counts);
		assert_int_equal(fake.faults_taken, n * SMMU_EVENTS);
		assert_int_equal(counts[0], 0);
	}
}

static void test_a_broken_smmu(void **state)
{
	(void)state;
	build();
	assert_int_equal(stream_set(d, OWN, false), OK);
	fake.smmu_broken = true;
	assert_int_equal(stream_set(d, OWN, true), ERR_STATE);
	assert_false(kernel.streams[OWN].on);
	assert_int_equal(stream_set(d, OWN_2, false), OK);
	assert_int_equal(d->streams_on, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vmm_turns_its_own),
		cmocka_unit_test(test_off_with_the_vcpus),
		cmocka_unit_test(test_faults_are_counted_when_somebody_asks),
		cmocka_unit_test(test_a_storm_is_bounded),
		cmocka_unit_test(test_a_broken_smmu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
