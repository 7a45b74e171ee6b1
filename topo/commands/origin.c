/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that a report stands on: the texts of the topology as they were read, and what VMs boot
 * and have as disks as it is on the build machine now. A file is listed once, whoever uses it.
 */
#include "topo/commands/origin.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/bits.h"
#include "topo/base/quote.h"
#include "topo/base/share.h"
#include "topo/base/strmap.h"
#include "topo/base/version.h"
#include "topo/commands/packages.h"
#include "topo/diag/source.h"
#include "topo/image/digest.h"
#include "topo/model/board.h"
#include "topo/model/medium.h"
#include "topo/model/own_archives.h"
#include "topo/model/packages.h"

#define DATE_BYTES 32U
#define EPOCH_DIGITS_MAX 11U /* to the year 5138 */

struct finder {
	struct arena *arena;
	struct strmap seen; /* by path */
	struct report_origin *origin;
};

static const char *utc_text(struct arena *arena, time_t when)
{
	char text[DATE_BYTES];
	struct tm parts;

	if (gmtime_r(&when, &parts) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
		return "unknown";
	}
	return arena_copy(arena, text, strlen(text));
}

static struct origin_file *add(struct finder *finder, const char *what, const char *path)
{
	struct origin_file *file =
		ARENA_ADD(finder->arena, finder->origin->files, finder->origin->count);

	*file = (struct origin_file){.what = what, .path = path};
	return file;
}

static const char *kept(struct finder *finder, const char digest[DIGEST_TEXT_BYTES])
{
	return arena_copy(finder->arena, digest, strlen(digest));
}

/* @path (NULL: none) as it is on the build machine. */
static void add_path(struct finder *finder, const char *what, const char *path)
{
	char digest[DIGEST_TEXT_BYTES];
	struct stat status;

	if (path == NULL || strmap_get(&finder->seen, path) != NULL) {
		return;
	}
	struct origin_file *file = add(finder, what, path);

	strmap_set(&finder->seen, path, finder->origin);
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		const char *why = digest_directory(path, digest);

		file->digest = why == NULL ? kept(finder, digest) : NULL;
		file->why = why == NULL ? NULL
		                        : arena_printf(finder->arena, "a directory, not hashed: %s",
		                                       why);
	} else if (digest_file(path, digest)) {
		file->digest = kept(finder, digest);
	} else {
		file->why = strerror(errno);
	}
}

/* The disk @path: its bytes may be more than anyone wants to wait for, and change with each run. */
static void add_disk(struct finder *finder, const char *path)
{
	struct stat status;

	if (path == NULL || strmap_get(&finder->seen, path) != NULL) {
		return;
	}
	struct origin_file *file = add(finder, "disk", path);

	strmap_set(&finder->seen, path, finder->origin);
	if (stat(path, &status) != 0) {
		file->why = strerror(errno);
		return;
	}
	file->bytes = (uint64_t)status.st_size;
	file->changed = utc_text(finder->arena, status.st_mtime);
	file->why = arena_printf(finder->arena, "not hashed: %llu bytes, last changed %s",
	                         (unsigned long long)file->bytes, file->changed);
}

/* @own: those of topo too that were read. */
static void add_texts(struct finder *finder, struct source_set *sources, bool own)
{
	const struct source *source;
	char digest[DIGEST_TEXT_BYTES];

	for (size_t i = 0; (source = source_at(sources, i)) != NULL; i++) {
		if ((own || !source->shipped) && strcmp(source->path, SOURCE_COMMAND_LINE) != 0) {
			const struct digest_part part = {source->text, source->bytes};

			digest_parts(&part, 1, digest);
			add(finder, source->shipped ? "topo" : "topology", source->path)->digest =
				kept(finder, digest);
		}
	}
}

/* The root file system that was made of packages, and of what archive of Debian's. */
static void add_packages(struct finder *finder, const struct vm_image *image)
{
	const size_t count = finder->origin->count;
	const char *names = packages_text(finder->arena, image);

	if (image->rootfs_unmade) {
		if (strmap_get(&finder->seen, names) == NULL) {
			strmap_set(&finder->seen, names, finder->origin);
			add(finder, "packages", names)->why = "not made yet";
		}
		return;
	}
	add_path(finder, "packages", image->rootfs);
	if (finder->origin->count != count) {
		const char *source = packages_source(finder->arena, image->rootfs);

		finder->origin->files[count].source = arena_printf(
			finder->arena, "%s of %s", names, source == NULL ? "Debian" : source);
	}
}

