/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far a system has come, from the lines of kernel and VMMs: each step, what is missing, what
 * can never come, and lines that only look like reports.
 * links: topo/runner/runstate.c topo/runner/runstate_faults.c topo/runner/runstate_counted.c topo/runner/runstate_command.c topo/runner/runstate_health.c topo/runner/runstate_ready.c
 */
/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/runner/runstate.h"

enum { DEVICE, DRIVER, PLAIN, VM_COUNT };

/* "device" is the front of another VM's name on purpose. */
static struct system_vm vms[VM_COUNT] = {
	{.name = (char[]){"device"}, .channel_first = 1, .agent = true},
	{.name = (char[]){"device 2"}, .channel_first = 4, .agent = true},
	{.name = (char[]){"plain"}, .channel_first = 7, .agent = false},
};
static struct system_connection connections[1] = {{.device_vm = DEVICE,
                                                   .driver_vm = DRIVER,
                                                   .device_count = 2,
                                                   .device_types = {"net", "blk"}}};
static const struct system example = {
	.vms = vms, .vm_count = VM_COUNT, .connections = connections, .connection_count = 1};

struct fixture {
	struct runstate state;
	char events[4096]; /* one line for each */
};

static void note(void *owner, const struct runstate_event *event)
{
	struct fixture *fixture = owner;
	const size_t used = strlen(fixture->events);
	(void)snprintf(fixture->events + used, sizeof(fixture->events) - used, "%d %zu %s\n",
	               (int)event->kind, event->index, event->text);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	assert_int_equal(runstate_init(&fixture->state, &example, note, fixture), OK);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	runstate_free(&fixture->state);
	free(fixture);
	return 0;
}

static void bring_connection_up(struct fixture *fixture)
{
	runstate_vmm_line(&fixture->state, DRIVER, "connection device up");
	runstate_vmm_line(&fixture->state, DRIVER, "device device/0 backend ready");
	runstate_vmm_line(&fixture->state, DRIVER, "device device/0 started");
	runstate_vmm_line(&fixture->state, DRIVER, "device device/1 backend ready");
	runstate_vmm_line(&fixture->state, DRIVER, "device device/1 started");
}

static void bring_up(struct fixture *fixture)
{
	runstate_kernel_line(&fixture->state, "pv: Peervisor on qemu-virt");
	runstate_vm_output(&fixture->state, DEVICE);
	runstate_vm_agent(&fixture->state, DEVICE);
	runstate_vm_agent(&fixture->state, DRIVER);
	runstate_vm_output(&fixture->state, PLAIN);
	bring_connection_up(fixture);
}

static void test_all_up(void **state)
{
	struct fixture *fixture = *state;
	assert_false(runstate_ready(&fixture->state));
	bring_up(fixture);
	assert_true(runstate_ready(&fixture->state));
	assert_false(runstate_hopeless(&fixture->state));
	assert_string_equal(fixture->events, "0 0 pv: Peervisor on qemu-virt\n"
	                                     "2 0 booting\n2 0 up\n2 1 up\n2 2 up\n"
	                                     "5 0  backend ready\n5 0  started\n"
	                                     "5 0  backend ready\n5 0  started\n3 0 up\n");
}

