/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio-pci device as its driver meets it: Linux's initialisation, negotiation, queue rules and
 * the binding of MSI-X vectors to the kernel's doorbells.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/vmm_machine.h"

#define STATUS 0x14U
#define QUEUE_SELECT 0x16U
#define QUEUE_SIZE 0x18U
#define QUEUE_VECTOR 0x1aU
#define QUEUE_ENABLE 0x1cU
#define QUEUE_DESC 0x20U
#define NO_VECTOR 0xffffU
#define MSIX_CONTROL (ECAM(0) + 0x42U)
#define SETSPI (V2M + 0x40U)

static uint64_t common(uint32_t offset, uint32_t bytes)
{
	return guest_load(BAR(NET) + offset, bytes);
}

static void set_common(uint32_t offset, uint32_t bytes, uint64_t value)
{
	guest_store(BAR(NET) + offset, bytes, value);
}

static void set_entry(uint32_t vector, uint64_t address, uint32_t data, uint32_t control)
{
	uint64_t entry = BAR(NET) + PV_VMM_BAR_MSIX + 16 * vector;

	guest_store(entry + 0, 4, (uint32_t)address);
	guest_store(entry + 4, 4, address >> 32);
	guest_store(entry + 8, 4, data);
	guest_store(entry + 12, 4, control);
}

static void set_queue_vector(uint32_t queue, uint32_t vector)
{
	set_common(QUEUE_SELECT, 2, queue);
	set_common(QUEUE_VECTOR, 2, vector);
}

static uint32_t bound(uint32_t queue)
{
	return fake.bound[FAKE_CAP_RECV + queue];
}

/* virtio_pci_modern with three vectors: configuration, receive, transmit. */
static void linux_initialises_it(void **state)
{
	(void)state;
	machine_start(1);
	peer_start(0);
	assert_int_equal(driver_status(NET), 0);
	driver_set_status(NET, 0);
	assert_int_equal(driver_status(NET), 0);
	driver_negotiate(NET);
	assert_int_equal(driver_status(NET), 0x0b);
	assert_int_equal(common(0x12, 2), 2);
	guest_store(MSIX_CONTROL, 2, 0xc000); /* enabled, function masked */
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_MSIX + 16 * i + 12, 4), 1);
		set_entry(i, SETSPI, V2M_FIRST + i, 1);
	}
	guest_store(MSIX_CONTROL, 2, 0x8000);
	set_common(0x10, 2, 0);
	assert_int_equal(common(0x10, 2), 0);
	for (uint32_t i = 0; i < 2; i++) {
		set_common(QUEUE_SELECT, 2, i);
		assert_int_equal(common(QUEUE_SIZE, 2), 256);
		assert_int_equal(common(QUEUE_ENABLE, 2), 0);
		assert_int_equal(common(0x1e, 2), i); /* notify_off */
		set_queue_vector(i, i + 1);
		assert_int_equal(common(QUEUE_VECTOR, 2), i + 1);
		driver_enable_queue(NET, i, 256);
		assert_int_equal(bound(i), 0);
		set_entry(i + 1, SETSPI, V2M_FIRST + i + 1, 0);
		assert_int_equal(bound(i), V2M_FIRST + i + 1);
	}
	driver_set_status(NET, 0x0f);
	assert_int_equal(driver_status(NET), 0x0f);
}

static void features_must_be_offered(void **state)
{
	uint64_t offered;

	(void)state;
	machine_start(1);
	set_common(0x00, 4, 0);
	offered = common(0x04, 4);
	set_common(0x00, 4, 1);
	offered |= common(0x04, 4) << 32;
	assert_int_equal(offered, machine.config.devices[NET].features);
	set_common(0x00, 4, 2);
	assert_int_equal(common(0x04, 4), 0);
	assert_int_equal(common(0x00, 4), 2);

	for (uint32_t bit = 0; bit < 64; bit++) {
		uint64_t taken = offered ^ (UINT64_C(1) << bit);
		bool good = (taken & ~offered) == 0 && bit != 32 && bit != 33;

		driver_set_status(NET, 0);
		driver_set_status(NET, 3);
		for (uint32_t word = 0; word < 2; word++) {
			set_common(0x08, 4, word);
			set_common(0x0c, 4, (uint32_t)(taken >> (32 * word)));
			assert_int_equal(common(0x0c, 4), (uint32_t)(taken >> (32 * word)));
		}
		driver_set_status(NET, 0x0b);
		assert_int_equal(driver_status(NET), good ? 0x0b : 0x03);
		/* then the device does not start either */
		driver_set_status(NET, 0x0f);
		assert_int_equal(driver_status(NET), good ? 0x0f : 0x03);
	}
}

