/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stays of runs that have ended, however they did: logs, the image, and `about`, which the runner
 * writes when it starts the machine and when it ends. It lies beside the directories of running systems
 * (topo/runner/rundir.h), in one directory `.ended/NUMBER.NAME` for each; the highest number is the last
 * run's. Whoever removes a run directory, the runner itself or after its death the next one of that name,
 * moves it there.
 */
#ifndef TOPO_RUNNER_KEPT_H
#define TOPO_RUNNER_KEPT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "abi/limits.h"
#include "topo/runner/control.h"
#include "topo/runner/rundir.h"

/*
 * Of all systems of a user: so many runs, and of the last of them the image too, as long as all together is no
 * more than this part of the file system, which may be RAM. The last run's logs stay in any case: that one just
 * had more than that there.
 */
#define KEPT_RUNS_MAX 8U
#define KEPT_IMAGES_MAX 2U
#define KEPT_PART_OF_FILE_SYSTEM 8U

struct kept_vm {
	char name[CONTROL_NAME_BYTES];
	char log_name[CONTROL_NAME_BYTES];
};

/* A run that has ended. */
struct kept {
	uint64_t number;
	char name[RUNDIR_NAME_BYTES];
	char path[RUNDIR_PATH_BYTES]; /* of its directory */
	char topology[CONTROL_PATH_BYTES];
	char log_directory[CONTROL_PATH_BYTES]; /* "" = its own */
	uint64_t started;                       /* seconds since 1970 */
	uint64_t age_ms;
	char end[CONTROL_NAME_BYTES]; /* why; "" = the runner did not live to say so */
	size_t vm_count;
	struct kept_vm vms[PV_DOMAINS_MAX];
};

struct session;

/** Note in the run directory what runs: the machine is about to be started. */
void kept_begin(const struct session *session);

/** Note how it has ended. */
void kept_end(const struct session *session);

/** Open `about` in a run's directory as openat and fdopen do; NULL, errno saying why. */
FILE *kept_open_about(int directory_fd, int flags, const char *mode);

/** Move what is to stay of @rundir away, if a machine was started in it; its holder calls. */
void kept_store(const struct rundir *rundir);

/** The runs that are kept, those of runners that were killed too, the last one last. Returns how many. */
size_t kept_list(struct kept runs[KEPT_RUNS_MAX]);

#endif