static void test_each_piece_is_needed(void **state)
{
	struct fixture *fixture = *state;
	runstate_vm_output(&fixture->state, DEVICE);
	assert_true(runstate_vm_missing(&fixture->state, DEVICE));
	runstate_vm_agent(&fixture->state, DEVICE);
	runstate_vm_agent(&fixture->state, DRIVER);
	assert_false(runstate_vm_missing(&fixture->state, DEVICE));
	assert_true(runstate_vm_missing(&fixture->state, PLAIN));
	runstate_kernel_line(&fixture->state, "pv: domains 3, vCPUs 4, CPUs 2");
	assert_false(runstate_vm_missing(&fixture->state, PLAIN));
	assert_true(runstate_connection_missing(&fixture->state, 0));
	assert_false(runstate_ready(&fixture->state));
	/* The device VM's VMM does not decide, nor does a line about another VM. */
	runstate_vmm_line(&fixture->state, DEVICE, "connection device up");
	runstate_vmm_line(&fixture->state, DRIVER, "connection plain up");
	runstate_vmm_line(&fixture->state, DRIVER, "connection device 2 up");
	runstate_vmm_line(&fixture->state, DRIVER, "connection device up and away");
	assert_false(runstate_ready(&fixture->state));
	bring_connection_up(fixture);
	assert_true(runstate_ready(&fixture->state));
	runstate_vmm_line(&fixture->state, DRIVER, "connection device down");
	assert_false(runstate_ready(&fixture->state));
	assert_false(runstate_hopeless(&fixture->state));
}

static enum run_device_state state_of(const struct fixture *fixture, size_t device)
{
	return runstate_device_state(&fixture->state.connections[0].devices[device]);
}

/* Each line of the driver VM's VMM, and what it makes of device 1 and of the connection. */
static void test_each_device_is_needed(void **state)
{
	static const struct {
		const char *line;
		enum run_device_state device;
		bool up;
	} steps[] = {
		{"device device/1 backend ready", RUN_DEVICE_WAITING, false}, /* no session */
		{"connection device up", RUN_DEVICE_WAITING, false},
		{"device device/0 backend ready", RUN_DEVICE_WAITING, false},
		{"device device/2 backend ready", RUN_DEVICE_WAITING, false},
		{"device device/ backend ready", RUN_DEVICE_WAITING, false},
		{"device device/-1 backend ready", RUN_DEVICE_WAITING, false},
		{"device device 2/1 backend ready", RUN_DEVICE_WAITING, false},
		{"device device/1 backend ready?", RUN_DEVICE_WAITING, false},
		{"device device/1 backend ready", RUN_DEVICE_IDLE, false},
		{"device device/0 started", RUN_DEVICE_IDLE, false},
		{"device device/1 started", RUN_DEVICE_READY, true},
		{"device device/1 failed: so it says", RUN_DEVICE_FAILED, false},
		{"device device/1 stopped", RUN_DEVICE_IDLE, false},
		{"device device/1 backend gone", RUN_DEVICE_WAITING, false},
		{"device device/1 backend ready", RUN_DEVICE_IDLE, false},
		{"device device/1 started", RUN_DEVICE_READY, true},
		{"device device/1 failed", RUN_DEVICE_FAILED, false},
		{"device device/1 started", RUN_DEVICE_READY, true},
		{"device device/1 backend gone", RUN_DEVICE_WAITING, false},
		{"device device/1 backend ready", RUN_DEVICE_READY, true},
		{"device device/1 backend full", RUN_DEVICE_FULL, false},
		{"device device/1 backend gone", RUN_DEVICE_WAITING, false},
		{"device device/1 backend full", RUN_DEVICE_FULL, false},
		{"device device/1 backend ready", RUN_DEVICE_READY, true},
		{"device device/1 backend absent", RUN_DEVICE_ABSENT, false},
		{"device device/1 backend ready", RUN_DEVICE_READY, true},
		{"device device/1 backend full", RUN_DEVICE_FULL, false},
		{"device device/1 failed", RUN_DEVICE_FAILED, false},
		{"device device/1 lost", RUN_DEVICE_LOST, false},
		{"connection device down", RUN_DEVICE_WAITING, false},
		{"connection device up", RUN_DEVICE_WAITING, false},
		{"device device/1 backend ready", RUN_DEVICE_IDLE, false},
		{"device device/0 backend ready", RUN_DEVICE_IDLE, false},
		{"device device/0 started", RUN_DEVICE_IDLE, false},
		{"device device/1 started", RUN_DEVICE_READY, true},
	};
	struct fixture *fixture = *state;
	const struct runstate_connection *connection = &fixture->state.connections[0];
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		runstate_vmm_line(&fixture->state, DRIVER, steps[i].line);
		assert_int_equal(state_of(fixture, 1), steps[i].device);
		assert_int_equal(connection->up, steps[i].up);
		assert_int_equal(runstate_connection_missing(&fixture->state, 0), !steps[i].up);
	}
	assert_int_equal(connection->session_count, 2);
	assert_int_equal(connection->devices[0].backend_count, 2);
	assert_int_equal(connection->devices[1].backend_count, 6);
	assert_string_equal(run_device_state_text(RUN_DEVICE_READY), "ready");
}

