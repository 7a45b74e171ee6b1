/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's one loop: file descriptors (epoll) and timers, no threads. Sources and timers
 * belong to whoever watches them; each must be unwatched or disarmed before its memory goes. A
 * callback may watch and unwatch whatever it likes, itself included.
 */
#ifndef BACKEND_DAEMON_LOOP_H
#define BACKEND_DAEMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/err.h"

struct loop_source {
	int fd; /* -1: not watched */
	void (*ready)(void *owner, uint32_t events);
	void *owner;
};

struct loop_timer {
	void (*fire)(void *owner);
	void *owner;
	uint64_t due_ms; /* monotonic clock; valid while armed */
	bool armed;
	struct loop_timer *next; /* the loop's list of armed timers */
};

struct loop {
	int epoll_fd;
	bool stopping;
	struct loop_timer *timers;
};

/** Make an empty loop. Errors: ERR_STATE if the system gives no epoll. */
MUST_USE err_t loop_open(struct loop *loop);

/** Watch @fd for @events (EPOLLIN, …; errors and hang-ups always) by @source, whose callback and
 * owner are set. Errors: ERR_STATE; then it is not watched. */
MUST_USE err_t loop_watch(struct loop *loop, struct loop_source *source, int fd, uint32_t events);

/** Forget @source and set its fd to -1; the file stays open. Nothing happens if not watched. */
void loop_unwatch(struct loop *loop, struct loop_source *source);

/** Call @timer's fire once, @delay_ms from now; an armed timer starts anew. */
void loop_arm(struct loop *loop, struct loop_timer *timer, uint64_t delay_ms);

/** Disarm @timer; nothing happens if it is not armed. */
void loop_disarm(struct loop *loop, struct loop_timer *timer);

/** Wait for one event or timer, at most @wait_ms (-1: for ever), and serve it. */
void loop_turn(struct loop *loop, int wait_ms);

/** Serve until loop->stopping. */
void loop_run(struct loop *loop);

#endif
