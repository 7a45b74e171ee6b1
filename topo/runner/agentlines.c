/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs of agentlines.h. */
#include "topo/runner/agentlines.h"

static void take_line(void *holder, const char *line)
{
	const struct agentlines *lines = holder;
	lines->ops->line(lines->owner, line);
}

static void take_output(void *holder, bool error_stream, const uint8_t *bytes, size_t count)
{
	struct agentlines *lines = holder;
	if (!error_stream) {
		linecut_put(&lines->cut, bytes, count, take_line, lines);
	}
}

/* It has no input. */
static void take_input(void *holder, size_t count)
{
	(void)holder;
	(void)count;
}

static void end(void *holder, uint8_t how, uint8_t code)
{
	struct agentlines *lines = holder;
	lines->command = NULL;
	lines->ops->ended(lines->owner, how, code);
}

static void fail(void *holder, const char *why)
{
	struct agentlines *lines = holder;
	lines->command = NULL;
	lines->ops->failed(lines->owner, why);
}

static void pass_silence(void *holder, const char *why)
{
	const struct agentlines *lines = holder;
	lines->ops->silent(lines->owner, why);
}

err_t agentlines_start(struct agentlines *lines, struct agentlink *link, const uint8_t *argv,
                       size_t argv_bytes, uint32_t limit_ms)
{
	static const struct agentlink_ops kept = {.output = take_output,
	                                          .taken = take_input,
	                                          .ended = end,
	                                          .failed = fail,
	                                          .silent = pass_silence};
	static const struct agentlink_ops ends_with_agent = {
		.output = take_output, .taken = take_input, .ended = end, .failed = fail};
	lines->cut.count = 0;
	const err_t err = agentlink_start(link, argv, argv_bytes, limit_ms, &lines->command);
	if (err != OK) {
		return err;
	}
	agentlink_hold_by(lines->command, lines->ops->silent != NULL ? &kept : &ends_with_agent,
	                  lines);
	agentlink_input_end(lines->command);
	return OK;
}
