/* SPDX-License-Identifier: BSD-2-Clause */
/* Plans the files of a VM, see topo/rootfs/vm_files.h. */
#include "topo/rootfs/vm_files.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/backend.h"
#include "topo/base/quote.h"
#include "topo/base/strmap.h"
#include "topo/rootfs/archive.h"
#include "topo/rootfs/file_tree.h"
#include "topo/rootfs/follow.h"
#include "topo/rootfs/users.h"

#define PASSWD_PATH "etc/passwd"
#define GROUP_PATH "etc/group"
#define DIRECTORY_MODE (S_IFDIR | 0755U)
#define LINK_MODE (S_IFLNK | 0777U)

struct node {
	struct path_node is;
	bool ours;        /* of the topology's files */
	const char *from; /* of such a file, on the build machine */
	const char *text; /* what a small file holds, where it matters */
};

struct vm_root {
	struct arena *arena;
	struct strmap nodes; /* path without a / before it => struct node * */
	const char *unseen;  /* why there may be more in it; NULL: there is not */
};

struct planner {
	struct vm_root *root;
	struct vm_files_plan *out;
	struct vm_files_fault *fault;
	const struct vm_file *file; /* the one at hand */
	struct place place;         /* of that, or of the command */
};

struct vm_root *vm_root_new(struct arena *arena)
{
	struct vm_root *root = arena_alloc(arena, sizeof(*root));

	root->arena = arena;
	strmap_init(&root->nodes, arena);
	return root;
}

static const struct path_node *look_up(const void *owner, const char *path)
{
	const struct vm_root *root = owner;
	const struct node *node = strmap_get(&root->nodes, path);

	return node == NULL ? NULL : &node->is;
}

static const char *follow(const struct vm_root *root, const char *path, bool whole)
{
	return path_follow(root->arena, look_up, root, path, whole);
}

static void put_node(struct vm_root *root, const char *path, struct node node)
{
	struct node *kept = arena_alloc(root->arena, sizeof(*kept));

	*kept = node;
	strmap_set(&root->nodes, path, kept);
}

static bool is_of_users(const char *path)
{
	return strcmp(path, PASSWD_PATH) == 0 || strcmp(path, GROUP_PATH) == 0;
}

static void add_entry(void *owner, const struct archive_entry *entry)
{
	struct vm_root *root = owner;
	const char *path = follow(root, entry->name, false);

	if (path != NULL && path[0] != '\0') {
		const char *target = entry->target == NULL ? ""
		                                           : arena_copy(root->arena, entry->target,
		                                                        strlen(entry->target));

		put_node(root, arena_copy(root->arena, path, strlen(path)),
		         (struct node){
				 .is = {entry->mode & S_IFMT, target},
				 .text = is_of_users(path) && entry->content != NULL
		                                 ? arena_copy(root->arena, entry->content,
		                                              entry->content_bytes)
		                                 : NULL,
			 });
	}
}

void vm_root_add(struct vm_root *root, const unsigned char *bytes, size_t count)
{
	const char *unseen = archive_walk(bytes, count, add_entry, root);

	root->unseen = root->unseen == NULL ? unseen : root->unseen;
}

static bool fail(struct planner *planner, const char *text)
{
	*planner->fault = (struct vm_files_fault){planner->place, text};
	return false;
}

static void plan(struct planner *planner, struct vm_files_entry entry)
{
	*ARENA_ADD(planner->root->arena, planner->out->entries, planner->out->count) = entry;
	put_node(planner->root, entry.path,
	         (struct node){{entry.mode & S_IFMT, entry.target}, true, entry.from, NULL});
}

/* Is it where the disks of a device VM are, on the way to there, or below? */
static bool is_of_disks(const char *path)
{
	static const char disks[] = PV_BACKEND_DIRECTORY;
	const char *const below = disks + 1; /* of the root */
	const size_t bytes = strlen(path);
	const size_t all = strlen(below);

	return bytes < all
	               ? strncmp(path, below, bytes) == 0 && below[bytes] == '/'
	               : strncmp(path, below, all) == 0 && (path[all] == '/' || path[all] == '\0');
}

/* Have a directory at @path, on whose way there are no links and, as far as it goes, directories. */
static void plan_directories(struct planner *planner, const char *path)
{
	struct arena *arena = planner->root->arena;

	for (const char *end = path; *end != '\0';) {
		end += strspn(end, "/");
		end += strcspn(end, "/");
		const char *directory = arena_copy(arena, path, (size_t)(end - path));

		if (strmap_get(&planner->root->nodes, directory) == NULL) {
			plan(planner,
			     (struct vm_files_entry){.path = directory, .mode = DIRECTORY_MODE});
		}
	}
}

