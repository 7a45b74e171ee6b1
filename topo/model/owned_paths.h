/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The paths that topo and its images have for themselves in the root file systems of VMs, where files of the user's
 * would hide them, or be hidden.
 */
#ifndef TOPO_MODEL_OWNED_PATHS_H
#define TOPO_MODEL_OWNED_PATHS_H

#include "topo/model/model.h"

/* What the project's init runs, and how the agent finds out whether that works. */
#define VM_OWN_DIRECTORY "/etc/peervisor"
#define VM_HEALTH_PATH VM_OWN_DIRECTORY "/health"
#define VM_COMMAND_PATH VM_OWN_DIRECTORY "/command"
#define VM_RESULT_PATH VM_COMMAND_PATH ".ended" /* how it has ended (images/rootfs/once.c) */

/** The path at or above @path, which begins with a slash, that is not the user's in @vm; NULL if there is none. */
const char *owned_path_above(const struct vm *vm, const char *path);

#endif
