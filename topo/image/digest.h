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

#endif
