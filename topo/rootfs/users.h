/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who a command runs as: a user in words, and the numbers that Linux knows, by the root file system's own
 * /etc/passwd and /etc/group (passwd(5), group(5)).
 */
#ifndef TOPO_ROOTFS_USERS_H
#define TOPO_ROOTFS_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "topo/base/arena.h"

#define USER_GROUPS_MAX 64U /* images/rootfs/launch.c takes no more */

struct user {
	uint32_t number;
	const char *groups; /* "33" or "33,4": the first is that of new files */
	const char *home;   /* NULL = unknown */
};

/** Whether @text has the form "USER" or "USER:GROUP", each a name or a number. */
bool user_is_form(const char *text);

/**
 * Find @text, of that form, in what the files hold; NULL = there is no such file, which is another thing than that
 * nobody knows what it holds. A number needs to stand in none. Returns NULL with @out filled, or else what is missing.
 */
const char *user_find(struct arena *arena, const char *text, const char *passwd, const char *group,
                      struct user *out);

#endif
