/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a VM: how it ends, comes back and is asked to, what its device VMs can do about it,
 * and that each run begins with the machine that the first began with.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include <stdio.h>
#include <string.h>

#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/vmm_machine.h"

#define PSCI_CPU_ON 0x84000003U
#define PSCI_SYSTEM_OFF 0x84000008U
#define PSCI_SYSTEM_RESET 0x84000009U
#define PSCI_SYSTEM_RESET2 0x84000012U
#define WATCHDOG 0x82003d06U

static const char *log_text(void)
{
	return fake.output[FAKE_CAP_LOG];
}

static struct reply firmware(uint32_t vcpu, uint64_t function, uint64_t x1)
{
	return machine_send(PV_MSG_CALL, vcpu, function, x1, 0);
}

static void assert_off(void)
{
	for (uint32_t i = 0; i < PV_DOMAIN_VCPUS_MAX; i++) {
		assert_false(fake.vcpu_on[i]);
	}
}

static void assert_started_again(uint32_t starts)
{
	char line[32];

	(void)snprintf(line, sizeof(line), "vm starting %u\n", starts);
	assert_non_null(strstr(log_text(), line));
	assert_true(fake.vcpu_on[0]);
	assert_int_equal(fake.vcpu_pc[0], ENTRY);
	assert_int_equal(fake.vcpu_argument[0], ENTRY_ARG);
	for (uint32_t i = 1; i < PV_DOMAIN_VCPUS_MAX; i++) {
		assert_false(fake.vcpu_on[i]);
	}
}

static void ask(const char *line)
{
	fake_input(FAKE_CAP_LOG, line, (uint32_t)strlen(line));
	(void)machine_send(PV_MSG_EVENTS, 1U << 1, 0, 0, 0);
}

static void ask_by_event(uint32_t event)
{
	(void)machine_send(PV_MSG_EVENTS, UINT64_C(1) << event, 0, 0, 0);
}

static void a_reset_begins_the_next_run(void **state)
{
	static const uint64_t functions[] = {PSCI_SYSTEM_RESET, PSCI_SYSTEM_RESET2, 0xc4000012};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_COUNT(functions); i++) {
		machine_start(3);
		(void)machine_send(PV_MSG_CALL, 0, PSCI_CPU_ON, 2, 0x4000);
		machine_wait(60000);
		fake.busy = 3; /* other CPUs need a while */
		fake.too_soon = 4;
		assert_int_equal(firmware(2, functions[i], 0).kind, PV_REPLY_NONE);
		assert_string_equal(log_text(), "vm restart reset in 0 ms\nvm starting 2\n");
		assert_started_again(2);
		assert_int_equal(fake.busy + fake.too_soon, 0);
		assert_int_equal(fake.vgic_resets, 1);
		/* vCPU 2 is off for its firmware, too. */
		assert_int_equal(firmware(0, 0x84000004, 2).value, 1);
	}
	assert_int_equal(firmware(0, PSCI_SYSTEM_RESET2, 1).value, (uint64_t)-2);
	assert_int_equal(firmware(0, PSCI_SYSTEM_RESET2, 0x80000000).value, (uint64_t)-2);
}

static void a_poweroff_is_the_end_until_asked(void **state)
{
	struct reply reply;

	(void)state;
	machine_start(2);
	reply = firmware(1, PSCI_SYSTEM_OFF, 0);
	assert_int_equal(reply.kind, PV_REPLY_STOP);
	assert_int_equal(reply.value, PV_STOP_POWEROFF);
	assert_off();
	assert_string_equal(log_text(), "vm off poweroff\n");
	/* Its connections go on, and nothing is said twice. */
	peer_start(0);
	assert_off();
	fake_forget();
	ask("start\n");
	assert_int_equal(machine.last.kind, PV_REPLY_NONE);
	assert_started_again(2);
	assert_int_equal(fake.vgic_resets, 1);
}

