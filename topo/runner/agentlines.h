/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that the agent of a VM runs for the session: it has no input, and what it prints is read by
 * lines. The lines are the VM's word.
 */
#ifndef TOPO_RUNNER_AGENTLINES_H
#define TOPO_RUNNER_AGENTLINES_H

#include <stddef.h>
#include <stdint.h>

#include "abi/err.h"
#include "topo/runner/agentlink.h"
#include "topo/runner/linecut.h"

/* To whom it is reported; when ended or failed is called it runs no more. */
struct agentlines_ops {
	void (*line)(void *owner, const char *line);
	/* Its last call. @end: enum pv_agent_end. */
	void (*ended)(void *owner, uint8_t end, uint8_t code);
	/* Its last call too: it did not run, or how it ended cannot be known. */
	void (*failed)(void *owner, const char *why);
	/* The agent does not answer, and the program is kept for when it does. NULL: that ends it. */
	void (*silent)(void *owner, const char *why);
};

/* One of zeroes does not run. */
struct agentlines {
	const struct agentlines_ops *ops; /* set by whom it is reported to, as is the owner */
	void *owner;
	struct agent_command *command; /* NULL: it does not run */
	struct linecut cut;
};

/**
 * Start the program @argv, arguments each ended by a NUL, which does not run. @limit_ms: 0 = none. Call
 * agentlink_work afterwards.
 * Errors: those of agentlink_start.
 */
MUST_USE err_t agentlines_start(struct agentlines *lines, struct agentlink *link,
                                const uint8_t *argv, size_t argv_bytes, uint32_t limit_ms);

#endif
