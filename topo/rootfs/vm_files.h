/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a topology puts into a VM (attributes `files`, `command` and `health`), as entries of one more archive behind
 * those that the VM's root file system is made of. Linux unpacks archives in order, and where an entry
 * says "directory" and a link is there, it replaces the link: so the links and directories that
 * are there are followed here, and a directory is told of only where there is none.
 */
#ifndef TOPO_ROOTFS_VM_FILES_H
#define TOPO_ROOTFS_VM_FILES_H

#include "topo/base/arena.h"
#include "topo/model/model.h"
#include "topo/model/owned_paths.h"

/* An entry of the archive. */
struct vm_files_entry {
	const char *path;   /* in the VM, without a / before it; no link is on the way */
	uint32_t mode;      /* with the type, as struct stat has it */
	const char *from;   /* of a file, on the build machine */
	uint64_t bytes;     /* that it had there */
	bool from_link;     /* which may be a link to it */
	const char *text;   /* of a file that is made, its content */
	const char *target; /* of a symbolic link */
};

struct vm_files_plan {
	struct vm_files_entry *entries; /* a directory before what is in it */
	size_t count;
};

/* Why there is no plan. */
struct vm_files_fault {
	struct place place;
	const char *text;
};

/* With a root file system of the user's: likewise, or else the path of an init of that. */
#define ROOTFS_COMMAND_PATH "/" ROOT_OURS "/command"
#define ROOTFS_INIT_PATH "/" ROOT_OURS "/own-init"

/** Where the health check of @vm is, if it has one. */
const char *vm_health_path(const struct vm *vm);

/** Where it is kept how the command of @vm has ended; NULL if nobody keeps it, since it is always run again. */
const char *vm_result_path(const struct vm *vm);

/* What is in a root file system so far. */
struct vm_root;

/** An empty root file system in @arena. */
struct vm_root *vm_root_new(struct arena *arena);

/** What the archives in the @count bytes at @bytes, packed or not, put there. They stay where they are until all is
 * planned. */
void vm_root_add(struct vm_root *root, const unsigned char *bytes, size_t count);

/** Read the file of @entry. False: it is no more what it was when it was planned. */
bool vm_files_read(const struct vm_files_entry *entry, unsigned char *out);

/** Whether @vm has anything of that. */
bool vm_files_any(const struct vm *vm);

/**
 * Whether the `files` of @vm agree with each other and with what topo has for itself, whatever else its root file
 * system holds. False with @fault, in @arena. What cannot be read is not judged.
 */
bool vm_files_agree(const struct vm *vm, struct arena *arena, struct vm_files_fault *fault);

/**
 * The entries that put all of it into @root, which has it then.
 * Returns false with @fault filled at a file that cannot be read or does not fit.
 */
bool vm_files_plan(struct vm_root *root, const struct vm *vm, struct vm_files_plan *out,
                   struct vm_files_fault *fault);

#endif
