/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of the directories is decided here alone.
 */
#include "topo/language/search.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* One question: which file is it, and what was wrong with the candidates so far. */
struct question {
	struct source_set *set;
	struct arena *arena;
	const char *name;
	struct place place;
	const char *why;
};

static const struct source *try_in(struct question *question, const char *directory,
                                   const char *below, bool shipped)
{
	const char *path = NULL;

	if (strcmp(directory, ".") == 0) {
		path = below == NULL
		               ? question->name
		               : arena_printf(question->arena, "%s/%s", below, question->name);
	} else if (below != NULL) {
		path = arena_printf(question->arena, "%s/%s/%s", directory, below, question->name);
	} else {
		path = arena_printf(question->arena, "%s/%s", directory, question->name);
	}
	if (access(path, F_OK) != 0) {
		return NULL;
	}
	return source_read(question->set, path, shipped, question->place, &question->why);
}

static const struct source *try_own(struct question *question, const struct search *search,
                                    const struct source *from)
{
	const struct source *found = try_in(question, from->directory, NULL, from->shipped);

	if (found == NULL && search->board != NULL) {
		found = try_in(question, from->directory, search->board, from->shipped);
	}
	return found;
}

const struct source *search_read(const struct search *search, struct source_set *set,
                                 struct arena *arena, const struct searched *searched,
                                 const char **why)
{
	struct question question = {set, arena, searched->name, searched->place, "no such file"};
	const struct source *found = NULL;

	if (searched->name[0] == '/') {
		return source_read(set, searched->name, false, searched->place, why);
	}
	/* topo's own files mean topo's own, whatever the user has under the same names. */
	if (searched->from->shipped) {
		found = try_in(&question, search->share, NULL, true);
		if (found == NULL) {
			found = try_in(&question, search->share, "configurations", true);
		}
		*why = question.why;
		return found;
	}
	if (searched->beside) {
		found = try_own(&question, search, searched->from);
	}
	for (size_t i = 0; found == NULL && i < search->directory_count; i++) {
		found = try_in(&question, search->directories[i], NULL, false);
	}
	if (found == NULL && !searched->beside) {
		found = try_own(&question, search, searched->from);
	}
	if (found == NULL) {
		found = try_in(&question, search->share, NULL, true);
	}
	if (found == NULL) {
		found = try_in(&question, search->share, "configurations", true);
	}
	*why = question.why;
	return found;
}
