/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a container image, by path or by digest, and JSON in them, of which nothing is believed: a
 * text that holds a zero is none.
 */
#ifndef TOPO_ROOTFS_CONTAINER_BLOB_H
#define TOPO_ROOTFS_CONTAINER_BLOB_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/base/arena.h"
#include "topo/rootfs/root_tree.h"

#define BLOB_JSON_BYTES_MAX (UINT64_C(4) << 20)

struct blob {
	const unsigned char *bytes;
	size_t count;
	unsigned char *own; /* what blob_free gives back */
};

/**
 * The bytes of the file at @path in @files: @digest, "sha256:HEX", is theirs if it is not NULL. Returns NULL
 * with @out filled, or else what is wrong.
 */
const char *blob_read(struct arena *arena, const struct root_tree *files, const char *path,
                      const char *digest, uint64_t bytes_max, struct blob *out);

void blob_free(struct blob *blob);

/** Whether @digest is that of the @count bytes at @bytes. */
bool blob_is(const unsigned char *bytes, size_t count, const char *digest);

/** Where the file of @digest is, or NULL: it is no SHA-256. */
const char *blob_path(struct arena *arena, const char *digest);

/** The digest that a file at @path has by its name, or NULL: it has no such name. */
const char *blob_digest(struct arena *arena, const char *path);

/** All of @blob as JSON, for json_object_put; NULL: it is none. */
struct json_object *blob_json(const struct blob *blob);

/** A member of @json, which may be NULL or anything; NULL: it is not there, or something else. */
const char *blob_text(const struct json_object *json, const char *name);
const struct json_object *blob_object(const struct json_object *json, const char *name);
const struct json_object *blob_array(const struct json_object *json, const char *name);

/** @json as a text; NULL: it is none. */
const char *blob_string(const struct json_object *json);

#endif
