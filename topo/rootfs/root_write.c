/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a tree as an archive of the form newc (Linux, Documentation/driver-api/early-userspace/
 * buffer-format.rst): in the order of the paths, so that a directory is before what is in it; a file
 * with several names has its content at the first of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/bits.h"
#include "topo/rootfs/file_tree.h"
#include "topo/rootfs/root_node.h"

#define HEADER_BYTES 110U
#define PAGE_BYTES 4096U
#define TRAILER "TRAILER!!!"

/* An entry in the archive: @content is what it brings, not what its file holds. */
struct item {
	const char *name;
	const char *target;
	const struct root_content *content;
	uint32_t number, mode, owner, group, links;
};

struct writer {
	unsigned char *out; /* NULL: only measured */
	uint64_t at;
	uint32_t numbers; /* inodes so far */
	bool failed;
};

static int by_path(const void *left, const void *right)
{
	const struct root_node *const *a = left;
	const struct root_node *const *b = right;

	return strcmp((*a)->path, (*b)->path);
}

/* The names of each file that are left, and nothing numbered. */
static void count_names(struct root_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		if (tree->nodes[i]->content != NULL) {
			tree->nodes[i]->content->names = 0;
			tree->nodes[i]->content->number = 0;
		}
	}
	for (size_t i = 0; i < tree->count; i++) {
		if (!tree->nodes[i]->gone && tree->nodes[i]->content != NULL) {
			tree->nodes[i]->content->names++;
		}
	}
}

static void put(struct writer *writer, const void *bytes, uint64_t count)
{
	if (writer->out != NULL && count != 0) {
		memcpy(writer->out + writer->at, bytes, count);
	}
	writer->at += count;
}

static void pad(struct writer *writer)
{
	put(writer, "\0\0\0", (4 - writer->at % 4) % 4);
}

static void put_file(struct writer *writer, const struct root_content *content)
{
	if (writer->out != NULL) {
		writer->failed |=
			!file_tree_read(content->from, content->bytes, writer->out + writer->at);
	}
	writer->at += content->bytes;
}

static void put_item(struct writer *writer, const struct item *item)
{
	const size_t name_bytes = strlen(item->name) + 1;
	const uint64_t bytes = item->content != NULL  ? item->content->bytes
	                       : item->target != NULL ? strlen(item->target)
	                                              : 0;
	/* ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check */
	const uint32_t fields[] = {item->number,
	                           item->mode,
	                           item->owner,
	                           item->group,
	                           item->links,
	                           0,
	                           (uint32_t)bytes,
	                           0,
	                           0,
	                           0,
	                           0,
	                           (uint32_t)name_bytes,
	                           0};
	char header[HEADER_BYTES + 1] = "070701";

	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		snprintf(header + 6 + 8 * i, 9, "%08X", fields[i]);
	}
	put(writer, header, HEADER_BYTES);
	put(writer, item->name, name_bytes);
	pad(writer);
	if (item->content != NULL && item->content->from != NULL) {
		put_file(writer, item->content);
	} else {
		put(writer,
		    item->content != NULL ? (const void *)item->content->data : item->target,
		    bytes);
	}
	pad(writer);
}

static void put_node(struct writer *writer, const struct root_node *node)
{
	struct root_content *content = node->content;
	struct item item = {
		.name = node->path,
		.target = node->is.target,
		.mode = node->mode,
		.owner = node->owner,
		.group = node->group,
		.links = content != NULL            ? content->names
	                 : node->is.type == S_IFDIR ? 2
	                                            : 1,
	};

	if (content != NULL && content->number != 0) {
		item.number = content->number;
	} else {
		item.number = ++writer->numbers;
		item.content = content;
	}
	if (content != NULL) {
		content->number = item.number;
	}
	put_item(writer, &item);
}

static void put_all(struct root_tree *tree, struct writer *writer)
{
	if (tree->count != 0) {
		qsort(tree->nodes, tree->count, sizeof(struct root_node *), by_path);
	}
	count_names(tree);
	for (size_t i = 0; i < tree->count; i++) {
		if (!tree->nodes[i]->gone) {
			put_node(writer, tree->nodes[i]);
		}
	}
	put_item(writer, &(struct item){.name = TRAILER, .links = 1});
}

void root_tree_measure(struct root_tree *tree, uint64_t *archive_bytes, uint64_t *unpacked_bytes)
{
	struct writer writer = {.out = NULL};

	put_all(tree, &writer);
	*archive_bytes = writer.at;
	/* Linux takes an inode for each entry, and lets half as many be as there are pages. */
	*unpacked_bytes = 0;
	for (size_t i = 0; i < tree->count; i++) {
		const struct root_node *node = tree->nodes[i];
		const uint64_t bytes = node->content != NULL ? node->content->bytes : 0;
		const uint64_t pages = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;

		if (!node->gone) {
			*unpacked_bytes += (pages == 0 ? 1 : pages) * PAGE_BYTES;
		}
	}
}

bool root_tree_write(struct root_tree *tree, unsigned char *out)
{
	struct writer writer = {.at = 0};

	writer.out = out;
	put_all(tree, &writer);
	return !writer.failed;
}