/* What boots a root file system of the user's may leave a device alone. */
static void test_devices_of_others_need_no_driver(void **state)
{
	struct fixture *fixture = *state;
	struct runstate other;
	vms[DRIVER].agent = false;
	assert_int_equal(runstate_init(&other, &example, note, fixture), OK);
	vms[DRIVER].agent = true;
	runstate_vmm_line(&other, DRIVER, "connection device up");
	runstate_vmm_line(&other, DRIVER, "device device/0 backend ready");
	runstate_vmm_line(&other, DRIVER, "device device/1 backend ready");
	assert_true(other.connections[0].up);
	runstate_free(&other);
}

static void test_orderly_end_after_up(void **state)
{
	struct fixture *fixture = *state;
	bring_up(fixture);
	runstate_kernel_line(&fixture->state, "pv: domain device stopped: poweroff");
	assert_int_equal(fixture->state.vms[DEVICE].state, RUN_VM_STOPPED);
	assert_int_equal(fixture->state.vms[DRIVER].state, RUN_VM_UP);
	assert_false(fixture->state.connections[0].up);
	assert_true(runstate_ready(&fixture->state));
	/* It does not come back. */
	runstate_vm_agent(&fixture->state, DEVICE);
	runstate_vm_output(&fixture->state, DEVICE);
	runstate_vmm_line(&fixture->state, DRIVER, "connection device up");
	runstate_kernel_line(&fixture->state, "pv: domain device stopped: vmm");
	assert_int_equal(fixture->state.vms[DEVICE].state, RUN_VM_STOPPED);
	assert_string_equal(fixture->state.vms[DEVICE].reason, "poweroff");
	assert_false(fixture->state.connections[0].up);
	assert_false(runstate_ended(&fixture->state));
	runstate_kernel_line(&fixture->state, "pv: domain device 2 stopped: reset");
	runstate_kernel_line(&fixture->state, "pv: domain plain stopped: poweroff");
	assert_true(runstate_ended(&fixture->state));
	assert_true(runstate_ended_well(&fixture->state));
}

/* A VMM may be in a session again before it says that its VM starts: it is the same session. */
static void test_vmm_starts_again(void **state)
{
	struct fixture *fixture = *state;
	bring_up(fixture);
	const uint32_t sessions = fixture->state.connections[0].session_count;
	runstate_kernel_line(&fixture->state, "pv: domain device 2's VMM starts again");
	assert_false(fixture->state.connections[0].up);
	runstate_vmm_line(&fixture->state, DRIVER, "connection device up");
	runstate_vmm_line(&fixture->state, DRIVER, "vm restart vmm in 10 ms");
	runstate_vmm_line(&fixture->state, DRIVER, "vm starting 2");
	runstate_vmm_line(&fixture->state, DRIVER, "device device/0 backend ready");
	runstate_vmm_line(&fixture->state, DRIVER, "device device/1 backend ready");
	runstate_vmm_line(&fixture->state, DRIVER, "device device/0 started");
	runstate_vmm_line(&fixture->state, DRIVER, "device device/1 started");
	assert_true(fixture->state.connections[0].up);
	assert_int_equal(fixture->state.connections[0].session_count, sessions + 1);
}

