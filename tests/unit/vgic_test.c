/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual interrupts on a fake machine with four list registers: nothing is lost, nothing comes
 * twice, the best priority comes first, whatever the order of events.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/vgic_lr.c kernel/core/vgic.c kernel/core/line.c kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c tests/fake_arch/arch.c */
/* links: kernel/core/message.c kernel/core/domain.c kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/variants/release.c */
#include "kernel/core/sched.h"
#include "kernel/core/vgic.h"
#include "tests/fake_arch/fake.h"
#include "tests/fake_arch/locked.h"
#include "tests/unit/ordered_cmocka.h"

#define SPI 40U

static struct vcpu *boot_one(uint32_t vcpus, uint32_t cpus)
{
	fake_build(1, vcpus, cpus);
	kernel.cpus[0].current = &kernel.vcpus[0];
	return &kernel.vcpus[0];
}

static void configure(struct vcpu *v, uint32_t intid, uint32_t priority, uint64_t more)
{
	uint64_t configuration = PV_VIRQ_ENABLED | more | priority << PV_VIRQ_PRIORITY_SHIFT;

	assert_int_equal(locked_configure(v, intid, configuration), OK);
}

static void operate(struct vcpu *v, uint32_t intid, enum pv_virq_op op)
{
	assert_int_equal(locked_operate(v, intid, op), OK);
}

/* The guest runs until it has taken what there is; returns the number of interrupts. */
static uint32_t take_all(struct vcpu *v, uint32_t *taken, uint32_t room)
{
	uint32_t count = 0;

	for (uint32_t n = 0; n < 2 * PV_VIRQS; n++) {
		vgic_flush(v);
		uint32_t intid = fake_guest_acknowledge();

		if (intid == 1023) {
			break;
		}
		assert_true(count < room);
		taken[count++] = intid;
		fake_guest_end(intid);
	}
	return count;
}

static void test_edge_comes_once(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);
	uint32_t taken[4];

	configure(v, SPI, 0xa0, PV_VIRQ_EDGE);
	locked_pend_spi(&kernel.domains[0], SPI);
	locked_pend_spi(&kernel.domains[0], SPI);
	assert_int_equal(take_all(v, taken, 4), 1);
	assert_int_equal(taken[0], SPI);
	assert_int_equal(take_all(v, taken, 4), 0);
}

static void test_edge_again_while_active(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);
	uint32_t taken[4];

	configure(v, SPI, 0xa0, PV_VIRQ_EDGE);
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), SPI);
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	fake_guest_end(SPI);
	assert_int_equal(take_all(v, taken, 4), 1);
}

static void test_level_follows_its_line(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);
	uint32_t taken[4];

	configure(v, SPI, 0xa0, 0);
	operate(v, SPI, PV_VIRQ_OP_LINE_HIGH);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), SPI);
	assert_true(fake_gic()->lrs[0].eoi);
	fake_guest_end(SPI);
	/* Still high: it comes again. */
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), SPI);
	operate(v, SPI, PV_VIRQ_OP_LINE_LOW);
	fake_guest_end(SPI);
	assert_int_equal(take_all(v, taken, 4), 0);
}

static void test_disabled_and_masked_wait(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);
	uint32_t taken[4];

	assert_int_equal(locked_configure(v, SPI, PV_VIRQ_EDGE), OK);
	locked_pend_spi(&kernel.domains[0], SPI);
	assert_int_equal(take_all(v, taken, 4), 0);
	configure(v, SPI, 0xa0, PV_VIRQ_EDGE);
	vgic_flush(v);
	/* Disabled again after it was listed: it leaves the list register and is not lost. */
	assert_int_equal(locked_configure(v, SPI, PV_VIRQ_EDGE), OK);
	assert_true(v->vgic.dirty);
	assert_int_equal(take_all(v, taken, 4), 0);
	configure(v, SPI, 0xa0, PV_VIRQ_EDGE);
	locked_enable(&kernel.domains[0], false);
	assert_int_equal(take_all(v, taken, 4), 0);
	locked_enable(&kernel.domains[0], true);
	assert_int_equal(take_all(v, taken, 4), 1);
}

