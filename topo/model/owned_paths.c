/* SPDX-License-Identifier: BSD-2-Clause */
/* The paths in VMs that files of the user's cannot have, see topo/model/owned_paths.h. */
#include "topo/model/owned_paths.h"

#include <string.h>

#include "abi/backend.h"
#include "lib/bits.h"

static const char health[] = VM_HEALTH_PATH;

/* Where the project's init mounts file systems, where the disks are that a VM serves, and what starts and
 * watches a VM. */
static const char *const owned[] = {
	"/dev",
	"/proc",
	"/sys",
	"/run",
	"/tmp",
	PV_BACKEND_DIRECTORY,
	health,
	"/init",
	"/usr/sbin/disks",
	"/usr/sbin/health",
	"/usr/sbin/hosts",
	"/usr/sbin/launch",
	"/usr/sbin/netup",
	"/usr/sbin/once",
	"/usr/sbin/peervisor-agent",
	"/usr/sbin/peervisor-programs",
	"/usr/sbin/peervisord",
};

/* Likewise before a root file system of the user's is started, and where that which does so is. */
static const char ours[] = "/" ROOT_OURS;
static const char *const owned_before[] = {"/dev", "/proc", "/sys", ours};

static bool is_below(const char *path, const char *above)
{
	const size_t bytes = strlen(above);

	return strncmp(path, above, bytes) == 0 && (path[bytes] == '/' || path[bytes] == '\0');
}

const char *owned_path_above(const struct vm *vm, const char *path)
{
	const bool own = vm->image.own_rootfs;
	const char *const *list = own ? owned : owned_before;
	const size_t count = own                        ? ARRAY_COUNT(owned)
	                     : vm->image.rootfs != NULL ? ARRAY_COUNT(owned_before)
	                                                : 0;

	for (size_t i = 0; i < count; i++) {
		if (is_below(path, list[i])) {
			return list[i];
		}
	}
	/* A command may be a file of the user's, in a directory then. */
	if (own && strcmp(path, VM_OWN_DIRECTORY) == 0) {
		return VM_OWN_DIRECTORY;
	}
	if (!own || vm->command.word_count == 0) {
		return NULL;
	}
	return is_below(path, VM_COMMAND_PATH)  ? VM_COMMAND_PATH
	       : is_below(path, VM_RESULT_PATH) ? VM_RESULT_PATH
	                                        : NULL;
}
