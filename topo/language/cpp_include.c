/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * #include (C11 6.10.2).
 */
#include <string.h>

#include "topo/language/cpp_internal.h"

/* The name between < and > in the tokens of the line, joined as they stand. */
static char *angled_name(struct cpp *cpp, const struct token_list *line, size_t *used)
{
	size_t bytes = 0;
	size_t end = 1;

	while (end < line->count && !token_punct(&line->tokens[end], '>')) {
		bytes += line->tokens[end].bytes + 1;
		end++;
	}
	if (end == line->count) {
		return NULL;
	}
	char *name = arena_alloc(cpp->arena, bytes + 1);
	size_t at = 0;

	for (size_t i = 1; i < end; i++) {
		const struct token *token = &line->tokens[i];

		if (token->space_before && i > 1) {
			name[at++] = ' ';
		}
		memcpy(name + at, token->text, token->bytes);
		at += token->bytes;
	}
	*used = end + 1;
	return name;
}

/* The file that #include names, NULL with a message if it names none. */
static const char *included_name(struct cpp *cpp, const struct token *directive,
                                 const struct token_list *line, bool *beside, size_t *used)
{
	const struct token *first = line->tokens;
	const char *name = NULL;

	if (line->count != 0 && first->kind == TOKEN_STRING) {
		*beside = true;
		*used = 1;
		name = arena_copy(cpp->arena, first->text + 1, first->bytes - 2);
	} else if (line->count != 0 && token_punct(first, '<')) {
		*beside = false;
		name = angled_name(cpp, line, used);
	}
	if (name == NULL || name[0] == '\0') {
		diag_syntax(cpp->diag, directive->place,
		            "#include needs a file: \"name\" or <name>");
		return NULL;
	}
	return name;
}

/* @line: expanded, or as it stands. */
static void include_file(struct cpp *cpp, const struct token *directive,
                         const struct token_list *line, bool expanded)
{
	const struct source *from = cpp->frame->lexer.source;
	bool beside = false;
	size_t used = 0;
	const char *why = NULL;
	const char *name = included_name(cpp, directive, line, &beside, &used);

	if (name == NULL) {
		return;
	}
	struct place place = line->tokens[0].place;

	if (cpp->frame_depth >= CPP_INCLUDE_DEPTH_MAX || cpp->include_count >= CPP_INCLUDES_MAX) {
		cpp_stop(cpp, place, "files include each other without end");
		return;
	}
	if (!expanded) {
		cpp_expect_end(cpp, directive, line, used);
	}
	struct searched searched = {name, beside, from, place};
	const struct source *found = search_read(cpp->options.search, diag_sources(cpp->diag),
	                                         cpp->arena, &searched, &why);

	if (found == NULL) {
		diag_syntax(cpp->diag, place, "cannot include '%s': %s", name, why);
		diag_help(cpp->diag, "name the directory where it lies by -I DIR");
		return;
	}
	cpp->include_count++;
	if (strmap_get(&cpp->once, found->path) == NULL) {
		cpp_push_file(cpp, found, false);
	}
}

void cpp_include(struct cpp *cpp, const struct token *directive, const struct token_list *line)
{
	if (line->count != 0 && line->tokens[0].kind == TOKEN_IDENTIFIER) {
		struct token_list expanded = cpp_expand_list(cpp, line);

		include_file(cpp, directive, &expanded, true);
		token_list_free(&expanded);
	} else {
		include_file(cpp, directive, line, false);
	}
}
