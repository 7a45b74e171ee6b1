/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `topo run` tells people while a system comes up, runs and ends: progress on stdout, what
 * went wrong on stderr. Everything that a guest wrote is shown through linecut.h.
 */
#ifndef TOPO_RUNNER_PROGRESS_H
#define TOPO_RUNNER_PROGRESS_H

#include "topo/runner/runstate.h"
#include "topo/runner/session.h"

/** A stage before the machine runs: a line on stdout. */
void progress_stage(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Something has changed in a running system. */
void progress_event(struct session *session, const struct runstate_event *event);

/** Everything is up: say so, and what one can do now. */
void progress_ready(const struct session *session);

/** What is not up and why, with the last lines that tell more, on stderr. */
void progress_missing(const struct session *session);

/** How the session has ended: a line on stdout, or an error with its reasons on stderr. */
void progress_end(const struct session *session);

#endif
