/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands' end of topo/runner/control.h: find a running system, connect, ask. All calls block,
 * for some seconds at most, and report what goes wrong by message.h; a command that serves a
 * terminal at the same time takes over the file descriptor and the queues once its request is
 * granted.
 */
#ifndef TOPO_RUNNER_CLIENT_H
#define TOPO_RUNNER_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "abi/err.h"
#include "topo/runner/control.h"
#include "topo/runner/rundir.h"

#define CLIENT_SYSTEMS_MAX 64U

struct client {
	struct rundir rundir;
	int fd;
	struct fifo in;
	struct fifo out;
};

/* What a runner says of its system. The arrays belong to the status. */
struct client_status {
	struct control_system system;
	struct control_vm *vms;
	size_t vm_count;
	struct control_connection *connections;
	size_t connection_count;
	/* Of client_stats: one for each VM, and for each connection; else none. */
	struct control_counters *counters;
	size_t counters_count;
	struct control_traffic *traffics;
	size_t traffic_count;
	/* Of client_inspect. */
	struct control_fact *facts;
	size_t fact_count;
};

/**
 * Which system is meant: @name, or NULL for the only one that runs. Copies its name to @out.
 * Errors, reported: ERR_EMPTY it does not run, or none does; ERR_ARG several run.
 */
MUST_USE err_t client_choose(const char *name, char out[RUNDIR_NAME_BYTES]);

/**
 * Connect to the runner of the system @name.
 * Errors, silent: ERR_EMPTY it does not run; ERR_STATE it is not so far yet (its image is being
 * built) or cannot be reached. client->rundir is open in the case of ERR_STATE: close it by
 * client_close.
 */
MUST_USE err_t client_open(struct client *client, const char *name);

/** client_choose and client_open, every error reported. */
MUST_USE err_t client_connect(struct client *client, const char *name);

/** Give everything back. */
void client_close(struct client *client);

/**
 * Send a request with @more behind it: OK, with a credit, or ERROR is the first frame that comes back.
 * Errors, reported: ERR_RANGE it is too long; ERR_PEER the connection broke.
 */
MUST_USE err_t client_request(struct client *client, uint32_t kind,
                              const struct control_request *request, const void *more,
                              size_t more_bytes);

/**
 * Send a request with @more behind it and wait for the answer. *@credit: what OK carries.
 * Errors, reported: ERR_STATE the runner refused; ERR_PEER the connection broke.
 */
MUST_USE err_t client_ask(struct client *client, uint32_t kind,
                          const struct control_request *request, const void *more,
                          size_t more_bytes, uint32_t *credit);

/**
 * Send what the socket takes of client->out. A runner that has hung up takes nothing more: what is
 * left is dropped. Its last words, and then its end, are still to be read.
 */
void client_send(struct client *client);

/** Wait for a frame. Errors, silent: ERR_PEER the runner has gone, or does not speak our protocol. */
MUST_USE err_t client_next(struct client *client, struct control_frame *frame);

/** What a command does with a frame that came; false: it wants no more. */
typedef bool client_take(void *owner, const struct control_frame *frame);

/**
 * Read what the socket has, without waiting (it is non-blocking), and hand @take each frame until it wants no
 * more. Errors, silent: ERR_PEER the runner has gone, or does not speak our protocol, and what it said before was taken.
 */
MUST_USE err_t client_read(struct client *client, client_take *take, void *owner);

/** Ask for everything that topo ps shows. Errors, reported: as of client_ask; ERR_FULL no memory. */
MUST_USE err_t client_status(struct client *client, struct client_status *status);

/** That, and what VMMs count, and @guests of their pools: takes some seconds if one does not answer. */
MUST_USE err_t client_stats(struct client *client, bool guests, struct client_status *status);

/** The one VM called @vm, and what is told of it besides. Errors as of client_status. */
MUST_USE err_t client_inspect(struct client *client, const char *vm, struct client_status *status);

/** Give back the arrays of @status. */
void client_status_free(struct client_status *status);

#endif
