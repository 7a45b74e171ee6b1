/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface between a PCI bus and its functions (vmm/pci/pci_function.h), by a function that is
 * no virtio device: it keeps its registers as a real one behind a register window would, and sits
 * on a bus of the machine beside a virtio one.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include <string.h>

#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/vmm_machine.h"

#define BUS 1U
#define SLOT 7U
#define FUNCTION (PV_VMM_DEVICES_MAX - 1U) /* the machine uses the first three */
#define CONFIG(bus, slot, reg) (ECAM(bus) + ((slot) << 15) + (reg))
#define HERE(reg) CONFIG(BUS, SLOT, reg)

#define SMALL 0x30000000U /* BAR0: 64 KiB, served by the kernel */
#define EMULATED 0x31000000U
#define LARGE UINT64_C(0x8480000000) /* BAR2 and 3: 2 GiB, 64-bit */

struct card {
	uint32_t words[1024];
	uint32_t resets;
	uint32_t last_lanes;
	uint64_t bar_value;
	uint32_t bar_offset;
};

static struct card card;

static uint32_t writable(uint32_t offset)
{
	return offset == 0x04 ? 0x0406 : offset >= 0x40 && offset < 0x100 ? UINT32_MAX : 0;
}

static void check_offset(uint32_t offset)
{
	assert_int_equal(offset % 4, 0);
	assert_true(offset < 4096);
	assert_false(offset >= 0x10 && offset < 0x28); /* the bus's */
	assert_int_not_equal(offset, 0x30);
}

static uint32_t read_config(void *device, uint32_t offset)
{
	check_offset(offset);
	return ((struct card *)device)->words[offset / 4];
}

static void write_config(void *device, uint32_t offset, uint32_t value, uint32_t lanes)
{
	struct card *self = device;
	uint32_t mask = writable(offset) & lanes;

	check_offset(offset);
	assert_int_equal(value & ~lanes, 0);
	self->last_lanes = lanes;
	self->words[offset / 4] = (self->words[offset / 4] & ~mask) | (value & mask);
}

static uint64_t read_bar(void *device, uint32_t bar, const struct access *access)
{
	assert_int_equal(bar, 1);
	((struct card *)device)->bar_offset = access->offset;
	return ((struct card *)device)->bar_value;
}

static void write_bar(void *device, uint32_t bar, const struct access *access)
{
	assert_int_equal(bar, 1);
	((struct card *)device)->bar_offset = access->offset;
	((struct card *)device)->bar_value = access->value;
}

static void reset(void *device)
{
	((struct card *)device)->resets++;
}

static const struct pci_operations operations = {read_config, write_config, read_bar, write_bar,
                                                 reset};

/* The machine, and in slot SLOT of bus BUS a network card as QEMU's e1000e names itself. */
static void start(void)
{
	const struct window window = {EMULATED, 0x1000, WINDOW_BAR, FUNCTION * PCI_BARS + 1};

	machine_start(1);
	memset(&card, 0, sizeof(card));
	card.words[0] = 0x10d38086;
	card.words[1] = 0x00100000;
	card.words[2] = 0x02000000;
	card.words[0x34 / 4] = 0xc8;
	card.words[0xffc / 4] = 0x12345678;
	machine.vm.functions[FUNCTION] = (struct pci_function){
		.operations = &operations,
		.device = &card,
		.bars = {{.base = SMALL, .bytes = 0x10000},
	                 {.base = EMULATED, .bytes = 0x1000, .is_emulated = true},
	                 {.base = LARGE,
	                  .bytes = UINT64_C(1) << 31,
	                  .type = PCI_BAR_64BIT | PCI_BAR_PREFETCH}},
	};
	machine.vm.buses[BUS].slots[SLOT] = &machine.vm.functions[FUNCTION];
	assert_int_equal(windows_add(&machine.vm.windows, &window), OK);
}

static void is_found_where_it_is(void **state)
{
	(void)state;
	start();
	for (uint32_t bus = 0; bus < 2; bus++) {
		for (uint32_t slot = 0; slot < 32; slot++) {
			bool is_virtio = bus == 0 ? slot <= 1 : slot == 5;
			bool is_here = bus == BUS && slot == SLOT;

			assert_int_equal(guest_load(CONFIG(bus, slot, 0), 2), is_here     ? 0x8086
			                                                      : is_virtio ? 0x1af4
			                                                                  : 0xffff);
		}
	}
	for (uint32_t function = 1; function < 8; function++) {
		assert_int_equal(guest_load(HERE(function << 12), 4), 0xffffffff);
		guest_store(HERE(function << 12 | 0x40), 4, 1);
	}
	assert_int_equal(card.words[0x40 / 4], 0);
}

