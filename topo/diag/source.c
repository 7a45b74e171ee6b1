/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading files and finding their lines. The index of line starts is made on the first question
 * about a file, since most files are never the subject of a message.
 */
#include "topo/diag/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topo/base/arena.h"
#include "topo/base/strmap.h"
#include "topo/base/utf8.h"

/* One letter in a few of a text in another encoding is no UTF-8; of other data, most bytes. */
#define TEXT_LOOK_BYTES 4096U
#define TEXT_STRANGE_SHARE 4U

#define LINE_STEP 1024U

/* What the set keeps of a file. */
struct file {
	struct source source;
	size_t *line_starts; /* of each LINE_STEPth line, from the first on */
	size_t start_count;
	size_t line_count;
};

#define IDENTITY "%" PRIu64 ":%" PRIu64 /* device, inode */

struct source_set {
	struct arena *arena;
	struct strmap by_path; /* and by "device:inode", so that a file of two names is one */
	struct file **files;   /* files[n] has source.number n */
	size_t count;
	size_t bytes; /* of all files */
};

struct source_set *source_set_new(void)
{
	struct arena *arena = arena_new();
	struct source_set *set = arena_alloc(arena, sizeof(*set));

	set->arena = arena;
	strmap_init(&set->by_path, arena);
	return set;
}

void source_set_free(struct source_set *set)
{
	if (set != NULL) {
		arena_free(set->arena);
	}
}

static const char too_large[] = "it is larger than 16 MiB";

/* Why the file cannot be read as a topology, NULL if it can. */
static const char *refusal(const struct stat *status)
{
	if (!S_ISREG(status->st_mode)) {
		return S_ISDIR(status->st_mode) ? "it is a directory" : "it is not a regular file";
	}
	if (status->st_size < 0 || (uint64_t)status->st_size > SOURCE_BYTES_MAX) {
		return too_large;
	}
	return NULL;
}

/* A byte order mark says that the text is UTF-8, and is no part of it. */
static void skip_mark(const char **text, size_t *bytes)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (*bytes >= sizeof(mark) - 1 && memcmp(*text, mark, sizeof(mark) - 1) == 0) {
		*text += sizeof(mark) - 1;
		*bytes -= sizeof(mark) - 1;
	}
}

/* The first @room bytes of an open file, NULL with *why if it cannot be read. */
static char *read_all(struct arena *arena, int fd, size_t room, size_t *bytes, const char **why)
{
	char *text = arena_alloc(arena, room + 1);
	size_t got = 0;

	while (got < room) {
		ssize_t part = read(fd, text + got, room - got);

		if (part < 0 && errno == EINTR) {
			continue;
		}
		if (part < 0) {
			*why = strerror(errno);
			return NULL;
		}
		if (part == 0) {
			break;
		}
		got += (size_t)part;
	}
	text[got] = '\0';
	*bytes = got;
	return text;
}

static struct file *add_file(struct source_set *set, const char *path, const char *text,
                             size_t bytes)
{
	struct file *file = arena_alloc(set->arena, sizeof(*file));
	const char *slash = strrchr(path, '/');

	file->source.path = arena_copy(set->arena, path, strlen(path));
	if (slash == NULL) {
		file->source.directory = ".";
	} else {
		size_t length = slash == path ? 1 : (size_t)(slash - path);

		file->source.directory = arena_copy(set->arena, path, length);
	}
	set->bytes += bytes;
	skip_mark(&text, &bytes);
	file->source.text = text;
	file->source.bytes = bytes;
	file->source.number = set->count;
	*ARENA_ADD(set->arena, set->files, set->count) = file;
	return file;
}

static struct file *read_open(struct source_set *set, const char *path, int fd, const char **why)
{
	struct stat status;

	if (fstat(fd, &status) != 0) {
		*why = strerror(errno);
		return NULL;
	}
	*why = refusal(&status);
	if (*why != NULL) {
		return NULL;
	}
	const char *identity = arena_printf(set->arena, IDENTITY, (uint64_t)status.st_dev,
	                                    (uint64_t)status.st_ino);
	struct file *known = strmap_get(&set->by_path, identity);

	if (known != NULL) {
		return known;
	}
	size_t bytes = 0;

	if ((size_t)status.st_size > SOURCES_BYTES_MAX - set->bytes) {
		*why = "all files together are larger than 64 MiB";
		return NULL;
	}
	char *text = read_all(set->arena, fd, (size_t)status.st_size, &bytes, why);

	if (text == NULL) {
		return NULL;
	}
	struct file *file = add_file(set, path, text, bytes);

