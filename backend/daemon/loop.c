/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See loop.h. One event is taken from epoll at a time: so none that was taken can be of a source
 * that a callback has unwatched since.
 */
#include "backend/daemon/loop.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "backend/daemon/log.h"

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

err_t loop_open(struct loop *loop)
{
	*loop = (struct loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	return loop->epoll_fd < 0 ? ERR_STATE : OK;
}

err_t loop_watch(struct loop *loop, struct loop_source *source, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		log_errno("loop", "cannot watch a file");
		source->fd = -1;
		return ERR_STATE;
	}
	source->fd = fd;
	return OK;
}

void loop_unwatch(struct loop *loop, struct loop_source *source)
{
	if (source->fd >= 0) {
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
		source->fd = -1;
	}
}

void loop_arm(struct loop *loop, struct loop_timer *timer, uint64_t delay_ms)
{
	if (!timer->armed) {
		timer->next = loop->timers;
		loop->timers = timer;
		timer->armed = true;
	}
	timer->due_ms = now_ms() + delay_ms;
}

void loop_disarm(struct loop *loop, struct loop_timer *timer)
{
	if (!timer->armed) {
		return;
	}
	struct loop_timer **link = &loop->timers;
	while (*link != NULL && *link != timer) {
		link = &(*link)->next;
	}
	if (*link != NULL) {
		*link = timer->next;
	}
	timer->armed = false;
}

static struct loop_timer *earliest(const struct loop *loop)
{
	struct loop_timer *first = loop->timers;

	for (struct loop_timer *timer = first; timer != NULL; timer = timer->next) {
		if (timer->due_ms < first->due_ms) {
			first = timer;
		}
	}
	return first;
}

void loop_turn(struct loop *loop, int wait_ms)
{
	struct loop_timer *timer = earliest(loop);

	if (timer != NULL) {
		uint64_t now = now_ms();
		uint64_t left = timer->due_ms > now ? timer->due_ms - now : 0;
		if (left == 0) {
			loop_disarm(loop, timer);
			timer->fire(timer->owner);
			return;
		}
		if (wait_ms < 0 || left < (uint64_t)wait_ms) {
			wait_ms = left > INT32_MAX ? INT32_MAX : (int)left;
		}
	}

	struct epoll_event event;
	int count = epoll_wait(loop->epoll_fd, &event, 1, wait_ms);
	if (count == 1) {
		struct loop_source *source = event.data.ptr;
		source->ready(source->owner, event.events);
	} else if (count < 0 && errno != EINTR) {
		log_errno("loop", "epoll_wait");
		abort();
	}
}

void loop_run(struct loop *loop)
{
	while (!loop->stopping) {
		loop_turn(loop, -1);
	}
}
