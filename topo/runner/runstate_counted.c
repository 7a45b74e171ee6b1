/* SPDX-License-Identifier: BSD-2-Clause */
/* What a VMM says that it counts; see runstate.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "topo/runner/runstate.h"

static const char prefix[] = "counted ";

#define TEXT(name, number, text) [name] = (text),
static const char *const counters[RUN_COUNTER_COUNT] = {RUN_COUNTERS(TEXT)};
static const char *const traffics[RUN_TRAFFIC_COUNT] = {RUN_TRAFFIC(TEXT)};
#undef TEXT

const char *run_counter_text(enum run_counter counter)
{
	return (size_t)counter < RUN_COUNTER_COUNT ? counters[counter] : "?";
}

const char *run_traffic_text(enum run_traffic traffic)
{
	return (size_t)traffic < RUN_TRAFFIC_COUNT ? traffics[traffic] : "?";
}

bool runstate_is_counted(const char *line)
{
	return strncmp(line, prefix, strlen(prefix)) == 0;
}

/* "WORD N WORD N…", with these words and no others. */
static bool take_numbers(const char *text, const char *const *words, size_t count, uint64_t *out)
{
	for (size_t i = 0; i < count; i++) {
		const size_t length = strlen(words[i]);
		char *end = NULL;
		if (strncmp(text, words[i], length) != 0 || text[length] != ' ' ||
		    !isdigit((unsigned char)text[length + 1])) {
			return false;
		}
		out[i] = strtoull(text + length + 1, &end, 10);
		if (*end != (i + 1 < count ? ' ' : '\0')) {
			return false;
		}
		text = end + 1;
	}
	return true;
}

/* "PEER kicks N…": a name may hold spaces, so each peer's is tried. */
static void take_traffic(struct runstate *state, size_t vm, const char *text)
{
	for (size_t i = 0; i < state->system->connection_count; i++) {
		const struct system_connection *connection = &state->system->connections[i];
		const char *peer = state->system->vms[connection->device_vm].name;
		const size_t length = strlen(peer);
		uint64_t numbers[RUN_TRAFFIC_COUNT];
		if (connection->driver_vm == vm && strncmp(text, peer, length) == 0 &&
		    text[length] == ' ' &&
		    take_numbers(text + length + 1, traffics, RUN_TRAFFIC_COUNT, numbers)) {
			memcpy(state->connections[i].traffic, numbers, sizeof(numbers));
		}
	}
}

/* The counters from @first on. */
static bool take_counters(struct runstate_vm *vm, const char *text, size_t first, size_t end)
{
	uint64_t numbers[RUN_COUNTER_COUNT];
	const bool good = take_numbers(text, counters + first, end - first, numbers);
	if (good) {
		memcpy(vm->counters + first, numbers, (end - first) * sizeof(*numbers));
	}
	return good;
}

void runstate_counted_line(struct runstate *state, size_t vm, const char *line)
{
	static const char connection[] = "connection ";
	static const char traps[] = "traps ";
	const char *text = line + strlen(prefix);
	struct runstate_vm *entry = &state->vms[vm];
	const uint64_t before = entry->counters[RUN_COUNTER_TIME];
	if (strncmp(text, connection, strlen(connection)) == 0) {
		take_traffic(state, vm, text + strlen(connection));
	} else if (strncmp(text, traps, strlen(traps)) == 0) {
		(void)take_counters(entry, text + strlen(traps), 0, RUN_COUNTER_TIME);
	} else if (take_counters(entry, text, RUN_COUNTER_TIME, RUN_COUNTER_COUNT)) {
		const struct runstate_event event = {
			.kind = RUNSTATE_COUNTED, .index = vm, .text = "told"};
		/* Of a vCPU that stops just then the kernel may know less than a moment before. */
		if (entry->counters[RUN_COUNTER_TIME] < before) {
			entry->counters[RUN_COUNTER_TIME] = before;
		}
		entry->answer_count++;
		state->sink(state->owner, &event);
	}
}
