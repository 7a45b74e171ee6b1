/* SPDX-License-Identifier: BSD-2-Clause */
/* VMs and connections of a running system, as topo ps and topo events print them. */
#include "topo/commands/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "topo/base/say.h"
#include "topo/runner/runstate.h"

/* The rest of a connection's line: the devices that keep it down, where a session is up. */
static void print_text_devices(const struct control_connection *connection)
{
	const char *before = ": ";
	for (uint32_t i = 0;
	     connection->has_session != 0 && i < connection->device_count && i < PV_VMM_DEVICES_MAX;
	     i++) {
		const struct control_device *device = &connection->devices[i];
		if (device->state != RUN_DEVICE_READY) {
			say(stdout, "%sdevice %" PRIu32 " (%s) %s", before, i, device->type,
			    run_device_state_text((enum run_device_state)device->state));
			before = ", ";
		}
	}
	(void)putchar('\n');
}

void status_text_addresses(const struct control_vm *vm)
{
	if (vm->addresses[0] != '\0') {
		say(stdout, "     %s\n", vm->addresses);
	}
	if (vm->ports[0] != '\0') {
		say(stdout, "     %s\n", vm->ports);
	}
}

void status_text_hardware(const struct control_vm *vm)
{
	for (uint32_t i = 0; i < vm->hardware_count && i < SYSTEM_HARDWARE_MAX; i++) {
		const struct control_hardware *hardware = &vm->hardware[i];
		say(stdout, "     %s (%s): DMA %s, MSIs %s\n", hardware->name, hardware->where,
		    hardware->dma, hardware->messages);
	}
	if (vm->hardware_more != 0) {
		say(stdout, "     and %" PRIu32 " more\n", vm->hardware_more);
	}
}

static void print_text_faults(const struct control_vm *vm)
{
	for (uint32_t i = 0; i < vm->hardware_count && i < SYSTEM_HARDWARE_MAX; i++) {
		const struct control_hardware *hardware = &vm->hardware[i];
		if (hardware->fault_count != 0) {
			say(stdout, ", DMA of %s faulted %" PRIu64 " time%s, last at 0x%" PRIx64,
			    hardware->name, hardware->fault_count,
			    hardware->fault_count == 1 ? "" : "s", hardware->last_fault);
		}
	}
}

/* What it says of itself. */
static void print_text_health(const struct control_vm *vm)
{
	static const char *const texts[RUN_HEALTH_COUNT] = {
		[RUN_HEALTH_STARTING] = ", not healthy yet",
		[RUN_HEALTH_HEALTHY] = ", healthy",
		[RUN_HEALTH_UNHEALTHY] = ", unhealthy: ",
	};
	if (vm->health < RUN_HEALTH_COUNT && texts[vm->health] != NULL) {
		say(stdout, "%s%s", texts[vm->health], vm->unhealthy);
	}
	if (vm->command[0] != '\0' && strcmp(vm->command, RUNSTATE_COMMAND_RUNS) != 0) {
		say(stdout, ", command %s", vm->command);
	}
}

void status_text_vm(const struct control_vm *vm)
{
	say(stdout, "VM %-24s %s%s%s", vm->name, run_vm_state_text((enum run_vm_state)vm->state),
	    vm->reason[0] == '\0' ? "" : ": ", vm->reason);
	print_text_health(vm);
	if (vm->restart_count != 0) {
		say(stdout, ", started again %" PRIu32 " time%s, after %s", vm->restart_count,
		    vm->restart_count == 1 ? "" : "s", vm->last_end);
	}
	print_text_faults(vm);
	(void)putchar('\n');
}

void status_text_connection(const struct control_connection *connection)
{
	char ends[2 * CONTROL_NAME_BYTES + 8];
	(void)snprintf(ends, sizeof(ends), "%s -> %s", connection->device_vm,
	               connection->driver_vm);
	say(stdout, "connection %-16s %s", ends, connection->up != 0 ? "up" : "down");
	print_text_devices(connection);
}

void status_json_member(const char *before, const char *name, const char *value)
{
	say(stdout, "%s\"%s\": ", before, name);
	say_json_string(stdout, value);
}

static void print_json_hardware(const struct control_vm *vm)
{
	say(stdout, ", \"hardware\": [");
	for (uint32_t i = 0; i < vm->hardware_count && i < SYSTEM_HARDWARE_MAX; i++) {
		const struct control_hardware *hardware = &vm->hardware[i];
		status_json_member(i == 0 ? "{" : ", {", "name", hardware->name);
		status_json_member(", ", "where", hardware->where);
		status_json_member(", ", "dma", hardware->dma);
		status_json_member(", ", "messages", hardware->messages);
		say(stdout, ", \"faults\": %" PRIu64 ", \"last_fault\": ", hardware->fault_count);
		if (hardware->fault_count == 0) {
			say(stdout, "null}");
		} else {
			say(stdout, "%" PRIu64 "}", hardware->last_fault);
		}
	}
	say(stdout, "]");
}

void status_json_vm(const struct control_vm *vm)
{
	status_json_member("", "name", vm->name);
	status_json_member(", ", "state", run_vm_state_text((enum run_vm_state)vm->state));
	status_json_member(", ", "reason", vm->reason);
	status_json_member(", ", "health", run_health_text((enum run_health)vm->health));
	status_json_member(", ", "unhealthy", vm->unhealthy);
	status_json_member(", ", "command", vm->command);
	status_json_member(", ", "description", vm->description);
	say(stdout, ", \"vcpus\": %" PRIu32 ", \"agent\": %s, \"commands\": %" PRIu32,
	    vm->vcpu_count, vm->agent != 0 ? "true" : "false", vm->command_count);
	say(stdout, ", \"restarts\": %" PRIu32, vm->restart_count);
	status_json_member(", ", "last_end", vm->last_end);
	status_json_member(", ", "addresses", vm->addresses);
	status_json_member(", ", "ports", vm->ports);
	say(stdout, ", \"ram_bytes\": %" PRIu64 ", \"up_ms\": %" PRIu64, vm->ram_bytes, vm->up_ms);
	print_json_hardware(vm);
}

void status_json_connection(const struct control_connection *connection)
{
	status_json_member("", "device", connection->device_vm);
	status_json_member(", ", "driver", connection->driver_vm);
	status_json_member(", ", "state", connection->up != 0 ? "up" : "down");
	(void)printf(", \"sessions\": %" PRIu32 ", \"devices\": [", connection->session_count);
	for (uint32_t i = 0; i < connection->device_count && i < PV_VMM_DEVICES_MAX; i++) {
		const struct control_device *device = &connection->devices[i];
		status_json_member(i == 0 ? "{" : ", {", "type", device->type);
		status_json_member(", ", "state",
		                   run_device_state_text((enum run_device_state)device->state));
		(void)printf(", \"backends\": %" PRIu32 "}", device->backend_count);
	}
	(void)putchar(']');
}
