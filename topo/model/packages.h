/* SPDX-License-Identifier: BSD-2-Clause */
/* The packages that a root file system is made of. */
#ifndef TOPO_MODEL_PACKAGES_H
#define TOPO_MODEL_PACKAGES_H

#include "topo/base/arena.h"
#include "topo/model/model.h"

/** The names of @image's packages, with spaces between. */
const char *packages_text(struct arena *arena, const struct vm_image *image);

/** What a VM's root file system is, for people: its packages, or the path of what is named; NULL: the project's
 * own, or none. */
const char *packages_or_path(struct arena *arena, const struct vm_image *image);

#endif
