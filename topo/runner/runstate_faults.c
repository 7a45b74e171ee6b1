/* SPDX-License-Identifier: BSD-2-Clause */
/* What a VMM says of the DMA of its devices; see runstate.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "topo/runner/runstate.h"

/* A number and @behind it: what is left of *@text then. */
static bool take_number(const char **text, int base, const char *behind, uint64_t *out)
{
	char *end = NULL;
	if (!isxdigit((unsigned char)**text)) {
		return false;
	}
	*out = strtoull(*text, &end, base);
	const bool follows = strncmp(end, behind, strlen(behind)) == 0;
	*text = follows ? end + strlen(behind) : *text;
	return follows;
}

void runstate_stream_line(struct runstate *state, size_t vm, const char *text)
{
	const struct system_vm *known = &state->system->vms[vm];
	struct runstate_faults faults;
	uint64_t bus = 0;
	uint64_t device = 0;
	uint64_t function = 0;
	if (!take_number(&text, 16, ":", &bus) || !take_number(&text, 16, ".", &device) ||
	    !take_number(&text, 10, " faults ", &function) ||
	    !take_number(&text, 10, " last ", &faults.count) ||
	    !take_number(&text, 16, "", &faults.last) || *text != '\0') {
		return;
	}
	for (size_t i = 0; i < known->hardware_count; i++) {
		const struct system_hardware *hardware = &known->hardware[i];
		if (hardware->has_stream && hardware->stream >> 8 == bus &&
		    (hardware->stream >> 3 & 31U) == device &&
		    (hardware->stream & 7U) == function) {
			const struct runstate_event event = {
				.kind = RUNSTATE_FAULTS, .index = vm, .text = hardware->name};
			state->vms[vm].faults[i] = faults;
			state->sink(state->owner, &event);
		}
	}
}
