/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 of what a system is made from, as sha256sum prints it. */
#ifndef TOPO_IMAGE_DIGEST_H
#define TOPO_IMAGE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_TEXT_BYTES 65U

struct digest_part {
	const void *data;
	size_t bytes;
};

/** The digest of @parts one behind the other. */
void digest_parts(const struct digest_part *parts, size_t count, char out[DIGEST_TEXT_BYTES]);

/** The digest of a file. Returns false, errno saying why, if it cannot be read. */
bool digest_file(const char *path, char out[DIGEST_TEXT_BYTES]);

#define DIGEST_DIRECTORY_BYTES_MAX (64ULL << 20)
#define DIGEST_DIRECTORY_ENTRIES_MAX 65536U

/**
 * The digest of what is in a directory: for each entry, sorted by names, a directory before what is in
 * it, its st_mode in octal, a blank, its path below @path and a zero byte; then the digest of a file's
 * content, or where a symbolic link leads, and a zero byte. Returns NULL, or why there is none.
 */
const char *digest_directory(const char *path, char out[DIGEST_TEXT_BYTES]);

#endif
