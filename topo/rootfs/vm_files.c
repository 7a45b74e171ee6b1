/* SPDX-License-Identifier: BSD-2-Clause */
/* Plans the files of a VM, see topo/rootfs/vm_files.h. */
#include "topo/rootfs/vm_files.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/backend.h"
#include "topo/base/quote.h"
#include "topo/model/owned_paths.h"
#include "topo/rootfs/file_tree.h"
#include "topo/rootfs/users.h"
#include "topo/rootfs/vm_root.h"

#define PASSWD_PATH "etc/passwd"
#define GROUP_PATH "etc/group"
#define DIRECTORY_MODE (S_IFDIR | 0755U)
#define LINK_MODE (S_IFLNK | 0777U)

struct planner {
	struct vm_root *root;
	const struct vm *vm;
	struct vm_files_plan *out;
	struct vm_files_fault *fault;
	const struct vm_file *file; /* the one at hand */
	struct place place;         /* of that, or of the command */
};

static bool fail(struct planner *planner, const char *text)
{
	*planner->fault = (struct vm_files_fault){planner->place, text};
	return false;
}

static void plan(struct planner *planner, struct vm_files_entry entry)
{
	const struct vm_content content = {.from = entry.from,
	                                   .bytes = entry.bytes,
	                                   .from_link = entry.from_link,
	                                   .text = entry.text};

	*ARENA_ADD(planner->root->arena, planner->out->entries, planner->out->count) = entry;
	vm_root_put(planner->root, entry.path,
	            (struct vm_node){.is = {entry.mode & S_IFMT, entry.target}, .ours = true},
	            content);
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

		if (vm_root_node(planner->root, directory) == NULL) {
			plan(planner,
			     (struct vm_files_entry){.path = directory, .mode = DIRECTORY_MODE});
		}
	}
}

static bool plan_directory(struct planner *planner, const char *to)
{
	const struct vm_root *root = planner->root;
	const char *path = vm_root_follow(root, to, true);
	const struct vm_node *node = path == NULL ? NULL : vm_root_node(root, path);

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
	const struct vm_node *node = path == NULL ? NULL : vm_root_node(planner->root, path);

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
	const char *path = vm_root_follow(planner->root, to, false);
	const char *from = arena_copy(arena, found->path, strlen(found->path));

	if (!is_free(planner, to, path, from)) {
		return false;
	}
	const char *above = owned_path_above(planner->vm, arena_printf(arena, "/%s", path));

	if (above != NULL) {
		return fail(planner,
		            arena_printf(arena, "in the VM, '%s' is taken: topo has %s for itself",
		                         to, above));
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
		     .bytes = found->bytes,
		     .from_link = found->name[0] == '\0',
		     .target = found->kind == FILE_TREE_LINK
	                               ? arena_copy(arena, found->target, strlen(found->target))
	                               : NULL,
	     });
	return true;
}

static bool plan_found(void *owner, const struct file_tree_entry *found)
{
	struct planner *planner = owner;
	const char *above = planner->file->to;
	const char *to = found->name[0] == '\0'
	                         ? above
	                         : arena_printf(planner->root->arena, "%s/%s",
	                                        strcmp(above, "/") == 0 ? "" : above, found->name);

	return found->kind == FILE_TREE_DIRECTORY ? plan_directory(planner, to)
	                                          : plan_leaf(planner, to, found);
}