static void accesses_hit_their_lanes(void **state)
{
	(void)state;
	start();
	assert_int_equal(guest_load(HERE(0x0b), 1), 0x02);
	assert_int_equal(guest_load(HERE(0x02), 2), 0x10d3);
	assert_int_equal(guest_load(HERE(0xffe), 2), 0x1234);
	guest_store(HERE(0x40), 4, 0x11223344);
	guest_store(HERE(0x41), 1, 0xaa);
	assert_int_equal(card.last_lanes, 0xff00);
	guest_store(HERE(0x42), 2, 0xbbcc);
	assert_int_equal(card.last_lanes, 0xffff0000);
	assert_int_equal(card.words[0x40 / 4], 0xbbccaa44);
	guest_store(HERE(0x04), 2, 0xffff);
	assert_int_equal(guest_load(HERE(0x04), 4), 0x00100406);
	guest_store(HERE(0), 4, 0); /* what the function does not take */
	assert_int_equal(guest_load(HERE(0), 4), 0x10d38086);
	assert_int_equal(guest_load(HERE(0x40), 8), UINT64_MAX);
}

/* As Linux's __pci_read_base: the register's size mask, and what was there again. */
static uint32_t size_of(uint32_t reg, uint32_t expected)
{
	uint32_t before = (uint32_t)guest_load(HERE(reg), 4);
	uint32_t mask;

	assert_int_equal(before, expected);
	guest_store(HERE(reg), 4, 0xffffffff);
	mask = (uint32_t)guest_load(HERE(reg), 4);
	guest_store(HERE(reg), 4, before);
	assert_int_equal(guest_load(HERE(reg), 4), before);
	return mask;
}

static void bars_have_sizes_and_do_not_move(void **state)
{
	static const uint32_t places[6] = {SMALL, EMULATED, (uint32_t)LARGE | 0xc, LARGE >> 32};
	static const uint32_t masks[6] = {0xffff0000, 0xfffff000, 0x8000000c, 0xffffffff};

	(void)state;
	start();
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(size_of(0x10 + 4 * i, places[i]), masks[i]);
		guest_store(HERE(0x10 + 4 * i), 4, 0x60000000);
		guest_store(HERE(0x10 + 4 * i), 2, 0xffff);
		assert_int_equal(guest_load(HERE(0x10 + 4 * i), 4), places[i]);
	}
	assert_int_equal(size_of(0x30, 0), 0); /* no ROM */
	assert_int_equal(guest_load(CONFIG(BUS, 5, 0x10), 4), BAR(RNG));
}

static void bar_accesses_reach_it(void **state)
{
	(void)state;
	start();
	guest_store(EMULATED + 0x24, 4, 0x55);
	assert_int_equal(card.bar_offset, 0x24);
	assert_int_equal(guest_load(EMULATED + 0xffc, 4), 0x55);
	assert_int_equal(card.bar_offset, 0xffc);
	/* BARs that are not emulated are the kernel's: what comes here is an error */
	assert_int_equal(machine_send(PV_MSG_READ, 0, SMALL, 4, 0).kind, PV_REPLY_ABORT);
	assert_int_equal(machine_send(PV_MSG_READ, 0, LARGE, 4, 0).kind, PV_REPLY_ABORT);
}

static void bus_resets_what_is_on_it(void **state)
{
	(void)state;
	start();
	guest_store(HERE(0x10), 4, 0xffffffff);
	pci_bus_reset(&machine.vm.buses[0]);
	assert_int_equal(card.resets, 0);
	pci_bus_reset(&machine.vm.buses[BUS]);
	assert_int_equal(card.resets, 1);
	assert_int_equal(guest_load(HERE(0x10), 4), SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_found_where_it_is),
		cmocka_unit_test(accesses_hit_their_lanes),
		cmocka_unit_test(bars_have_sizes_and_do_not_move),
		cmocka_unit_test(bar_accesses_reach_it),
		cmocka_unit_test(bus_resets_what_is_on_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
