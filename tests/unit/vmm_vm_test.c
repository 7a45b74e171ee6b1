/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMM around its devices: checks of the configuration, dispatch by address, reports of faults,
 * the main loop, and the rule that register tables are sorted and disjoint.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include <stdio.h>
#include <string.h>

#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/vmm_machine.h"

_Noreturn void vmm_main(struct pv_vmm_config *config, uint64_t cpu, uint64_t midr,
                        uint64_t restarts);

static void good_configuration_is_taken(void **state)
{
	struct config config;
	const char *fault = "";

	(void)state;
	machine_configure(4);
	assert_int_equal(config_open(&machine.config.vm, &config, &fault), OK);
	assert_null(fault);
	assert_ptr_equal(config.connections, machine.config.connections);
	assert_ptr_equal(config.devices, machine.config.devices);
	assert_ptr_equal(config.functions, machine.config.functions);
}

/* One wrong field each, and what the report calls it. */
static const struct {
	void *field;
	uint64_t value;
	uint32_t bytes;
	const char *fault;
} bad_fields[] = {
	{&machine.config.vm.magic, 1, 8, "magic or version"},
	{&machine.config.vm.version, 1, 4, "magic or version"},
	{&machine.config.vm.bytes, sizeof(machine.config) - 1, 4, "bytes"},
	{&machine.config.vm.name[0], 0, 1, "name"},
	{&machine.config.vm.name[1], 0x1b, 1, "name"},
	{&machine.config.vm.vcpu_count, 0, 4, "vcpu_count"},
	{&machine.config.vm.vcpu_count, 5, 4, "vcpu_count"},
	{&machine.config.vm.connection_count, 17, 4, "connection_count"},
	{&machine.config.vm.connection_count, 1, 4, "device slices"},
	{&machine.config.vm.device_count, 33, 4, "device_count"},
	{&machine.config.vm.device_count, 2, 4, "device slices"},
	{&machine.config.vm.gicd_ipa, GICD + 4, 8, "gicd_ipa"},
	{&machine.config.vm.gicd_ipa, UINT64_C(1) << 39, 8, "gicd_ipa"},
	{&machine.config.vm.gicd_ipa, TTY, 8, "windows overlap"},
	{&machine.config.vm.gicr_ipa, GICR + 0x10000, 8, "gicr_ipa"},
	{&machine.config.vm.gicr_ipa, UINT64_C(1) << 39, 8, "gicr_ipa"},
	{&machine.config.vm.gicr_ipa, 0x09000000, 8, "windows overlap"},
	{&machine.config.vm.v2m_ipa, V2M + 1, 8, "v2m"},
	{&machine.config.vm.v2m_first, 31, 4, "v2m"},
	{&machine.config.vm.v2m_first, PV_VIRQS, 4, "v2m"},
	{&machine.config.vm.v2m_count, PV_VIRQS - V2M_FIRST + 1, 4, "v2m"},
	{&machine.config.vm.v2m_count, UINT32_MAX, 4, "v2m"},
	{&machine.config.vm.uarts[0].intid, 31, 4, "uarts"},
	{&machine.config.vm.uarts[1].intid, PV_VIRQS, 4, "uarts"},
	{&machine.config.vm.uarts[1].ipa, AGENT + 8, 8, "uarts"},
	{&machine.config.vm.uarts[1].event, 64, 4, "uarts"},
	{&machine.config.vm.flags, 2, 4, "life"},
	{&machine.config.vm.restart, PV_VMM_RESTART_COUNT, 4, "life"},
	{&machine.config.vm.restart_delay_ms, PV_VMM_DELAY_MS_MAX + 1, 4, "life"},
	{&machine.config.vm.event_log, 64, 4, "requests"},
	{&machine.config.vm.event_start, 64, 4, "requests"},
	{&machine.config.vm.event_stop, 64, 4, "requests"},
	{&machine.config.vm.event_restart, UINT32_MAX, 4, "requests"},
	{&machine.config.connections[0].peer[0], 0, 1, "connection peer"},
	{&machine.config.connections[1].ecam_ipa, ECAM(1) + 0x1000, 8, "connection ecam_ipa"},
	{&machine.config.connections[1].ecam_ipa, ECAM(0), 8, "windows overlap"},
	{&machine.config.connections[0].page_in, 8, 8, "connection pages or event"},
	{&machine.config.connections[0].event, 64, 4, "connection pages or event"},
	{&machine.config.connections[1].device_first, 1, 4, "device slices"},
	{&machine.config.connections[1].device_first, 3, 4, "device slices"},
	{&machine.config.connections[1].device_count, UINT32_MAX, 4, "device slices"},
	{&machine.config.devices[0].connection, 1, 4, "device"},
	{&machine.config.devices[1].index, 0, 4, "device"},
	{&machine.config.devices[1].slot, 0, 4, "device"},
	{&machine.config.devices[1].flags, 2, 4, "device"},
	{&machine.config.devices[0].flags, PV_VMM_DEVICE_LATE, 4, "device"}, /* no disk */
	{&machine.config.devices[1].slot, 32, 4, "device"},
	{&machine.config.devices[1].type, 0, 4, "device"},
	{&machine.config.devices[1].type, 64, 4, "device"},
	{&machine.config.devices[1].queue_count, 0, 4, "device"},
	{&machine.config.devices[1].queue_count, 17, 4, "device"},
	{&machine.config.devices[1].queue_size, 0, 4, "device"},
	{&machine.config.devices[1].queue_size, 96, 4, "device"},
	{&machine.config.devices[1].queue_size, 65536, 4, "device"},
	{&machine.config.devices[1].config_bytes, 65, 4, "device"},
	{&machine.config.devices[1].features, 1, 8, "device"},
	{&machine.config.devices[1].bar_ipa, BAR(1) + 0x1000, 8, "device"},
	{&machine.config.devices[1].bar_ipa, UINT64_C(1) << 32, 8, "device"},
	{&machine.config.devices[1].bar_ipa, BAR(0), 8, "windows overlap"},
	{&machine.config.devices[1].notify_ipa, UINT64_C(1) << 32, 8, "device"},
	{&machine.config.devices[1].notify_ipa, NOTIFY(1) + 4, 8, "device"},
	{&machine.config.vm.function_count, 17, 4, "function_count"},
	{&machine.config.vm.function_count, 3, 4, "bytes"},
	{&machine.config.vm.hw_ecam_ipa, 0, 8, "function_count"},
	{&machine.config.vm.hw_ecam_ipa, ECAM_HARDWARE + 0x1000, 8, "function_count"},
	{&machine.config.vm.hw_ecam_ipa, UINT64_C(1) << 39, 8, "function_count"},
	{&machine.config.functions[1].slot, 32, 4, "function"},
	{&machine.config.functions[1].slot, 0, 4, "function"},
	{&machine.config.functions[1].intx, 31, 4, "function"},
	{&machine.config.functions[1].intx, PV_VIRQS, 4, "function"},
	{&machine.config.functions[0].bars[0].bytes, 0x800, 8, "function"},
	{&machine.config.functions[0].bars[0].bytes, 0x3000, 8, "function"},
	{&machine.config.functions[0].bars[0].bytes, UINT64_C(1) << 33, 8, "function"},
	{&machine.config.functions[0].bars[0].ipa, PLACE(NVME, 0) + 0x1000, 8, "function"},
	{&machine.config.functions[0].bars[0].ipa, UINT64_C(1) << 32, 8, "function"},
	{&machine.config.functions[0].bars[0].bus, BUS_PLACE(NVME, 0) + 0x1000, 8, "function"},
	{&machine.config.functions[0].bars[0].bus, UINT64_C(1) << 32, 8, "function"},
};