static void a_storm_is_slowed_down_and_ends(void **state)
{
	static const char *const delays[] = {"1000", "2000", "4000"};
	struct reply reply;

	(void)state;
	machine_start(1);
	for (uint32_t i = 0; i < 3; i++) {
		char lines[80];

		fake_forget();
		assert_int_equal(firmware(0, PSCI_SYSTEM_RESET, 0).kind, PV_REPLY_NONE);
		(void)snprintf(lines, sizeof(lines), "vm restart reset in %s ms\n", delays[i]);
		assert_string_equal(log_text(), lines);
		assert_off();
		machine_wait((1000U << i) - 1);
		assert_off();
		machine_wait(1);
		assert_started_again(2 + i);
	}
	fake_forget();
	reply = firmware(0, PSCI_SYSTEM_RESET, 0);
	assert_int_equal(reply.kind, PV_REPLY_STOP);
	assert_int_equal(reply.value, PV_STOP_RESET);
	assert_string_equal(log_text(), "vm failed reset after 3 restarts\n");
	assert_int_equal(machine_wait(10000000).kind, PV_REPLY_NONE);
	assert_off();
	ask("restart\n");
	assert_started_again(5);
}

static void requests_by_line_and_by_doorbell(void **state)
{
	(void)state;
	machine_start(2);
	ask("st");
	ask("op\nstart");
	assert_int_equal(machine.last.kind, PV_REPLY_STOP);
	assert_off();
	assert_string_equal(log_text(), "vm off request\n");
	ask("\n");
	assert_started_again(2);
	fake_forget();
	ask("restart\n");
	assert_string_equal(log_text(), "vm restart request in 0 ms\nvm starting 3\n");
	assert_int_equal(machine.last.kind, PV_REPLY_NONE);
	fake_forget();
	ask("stop\nstart\n"); /* as one */
	assert_int_equal(machine.last.kind, PV_REPLY_NONE);
	assert_started_again(4);

	ask_by_event(EVENT_ASK + 1);
	assert_int_equal(machine.last.kind, PV_REPLY_STOP);
	ask_by_event(EVENT_ASK);
	assert_started_again(5);
	ask_by_event(EVENT_ASK + 2);
	assert_started_again(6);
}

/* Sums of vCPUs and of queues; messages of the VM's own. */
static void counters_are_told(void **state)
{
	(void)state;
	machine_start(2);
	for (uint32_t which = 0; which < PV_COUNTER_COUNT; which++) {
		fake.counters[0][which] = 10ULL * (which + 1);
		fake.counters[1][which] = 1000;
	}
	fake.counters[1][PV_COUNTER_TIME] = UINT64_C(1) << 60; /* 36,000 years of this counter */
	for (uint32_t queue = 0; queue < 32; queue++) {
		fake.sent[queue] = UINT64_C(1) << queue;
		fake.came[queue] = UINT64_C(100) << queue;
	}
	(void)machine_send(PV_MSG_READ, 1, TTY + 0x18, 4, 0);
	(void)machine_send(PV_MSG_READ, 1, TTY + 0x18, 4, 0);
	(void)machine_send(PV_MSG_WRITE, 0, TTY + 0x30, 4, 0);
	(void)firmware(0, 0x84000000, 0);
	(void)machine_send(PV_MSG_FAULT, 0, 0x1000, 0, 0);
	fake_forget();
	ask("counters\n");
	assert_string_equal(log_text(),
	                    "counted connection gateway kicks 7 calls 700 errors 0\n"
	                    "counted connection noise kicks 8 calls 800 errors 0\n"
	                    "counted traps waits 1050 registers 1060 doorbells 1040 reads 2 "
	                    "writes 1 calls 1 faults 1\n"
	                    "counted time_us 1152921504606846986 held_us 1020 interrupts 1030\n");
}