static void test_more_than_list_registers(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);
	uint32_t taken[PV_VIRQS];

	for (uint32_t i = PV_SPI_FIRST; i < PV_VIRQS; i++) {
		configure(v, i, (PV_VIRQS - i) & 0xf8U, PV_VIRQ_EDGE);
		locked_pend_spi(&kernel.domains[0], i);
	}
	assert_int_equal(take_all(v, taken, PV_VIRQS), PV_VIRQS - PV_SPI_FIRST);
	for (uint32_t i = 1; i < PV_VIRQS - PV_SPI_FIRST; i++) {
		assert_true(kernel.domains[0].spis[taken[i - 1] - PV_SPI_FIRST].priority <=
		            kernel.domains[0].spis[taken[i] - PV_SPI_FIRST].priority);
	}
	assert_int_equal(v->vgic.ready.count, 0);
}

static void test_better_priority_displaces(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);

	for (uint32_t i = 0; i < FAKE_LRS; i++) {
		configure(v, SPI + i, 0xa0, PV_VIRQ_EDGE);
		locked_pend_spi(&kernel.domains[0], SPI + i);
	}
	vgic_flush(v);
	configure(v, SPI + 9, 0x10, PV_VIRQ_EDGE);
	locked_pend_spi(&kernel.domains[0], SPI + 9);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), SPI + 9);
	fake_guest_end(SPI + 9);
	assert_true(fake_maintenance(fake_gic())); /* the one that it displaced is waiting */
}

static void test_sgi_of_each_source(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(4, 1);
	uint32_t taken[8];

	configure(v, 3, 0xa0, 0);
	for (uint32_t source = 0; source < 4; source++) {
		operate(v, 3 | source << PV_SGI_SOURCE_SHIFT, PV_VIRQ_OP_PEND);
	}
	uint32_t sources = 0;

	for (uint32_t n = 0; n < 4; n++) {
		vgic_flush(v);
		uint32_t iar = fake_guest_iar();

		assert_int_equal(iar & 0x3ffU, 3);
		sources |= 1U << (iar >> 10);
		/* One comes again while another is active. */
		fake_guest_end(3);
	}
	assert_int_equal(sources, 0xf);
	assert_int_equal(take_all(v, taken, 8), 0);
}

static void test_sgi_of_another_source_waits(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(2, 1);

	configure(v, 3, 0xa0, 0);
	operate(v, 3, PV_VIRQ_OP_PEND);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), 3);
	operate(v, 3 | 1U << PV_SGI_SOURCE_SHIFT, PV_VIRQ_OP_PEND);
	vgic_flush(v);
	assert_true(fake_gic()->lrs[0].eoi); /* its end is told, so that the other can follow */
	fake_guest_end(3);
	vgic_flush(v);
	assert_int_equal(fake_guest_iar(), 3 | 1U << 10);
}

static void test_timer_is_the_hardwares(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);
	uint32_t taken[4];

	configure(v, VIRQ_TIMER, 0x20, 0);
	vgic_pend_timer(v);
	assert_true(vgic_timer_in_flight(v));
	vgic_flush(v);
	assert_true(fake_gic()->lrs[0].hw);
	assert_int_equal(fake_gic()->lrs[0].physical, 27);
	/* GICD_ICPENDR does not take away what the physical line holds. */
	operate(v, VIRQ_TIMER, PV_VIRQ_OP_UNPEND);
	assert_int_equal(take_all(v, taken, 4), 1);
	assert_false(vgic_timer_in_flight(v));
}

static void test_retarget(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(2, 2);
	uint64_t to_1 = 1ULL << PV_VIRQ_TARGET_SHIFT;

	kernel.cpus[1].current = &kernel.vcpus[1];
	configure(v, SPI, 0xa0, PV_VIRQ_EDGE);
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), SPI);
	configure(v, SPI, 0xa0, PV_VIRQ_EDGE | to_1);
	locked_pend_spi(&kernel.domains[0], SPI);
	assert_false(kernel.vcpus[1].vgic.dirty); /* it is still active here */
	vgic_flush(v);
	fake_guest_end(SPI);
	vgic_sync(v);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), 1023);
	assert_true(kernel.vcpus[1].vgic.dirty);
	assert_int_equal(kernel.cpus[0].pokes, kernel.cpus[1].poke_bit);
}

static void test_unacknowledged_one_moves_at_once(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(2, 2);

	kernel.cpus[1].current = &kernel.vcpus[1];
	configure(v, SPI, 0xa0, PV_VIRQ_EDGE);
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	configure(v, SPI, 0xa0, PV_VIRQ_EDGE | 1ULL << PV_VIRQ_TARGET_SHIFT);
	assert_true(v->vgic.dirty);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), 1023);
	assert_int_equal(kernel.cpus[0].pokes, kernel.cpus[1].poke_bit);
	fake.cpu = 1;
	vgic_flush(&kernel.vcpus[1]);
	assert_int_equal(fake_guest_acknowledge(), SPI);
}

