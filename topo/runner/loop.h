/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner's event loop: file descriptors and timers, one thread, poll(2). The sources and
 * timers belong to whoever watches them; the loop holds pointers only, so each must be unwatched
 * or stopped before its memory goes. A callback may watch and unwatch whatever it likes, itself
 * included: a source that was unwatched is never called again, not even in the same turn.
 */
#ifndef TOPO_RUNNER_LOOP_H
#define TOPO_RUNNER_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/err.h"

#define LOOP_SOURCES_MAX 256U

struct loop_source {
	int fd;
	short events; /* POLLIN, POLLOUT; errors and hang-ups are always reported */
	void (*ready)(void *owner, short revents);
	void *owner;
};

struct loop_timer {
	void (*fire)(void *owner);
	void *owner;
	uint64_t due_ms; /* on loop_now_ms's clock; valid while armed */
	bool armed;
	struct loop_timer *next; /* the loop's list of armed timers */
};

struct loop {
	struct loop_source *sources[LOOP_SOURCES_MAX]; /* NULL: unwatched in this turn */
	size_t source_count;
	struct loop_timer *timers;
	bool stopping;
};

/** Milliseconds of the monotonic clock. */
uint64_t loop_now_ms(void);

/**
 * Watch @source, whose fields the caller has filled; fd and events may be changed at any time.
 * Errors: ERR_FULL when LOOP_SOURCES_MAX are watched.
 */
MUST_USE err_t loop_watch(struct loop *loop, struct loop_source *source);

/** Forget @source; nothing happens if it is not watched. */
void loop_unwatch(struct loop *loop, const struct loop_source *source);

/** Call @timer's fire once, @delay_ms from now; an armed timer starts anew. */
void loop_arm(struct loop *loop, struct loop_timer *timer, uint64_t delay_ms);

/** Disarm @timer; nothing happens if it is not armed. */
void loop_disarm(struct loop *loop, struct loop_timer *timer);

/** Serve sources and timers until loop_stop. Returns 0, or a negative errno of poll. */
MUST_USE int loop_run(struct loop *loop);

/** Make loop_run return after the callback that is running. */
void loop_stop(struct loop *loop);

#endif
