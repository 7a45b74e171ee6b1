/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI host bridge and configuration space: enumeration as Linux does it, and every rule that keeps
 * a guest from moving what it must not.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/vmm_machine.h"

#define CONFIG(connection, slot, reg) (ECAM(connection) + ((slot) << 15) + (reg))
#define MSIX_CAP 0x40U
#define WINDOW_CAP 0x84U

static uint32_t config32(uint32_t reg)
{
	return (uint32_t)guest_load(CONFIG(0, 0, reg), 4);
}

static void scan_finds_what_is_there(void **state)
{
	(void)state;
	machine_start(1);
	for (uint32_t connection = 0; connection < 2; connection++) {
		for (uint32_t slot = 0; slot < 32; slot++) {
			uint64_t at = CONFIG(connection, slot, 0);
			bool is_there = connection == 0 ? slot <= 1 : slot == 5;

			assert_int_equal(guest_load(at, 2), is_there ? 0x1af4 : 0xffff);
			for (uint32_t function = 1; function < 8; function++) {
				assert_int_equal(guest_load(at + (function << 12), 4), 0xffffffff);
			}
		}
	}
	assert_int_equal(guest_load(CONFIG(0, 2, 0x0e), 1), 0xff);
	assert_int_equal(guest_load(CONFIG(0, 2, 0), 8), UINT64_MAX);
}

static void header_says_what_it_is(void **state)
{
	(void)state;
	machine_start(1);
	assert_int_equal(guest_load(CONFIG(0, 0, 0x02), 2), 0x1041);
	assert_int_equal(guest_load(CONFIG(0, 1, 0x02), 2), 0x1042);
	assert_int_equal(guest_load(CONFIG(1, 5, 0x02), 2), 0x1044);
	assert_int_equal(config32(0x08), 0x02000001);
	assert_int_equal(guest_load(CONFIG(0, 1, 0x08), 4), 0x01800001);
	assert_int_equal(guest_load(CONFIG(1, 5, 0x08), 4), 0xff000001);
	assert_int_equal(guest_load(CONFIG(0, 0, 0x0e), 1), 0);    /* header type */
	assert_int_equal(guest_load(CONFIG(0, 0, 0x06), 2), 0x10); /* capabilities */
	assert_int_equal(config32(0x2c), 0x11001af4);
	assert_int_equal(guest_load(CONFIG(0, 0, 0x3d), 1), 0); /* no INTx */
	assert_int_equal(guest_load(CONFIG(0, 0, 0x100), 4), 0);
	assert_int_equal(guest_load(CONFIG(0, 0, 0xffc), 4), 0);
}

static void command_keeps_its_bits(void **state)
{
	(void)state;
	machine_start(1);
	guest_store(CONFIG(0, 0, 0x04), 2, 0xffff);
	assert_int_equal(config32(0x04), 0x00100406);
	guest_store(CONFIG(0, 0, 0x05), 1, 0);
	assert_int_equal(config32(0x04), 0x00100006);
	guest_store(CONFIG(0, 0, 0x06), 2, 0xffff);
	assert_int_equal(config32(0x04), 0x00100006);
	guest_store(CONFIG(0, 0, 0x04), 4, 0);
	assert_int_equal(config32(0x04), 0x00100000);
	assert_int_equal(guest_load(CONFIG(0, 1, 0x04), 2), 0);
}

/* Linux's __pci_read_base: all ones, read, write back. */
static void size_of_bars(void **state)
{
	static const struct {
		uint32_t reg;
		uint32_t size_mask;
		uint32_t address;
	} bars[6] = {{0x10, 0xffffc000, BAR(0)},
	             {0x14, 0, 0},
	             {0x18, 0xfffff000, NOTIFY(0)},
	             {0x1c, 0, 0},
	             {0x20, 0, 0},
	             {0x24, 0, 0}};

	(void)state;
	machine_start(1);
	for (uint32_t i = 0; i < 6; i++) {
		uint64_t at = CONFIG(0, 0, bars[i].reg);
		uint64_t before = guest_load(at, 4);

		assert_int_equal(before, bars[i].address);
		guest_store(at, 4, 0xffffffff);
		assert_int_equal(guest_load(at, 4), bars[i].size_mask);
		guest_store(at, 4, before);
		assert_int_equal(guest_load(at, 4), before);
	}
	assert_int_equal(config32(0x30), 0); /* no ROM */
	guest_store(CONFIG(0, 0, 0x30), 4, 0xffffffff);
	assert_int_equal(config32(0x30), 0);
}

static void bars_do_not_move(void **state)
{
	(void)state;
	machine_start(1);
	guest_store(CONFIG(0, 0, 0x10), 4, 0x30000000);
	assert_int_equal(config32(0x10), BAR(0));
	guest_store(CONFIG(0, 0, 0x10), 2, 0xffff);
	assert_int_equal(config32(0x10), BAR(0));
	guest_store(CONFIG(0, 0, 0x18), 4, 0);
	assert_int_equal(config32(0x18), NOTIFY(0));
	assert_int_equal(guest_load(BAR(0) + 0x12, 2), 2); /* num_queues, where it was */
	assert_int_equal(machine_send(PV_MSG_READ, 0, 0x30000000, 4, 0).kind, PV_REPLY_ABORT);
}

