/* SPDX-License-Identifier: BSD-2-Clause */
/* The files that payload_files.c reads for a system, each once, until the payloads are given back. */
#ifndef TOPO_IMAGE_PAYLOAD_STORE_H
#define TOPO_IMAGE_PAYLOAD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/image/payload.h"

struct payload_loader {
	const struct model *model;
	const char *share;
	struct diag *diag;
	struct payloads *out;
	bool told; /* where the project's own files are looked for */
};

/** Zeros. The process ends when there is no memory. */
void *payload_allocate(size_t bytes);

struct payload_store *payload_store_new(void);

void payload_store_free(struct payload_store *store);

/** Keep @data, which was allocated, under @path; NULL: an archive that was made. */
void payload_keep(struct payload_store *store, const char *path, uint8_t *data, size_t bytes);

/** Whether something is kept under @path. */
bool payload_find(const struct payload_loader *loader, const char *path, struct blob *out);

/**
 * The file @path, read now or before. Returns false after an error: it was reported at @place,
 * where the topology names the file, or without a place for a file of the project.
 */
bool payload_load(struct payload_loader *loader, const char *path, struct place place,
                  const char *what, struct blob *out);

/** A file of the project's own. */
bool payload_load_own(struct payload_loader *loader, const char *name, struct blob *out);

#endif
