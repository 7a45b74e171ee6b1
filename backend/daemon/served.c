/* SPDX-License-Identifier: BSD-2-Clause */
/* See served.h. */
#include "backend/daemon/served.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "backend/daemon/log.h"
#include "lib/bits.h"

static void on_kick(void *owner, uint32_t events)
{
	struct served *served = owner;
	eventfd_t count;

	(void)events;
	eventfd_read(served->kick.fd, &count);
	served_run(served);
}

static err_t watch(struct served *served)
{
	return loop_watch(served->env->loop, &served->kick, served->env->kick_fds[served->queue],
	                  EPOLLIN);
}

static void break_off(struct served *served)
{
	log_line(served->env->peer, "device %u: queue %u makes no sense",
	         served->env->config->index, served->queue);
	served_close(served);
	served->broken(served->owner);
}

/* A new period: what was spent in the last one is forgotten. */
static void on_period(void *owner)
{
	struct served *served = owner;

	served->spent = 0;
	if (served->kick.fd >= 0) {
		return;
	}
	if (watch(served) != OK) {
		break_off(served);
		return;
	}
	served_run(served);
}

err_t served_open(struct served *served, const struct control_setup *setup)
{
	if ((setup->given & BIT32(served->queue)) == 0) {
		log_line(served->env->peer, "device %u: its driver does not use queue %u",
		         served->env->config->index, served->queue);
		return ERR_GUEST;
	}
	vring_open(&served->ring, served->env->memory, &setup->queues[served->queue],
	           setup->features);
	served->kick = (struct loop_source){.fd = -1, .ready = on_kick, .owner = served};
	served->period = (struct loop_timer){.fire = on_period, .owner = served};
	served->spent = 0;
	err_t err = watch(served);
	served->is_open = err == OK;
	return err;
}

/* Serve what waits and may be spent on. */
static enum vring_answer serve_ring(struct served *served)
{
	struct vring_request request;
	enum vring_answer answer = VRING_EMPTY;
	bool given = false;

	while (served->spent < SERVED_PERIOD_BYTES &&
	       (answer = vring_peek(&served->ring, &request)) == VRING_TAKEN) {
		uint32_t written = 0;
		uint32_t moved = 0;

		if (!served->serve(served->owner, &request, &written, &moved)) {
			break;
		}
		vring_answer(&served->ring, &request, written);
		given = true;
		served->spent += SERVED_REQUEST_BYTES + moved;
	}
	if (given && vring_wants_call(&served->ring)) {
		eventfd_write(served->env->call_fds[served->queue], 1);
	}
	return answer;
}

void served_run(struct served *served)
{
	struct loop *loop = served->env->loop;

	if (!served->is_open || served->spent >= SERVED_PERIOD_BYTES) {
		return;
	}
	if (serve_ring(served) == VRING_BROKEN) {
		break_off(served);
		return;
	}
	if (served->spent >= SERVED_PERIOD_BYTES) {
		loop_unwatch(loop, &served->kick);
	}
	if (served->spent > 0 && !served->period.armed) {
		loop_arm(loop, &served->period, SERVED_PERIOD_MS);
	}
}

void served_close(struct served *served)
{
	if (served->is_open) {
		loop_unwatch(served->env->loop, &served->kick);
		loop_disarm(served->env->loop, &served->period);
		served->is_open = false;
	}
}