static void features_are_fixed_by_features_ok(void **state)
{
	(void)state;
	machine_start(1);
	driver_negotiate(NET);
	set_common(0x08, 4, 0);
	set_common(0x0c, 4, 0xffffffff);
	assert_int_equal(common(0x0c, 4), (uint32_t)machine.config.devices[NET].features);
	set_common(0x08, 4, 7);
	set_common(0x0c, 4, 0xffffffff);
	assert_int_equal(common(0x0c, 4), 0);
}

static void status_bits_only_come(void **state)
{
	(void)state;
	machine_start(1);
	driver_set_status(NET, 1);
	driver_set_status(NET, 2);
	assert_int_equal(driver_status(NET), 3);
	driver_set_status(NET, 0x04);
	assert_int_equal(driver_status(NET), 3); /* DRIVER_OK needs FEATURES_OK */
	driver_set_status(NET, 0x70);
	assert_int_equal(driver_status(NET), 3); /* NEEDS_RESET is the device's, others are none */
	driver_set_status(NET, 0x80);
	assert_int_equal(driver_status(NET), 0x83);
}

static void queue_size_is_checked(void **state)
{
	static const uint32_t bad[] = {0, 3, 257, 512, 0x8000, 0xffff};

	(void)state;
	machine_start(1);
	driver_negotiate(NET);
	set_common(QUEUE_SELECT, 2, 1);
	for (uint32_t i = 0; i < ARRAY_COUNT(bad); i++) {
		set_common(QUEUE_SIZE, 2, bad[i]);
		assert_int_equal(common(QUEUE_SIZE, 2), 256);
	}
	set_common(QUEUE_SIZE, 2, 1);
	assert_int_equal(common(QUEUE_SIZE, 2), 1);
	set_common(QUEUE_SELECT, 2, 0);
	assert_int_equal(common(QUEUE_SIZE, 2), 256);
}

static void queues_that_are_none(void **state)
{
	static const uint32_t none[] = {2, 16, 0x8000, 0xffff};

	(void)state;
	machine_start(1);
	driver_negotiate(NET);
	for (uint32_t i = 0; i < ARRAY_COUNT(none); i++) {
		set_common(QUEUE_SELECT, 2, none[i]);
		assert_int_equal(common(QUEUE_SELECT, 2), none[i]);
		for (uint32_t offset = QUEUE_SIZE; offset < 0x38; offset += 2) {
			set_common(offset, 2, 1);
			set_common(offset, 4, 1);
		}
		assert_int_equal(common(QUEUE_SIZE, 2), 0);
		assert_int_equal(common(QUEUE_VECTOR, 2), NO_VECTOR);
		assert_int_equal(common(QUEUE_ENABLE, 2), 0);
		assert_int_equal(common(QUEUE_DESC, 4), 0);
	}
}

static void queue_addresses_are_aligned_or_refused(void **state)
{
	static const struct {
		uint64_t desc, driver, device;
		bool good;
	} cases[] = {
		{0x1000, 0x2000, 0x3000, true},  {0x1008, 0x2000, 0x3000, false},
		{0x1000, 0x2001, 0x3000, false}, {0x1000, 0x2002, 0x3002, false},
		{0x1010, 0x2002, 0x3004, true},  {0, 0, 0, true},
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_COUNT(cases); i++) {
		machine_start(1);
		driver_negotiate(NET);
		set_common(QUEUE_SELECT, 2, 0);
		set_common(0x20, 8, cases[i].desc);
		set_common(0x28, 8, cases[i].driver);
		set_common(0x30, 8, cases[i].device);
		set_common(QUEUE_ENABLE, 2, 1);
		assert_int_equal(common(QUEUE_ENABLE, 2), cases[i].good);
	}
}

static void queue_addresses_have_two_halves(void **state)
{
	(void)state;
	machine_start(1);
	driver_negotiate(NET);
	for (uint32_t offset = 0x20; offset < 0x38; offset += 8) {
		set_common(offset, 4, 0x89abcdef);
		set_common(offset + 4, 4, 0x01234567);
		assert_int_equal(common(offset, 8), 0x0123456789abcdef);
		assert_int_equal(common(offset, 4), 0x89abcdef);
		assert_int_equal(common(offset + 4, 4), 0x01234567);
		set_common(offset + 4, 4, 0);
		assert_int_equal(common(offset, 8), 0x89abcdef);
		set_common(offset, 2, 0); /* not a width of this register */
		assert_int_equal(common(offset, 8), 0x89abcdef);
	}
}

