/* SPDX-License-Identifier: BSD-2-Clause */
/* See topo/image/payload_store.h. */
#include "topo/image/payload_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "topo/base/regular.h"

/* A file that was read, or an archive that was made (path NULL). */
struct stored {
	char *path;
	uint8_t *data;
	size_t bytes;
	uint64_t held; /* of them, in data, or more */
	struct stored *next;
};

struct payload_store {
	struct stored *list;
};

void *payload_allocate(size_t bytes)
{
	void *memory = calloc(1, bytes ? bytes : 1);

	if (!memory) {
		fprintf(stderr, "topo: no memory for a file of %zu bytes\n", bytes);
		exit(3);
	}
	return memory;
}

struct payload_store *payload_store_new(void)
{
	return payload_allocate(sizeof(struct payload_store));
}

void payload_store_free(struct payload_store *store)
{
	for (struct stored *s = store->list, *next; s; s = next) {
		next = s->next;
		free(s->path);
		free(s->data);
		free(s);
	}
	free(store);
}

void payload_keep(struct payload_store *store, const char *path, struct blob blob, uint64_t held)
{
	struct stored *stored = payload_allocate(sizeof(*stored));

	if (path) {
		size_t length = strlen(path) + 1;

		stored->path = payload_allocate(length);
		memcpy(stored->path, path, length);
	}
	stored->data = (uint8_t *)(uintptr_t)blob.data;
	stored->bytes = blob.bytes;
	stored->held = held;
	stored->next = store->list;
	store->list = stored;
}

/* The first @part bytes of a file, or all. Returns false and sets errno when it cannot be read. */
static bool read_file(const char *path, uint64_t part, struct blob *out)
{
	uint64_t size = 0;
	const int fd = regular_open(path, 0, &size);

	if (fd < 0) {
		return false;
	}
	const uint64_t wanted = part < size ? part : size;
	uint8_t *data = part != 0 ? payload_allocate((size_t)wanted) : NULL;
	const int64_t got = regular_read(fd, data, wanted);
	const int error = got < 0 ? errno : EIO;

	close(fd);
	if (got != (int64_t)wanted) {
		free(data);
		errno = error;
		return false;
	}
	*out = (struct blob){data, (size_t)size};
	return true;
}

bool payload_find(const struct payload_loader *loader, const char *path, uint64_t part,
                  struct blob *out)
{
	for (struct stored *s = loader->out->store->list; s; s = s->next) {
		const uint64_t wanted = part < s->bytes ? part : s->bytes;

		if (s->path && strcmp(s->path, path) == 0 && s->held >= wanted) {
			*out = (struct blob){part != 0 ? s->data : NULL, s->bytes};
			return true;
		}
	}
	return false;
}

bool payload_load(struct payload_loader *loader, const char *path, struct place place,
                  const char *what, uint64_t part, struct blob *out)
{
	const uint64_t wanted = loader->reads == PAYLOADS_WHOLE ? PAYLOAD_ALL : part;
	const bool found = payload_find(loader, path, wanted, out);

	if (!found && !read_file(path, wanted, out)) {
		diag_error(loader->diag, place, "cannot read the %s '%s': %s", what, path,
		           strerror(errno));
		return false;
	}
	if (!found) {
		payload_keep(loader->out->store, path, *out, wanted);
	}
	return true;
}

bool payload_load_own(struct payload_loader *loader, const char *name, uint64_t part,
                      struct blob *out)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", loader->share, name);
	if (loader->reads == PAYLOADS_SIZES && access(path, F_OK) != 0) {
		loader->lacks = true;
		return false;
	}
	if (payload_load(loader, path, PLACE_NONE, "file", part, out)) {
		return true;
	}
	if (!loader->told) {
		diag_help(loader->diag,
		          "`make` builds it; it is looked for in PEERVISOR_SHARE, or in "
		          "share/peervisor beside or above the program");
	}
	loader->told = true;
	return false;
}
