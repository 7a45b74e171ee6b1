/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's distributor and redistributors of version 3: what a driver sees, and which calls the
 * kernel gets for it.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/vmm_machine.h"

#define FRAME(vcpu) (GICR + (vcpu)*0x20000U)
#define PRIVATE(vcpu) (FRAME(vcpu) + 0x10000U)
#define IROUTER(intid) (GICD + 0x6000U + 8U * (intid))

static uint32_t config_of(uint32_t vcpu, uint32_t intid)
{
	return fake_virq(vcpu, intid)->config;
}

static void identifies_itself(void **state)
{
	(void)state;
	for (uint32_t vcpus = 1; vcpus <= PV_DOMAIN_VCPUS_MAX; vcpus++) {
		machine_start_gicv3(vcpus);
		/* 288 INTIDs, 10 bits of them, no LPIs, no messages, no "1 of N" */
		assert_int_equal(guest_load(GICD + 0x004, 4), 8 | 9 << 19 | 1 << 25);
		assert_int_equal(guest_load(GICD + 0x008, 4) & 0xfff, 0x43b);
		assert_int_equal(guest_load(GICD + 0xffe8, 4) >> 4 & 0xf, 3);
		assert_int_equal(guest_load(GICD + 0xfe8, 4), 0);
		for (uint32_t n = 0; n < vcpus; n++) {
			uint64_t last = n + 1 == vcpus ? 0x10 : 0;

			/* whoever asks */
			assert_int_equal(guest_load_on(vcpus - 1, FRAME(n) + 0x008, 8),
			                 (uint64_t)n << 32 | n << 8 | last);
			assert_int_equal(guest_load(FRAME(n) + 0x008, 4), n << 8 | last);
			assert_int_equal(guest_load(FRAME(n) + 0x00c, 4), n);
			assert_int_equal(guest_load(FRAME(n) + 0xffe8, 4) >> 4 & 0xf, 3);
			guest_store(FRAME(n) + 0x014, 4, 0);
			assert_int_equal(guest_load(FRAME(n) + 0x014, 4), 0);
		}
		assert_int_equal(machine_send(PV_MSG_READ, 0, FRAME(vcpus), 4, 0).kind,
		                 PV_REPLY_ABORT);
	}
}

static void control_enables_group_1(void **state)
{
	(void)state;
	machine_start_gicv3(1);
	assert_int_equal(guest_load(GICD, 4), 0x50);
	guest_store(GICD, 4, 0xfffffffd);
	assert_false(fake.vgic_enabled);
	guest_store(GICD, 4, 0x12);
	assert_true(fake.vgic_enabled);
	assert_int_equal(guest_load(GICD, 4), 0x52);
	guest_store(GICD, 4, 0);
	assert_false(fake.vgic_enabled);
	for (uint32_t at = 0x80; at < 0x80 + PV_VIRQS / 8; at += 4) {
		guest_store(GICD + at, 4, 0);
		assert_int_equal(guest_load(GICD + at, 4), at == 0x80 ? 0 : UINT32_MAX);
	}
	guest_store(PRIVATE(0) + 0x80, 4, 0);
	assert_int_equal(guest_load(PRIVATE(0) + 0x80, 4), UINT32_MAX);
}

/* The banks of the distributor say nothing of them, those of each redistributor all. */
static void private_interrupts_are_the_redistributors(void **state)
{
	static const uint32_t banks[] = {0x100, 0x180, 0x200, 0x280, 0x300,
	                                 0x380, 0x400, 0x41c, 0xc00, 0xc04};

	(void)state;
	machine_start_gicv3(3);
	for (uint32_t i = 0; i < ARRAY_COUNT(banks); i++) {
		guest_store(GICD + banks[i], 4, UINT32_MAX);
		assert_int_equal(guest_load(GICD + banks[i], 4), 0);
	}
	assert_int_equal(fake.record_count, 0);
	/* by another vCPU than the frame's */
	guest_store_on(0, PRIVATE(2) + 0x41b, 1, 0xa7);
	guest_store_on(0, PRIVATE(2) + 0x100, 4, 1U << 27);
	assert_int_equal(fake.record_count, 2);
	assert_int_equal(config_of(2, 27), PV_VIRQ_ENABLED | 0xa0 << 8 | 2 << 16);
	assert_int_equal(guest_load(PRIVATE(2) + 0x418, 4), 0xa0000000);
	assert_int_equal(guest_load(PRIVATE(2) + 0x180, 4), 1U << 27 | 0xffff);
	assert_int_equal(guest_load(PRIVATE(1) + 0x180, 4), 0xffff);
	guest_store(PRIVATE(2) + 0x180, 4, UINT32_MAX);
	assert_int_equal(guest_load(PRIVATE(2) + 0x100, 4), 0xffff);
	assert_int_equal(guest_load(PRIVATE(2) + 0xc00, 4), 0xaaaaaaaa);
	assert_int_equal(guest_load(PRIVATE(2) + 0xc04, 4), 0);
}

