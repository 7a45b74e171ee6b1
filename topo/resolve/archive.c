/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measures archives. The bytes come in pieces, from the file itself or from zlib, and go through a
 * small machine that knows where headers, names and contents end; nothing of them is kept.
 */
#include "topo/resolve/archive.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define HEADER_BYTES 110U
#define PAGE_BYTES 4096U
#define LINK_SHORT_MAX 127U /* Linux: a longer link takes a page */
#define NAME_BYTES_MAX 4096U
#define MODE_TYPE 0170000U
#define MODE_LINK 0120000U
#define GUESS 4U /* what packing saves, where it is not unpacked */

/* What the next bytes are. */
enum part { PART_HEADER, PART_NAME, PART_CONTENT };

struct walker {
	struct archive *out;
	uint64_t at;   /* in the unpacked archives; entries begin at multiples of 4 */
	uint64_t left; /* bytes of the part that are to come, padding included */
	enum part part;
	unsigned char header[HEADER_BYTES];
	uint64_t content_bytes;
	bool broken;
};

/* Eight digits in base 16, from byte @at of the header; UINT64_MAX if they are none. */
static uint64_t field(const struct walker *walker, size_t at)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	uint64_t value = 0;

	for (size_t i = 0; i < 8; i++) {
		const char *digit = memchr(digits, walker->header[at + i], sizeof(digits) - 1);

		if (digit == NULL) {
			return UINT64_MAX;
		}
		value = value << 4 | ((uint64_t)(digit - digits) & 15U);
	}
	return value;
}

static uint64_t padded(uint64_t at, uint64_t bytes)
{
	return bytes + (4 - (at + bytes) % 4) % 4;
}

/* The header is whole: how long are name and content? */
static void take_header(struct walker *walker)
{
	const uint64_t mode = field(walker, 14);
	const uint64_t content = field(walker, 54);
	const uint64_t name = field(walker, 94);

	if (memcmp(walker->header, "07070", 5) != 0 ||
	    (walker->header[5] != '1' && walker->header[5] != '2') || content == UINT64_MAX ||
	    mode == UINT64_MAX || name == 0 || name > NAME_BYTES_MAX) {
		walker->broken = true;
		return;
	}
	walker->content_bytes = content;
	if ((mode & MODE_TYPE) != MODE_LINK || content > LINK_SHORT_MAX) {
		walker->out->unpacked_bytes += (content + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	}
	walker->part = PART_NAME;
	walker->left = padded(walker->at, name);
}

static void next_part(struct walker *walker)
{
	if (walker->part == PART_HEADER) {
		take_header(walker);
	} else if (walker->part == PART_NAME && walker->content_bytes != 0) {
		walker->part = PART_CONTENT;
		walker->left = padded(walker->at, walker->content_bytes);
	} else {
		walker->part = PART_HEADER;
		walker->left = 0;
	}
}

/* Is the walker between two entries, where zeros and packed archives may stand? */
static bool is_between(const struct walker *walker)
{
	return walker->part == PART_HEADER && walker->left == 0;
}

/* Take the next bytes. Returns how many: fewer where something else begins between two entries. */
static size_t walk(struct walker *walker, const unsigned char *bytes, size_t count)
{
	size_t taken = 0;

	while (taken < count && !walker->broken) {
		if (is_between(walker)) {
			if (bytes[taken] != 0 && bytes[taken] != '0') {
				return taken;
			}
			walker->left = bytes[taken] == '0' ? HEADER_BYTES : 0;
			walker->at += bytes[taken] == '0' ? 0 : 1;
			taken += bytes[taken] == '0' ? 0 : 1;
			continue;
		}
		size_t part = count - taken < walker->left ? count - taken : (size_t)walker->left;

		if (walker->part == PART_HEADER) {
			memcpy(walker->header + (HEADER_BYTES - walker->left), bytes + taken, part);
		}
		taken += part;
		walker->at += part;
		walker->left -= part;
		if (walker->left == 0) {
			next_part(walker);
		}
	}
	return taken;
}

/* A packed piece inside the archive; returns its length in the file, 0 if it is none. */
static size_t unpack(struct walker *walker, const unsigned char *bytes, size_t count)
{
	unsigned char room[16384];
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)bytes};
	size_t given = 0;
	int state = inflateInit2(&stream, 15 + 16); /* a gzip header, the largest window */

	while (state == Z_OK && !walker->broken) {
		if (stream.avail_in == 0 && given < count) {
			stream.avail_in =
				(unsigned)(count - given < 1U << 30 ? count - given : 1U << 30);
			given += stream.avail_in;
		}
		stream.next_out = room;
		stream.avail_out = sizeof(room);
		state = inflate(&stream, Z_NO_FLUSH);
		const size_t bytes_out = sizeof(room) - stream.avail_out;

		walker->broken |= walk(walker, room, bytes_out) != bytes_out;
	}
	const size_t used = given - stream.avail_in;

	inflateEnd(&stream);
	return state == Z_STREAM_END ? used : 0;
}

/* Linux, lib/decompress.c. */
static const char *packed_by(const unsigned char *bytes, size_t count)
{
	static const struct {
		const char *name;
		const char *magic;
	} rows[] = {
		{"bzip2", "BZ"},
		{"lzma", "\x5d"},
		{"xz", "\xfd"
	               "7"},
		{"lzo", "\x89\x4c"},
		{"lz4", "\x02\x21"},
		{"zstd", "\x28\xb5"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const size_t length = strlen(rows[i].magic);

		if (count >= length && memcmp(bytes, rows[i].magic, length) == 0) {
			return rows[i].name;
		}
	}
	return NULL;
}

static void measure(const unsigned char *bytes, size_t count, struct archive *out)
{
	struct walker walker = {.out = out};
	size_t at = 0;

	while (at < count && !walker.broken) {
		at += walk(&walker, bytes + at, count - at);
		if (at == count || walker.broken) {
			break;
		}
		const bool gzip = count - at >= 2 && bytes[at] == 0x1f && bytes[at + 1] == 0x8b;
		const size_t used = gzip ? unpack(&walker, bytes + at, count - at) : 0;

		if (used == 0) {
			out->packed = gzip ? NULL : packed_by(bytes + at, count - at);
			out->unpacked_bytes += (count - at) * GUESS;
			out->measured = false;
			out->broken = out->packed == NULL;
			return;
		}
		at += used;
	}
	out->broken = walker.broken || !is_between(&walker);
}

bool archive_measure(const char *path, struct archive *out)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*out = (struct archive){.measured = true};
	if (fd < 0) {
		return false;
	}
	const bool good = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	void *bytes = NULL;

	if (good && status.st_size > 0) {
		out->file_bytes = (uint64_t)status.st_size;
		bytes = mmap(NULL, out->file_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	close(fd);
	if (bytes == MAP_FAILED) {
		return false;
	}
	if (bytes != NULL) {
		measure(bytes, (size_t)status.st_size, out);
		munmap(bytes, (size_t)status.st_size);
	}
	return good;
}
