/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies in the root file system of a VM, see topo/rootfs/vm_root.h. Of a file only the entry that brings
 * its content is known; the few that are read are looked for in the archives again.
 */
#include "topo/rootfs/vm_root.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "topo/rootfs/archive.h"
#include "topo/rootfs/file_tree.h"
#include "topo/rootfs/vm_files.h"

struct vm_root *vm_root_new(struct arena *arena)
{
	struct vm_root *root = arena_alloc(arena, sizeof(*root));

	root->arena = arena;
	strmap_init(&root->nodes, arena);
	strmap_init(&root->linked, arena);
	return root;
}

const struct vm_node *vm_root_node(const struct vm_root *root, const char *path)
{
	return strmap_get(&root->nodes, path);
}

static const struct path_node *look_up(const void *owner, const char *path)
{
	const struct vm_node *node = vm_root_node(owner, path);

	return node == NULL ? NULL : &node->is;
}

const char *vm_root_follow(const struct vm_root *root, const char *path, bool whole)
{
	return path_follow(root->arena, look_up, root, path, whole);
}

void vm_root_put(struct vm_root *root, const char *path, struct vm_node node,
                 struct vm_content content)
{
	const struct vm_node *there = vm_root_node(root, path);
	struct vm_node *kept = arena_alloc(root->arena, sizeof(*kept));

	if (node.is.type == S_IFREG && node.content == NULL) {
		node.content = there != NULL && there->content != NULL
		                       ? there->content
		                       : arena_alloc(root->arena, sizeof(*node.content));
		*node.content = content;
	}
	*kept = node;
	strmap_set(&root->nodes, path, kept);
}

/* What the file of @entry, which has several names, holds, @there the file that is at this one. A name without
 * content brings none; the first is written over what is there. */
static struct vm_content *linked_content(struct vm_root *root, const struct archive_entry *entry,
                                         const struct vm_node *there)
{
	const char *file = arena_printf(root->arena, "%zu %s", root->archive_count, entry->linked);
	struct vm_content *content = strmap_get(&root->linked, file);

	if (content == NULL) {
		content = there != NULL && there->content != NULL
		                  ? there->content
		                  : arena_alloc(root->arena, sizeof(*content));
		*content = (struct vm_content){.entry = 0};
		strmap_set(&root->linked, file, content);
	}
	if (entry->content_bytes != 0) {
		*content =
			(struct vm_content){.entry = root->entries, .bytes = entry->content_bytes};
	}
	return content;
}

static void add_entry(void *owner, const struct archive_entry *entry)
{
	struct vm_root *root = owner;
	const char *path = vm_root_follow(root, entry->name, false);
	struct vm_node node = {.is = {.type = entry->mode & S_IFMT, .target = ""}};

	root->entries++;
	if (path == NULL || path[0] == '\0') {
		return;
	}
	if (entry->target != NULL) {
		node.is.target = arena_copy(root->arena, entry->target, strlen(entry->target));
	}
	if (node.is.type == S_IFREG && entry->linked != NULL) {
		node.content = linked_content(root, entry, vm_root_node(root, path));
	}
	vm_root_put(root, arena_copy(root->arena, path, strlen(path)), node,
	            (struct vm_content){.entry = root->entries, .bytes = entry->content_bytes});
}

void vm_root_add(struct vm_root *root, const unsigned char *bytes, size_t count)
{
	*ARENA_ADD(root->arena, root->archives, root->archive_count) =
		(struct vm_archive){bytes, count};

	const char *unseen = archive_walk(bytes, count, add_entry, root);

	root->unseen = root->unseen == NULL ? unseen : root->unseen;
}

/* The search for the content of an entry. */
struct search {
	struct arena *arena;
	size_t left; /* entries up to that, with it; 0: it is behind */
	char *text;
};

static void search_entry(void *owner, const struct archive_entry *entry)
{
	struct search *search = owner;

	if (search->left != 0 && --search->left == 0 && entry->content != NULL) {
		search->text = arena_copy(search->arena, entry->content, entry->content_bytes);
	}
}

/* The bytes of @content, with a zero behind; NULL: they cannot be read. */
static char *read_content(const struct vm_root *root, const struct vm_content *content)
{
	struct search search = {root->arena, content->entry, NULL};

	for (size_t i = 0; i < root->archive_count && search.left != 0; i++) {
		archive_walk(root->archives[i].bytes, root->archives[i].count, search_entry,
		             &search);
	}
	if (content->from == NULL) {
		return search.text;
	}
	unsigned char *text = arena_alloc(root->arena, (size_t)content->bytes + 1);
	const struct vm_files_entry entry = {
		.from = content->from, .bytes = content->bytes, .from_link = content->from_link};
	const bool good = vm_files_read(&entry, text);

	return good ? (char *)text : NULL;
}

/* Why nothing at @path, in whose place @there is nothing, does not mean that there will be none. */
static const char *leads_away(const struct vm_root *root, const char *path)
{
	const char *parent = path_parent(root->arena, path);
	const char *last = vm_root_follow(root, path, false);
	const char *directory = vm_root_follow(root, parent, true);

	if ((last != NULL && vm_root_node(root, last) != NULL) ||
	    (vm_root_node(root, parent) != NULL &&
	     (directory == NULL || vm_root_node(root, directory) == NULL))) {
		return "a link to what is not there";
	}
	return NULL;
}

const char *vm_root_read(const struct vm_root *root, const char *path, const char **text)
{
	const char *there = vm_root_follow(root, path, true);
	const struct vm_node *node = there == NULL ? NULL : vm_root_node(root, there);

	*text = NULL;
	if (there == NULL) {
		return "behind links in a circle, or below what is no directory";
	}
	if (node == NULL) {
		return leads_away(root, path);
	}
	if (node->content == NULL) {
		return "no file";
	}
	const struct vm_content *content = node->content;

	if (content->text != NULL) {
		*text = content->text;
		return NULL;
	}
	if (content->entry == 0 && content->from == NULL) {
		return "a hard link to what is not in the archive";
	}
	if (content->bytes > ARCHIVE_CONTENT_BYTES) {
		return "larger than 64 KiB";
	}
	const char *bytes = read_content(root, content);

	if (bytes == NULL) {
		return "not readable";
	}
	if (memchr(bytes, '\0', (size_t)content->bytes) != NULL) {
		return "no text, for it holds a zero";
	}
	*text = bytes;
	return NULL;
}