static void test_halt(void **state)
{
	struct fixture *fixture = *state;
	struct runstate_vm *driver = &fixture->state.vms[DRIVER];
	bring_up(fixture);
	assert_false(runstate_vm_line(&fixture->state, DRIVER, "reboot: System restart"));
	assert_true(runstate_vm_line(&fixture->state, DRIVER, "[    9.5] reboot: System halted"));
	assert_int_equal(driver->state, RUN_VM_HALTED);
	assert_string_equal(driver->reason, "reboot: System halted");
	assert_int_equal(fixture->state.vms[DEVICE].state, RUN_VM_UP);
	assert_true(runstate_ready(&fixture->state));
	assert_false(runstate_ended(&fixture->state));
	/* More of its console is no sign of life where there is an agent to be asked. */
	assert_false(runstate_vm_line(&fixture->state, DRIVER, "[    9.6] something"));
	assert_int_equal(driver->state, RUN_VM_HALTED);
	runstate_vm_agent(&fixture->state, DRIVER);
	assert_int_equal(driver->state, RUN_VM_UP);
	assert_string_equal(driver->reason, "");
	/* A panic, without an agent. */
	assert_true(runstate_vm_line(&fixture->state, PLAIN,
	                             "[ 1.0] ---[ end Kernel panic - not syncing: x ]---"));
	assert_int_equal(fixture->state.vms[PLAIN].state, RUN_VM_HALTED);
	runstate_vm_output(&fixture->state, PLAIN); /* of its VMM */
	assert_int_equal(fixture->state.vms[PLAIN].state, RUN_VM_HALTED);
	assert_false(runstate_vm_line(&fixture->state, PLAIN, "login:"));
	assert_int_equal(fixture->state.vms[PLAIN].state, RUN_VM_UP);
	/* The end comes all the same. */
	assert_true(runstate_vm_line(&fixture->state, DRIVER, "reboot: System halted"));
	runstate_kernel_line(&fixture->state, "pv: domain device 2 stopped: poweroff");
	assert_int_equal(driver->state, RUN_VM_STOPPED);
	assert_false(runstate_vm_line(&fixture->state, DRIVER, "reboot: System halted"));
	assert_int_equal(driver->state, RUN_VM_STOPPED);
}

static void test_halts_that_are_none(void **state)
{
	struct fixture *fixture = *state;
	uint32_t believed = 0;
	bring_up(fixture);
	for (uint32_t i = 0; i < 100; i++) {
		believed += runstate_vm_line(&fixture->state, DRIVER, "reboot: System halted");
		runstate_vm_agent(&fixture->state, DRIVER);
		assert_int_equal(fixture->state.vms[DRIVER].state, RUN_VM_UP);
	}
	assert_int_equal(believed, 4);
}

static void test_failure(void **state)
{
	struct fixture *fixture = *state;
	bring_up(fixture);
	runstate_kernel_line(&fixture->state, "pv: fault in the VMM of device 2: pc 0x40");
	runstate_kernel_line(&fixture->state, "pv: domain plain stopped: fault");
	runstate_kernel_line(&fixture->state, "pv: domain device 2 stopped: vmm");
	assert_int_equal(fixture->state.vms[DRIVER].state, RUN_VM_FAILED);
	assert_string_equal(fixture->state.vms[DRIVER].reason,
	                    "vmm (in the VMM of device 2: pc 0x40)");
	/* A fault is its own VM's. */
	assert_string_equal(fixture->state.vms[PLAIN].reason, "fault");
	assert_true(runstate_hopeless(&fixture->state));
	runstate_kernel_line(&fixture->state, "pv: domain device stopped: poweroff");
	assert_true(runstate_ended(&fixture->state));
	assert_false(runstate_ended_well(&fixture->state));
}