static void enabled_queues_do_not_change(void **state)
{
	(void)state;
	machine_start(1);
	set_common(QUEUE_ENABLE, 2, 1); /* before FEATURES_OK: no */
	assert_int_equal(common(QUEUE_ENABLE, 2), 0);
	driver_negotiate(NET);
	set_common(QUEUE_ENABLE, 2, 2);
	assert_int_equal(common(QUEUE_ENABLE, 2), 0);
	driver_enable_queue(NET, 0, 64);
	set_common(QUEUE_SIZE, 2, 128);
	set_common(QUEUE_DESC, 4, 0x5000);
	set_common(QUEUE_ENABLE, 2, 0);
	assert_int_equal(common(QUEUE_SIZE, 2), 64);
	assert_int_equal(common(QUEUE_DESC, 4), 0x48000000);
	assert_int_equal(common(QUEUE_ENABLE, 2), 1);
	/* nor may another come when the driver runs */
	driver_set_status(NET, 0x0f);
	set_common(QUEUE_SELECT, 2, 1);
	set_common(QUEUE_ENABLE, 2, 1);
	assert_int_equal(common(QUEUE_ENABLE, 2), 0);
}

static void vectors_that_are_none(void **state)
{
	(void)state;
	machine_start(1);
	set_common(0x10, 2, 3); /* vectors 0 to 2 exist */
	assert_int_equal(common(0x10, 2), NO_VECTOR);
	set_queue_vector(0, 0xfffe);
	assert_int_equal(common(QUEUE_VECTOR, 2), NO_VECTOR);
	set_queue_vector(0, 2);
	assert_int_equal(common(QUEUE_VECTOR, 2), 2);
	set_queue_vector(0, NO_VECTOR);
	assert_int_equal(common(QUEUE_VECTOR, 2), NO_VECTOR);
}

static void every_mask_unbinds(void **state)
{
	(void)state;
	machine_start(1);
	set_entry(1, SETSPI, V2M_FIRST + 5, 0);
	set_queue_vector(0, 1);
	assert_int_equal(bound(0), 0); /* MSI-X is off */
	guest_store(MSIX_CONTROL, 2, 0x8000);
	assert_int_equal(bound(0), V2M_FIRST + 5);
	guest_store(MSIX_CONTROL, 2, 0xc000);
	assert_int_equal(bound(0), 0);
	guest_store(MSIX_CONTROL, 2, 0x8000);
	assert_int_equal(bound(0), V2M_FIRST + 5);
	set_entry(1, SETSPI, V2M_FIRST + 5, 1);
	assert_int_equal(bound(0), 0);
	set_entry(1, SETSPI, V2M_FIRST + 6, 0);
	assert_int_equal(bound(0), V2M_FIRST + 6);
	set_queue_vector(0, 2);
	assert_int_equal(bound(0), 0);
	set_queue_vector(0, 1);
	assert_int_equal(bound(0), V2M_FIRST + 6);
	set_queue_vector(1, 1); /* two queues may share one */
	assert_int_equal(bound(1), V2M_FIRST + 6);
	set_queue_vector(0, NO_VECTOR);
	assert_int_equal(bound(0), 0);
	assert_int_equal(bound(1), V2M_FIRST + 6);
	/* what changes nothing asks the kernel nothing */
	fake_forget();
	set_entry(1, SETSPI, V2M_FIRST + 6, 0);
	set_entry(2, SETSPI, V2M_FIRST + 7, 0);
	assert_int_equal(fake.bind_calls, 0);
}

static void messages_go_to_the_frame_only(void **state)
{
	static const struct {
		uint64_t address;
		uint32_t data;
	} bad[] = {
		{SETSPI + 4, V2M_FIRST},
		{0, V2M_FIRST},
		{SETSPI | UINT64_C(1) << 32, V2M_FIRST},
		{SETSPI, V2M_FIRST - 1},
		{SETSPI, V2M_FIRST + V2M_COUNT},
		{SETSPI, TTY_INTID},
		{SETSPI, V2M_FIRST | 1U << 16},
		{GICD + 0x204, V2M_FIRST},
	};

	(void)state;
	machine_start(1);
	guest_store(MSIX_CONTROL, 2, 0x8000);
	set_queue_vector(0, 0);
	for (uint32_t i = 0; i < ARRAY_COUNT(bad); i++) {
		set_entry(0, bad[i].address, bad[i].data, 0);
		assert_int_equal(bound(0), 0);
	}
	set_entry(0, SETSPI, V2M_FIRST + V2M_COUNT - 1, 0);
	assert_int_equal(bound(0), V2M_FIRST + V2M_COUNT - 1);
}

