/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measures archives, and tells what stands in them. The bytes come in pieces, from the file itself or
 * unpacked, and go through a small machine that knows where headers, names and contents end; of them
 * only the name and the target of the link at hand are kept.
 */
#include "topo/rootfs/archive.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "topo/base/regular.h"
#include "topo/rootfs/unpack.h"

#define HEADER_BYTES 110U
#define PAGE_BYTES 4096U
#define LINK_SHORT_MAX 127U /* Linux: a longer link takes a page */
#define MODE_TYPE 0170000U
#define MODE_LINK 0120000U
#define MODE_FILE 0100000U
#define GUESS 4U                          /* what packing saves, where it is not unpacked */
#define UNPACKED_MAX (UINT64_C(16) << 30) /* more is no root file system in RAM */

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
	/* For the visitor. */
	archive_visit *visit; /* NULL = none */
	void *visitor;
	uint32_t mode;
	size_t archives; /* that have ended: where its number says which file an entry is */
	char linked[64]; /* which that is, "": it has one name */
	char name[ARCHIVE_TEXT_BYTES]; /* without its padding */
	char target[ARCHIVE_TEXT_BYTES];
	char content[ARCHIVE_CONTENT_BYTES];
	size_t text_bytes; /* of the one that is being read */
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

/* Which file the entry of the header is a name of, by the same as Linux goes by. */
static void take_number(struct walker *walker)
{
	walker->linked[0] = '\0';
	if (field(walker, 38) > 1) {
		snprintf(walker->linked, sizeof(walker->linked), "%zu %x %x %x", walker->archives,
		         (uint32_t)field(walker, 6), (uint32_t)field(walker, 62),
		         (uint32_t)field(walker, 70));
	}
}

/* The header is whole: how long are name and content? */
static void take_header(struct walker *walker)
{
	const uint64_t mode = field(walker, 14);
	const uint64_t content = field(walker, 54);
	const uint64_t name = field(walker, 94);

	if (memcmp(walker->header, "07070", 5) != 0 ||
	    (walker->header[5] != '1' && walker->header[5] != '2') || content == UINT64_MAX ||
	    mode == UINT64_MAX || name == 0 || name > ARCHIVE_TEXT_BYTES) {
		walker->broken = true;
		return;
	}
	walker->content_bytes = content;
	if ((mode & MODE_TYPE) != MODE_LINK || content > LINK_SHORT_MAX) {
		walker->out->unpacked_bytes += (content + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	}
	walker->mode = (uint32_t)mode;
	take_number(walker);
	walker->part = PART_NAME;
	walker->left = padded(walker->at, name);
	walker->text_bytes = 0;
}

/* Is it a file that the visitor may see? */
static bool is_small_file(const struct walker *walker)
{
	return walker->visit != NULL && (walker->mode & MODE_TYPE) == MODE_FILE &&
	       walker->content_bytes <= ARCHIVE_CONTENT_BYTES;
}

static void end_entry(struct walker *walker)
{
	const bool link = (walker->mode & MODE_TYPE) == MODE_LINK;
	const struct archive_entry entry = {
		.name = walker->name,
		.mode = walker->mode,
		.target = link ? walker->target : NULL,
		.content = is_small_file(walker) ? walker->content : NULL,
		.content_bytes = (size_t)walker->content_bytes,
		.linked = walker->linked[0] == '\0' ? NULL : walker->linked,
	};

	if (strcmp(walker->name, "TRAILER!!!") == 0) {
		walker->archives++;
	} else if (walker->visit != NULL) {
		walker->visit(walker->visitor, &entry);
	}
	walker->target[0] = '\0';
	walker->part = PART_HEADER;
	walker->left = 0;
}

static void next_part(struct walker *walker)
{
	if (walker->part == PART_HEADER) {
		take_header(walker);
	} else if (walker->part == PART_NAME && walker->content_bytes != 0) {
		walker->part = PART_CONTENT;
		walker->left = padded(walker->at, walker->content_bytes);
		walker->text_bytes = 0;
	} else {
		end_entry(walker);
	}
}

/* Keep what the next @count bytes of the part at hand have of a text. */
static void keep(struct walker *walker, const unsigned char *bytes, size_t count)
{
	const bool link = (walker->mode & MODE_TYPE) == MODE_LINK;
	char *text = walker->part == PART_NAME ? walker->name : walker->target;

	if (walker->part == PART_CONTENT && is_small_file(walker)) {
		const size_t left = (size_t)walker->content_bytes - walker->text_bytes;
		const size_t some = count < left ? count : left; /* not what fills up to 4 */

		memcpy(walker->content + walker->text_bytes, bytes, some);
		walker->text_bytes += some;
		return;
	}
	const size_t room = ARCHIVE_TEXT_BYTES - 1 - walker->text_bytes;
	const size_t kept = count < room ? count : room;

	if (walker->part == PART_NAME || link) {
		memcpy(text + walker->text_bytes, bytes, kept);
		walker->text_bytes += kept;
		text[walker->text_bytes] = '\0';
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
		} else {
			keep(walker, bytes + taken, part);
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

static bool take_unpacked(void *owner, const unsigned char *bytes, size_t count)
{
	struct walker *walker = owner;

	walker->broken |= walk(walker, bytes, count) != count;
	return !walker->broken && walker->at <= UNPACKED_MAX;
}

static void walk_all(struct walker *walker, const unsigned char *bytes, size_t count)
{
	struct archive *out = walker->out;
	size_t at = 0;

	while (at < count && !walker->broken) {
		at += walk(walker, bytes + at, count - at);
		if (at == count || walker->broken) {
			break;
		}
		const struct packing *packing = packing_find(bytes + at, count - at);
		const bool known = packing != NULL && packing->unpack != NULL;
		const size_t used =
			known ? packing->unpack(bytes + at, count - at, take_unpacked, walker) : 0;

		if (packing != NULL && !packing->by_ours) {
			out->packed = packing->name;
		}
		if (used == 0) {
			out->unpacked_bytes += (count - at) * GUESS;
			out->measured = false;
			out->broken = packing == NULL || packing->by_ours;
			return;
		}
		at += used;
	}
	out->broken = walker->broken || !is_between(walker);
}

const char *archive_walk(const unsigned char *bytes, size_t count, archive_visit *visit,
                         void *owner)
{
	struct archive archive = {.measured = true};
	struct walker walker = {.out = &archive, .visit = visit, .visitor = owner};

	walk_all(&walker, bytes, count);
	if (archive.measured && !archive.broken) {
		return NULL;
	}
	return archive.packed != NULL ? archive.packed : "broken";
}

bool archive_measure(const char *path, struct archive *out)
{
	*out = (struct archive){.measured = true};
	const int fd = regular_open(path, 0, &out->file_bytes);
	void *bytes = NULL;

	if (fd < 0) {
		return false;
	}
	if (out->file_bytes > 0) {
		bytes = mmap(NULL, out->file_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	close(fd);
	if (bytes == MAP_FAILED) {
		return false;
	}
	if (bytes != NULL) {
		struct walker walker = {.out = out};

		walk_all(&walker, bytes, (size_t)out->file_bytes);
		munmap(bytes, (size_t)out->file_bytes);
	}
	return true;
}