	strmap_set(&set->by_path, identity, file);
	strmap_set(&set->by_path, file->source.path, file);
	return file;
}

const struct source *source_read(struct source_set *set, const char *path, bool shipped,
                                 struct place included, const char **why)
{
	struct file *file = strmap_get(&set->by_path, path);

	if (file != NULL) {
		return &file->source;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		*why = strerror(errno);
		return NULL;
	}
	size_t before = set->count;

	file = read_open(set, path, fd, why);
	close(fd);
	if (file == NULL) {
		return NULL;
	}
	if (set->count != before) {
		file->source.shipped = shipped;
		file->source.included = included;
	}
	return &file->source;
}

const struct source *source_read_stream(struct source_set *set, const char *path, int fd,
                                        const char **why)
{
	size_t bytes = 0;
	char *text = read_all(set->arena, fd, SOURCE_BYTES_MAX + 1, &bytes, why);

	if (text != NULL && bytes > SOURCE_BYTES_MAX) {
		*why = too_large;
		text = NULL;
	}
	return text == NULL ? NULL : &add_file(set, path, text, bytes)->source;
}

const struct source *source_read_given(struct source_set *set, const char *path, const char **why)
{
	struct stat status;

	if (stat(path, &status) != 0 || !S_ISFIFO(status.st_mode)) {
		return source_read(set, path, false, (struct place){.file = NULL}, why);
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		*why = strerror(errno);
		return NULL;
	}
	const struct source *source = source_read_stream(set, path, fd, why);

	close(fd);
	return source;
}

bool source_was_read(const struct source_set *set, uint64_t device, uint64_t inode)
{
	char identity[64];

	snprintf(identity, sizeof(identity), IDENTITY, device, inode);
	return strmap_get(&set->by_path, identity) != NULL;
}

const struct source *source_add_text(struct source_set *set, const char *path, const char *text,
                                     size_t bytes)
{
	return &add_file(set, path, arena_copy(set->arena, text, bytes), bytes)->source;
}

const struct source *source_at(const struct source_set *set, size_t index)
{
	return index < set->count ? &set->files[index]->source : NULL;
}

/* Of the first @bytes of @text, how many are neither UTF-8 nor blanks and visible; *first is where
 * the first of them lies. */
static size_t count_strange(const char *text, size_t bytes, size_t *first)
{
	size_t strange = 0;
	size_t count = 1;

	for (size_t at = 0; at < bytes; at += count) {
		count = utf8_bytes(text + at, bytes - at);
		bool blank = text[at] >= '\t' && text[at] <= '\r';

		if (count == 0 || (!blank && !utf8_shows(text + at, count))) {
			*first = strange == 0 ? at : *first;
			strange++;
		}
		count = count == 0 ? 1 : count;
	}
	return strange;
}

bool source_is_text(const struct source *source, size_t *at)
{
	size_t looked_at = source->bytes < TEXT_LOOK_BYTES ? source->bytes : TEXT_LOOK_BYTES;
	const char *zero = memchr(source->text, '\0', source->bytes);

	if (count_strange(source->text, looked_at, at) > looked_at / TEXT_STRANGE_SHARE) {
		return false;
	}
	if (zero != NULL) {
		*at = (size_t)(zero - source->text);
	}
	return zero == NULL;
}

static void index_lines(struct source_set *set, struct file *file)
{
	const char *text = file->source.text;
	const char *end = text + file->source.bytes;
	const char *at = text;

	for (; at != NULL; file->line_count++) {
		if (file->line_count % LINE_STEP == 0) {
			*ARENA_ADD(set->arena, file->line_starts, file->start_count) =
				(size_t)(at - text);
		}
		at = memchr(at, '\n', (size_t)(end - at));
		if (at != NULL) {
			at++;
		}
	}
}

const char *source_line(struct source_set *set, const struct source *source, uint32_t line,
                        size_t *bytes)
{
	struct file *file = set->files[source->number];

	*bytes = 0;
	if (file->line_starts == NULL) {
		index_lines(set, file);
	}
	if (file->line_starts == NULL || line == 0 || line > file->line_count) {
		return "";
	}
	const char *start = source->text + file->line_starts[(line - 1) / LINE_STEP];
	const char *end = source->text + source->bytes;

	for (size_t i = 0; i < (line - 1) % LINE_STEP; i++) {
		start = (const char *)memchr(start, '\n', (size_t)(end - start)) + 1;
	}
	const char *newline = memchr(start, '\n', (size_t)(end - start));

	*bytes = (size_t)((newline == NULL ? end : newline) - start);
	if (*bytes > 0 && start[*bytes - 1] == '\r') {
		(*bytes)--;
	}
	return start;
}