static void msix_table_reads_back(void **state)
{
	uint64_t table = BAR(NET) + PV_VMM_BAR_MSIX;

	(void)state;
	machine_start(1);
	guest_store(table + 16, 8, 0x1122334455667788);
	guest_store(table + 24, 8, 0xfffffffe99aabbcc);
	assert_int_equal(guest_load(table + 16, 4), 0x55667788);
	assert_int_equal(guest_load(table + 20, 4), 0x11223344);
	assert_int_equal(guest_load(table + 24, 8), 0x99aabbcc);
	guest_store(table + 28, 4, 0xffffffff);
	assert_int_equal(guest_load(table + 28, 4), 1);
	/* behind the last vector, up to the pending bits */
	for (uint32_t offset = 48; offset < PV_VMM_BAR_PBA - PV_VMM_BAR_MSIX; offset += 4) {
		guest_store(table + offset, 4, 0xffffffff);
		assert_int_equal(guest_load(table + offset, 4), 0);
	}
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_PBA, 8), 0);
}

static void device_configuration_is_the_topologys(void **state)
{
	(void)state;
	machine_start(1);
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_DEVICE, 4), 0x14131211);
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_DEVICE, 1), 0x11);
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_DEVICE + 10, 2), 0x1c1b);
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_DEVICE + 8, 8), 0x1c1b1a19);
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_DEVICE + 12, 4), 0);
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_DEVICE + 64, 4), 0);
	guest_store(BAR(NET) + PV_VMM_BAR_DEVICE, 4, 0xffffffff);
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_DEVICE, 4), 0x14131211);
	assert_int_equal(common(0x15, 1), 0); /* config_generation */
	assert_int_equal(guest_load(BAR(RNG) + PV_VMM_BAR_DEVICE, 8), 0);
}

static void reset_without_backend_is_at_once(void **state)
{
	(void)state;
	machine_start(1);
	set_entry(1, SETSPI, V2M_FIRST + 1, 0);
	guest_store(MSIX_CONTROL, 2, 0x8000);
	driver_start(NET);
	set_queue_vector(0, 1);
	set_common(0x10, 2, 0);
	assert_int_equal(bound(0), V2M_FIRST + 1);
	driver_set_status(NET, 0);
	assert_int_equal(driver_status(NET), 0);
	assert_int_equal(bound(0), 0);
	assert_int_equal(common(QUEUE_SELECT, 2), 0);
	assert_int_equal(common(QUEUE_SIZE, 2), 256);
	assert_int_equal(common(QUEUE_ENABLE, 2), 0);
	assert_int_equal(common(QUEUE_DESC, 8), 0);
	assert_int_equal(common(QUEUE_VECTOR, 2), NO_VECTOR);
	assert_int_equal(common(0x10, 2), NO_VECTOR);
	assert_int_equal(common(0x0c, 4), 0);
	/* the MSI-X table is PCI's, not virtio's: it stays */
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_MSIX + 24, 4), V2M_FIRST + 1);
	driver_start(NET);
	assert_int_equal(driver_status(NET), 0x0f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_initialises_it),
		cmocka_unit_test(features_must_be_offered),
		cmocka_unit_test(features_are_fixed_by_features_ok),
		cmocka_unit_test(status_bits_only_come),
		cmocka_unit_test(queue_size_is_checked),
		cmocka_unit_test(queues_that_are_none),
		cmocka_unit_test(queue_addresses_are_aligned_or_refused),
		cmocka_unit_test(queue_addresses_have_two_halves),
		cmocka_unit_test(enabled_queues_do_not_change),
		cmocka_unit_test(vectors_that_are_none),
		cmocka_unit_test(every_mask_unbinds),
		cmocka_unit_test(messages_go_to_the_frame_only),
		cmocka_unit_test(msix_table_reads_back),
		cmocka_unit_test(device_configuration_is_the_topologys),
		cmocka_unit_test(reset_without_backend_is_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
