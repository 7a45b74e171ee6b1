/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Back end of blk devices: a storage program (storage.h) behind vhost-user.
 *
 * The program takes one connection at a time, and the next one when all requests of the last are
 * done. So a new connection that has shaken hands proves that nothing of an old one goes on: this
 * is how a queue is stopped, and how a daemon that starts anew finds the rings at rest.
 *
 * Where the program itself dies, the file of requests in flight says which ones to do again.
 * QEMU 10.0.2 does not offer that feature but has it; after a disconnection it even needs it: a
 * kick that comes while it finishes its requests makes it abort (in util/vhost-user-server.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/inflight.h"
#include "backend/daemon/log.h"
#include "backend/daemon/socket.h"
#include "backend/daemon/storage.h"
#include "backend/daemon/vhost_user.h"
#include "lib/bits.h"

/* virtio 1.2, 5.2.3 and 6: the feature bits of the device type, and of the ring's format. */
#define BLK_FEATURES (MASK64(0, 24) | BIT64(28) | BIT64(29) | BIT64(32))

#define CALM_MS 10000U /* after so long a program that hangs up is no repeated failure */
#define RETRY_FIRST_MS 100U
#define RETRY_DOUBLINGS 6U /* 6.4 s at most */
#define PATH_BYTES 256U

/* What is to be told when the program is at rest, or dead. */
enum debt { DEBT_NONE, DEBT_GONE, DEBT_STOPPED, DEBT_FAILED };

struct blk {
	/* Set by blk_open(), then constant. */
	struct backend_env env;
	char socket[PATH_BYTES];
	char inflight[PATH_BYTES];

	struct vhost_user user;
	bool shaken;   /* the program is there and at rest, or serves */
	bool told;     /* the owner knows that it is there */
	bool survived; /* it was there before us: its predecessor is not dead, it has finished */
	enum debt debt;
	err_t error;                       /* of DEBT_FAILED */
	const struct control_setup *setup; /* that it serves or is to serve; NULL: none */
	int inflight_fd;                   /* of that setup */
	struct loop_timer retry;
	struct loop_timer calm;
	uint32_t failures; /* in a row; one that was calm before is not of the row */
};

static void pay(struct blk *blk)
{
	enum debt debt = blk->debt;

	blk->debt = DEBT_NONE;
	switch (debt) {
	case DEBT_NONE:
		break;
	case DEBT_GONE:
		blk->told = false;
		backend_tell(&blk->env, BACKEND_GONE, OK);
		break;
	case DEBT_STOPPED:
		backend_tell(&blk->env, BACKEND_STOPPED, OK);
		break;
	case DEBT_FAILED:
		backend_tell(&blk->env, BACKEND_FAILED, blk->error);
		break;
	}
}

static void drop_setup(struct blk *blk)
{
	blk->setup = NULL;
	if (blk->inflight_fd >= 0) {
		close(blk->inflight_fd);
		blk->inflight_fd = -1;
	}
}

/* Requests that a program took and nobody knows of: not to be answered, and not to be repeated. */
static bool is_lost(const struct blk *blk, bool kept)
{
	if (!kept || blk->survived || inflight_is_used(blk->inflight_fd)) {
		return false;
	}
	for (uint32_t q = 0; q < blk->env.config->queue_count; q++) {
		const struct pv_ctl_queue *queue = &blk->setup->queues[q];
		if ((blk->setup->given & BIT32(q)) != 0 &&
		    ring_available_index(blk->env.memory, queue) !=
		            ring_used_index(blk->env.memory, queue)) {
			return true;
		}
	}
	return false;
}

static void connect_program(struct blk *blk);

static uint64_t retry_ms(const struct blk *blk)
{
	uint32_t doublings = blk->failures < RETRY_DOUBLINGS ? blk->failures : RETRY_DOUBLINGS;

	return (uint64_t)RETRY_FIRST_MS << doublings;
}

static void hang_up(struct blk *blk)
{
	vhost_user_close(&blk->user);
	drop_setup(blk);
	blk->shaken = false;
	loop_disarm(blk->env.loop, &blk->calm);
}

/* Hang up and connect anew; the debt is paid when the program is at rest. */
static void reconnect(struct blk *blk, enum debt debt, err_t error)
{
	hang_up(blk);
	blk->debt = debt;
	blk->error = error;
	loop_disarm(blk->env.loop, &blk->retry);
	if (blk->failures == 0) {
		connect_program(blk);
	} else {
		/* A reset between two failures does not make them fewer. */
		loop_arm(blk->env.loop, &blk->retry, retry_ms(blk));
	}
}

/* Do the rings go on where the file of requests in flight ends? */
static bool is_same_life(const struct blk *blk)
{
	uint32_t count = blk->env.config->queue_count;

	for (uint32_t q = 0; q < count; q++) {
		const struct pv_ctl_queue *queue = &blk->setup->queues[q];
		if ((blk->setup->given & BIT32(q)) != 0 &&
		    !inflight_matches(blk->inflight_fd, q, count,
		                      ring_used_index(blk->env.memory, queue))) {
			return false;
		}
	}
	return true;
}

/* Open the file of requests in flight for the setup. */
static err_t open_inflight(struct blk *blk)
{
	bool kept = false;
	err_t err = inflight_open(blk->inflight, blk->setup->sequence, &blk->inflight_fd, &kept);

	if (err == OK && kept && !is_same_life(blk)) {
		err = inflight_clear(blk->inflight_fd);
		kept = false;
	}
	if (err == OK && is_lost(blk, kept)) {
		log_line(blk->env.peer, "device %u: requests were lost with the storage program",
		         blk->env.config->index);
		err = ERR_STATE;
	}
	return err;
}

static void start_queues(struct blk *blk)
{
	err_t err = open_inflight(blk);

	if (err != OK) {
		drop_setup(blk);
		backend_tell(&blk->env, BACKEND_FAILED, err);
		return;
	}
	vhost_user_start(&blk->user, blk->setup, blk->inflight_fd);
}

/* The program is at rest: pay, announce, and start what is wanted by now. */
static void on_shaken(struct blk *blk)
{
	blk->shaken = true;
	loop_arm(blk->env.loop, &blk->calm, CALM_MS);
	pay(blk);
	if (!blk->told) {
		blk->told = true;
		backend_tell(&blk->env, BACKEND_READY, OK);
	} else if (blk->setup != NULL && blk->user.setup == NULL) {
		start_queues(blk);
	}
}

static void retry_later(struct blk *blk)
{
	loop_arm(blk->env.loop, &blk->retry, retry_ms(blk));
	blk->failures++;
}

/*
 * It hung up: by its own death, or by a mistake of ours that it will repeat. In the second case it
 * may still work on what it has taken.
 */
static void on_closed(struct blk *blk)
{
	bool served = blk->shaken;

	hang_up(blk);
	if (blk->told && blk->debt == DEBT_NONE) {
		log_line(blk->env.peer, "device %u: the storage program is gone",
		         blk->env.config->index);
		blk->debt = DEBT_GONE;
	}
	/* The driver's rings can make it hang up as often as it starts: not without a pause. */
	if (served && blk->failures == 0) {
		blk->failures = 1;
		connect_program(blk);
	} else {
		retry_later(blk);
	}
}

static void on_event(void *owner, enum vhost_user_event event)
{
	struct blk *blk = owner;

	switch (event) {
	case VHOST_USER_READY:
		on_shaken(blk);
		break;
	case VHOST_USER_STARTED:
		backend_tell(&blk->env, BACKEND_STARTED, OK);
		break;
	case VHOST_USER_REFUSED:
		reconnect(blk, DEBT_FAILED, ERR_ARG);
		break;
	case VHOST_USER_CLOSED:
		on_closed(blk);
		break;
	}
}

/* None could be started, and what was owed is paid: say why, as far as the owner can tell it on. */
static void tell_absence(struct blk *blk, err_t why)
{
	blk->told = false;
	backend_tell(&blk->env, why == ERR_FULL ? BACKEND_FULL : BACKEND_GONE, OK);
}

/* Find the program at its socket, or start one. */
static void connect_program(struct blk *blk)
{
	const struct vhost_user_config config = {
		.env = &blk->env,
		.device_features = BLK_FEATURES,
		.hidden_protocol = VHOST_USER_PROTOCOL_INFLIGHT,
		.event = on_event,
		.owner = blk,
	};
	int fd = -1;
	err_t err = socket_connect(blk->socket, &fd);

	blk->survived = err == OK;
	if (err == ERR_EMPTY) {
		/* Nobody is there, so nobody touches a queue. */
		pay(blk);
		err = storage_spawn(&blk->env, blk->socket);
		if (err == OK) {
			err = socket_connect(blk->socket, &fd);
		} else {
			tell_absence(blk, err);
		}
	}
	if (err != OK) {
		retry_later(blk);
		return;
	}
	vhost_user_open(&blk->user, &config, fd);
}

static void on_retry(void *owner)
{
	connect_program(owner);
}

static void on_calm(void *owner)
{
	struct blk *blk = owner;

	blk->failures = 0;
}

static void *blk_open(const struct backend_env *env)
{
	struct blk *blk = malloc(sizeof(*blk));

	if (blk == NULL) {
		return NULL;
	}
	*blk = (struct blk){
		.env = *env,
		.user = {.source = {.fd = -1}},
		.inflight_fd = -1,
		.debt = DEBT_GONE, /* a predecessor's program may be at work */
		.retry = {.fire = on_retry, .owner = blk},
		.calm = {.fire = on_calm, .owner = blk},
	};
	snprintf(blk->socket, sizeof(blk->socket), "%s/%s-%u.sock", env->run_dir, env->peer,
	         env->config->index);
	snprintf(blk->inflight, sizeof(blk->inflight), "%s/%s-%u.inflight", env->run_dir, env->peer,
	         env->config->index);
	connect_program(blk);
	return blk;
}

static void blk_start(void *backend, const struct control_setup *setup)
{
	struct blk *blk = backend;

	blk->setup = setup;
	if (blk->shaken) {
		start_queues(blk);
	}
}

static void blk_stop(void *backend)
{
	struct blk *blk = backend;

	if (blk->shaken) {
		reconnect(blk, DEBT_STOPPED, OK);
	} else {
		/* It has not got the setup; hands that will be shaken are proof enough. */
		drop_setup(blk);
		blk->debt = DEBT_STOPPED;
	}
}

static void blk_close(void *backend)
{
	struct blk *blk = backend;

	loop_disarm(blk->env.loop, &blk->retry);
	hang_up(blk);
	free(blk);
}

const struct backend_type backend_blk = {
	.name = "blk",
	.open = blk_open,
	.start = blk_start,
	.stop = blk_stop,
	.close = blk_close,
};