static void bad_configurations_are_refused(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARRAY_COUNT(bad_fields); i++) {
		char expected[80];

		machine_configure(2);
		memcpy(bad_fields[i].field, &bad_fields[i].value, bad_fields[i].bytes);
		assert_int_not_equal(vm_init(&machine.vm, &machine.config.vm, 0), OK);
		(void)snprintf(expected, sizeof(expected), "vmm: bad configuration: %s\n",
		               bad_fields[i].fault);
		assert_string_equal(fake.output[FAKE_CAP_LOG], expected);
	}
}

static void vm_without_extras(void **state)
{
	(void)state;
	machine_configure(1);
	machine.config.vm.connection_count = 0;
	machine.config.vm.device_count = 0;
	machine.config.vm.function_count = 0;
	machine.config.vm.hw_ecam_ipa = 0;
	machine.config.vm.v2m_ipa = 0;
	machine.config.vm.v2m_first = 0;
	machine.config.vm.v2m_count = 0;
	machine.config.vm.uarts[1] = (struct pv_vmm_uart){0};
	assert_int_equal(vm_init(&machine.vm, &machine.config.vm, 0), OK);
	assert_int_equal(life_begin(&machine.vm, &machine.config.vm.kept, 0).kind, PV_REPLY_NONE);
	assert_int_equal(machine_send(PV_MSG_READ, 0, AGENT, 4, 0).kind, PV_REPLY_ABORT);
	assert_int_equal(machine_send(PV_MSG_READ, 0, V2M, 4, 0).kind, PV_REPLY_ABORT);
	assert_int_equal(machine_send(PV_MSG_EVENTS, UINT64_MAX, 0, 0, 0).kind, PV_REPLY_NONE);
}