static void add_vm(struct finder *finder, const struct vm *vm)
{
	add_path(finder, "kernel", vm->image.kernel);
	add_path(finder, "initrd", vm->image.initrd);
	add_path(finder, "device tree", vm->image.dtb);
	if (vm->image.package_count == 0) {
		add_path(finder, "rootfs", vm->image.rootfs);
	} else {
		add_packages(finder, &vm->image);
	}
	for (size_t i = 0; i < vm->file_count; i++) {
		add_path(finder, "file", vm->files[i].from);
	}
}

static void add_own(struct finder *finder, const struct model *model)
{
	static const char *const names[] = {"vmm.elf", "loader.bin", "guest/Image"};
	const char *share = share_directory();

	add_path(finder, "topo",
	         arena_printf(finder->arena, "%s/kernel-%s.bin", share, model->board->name));
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		add_path(finder, "topo", arena_printf(finder->arena, "%s/%s", share, names[i]));
	}
	for (size_t i = 0; i < OWN_ARCHIVE_COUNT; i++) {
		add_path(finder, "topo",
		         arena_printf(finder->arena, "%s/%s", share, own_archives[i].path));
	}
}

bool origin_time(time_t *when)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	*when = time(NULL);
	if (epoch == NULL) {
		return true;
	}
	const size_t digits = strspn(epoch, "0123456789");

	if (digits == 0 || digits > EPOCH_DIGITS_MAX || epoch[digits] != '\0') {
		return false;
	}
	*when = (time_t)strtoll(epoch, NULL, 10);
	return true;
}

/* SOURCE_DATE_EPOCH, or what the clock says. */
static const char *date_of(struct arena *arena)
{
	time_t when;

	return origin_time(&when) ? utc_text(arena, when) : "unknown";
}

static bool is_output(const struct output_words *outputs, const char *word)
{
	for (size_t i = 0; i < outputs->count; i++) {
		if (outputs->words[i] == word) {
			return true;
		}
	}
	return false;
}

/* "-oFILE", "--output=FILE": the argument is the end of the word. */
static bool ends_with_output(const struct output_words *outputs, const char *word)
{
	for (size_t i = 0; i < outputs->count; i++) {
		if (outputs->words[i] > word && outputs->words[i] <= word + strlen(word)) {
			return true;
		}
	}
	return false;
}

/* The command line without its options -o: what prints the report rather than writes it. */
static const char *command_of(const struct command_line *cl, const struct output_words *outputs,
                              struct arena *arena)
{
	const char *text = "topo";

	for (int i = 0; i < cl->argc; i++) {
		const char *word = cl->argv[i];

		if (i + 1 < cl->argc && is_output(outputs, cl->argv[i + 1])) {
			i++;
		} else if (!ends_with_output(outputs, word)) {
			text = arena_printf(arena, "%s %s", text, quote_shell_plain(arena, word));
		}
	}
	return text;
}

const struct report_origin *origin_find(const struct command_line *cl, const struct loaded *loaded,
                                        const struct asserted_list *asserted,
                                        const struct output_words *outputs, bool own,
                                        struct arena *arena)
{
	const struct model *model = loaded->model;
	struct finder finder = {.arena = arena,
	                        .origin = arena_alloc(arena, sizeof(*finder.origin))};
	char directory[PATH_MAX];

	strmap_init(&finder.seen, arena);
	finder.origin->version = TOPO_VERSION;
	finder.origin->date = date_of(arena);
	finder.origin->command = command_of(cl, outputs, arena);
	finder.origin->directory = getcwd(directory, sizeof(directory)) == NULL
	                                   ? "unknown"
	                                   : arena_copy(arena, directory, strlen(directory));
	add_texts(&finder, diag_sources(loaded->diag), own);
	for (size_t i = 0; i < asserted->count; i++) {
		add_path(&finder, "assertions", asserted->entries[i].file);
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		add_vm(&finder, &model->vms[i]);
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		for (size_t j = 0; j < model->connections[i].device_count; j++) {
			add_disk(&finder, device_image(&model->connections[i].devices[j]));
		}
	}
	for (size_t i = 0; i < model->slot_count; i++) {
		add_disk(&finder, model->slots[i].file);
	}
	if (own) {
		add_own(&finder, model);
	}
	return finder.origin;
}