static void state_of_private_interrupts(void **state)
{
	(void)state;
	machine_start_gicv3(2);
	guest_store(PRIVATE(1) + 0x200, 4, 1U << 5 | 1U << 27); /* an SGI, too */
	assert_int_equal(fake_virq(1, 5)->pending, 1);
	assert_int_equal(fake_virq(1, 27)->pending, 1);
	assert_int_equal(fake_virq(0, 5)->pending, 0);
	assert_int_equal(guest_load(PRIVATE(1) + 0x280, 4), 1U << 5 | 1U << 27);
	assert_int_equal(guest_load(PRIVATE(0) + 0x280, 4), 0);
	guest_store(PRIVATE(1) + 0x280, 4, 1U << 5 | 1U << 27);
	assert_int_equal(guest_load(PRIVATE(1) + 0x200, 4), 0);
	guest_store(PRIVATE(1) + 0x300, 4, 1U << 27);
	assert_int_equal(guest_load(PRIVATE(1) + 0x380, 4), 1U << 27);
}

static void routes_shared_interrupts(void **state)
{
	(void)state;
	machine_start_gicv3(4);
	guest_store(GICD + 0x104, 4, 1U << 8);
	assert_int_equal(config_of(0, 40), PV_VIRQ_ENABLED); /* vCPU 0 from reset */
	assert_int_equal(guest_load(IROUTER(40), 8), 0);
	guest_store(IROUTER(40), 8, 3);
	assert_int_equal(config_of(0, 40), PV_VIRQ_ENABLED | 3 << 16);
	assert_int_equal(guest_load(IROUTER(40), 8), 3);
	guest_store(IROUTER(40), 4, 2);
	assert_int_equal(config_of(0, 40), PV_VIRQ_ENABLED | 2 << 16);
	guest_store(IROUTER(40) + 4, 4, 0);
	assert_int_equal(config_of(0, 40), PV_VIRQ_ENABLED | 2 << 16);
	fake_forget();
	guest_store(IROUTER(40), 8, 2);
	assert_int_equal(fake.record_count, 0);
	/* to nobody: it waits, as one that is disabled */
	static const uint64_t nobody[] = {4, 0x80000000, 0x100, 0x10000, 0x100000000, UINT64_MAX};

	for (uint32_t i = 0; i < ARRAY_COUNT(nobody); i++) {
		guest_store(IROUTER(40), 8, nobody[i]);
		assert_int_equal(config_of(0, 40), 0);
		assert_true(guest_load(IROUTER(40), 8) >= 4);
		guest_store(IROUTER(40), 8, 1);
		assert_int_equal(config_of(0, 40), PV_VIRQ_ENABLED | 1 << 16);
	}
	guest_store(IROUTER(40) + 4, 4, 1);
	assert_int_equal(config_of(0, 40), 0);
	/* the last one; behind it and before the first there is none */
	guest_store(IROUTER(PV_VIRQS - 1U), 8, 3);
	assert_int_equal(guest_load(IROUTER(PV_VIRQS - 1U), 8), 3);
	fake_forget();
	guest_store(IROUTER(PV_VIRQS), 8, 3);
	guest_store(IROUTER(31), 8, 3);
	guest_store(GICD + 0x800 + 40, 1, 1);   /* GICD_ITARGETSR */
	guest_store(GICD + 0xf00, 4, 1U << 16); /* GICD_SGIR */
	assert_int_equal(fake.record_count, 0);
	assert_int_equal(guest_load(IROUTER(PV_VIRQS), 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identifies_itself),
		cmocka_unit_test(control_enables_group_1),
		cmocka_unit_test(private_interrupts_are_the_redistributors),
		cmocka_unit_test(state_of_private_interrupts),
		cmocka_unit_test(routes_shared_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