static void unanswered_accesses_are_aborted(void **state)
{
	static const struct {
		struct message message;
		const char *report;
	} cases[] = {
		{{{PV_MSG_READ, 1, 0xdead0000, 4, 0, 0x93820006, 0xffff800010081234, 0}},
	         "fault 1: driver vcpu 1 loads from 0xdead0000, pc 0xffff800010081234, syndrome "
	         "0x93820006\n"},
		{{{PV_MSG_WRITE, 0, 0x0, 8, 0x1122, 0x93c20046, 0x40080000, 0}},
	         "fault 2: driver vcpu 0 stores to 0x0, pc 0x40080000, syndrome 0x93c20046, value "
	         "0x1122\n"},
		{{{PV_MSG_FAULT, 0, 0x7000, 0, 0, 0x82000005, 0x7000, 0x8000}},
	         "fault 3: driver vcpu 0 fetches from 0x7000, pc 0x7000, syndrome 0x82000005, virtual "
	         "0x8000\n"},
		{{{PV_MSG_FAULT, 1, GICD, 0, 0, 0x92000046, 0x40080004, 0xffff0000}},
	         "fault 4: driver vcpu 1 cannot access 0x8000000, pc 0x40080004, syndrome 0x92000046, "
	         "virtual 0xffff0000\n"},
	};

	(void)state;
	machine_start(2);
	for (uint32_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct reply reply;

		fake_forget();
		reply = vm_serve(&machine.vm, &cases[i].message);
		assert_int_equal(reply.kind, PV_REPLY_ABORT);
		assert_string_equal(fake.output[FAKE_CAP_LOG], cases[i].report);
	}
}

/* Each of the first 8, then the 16th, 32nd, and so on. */
static void reports_become_rare(void **state)
{
	uint32_t lines = 0;

	(void)state;
	machine_start(1);
	for (uint32_t i = 1; i <= 1000; i++) {
		fake_forget();
		assert_int_equal(machine_send(PV_MSG_READ, 0, 0x30000000, 4, 0).kind,
		                 PV_REPLY_ABORT);
		lines += fake.output[FAKE_CAP_LOG][0] != '\0' ? 1 : 0;
		assert_int_equal(fake.output[FAKE_CAP_LOG][0] != '\0',
		                 i <= 8 || (i & (i - 1)) == 0);
	}
	assert_int_equal(lines, 8 + 6);
	assert_int_equal(machine.vm.faults.count, 1000);
}

