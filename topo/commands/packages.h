/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Root file systems of Debian's packages. The program debian-root, which is installed with topo, makes them
 * and keeps them in the cache; commands that only look find there what it has made, and start nothing.
 */
#ifndef TOPO_COMMANDS_PACKAGES_H
#define TOPO_COMMANDS_PACKAGES_H

#include "topo/diag/diag.h"
#include "topo/front/load.h"
#include "topo/model/model.h"
#include "topo/resolve/resolve.h"

/** For load_options. */
packages_find packages_root;

/**
 * model_load(); with must_run, root file systems that are not made yet are made when all else is right,
 * which takes a network, and the same text is read again, for what they hold and need.
 */
struct model *packages_load(const char *path, const struct load_options *options,
                            struct diag *diag);

/** What the archive @path was made of, as debian-root has written it beside it; NULL: nothing is there. */
const char *packages_source(struct arena *arena, const char *path);

#endif
