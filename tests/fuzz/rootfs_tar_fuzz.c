/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer harness of topo/rootfs topo/model/command_bounds.c/tar: any bytes as an archive. What is made of one that is taken is
 * an archive that Linux reads to its end, and has no name that leads out of it. Sums of headers are
 * set right first, or nothing would come behind them.
 * links: topo/rootfs topo/model/command_bounds.c topo/model/owned_paths.c topo/base topo/diag
 * libs: z lzma zstd lz4 json-c crypto
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/rootfs/archive.h"
#include "topo/rootfs/root_tree.h"
#include "topo/rootfs/tar.h"

#define BLOCK_BYTES 512U
#define SUM_AT 148U
#define SUM_BYTES 8U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sign(uint8_t *block)
{
	unsigned sum = 0;

	memset(block + SUM_AT, ' ', SUM_BYTES);
	for (size_t i = 0; i < BLOCK_BYTES; i++) {
		sum += block[i];
	}
	snprintf((char *)block + SUM_AT, SUM_BYTES, "%06o", sum);
}

static void check_entry(void *owner, const struct archive_entry *entry)
{
	size_t *count = owner;

	(*count)++;
	if (entry->name[0] == '\0' || entry->name[0] == '/' || strcmp(entry->name, "..") == 0 ||
	    strncmp(entry->name, "../", 3) == 0 || strstr(entry->name, "/../") != NULL) {
		abort();
	}
}

static void check_tree(struct root_tree *tree)
{
	uint64_t bytes = 0;
	uint64_t pages = 0;
	size_t count = 0;

	root_tree_measure(tree, &bytes, &pages);
	uint8_t *out = malloc(bytes);

	if (out == NULL || !root_tree_write(tree, out) ||
	    archive_walk(out, bytes, check_entry, &count) != NULL || count * 4096 > pages) {
		abort();
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct root_tree *tree = root_tree_new(arena);
	uint8_t *bytes = malloc(size + 1);

	if (bytes == NULL) {
		abort();
	}
	memcpy(bytes, data, size);
	for (size_t at = 0; size - at >= BLOCK_BYTES; at += BLOCK_BYTES) {
		if (bytes[at] != 0) {
			sign(bytes + at);
		}
	}
	if (tar_read(bytes, size, tree, arena) != (root_tree_fault(tree) == NULL)) {
		abort();
	}
	if (root_tree_fault(tree) == NULL) {
		check_tree(tree);
	}
	free(bytes);
	arena_free(arena);
	return 0;
}
