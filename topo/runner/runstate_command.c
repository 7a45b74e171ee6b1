/* SPDX-License-Identifier: BSD-2-Clause */
/* How the commands of VMs have ended, for runstate.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/runner/runstate.h"

#define NUMBER_MAX 255U

void runstate_vm_command_over(struct runstate *state, size_t vm)
{
	(void)snprintf(state->vms[vm].command, sizeof(state->vms[vm].command), "%s",
	               state->system->vms[vm].result == NULL ? "" : RUNSTATE_COMMAND_RUNS);
}

/* The number behind @word, which @line is else; -1 = it is something else. */
static int number_behind(const char *line, const char *word)
{
	const size_t bytes = strlen(word);
	char *end = NULL;
	if (strncmp(line, word, bytes) != 0 || line[bytes] < '0' || line[bytes] > '9') {
		return -1;
	}
	const unsigned long number = strtoul(line + bytes, &end, 10);
	return *end == '\0' && number <= NUMBER_MAX ? (int)number : -1;
}

void runstate_vm_command(struct runstate *state, size_t vm, const char *line)
{
	struct runstate_vm *entry = &state->vms[vm];
	const int status = number_behind(line, "exited ");
	const int signal = number_behind(line, "killed ");
	if ((status < 0 && signal < 0) || strcmp(entry->command, RUNSTATE_COMMAND_RUNS) != 0) {
		return;
	}
	if (status == 0) {
		(void)snprintf(entry->command, sizeof(entry->command), RUNSTATE_COMMAND_DONE);
	} else {
		(void)snprintf(entry->command, sizeof(entry->command), "failed (%s%d)",
		               status < 0 ? "signal " : "", status < 0 ? signal : status);
	}
	const struct runstate_event event = {
		.kind = RUNSTATE_COMMAND, .index = vm, .text = entry->command};
	state->sink(state->owner, &event);
}
