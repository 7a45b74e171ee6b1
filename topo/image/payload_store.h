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
	enum payload_reads reads;
	bool told;  /* where the project's own files are looked for */
	bool lacks; /* one of them, and only sizes are wanted */
};

/** Zeros. The process ends when there is no memory. */
void *payload_allocate(size_t bytes);

struct payload_store *payload_store_new(void);

void payload_store_free(struct payload_store *store);

/**
 * Keep @blob, whose data was allocated or is NULL, under @path; NULL: an archive that was made. Only so many
 * bytes as @held are there.
 */
void payload_keep(struct payload_store *store, const char *path, struct blob blob, uint64_t held);

/** Whether so many bytes as @part of what has the name @path, or all, are kept. */
bool payload_find(const struct payload_loader *loader, const char *path, uint64_t part,
                  struct blob *out);

#define PAYLOAD_ALL UINT64_MAX

/**
 * The file @path, read now or before. When only sizes are wanted, no more than its first @part bytes have to
 * be in @out->data, which is NULL if @part is 0.
 * Returns false after an error: it was reported at @place, where the topology names the file, or without a
 * place for a file of the project.
 */
bool payload_load(struct payload_loader *loader, const char *path, struct place place,
                  const char *what, uint64_t part, struct blob *out);

/** A file of the project's own. */
bool payload_load_own(struct payload_loader *loader, const char *name, uint64_t part,
                      struct blob *out);

#endif
