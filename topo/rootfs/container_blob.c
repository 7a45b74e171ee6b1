/* SPDX-License-Identifier: BSD-2-Clause */
/* See topo/rootfs/container_blob.h: SHA-256 by libcrypto, JSON by json-c. */
#include "topo/rootfs/container_blob.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/rootfs/file_tree.h"

#define JSON_DEPTH_MAX 32
#define DIGEST_KIND "sha256:"
#define DIGEST_BYTES 32U
#define DIGEST_PATH "blobs/sha256/"

static bool is_hex(const char *text)
{
	return strspn(text, "0123456789abcdef") == 2 * (size_t)DIGEST_BYTES &&
	       text[2 * (size_t)DIGEST_BYTES] == '\0';
}

static const char *hex_of(const char *digest)
{
	const bool known = digest != NULL && strncmp(digest, DIGEST_KIND, strlen(DIGEST_KIND)) == 0;

	return known && is_hex(digest + strlen(DIGEST_KIND)) ? digest + strlen(DIGEST_KIND) : NULL;
}

bool blob_is(const unsigned char *bytes, size_t count, const char *digest)
{
	const char *wanted = hex_of(digest);
	unsigned char sum[DIGEST_BYTES];
	char hex[2 * DIGEST_BYTES + 1];

	if (wanted == NULL || EVP_Digest(bytes, count, sum, NULL, EVP_sha256(), NULL) != 1) {
		return false;
	}
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	}
	return strcmp(hex, wanted) == 0;
}

const char *blob_path(struct arena *arena, const char *digest)
{
	const char *hex = hex_of(digest);

	return hex == NULL ? NULL : arena_printf(arena, DIGEST_PATH "%s", hex);
}

const char *blob_digest(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	const char *hex = arena_copy(arena, name, strcspn(name, "."));

	return is_hex(hex) ? arena_printf(arena, DIGEST_KIND "%s", hex) : NULL;
}

static bool read_file(const struct root_content *content, struct blob *out)
{
	out->own = malloc(content->bytes + 1);
	out->bytes = out->own;
	return out->own != NULL && file_tree_read(content->from, content->bytes, out->own);
}

const char *blob_read(struct arena *arena, const struct root_tree *files, const char *path,
                      const char *digest, uint64_t bytes_max, struct blob *out)
{
	const struct root_content *content = root_tree_file(files, path);

	*out = (struct blob){.own = NULL};
	if (content == NULL) {
		return arena_printf(arena, "'%.200s', which it names, is not in it", path);
	}
	if (content->bytes > bytes_max) {
		return arena_printf(arena, "'%.200s' in it is too large for what it is", path);
	}
	out->bytes = content->data;
	out->count = (size_t)content->bytes;
	if (content->from != NULL && !read_file(content, out)) {
		blob_free(out);
		return arena_printf(arena, "'%.200s' in it cannot be read", path);
	}
	if (digest != NULL && !blob_is(out->bytes, out->count, digest)) {
		blob_free(out);
		return arena_printf(arena, "'%.200s' in it is not what its digest says", path);
	}
	return NULL;
}

void blob_free(struct blob *blob)
{
	free(blob->own);
	*blob = (struct blob){.own = NULL};
}

struct json_object *blob_json(const struct blob *blob)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);

	if (tokener == NULL) {
		return NULL;
	}
	struct json_object *json =
		json_tokener_parse_ex(tokener, (const char *)blob->bytes, (int)blob->count);
	size_t end = json_tokener_get_parse_end(tokener);

	json_tokener_free(tokener);
	while (end < blob->count && strchr(" \t\r\n", blob->bytes[end]) != NULL &&
	       blob->bytes[end] != '\0') {
		end++;
	}
	if (json != NULL && end != blob->count) {
		json_object_put(json);
		json = NULL;
	}
	return json;
}

static const struct json_object *member(const struct json_object *json, const char *name,
                                        enum json_type type)
{
	struct json_object *found = NULL;

	if (!json_object_is_type(json, json_type_object) ||
	    !json_object_object_get_ex(json, name, &found) || !json_object_is_type(found, type)) {
		return NULL;
	}
	return found;
}

const char *blob_string(const struct json_object *json)
{
	/* json-c gives a string's own bytes, and takes no const. */
	struct json_object *text = (struct json_object *)(uintptr_t)json;

	if (!json_object_is_type(json, json_type_string) ||
	    strlen(json_object_get_string(text)) != (size_t)json_object_get_string_len(json)) {
		return NULL;
	}
	return json_object_get_string(text);
}

const char *blob_text(const struct json_object *json, const char *name)
{
	return blob_string(member(json, name, json_type_string));
}

const struct json_object *blob_object(const struct json_object *json, const char *name)
{
	return member(json, name, json_type_object);
}

const struct json_object *blob_array(const struct json_object *json, const char *name)
{
	return member(json, name, json_type_array);
}