static bool plan_directory(struct planner *planner, const char *to)
{
	const struct vm_root *root = planner->root;
	const char *path = follow(root, to, true);
	const struct node *node = path == NULL ? NULL : strmap_get(&root->nodes, path);

	if (path == NULL || (node != NULL && node->is.type != S_IFDIR)) {
		return fail(planner, arena_printf(root->arena,
		                                  "in the VM, '%s' is no directory, nor can one "
		                                  "be made there",
		                                  to));
	}
	plan_directories(planner, path);
	return true;
}

static uint32_t file_mode(const struct vm_file *file, const struct file_tree_entry *found)
{
	if (found->kind == FILE_TREE_LINK) {
		return LINK_MODE;
	}
	return S_IFREG | (file->mode != 0 ? file->mode : found->executable ? 0755U : 0644U);
}

/* May @from, no directory, be at @to, which is @path when links are followed? */
static bool is_free(struct planner *planner, const char *to, const char *path, const char *from)
{
	struct arena *arena = planner->root->arena;
	const struct node *node = path == NULL ? NULL : strmap_get(&planner->root->nodes, path);

	if (path == NULL || path[0] == '\0') {
		return fail(planner, arena_printf(arena, "in the VM, no file can be at '%s'", to));
	}
	if (is_of_disks(path)) {
		return fail(planner,
		            arena_printf(arena,
		                         "in the VM, '%s' is in the way of " PV_BACKEND_DIRECTORY
		                         ", where the disks are that it serves",
		                         to));
	}
	if (node != NULL && node->is.type == S_IFDIR) {
		return fail(planner,
		            arena_printf(arena, "in the VM, '%s' is a directory, and '%s' is none",
		                         to, from));
	}
	if (node != NULL && node->ours) {
		return fail(planner, arena_printf(arena, "two files are to be '%s' in the VM", to));
	}
	return true;
}

/* A file or a link. */
static bool plan_leaf(struct planner *planner, const char *to, const struct file_tree_entry *found)
{
	struct arena *arena = planner->root->arena;
	const char *path = follow(planner->root, to, false);
	const char *from = arena_copy(arena, found->path, strlen(found->path));

	if (!is_free(planner, to, path, from)) {
		return false;
	}
	if (found->bytes > UINT32_MAX) {
		return fail(planner, arena_printf(arena,
		                                  "'%s' is larger than 4 GiB, too large for the "
		                                  "root file system of a VM",
		                                  from));
	}
	plan_directories(planner, path_parent(arena, path));
	plan(planner,
	     (struct vm_files_entry){
		     .path = path,
		     .mode = file_mode(planner->file, found),
		     .from = found->kind == FILE_TREE_FILE ? from : NULL,
		     .target = found->kind == FILE_TREE_LINK
	                               ? arena_copy(arena, found->target, strlen(found->target))
	                               : NULL,
	     });
	return true;
}

static bool plan_found(void *owner, const struct file_tree_entry *found)
{
	struct planner *planner = owner;
	const char *to = found->name[0] == '\0' ? planner->file->to
	                                        : arena_printf(planner->root->arena, "%s/%s",
	                                                       planner->file->to, found->name);

	return found->kind == FILE_TREE_DIRECTORY ? plan_directory(planner, to)
	                                          : plan_leaf(planner, to, found);
}

/* A file at @to that is made, of @mode; @what it is. */
static bool plan_text(struct planner *planner, const char *to, uint32_t mode, const char *text,
                      const char *what)
{
	struct arena *arena = planner->root->arena;
	const char *path = follow(planner->root, to, false);

	if (!is_free(planner, to, path, what)) {
		return false;
	}
	plan_directories(planner, path_parent(arena, path));
	plan(planner, (struct vm_files_entry){
			      .path = path,
			      .mode = S_IFREG | mode,
			      .text = arena_printf(arena, "%s\n", text),
		      });
	return true;
}

/* What a file of the root file system at @path holds; NULL if it is not there, or too large for what it is. */
static const char *read_small(const struct vm_root *root, const char *path)
{
	const char *there = follow(root, path, true);
	const struct node *node = there == NULL ? NULL : strmap_get(&root->nodes, there);
	char *text = NULL;

	if (node == NULL || node->from == NULL) {
		return node == NULL ? NULL : node->text;
	}
	FILE *file = fopen(node->from, "rbe");

	if (file != NULL) {
		text = arena_alloc(root->arena, ARCHIVE_CONTENT_BYTES);
		text[fread(text, 1, ARCHIVE_CONTENT_BYTES - 1, file)] = '\0';
		fclose(file);
	}
	return text;
}

