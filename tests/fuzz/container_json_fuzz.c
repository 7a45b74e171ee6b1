/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer harness of topo/rootfs/container: any bytes as what a container image says of itself. Up to the
 * first zero they are docker's list of images, behind it the configuration that a list may name "c", with a
 * layer "l" of nothing; without a zero, an index. What is taken is within the bounds of a topology.
 * links: topo/rootfs topo/model/command_bounds.c topo/model/owned_paths.c topo/base topo/diag
 * libs: z lzma zstd lz4 json-c crypto
 */
/* Of the types of files in sys/stat.h. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "topo/model/command_bounds.h"
#include "topo/rootfs/container.h"

#define LAYER_BYTES 1024U /* zeros: the end of an archive */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct root_tree *tree, const char *name, const void *data, size_t bytes)
{
	const struct root_entry entry = {
		.name = name, .mode = S_IFREG | 0644, .content = {.data = data, .bytes = bytes}};

	if (!root_tree_add(tree, &entry)) {
		abort();
	}
}

static void check_texts(struct command_sum *sum, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (command_text_fault(sum, texts[i]) != NULL) {
			abort();
		}
	}
}

static void read_image(struct arena *arena, const struct root_tree *files)
{
	struct rootfs out = {.tree = root_tree_new(arena)};

	struct command_sum sum = {0, 0};

	if (container_read(arena, files, &out)) {
		check_texts(&sum, out.command.words, out.command.word_count);
		check_texts(&sum, out.command.env, out.command.env_count);
		if (out.command.directory != NULL && out.command.directory[0] != '/') {
			abort();
		}
	} else if (out.why == NULL) {
		abort();
	}
	rootfs_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t layer[LAYER_BYTES];
	struct arena *arena = arena_new();
	struct root_tree *files = root_tree_new(arena);
	const uint8_t *zero = size == 0 ? NULL : memchr(data, 0, size);

	if (zero == NULL) {
		add(files, "oci-layout", "{}", 2);
		add(files, "index.json", data, size);
	} else {
		add(files, "manifest.json", data, (size_t)(zero - data));
		add(files, "c", zero + 1, size - (size_t)(zero - data) - 1);
		add(files, "l", layer, sizeof(layer));
	}
	if (container_is(files)) {
		read_image(arena, files);
	}
	arena_free(arena);
	return 0;
}
