/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's distributor: what a driver sees, and which calls the kernel gets for it.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/vmm_machine.h"

static uint32_t config_of(uint32_t vcpu, uint32_t intid)
{
	return fake_virq(vcpu, intid)->config;
}

static void identifies_itself(void **state)
{
	(void)state;
	for (uint32_t vcpus = 1; vcpus <= PV_DOMAIN_VCPUS_MAX; vcpus++) {
		machine_start(vcpus);
		assert_int_equal(guest_load(GICD + 0x004, 4), 8 | (vcpus - 1) << 5);
		assert_int_equal(guest_load(GICD + 0x008, 4) & 0xfff, 0x43b);
		assert_int_equal(guest_load(GICD + 0xfe8, 4) >> 4 & 0xf, 2);
	}
}

static void control_reaches_the_kernel_once_per_change(void **state)
{
	(void)state;
	machine_start(1);
	assert_int_equal(guest_load(GICD, 4), 0);
	assert_false(fake.vgic_enabled);
	guest_store(GICD, 4, 1);
	assert_true(fake.vgic_enabled);
	assert_int_equal(guest_load(GICD, 4), 1);
	guest_store(GICD, 4, 0xfffffffe);
	assert_false(fake.vgic_enabled);
	assert_int_equal(guest_load(GICD, 4), 0);
}

/* Every SPI: enable, configure and disable it, one call for each change and none without. */
static void sweeps_all_spis(void **state)
{
	(void)state;
	machine_start(2);
	for (uint32_t intid = PV_SPI_FIRST; intid < PV_VIRQS; intid++) {
		uint32_t word = intid / 32 * 4;
		uint32_t bit = 1U << intid % 32;

		fake_forget();
		guest_store(GICD + 0x800 + intid, 1, 2);
		guest_store(GICD + 0x400 + intid, 1, 0xa7);
		guest_store(GICD + 0x100 + word, 4, bit);
		assert_int_equal(fake.record_count, 3);
		assert_int_equal(config_of(0, intid), PV_VIRQ_ENABLED | 0xa0 << 8 | 1 << 16);
		assert_int_equal(guest_load(GICD + 0x400 + intid, 1), 0xa0);
		assert_int_equal(guest_load(GICD + 0x800 + intid, 1), 2);
		assert_int_equal(guest_load(GICD + 0x100 + word, 4) & bit, bit);
		assert_int_equal(guest_load(GICD + 0x180 + word, 4) & bit, bit);

		/* the same again changes nothing */
		guest_store(GICD + 0x800 + intid, 1, 2);
		guest_store(GICD + 0x400 + intid, 1, 0xa0);
		guest_store(GICD + 0x100 + word, 4, bit);
		assert_int_equal(fake.record_count, 3);

		guest_store(GICD + 0xc00 + intid / 16 * 4, 4,
		            guest_load(GICD + 0xc00 + intid / 16 * 4, 4) |
		                    (uint64_t)2 << intid % 16 * 2);
		assert_int_equal(fake.record_count, 4);
		assert_true((config_of(0, intid) & PV_VIRQ_EDGE) != 0);
		guest_store(GICD + 0x180 + word, 4, bit);
		assert_int_equal(fake.record_count, 5);
		assert_int_equal(config_of(0, intid), PV_VIRQ_EDGE | 0xa0 << 8 | 1 << 16);
		assert_int_equal(guest_load(GICD + 0x100 + word, 4) & bit, 0);
	}
	/* all are edge-triggered now, bit 0 of each field is reserved */
	assert_int_equal(guest_load(GICD + 0xc08, 4), 0xaaaaaaaa);
	assert_int_equal(guest_load(GICD + 0xc44, 4), 0xaaaaaaaa);
}

static void unimplemented_numbers_are_raz_wi(void **state)
{
	static const struct {
		uint32_t first;
		uint32_t end;
		uint32_t per_interrupt; /* eighths of a byte */
	} banks[] = {{0x100, 0x180, 1}, {0x180, 0x200, 1}, {0x200, 0x280, 1},
	             {0x280, 0x300, 1}, {0x300, 0x380, 1}, {0x380, 0x400, 1},
	             {0x400, 0x800, 8}, {0x800, 0xc00, 8}, {0xc00, 0xd00, 2}};

	(void)state;
	machine_start(4);
	fake_forget();
	for (uint32_t i = 0; i < ARRAY_COUNT(banks); i++) {
		uint32_t behind = banks[i].first + PV_VIRQS * banks[i].per_interrupt / 8;

		for (uint32_t offset = behind; offset < banks[i].end; offset += 4) {
			guest_store(GICD + offset, 4, 0xffffffff);
			assert_int_equal(guest_load(GICD + offset, 4), 0);
		}
	}
	assert_int_equal(fake.record_count, 0);
}

