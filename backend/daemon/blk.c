/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Back end of blk devices: a storage program (storage.h) behind vhost-user.
 *
 * The program takes one connection at a time, and the next one when all requests of the last are
 * done. So a new connection that has shaken hands proves that nothing of an old one goes on: this
 * is how a queue is stopped, and how a daemon that starts anew finds the rings at rest.
 *
 * Where the program itself dies, the records of requests in flight say which ones to do again.
 * QEMU 10.0.2 does not offer that feature but has it; after a disconnection it even needs it: a
 * kick that comes while it finishes its requests makes it abort (in util/vhost-user-server.c).
 *
 * The program serves at two sockets: one is the disk, at the other all requests fail. There rings
 * are served that began over a disk which is not there any more.
 */
#include <stdio.h>
#include <stdlib.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/backoff.h"
#include "backend/daemon/inflight.h"
#include "backend/daemon/log.h"
#include "backend/daemon/medium.h"
#include "backend/daemon/socket.h"
#include "backend/daemon/storage.h"
#include "backend/daemon/vhost_user.h"
#include "lib/bits.h"

/* virtio 1.2, 5.2.3 and 6: the feature bits of the device type, and of the ring's format. */
#define BLK_FEATURES (MASK64(0, 24) | BIT64(28) | BIT64(29) | BIT64(32))

#define PATH_BYTES 256U

/* What is to be told when the program is at rest, or dead. */
enum debt { DEBT_NONE, DEBT_GONE, DEBT_STOPPED, DEBT_FAILED };

struct blk {
	/* Set by blk_open(), then constant. */
	struct backend_env env;
	char sockets[STORAGE_EXPORTS][PATH_BYTES];

	struct inflight inflight;
	struct medium medium; /* where the disk lies on one */
	struct vhost_user user;
	enum storage_export export; /* that we speak to */
	bool shaken;                /* the program is there and at rest, or serves */
	bool told;                  /* the owner knows that it is there */
	bool fresh;                 /* it was started by us, and has served nothing yet */
	bool absent;                /* none is started until the medium has changed */
	uint64_t identity;          /* of the disk, as the owner knows it */
	enum debt debt;
	err_t err;                         /* of DEBT_FAILED */
	const struct control_setup *setup; /* that it serves or is to serve; NULL: none */
	struct backoff backoff;
};

static void tell_gone(struct blk *blk)
{
	blk->told = false;
	backend_tell(&blk->env, BACKEND_GONE, OK);
}

static void pay(struct blk *blk)
{
	enum debt debt = blk->debt;

	blk->debt = DEBT_NONE;
	switch (debt) {
	case DEBT_NONE:
		break;
	case DEBT_GONE:
		tell_gone(blk);
		break;
	case DEBT_STOPPED:
		backend_tell(&blk->env, BACKEND_STOPPED, OK);
		break;
	case DEBT_FAILED:
		backend_tell(&blk->env, BACKEND_FAILED, blk->err);
		break;
	}
}

