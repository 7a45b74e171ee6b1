/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical PCI functions (vmm/pci/physical.h), by registers as QEMU's devices have them behind the
 * windows of the fake kernel.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include <string.h>

#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/vmm_machine.h"

#define NVME_AT(reg) (ECAM_HARDWARE + (reg))
#define CARD_AT(reg) (ECAM_HARDWARE + (3U << 15) + (reg))

static void ranges_show_their_place_and_size(void **state)
{
	(void)state;
	machine_start(1);
	assert_int_equal(guest_load(NVME_AT(0), 4), 0x00101b36);
	assert_int_equal(guest_load(NVME_AT(0x10), 4), PLACE(NVME, 0) | 4);
	assert_int_equal(guest_load(NVME_AT(0x14), 4), 0);
	assert_int_equal(guest_load(CARD_AT(0x18), 4), 0); /* I/O */
	guest_store(CARD_AT(0x1c), 4, UINT32_MAX);
	assert_int_equal(guest_load(CARD_AT(0x1c), 4), 0xffffc000);
	assert_int_equal(fake.windows[CARD].words[7], BUS_PLACE(CARD, 3));
	assert_int_equal(guest_load(NVME_AT(0x3d), 1), 0);
	assert_int_equal(guest_load(CARD_AT(0x3d), 1), 1);
}

static void dma_follows_bus_master(void **state)
{
	(void)state;
	machine_start(1);
	assert_false(fake.streams[NVME]);
	guest_store(NVME_AT(4), 2, 6);
	assert_true(fake.streams[NVME] && !fake.streams[CARD]);
	assert_int_equal(fake.windows[NVME].words[1] & 6, 6);
	guest_store(NVME_AT(4), 2, 2);
	assert_false(fake.streams[NVME]);
}

static void narrow_stores_clear_no_status(void **state)
{
	struct fake_window *card = &fake.windows[CARD];

	(void)state;
	machine_start(1);
	card->words[0xe8 / 4] = 0x000f2810;
	card->writable[0xe8 / 4] = 0xffff;
	card->clears[0xe8 / 4] = 0x000f0000;
	card->words[0xcc / 4] = 0x8000;
	card->writable[0xcc / 4] = 0x0103;
	card->clears[0xcc / 4] = 0x8000;
	guest_store(CARD_AT(0xe8), 2, 0x5810);
	assert_int_equal(guest_load(CARD_AT(0xe8), 4), 0x000f5810);
	guest_store(CARD_AT(0xea), 2, 0x0001);
	assert_int_equal(guest_load(CARD_AT(0xe8), 4), 0x000e5810);
	guest_store(CARD_AT(0xcc), 1, 3);
	assert_int_equal(guest_load(CARD_AT(0xcc), 4), 0x8003);
}

static void what_a_guest_must_not_have_is_hidden(void **state)
{
	struct fake_window *card = &fake.windows[CARD];

	(void)state;
	machine_configure(1);
	card->words[0x140 / 4] = 0x16010003;
	card->words[0x160 / 4] = 0x17010010; /* SR-IOV */
	card->words[0x170 / 4] = 0x0001000f; /* ATS, the last */
	card->words[0x100 / 4] = 0x14020001;
	card->words[0xe0 / 4] = 0x00914010;
	card->words[0x40 / 4] = 0x0002a014; /* Enhanced Allocation */
	card->words[0x0c / 4] = 0x00800000;
	assert_int_equal(vm_init(&machine.vm, &machine.config.vm, 0), OK);
	assert_int_equal(life_begin(&machine.vm, &machine.config.vm.kept, 0).kind, PV_REPLY_NONE);
	assert_int_equal(guest_load(CARD_AT(0x40), 4), 0x0002a000);
	assert_int_equal(guest_load(CARD_AT(0x140), 4), 0x16010003);
	assert_int_equal(guest_load(CARD_AT(0x160), 4), 0x17000000);
	assert_int_equal(guest_load(CARD_AT(0x170), 4), 0);
	assert_int_equal(guest_load(CARD_AT(0x0e), 1), 0); /* of one function */
}

/* The chain of capabilities may be a ring: whoever follows it comes back. */
static void a_ring_of_capabilities_ends(void **state)
{
	(void)state;
	machine_configure(1);
	fake.windows[CARD].words[0xe0 / 4] = 0x0091c810;
	fake.windows[CARD].words[0x140 / 4] = 0x10010003;
	assert_int_equal(vm_init(&machine.vm, &machine.config.vm, 0), OK);
	assert_int_equal(life_begin(&machine.vm, &machine.config.vm.kept, 0).kind, PV_REPLY_NONE);
}