static void groups_are_raz_wi(void **state)
{
	(void)state;
	machine_start(1);
	for (uint32_t offset = 0x80; offset < 0x100; offset += 4) {
		guest_store(GICD + offset, 4, 0xffffffff);
		assert_int_equal(guest_load(GICD + offset, 4), 0);
	}
}

static void sgis_are_enabled_and_edges_for_ever(void **state)
{
	(void)state;
	machine_start(2);
	for (uint32_t vcpu = 0; vcpu < 2; vcpu++) {
		assert_int_equal(config_of(vcpu, 0), PV_VIRQ_ENABLED | PV_VIRQ_EDGE | vcpu << 16);
		guest_store_on(vcpu, GICD + 0x180, 4, 0xffffffff);
		assert_int_equal(guest_load_on(vcpu, GICD + 0x100, 4), 0xffff);
		guest_store_on(vcpu, GICD + 0xc00, 4, 0);
		assert_int_equal(guest_load_on(vcpu, GICD + 0xc00, 4), 0xaaaaaaaa);
		guest_store_on(vcpu, GICD + 0xc04, 4, 0xffffffff);
		assert_int_equal(guest_load_on(vcpu, GICD + 0xc04, 4), 0);
	}
}

static void private_interrupts_are_banked(void **state)
{
	(void)state;
	machine_start(4);
	fake_forget();
	guest_store_on(2, GICD + 0x100, 4, 1U << 27);
	guest_store_on(2, GICD + 0x400 + 27, 1, 0x80);
	assert_int_equal(config_of(2, 27), PV_VIRQ_ENABLED | 0x80 << 8 | 2 << 16);
	assert_int_equal(config_of(1, 27), 0);
	assert_int_equal(guest_load_on(1, GICD + 0x100, 4), 0xffff);
	assert_int_equal(guest_load_on(2, GICD + 0x100, 4), 0xffff | 1U << 27);
	assert_int_equal(guest_load_on(1, GICD + 0x400 + 24, 4), 0);
	assert_int_equal(guest_load_on(2, GICD + 0x400 + 24, 4), 0x80000000);
	assert_int_equal(fake.record_count, 2);
}

static void targets_tell_each_vcpu_itself(void **state)
{
	(void)state;
	machine_start(4);
	for (uint32_t vcpu = 0; vcpu < 4; vcpu++) {
		assert_int_equal(guest_load_on(vcpu, GICD + 0x800, 4), 0x01010101U << vcpu);
		guest_store_on(vcpu, GICD + 0x800, 4, 0x0f0f0f0f);
		assert_int_equal(guest_load_on(vcpu, GICD + 0x81c, 4), 0x01010101U << vcpu);
	}
}

static void spi_goes_to_the_lowest_target(void **state)
{
	(void)state;
	machine_start(3);
	guest_store(GICD + 0x100 + 4, 4, 1U << 8); /* INTID 40, no target yet */
	assert_int_equal(config_of(0, 40) & PV_VIRQ_ENABLED, 0);
	guest_store(GICD + 0x800 + 40, 4, 0x000000fe); /* vCPUs 1 and 2; 3 to 7 do not exist */
	assert_int_equal(guest_load(GICD + 0x800 + 40, 1), 0x06);
	assert_int_equal(config_of(0, 40), PV_VIRQ_ENABLED | 1U << 16);
	guest_store(GICD + 0x800 + 40, 1, 0x04);
	assert_int_equal(config_of(0, 40), PV_VIRQ_ENABLED | 2U << 16);
	guest_store(GICD + 0x800 + 40, 1, 0);
	assert_int_equal(config_of(0, 40) & PV_VIRQ_ENABLED, 0);
}

