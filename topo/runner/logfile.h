/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A log file of a running system. Its size is bounded: at LOGFILE_BYTES it becomes NAME.1, in the
 * place of an older one, and NAME starts anew, so that a guest that prints for ever does not fill
 * the disk. A log that cannot be written is given up with one message; the system goes on.
 */
#ifndef TOPO_RUNNER_LOGFILE_H
#define TOPO_RUNNER_LOGFILE_H

#include <stddef.h>
#include <stdint.h>

#include "abi/err.h"

#define LOGFILE_BYTES (8U << 20)
#define LOGFILE_NAME_BYTES 64U

struct logfile {
	int directory_fd; /* of the caller; valid as long as the log */
	int fd;           /* -1: not open, or given up */
	uint64_t bytes;
	char name[LOGFILE_NAME_BYTES];
};

/** Create @name in @directory_fd, or empty it. Returns 0 or a negative errno. */
MUST_USE int logfile_open(struct logfile *log, int directory_fd, const char *name);

/** Append @count bytes. */
void logfile_write(struct logfile *log, const void *bytes, size_t count);

/** Close; a log that is not open may be closed. */
void logfile_close(struct logfile *log);

#endif