static void test_end_before_up_is_hopeless(void **state)
{
	struct fixture *fixture = *state;
	runstate_vm_agent(&fixture->state, DRIVER);
	runstate_vm_output(&fixture->state, PLAIN);
	assert_false(runstate_hopeless(&fixture->state));
	runstate_kernel_line(&fixture->state, "pv: domain device stopped: poweroff");
	assert_true(runstate_hopeless(&fixture->state));
	assert_true(runstate_vm_missing(&fixture->state, DEVICE));
	assert_true(runstate_connection_missing(&fixture->state, 0));
}

/* A VM that was up and ended has taken a connection with it that never was. */
static void test_connection_that_cannot_come(void **state)
{
	struct fixture *fixture = *state;
	runstate_vm_agent(&fixture->state, DEVICE);
	runstate_vm_agent(&fixture->state, DRIVER);
	runstate_vm_output(&fixture->state, PLAIN);
	runstate_kernel_line(&fixture->state, "pv: domain device stopped: poweroff");
	assert_false(runstate_vm_missing(&fixture->state, DEVICE));
	assert_true(runstate_hopeless(&fixture->state));
}

static void test_refusal(void **state)
{
	struct fixture *fixture = *state;
	runstate_kernel_line(&fixture->state, "pv: image refused: regions[3].page: bad");
	assert_true(runstate_hopeless(&fixture->state));
	bring_up(fixture);
	assert_false(runstate_ready(&fixture->state));
	assert_non_null(strstr(fixture->events, "1 0 regions[3].page: bad\n"));
}

static void test_lines_that_mean_nothing(void **state)
{
	struct fixture *fixture = *state;
	static const char *const lines[] = {
		"",
		"pv: ",
		"pv:",
		"pv: domain ",
		"pv: domain device",
		"pv: domain device stopped",
		"pv: domain device stopped:",
		"pv: domain devic stopped: poweroff",
		"pv: domain device 3 stopped: poweroff",
		" pv: domain device stopped: poweroff",
		"domain device stopped: poweroff",
		"connection",
		"connection ",
		"connection device",
		"device",
		"device x",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		runstate_kernel_line(&fixture->state, lines[i]);
		runstate_vmm_line(&fixture->state, DRIVER, lines[i]);
	}
	for (size_t vm = 0; vm < VM_COUNT; vm++) {
		assert_int_equal(fixture->state.vms[vm].state, RUN_VM_WAITING);
	}
	/* The first line only says that the kernel runs. */
	assert_string_equal(fixture->events, "0 0 \n");
}

static void test_long_lines_are_cut(void **state)
{
	struct fixture *fixture = *state;
	char line[512];
	(void)snprintf(line, sizeof(line), "pv: fault of device %0400d", 1);
	runstate_kernel_line(&fixture->state, line);
	(void)snprintf(line, sizeof(line), "pv: domain device stopped: %0400d", 2);
	runstate_kernel_line(&fixture->state, line);
	assert_int_equal(fixture->state.vms[DEVICE].state, RUN_VM_FAILED);
	assert_true(strlen(fixture->state.vms[DEVICE].reason) < RUNSTATE_REASON_BYTES);
}

static void test_trouble_is_shown(void **state)
{
	struct fixture *fixture = *state;
	runstate_vmm_line(&fixture->state, DRIVER, "device device/1 failed");
	runstate_vmm_line(&fixture->state, DRIVER, "device device/1 started");
	runstate_kernel_line(&fixture->state, "pv: panic: exception at EL2: pc 0x40");
	assert_string_equal(fixture->events, "4 1 device device/1 failed\n"
	                                     "0 0 pv: panic: exception at EL2: pc 0x40\n"
	                                     "4 0 pv: panic: exception at EL2: pc 0x40\n");
}

