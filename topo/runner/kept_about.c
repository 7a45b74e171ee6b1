/* SPDX-License-Identifier: BSD-2-Clause */
/* What a runner writes of its own run, for who looks at it afterwards: kept.h. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "topo/base/say.h"
#include "topo/runner/kept.h"
#include "topo/runner/session.h"

void kept_begin(const struct session *session)
{
	FILE *file = kept_open_about(session->rundir->fd, O_WRONLY | O_CREAT | O_TRUNC, "w");
	if (file == NULL) {
		return;
	}
	say(file, "topology %s\n", session->options->topology);
	say(file, "started %" PRIu64 "\n", (uint64_t)time(NULL));
	if (strcmp(session->options->log_directory, session->rundir->path) != 0) {
		say(file, "logs %s\n", session->options->log_directory);
	}
	for (size_t i = 0; i < session->system->vm_count; i++) {
		say(file, "vm %s %s\n", session->vms[i].log_name, session->system->vms[i].name);
	}
	(void)fclose(file);
}

static const char *end_text(enum session_end end)
{
	switch (end) {
	case SESSION_POWERED_OFF:
		return "all VMs have stopped";
	case SESSION_STOPPED:
		return "stopped";
	case SESSION_SIGNALLED:
		return "interrupted";
	case SESSION_REFUSED:
		return "the kernel refused the image";
	case SESSION_NOT_UP:
	case SESSION_LATE:
		return "not everything was up";
	case SESSION_CRASHED:
		return "the machine crashed";
	case SESSION_ORPHANED:
		return "topo run was killed";
	case SESSION_RUNS:
	case SESSION_BROKEN:
	default:
		return "the build machine refused something";
	}
}

void kept_end(const struct session *session)
{
	FILE *file = kept_open_about(session->rundir->fd, O_WRONLY | O_APPEND, "a");
	if (file != NULL) {
		say(file, "ended %" PRIu64 " %s\n", session_age_ms(session),
		    end_text(session->end));
		(void)fclose(file);
	}
}
