/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs that have ended, as kept.h declares them. */
#include "topo/runner/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "topo/runner/rundir_internal.h"

#define KEPT_DIRECTORY ".ended"
#define ABOUT_NAME "about"
#define IMAGE_NAME "image"
/* Numbers that others take at the same time. */
#define NUMBER_TRIES 64
/* Entries of the directory that are looked at: more than ever are in it. */
#define ENTRIES_MAX 64U

FILE *kept_open_about(int directory_fd, int flags, const char *mode)
{
	const int fd = openat(directory_fd, ABOUT_NAME, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, mode);
	if (file == NULL && fd >= 0) {
		(void)close(fd);
	}
	return file;
}

/* Without the newline at its end. Of a line that is @word and more: what follows; else NULL. */
static char *rest_of(char *line, const char *word)
{
	const size_t bytes = strlen(word);
	line[strcspn(line, "\n")] = '\0';
	return strncmp(line, word, bytes) == 0 && line[bytes] == ' ' ? line + bytes + 1 : NULL;
}

static void take_vm(struct kept *run, const char *rest)
{
	const char *blank = strchr(rest, ' ');
	if (blank == NULL || run->vm_count == PV_DOMAINS_MAX) {
		return;
	}
	struct kept_vm *vm = &run->vms[run->vm_count++];
	(void)snprintf(vm->log_name, sizeof(vm->log_name), "%.*s", (int)(blank - rest), rest);
	(void)snprintf(vm->name, sizeof(vm->name), "%s", blank + 1);
}

static void take_line(struct kept *run, char *line)
{
	char *rest = NULL;
	if ((rest = rest_of(line, "topology")) != NULL) {
		(void)snprintf(run->topology, sizeof(run->topology), "%s", rest);
	} else if ((rest = rest_of(line, "started")) != NULL) {
		run->started = strtoull(rest, NULL, 10);
	} else if ((rest = rest_of(line, "logs")) != NULL) {
		(void)snprintf(run->log_directory, sizeof(run->log_directory), "%s", rest);
	} else if ((rest = rest_of(line, "vm")) != NULL) {
		take_vm(run, rest);
	} else if ((rest = rest_of(line, "ended")) != NULL) {
		run->age_ms = strtoull(rest, &rest, 10);
		(void)snprintf(run->end, sizeof(run->end), "%s", *rest == ' ' ? rest + 1 : rest);
	}
}

/* Of a line of any length as much is taken as fits where it belongs. */
static void read_about(struct kept *run, int directory_fd)
{
	char *line = NULL;
	size_t size = 0;
	FILE *file = kept_open_about(directory_fd, O_RDONLY, "r");
	while (file != NULL && getline(&line, &size, file) >= 0) {
		take_line(run, line);
	}
	free(line);
	if (file != NULL) {
		(void)fclose(file);
	}
}

/* NUMBER.NAME. */
static bool parse_entry(const char *entry, uint64_t *number, const char **name)
{
	char *end = NULL;
	*number = strtoull(entry, &end, 10);
	*name = end + 1;
	return entry[0] >= '0' && entry[0] <= '9' && *end == '.' && rundir_name_ok(end + 1);
}

struct entry {
	uint64_t number;
	char text[RUNDIR_NAME_BYTES + 24];
};

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;
	return a->number < b->number ? -1 : a->number > b->number ? 1 : 0;
}

/* All that is kept, in order. Returns how many. */
static size_t list_entries(int kept_fd, struct entry entries[ENTRIES_MAX])
{
	size_t count = 0;
	DIR *stream = rundir_open_stream(kept_fd);
	const struct dirent *found = NULL;
	while (stream != NULL && count < ENTRIES_MAX && (found = readdir(stream)) != NULL) {
		struct entry *entry = &entries[count];
		const char *name = NULL;
		if (strlen(found->d_name) < sizeof(entry->text) &&
		    parse_entry(found->d_name, &entry->number, &name)) {
			(void)snprintf(entry->text, sizeof(entry->text), "%.87s", found->d_name);
			count++;
		}
	}
	if (stream != NULL) {
		(void)closedir(stream);
	}
	qsort(entries, count, sizeof(entries[0]), compare_entries);
	return count;
}

