/* SPDX-License-Identifier: BSD-2-Clause */
/* What VMs say of their health, for runstate.h. */
#include <stdio.h>
#include <string.h>

#include "topo/runner/runstate.h"

const char *run_health_text(enum run_health health)
{
#define RUN_HEALTH_TEXT(name, number, text) [name] = (text),
	static const char *const texts[RUN_HEALTH_COUNT] = {RUN_HEALTHS(RUN_HEALTH_TEXT)};
#undef RUN_HEALTH_TEXT
	return (size_t)health < RUN_HEALTH_COUNT ? texts[health] : "?";
}

void runstate_vm_health_over(struct runstate *state, size_t vm)
{
	struct runstate_vm *entry = &state->vms[vm];
	entry->health =
		state->system->vms[vm].health == NULL ? RUN_HEALTH_NONE : RUN_HEALTH_STARTING;
	entry->unhealthy[0] = '\0';
}

bool runstate_vm_health(struct runstate *state, size_t vm, enum run_health health, const char *why)
{
	struct runstate_vm *entry = &state->vms[vm];
	char text[RUNSTATE_HEALTH_BYTES];
	(void)snprintf(text, sizeof(text), "%s", why);
	if (entry->health == health && strcmp(entry->unhealthy, text) == 0) {
		return false;
	}
	entry->health = health;
	entry->was_healthy = entry->was_healthy || health == RUN_HEALTH_HEALTHY;
	memcpy(entry->unhealthy, text, sizeof(text));
	const struct runstate_event event = {
		.kind = RUNSTATE_HEALTH, .index = vm, .text = entry->unhealthy};
	state->sink(state->owner, &event);
	return true;
}
