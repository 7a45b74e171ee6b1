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

void payload_keep(struct payload_store *store, const char *path, uint8_t *data, size_t bytes)
{
	struct stored *stored = payload_allocate(sizeof(*stored));

	if (path) {
		size_t length = strlen(path) + 1;

		stored->path = payload_allocate(length);
		memcpy(stored->path, path, length);
	}
	stored->data = data;
	stored->bytes = bytes;
	stored->next = store->list;
	store->list = stored;
}

/* All of a file. Returns NULL and sets errno when it cannot be read. */
static uint8_t *read_all(const char *path, size_t *bytes)
{
	uint64_t size = 0;
	const int fd = regular_open(path, 0, &size);

	if (fd < 0) {
		return NULL;
	}
	uint8_t *data = payload_allocate((size_t)size);
	const int64_t got = regular_read(fd, data, size);
	const int error = got < 0 ? errno : EIO;

	close(fd);
	if (got != (int64_t)size) {
		free(data);
		errno = error;
		return NULL;
	}
	*bytes = (size_t)size;
	return data;
}

bool payload_find(const struct payload_loader *loader, const char *path, struct blob *out)
{
	for (struct stored *s = loader->out->store->list; s; s = s->next) {
		if (s->path && strcmp(s->path, path) == 0) {
			*out = (struct blob){s->data, s->bytes};
			return true;
		}
	}
	return false;
}

bool payload_load(struct payload_loader *loader, const char *path, struct place place, const char *what,
                 struct blob *out)
{
	uint8_t *data;
	size_t bytes = 0;

	if (payload_find(loader, path, out)) {
		return true;
	}
	data = read_all(path, &bytes);
	if (!data) {
		diag_error(loader->diag, place, "cannot read the %s '%s': %s", what, path,
		           strerror(errno));
	} else {
		payload_keep(loader->out->store, path, data, bytes);
		*out = (struct blob){data, bytes};
	}
	return data != NULL;
}

bool payload_load_own(struct payload_loader *loader, const char *name, struct blob *out)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", loader->share, name);
	if (payload_load(loader, path, PLACE_NONE, "file", out)) {
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
