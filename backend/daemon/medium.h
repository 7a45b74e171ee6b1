/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Block devices of this VM's own hardware as what disks lie on. One comes when its driver finds it,
 * and may change, so the kernel's announcements are listened to before it is looked at: what is not
 * there by then is announced.
 */
#ifndef BACKEND_DAEMON_MEDIUM_H
#define BACKEND_DAEMON_MEDIUM_H

#include "abi/err.h"
#include "backend/daemon/backend.h"
#include "backend/daemon/loop.h"

struct medium {
	const struct backend_env *env;
	struct loop_source events; /* not watched: nobody announces anything */
	const char *said;          /* why the disk cannot be served, as logged last; NULL: it can */
	uint64_t sequence;         /* of the block device that was looked at first; 0: none was */
	void (*changed)(void *owner);
	void *owner;
};

/**
 * Call @changed whenever a block device of this VM comes, goes or changes: as announced at @fd, of
 * medium_events(). That fails where the kernel announces nothing, logged: then it is never called.
 */
void medium_open(struct medium *medium, const struct backend_env *env, int fd,
                 void (*changed)(void *owner), void *owner);

/** A socket at which the kernel announces devices, -1 if there is none, logged. */
int medium_events(void);

/** Errors, each logged when it is news: ERR_EMPTY the block device is not there, or too small. */
MUST_USE err_t medium_check(struct medium *medium);

/**
 * Has the block device that medium_check() found gone since, though another may have come in its
 * place? If nothing was found yet, the one that is there by now is taken for it.
 */
bool medium_is_gone(struct medium *medium);

void medium_close(struct medium *medium);

#endif
