/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps what lies where in a root file system, see topo/rootfs/root_tree.h. */
#include "topo/rootfs/root_tree.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/bits.h"
#include "topo/base/strmap.h"
#include "topo/model/model.h"
#include "topo/rootfs/follow.h"
#include "topo/rootfs/root_node.h"

/* Whatever the kernel and our init mount there lies over it. */
#define OF_THE_KERNEL "dev/"

#define WHITEOUT ".wh."
#define OPAQUE ".wh..opq" /* behind that */

struct root_tree *root_tree_new(struct arena *arena)
{
	struct root_tree *tree = arena_alloc(arena, sizeof(*tree));

	tree->arena = arena;
	strmap_init(&tree->by_path, arena);
	return tree;
}

bool root_tree_fail(struct root_tree *tree, const char *why)
{
	tree->fault = tree->fault == NULL ? why : tree->fault;
	return false;
}

const char *root_tree_fault(const struct root_tree *tree)
{
	return tree->fault;
}

static const struct path_node *look_up(const void *owner, const char *path)
{
	const struct root_tree *tree = owner;
	const struct root_node *node = strmap_get(&tree->by_path, path);

	return node == NULL || node->gone ? NULL : &node->is;
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* Is "..", or a name too long for a file system, in @name? */
static const char *fault_of_name(const char *name)
{
	for (const char *at = name; *at != '\0';) {
		at += strspn(at, "/");
		const size_t bytes = strcspn(at, "/");

		if (bytes == 2 && strncmp(at, "..", 2) == 0) {
			return "leads out of its directory by '..'";
		}
		if (bytes > NAME_MAX) {
			return "has a name of more than 255 bytes";
		}
		at += bytes;
	}
	return strlen(name) < PATH_MAX ? NULL : "has a path of more than 4095 bytes";
}

/* All that is below @node is there no more. What is removed was added before, so that all removing takes no more steps than
 * all adding. */
static void remove_below(struct root_node *node)
{
	struct root_node *left = node->below;

	node->below = NULL;
	while (left != NULL) {
		struct root_node *removed = left;
		struct root_node *last = removed->below;

		left = removed->beside;
		if (last != NULL) {
			while (last->beside != NULL) {
				last = last->beside;
			}
			last->beside = left;
			left = removed->below;
		}
		removed->gone = true;
		removed->listed = false;
		removed->below = NULL;
		removed->beside = NULL;
	}
}

/* @node, whose directory is there, becomes @new. */
static void become(struct root_tree *tree, struct root_node *node, struct root_node new)
{
	new.path = node->path;
	new.below = node->below;
	new.beside = node->beside;
	new.layer = tree->layer;
	new.cleared = node->cleared;
	new.listed = true;
	if (!node->listed) {
		const char *slash = strrchr(node->path, '/');
		struct root_node *above = slash == NULL ? NULL
		                                        : strmap_find(&tree->by_path, node->path,
		                                                      (size_t)(slash - node->path));

		/* The root is never removed. */
		if (above != NULL) {
			new.beside = above->below;
			above->below = node;
		}
	}
	*node = new;
}

/* The node at @path, on whose way there is no link and a directory wherever there is anything. */
static struct root_node *have_node(struct root_tree *tree, const char *path)
{
	struct root_node *node = strmap_get(&tree->by_path, path);

	if (node == NULL && tree->count == ROOT_ENTRIES_MAX) {
		root_tree_fail(tree, arena_printf(tree->arena, "it has more than %u files",
		                                  ROOT_ENTRIES_MAX));
		return NULL;
	}
	if (node == NULL) {
		node = arena_alloc(tree->arena, sizeof(*node));
		node->path = arena_copy(tree->arena, path, strlen(path));
		node->gone = true;
		*ARENA_ADD(tree->arena, tree->nodes, tree->count) = node;
		strmap_set(&tree->by_path, node->path, node);
	}
	return node;
}

static bool have_directories(struct root_tree *tree, const char *path)
{
	for (const char *end = path; *end != '\0';) {
		char above[PATH_MAX];

		end += strspn(end, "/");
		end += strcspn(end, "/");
		snprintf(above, sizeof(above), "%.*s", (int)(end - path), path);
		struct root_node *node = have_node(tree, above);

		if (node == NULL) {
			return false;
		}
		if (node->gone) {
			become(tree, node,
			       (struct root_node){.is = {S_IFDIR, NULL}, .mode = S_IFDIR | 0755U});
		}
		node->layer = tree->layer; /* it has something that this one does not hide */
	}
	return true;
}

static const char *fault_of_path(const char *path)
{
	if (path == NULL) {
		return "is below what is no directory";
	}
	if (strlen(path) >= PATH_MAX) {
		return "has a path of more than 4095 bytes";
	}
	if (strcmp(path, ROOT_OURS) == 0 || starts_with(path, ROOT_OURS "/")) {
		return "is where topo puts its own";
	}
	return strcmp(path, "TRAILER!!!") == 0 ? "has the name that ends an archive" : NULL;
}

/* Where Linux comes to by @name; NULL after a fault. */
static const char *follow_name(struct root_tree *tree, const char *name)
{
	/* What follows a path makes many that nobody keeps. */
	struct arena *scratch = arena_new();
	const char *why = fault_of_name(name);
	const char *path = why != NULL ? NULL : path_follow(scratch, look_up, tree, name, false);

	if (why == NULL) {
		why = fault_of_path(path);
	}
	if (why != NULL) {
		root_tree_fail(tree, arena_printf(tree->arena, "'%.200s' in it %s", name, why));
		path = NULL;
	} else {
		path = arena_copy(tree->arena, path, strlen(path));
	}
	arena_free(scratch);
	return path;
}

/* Where @name is to be; NULL after a fault, "" if nowhere. */
static const char *place_of(struct root_tree *tree, const char *name)
{
	const char *path = follow_name(tree, name);

	return path != NULL && starts_with(path, OF_THE_KERNEL) ? "" : path;
}

/* The rest of the last name of @name, which hides something; NULL: it does not. */
static const char *whiteout_of(const struct root_tree *tree, const char *name)
{
	const char *last = name;

	/* Those at its end do not make it a directory. */
	for (const char *at = name + strcspn(name, "/"); *at != '\0'; at += strcspn(at, "/")) {
		at += strspn(at, "/");
		last = *at != '\0' ? at : last;
	}
	return tree->layer != 0 && starts_with(last, WHITEOUT) ? last + strlen(WHITEOUT) : NULL;
}

/* A node of a layer before, and all below it, which is of layers before too. */
static void hide_node(struct root_node *node)
{
	remove_below(node);
	node->gone = true;
}

/* What layers before have in @directory. Each is looked through once in a layer: then it has nothing of them. */
static void hide_in(struct root_tree *tree, struct root_node *directory)
{
	struct arena *scratch = arena_new();
	struct root_node **all = NULL;
	size_t count = 0;

	*ARENA_ADD(scratch, all, count) = directory;
	for (size_t i = 0; i < count; i++) {
		struct root_node *at = all[i];
		struct root_node *next = at->below;

		if (at->cleared == tree->layer) {
			continue;
		}
		at->cleared = tree->layer;
		at->below = NULL;
		while (next != NULL) {
			struct root_node *node = next;

			next = node->beside;
			node->listed = !node->gone && node->layer == tree->layer;
			node->beside = node->listed ? at->below : NULL;
			if (node->listed) {
				at->below = node;
				*ARENA_ADD(scratch, all, count) = node;
			} else {
				hide_node(node);
			}
		}
	}
	arena_free(scratch);
}

/* Likewise all that they have. */
static void hide_all(struct root_tree *tree)
{
	for (size_t i = 0; tree->cleared != tree->layer && i < tree->count; i++) {
		struct root_node *node = tree->nodes[i];

		if (strchr(node->path, '/') == NULL && node->layer == tree->layer) {
			hide_in(tree, node);
		} else if (strchr(node->path, '/') == NULL) {
			hide_node(node);
		}
	}
	tree->cleared = tree->layer;
}

/* @name, of which the last name is a whiteout of @rest, hides what layers before have. */
static bool hide(struct root_tree *tree, const char *name, const char *rest)
{
	const size_t above = strlen(name) - strlen(WHITEOUT) - strlen(rest);

	rest = arena_copy(tree->arena, rest, strcspn(rest, "/"));
	const bool opaque = strcmp(rest, OPAQUE) == 0;

	if (!opaque && starts_with(rest, WHITEOUT)) {
		return true; /* what file systems keep for themselves */
	}
	if (rest[0] == '\0' || strcmp(rest, ".") == 0) {
		return root_tree_fail(
			tree, arena_printf(tree->arena, "'%.200s' in it hides nothing", name));
	}
	const char *path = follow_name(
		tree, arena_printf(tree->arena, "%.*s%s", (int)above, name, opaque ? "." : rest));
	struct root_node *node = path == NULL ? NULL : strmap_get(&tree->by_path, path);

	if (path != NULL && path[0] == '\0') {
		hide_all(tree);
	} else if (node != NULL && (opaque || node->layer == tree->layer)) {
		hide_in(tree, node);
	} else if (node != NULL) {
		hide_node(node); /* and stays in the list of its directory */
	}
	return path != NULL;
}

/* The content of a file that is new in the tree; NULL after a fault. */
static struct root_content *new_content(struct root_tree *tree, const struct root_entry *entry)
{
	struct root_content *content = arena_alloc(tree->arena, sizeof(*content));

	*content = entry->content;
	if (content->bytes > UINT32_MAX ||
	    __builtin_add_overflow(tree->bytes, content->bytes, &tree->bytes) ||
	    tree->bytes > ROOT_BYTES_MAX) {
		root_tree_fail(tree, arena_printf(tree->arena,
		                                  "with '%.200s' in it are more than 4 GiB, too "
		                                  "much for RAM",
		                                  entry->name));
		return NULL;
	}
	return content;
}

static bool put(struct root_tree *tree, const char *path, struct root_node new)
{
	struct root_node *node = NULL;

	if (!have_directories(tree, path_parent(tree->arena, path)) ||
	    (node = have_node(tree, path)) == NULL) {
		return false;
	}
	if (!node->gone && (node->is.type != S_IFDIR || new.is.type != S_IFDIR)) {
		remove_below(node);
	}
	become(tree, node, new);
	return true;
}

void root_tree_layer(struct root_tree *tree)
{
	tree->layer++;
}

bool root_tree_add(struct root_tree *tree, const struct root_entry *entry)
{
	const uint32_t type = entry->mode & S_IFMT;
	const char *hidden = whiteout_of(tree, entry->name);
	const char *path = hidden != NULL ? NULL : place_of(tree, entry->name);
	struct root_content *content = NULL;

	if (hidden != NULL) {
		return hide(tree, entry->name, hidden);
	}
	if (path == NULL) {
		return false;
	}
	if (path[0] == '\0') { /* the root itself is there, and /dev is the kernel's */
		return true;
	}
	if (type != S_IFREG && type != S_IFDIR && type != S_IFLNK && type != S_IFIFO) {
		return root_tree_fail(tree, arena_printf(tree->arena,
		                                         "'%.200s' in it is a device or a socket, "
		                                         "and not in /dev",
		                                         entry->name));
	}
	if (type == S_IFLNK && (entry->target[0] == '\0' || strlen(entry->target) >= PATH_MAX)) {
		return root_tree_fail(tree, arena_printf(tree->arena,
		                                         "'%.200s' in it is a link to nothing that "
		                                         "a path could be",
		                                         entry->name));
	}
	if (type == S_IFREG && (content = new_content(tree, entry)) == NULL) {
		return false;
	}
	return put(tree, path,
	           (struct root_node){
			   .is = {type, entry->target},
			   .mode = entry->mode,
			   .owner = entry->owner,
			   .group = entry->group,
			   .content = content,
		   });
}

bool root_tree_link(struct root_tree *tree, const char *name, const char *file)
{
	const char *hidden = whiteout_of(tree, name);
	const char *path = hidden != NULL ? NULL : place_of(tree, name);
	const char *first = path == NULL ? NULL : place_of(tree, file);

	if (hidden != NULL) {
		return hide(tree, name, hidden);
	}
	if (path == NULL || first == NULL) {
		return false;
	}
	if (path[0] == '\0') {
		return true;
	}
	const struct root_node *node = strmap_get(&tree->by_path, first);

	if (node == NULL || node->gone || node->is.type == S_IFDIR || strcmp(path, first) == 0) {
		return root_tree_fail(tree, arena_printf(tree->arena,
		                                         "'%.200s' in it is a link to '%.200s', "
		                                         "which is no file of it",
		                                         name, file));
	}
	return put(tree, path, *node);
}

const struct root_content *root_tree_file(const struct root_tree *tree, const char *path)
{
	struct arena *scratch = arena_new();
	const char *there =
		strlen(path) >= PATH_MAX ? NULL : path_follow(scratch, look_up, tree, path, true);
	const struct root_node *node = there == NULL ? NULL : strmap_get(&tree->by_path, there);

	arena_free(scratch);
	return node == NULL || node->gone ? NULL : node->content;
}

const char *root_tree_init(const struct root_tree *tree)
{
	/* What Linux looks for (init/main.c), systemd where nobody links to it, and of an initrd. */
	static const char *const usual[] = {"sbin/init", "etc/init", "bin/init",
	                                    "lib/systemd/systemd", "init"};

	for (size_t i = 0; i < ARRAY_COUNT(usual); i++) {
		const char *path = path_follow(tree->arena, look_up, tree, usual[i], true);
		const struct root_node *node =
			path == NULL ? NULL : strmap_get(&tree->by_path, path);

		if (node != NULL && !node->gone && node->is.type == S_IFREG &&
		    (node->mode & 0111U) != 0) {
			return usual[i];
		}
	}
	return NULL;
}