static void remove_run(int kept_fd, const char *entry)
{
	const int fd = rundir_open_private(kept_fd, entry, false);
	DIR *stream = fd < 0 ? NULL : rundir_open_stream(fd);
	const struct dirent *found = NULL;
	while (stream != NULL && (found = readdir(stream)) != NULL) {
		if (!rundir_is_dots(found->d_name)) {
			(void)unlinkat(fd, found->d_name, 0);
		}
	}
	if (stream != NULL) {
		(void)closedir(stream);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	(void)unlinkat(kept_fd, entry, AT_REMOVEDIR);
}

static void remove_image(int kept_fd, const char *entry)
{
	char path[sizeof(struct entry) + sizeof(IMAGE_NAME) + 1];
	(void)snprintf(path, sizeof(path), "%s/" IMAGE_NAME, entry);
	(void)unlinkat(kept_fd, path, 0);
}

/* What a run's files hold: its image, and all others. */
struct kept_bytes {
	uint64_t image, others;
};

static struct kept_bytes bytes_of(int kept_fd, const char *entry)
{
	struct kept_bytes bytes = {0};
	struct stat status;
	const int fd = rundir_open_private(kept_fd, entry, false);
	DIR *stream = fd < 0 ? NULL : rundir_open_stream(fd);
	const struct dirent *found = NULL;
	while (stream != NULL && (found = readdir(stream)) != NULL) {
		if (fstatat(fd, found->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(status.st_mode)) {
			*(strcmp(found->d_name, IMAGE_NAME) == 0 ? &bytes.image : &bytes.others) +=
				(uint64_t)status.st_size;
		}
	}
	if (stream != NULL) {
		(void)closedir(stream);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return bytes;
}

/* How many bytes may be kept there. A file system without a size of its own has room. */
static uint64_t room_for_all(int kept_fd)
{
	struct statvfs system;
	if (fstatvfs(kept_fd, &system) != 0) {
		return 0;
	}
	return system.f_blocks == 0
	               ? UINT64_MAX
	               : (uint64_t)system.f_blocks * system.f_frsize / KEPT_PART_OF_FILE_SYSTEM;
}

/* Take @bytes of *@room. False: it has not so many, nor for what is older. */
static bool take_room(uint64_t *room, uint64_t bytes)
{
	const bool fits = bytes <= *room;
	*room = fits ? *room - bytes : 0;
	return fits;
}

/* The last run first: what is older goes for what is newer, and images go for logs. */
static void bound(int kept_fd)
{
	struct entry entries[ENTRIES_MAX];
	struct kept_bytes bytes[KEPT_RUNS_MAX];
	uint64_t room = room_for_all(kept_fd);
	const size_t count = list_entries(kept_fd, entries);
	for (size_t age = 0; age < count; age++) {
		const char *entry = entries[count - 1 - age].text;
		if (age < KEPT_RUNS_MAX) {
			bytes[age] = bytes_of(kept_fd, entry);
		}
		if (age >= KEPT_RUNS_MAX || (!take_room(&room, bytes[age].others) && age != 0)) {
			remove_run(kept_fd, entry);
		}
	}
	for (size_t age = 0; age < count && age < KEPT_RUNS_MAX; age++) {
		if (age >= KEPT_IMAGES_MAX || !take_room(&room, bytes[age].image)) {
			remove_image(kept_fd, entries[count - 1 - age].text);
		}
	}
}

/* Make the directory of the next number. Returns it or a negative errno. */
static int make_entry(int kept_fd, const char *name)
{
	struct entry entries[ENTRIES_MAX];
	const size_t count = list_entries(kept_fd, entries);
	uint64_t number = count == 0 ? 0 : entries[count - 1].number;
	char path[sizeof(entries[0].text)];
	int error = EEXIST;
	for (int i = 0; i < NUMBER_TRIES && error == EEXIST; i++) {
		number++;
		(void)snprintf(path, sizeof(path), "%" PRIu64 ".%s", number, name);
		error = mkdirat(kept_fd, path, 0700) == 0 ? 0 : errno;
	}
	return error != 0 ? -error : rundir_open_private(kept_fd, path, false);
}

static bool is_kept(const char *name)
{
	const char *dot = strstr(name, ".log");
	return strcmp(name, IMAGE_NAME) == 0 || strcmp(name, ABOUT_NAME) == 0 ||
	       (dot != NULL && (strcmp(dot, ".log") == 0 || strcmp(dot, ".log.1") == 0));
}

static void move_files(int from_fd, int to_fd)
{
	DIR *stream = rundir_open_stream(from_fd);
	const struct dirent *found = NULL;
	while (stream != NULL && (found = readdir(stream)) != NULL) {
		if (is_kept(found->d_name)) {
			(void)renameat(from_fd, found->d_name, to_fd, found->d_name);
		}
	}
	if (stream != NULL) {
		(void)closedir(stream);
	}
}

void kept_store(const struct rundir *rundir)
{
	struct stat found;
	if (fstatat(rundir->fd, ABOUT_NAME, &found, AT_SYMLINK_NOFOLLOW) != 0) {
		return;
	}
	const int kept_fd = rundir_open_private(rundir->base_fd, KEPT_DIRECTORY, true);
	const int fd = kept_fd < 0 ? -1 : make_entry(kept_fd, rundir->name);
	if (fd >= 0) {
		move_files(rundir->fd, fd);
		(void)close(fd);
	}
	if (kept_fd >= 0) {
		bound(kept_fd);
		(void)close(kept_fd);
	}
}

static bool read_run(int kept_fd, const char *base, const struct entry *entry, struct kept *run)
{
	const char *name = NULL;
	*run = (struct kept){.number = entry->number};
	(void)parse_entry(entry->text, &run->number, &name);
	(void)snprintf(run->name, sizeof(run->name), "%s", name);
	(void)snprintf(run->path, sizeof(run->path), "%.3900s/" KEPT_DIRECTORY "/%s", base,
	               entry->text);
	const int fd = rundir_open_private(kept_fd, entry->text, false);
	if (fd < 0) {
		return false;
	}
	read_about(run, fd);
	(void)close(fd);
	return true;
}

size_t kept_list(struct kept runs[KEPT_RUNS_MAX])
{
	rundir_clean_dead();
	char base[RUNDIR_PATH_BYTES];
	struct entry entries[ENTRIES_MAX];
	size_t count = 0;
	rundir_base_path(base);
	const int base_fd = rundir_open_private(AT_FDCWD, base, false);
	const int kept_fd = base_fd < 0 ? -1 : rundir_open_private(base_fd, KEPT_DIRECTORY, false);
	const size_t all = kept_fd < 0 ? 0 : list_entries(kept_fd, entries);
	for (size_t i = all > KEPT_RUNS_MAX ? all - KEPT_RUNS_MAX : 0; i < all; i++) {
		count += read_run(kept_fd, base, &entries[i], &runs[count]) ? 1 : 0;
	}
	if (kept_fd >= 0) {
		(void)close(kept_fd);
	}
	if (base_fd >= 0) {
		(void)close(base_fd);
	}
	return count;
}