static void other_lines_are_told_and_change_nothing(void **state)
{
	static const char *const lines[] = {"\n",     "Start\n",      "stopp\n",
	                                    "sto\n",  "reboot now\n", "startstartstartstart\n",
	                                    "stop \n"};
	static const char nul[] = "stop\0\n";

	(void)state;
	machine_start(1);
	for (uint32_t i = 0; i < ARRAY_COUNT(lines); i++) {
		fake_forget();
		ask(lines[i]);
		assert_string_equal(log_text(), "vmm: a line that asks for nothing it knows\n");
	}
	fake_input(FAKE_CAP_LOG, nul, sizeof(nul) - 1);
	(void)machine_send(PV_MSG_EVENTS, 1U << 1, 0, 0, 0);
	assert_true(fake.vcpu_on[0]);
	assert_int_equal(fake.vcpu_starts[0], 0);
}

static void a_vm_that_waits_to_be_asked(void **state)
{
	struct reply reply;

	(void)state;
	machine_configure(2);
	machine.config.vm.flags = 0;
	assert_int_equal(vm_init(&machine.vm, &machine.config.vm, 0), OK);
	reply = life_begin(&machine.vm, &machine.config.vm.kept, 0);
	assert_int_equal(reply.kind, PV_REPLY_STOP);
	assert_int_equal(reply.value, PV_STOP_POWEROFF);
	assert_off();
	assert_string_equal(log_text(), "vm off request\n");
	ask("start\n");
	assert_started_again(1);
}

/* As the kernel and start.S do it. */
static void start_in_its_place(uint32_t restarts)
{
	fake_forget();
	fake.vcpu_on[0] = true;
	memset(&machine.vm, 0, sizeof(machine.vm));
	assert_int_equal(vm_init(&machine.vm, &machine.config.vm, restarts), OK);
	machine.last = life_begin(&machine.vm, &machine.config.vm.kept, restarts);
}

static void a_vmm_that_was_started_anew(void **state)
{
	(void)state;
	machine_start(1);
	for (uint32_t i = 0; i < 4; i++) {
		(void)firmware(0, PSCI_SYSTEM_RESET, 0);
		machine_wait(60000); /* lest it fails */
	}
	assert_started_again(5);
	start_in_its_place(2);
	assert_int_equal(machine.last.kind, PV_REPLY_NONE);
	assert_off();
	assert_string_equal(log_text(), "vm restart vmm in 2000 ms\n");
	machine_wait(2000);
	assert_started_again(6);
	/* The rings that it starts are no rings of the VMM before it. */
	peer_start(0);
	driver_start(BLK);
	assert_true(machine.vm.devices[BLK].link.sequence > 2U << 24);
}

static void a_vm_that_was_off_stays_off(void **state)
{
	(void)state;
	machine_start(1);
	ask("stop\n");
	start_in_its_place(1);
	assert_int_equal(machine.last.kind, PV_REPLY_STOP);
	assert_off();
	machine_wait(60000);
	assert_off();
	ask("start\n");
	assert_started_again(2);
	start_in_its_place(2);
	machine_wait(60000);
	assert_started_again(3);
}

static void the_watchdog_barks(void **state)
{
	struct reply reply;

	(void)state;
	machine_start(1);
	reply = firmware(0, WATCHDOG, 0);
	assert_int_equal(reply.kind, PV_REPLY_RESULTS);
	assert_int_equal(reply.value, 0);
	assert_int_equal(reply.more[0], 1);
	assert_int_equal(reply.more[1], 30);
	assert_int_equal(firmware(0, WATCHDOG, 3).value, (uint64_t)-6); /* it is off */
	machine_wait(100000);
	assert_true(fake.vcpu_on[0]);
	(void)machine_send(PV_MSG_CALL, 0, WATCHDOG, 2, 1);
	for (uint32_t i = 0; i < 10; i++) {
		machine_wait(29999);
		assert_int_equal(firmware(0, WATCHDOG, 3).value, 0);
	}
	machine_wait(20500);
	assert_int_equal(firmware(0, WATCHDOG, 4).more[0], 9);
	fake_forget();
	machine_wait(9500);
	assert_string_equal(log_text(), "vm restart watchdog in 1000 ms\n");
	assert_off();
	machine_wait(1000);
	assert_started_again(2);
	/* It is off again. */
	assert_int_equal(firmware(0, WATCHDOG, 4).more[0], 30);
	machine_wait(100000);
	assert_true(fake.vcpu_on[0]);
}

