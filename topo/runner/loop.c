/* SPDX-License-Identifier: BSD-2-Clause */
/* The event loop of loop.h. */
#include "topo/runner/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

uint64_t loop_now_ms(void)
{
	struct timespec now;
	/* CLOCK_MONOTONIC cannot fail on Linux. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

err_t loop_watch(struct loop *loop, struct loop_source *source)
{
	if (loop->source_count == LOOP_SOURCES_MAX) {
		return ERR_FULL;
	}
	loop->sources[loop->source_count++] = source;
	return OK;
}

void loop_unwatch(struct loop *loop, const struct loop_source *source)
{
	for (size_t i = 0; i < loop->source_count; i++) {
		if (loop->sources[i] == source) {
			loop->sources[i] = NULL;
		}
	}
}

void loop_disarm(struct loop *loop, struct loop_timer *timer)
{
	struct loop_timer **link = &loop->timers;
	while (*link != NULL && *link != timer) {
		link = &(*link)->next;
	}
	if (*link != NULL) {
		*link = timer->next;
	}
	timer->armed = false;
}

void loop_arm(struct loop *loop, struct loop_timer *timer, uint64_t delay_ms)
{
	loop_disarm(loop, timer);
	timer->due_ms = loop_now_ms() + delay_ms;
	timer->armed = true;
	timer->next = loop->timers;
	loop->timers = timer;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

/* Unwatching only clears a slot, so that indices stay valid within a turn. */
static void drop_empty_slots(struct loop *loop)
{
	size_t kept = 0;
	for (size_t i = 0; i < loop->source_count; i++) {
		if (loop->sources[i] != NULL) {
			loop->sources[kept++] = loop->sources[i];
		}
	}
	loop->source_count = kept;
}

/* How long poll may sleep: until the first timer, or -1 without one. */
static int next_timeout(const struct loop *loop)
{
	if (loop->timers == NULL) {
		return -1;
	}
	uint64_t first = UINT64_MAX;
	for (const struct loop_timer *timer = loop->timers; timer != NULL; timer = timer->next) {
		first = timer->due_ms < first ? timer->due_ms : first;
	}
	const uint64_t now = loop_now_ms();
	if (first <= now) {
		return 0;
	}
	return first - now > INT_MAX ? INT_MAX : (int)(first - now);
}

/* Each call may change the list, so the search starts anew after it. */
static void fire_due_timers(struct loop *loop)
{
	const uint64_t now = loop_now_ms();
	struct loop_timer *timer = loop->timers;
	while (timer != NULL && !loop->stopping) {
		if (timer->due_ms > now) {
			timer = timer->next;
			continue;
		}
		loop_disarm(loop, timer);
		timer->fire(timer->owner);
		timer = loop->timers;
	}
}

static void serve_sources(struct loop *loop, const struct pollfd *polled, size_t count)
{
	for (size_t i = 0; i < count && !loop->stopping; i++) {
		struct loop_source *source = loop->sources[i];
		if (polled[i].revents != 0 && source != NULL) {
			source->ready(source->owner, polled[i].revents);
		}
	}
}

int loop_run(struct loop *loop)
{
	loop->stopping = false;
	while (!loop->stopping) {
		struct pollfd polled[LOOP_SOURCES_MAX];
		drop_empty_slots(loop);
		const size_t count = loop->source_count;
		for (size_t i = 0; i < count; i++) {
			polled[i] = (struct pollfd){.fd = loop->sources[i]->fd,
			                            .events = loop->sources[i]->events};
		}
		if (poll(polled, count, next_timeout(loop)) < 0 && errno != EINTR) {
			return -errno;
		}
		serve_sources(loop, polled, count);
		fire_due_timers(loop);
	}
	return 0;
}
