/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files: what of the build machine is put into a VM's root file system. Where in it that is cannot
 * be known before the image is built; that the files are there, and how large they are, can.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/resolve/resolve_internal.h"
#include "topo/rootfs/file_tree.h"

#define PAGE_BYTES 4096U
#define ENTRY_BYTES 128U /* what an archive has of an entry beside its name and contents */
#define MODE_MAX 07777U

/* A file's walk through what it stands for. */
struct measure {
	struct vm *vm;
	const struct vm_file *file;
	bool directory;
};

/* Whether a file of that path has a part in how the project's root file system starts. */
static bool is_start(const char *path)
{
	static const char *const starts[] = {"/init", "/sbin/init", "/bin/busybox", "/bin/sh"};
	static const char scripts[] = "/etc/init.d/";

	for (size_t i = 0; i < ARRAY_COUNT(starts); i++) {
		if (strcmp(path, starts[i]) == 0) {
			return true;
		}
	}
	return strncmp(path, scripts, strlen(scripts)) == 0;
}

/* A file's path in the VM: that of its entry of `files`, and below it if that is a directory. */
static void find_start(struct vm *vm, const char *to, const char *below)
{
	char path[sizeof("/etc/init.d/x")]; /* as much of it as tells */
	const char *above = strcmp(to, "/") == 0 ? "" : to;

	(void)snprintf(path, sizeof(path), "%s%s%s", above, below[0] == '\0' ? "" : "/", below);
	vm->files_init |= strcmp(path, "/init") == 0;
	vm->files_start |= is_start(path);
}

static bool measure_entry(void *owner, const struct file_tree_entry *entry)
{
	struct measure *measure = owner;
	struct vm *vm = measure->vm;
	const char *to = measure->file->to;

	measure->directory |= entry->kind == FILE_TREE_DIRECTORY && entry->name[0] == '\0';
	if (entry->kind != FILE_TREE_DIRECTORY) {
		find_start(vm, to, entry->name);
	}
	vm->files_bytes.file += ENTRY_BYTES + strlen(to) + strlen(entry->name) + entry->bytes;
	vm->files_bytes.unpacked += (entry->bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	return true;
}

const char *resolve_guest_path(struct resolver *resolver, const struct value *value,
                               const char *what)
{
	const char *text = NULL;

	if (!value_string(&resolver->evaluator, value, what, &text)) {
		return NULL;
	}
	size_t bytes = strlen(text);

	while (bytes > 1 && text[bytes - 1] == '/') {
		bytes--;
	}
	const char *path = arena_copy(resolver->arena, text, bytes);
	const char *slashed = arena_printf(resolver->arena, "%s/", path);

	if (path[0] != '/' || (bytes > 1 && strstr(slashed, "//") != NULL) ||
	    strstr(slashed, "/./") != NULL || strstr(slashed, "/../") != NULL) {
		diag_error(resolver->diag, value->place, "'%s' is no path in a VM", text);
		diag_help(resolver->diag, "it begins with /, and has no . or .. or // in it");
		return NULL;
	}
	return path;
}

static bool read_mode(struct resolver *resolver, const struct value *value, uint32_t *mode)
{
	const char *text = NULL;
	char *end = NULL;

	if (!value_string(&resolver->evaluator, value, "mode", &text)) {
		return false;
	}
	const unsigned long number = strtoul(text, &end, 8);

	if (strspn(text, "01234567") != strlen(text) || number == 0 || number > MODE_MAX) {
		diag_error(resolver->diag, value->place, "'%s' is no mode of a file", text);
		diag_help(resolver->diag, "it is written in octal, as of chmod: \"0755\"");
		return false;
	}
	*mode = (uint32_t)number;
	return true;
}

bool resolve_known_keys(struct resolver *resolver, const struct value *item, const char *what,
                        const char *const *keys, size_t count)
{
	bool good = true;

	for (size_t i = 0; i < item->of.dict.count; i++) {
		const struct value_entry *entry = &item->of.dict.entries[i];
		struct suggest suggest = suggest_start(entry->key.text);
		bool known = false;

		for (size_t j = 0; j < count; j++) {
			known = known || strcmp(keys[j], entry->key.text) == 0;
			suggest_consider(&suggest, keys[j]);
		}
		if (known) {
			continue;
		}
		good = false;
		if (rule_report(resolver->rules, &rule_unknown_attribute, entry->key.place,
		                "%s has no '%s'", what, entry->key.text)) {
			diag_help(resolver->diag, "did you mean '%s'?",
			          suggest.best != NULL ? suggest.best : keys[0]);
		}
	}
	return good;
}

/* What an entry says; false after an error. */
static bool read_item(struct resolver *resolver, const struct value *item, struct vm_file *file)
{
	static const char *const keys[] = {"from", "to", "mode"};
	const char *name = NULL;

	if (item->kind != VALUE_DICT) {
		diag_error(resolver->diag, item->place, "an entry of files is a dict, not %s",
		           value_kind_name(item->kind));
		diag_help(resolver->diag, "{ from: \"site\", to: \"/srv/www\" }");
		return false;
	}
	if (!resolve_known_keys(resolver, item, "an entry of files", keys, ARRAY_COUNT(keys))) {
		return false;
	}
	const struct value *from = resolve_entry(item, "from");
	const struct value *to = resolve_entry(item, "to");
	const struct value *mode = resolve_entry(item, "mode");

	if (item->of.dict.partial && (from == NULL || to == NULL)) {
		return false; /* it was said */
	}
	if (from == NULL || to == NULL) {
		diag_error(resolver->diag, item->place, "an entry of files has no '%s'",
		           from == NULL ? "from" : "to");
		diag_help(resolver->diag, from == NULL ? "from: a file beside the topology"
		                                       : "to: its path in the VM");
		return false;
	}
	if (!value_string(&resolver->evaluator, from, "from", &name)) {
		return false;
	}
	file->place = from->place;
	file->from = resolve_path(resolver, name, from->place);
	file->to = resolve_guest_path(resolver, to, "to");
	return file->to != NULL && (mode == NULL || read_mode(resolver, mode, &file->mode));
}

static void measure_file(struct resolver *resolver, struct vm *vm, const struct vm_file *file)
{
	struct measure measure = {.vm = vm, .file = file};
	struct file_tree_fault fault;

	if (!file_tree_walk(file->from, measure_entry, &measure, &fault)) {
		if (rule_report(resolver->rules, &rule_file_missing, file->place,
		                "cannot read '%s': %s", fault.path, fault.why)) {
			diag_help(resolver->diag,
			          "a path counts from where this file lies; from is a file, or a "
			          "directory with all that is in it");
		}
		return;
	}
	if (measure.directory && file->mode != 0) {
		diag_error(resolver->diag, file->place,
		           "this is a directory, and mode is that of a file");
	}
	if (!measure.directory && strcmp(file->to, "/") == 0) {
		diag_error(resolver->diag, file->place, "this is a file, and / a directory");
	}
}

void resolve_files(struct resolver *resolver, size_t vm, const struct value *value)
{
	struct vm *row = &resolver->topology->model.vms[vm];

	if (value->kind != VALUE_LIST) {
		diag_error(resolver->diag, value->place, "files is a list, not %s",
		           value_kind_name(value->kind));
		diag_help(resolver->diag, "[{ from: \"site\", to: \"/srv/www\" }]");
		return;
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		struct vm_file file = {.from = NULL};

		if (read_item(resolver, &value->of.list.items[i], &file)) {
			*ARENA_ADD(resolver->arena, row->files, row->file_count) = file;
			measure_file(resolver, row, &row->files[row->file_count - 1]);
		}
	}
}