/* The words before the command that make it the user's; false after a fault. */
static bool take_user(struct planner *planner, const struct vm *vm, const char **text)
{
	struct vm_root *root = planner->root;
	struct user user;
	const char *why = user_find(root->arena, vm->command.user, read_small(root, PASSWD_PATH),
	                            read_small(root, GROUP_PATH), &user);

	if (why != NULL) {
		return fail(planner, arena_printf(root->arena,
		                                  "the command of '%s' is to run as '%s', and in "
		                                  "its root file system is %s",
		                                  vm->suffix, vm->command.user, why));
	}
	*text = arena_printf(root->arena, "%s -u %u -g %s", *text, user.number, user.groups);
	if (user.home != NULL) {
		*text = arena_printf(
			root->arena, "%s -e %s", *text,
			quote_shell(root->arena, arena_printf(root->arena, "HOME=%s", user.home)));
	}
	return true;
}

/* What becomes the command with the environment, the directory and the user that it is to have. */
static bool take_launch(struct planner *planner, const struct vm *vm, const char **text)
{
	const struct vm_command *command = &vm->command;
	struct arena *arena = planner->root->arena;
	const bool own = vm->image.rootfs == NULL;

	if (command->env_count == 0 && command->directory == NULL && command->user == NULL) {
		return true;
	}
	*text = arena_printf(arena, "%s %s", *text,
	                     own ? "/usr/sbin/launch" : "/" ROOT_OURS "/bin/launch");
	if (command->user != NULL && !take_user(planner, vm, text)) {
		return false;
	}
	for (size_t i = 0; i < command->env_count; i++) {
		*text = arena_printf(arena, "%s -e %s", *text, quote_shell(arena, command->env[i]));
	}
	if (command->directory != NULL) {
		*text = arena_printf(arena, "%s -d %s", *text,
		                     quote_shell(arena, command->directory));
		if (!plan_directory(planner, command->directory)) {
			return false;
		}
	}
	*text = arena_printf(arena, "%s --", *text);
	return true;
}

/* A script that becomes the command. */
static bool plan_command(struct planner *planner, const struct vm *vm)
{
	struct arena *arena = planner->root->arena;
	const bool own = vm->image.rootfs == NULL;
	const char *text = own ? "#!/bin/sh\nexec" : "#!/" ROOT_OURS "/bin/sh\nexec";

	if (!take_launch(planner, vm, &text)) {
		return false;
	}
	for (size_t i = 0; i < vm->command.word_count; i++) {
		text = arena_printf(arena, "%s %s", text, quote_shell(arena, vm->command.words[i]));
	}
	return plan_text(planner, own ? VM_COMMAND_PATH : ROOTFS_COMMAND_PATH, 0755U, text,
	                 "the command");
}

/* What a VM starts with: its command, or the init of a root file system of the user's. */
static bool plan_start(struct planner *planner, const struct vm *vm)
{
	planner->place = vm->image.place;
	if (vm->command.word_count != 0) {
		planner->place =
			vm->command.place.file != NULL ? vm->command.place : planner->place;
		return plan_command(planner, vm);
	}
	return vm->image.rootfs_init == NULL ||
	       plan_text(planner, ROOTFS_INIT_PATH, 0644U,
	                 arena_printf(planner->root->arena, "/%s", vm->image.rootfs_init),
	                 "its init");
}

bool vm_files_any(const struct vm *vm)
{
	return vm->file_count + vm->command.word_count != 0 || vm->image.rootfs_init != NULL;
}

bool vm_files_plan(struct vm_root *root, const struct vm *vm, struct vm_files_plan *out,
                   struct vm_files_fault *fault)
{
	struct planner planner = {.root = root, .out = out, .fault = fault};
	struct file_tree_fault unread;

	*out = (struct vm_files_plan){NULL, 0};
	*fault = (struct vm_files_fault){.text = NULL};
	if (root->unseen != NULL && vm_files_any(vm)) {
		planner.place = vm->file_count != 0 ? vm->files[0].place : vm->image.place;
		return fail(&planner,
		            arena_printf(root->arena,
		                         "nothing can be put into a root file system of which an "
		                         "archive is not readable: %s",
		                         root->unseen));
	}
	for (size_t i = 0; i < vm->file_count; i++) {
		planner.file = &vm->files[i];
		planner.place = vm->files[i].place;
		if (file_tree_walk(vm->files[i].from, plan_found, &planner, &unread)) {
			continue;
		}
		if (fault->text == NULL) {
			fail(&planner, arena_printf(root->arena, "cannot read '%s': %s",
			                            unread.path, unread.why));
		}
		return false;
	}
	return plan_start(&planner, vm);
}
