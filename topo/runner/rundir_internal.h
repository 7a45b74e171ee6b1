/* SPDX-License-Identifier: BSD-2-Clause */
/* What rundir.c shares with kept.c: the user's directory of all systems, and what lies in it. */
#ifndef TOPO_RUNNER_RUNDIR_INTERNAL_H
#define TOPO_RUNNER_RUNDIR_INTERNAL_H

#include <dirent.h>
#include <stdbool.h>

#include "topo/runner/rundir.h"

/** Its path. */
void rundir_base_path(char out[RUNDIR_PATH_BYTES]);

/** Open the private directory @path below @at, made if @make. Returns it or a negative errno. */
int rundir_open_private(int at, const char *path, bool make);

/** A stream over the directory @fd, which stays the caller's; NULL without memory. */
DIR *rundir_open_stream(int fd);

/** Is @name "." or ".."? */
bool rundir_is_dots(const char *name);

#endif