/* A VM's end by its VMM's words, and its next life. */
static void test_vm_comes_back(void **state)
{
	struct fixture *fixture = *state;
	const struct runstate_vm *device = &fixture->state.vms[DEVICE];
	const struct runstate_connection *connection = &fixture->state.connections[0];
	bring_up(fixture);
	runstate_vmm_line(&fixture->state, DEVICE, "vm restart fault in 1000 ms");
	assert_int_equal(device->state, RUN_VM_RESTARTING);
	assert_string_equal(device->reason, "fault in 1000 ms");
	assert_false(connection->has_session);
	assert_false(runstate_ended(&fixture->state));
	assert_false(runstate_hopeless(&fixture->state));
	runstate_vmm_line(&fixture->state, DEVICE, "vm starting 2");
	assert_int_equal(device->state, RUN_VM_BOOTING);
	assert_string_equal(device->reason, "");
	assert_string_equal(device->last_end, "fault in 1000 ms");
	runstate_vm_agent(&fixture->state, DEVICE);
	assert_int_equal(device->state, RUN_VM_UP);
	bring_connection_up(fixture);
	assert_true(connection->up);
	/* It failed too often; what the kernel says after its VMM is no news. */
	runstate_vmm_line(&fixture->state, DEVICE, "vm failed fault after 5 restarts");
	runstate_kernel_line(&fixture->state, "pv: domain device stopped: fault");
	assert_int_equal(device->state, RUN_VM_FAILED);
	assert_string_equal(device->reason, "fault after 5 restarts");
	runstate_vmm_line(&fixture->state, DEVICE, "vm starting 7");
	assert_int_equal(device->state, RUN_VM_BOOTING);
	assert_int_equal(device->start_count, 7);
}

/* The driver VM's VMM keeps its session while its VM is off, unless it ends itself. */
static void test_session_outlives_driver(void **state)
{
	struct fixture *fixture = *state;
	const struct runstate_connection *connection = &fixture->state.connections[0];
	bring_up(fixture);
	runstate_vmm_line(&fixture->state, DRIVER, "vm off poweroff");
	runstate_kernel_line(&fixture->state, "pv: domain device 2 stopped: poweroff");
	assert_int_equal(fixture->state.vms[DRIVER].state, RUN_VM_STOPPED);
	assert_true(connection->has_session);
	assert_false(connection->up);
	runstate_vmm_line(&fixture->state, DRIVER, "vm starting 2");
	assert_true(connection->up);
	runstate_kernel_line(&fixture->state, "pv: domain device 2's VMM starts again");
	assert_false(connection->has_session);
}

/* Nothing waits for a VM that nobody has asked for, and then all does. */
static void test_vm_starts_off(void **state)
{
	struct fixture *fixture = *state;
	runstate_free(&fixture->state);
	vms[DRIVER].starts_off = true;
	assert_int_equal(runstate_init(&fixture->state, &example, note, fixture), OK);
	runstate_kernel_line(&fixture->state, "pv: domains 3, vCPUs 4, CPUs 2");
	runstate_vm_agent(&fixture->state, DEVICE);
	assert_true(runstate_ready(&fixture->state));
	assert_string_equal(fixture->state.vms[DRIVER].reason, "not started");
	runstate_vmm_line(&fixture->state, DRIVER, "vm starting 1");
	assert_int_equal(fixture->state.vms[DRIVER].state, RUN_VM_BOOTING);
	assert_true(runstate_connection_missing(&fixture->state, 0));
	vms[DRIVER].starts_off = false;
}