/* Requests that a program took and nobody knows of: not to be answered, and not to be repeated. */
static bool is_lost(const struct blk *blk, bool kept)
{
	if (!kept || !blk->fresh || inflight_is_used(&blk->inflight)) {
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

static void retry_later(struct blk *blk)
{
	backoff_wait(&blk->backoff);
	blk->backoff.failures++;
}

static void hang_up(struct blk *blk)
{
	vhost_user_close(&blk->user);
	blk->setup = NULL;
	blk->shaken = false;
	backoff_end_calm(&blk->backoff);
}

/* Leave the one socket, where nothing was started, for the other. */
static void change_export(struct blk *blk, enum storage_export export)
{
	vhost_user_close(&blk->user);
	blk->shaken = false;
	blk->export = export;
	connect_program(blk);
}

/* Hang up and connect anew; the debt is paid when the program is at rest. */
static void reconnect(struct blk *blk, enum debt debt, err_t err)
{
	hang_up(blk);
	blk->debt = debt;
	blk->err = err;
	backoff_cancel(&blk->backoff);
	if (blk->backoff.failures == 0) {
		connect_program(blk);
	} else {
		/* A reset between two failures does not make them fewer. */
		backoff_wait(&blk->backoff);
	}
}

static void start_queues(struct blk *blk)
{
	const struct control_setup *setup = blk->setup;

	if (blk->identity == 0) {
		return; /* not known yet */
	}
	bool lost = setup->identity != 0 && setup->identity != blk->identity;

	if (lost != (blk->export == STORAGE_ERRORS)) {
		change_export(blk, lost ? STORAGE_ERRORS : STORAGE_DISK);
		return;
	}
	bool kept = inflight_begin(&blk->inflight, setup);
	if (is_lost(blk, kept)) {
		log_line(blk->env.peer, "device %u: requests were lost with the storage program",
		         blk->env.config->index);
		blk->setup = NULL;
		backend_tell(&blk->env, BACKEND_FAILED, ERR_STATE);
		return;
	}
	blk->fresh = false;
	vhost_user_start(&blk->user, setup, &blk->inflight);
}

/* What is the disk by now? 0 if that cannot be said. */
static void learn_identity(struct blk *blk)
{
	uint64_t identity = storage_identity(blk->env.config);

	if (blk->told && identity != blk->identity) {
		blk->setup = NULL;
		tell_gone(blk);
	}
	blk->identity = identity;
}

/*
 * The program has open what its disk lay on, and goes on failing requests when that is away, whatever
 * comes in its place. So it is killed, and missed as any program that dies. false: it goes on.
 */
static bool end_stranded(struct blk *blk)
{
	if (!blk->env.config->on_medium || !medium_is_gone(&blk->medium) ||
	    !storage_kill(blk->sockets[STORAGE_DISK])) {
		return false;
	}
	log_line(blk->env.peer, "device %u: %s is not what it was: the storage program is killed",
	         blk->env.config->index, blk->env.config->disk);
	return true;
}

/* The program is at rest: pay, announce, and start what is wanted by now. */
static void on_shaken(struct blk *blk)
{
	if (!blk->told && blk->export == STORAGE_ERRORS) {
		/* This socket is at rest: the other one may not be. */
		change_export(blk, STORAGE_DISK);
		return;
	}
	if (end_stranded(blk)) {
		return;
	}
	blk->shaken = true;
	backoff_begin_calm(&blk->backoff);
	learn_identity(blk);
	pay(blk);
	if (blk->identity == 0) {
		hang_up(blk);
		retry_later(blk);
	} else if (!blk->shaken) {
		return; /* what was paid for has begun something else */
	} else if (!blk->told) {
		blk->told = true;
		backend_tell(&blk->env, BACKEND_READY, OK);
	} else if (blk->setup != NULL && blk->user.setup == NULL) {
		start_queues(blk);
	}
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
	if (served && blk->backoff.failures == 0) {
		blk->backoff.failures = 1;
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
		backend_tell(&blk->env,
		             blk->export == STORAGE_ERRORS ? BACKEND_LOST : BACKEND_STARTED, OK);
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
	blk->setup = NULL;
	backend_tell(&blk->env,
	             why == ERR_FULL    ? BACKEND_FULL
	             : why == ERR_EMPTY ? BACKEND_ABSENT
	                                : BACKEND_GONE,
	             OK);
}

static err_t start_program(struct blk *blk)
{
	err_t err = blk->env.config->on_medium ? medium_check(&blk->medium) : OK;

	return err != OK ? err
	                 : storage_spawn(&blk->env, blk->sockets[STORAGE_DISK],
	                                 blk->sockets[STORAGE_ERRORS]);
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
	const char *socket = blk->sockets[blk->export];
	err_t err = socket_connect(socket, &fd);

	blk->absent = false;
	if (err == ERR_EMPTY) {
		/* Nobody is there, so nobody touches a queue. */
		pay(blk);
		err = start_program(blk);
		blk->fresh = err == OK;
		/* Its coming is announced: nothing is tried before. */
		blk->absent = err == ERR_EMPTY && blk->medium.events.fd >= 0;
		if (err == OK) {
			err = socket_connect(socket, &fd);
		} else {
			tell_absence(blk, err);
		}
	}
	if (err == OK) {
		vhost_user_open(&blk->user, &config, fd);
	} else if (!blk->absent) {
		retry_later(blk);
	}
}

static void on_retry(void *owner)
{
	connect_program(owner);
}

static void on_medium(void *owner)
{
	struct blk *blk = owner;

	if (blk->absent) {
		connect_program(blk);
	} else if (blk->shaken) {
		end_stranded(blk);
	}
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
		.export = STORAGE_ERRORS,
		.debt = DEBT_GONE, /* a predecessor's program may be at work */
	};
	backoff_open(&blk->backoff, env->loop, on_retry, blk);
	snprintf(blk->sockets[STORAGE_DISK], PATH_BYTES, "%s/%s-%u.sock", env->run_dir, env->peer,
	         env->config->index);
	snprintf(blk->sockets[STORAGE_ERRORS], PATH_BYTES, "%s/%s-%u.errors.sock", env->run_dir,
	         env->peer, env->config->index);
	if (inflight_open(&blk->inflight, env) != OK) {
		free(blk);
		return NULL;
	}
	medium_open(&blk->medium, &blk->env, env->config->on_medium ? medium_events() : -1,
	            on_medium, blk);
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
		blk->setup = NULL;
		blk->debt = DEBT_STOPPED;
	}
}

static void blk_close(void *backend)
{
	struct blk *blk = backend;

	backoff_close(&blk->backoff);
	hang_up(blk);
	medium_close(&blk->medium);
	inflight_close(&blk->inflight);
	free(blk);
}

static uint64_t blk_identity(const void *backend)
{
	const struct blk *blk = backend;

	return blk->identity;
}

const struct backend_type backend_blk = {
	.name = "blk",
	.open = blk_open,
	.start = blk_start,
	.stop = blk_stop,
	.close = blk_close,
	.identity = blk_identity,
};