static void windows_end_where_they_end(void **state)
{
	static const uint64_t edges[] = {
		GICD - 4,       GICD + 0x1000, V2M - 4,        V2M + 0x1000,
		TTY - 4,        TTY + 0x1000,  BAR(0) - 4,     BAR(3),
		ECAM(0) - 4,    ECAM(2),       UINT64_MAX - 3, 0,
		GICD + 0x0ffeU, UINT64_MAX,    NOTIFY(0),
	};

	(void)state;
	machine_start(1);
	for (uint32_t i = 0; i < ARRAY_COUNT(edges); i++) {
		assert_int_equal(machine_send(PV_MSG_READ, 0, edges[i], 4, 0).kind, PV_REPLY_ABORT);
		assert_int_equal(machine_send(PV_MSG_WRITE, 0, edges[i], 4, 0).kind,
		                 PV_REPLY_ABORT);
	}
	assert_int_equal(machine_send(PV_MSG_READ, 0, GICD + 0xffc, 4, 0).kind, PV_REPLY_RESUME);
	assert_int_equal(machine_send(PV_MSG_READ, 0, ECAM(1) + 0xffffc, 4, 0).kind,
	                 PV_REPLY_RESUME);
}

static void registers_are_read_as_the_guest_has_them(void **state)
{
	const uint64_t pfr0 = 0x18ULL << 26 | 3U << 20 | 4U << 1 | 1U;
	const uint64_t hcr = 0x18ULL << 26 | 3U << 20 | 4U << 14 | 1U << 10 | 1U << 1 | 1U;
	const uint64_t cntpct = 0x18ULL << 26 | 3U << 20 | 1U << 17 | 3U << 14 | 14U << 10 | 1U;
	struct reply reply;

	(void)state;
	machine_start(1);
	reply = vm_serve(&machine.vm,
	                 &(struct message){{PV_MSG_SYSREG, 0, 0x1103000000112222, 0, 0, pfr0}});
	assert_int_equal(reply.kind, PV_REPLY_RESUME);
	assert_int_equal(reply.value, 0x1101000000110012); /* no EL2 and EL3, no GICv3 */
	reply = vm_serve(&machine.vm, &(struct message){{PV_MSG_SYSREG, 0, 0, 0, 0, hcr}});
	assert_int_equal(reply.kind, PV_REPLY_UNDEF);
	reply = vm_serve(&machine.vm, &(struct message){{PV_MSG_SYSREG, 0, 0, 0, 0, cntpct}});
	assert_int_equal(reply.kind, PV_REPLY_RESUME);
	assert_int_equal(reply.value, fake.now);
}

static void broken_messages_end_the_vm(void **state)
{
	static const struct message broken[] = {
		{{PV_MSG_READ, 2, GICD, 4}},
		{{PV_MSG_CALL, UINT64_MAX}},
		{{0}},
		{{7}},
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_COUNT(broken); i++) {
		struct reply reply;

		machine_start(2);
		machine.config.vm.restart = PV_VMM_RESTART_NO;
		reply = vm_serve(&machine.vm, &broken[i]);
		assert_int_equal(reply.kind, PV_REPLY_STOP);
		assert_int_equal(reply.value, PV_STOP_VMM);
	}
	machine_start(2);
	assert_int_equal(machine_send(PV_MSG_READ, 0, GICD, 3, 0).kind, PV_REPLY_RESUME);
	assert_int_equal(machine.last.value, 0);
}

