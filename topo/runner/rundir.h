/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where running systems live: one directory for each below ${XDG_RUNTIME_DIR:-/tmp}/peervisor-UID,
 * readable by its user alone. The runner holds a lock on the file `lock` in it as long as it
 * lives, so a directory without a locked file was left by a runner that was killed, and the next
 * one of that name takes it over. A directory holds files only, no directories.
 *
 * The lock is an open file description lock: it ends with the last process that has the
 * description, can be asked for without being taken, and crosses fork.
 */
#ifndef TOPO_RUNNER_RUNDIR_H
#define TOPO_RUNNER_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "abi/err.h"

#define RUNDIR_NAME_BYTES 64U
#define RUNDIR_PATH_BYTES 4096U
#define RUNDIR_CONTROL "control" /* the control socket: topo/runner/control.h */

struct rundir {
	int base_fd; /* the user's directory of all systems */
	int fd;      /* the system's own */
	int lock_fd; /* -1: not the holder */
	char name[RUNDIR_NAME_BYTES];
	char path[RUNDIR_PATH_BYTES];
};

/**
 * Make the directory of the system @name and take its lock; what a dead runner left is removed.
 * Errors, each reported by message.h: ERR_ARG the name cannot name a directory; ERR_STATE a system
 * of that name runs; ERR_CAP the directory is not the user's own or cannot be made.
 */
MUST_USE err_t rundir_create(struct rundir *rundir, const char *name);

/** Remove the directory with all that is in it, and let go. Only by the holder of the lock. */
void rundir_remove(struct rundir *rundir);

/** Note in the lock file that this process is the runner: after rundir_create, and after a fork. */
void rundir_claim(const struct rundir *rundir);

/** The process that claimed the directory; 0 = unknown. */
pid_t rundir_runner(const struct rundir *rundir);

/** Let go without removing anything. */
void rundir_close(struct rundir *rundir);

/**
 * Open the directory of the running system @name without taking its lock.
 * Errors, silent: ERR_EMPTY no system of that name runs; ERR_CAP not the user's own.
 */
MUST_USE err_t rundir_open(struct rundir *rundir, const char *name);

/**
 * Names of all systems of this user that run, sorted; at most @count_max, the number in *@count.
 * Errors: ERR_CAP, reported: the directory of all systems is not the user's own.
 */
MUST_USE err_t rundir_list(char (*names)[RUNDIR_NAME_BYTES], size_t count_max, size_t *count);

/** Remove what a dead runner left of the system @name; nothing happens if it lives. */
void rundir_clean(const char *name);

/** The same for all systems whose runners are dead, if a machine was started there. */
void rundir_clean_dead(void);

/** @from as the name of a system: what a file name must not hold becomes '-'. */
void rundir_name(char out[RUNDIR_NAME_BYTES], const char *from);

/** Can @name name a system? */
bool rundir_name_ok(const char *name);

#endif