static void one_vcpu_needs_no_targets(void **state)
{
	(void)state;
	machine_start(1);
	guest_store(GICD + 0x800 + 40, 1, 1);
	assert_int_equal(guest_load(GICD + 0x800 + 40, 1), 0);
	assert_int_equal(guest_load(GICD + 0x800, 4), 0);
	guest_store(GICD + 0x104, 4, 1U << 8);
	assert_int_equal(config_of(0, 40), PV_VIRQ_ENABLED);
}

static void pending_and_active_are_the_kernels(void **state)
{
	(void)state;
	machine_start(2);
	fake_virq(0, 45)->line = true;
	fake_virq(0, 46)->active = true;
	fake_virq(1, 27)->pending = 1;
	assert_int_equal(guest_load(GICD + 0x204, 4), 1U << 13);
	assert_int_equal(guest_load(GICD + 0x284, 4), 1U << 13);
	assert_int_equal(guest_load(GICD + 0x304, 4), 1U << 14);
	assert_int_equal(guest_load(GICD + 0x384, 4), 1U << 14);
	assert_int_equal(guest_load_on(0, GICD + 0x200, 4), 0);
	assert_int_equal(guest_load_on(1, GICD + 0x200, 4), 1U << 27);

	fake_forget();
	guest_store(GICD + 0x204, 4, 1U << 1 | 1U << 31);
	assert_int_equal(fake.record_count, 2);
	assert_int_equal(fake_virq(0, 33)->pending, 1);
	assert_int_equal(fake_virq(0, 63)->pending, 1);
	guest_store(GICD + 0x284, 4, 1U << 1);
	assert_int_equal(fake_virq(0, 33)->pending, 0);
	guest_store(GICD + 0x304, 4, 1U << 2);
	assert_true(fake_virq(0, 34)->active);
	guest_store(GICD + 0x384, 4, 1U << 2);
	assert_false(fake_virq(0, 34)->active);
	/* SGIs ignore GICD_ISPENDR0, PPIs do not */
	fake_forget();
	guest_store_on(1, GICD + 0x200, 4, 1U << 3 | 1U << 20);
	assert_int_equal(fake.record_count, 1);
	assert_int_equal(fake_virq(1, 20)->pending, 1);
}

static void sgi_fans_out(void **state)
{
	static const struct {
		uint32_t value;
		uint32_t from;
		uint32_t to; /* mask */
	} cases[] = {
		{0x00000003 | 0x0d0000, 1, 0xd}, /* a list with others and ... */
		{0x00000003 | 0xff0000, 2, 0xf}, /* all, and some that are not */
		{0x00000003 | 0xf00000, 2, 0x0}, /* none that is */
		{0x01000003 | 0xff0000, 2, 0xb}, /* all others, whatever the list says */
		{0x02000003 | 0xff0000, 3, 0x8}, /* itself */
		{0x03000003 | 0xff0000, 0, 0x0}, /* reserved */
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_COUNT(cases); i++) {
		machine_start(4);
		fake_forget();
		guest_store_on(cases[i].from, GICD + 0xf00, 4, cases[i].value);
		for (uint32_t vcpu = 0; vcpu < 4; vcpu++) {
			bool hit = (cases[i].to >> vcpu & 1) != 0;

			assert_int_equal(fake_virq(vcpu, 3)->pending,
			                 hit ? 1U << cases[i].from : 0);
		}
		assert_int_equal(fake.record_count, __builtin_popcount(cases[i].to));
		assert_int_equal(guest_load(GICD + 0xf00, 4), 0); /* write only */
	}
}

/* What another CPU has in a list register is asked for until it is there. */
static void interrupts_of_other_cpus_are_waited_for(void **state)
{
	(void)state;
	machine_start(2);
	fake_virq(0, 33)->active = true;
	fake.elsewhere = 5;
	assert_int_equal(guest_load(GICD + 0x304, 4), 1U << 1);
	assert_int_equal(fake.pauses, 5);
	fake.elsewhere = 5;
	guest_store(GICD + 0x384, 4, 1U << 1);
	assert_false(fake_virq(0, 33)->active);
	assert_int_equal(fake.pauses, 10);
	fake.elsewhere = 5;
	guest_store(GICD + 0x400 + 33, 1, 0x80);
	assert_int_equal(config_of(0, 33), 0x80 << 8);
	assert_int_equal(fake.pauses, 15);
	/* Never more than a bounded time. */
	fake.elsewhere = UINT32_MAX;
	guest_store(GICD + 0x384, 4, 1U << 1);
	assert_true(fake.elsewhere > 0);
}

