/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vhost-user program that lives as long as one connection to it: started when a driver sets its
 * device up, killed when the device is reset, and gone when its daemon is. What it knows goes with
 * it, so rings that another one has served are not taken up: the driver must begin anew.
 *
 * Each program inherits a locked file. Only when the last process that has it is gone, and its
 * memory with it, can the file be locked again: then nothing of a predecessor touches a queue.
 */
#ifndef BACKEND_DAEMON_PROGRAM_H
#define BACKEND_DAEMON_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/backoff.h"
#include "backend/daemon/loop.h"
#include "backend/daemon/vhost_user.h"

#define PROGRAM_PATH_BYTES 256U
#define PROGRAM_SOCKET_FD 3 /* of its vhost-user socket, in the program */

/* What one kind of program is. */
struct program_kind {
	uint64_t device_features; /* as in struct vhost_user_config */
	bool listens;             /* the socket that it is given is one to accept from */
	uint64_t memory_bytes;    /* that it may map besides memdev; 0: no limit */
	const char *const *argv;  /* NULL-ended; argv[0] is found by PATH */
};

enum program_phase {
	PROGRAM_UNKNOWN,  /* a predecessor's may run still */
	PROGRAM_NONE,     /* none runs */
	PROGRAM_WAITING,  /* as none, until one is started after a pause */
	PROGRAM_STARTING, /* until the queues run */
	PROGRAM_SERVING,
	PROGRAM_DYING /* killed; what is owed is said when it is gone */
};

struct program {
	/* Set by program_open(), then constant. */
	struct backend_env env;
	const struct program_kind *kind;
	char lock_path[PROGRAM_PATH_BYTES];
	char socket_path[PROGRAM_PATH_BYTES];

	int display_fd; /* for struct vhost_user_config; set before each program_start() */
	enum program_phase phase;
	struct vhost_user user;
	struct loop_timer rest; /* looks whether it is gone */
	struct backoff backoff;
	pid_t pid; /* 0: none of ours */
	const struct control_setup *setup;
	enum backend_event owed; /* when it is gone: STOPPED or FAILED */
	err_t err;               /* of FAILED */
};

/** Begin; BACKEND_READY is said when nothing of a predecessor runs any more. */
void program_open(struct program *program, const struct backend_env *env,
                  const struct program_kind *kind);

/** Start a program that serves @setup, after a pause if others have ended (backoff.h), or say
 * BACKEND_FAILED. */
void program_start(struct program *program, const struct control_setup *setup);

/** Kill it; BACKEND_STOPPED is said when it is gone. */
void program_stop(struct program *program);

/** Kill it and forget it. */
void program_close(struct program *program);

#endif