static void functions_are_reset_before_each_run(void **state)
{
	(void)state;
	machine_start(1);
	fake.windows[NVME].writable[0x88 / 4] = 0xffff;
	guest_store(NVME_AT(4), 2, 6);
	(void)machine_send(PV_MSG_CALL, 0, 0x84000009, 0, 0); /* SYSTEM_RESET */
	assert_false(fake.streams[NVME]);
	assert_int_equal(fake.windows[NVME].words[1] & 6, 0);
	(void)machine_wait(60000);
	assert_true(fake.vcpu_on[0]);
	assert_int_equal(fake.windows[NVME].words[0x88 / 4] & 0x8000, 0x8000); /* FLR */
	assert_int_equal(fake.windows[CARD].words[0xcc / 4] & 3, 0);
}

static void a_closed_function_fails_its_vm(void **state)
{
	(void)state;
	machine_configure(1);
	fake.windows[NVME].closed = true;
	assert_int_equal(vm_init(&machine.vm, &machine.config.vm, 0), OK);
	assert_int_equal(life_begin(&machine.vm, &machine.config.vm.kept, 0).kind, PV_REPLY_STOP);
	assert_non_null(strstr(fake.output[FAKE_CAP_LOG], "hardware 00:02.0: its registers"));
}

static void a_range_without_place_fails_its_vm(void **state)
{
	(void)state;
	machine_configure(1);
	machine.config.functions[CARD].bars[1].bytes = 0;
	assert_int_equal(vm_init(&machine.vm, &machine.config.vm, 0), OK);
	assert_int_equal(life_begin(&machine.vm, &machine.config.vm.kept, 0).kind, PV_REPLY_STOP);
	assert_non_null(strstr(fake.output[FAKE_CAP_LOG], "hardware 00:03.0: BAR 1 reads "));
}

static void a_wrong_function_fails_its_vm(void **state)
{
	(void)state;
	machine_configure(1);
	fake.windows[CARD].words[3] = 0x10000; /* a bridge */
	assert_int_equal(vm_init(&machine.vm, &machine.config.vm, 0), OK);
	assert_int_equal(life_begin(&machine.vm, &machine.config.vm.kept, 0).kind, PV_REPLY_STOP);
	assert_int_equal(machine.vm.life.power.state, POWER_FAILED);
	assert_non_null(strstr(fake.output[FAKE_CAP_LOG], "hardware 00:03.0: is a bridge"));
	assert_non_null(strstr(fake.output[FAKE_CAP_LOG], "vm failed hardware after 0 restarts"));
	assert_false(fake.vcpu_on[0]);
}

static void faults_are_told_ever_more_seldom(void **state)
{
	uint32_t lines = 0;

	(void)state;
	machine_start(1);
	guest_store(CARD_AT(4), 2, 4);
	for (uint32_t i = 1; i <= 1000; i++) {
		fake_forget();
		fake.stream_faults[CARD] = (struct stream_faults){i, 0x1000, 0x10};
		(void)machine_wait(1000);
		lines += fake.output[FAKE_CAP_LOG][0] != '\0' ? 1 : 0;
		if (i == 8) {
			assert_string_equal(fake.output[FAKE_CAP_LOG],
			                    "stream 00:03.0 faults 8 last 0x1000\n");
		}
	}
	assert_int_equal(lines, 8 + 6);
}

/* The last when the stream goes off; then the VMM rests. */
static void faults_are_asked_for_while_there_is_dma(void **state)
{
	(void)state;
	machine_start(1);
	assert_int_equal(fake.timer, UINT64_MAX);
	guest_store(NVME_AT(4), 2, 4);
	fake_forget();
	fake.stream_faults[NVME] = (struct stream_faults){1, 0x2000, 0x10};
	(void)machine_wait(1000);
	assert_string_equal(fake.output[FAKE_CAP_LOG], "stream 00:02.0 faults 1 last 0x2000\n");
	fake_forget();
	fake.stream_faults[NVME] = (struct stream_faults){2, 0x3000, 0x10};
	guest_store(NVME_AT(4), 2, 0);
	assert_string_equal(fake.output[FAKE_CAP_LOG], "stream 00:02.0 faults 2 last 0x3000\n");
	(void)machine_wait(1000);
	assert_int_equal(fake.timer, UINT64_MAX);
}

static void without_its_stream_there_is_no_dma(void **state)
{
	(void)state;
	machine_start(1);
	fake.stream_error = ERR_STATE;
	guest_store(NVME_AT(4), 2, 4);
	assert_int_equal(fake.windows[NVME].words[1] & 4, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_show_their_place_and_size),
		cmocka_unit_test(dma_follows_bus_master),
		cmocka_unit_test(narrow_stores_clear_no_status),
		cmocka_unit_test(what_a_guest_must_not_have_is_hidden),
		cmocka_unit_test(a_ring_of_capabilities_ends),
		cmocka_unit_test(functions_are_reset_before_each_run),
		cmocka_unit_test(a_closed_function_fails_its_vm),
		cmocka_unit_test(a_range_without_place_fails_its_vm),
		cmocka_unit_test(a_wrong_function_fails_its_vm),
		cmocka_unit_test(faults_are_told_ever_more_seldom),
		cmocka_unit_test(faults_are_asked_for_while_there_is_dma),
		cmocka_unit_test(without_its_stream_there_is_no_dma),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
