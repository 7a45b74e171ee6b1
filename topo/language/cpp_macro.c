/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Definitions of macros: #define from its line to a struct macro (C11 6.10.3).
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/language/cpp_internal.h"

#define VARIADIC_NAME "__VA_ARGS__"

struct macro *cpp_find_macro(const struct cpp *cpp, const struct token *name)
{
	return strmap_find(&cpp->macros, name->text, name->bytes);
}

void cpp_suggest_macros(const struct cpp *cpp, struct suggest *suggest)
{
	for (size_t i = 0; i < cpp->macros.capacity; i++) {
		const struct macro *macro = cpp->macros.entries[i].value;

		if (macro != NULL && macro->kind == MACRO_FUNCTION) {
			suggest_consider(suggest, macro->name);
		}
	}
}

/* A macro of the user's whose name is near to @name, or begins with it; NULL: there is none. */
static const struct macro *named_like(const struct cpp *cpp, const char *name)
{
	struct suggest suggest = suggest_start(name);
	const struct macro *best = NULL;

	for (size_t i = 0; i < cpp->macros.capacity; i++) {
		const struct macro *macro = cpp->macros.entries[i].value;

		if (macro == NULL || macro->shipped || macro->place.file == NULL) {
			continue;
		}
		const char *before = suggest.best;

		suggest_consider(&suggest, macro->name);
		best = suggest.best != before ? macro : best;
	}
	for (size_t i = 0; best == NULL && i < cpp->macros.capacity; i++) {
		const struct macro *macro = cpp->macros.entries[i].value;

		if (macro != NULL && !macro->shipped && macro->place.file != NULL &&
		    strncmp(macro->name, name, strlen(name)) == 0) {
			best = macro;
		}
	}
	return best;
}

void cpp_note_macro_like(const struct cpp *cpp, const char *name)
{
	const struct macro *macro = diag_shows(cpp->diag) ? named_like(cpp, name) : NULL;

	if (macro != NULL) {
		diag_note(cpp->diag, macro->place, "'%s' is defined here", macro->name);
	}
}

void cpp_define_builtin(struct cpp *cpp)
{
	static const struct {
		const char *name;
		enum macro_kind kind;
	} builtin[] = {{"__FILE__", MACRO_FILE}, {"__LINE__", MACRO_LINE}};

	for (size_t i = 0; i < ARRAY_COUNT(builtin); i++) {
		struct macro *macro = arena_alloc(cpp->arena, sizeof(*macro));

		macro->kind = builtin[i].kind;
		macro->name = builtin[i].name;
		macro->shipped = true;
		strmap_set(&cpp->macros, macro->name, macro);
	}
}

static int find_parameter(const struct macro *macro, const struct token *token)
{
	if (token->kind != TOKEN_IDENTIFIER) {
		return -1;
	}
	for (size_t i = 0; i < macro->parameter_count; i++) {
		if (token_is(token, macro->parameters[i])) {
			return (int)i;
		}
	}
	return -1;
}

static void add_parameter(struct cpp *cpp, struct macro *macro, const struct token *token)
{
	if (find_parameter(macro, token) >= 0) {
		diag_syntax(cpp->diag, token->place, "a second parameter '%.*s' of the same macro",
		            (int)token->bytes, token->text);
	}
	*ARENA_ADD(cpp->arena, macro->parameters, macro->parameter_count) =
		arena_copy(cpp->arena, token->text, token->bytes);
}

/* An error at the token @at of the line, or behind the line's last one. */
static bool bad_parameters(struct cpp *cpp, const struct token_list *line, size_t at)
{
	const struct token *token = &line->tokens[at < line->count ? at : line->count - 1];

	diag_syntax(cpp->diag, token->place, "the parameters of a macro are (a, b) or (a, ...)");
	return false;
}

/* The parameters from the token behind "(" on; *at ends behind ")". */
static bool parse_parameters(struct cpp *cpp, struct macro *macro, const struct token_list *line,
                             size_t *at)
{
	const struct token *tokens = line->tokens;
	size_t i = *at;

	if (i < line->count && token_punct(&tokens[i], ')')) {
		*at = i + 1;
		return true;
	}
	for (; i < line->count; i++) {
		if (token_punct(&tokens[i], PUNCT_ELLIPSIS)) {
			static const struct token rest = {
				.kind = TOKEN_IDENTIFIER,
				.text = VARIADIC_NAME,
				.bytes = sizeof(VARIADIC_NAME) - 1,
			};
			add_parameter(cpp, macro, &rest);
			macro->variadic = true;
			i++;
		} else if (tokens[i].kind == TOKEN_IDENTIFIER) {
			add_parameter(cpp, macro, &tokens[i++]);
			if (i < line->count && token_punct(&tokens[i], PUNCT_ELLIPSIS)) {
				macro->variadic = true;
				i++;
			}
		} else {
			return bad_parameters(cpp, line, i);
		}
		if (i < line->count && token_punct(&tokens[i], ')')) {
			*at = i + 1;
			return true;
		}
		if (i >= line->count || macro->variadic || !token_punct(&tokens[i], ',')) {
			break;
		}
	}
	return bad_parameters(cpp, line, i);
}