/* Walks the chain; fills the position of each virtio capability type. Returns its length. */
static uint32_t walk(uint32_t connection, uint32_t slot, uint32_t position[6], uint32_t *msix)
{
	uint32_t at = (uint32_t)guest_load(CONFIG(connection, slot, 0x34), 1);
	uint32_t count = 0;

	for (uint32_t i = 0; i < 6; i++) {
		position[i] = 0;
	}
	*msix = 0;
	while (at != 0) {
		uint8_t id = (uint8_t)guest_load(CONFIG(connection, slot, at), 1);

		assert_true(at >= 0x40 && at % 4 == 0 && ++count < 20);
		if (id == 0x11) {
			*msix = at;
		} else {
			uint32_t type = (uint32_t)guest_load(CONFIG(connection, slot, at + 3), 1);

			assert_int_equal(id, 0x09);
			assert_in_range(type, 1, 5);
			assert_int_equal(position[type], 0);
			position[type] = at;
			assert_int_equal(guest_load(CONFIG(connection, slot, at + 2), 1),
			                 type == 2 || type == 5 ? 20 : 16);
		}
		at = (uint32_t)guest_load(CONFIG(connection, slot, at + 1), 1);
	}
	return count;
}

static void capabilities_lead_to_registers(void **state)
{
	static const uint32_t expected[6][3] = {/* BAR, offset, bytes */
	                                        [1] = {0, PV_VMM_BAR_COMMON, 0x38},
	                                        [2] = {2, 0, 8},
	                                        [3] = {0, PV_VMM_BAR_ISR, 1},
	                                        [4] = {0, PV_VMM_BAR_DEVICE, 12}};
	uint32_t position[6];
	uint32_t msix;

	(void)state;
	machine_start(1);
	assert_int_equal(walk(0, 0, position, &msix), 6);
	for (uint32_t type = 1; type <= 4; type++) {
		assert_int_equal(guest_load(CONFIG(0, 0, position[type] + 4), 1),
		                 expected[type][0]);
		assert_int_equal(config32(position[type] + 8), expected[type][1]);
		assert_int_equal(config32(position[type] + 12), expected[type][2]);
	}
	assert_int_equal(config32(position[2] + 16), 4); /* notify_off_multiplier */
	assert_int_equal(position[5], WINDOW_CAP);
	assert_int_equal(msix, MSIX_CAP);
	assert_int_equal(guest_load(CONFIG(0, 0, msix + 2), 2), 2); /* table size - 1 */
	assert_int_equal(config32(msix + 4), PV_VMM_BAR_MSIX);
	assert_int_equal(config32(msix + 8), PV_VMM_BAR_PBA);
	/* a device without configuration has no capability for it */
	assert_int_equal(walk(1, 5, position, &msix), 5);
	assert_int_equal(position[4], 0);
}

static void msix_control_is_two_bits(void **state)
{
	(void)state;
	machine_start(1);
	guest_store(CONFIG(0, 0, MSIX_CAP + 2), 2, 0xffff);
	assert_int_equal(config32(MSIX_CAP), 0xc0025011);
	guest_store(CONFIG(0, 0, MSIX_CAP + 2), 1, 0); /* the low byte has none of them */
	assert_int_equal(config32(MSIX_CAP), 0xc0025011);
	guest_store(CONFIG(0, 0, MSIX_CAP), 4, 0x80000000);
	assert_int_equal(config32(MSIX_CAP), 0x80025011);
}

/* virtio 1.2, 4.1.4.9: BAR access through configuration space. */
static void access_window(void **state)
{
	(void)state;
	machine_start(1);
	guest_store(CONFIG(0, 1, WINDOW_CAP + 4), 1, 0);
	guest_store(CONFIG(0, 1, WINDOW_CAP + 8), 4, PV_VMM_BAR_DEVICE + 4);
	guest_store(CONFIG(0, 1, WINDOW_CAP + 12), 4, 2);
	assert_int_equal(guest_load(CONFIG(0, 1, WINDOW_CAP + 16), 2), 0x1615);
	guest_store(CONFIG(0, 1, WINDOW_CAP + 8), 4, 0x14);
	guest_store(CONFIG(0, 1, WINDOW_CAP + 12), 4, 1);
	guest_store(CONFIG(0, 1, WINDOW_CAP + 16), 1, 3);
	assert_int_equal(driver_status(BLK), 3);
	assert_int_equal(guest_load(CONFIG(0, 1, WINDOW_CAP + 16), 1), 3);
	guest_store(CONFIG(0, 1, WINDOW_CAP + 16), 1, 0); /* a reset by this way is one too */
	assert_int_equal(driver_status(BLK), 0);
	/* other BARs, other widths, places outside: nothing */
	guest_store(CONFIG(0, 1, WINDOW_CAP + 12), 4, 8);
	assert_int_equal(guest_load(CONFIG(0, 1, WINDOW_CAP + 16), 4), 0);
	guest_store(CONFIG(0, 1, WINDOW_CAP + 12), 4, 4);
	guest_store(CONFIG(0, 1, WINDOW_CAP + 8), 4, 0xfffffffc);
	assert_int_equal(guest_load(CONFIG(0, 1, WINDOW_CAP + 16), 4), 0);
	guest_store(CONFIG(0, 1, WINDOW_CAP + 8), 4, 0);
	guest_store(CONFIG(0, 1, WINDOW_CAP + 4), 1, 2);
	assert_int_equal(guest_load(CONFIG(0, 1, WINDOW_CAP + 16), 4), 0);
	guest_store(CONFIG(0, 1, WINDOW_CAP + 16), 4, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan_finds_what_is_there),
		cmocka_unit_test(header_says_what_it_is),
		cmocka_unit_test(command_keeps_its_bits),
		cmocka_unit_test(size_of_bars),
		cmocka_unit_test(bars_do_not_move),
		cmocka_unit_test(capabilities_lead_to_registers),
		cmocka_unit_test(msix_control_is_two_bits),
		cmocka_unit_test(access_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
