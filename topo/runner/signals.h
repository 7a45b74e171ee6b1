/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals as a descriptor becomes ready, so that what they end is ended in order. */
#ifndef TOPO_RUNNER_SIGNALS_H
#define TOPO_RUNNER_SIGNALS_H

#include <stddef.h>

/**
 * From now on SIGINT, SIGTERM, SIGHUP and the @count signals of @also do not interrupt, but are read. The
 * descriptor does not block and is the caller's to close; -1 and errno if the machine refuses it, and they
 * interrupt as before.
 */
int signals_open(const int *also, size_t count);

/** The number of the next signal that came, 0 if there is none. */
int signals_read(int fd);

#endif