/* C11 6.10.3.2, 6.10.3.3: what # and ## must stand at. */
static bool check_operators(struct cpp *cpp, const struct macro *macro)
{
	for (size_t i = 0; i < macro->body_count; i++) {
		const struct token *token = &macro->body[i].token;

		if (token_punct(token, PUNCT_PASTE) && (i == 0 || i + 1 == macro->body_count)) {
			diag_syntax(cpp->diag, token->place, "## needs a token on each side");
			return false;
		}
		if (token_punct(token, '#') && macro->kind == MACRO_FUNCTION &&
		    (i + 1 == macro->body_count || macro->body[i + 1].parameter < 0)) {
			diag_syntax(cpp->diag, token->place,
			            "# in a macro with parameters stands before a parameter");
			return false;
		}
	}
	return true;
}

static void take_body(struct cpp *cpp, struct macro *macro, const struct token_list *line,
                      size_t at)
{
	macro->body = arena_alloc(cpp->arena, (line->count - at + 1) * sizeof(*macro->body));
	for (size_t first = at; at < line->count; at++) {
		struct body_token *body = &macro->body[macro->body_count++];

		body->token = line->tokens[at];
		body->token.line_start = false;
		body->token.space_before = at != first && body->token.space_before;
		body->parameter = find_parameter(macro, &body->token);
		body->spelling =
			(struct spelling){body->token.place, macro->name, body->parameter >= 0};
	}
}

static bool same_macro(const struct macro *a, const struct macro *b)
{
	if (a->kind != b->kind || a->parameter_count != b->parameter_count ||
	    a->variadic != b->variadic || a->body_count != b->body_count) {
		return false;
	}
	for (size_t i = 0; i < a->parameter_count; i++) {
		if (strcmp(a->parameters[i], b->parameters[i]) != 0) {
			return false;
		}
	}
	for (size_t i = 0; i < a->body_count; i++) {
		const struct token *x = &a->body[i].token;
		const struct token *y = &b->body[i].token;

		if (x->bytes != y->bytes || memcmp(x->text, y->text, x->bytes) != 0 ||
		    x->space_before != y->space_before) {
			return false;
		}
	}
	return true;
}

static void enter_macro(struct cpp *cpp, const struct token *name, struct macro *macro)
{
	void **slot = strmap_slot(&cpp->macros, macro->name, name->bytes);
	const struct macro *before = *slot;

	/* What topo ships is a default that the user's text may replace. */
	if (before != NULL && !before->shipped && !same_macro(before, macro)) {
		diag_warning(cpp->diag, name->place,
		             "macro '%s' is defined again, with another meaning", macro->name);
		diag_help(cpp->diag, "remove the first definition by #undef %s", macro->name);
		diag_note(cpp->diag, before->place, "first defined here");
	}
	*slot = macro;
}

void cpp_define(struct cpp *cpp, const struct token_list *line, const struct token *directive)
{
	struct token_list rest = *line;

	/* "#define define NAME": mended as what was meant. */
	if (line->count > 1 && token_is(line->tokens, "define") &&
	    line->tokens[1].kind == TOKEN_IDENTIFIER) {
		diag_syntax(cpp->diag, line->tokens->place, "'define' stands twice");
		rest.tokens++;
		rest.count--;
		line = &rest;
	}
	const struct token *name = line->tokens;

	if (line->count == 0 || name->kind != TOKEN_IDENTIFIER || token_is(name, "defined")) {
		diag_syntax(cpp->diag, line->count == 0 ? directive->place : name->place,
		            "#define needs the name of a macro");
		return;
	}
	struct macro *macro = arena_alloc(cpp->arena, sizeof(*macro));
	size_t at = 1;

	macro->name = arena_copy(cpp->arena, name->text, name->bytes);
	macro->place = name->place;
	macro->shipped = name->shipped;
	if (line->count > 1 && token_punct(&line->tokens[1], '(') &&
	    !line->tokens[1].space_before) {
		macro->kind = MACRO_FUNCTION;
		at = 2;
		if (!parse_parameters(cpp, macro, line, &at)) {
			return;
		}
	}
	take_body(cpp, macro, line, at);
	if (check_operators(cpp, macro)) {
		enter_macro(cpp, name, macro);
	}
}