static void watchdog_parameters(void **state)
{
	(void)state;
	machine_start(1);
	assert_int_equal(machine_send(PV_MSG_CALL, 0, WATCHDOG, 1, 0).value, (uint64_t)-2);
	assert_int_equal(machine_send(PV_MSG_CALL, 0, WATCHDOG, 1, 31).value, (uint64_t)-2);
	assert_int_equal(machine_send(PV_MSG_CALL, 0, WATCHDOG, 2, 2).value, (uint64_t)-2);
	assert_int_equal(machine_send(PV_MSG_CALL, 0, WATCHDOG, 5, 0).value, (uint64_t)-2);
	assert_int_equal(machine_send(PV_MSG_CALL, 0, WATCHDOG, UINT64_MAX, 0).value, (uint64_t)-2);
	assert_int_equal(machine_send(PV_MSG_CALL, 0, WATCHDOG, 2, 1).value, 0);
	assert_int_equal(machine_send(PV_MSG_CALL, 0, WATCHDOG, 1, 5).value, 0);
	machine_wait(4999);
	assert_int_equal(machine_send(PV_MSG_CALL, 0, WATCHDOG, 2, 0).value, 0);
	machine_wait(100000);
	assert_true(fake.vcpu_on[0]);
	machine_configure(1);
	machine.config.vm.watchdog_ms = 0;
	assert_int_equal(vm_init(&machine.vm, &machine.config.vm, 0), OK);
	assert_int_equal(life_begin(&machine.vm, &machine.config.vm.kept, 0).kind, PV_REPLY_NONE);
	for (uint32_t call = 0; call < 6; call++) {
		assert_int_equal(firmware(0, WATCHDOG, call).value, (uint64_t)-1);
	}
}

/* The peer takes everything and answers STOP of device @index. */
static void answer_stop(uint32_t number, uint32_t index)
{
	struct pv_iobuf_message message;
	uint32_t sequence = 0;

	while (peer_take(number, &message)) {
		if (message.kind == PV_CTL_STOP && message.device == index) {
			memcpy(&sequence, message.payload, sizeof(sequence));
		}
	}
	assert_int_not_equal(sequence, 0);
	peer_send(number, PV_CTL_STOPPED, index, sequence, 0);
}

static void a_run_begins_when_device_vms_have_let_go(void **state)
{
	(void)state;
	machine_start(1);
	peer_start(0);
	peer_start(1);
	driver_start(NET);
	driver_start(RNG);
	machine_wait(60000);
	fake_forget();
	assert_int_equal(firmware(0, PSCI_SYSTEM_RESET, 0).kind, PV_REPLY_NONE);
	assert_off();
	answer_stop(0, 0);
	assert_off();
	assert_null(strstr(log_text(), "vm "));
	answer_stop(1, 0);
	assert_started_again(2);
	assert_int_equal(fake.timer, UINT64_MAX); /* nobody is waited for */
	assert_null(strstr(log_text(), "does not answer"));
	driver_start(NET);
}

static void a_device_vm_cannot_keep_a_vm_from_restarting(void **state)
{
	(void)state;
	machine_start(1);
	peer_start(0);
	peer_start(1);
	driver_start(NET);
	driver_start(BLK);
	driver_start(RNG);
	fake_forget();
	ask("restart\n");
	answer_stop(1, 0);
	assert_off();
	machine_wait(CONNECTION_STOP_MS - 1);
	assert_off();
	machine_wait(1);
	assert_started_again(2);
	assert_non_null(strstr(log_text(), "connection gateway does not answer: its session is "
	                                   "given up\nconnection gateway down\n"));
	assert_null(strstr(log_text(), "connection noise down"));
	/* It comes up again when the device VM does, or had only been slow. */
	fake_forget();
	peer_ring(0);
	(void)!iobuf_poll_session(&machine.peer[0]);
	(void)!iobuf_poll_session(&machine.peer[0]);
	peer_ring(0);
	assert_string_equal(log_text(), "connection gateway up\n");
}