static void test_pending_one_outlives_power_off(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);
	uint32_t taken[4];

	configure(v, SPI, 0xa0, PV_VIRQ_EDGE);
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	locked_fold(v);
	vgic_drop(v);
	assert_int_equal(take_all(v, taken, 4), 1);
	assert_int_equal(taken[0], SPI);
}

/* A list register stays with its interrupt when it is empty; others get it when they need it. */
static void test_list_registers_are_lent(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);
	uint32_t taken[4];

	for (uint32_t n = 0; n < 4 * FAKE_LRS; n++) {
		configure(v, SPI + n, 0xa0, PV_VIRQ_EDGE);
		for (uint32_t again = 0; again < 3; again++) {
			locked_pend_spi(&kernel.domains[0], SPI + n);
			assert_int_equal(take_all(v, taken, 4), 1);
			assert_int_equal(taken[0], SPI + n);
		}
	}
	assert_int_equal(v->vgic.ready.count, 0);
}

/* Whoever rings and rings costs the CPU of his peer one interrupt, and other VMs there none. */
static void test_storm_pokes_once(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(2, 2);
	struct vcpu *peer = &kernel.vcpus[1];

	configure(v, SPI, 0xa0, PV_VIRQ_EDGE | 1ULL << PV_VIRQ_TARGET_SHIFT);
	configure(v, SPI + 1, 0xa0, PV_VIRQ_EDGE | 1ULL << PV_VIRQ_TARGET_SHIFT);
	for (uint32_t n = 0; n < 100; n++) {
		locked_pend_spi(&kernel.domains[0], SPI);
	}
	assert_int_equal(kernel.cpus[0].pokes, 0); /* CPU 1 runs somebody else */
	assert_true(peer->vgic.dirty);
	peer->vgic.dirty = 0;
	kernel.cpus[1].current = peer;
	for (uint32_t n = 0; n < 100; n++) {
		locked_pend_spi(&kernel.domains[0], SPI + 1);
		if (n == 0) {
			assert_int_equal(kernel.cpus[0].pokes, kernel.cpus[1].poke_bit);
			vcpu_send_pokes(&kernel.cpus[0]);
		}
	}
	assert_int_equal(kernel.cpus[0].pokes, 0);
}

static void test_listed_one_is_taken_back(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);
	uint32_t taken[4];

	configure(v, SPI, 0xa0, PV_VIRQ_EDGE);
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	operate(v, SPI, PV_VIRQ_OP_UNPEND);
	assert_true(v->vgic.dirty);
	assert_int_equal(take_all(v, taken, 4), 0);
	/* What comes after it is not taken back with it, listed and active or not. */
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), SPI);
	operate(v, SPI, PV_VIRQ_OP_UNPEND);
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	fake_guest_end(SPI);
	assert_int_equal(take_all(v, taken, 4), 1);
}

/* The handler of the first has lowered its condition when the timer is started anew. */
static void test_a_new_life_has_no_timer_interrupt(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);
	uint32_t taken[4];

	configure(v, VIRQ_TIMER, 0x20, 0);
	vgic_pend_timer(v);
	locked_fold(v);
	vgic_drop(v);
	assert_int_equal(take_all(v, taken, 4), 0);
	assert_false(locked_has_pending(v));
}

/* GICD_ISPENDR of the timer while its handler runs: it comes once more, and then the line's. */
static void test_timer_pended_while_active(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);
	uint32_t taken[4];

	configure(v, VIRQ_TIMER, 0x20, 0);
	fake_gic()->timer_active = true;
	vgic_pend_timer(v);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), VIRQ_TIMER);
	operate(v, VIRQ_TIMER, PV_VIRQ_OP_PEND);
	vgic_flush(v);
	fake_guest_end(VIRQ_TIMER);
	assert_true(fake_maintenance(fake_gic()));
	assert_int_equal(take_all(v, taken, 4), 1);
	assert_false(fake_gic()->timer_active);
	vgic_pend_timer(v);
	assert_int_equal(take_all(v, taken, 4), 1);
}