/* A file at @to that is made, of @mode; @what it is. */
static bool plan_text(struct planner *planner, const char *to, uint32_t mode, const char *text,
                      const char *what)
{
	struct arena *arena = planner->root->arena;
	const char *path = vm_root_follow(planner->root, to, false);

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

/* The words of a script, which has spaces between. */
struct script {
	const char **words;
	size_t count;
};

static void add_word(struct planner *planner, struct script *script, const char *word)
{
	*ARENA_ADD(planner->root->arena, script->words, script->count) = word;
}

static void add_option(struct planner *planner, struct script *script, const char *option,
                       const char *value)
{
	add_word(planner, script, option);
	add_word(planner, script, quote_shell(planner->root->arena, value));
}

/* All of it, put together once: there may be a mebibyte. */
static const char *script_text(struct arena *arena, const struct script *script)
{
	size_t bytes = 0;

	for (size_t i = 0; i < script->count; i++) {
		bytes += strlen(script->words[i]) + 1;
	}
	char *text = arena_alloc(arena, bytes + 1);
	char *end = text;

	for (size_t i = 0; i < script->count; i++) {
		end = stpcpy(end, i == 0 ? "" : " ");
		end = stpcpy(end, script->words[i]);
	}
	return text;
}

/* What the file of users or groups at @path holds, NULL if there is none; false after a fault. */
static bool read_users(struct planner *planner, const struct vm *vm, const char *path,
                       const char **text)
{
	const char *why = vm_root_read(planner->root, path, text);

	return why == NULL || fail(planner, arena_printf(planner->root->arena,
	                                                 "the command of '%s' is to run as '%s', "
	                                                 "and in its root file system /%s is %s",
	                                                 vm->suffix, vm->command.user, path, why));
}

/* The words before the command that make it the user's; false after a fault. */
static bool take_user(struct planner *planner, const struct vm *vm, struct script *script)
{
	struct arena *arena = planner->root->arena;
	const char *passwd = NULL;
	const char *group = NULL;
	struct user user;

	if (!read_users(planner, vm, PASSWD_PATH, &passwd) ||
	    !read_users(planner, vm, GROUP_PATH, &group)) {
		return false;
	}
	const char *why = user_find(arena, vm->command.user, passwd, group, &user);

	if (why != NULL) {
		return fail(planner, arena_printf(arena,
		                                  "the command of '%s' is to run as '%s', and in "
		                                  "its root file system is %s",
		                                  vm->suffix, vm->command.user, why));
	}
	add_word(planner, script, arena_printf(arena, "-u %u -g %s", user.number, user.groups));
	if (user.home != NULL) {
		add_option(planner, script, "-e", arena_printf(arena, "HOME=%s", user.home));
	}
	return true;
}

const char *vm_result_path(const struct vm *vm)
{
	if (vm->command.word_count == 0 ||
	    (vm->command.restart != RESTART_NO && vm->command.restart != RESTART_ON_FAILURE)) {
		return NULL;
	}
	return vm->image.rootfs == NULL ? VM_RESULT_PATH : ROOTFS_COMMAND_PATH ".ended";
}

/* What runs the command and not always again: its init would. */
static void take_once(struct planner *planner, const struct vm *vm, struct script *script)
{
	const char *result = vm_result_path(vm);

	if (result != NULL) {
		add_word(planner, script,
		         vm->image.rootfs == NULL ? "/usr/sbin/once" : "/" ROOT_OURS "/bin/once");
		add_word(planner, script, vm->command.restart == RESTART_NO ? "no" : "on-failure");
		add_word(planner, script, result);
	}
}

/* What becomes the command with the environment, the directory and the user that it is to have. */
static bool take_launch(struct planner *planner, const struct vm *vm, struct script *script)
{
	const struct vm_command *command = &vm->command;
	const bool own = vm->image.rootfs == NULL;

	if (command->env_count == 0 && command->directory == NULL && command->user == NULL) {
		return true;
	}
	add_word(planner, script, own ? "/usr/sbin/launch" : "/" ROOT_OURS "/bin/launch");
	if (command->user != NULL && !take_user(planner, vm, script)) {
		return false;
	}
	for (size_t i = 0; i < command->env_count; i++) {
		add_option(planner, script, "-e", command->env[i]);
	}
	if (command->directory != NULL) {
		add_option(planner, script, "-d", command->directory);
		if (!plan_directory(planner, command->directory)) {
			return false;
		}
	}
	add_word(planner, script, "--");
	return true;
}

/* A script at @path, @what, that becomes @words with what the command of @vm has. */
static bool plan_script(struct planner *planner, const struct vm *vm, const char *path,
                        const char *const *words, size_t word_count, const char *what)
{
	struct arena *arena = planner->root->arena;
	const bool own = vm->image.rootfs == NULL;
	struct script script = {NULL, 0};

	add_word(planner, &script, own ? "#!/bin/sh\nexec" : "#!/" ROOT_OURS "/bin/sh\nexec");
	if (words == vm->command.words) {
		take_once(planner, vm, &script);
	}
	if (!take_launch(planner, vm, &script)) {
		return false;
	}
	for (size_t i = 0; i < word_count; i++) {
		add_word(planner, &script, quote_shell(arena, words[i]));
	}
	return plan_text(planner, path, 0755U, script_text(arena, &script), what);
}

/* What a VM starts with: its command, or the init of a root file system of the user's. */
static bool plan_start(struct planner *planner, const struct vm *vm)
{
	planner->place = vm->image.place;
	if (vm->command.word_count != 0) {
		planner->place =
			vm->command.place.file != NULL ? vm->command.place : planner->place;
		return plan_script(planner, vm,
		                   vm->image.rootfs == NULL ? VM_COMMAND_PATH : ROOTFS_COMMAND_PATH,
		                   vm->command.words, vm->command.word_count, "the command");
	}
	return vm->image.rootfs_init == NULL ||
	       plan_text(planner, ROOTFS_INIT_PATH, 0644U,
	                 arena_printf(planner->root->arena, "/%s", vm->image.rootfs_init),
	                 "its init");
}

bool vm_files_read(const struct vm_files_entry *entry, unsigned char *out)
{
	return entry->from_link ? file_tree_read_root(entry->from, entry->bytes, out)
	                        : file_tree_read(entry->from, entry->bytes, out);
}

const char *vm_health_path(const struct vm *vm)
{
	return vm->image.rootfs == NULL ? VM_HEALTH_PATH : "/" ROOT_OURS "/health";
}

/* What tells whether it does its work. */
static bool plan_health(struct planner *planner, const struct vm *vm)
{
	planner->place = vm->health.place;
	return vm->health.word_count == 0 ||
	       plan_script(planner, vm, vm_health_path(vm), vm->health.words, vm->health.word_count,
	                   "the health check");
}

bool vm_files_any(const struct vm *vm)
{
	return vm->file_count + vm->command.word_count + vm->health.word_count != 0 ||
	       vm->image.rootfs_init != NULL;
}

/* False with a fault, or with @unread. */
static bool plan_files(struct planner *planner, struct file_tree_fault *unread)
{
	for (size_t i = 0; i < planner->vm->file_count; i++) {
		planner->file = &planner->vm->files[i];
		planner->place = planner->file->place;
		if (!file_tree_walk(planner->file->from, plan_found, planner, unread)) {
			return false;
		}
	}
	return true;
}

bool vm_files_agree(const struct vm *vm, struct arena *arena, struct vm_files_fault *fault)
{
	struct vm_files_plan unused = {NULL, 0};
	struct planner planner = {
		.root = vm_root_new(arena), .vm = vm, .out = &unused, .fault = fault};
	struct file_tree_fault unread;

	*fault = (struct vm_files_fault){.text = NULL};
	return plan_files(&planner, &unread) || fault->text == NULL;
}

bool vm_files_plan(struct vm_root *root, const struct vm *vm, struct vm_files_plan *out,
                   struct vm_files_fault *fault)
{
	struct planner planner = {.root = root, .vm = vm, .out = out, .fault = fault};
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
	if (!plan_files(&planner, &unread)) {
		if (fault->text == NULL) {
			fail(&planner, arena_printf(root->arena, "cannot read '%s': %s",
			                            unread.path, unread.why));
		}
		return false;
	}
	return plan_start(&planner, vm) && plan_health(&planner, vm);
}