/* Two devices with a stream and one without; only whole lines about one of them count. */
static void test_faults(void **state)
{
	static const char *const nonsense[] = {
		"stream 00:01.1 faults 9 last 0x10",
		"stream 01:01.0 faults 9 last 0x10",
		"stream 00:00.0 faults 9 last 0x10",
		"stream 00:01.0 faults 9",
		"stream 00:01.0 faults 9 last",
		"stream 00:01.0 faults -9 last 0x10",
		"stream 00:01.0 faults 9 last 0x10 .",
		"stream 00:01 faults 9 last 0x10",
		"stream :01.0 faults 9 last 0x10",
		"stream 00:01.0 faults  last 0x10",
		"stream ",
		"streams 00:01.0 faults 9 last 0x10",
	};
	struct fixture *fixture = *state;
	struct runstate_faults *faults = fixture->state.vms[DEVICE].faults;
	struct system_hardware hardware[] = {
		{.name = (char[]){"nic"}, .has_stream = true, .stream = 0x008},
		{.name = (char[]){"uart"}},
		{.name = (char[]){"nvme"}, .has_stream = true, .stream = 0x1ff},
	};
	vms[DEVICE].hardware = hardware;
	vms[DEVICE].hardware_count = 3;
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		runstate_vmm_line(&fixture->state, DEVICE, nonsense[i]);
	}
	runstate_vmm_line(&fixture->state, DRIVER, "stream 00:01.0 faults 9 last 0x10");
	assert_string_equal(fixture->events, "");
	runstate_vmm_line(&fixture->state, DEVICE, "stream 00:01.0 faults 2 last 0x48001000");
	runstate_vmm_line(&fixture->state, DEVICE, "stream 01:1f.7 faults 1 last 0x0");
	assert_string_equal(fixture->events, "6 0 nic\n6 0 nvme\n");
	assert_int_equal(faults[0].count, 2);
	assert_int_equal(faults[0].last, 0x48001000);
	assert_int_equal(faults[1].count, 0);
	assert_int_equal(faults[2].count, 1);
	vms[DEVICE].hardware_count = 0;
}

/* Only whole lines count, and the last one of an answer says that it is one. */
static void test_counters(void **state)
{
	static const char *const nonsense[] = {
		"counted ",
		"counted traps waits 1 registers 2 doorbells 3 reads 4 writes 5 calls 6",
		"counted traps waits 1 registers 2 doorbells 3 reads 4 writes 5 calls 6 faults",
		"counted traps waits 1 registers 2 doorbells 3 reads 4 writes 5 calls 6 faults 7 ",
		"counted traps waits -1 registers 2 doorbells 3 reads 4 writes 5 calls 6 faults 7",
		"counted time_us 1 held_us 2",
		"counted time_us 1 held_us 2 interrupts x",
		"counted times 1 held_us 2 interrupts 3",
		"counted connection nobody kicks 1 calls 2 errors 3",
		"counted connection device kicks 1 calls 2 errors 3 4",
	};
	struct fixture *fixture = *state;
	const struct runstate_vm *vm = &fixture->state.vms[DRIVER];
	const uint64_t *traffic = fixture->state.connections[0].traffic;
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		assert_true(runstate_is_counted(nonsense[i]));
		runstate_vmm_line(&fixture->state, DRIVER, nonsense[i]);
	}
	runstate_vmm_line(&fixture->state, DEVICE,
	                  "counted connection device kicks 1 calls 2 errors 3");
	assert_string_equal(fixture->events, "");
	assert_int_equal(vm->answer_count + traffic[0] + vm->counters[RUN_COUNTER_FAULTS], 0);
	runstate_vmm_line(&fixture->state, DRIVER,
	                  "counted connection device kicks 1 calls 2 errors 3");
	runstate_vmm_line(&fixture->state, DRIVER,
	                  "counted traps waits 1 registers 2 doorbells 3 reads 4 writes 5 calls 6 "
	                  "faults 18446744073709551615");
	assert_string_equal(fixture->events, "");
	runstate_vmm_line(&fixture->state, DRIVER, "counted time_us 8 held_us 9 interrupts 10");
	assert_string_equal(fixture->events, "7 1 told\n");
	assert_int_equal(vm->answer_count, 1);
	assert_int_equal(traffic[RUN_TRAFFIC_KICKS], 1);
	assert_int_equal(traffic[RUN_TRAFFIC_CALLS], 2);
	assert_int_equal(traffic[RUN_TRAFFIC_ERRORS], 3);
	for (size_t i = 0; i < RUN_COUNTER_FAULTS; i++) {
		assert_int_equal(vm->counters[i], i + 1);
	}
	assert_true(vm->counters[RUN_COUNTER_FAULTS] == UINT64_MAX);
	assert_int_equal(vm->counters[RUN_COUNTER_INTERRUPTS], 10);
	/* Time that was told does not go back. */
	runstate_vmm_line(&fixture->state, DRIVER, "counted time_us 7 held_us 9 interrupts 11");
	assert_int_equal(vm->answer_count, 2);
	assert_int_equal(vm->counters[RUN_COUNTER_TIME], 8);
	assert_int_equal(vm->counters[RUN_COUNTER_INTERRUPTS], 11);
}

