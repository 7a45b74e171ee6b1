/* SPDX-License-Identifier: BSD-2-Clause */
/* The archives of the project's own root file system, and those that stand behind one of the user's, below the
 * shared directory. */
#ifndef TOPO_MODEL_OWN_ARCHIVES_H
#define TOPO_MODEL_OWN_ARCHIVES_H

#include <stdbool.h>

#include "topo/model/model.h"

#define OWN_ARCHIVE_COUNT 10U
#define OWN_ARCHIVES_MAX 5U /* of one VM */

struct own_archive {
	const char *path;
	bool users;            /* behind a root file system of the user's, which it starts */
	bool all;              /* for every VM with that root file system */
	enum device_type type; /* else for those that serve this; DEVICE_TYPE_COUNT: that serve */
};

/* In the order in which they are unpacked. */
extern const struct own_archive own_archives[OWN_ARCHIVE_COUNT];

#endif