/* An edge-triggered SPI whose list register has ended when its vCPU goes off: it can go elsewhere. */
static void test_ended_one_outlives_power_off(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(2, 2);
	uint32_t taken[4];

	kernel.cpus[1].current = &kernel.vcpus[1];
	configure(v, SPI, 0xa0, PV_VIRQ_EDGE);
	locked_pend_spi(&kernel.domains[0], SPI);
	assert_int_equal(take_all(v, taken, 4), 1);
	locked_fold(v);
	kernel.cpus[0].current = NULL;
	fake.cpu = 1;
	configure(&kernel.vcpus[1], SPI, 0xa0, PV_VIRQ_EDGE | 1ULL << PV_VIRQ_TARGET_SHIFT);
	locked_pend_spi(&kernel.domains[0], SPI);
	assert_int_equal(take_all(&kernel.vcpus[1], taken, 4), 1);
}

/* It was active when its vCPU went off: so it stays, until GICD_ICACTIVER. */
static void test_active_one_outlives_power_off(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);
	uint64_t answer = 0;
	uint32_t taken[4];

	configure(v, SPI, 0xa0, PV_VIRQ_EDGE);
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), SPI);
	locked_pend_spi(&kernel.domains[0], SPI);
	locked_fold(v);
	fake_gic()->apr = 0;
	vgic_drop(v);
	assert_int_equal(take_all(v, taken, 4), 0);
	assert_int_equal(locked_state(v, SPI, &answer), OK);
	assert_int_equal(answer & (PV_VIRQ_ACTIVE | PV_VIRQ_PENDING),
	                 PV_VIRQ_ACTIVE | PV_VIRQ_PENDING);
	operate(v, SPI, PV_VIRQ_OP_DEACTIVATE);
	assert_int_equal(take_all(v, taken, 4), 1);
}

/* What stands in a list register of another CPU is read and written there, once it has looked. */
static void test_listed_elsewhere(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(2, 2);
	struct vcpu *other = &kernel.vcpus[1];
	uint64_t answer = 0;
	uint32_t taken[4];

	kernel.cpus[1].current = other;
	configure(other, SPI, 0xa0, PV_VIRQ_EDGE);
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), SPI);
	fake.cpu = 1;
	assert_int_equal(locked_state(other, SPI, &answer), ERR_AGAIN);
	assert_int_equal(locked_state(other, SPI, &answer), ERR_AGAIN);
	assert_int_equal(kernel.cpus[1].pokes, kernel.cpus[0].poke_bit);
	fake.cpu = 0;
	vgic_flush(v);
	fake.cpu = 1;
	assert_int_equal(locked_state(other, SPI, &answer), OK);
	assert_true(answer & PV_VIRQ_ACTIVE);
	/* Its end is told, though it stands in no list register now. */
	fake.cpu = 0;
	fake_guest_end(SPI);
	assert_true(fake_maintenance(fake_gic()));
	vgic_sync(v);
	vgic_flush(v);
	/* Pending there, taken back from here. */
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	fake.cpu = 1;
	assert_int_equal(locked_operate(other, SPI, PV_VIRQ_OP_UNPEND), ERR_AGAIN);
	fake.cpu = 0;
	vgic_flush(v);
	fake.cpu = 1;
	assert_int_equal(locked_operate(other, SPI, PV_VIRQ_OP_UNPEND), OK);
	fake.cpu = 0;
	assert_int_equal(take_all(v, taken, 4), 0);
}

/* More handlers nest than there are list registers, each preempting at once. */
static void test_nests_as_deep_as_priorities(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);

	for (uint32_t i = 0; i < VIRQ_LEVELS; i++) {
		uint32_t level = VIRQ_LEVELS - 1 - i;

		configure(v, SPI + i, level << VIRQ_LEVEL_SHIFT, PV_VIRQ_EDGE);
		locked_pend_spi(&kernel.domains[0], SPI + i);
		vgic_flush(v);
		assert_int_equal(fake_guest_acknowledge(), SPI + i);
	}
	for (uint32_t i = VIRQ_LEVELS; i > 0; i--) {
		uint64_t answer = 0;

		fake_guest_end(SPI + i - 1);
		assert_int_equal(locked_state(v, SPI + i - 1, &answer), OK);
		assert_false(answer & PV_VIRQ_ACTIVE);
		assert_int_equal(v->vgic.handled_count, i - 1);
		vgic_flush(v);
	}
}