static void check_table(const struct reg_table *table, uint32_t window_bytes)
{
	uint32_t end = 0;

	assert_true(table->count > 0);
	for (size_t i = 0; i < table->count; i++) {
		const struct reg *row = &table->rows[i];

		assert_true(row->offset >= end);
		assert_true(row->bytes > 0 && row->widths != 0 && row->widths < 16);
		end = row->offset + row->bytes;
		assert_true(end <= window_bytes);
	}
}

static void register_tables_are_sorted_and_disjoint(void **state)
{
	(void)state;
	check_table(&gicv2_registers, GICV2_BYTES);
	check_table(&gicv3_registers, GICV3_BYTES);
	check_table(&gicr_registers, GICR_BYTES);
	check_table(&v2m_registers, V2M_BYTES);
	check_table(&pl011_registers, PL011_BYTES);
	check_table(&virtio_pci_registers, PV_VMM_BAR_BYTES);
}

static void v2m_frame(void **state)
{
	(void)state;
	machine_start(1);
	assert_int_equal(guest_load(V2M + 0x008, 4), V2M_FIRST << 16 | V2M_COUNT);
	assert_int_equal(guest_load(V2M + 0xfcc, 4), 0);
	guest_store(V2M + 0x040, 4, V2M_FIRST + V2M_COUNT - 1);
	assert_int_equal(fake_virq(0, V2M_FIRST + V2M_COUNT - 1)->pending, 1);
	fake_forget();
	guest_store(V2M + 0x040, 4, V2M_FIRST + V2M_COUNT);
	guest_store(V2M + 0x040, 4, V2M_FIRST - 1);
	guest_store(V2M + 0x040, 4, 0xffffffff);
	guest_store(V2M + 0x040, 4, 0);
	assert_int_equal(fake.record_count, 0);
}

static void main_loop_serves_and_replies(void **state)
{
	(void)state;
	machine_configure(1);
	fake.messages[0] = (struct message){{PV_MSG_READ, 0, GICD + 4, 4}};
	fake.messages[1] = (struct message){{PV_MSG_EVENTS, 1}};
	fake.messages[2] = (struct message){{PV_MSG_CALL, 0, 0x84000008}};
	fake.message_count = 3;
	if (setjmp(fake.end) == 0) {
		vmm_main(&machine.config.vm, 0, 0, 0);
	}
	assert_int_equal(fake.replies[0].kind, PV_REPLY_NONE);
	assert_int_equal(fake.replies[1].kind, PV_REPLY_RESUME);
	assert_int_equal(fake.replies[1].value, 8);
	assert_int_equal(fake.replies[2].kind, PV_REPLY_NONE);
	assert_int_equal(fake.replies[3].kind, PV_REPLY_STOP);
	assert_int_equal(fake.replies[3].value, PV_STOP_POWEROFF);
}

static void main_loop_stops_a_bad_vm_at_once(void **state)
{
	(void)state;
	machine_configure(1);
	machine.config.vm.version++;
	fake.messages[0] = (struct message){{PV_MSG_READ, 0, GICD + 4, 4}};
	fake.message_count = 1;
	if (setjmp(fake.end) == 0) {
		vmm_main(&machine.config.vm, 0, 0, 0);
	}
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(fake.replies[i].kind, PV_REPLY_STOP);
		assert_int_equal(fake.replies[i].value, PV_STOP_VMM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_configuration_is_taken),
		cmocka_unit_test(bad_configurations_are_refused),
		cmocka_unit_test(vm_without_extras),
		cmocka_unit_test(unanswered_accesses_are_aborted),
		cmocka_unit_test(reports_become_rare),
		cmocka_unit_test(windows_end_where_they_end),
		cmocka_unit_test(registers_are_read_as_the_guest_has_them),
		cmocka_unit_test(broken_messages_end_the_vm),
		cmocka_unit_test(register_tables_are_sorted_and_disjoint),
		cmocka_unit_test(v2m_frame),
		cmocka_unit_test(main_loop_serves_and_replies),
		cmocka_unit_test(main_loop_stops_a_bad_vm_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
