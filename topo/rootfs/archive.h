/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Initial root file systems: what the kernel makes of one (Linux, Documentation/driver-api/
 * early-userspace/buffer-format.rst): archives of the form newc, packed or not, one behind the
 * other, whose files lie in pages of RAM afterwards.
 */
#ifndef TOPO_ROOTFS_ARCHIVE_H
#define TOPO_ROOTFS_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct archive {
	uint64_t file_bytes;
	uint64_t unpacked_bytes; /* in whole pages; an estimate unless measured */
	bool measured;
	const char
		*packed; /* by what it is packed that the project's kernel cannot unpack, or NULL */
	bool broken;     /* it ends too early, or something else stands in it */
};

#define ARCHIVE_TEXT_BYTES 4096U
#define ARCHIVE_CONTENT_BYTES 65536U

/* What stands in an archive. */
struct archive_entry {
	const char *name;
	uint32_t mode;
	const char *target;  /* of a symbolic link */
	const char *content; /* of a file that is no larger than ARCHIVE_CONTENT_BYTES, else NULL */
	size_t content_bytes; /* of that, or of the larger one */
	const char *linked;   /* which file it is among those of several names; NULL: it has one */
};

typedef void archive_visit(void *owner, const struct archive_entry *entry);

/**
 * Visit the entries of the archives in the @count bytes at @bytes. Returns NULL if these are all, or
 * else what is the matter with the rest.
 */
const char *archive_walk(const unsigned char *bytes, size_t count, archive_visit *visit,
                         void *owner);

/** Read the archive in the file @path. False: it cannot be read. */
bool archive_measure(const char *path, struct archive *out);

#endif