/* Where the guest ends in two steps nothing that it handles leaves the list registers. */
static void test_ends_in_two_steps(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(1, 1);

	fake_gic()->ends_in_two = true;
	for (uint32_t i = 0; i <= FAKE_LRS; i++) {
		configure(v, SPI + i, 0xa0 - i * 8, PV_VIRQ_EDGE);
		locked_pend_spi(&kernel.domains[0], SPI + i);
		vgic_flush(v);
		assert_int_equal(fake_guest_acknowledge(), i < FAKE_LRS ? SPI + i : 1023);
	}
	fake_guest_end(SPI);
	assert_true(fake_maintenance(fake_gic()));
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), SPI + FAKE_LRS);
}

static void test_bad_arguments(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(2, 1);
	uint64_t answer;

	assert_int_equal(locked_configure(v, PV_VIRQS, 0), ERR_RANGE);
	assert_int_equal(locked_configure(v, SPI, 2ULL << PV_VIRQ_TARGET_SHIFT), ERR_RANGE);
	assert_int_equal(locked_configure(v, SPI, PV_VIRQ_PENDING), ERR_ARG);
	assert_int_equal(locked_configure(v, SPI, 1ULL << 24), ERR_ARG);
	assert_int_equal(locked_operate(v, SPI, PV_VIRQ_OP_COUNT), ERR_ARG);
	assert_int_equal(locked_operate(v, PV_VIRQS, PV_VIRQ_OP_PEND), ERR_RANGE);
	assert_int_equal(locked_operate(v, 3 | 2U << PV_SGI_SOURCE_SHIFT, PV_VIRQ_OP_PEND),
	                 ERR_RANGE);
	assert_int_equal(locked_operate(v, SPI | 1U << PV_SGI_SOURCE_SHIFT, PV_VIRQ_OP_PEND),
	                 ERR_RANGE);
	assert_int_equal(locked_operate(v, UINT32_MAX, PV_VIRQ_OP_PEND), ERR_RANGE);
	assert_int_equal(locked_operate(v, 3, PV_VIRQ_OP_LINE_HIGH), ERR_ARG);
	assert_int_equal(locked_state(v, PV_VIRQS, &answer), ERR_RANGE);
}

/* An interrupt is aimed at another vCPU while it is handled: what comes from then on goes there. */
static void test_new_target_gets_what_comes(void **state)
{
	(void)state;
	struct vcpu *v = boot_one(2, 2);
	struct vcpu *other = &kernel.vcpus[1];

	configure(v, SPI, 0xa0, PV_VIRQ_EDGE);
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), SPI);
	configure(v, SPI, 0xa0, PV_VIRQ_EDGE | 1U << PV_VIRQ_TARGET_SHIFT);
	vgic_flush(v);
	fake_guest_end(SPI);
	locked_pend_spi(&kernel.domains[0], SPI);
	vgic_flush(v);
	assert_int_equal(fake_guest_acknowledge(), 1023);
	fake.cpu = 1;
	kernel.cpus[1].current = other;
	vgic_flush(other);
	assert_int_equal(fake_guest_acknowledge(), SPI);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edge_comes_once),
		cmocka_unit_test(test_edge_again_while_active),
		cmocka_unit_test(test_level_follows_its_line),
		cmocka_unit_test(test_disabled_and_masked_wait),
		cmocka_unit_test(test_more_than_list_registers),
		cmocka_unit_test(test_better_priority_displaces),
		cmocka_unit_test(test_sgi_of_each_source),
		cmocka_unit_test(test_sgi_of_another_source_waits),
		cmocka_unit_test(test_timer_is_the_hardwares),
		cmocka_unit_test(test_retarget),
		cmocka_unit_test(test_unacknowledged_one_moves_at_once),
		cmocka_unit_test(test_pending_one_outlives_power_off),
		cmocka_unit_test(test_list_registers_are_lent),
		cmocka_unit_test(test_storm_pokes_once),
		cmocka_unit_test(test_listed_one_is_taken_back),
		cmocka_unit_test(test_a_new_life_has_no_timer_interrupt),
		cmocka_unit_test(test_timer_pended_while_active),
		cmocka_unit_test(test_ended_one_outlives_power_off),
		cmocka_unit_test(test_active_one_outlives_power_off),
		cmocka_unit_test(test_listed_elsewhere),
		cmocka_unit_test(test_nests_as_deep_as_priorities),
		cmocka_unit_test(test_ends_in_two_steps),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_new_target_gets_what_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