/* Everything of a VM that a guest can change, but for what outlives it. */
static void assert_power_on_state(const struct vm *first)
{
	const struct vm *vm = &machine.vm;

	assert_memory_equal(&vm->gicd, &first->gicd, sizeof(vm->gicd));
	assert_memory_equal(&vm->psci, &first->psci, sizeof(vm->psci));
	assert_memory_equal(&vm->watchdog, &first->watchdog, sizeof(vm->watchdog));
	assert_memory_equal(&vm->uarts, &first->uarts, sizeof(vm->uarts));
	assert_memory_equal(&vm->functions, &first->functions, sizeof(vm->functions));
	for (uint32_t i = 0; i < MACHINE_DEVICES; i++) {
		assert_memory_equal(&vm->devices[i].function, &first->devices[i].function,
		                    sizeof(vm->devices[i].function));
	}
	for (uint32_t i = FAKE_CAP_RECV; i < FAKE_CAP_COUNT; i++) {
		assert_int_equal(fake.bound[i], 0);
	}
}

static uint32_t draw(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 8;
}

/* Stores of any value to any register of any device. */
static void make_a_mess(uint32_t *seed)
{
	static const struct {
		uint32_t base;
		uint32_t bytes;
	} windows[] = {
		{GICD, 0x1000},
		{V2M, 0x1000},
		{TTY, 0x1000},
		{AGENT, 0x1000},
		{ECAM(0), 0x9000},
		{ECAM(1), 0x29000},
		{BAR(0), 3 * PV_VMM_BAR_BYTES},
	};

	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t window = draw(seed) % ARRAY_COUNT(windows);
		uint32_t bytes = 1U << draw(seed) % 3;
		uint32_t offset = draw(seed) % windows[window].bytes & ~(bytes - 1);

		guest_store(windows[window].base + offset, bytes, draw(seed));
	}
	driver_start(BLK);
	fake_input(FAKE_CAP_TTY, "typed", 5);
	(void)machine_send(PV_MSG_EVENTS, 1, 0, 0, 0);
	(void)machine_send(PV_MSG_CALL, 0, PSCI_CPU_ON, 1, 0x4000);
	(void)machine_send(PV_MSG_CALL, 0, WATCHDOG, 1, 7);
	(void)machine_send(PV_MSG_CALL, 0, WATCHDOG, 2, 1);
}

static void each_run_begins_with_the_same_machine(void **state)
{
	static struct vm first;
	uint32_t seed = 1;

	(void)state;
	machine_start(2);
	memcpy(&first, &machine.vm, sizeof(first));
	for (uint32_t run = 0; run < 20; run++) {
		make_a_mess(&seed);
		ask("restart\n");
		machine_wait(CONNECTION_STOP_MS);
		assert_started_again(2 + run);
		assert_power_on_state(&first);
		fake_forget();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reset_begins_the_next_run),
		cmocka_unit_test(a_poweroff_is_the_end_until_asked),
		cmocka_unit_test(a_storm_is_slowed_down_and_ends),
		cmocka_unit_test(requests_by_line_and_by_doorbell),
		cmocka_unit_test(counters_are_told),
		cmocka_unit_test(other_lines_are_told_and_change_nothing),
		cmocka_unit_test(a_vm_that_waits_to_be_asked),
		cmocka_unit_test(a_vmm_that_was_started_anew),
		cmocka_unit_test(a_vm_that_was_off_stays_off),
		cmocka_unit_test(the_watchdog_barks),
		cmocka_unit_test(watchdog_parameters),
		cmocka_unit_test(a_run_begins_when_device_vms_have_let_go),
		cmocka_unit_test(a_device_vm_cannot_keep_a_vm_from_restarting),
		cmocka_unit_test(each_run_begins_with_the_same_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
