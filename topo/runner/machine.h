/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine that a system runs on: one QEMU, a child of the runner. Its serial port is two
 * pipes of ours. It cannot outlive the runner, however that ends (PR_SET_PDEATHSIG), does not take
 * part in the terminal's signals, and gets no device but what the board and its topology have.
 */
#ifndef TOPO_RUNNER_MACHINE_H
#define TOPO_RUNNER_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "abi/err.h"

/* The oldest QEMU that this is tested with. */
#define MACHINE_QEMU_MAJOR 10

struct machine_options {
	const char *image_path;
	uint64_t image_at;                   /* where QEMU puts it, bytes from the start of RAM */
	const char *qemu_machine, *qemu_cpu; /* its -M and -cpu */
	uint64_t ram_bytes;
	uint32_t cpu_count;
	const char *gdb; /* wait for a debugger on that socket, as QEMU reads its name; or NULL */
	bool icount;     /* one instruction is one nanosecond: figures that repeat */
	char *const *slots; /* arguments for what is in its slots */
	size_t slot_count;
	const char *const *more; /* further ones */
	size_t more_count;
};

struct machine {
	pid_t pid;  /* 0: not started, or reaped */
	int pid_fd; /* becomes readable when the process ends */
	/* Our ends of the pipes that are its serial port, non-blocking. */
	int from_fd;
	int to_fd;
	int ram_fd; /* its RAM, as a file without a name; -1: the system has none for us */
};

/** $PEERVISOR_QEMU, or the name of QEMU's program. */
const char *machine_program(void);

/**
 * See whether the program is there and new enough. Errors, reported: ERR_EMPTY it is not there or
 * does not run; ERR_VERSION it is too old.
 */
MUST_USE err_t machine_check(void);

/**
 * Start it, its own messages going to @log_fd, its command line written there first.
 * Errors, reported: ERR_STATE the system refused.
 */
MUST_USE err_t machine_start(struct machine *machine, const struct machine_options *options,
                             int log_fd);

/** Print the command line that would start it. Errors: ERR_FULL it is too long. */
MUST_USE err_t machine_print(const struct machine_options *options, FILE *out);

/** Ask it to end, or with @force make it. */
void machine_stop(const struct machine *machine, bool force);

/** Take the exit status of a machine whose pid_fd is readable, as of waitpid, and close all. */
int machine_reap(struct machine *machine);

#endif
