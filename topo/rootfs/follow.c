/* SPDX-License-Identifier: BSD-2-Clause */
/* Follows paths as Linux does, see topo/rootfs/follow.h. */
#include "topo/rootfs/follow.h"

#include <string.h>
#include <sys/stat.h>

#define LINKS_FOLLOWED_MAX 40U /* as by Linux */

static const char *join(struct arena *arena, const char *directory, const char *name)
{
	return directory[0] == '\0' ? name : arena_printf(arena, "%s/%s", directory, name);
}

const char *path_parent(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? "" : arena_copy(arena, path, (size_t)(slash - path));
}

/* Take the first name off @rest; "" when there is none. */
static const char *take_name(struct arena *arena, const char **rest)
{
	const char *begin = *rest + strspn(*rest, "/");
	const size_t bytes = strcspn(begin, "/");

	*rest = begin + bytes + strspn(begin + bytes, "/");
	return arena_copy(arena, begin, bytes);
}

const char *path_follow(struct arena *arena, path_lookup *lookup, const void *owner,
                        const char *path, bool whole)
{
	const char *done = "";
	const char *rest = path;
	unsigned links = 0;

	while (*rest != '\0') {
		const char *name = take_name(arena, &rest);
		const char *at = join(arena, done, name);
		const struct path_node *node = lookup(owner, at);
		const bool last = *rest == '\0';

		if (strcmp(name, "") == 0 || strcmp(name, ".") == 0) {
			continue;
		}
		if (strcmp(name, "..") == 0) {
			done = path_parent(arena, done);
		} else if (node != NULL && node->type == S_IFLNK && (whole || !last)) {
			if (++links > LINKS_FOLLOWED_MAX) {
				return NULL;
			}
			done = node->target[0] == '/' ? "" : done;
			rest = arena_printf(arena, "%s/%s", node->target, rest);
		} else if (node != NULL && node->type != S_IFDIR && !last) {
			return NULL;
		} else {
			done = at;
		}
	}
	return done;
}
