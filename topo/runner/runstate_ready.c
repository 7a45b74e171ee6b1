/* SPDX-License-Identifier: BSD-2-Clause */
/* What runstate.h says of a whole system: whether all has been up, can come up, has ended. */
#include "topo/runner/runstate.h"

/* It is off since nobody has asked for it yet. */
static bool vm_unasked(const struct runstate *state, size_t vm)
{
	return state->system->vms[vm].starts_off && state->vms[vm].start_count == 0;
}

bool runstate_vm_missing(const struct runstate *state, size_t vm)
{
	const struct runstate_vm *entry = &state->vms[vm];
	const bool healthy = state->system->vms[vm].health == NULL || entry->was_healthy;
	return entry->state == RUN_VM_FAILED ||
	       (!(entry->was_up && healthy) && !vm_unasked(state, vm));
}

bool runstate_connection_missing(const struct runstate *state, size_t connection)
{
	const struct system_connection *entry = &state->system->connections[connection];
	const bool both_run = !runstate_vm_ended(state, entry->device_vm) &&
	                      !runstate_vm_ended(state, entry->driver_vm);
	const struct runstate_connection *known = &state->connections[connection];
	if (vm_unasked(state, entry->device_vm) || vm_unasked(state, entry->driver_vm)) {
		return false;
	}
	return both_run ? !known->up : !known->was_up;
}

bool runstate_ready(const struct runstate *state)
{
	for (size_t vm = 0; vm < state->system->vm_count; vm++) {
		if (runstate_vm_missing(state, vm)) {
			return false;
		}
	}
	for (size_t i = 0; i < state->system->connection_count; i++) {
		if (runstate_connection_missing(state, i)) {
			return false;
		}
	}
	return !state->refused;
}

bool runstate_hopeless(const struct runstate *state)
{
	for (size_t vm = 0; vm < state->system->vm_count; vm++) {
		if (runstate_vm_ended(state, vm) && runstate_vm_missing(state, vm)) {
			return true;
		}
	}
	for (size_t i = 0; i < state->system->connection_count; i++) {
		const struct system_connection *entry = &state->system->connections[i];
		if ((runstate_vm_ended(state, entry->device_vm) ||
		     runstate_vm_ended(state, entry->driver_vm)) &&
		    runstate_connection_missing(state, i)) {
			return true;
		}
	}
	return state->refused;
}

bool runstate_ended(const struct runstate *state)
{
	for (size_t vm = 0; vm < state->system->vm_count; vm++) {
		if (!runstate_vm_ended(state, vm)) {
			return false;
		}
	}
	return true;
}

bool runstate_ended_well(const struct runstate *state)
{
	for (size_t vm = 0; vm < state->system->vm_count; vm++) {
		if (state->vms[vm].state != RUN_VM_STOPPED) {
			return false;
		}
	}
	return true;
}