static void sgi_pending_registers(void **state)
{
	(void)state;
	machine_start(2);
	guest_store_on(1, GICD + 0xf20 + 5, 1, 0x03);
	assert_int_equal(fake_virq(1, 5)->pending, 3);
	assert_int_equal(fake_virq(0, 5)->pending, 0);
	assert_int_equal(guest_load_on(1, GICD + 0xf20 + 4, 4), 0x03 << 8);
	guest_store_on(1, GICD + 0xf10 + 4, 4, 0x01 << 8);
	assert_int_equal(fake_virq(1, 5)->pending, 2);
	guest_store_on(1, GICD + 0xf10 + 4, 4, 0xff << 8);
	assert_int_equal(fake_virq(1, 5)->pending, 0);
	assert_int_equal(guest_load_on(1, GICD + 0xf10 + 4, 4), 0);
}

static void wrong_widths_have_no_effect(void **state)
{
	(void)state;
	machine_start(2);
	fake_forget();
	guest_store(GICD + 0x104, 1, 0xff);
	guest_store(GICD + 0x104, 2, 0xffff);
	guest_store(GICD + 0x100, 8, UINT64_MAX);
	guest_store(GICD + 0x422, 4, 0xffffffff); /* unaligned */
	guest_store(GICD + 0x420, 2, 0xffff);
	guest_store(GICD, 1, 1);
	assert_int_equal(fake.record_count, 0);
	assert_false(fake.vgic_enabled);
	assert_int_equal(guest_load(GICD + 0x004, 1), 0);
}

/* What Linux's irq-gic.c does to bring up two CPUs. */
static void linux_brings_it_up(void **state)
{
	(void)state;
	machine_start(2);
	guest_store(GICD, 4, 0);
	for (uint32_t intid = 32; intid < PV_VIRQS; intid += 4) {
		guest_store(GICD + 0x800 + intid, 4, 0x01010101);
	}
	for (uint32_t intid = 32; intid < PV_VIRQS; intid += 16) {
		guest_store(GICD + 0xc00 + intid / 4, 4, 0);
	}
	for (uint32_t intid = 32; intid < PV_VIRQS; intid += 4) {
		guest_store(GICD + 0x400 + intid, 4, 0xa0a0a0a0);
	}
	guest_store(GICD, 4, 1);
	for (uint32_t vcpu = 0; vcpu < 2; vcpu++) {
		guest_store_on(vcpu, GICD + 0x380, 4, 0xffffffff);
		guest_store_on(vcpu, GICD + 0x180, 4, 0xffff0000);
		guest_store_on(vcpu, GICD + 0x100, 4, 0x0000ffff);
		for (uint32_t intid = 0; intid < 32; intid += 4) {
			guest_store_on(vcpu, GICD + 0x400 + intid, 4, 0xa0a0a0a0);
		}
		assert_int_equal(config_of(vcpu, 1),
		                 PV_VIRQ_ENABLED | PV_VIRQ_EDGE | 0xa0 << 8 | vcpu << 16);
		assert_int_equal(config_of(vcpu, 27), 0xa0 << 8 | vcpu << 16);
	}
	assert_int_equal(config_of(0, PV_VIRQS - 1), 0xa0 << 8);
	assert_true(fake.vgic_enabled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identifies_itself),
		cmocka_unit_test(control_reaches_the_kernel_once_per_change),
		cmocka_unit_test(sweeps_all_spis),
		cmocka_unit_test(unimplemented_numbers_are_raz_wi),
		cmocka_unit_test(groups_are_raz_wi),
		cmocka_unit_test(sgis_are_enabled_and_edges_for_ever),
		cmocka_unit_test(private_interrupts_are_banked),
		cmocka_unit_test(targets_tell_each_vcpu_itself),
		cmocka_unit_test(spi_goes_to_the_lowest_target),
		cmocka_unit_test(one_vcpu_needs_no_targets),
		cmocka_unit_test(pending_and_active_are_the_kernels),
		cmocka_unit_test(sgi_fans_out),
		cmocka_unit_test(interrupts_of_other_cpus_are_waited_for),
		cmocka_unit_test(sgi_pending_registers),
		cmocka_unit_test(wrong_widths_have_no_effect),
		cmocka_unit_test(linux_brings_it_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