/* How a command has ended is told once, and only what can be a program's end. */
static void test_command_end(void **state)
{
	static const struct {
		const char *line, *text;
	} rows[] = {{"exited 0", "done"},
	            {"exited 3", "failed (3)"},
	            {"killed 9", "failed (signal 9)"},
	            {"exited 256", "running"},
	            {"exited -1", "running"},
	            {"exited", "running"},
	            {"exited 3 x", "running"},
	            {"ended 3", "running"}};
	struct fixture *fixture = *state;
	struct runstate *run = &fixture->state;
	assert_string_equal(run->vms[DEVICE].command, "");
	runstate_vm_command(run, DEVICE, "exited 0");
	assert_string_equal(run->vms[DEVICE].command, "");
	vms[DEVICE].result = (char[]){"once"};
	bring_up(fixture);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		runstate_vm_command_over(run, DEVICE);
		runstate_vm_command(run, DEVICE, rows[i].line);
		assert_string_equal(run->vms[DEVICE].command, rows[i].text);
	}
	runstate_vm_command(run, DEVICE, "exited 0");
	fixture->events[0] = '\0';
	runstate_vm_command(run, DEVICE, "exited 4");
	assert_string_equal(run->vms[DEVICE].command, "done");
	assert_string_equal(fixture->events, "");
	vms[DEVICE].result = NULL;
}

/* A VM with a check is missing until it has said that it is healthy; what it says later changes nothing. */
static void test_health(void **state)
{
	struct fixture *fixture = *state;
	struct runstate *run = &fixture->state;
	vms[DEVICE].health = (char[]){"check"};
	bring_up(fixture);
	assert_false(runstate_ready(run));
	assert_true(runstate_vm_missing(run, DEVICE));
	fixture->events[0] = '\0';
	assert_true(runstate_vm_health(run, DEVICE, RUN_HEALTH_UNHEALTHY, "exit status 1"));
	assert_false(runstate_vm_health(run, DEVICE, RUN_HEALTH_UNHEALTHY, "exit status 1"));
	assert_string_equal(strchr(fixture->events, ' '), " 0 exit status 1\n");
	assert_false(runstate_ready(run));
	assert_true(runstate_vm_health(run, DEVICE, RUN_HEALTH_HEALTHY, ""));
	assert_true(runstate_ready(run));
	assert_true(runstate_vm_health(run, DEVICE, RUN_HEALTH_UNHEALTHY, "exit status 2"));
	assert_true(runstate_ready(run));
	assert_string_equal(run->vms[DEVICE].unhealthy, "exit status 2");
	assert_string_equal(run_health_text(run->vms[DEVICE].health), "unhealthy");
	vms[DEVICE].health = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_vm_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_session_outlives_driver, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_vm_starts_off, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_each_piece_is_needed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_each_device_is_needed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_devices_of_others_need_no_driver, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_orderly_end_after_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_vmm_starts_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_halt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_halts_that_are_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_end_before_up_is_hopeless, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_connection_that_cannot_come, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_refusal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lines_that_mean_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_lines_are_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_command_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_health, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_counters, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_trouble_is_shown, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
