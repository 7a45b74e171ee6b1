/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The preprocessor's two stacks: files that are being read, and above them contexts, the tokens
 * that an expansion put before the rest of the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/language/cpp_internal.h"

void token_list_add(struct token_list *list, const struct token *token)
{
	if (list->count == list->room) {
		size_t room = list->room == 0 ? 8 : list->room * 2;
		struct token *grown = realloc(list->tokens, room * sizeof(*grown));

		if (grown == NULL) {
			fputs("topo: out of memory\n", stderr);
			exit(3);
		}
		list->tokens = grown;
		list->room = room;
	}
	list->tokens[list->count++] = *token;
}

void token_list_free(struct token_list *list)
{
	free(list->tokens);
	*list = (struct token_list){NULL, 0, 0};
}

void cpp_stop(struct cpp *cpp, struct place place, const char *what)
{
	if (!cpp->stopped) {
		diag_error(cpp->diag, place, "%s", what);
		diag_mute(cpp->diag, true);
	}
	cpp->stopped = true;
	cpp->lacks_text = true;
}

bool cpp_spend_text(struct cpp *cpp, struct place place, size_t bytes)
{
	if (cpp->options.budget->text < bytes) {
		cpp->options.budget->text = 0;
		cpp_stop(cpp, place, "the text of this topology is too long");
		return false;
	}
	cpp->options.budget->text -= bytes;
	return true;
}

/* One token more of a file. */
static void spend_read(struct cpp *cpp, const struct token *token)
{
	if (cpp->options.budget->tokens == 0) {
		cpp_stop(cpp, token->place, "this topology is too long");
		return;
	}
	cpp->options.budget->tokens--;
	if (diag_count(cpp->diag, SEVERITY_ERROR) - cpp->errors > CPP_ERRORS_MAX) {
		cpp_stop(cpp, token->place, "too many errors: the rest is not read");
	}
}

/* What is no text is left out, with one message instead of one for each byte. */
static void refuse_data(struct cpp *cpp, struct lexer *lexer, size_t at)
{
	const char *text = lexer->source->text;
	uint32_t line = 1;
	uint32_t column = 1;

	for (size_t i = 0; i < at; i++) {
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n' ? 1 : 0;
	}
	diag_error(cpp->diag, (struct place){lexer->source, line, column, 1, NULL},
	           "this file is not text");
	diag_help(cpp->diag, "topologies are written in ASCII or UTF-8");
	lexer->at = lexer->end;
}

void cpp_push_file(struct cpp *cpp, const struct source *source, bool prelude)
{
	struct frame *frame = arena_alloc(cpp->arena, sizeof(*frame));

	size_t at = 0;

	lex_start(&frame->lexer, cpp->arena, cpp->diag, source);
	/* A file may be included again and again. */
	if (!cpp_spend_text(cpp, source->included, source->bytes)) {
		frame->lexer.at = frame->lexer.end;
	}
	if (!source_is_text(source, &at)) {
		refuse_data(cpp, &frame->lexer, at);
	}
	frame->prelude = prelude;
	frame->below = cpp->frame;
	cpp->frame = frame;
	cpp->frame_depth++;
}

/* Conditions that are open where the file ends. */
static void close_conditions(struct cpp *cpp, struct frame *frame)
{
	for (size_t i = 0; i < frame->condition_count && !cpp->lacks_text; i++) {
		diag_syntax(cpp->diag, frame->conditions[i].place, "this condition does not end");
		diag_help(cpp->diag, "end it with #endif in the same file");
		if (frame->doubtful.file != NULL) {
			diag_note(cpp->diag, frame->doubtful, "was this to be #else or #endif?");
		}
	}
	frame->condition_count = 0;
}

void cpp_push_context(struct cpp *cpp, struct token_list list, struct macro *macro, bool barrier)
{
	struct context *context = calloc(1, sizeof(*context));

	if (context == NULL) {
		fputs("topo: out of memory\n", stderr);
		exit(3);
	}
	context->list = list;
	context->macro = macro;
	context->barrier = barrier;
	context->below = cpp->context;
	cpp->context = context;
	if (macro != NULL) {
		macro->disabled = true;
	}
}

void cpp_pop_context(struct cpp *cpp)
{
	struct context *context = cpp->context;

	if (context->macro != NULL) {
		context->macro->disabled = false;
	}
	cpp->context = context->below;
	token_list_free(&context->list);
	free(context);
}

void cpp_put_back(struct cpp *cpp, const struct token *token)
{
	struct token_list list = {NULL, 0, 0};

	token_list_add(&list, token);
	cpp_push_context(cpp, list, NULL, false);
}

static void end_token(const struct cpp *cpp, struct token *token)
{
	const struct frame *frame = cpp->frame;

	memset(token, 0, sizeof(*token));
	token->kind = TOKEN_END;
	token->text = "";
	if (frame != NULL) {
		const struct lexer *lexer = &frame->lexer;

		token->place = (struct place){lexer->source, lexer->line, lexer->column, 1, NULL};
	}
}

/* From the contexts; false when there is none left and the file is to be read. */
static bool next_from_context(struct cpp *cpp, struct token *token)
{
	while (cpp->context != NULL) {
		struct context *context = cpp->context;

		if (context->at < context->list.count) {
			*token = context->list.tokens[context->at++];
			return true;
		}
		if (context->barrier) {
			end_token(cpp, token);
			return true;
		}
		cpp_pop_context(cpp);
	}
	return false;
}

/* #, or ## by mistake. */
static bool begins_directive(struct cpp *cpp, const struct token *token)
{
	if (token_punct(token, PUNCT_PASTE)) {
		diag_syntax(cpp->diag, token->place, "a directive begins with one #");
		return true;
	}
	return token_punct(token, '#');
}

void cpp_next_unexpanded(struct cpp *cpp, struct token *token)
{
	for (;;) {
		if (cpp->stopped) {
			end_token(cpp, token);
			return;
		}
		if (next_from_context(cpp, token)) {
			return;
		}
		lex_next(&cpp->frame->lexer, token);
		spend_read(cpp, token);
		if (token->kind == TOKEN_END) {
			close_conditions(cpp, cpp->frame);
			if (cpp->frame->below == NULL) {
				return;
			}
			cpp->frame = cpp->frame->below;
			cpp->frame_depth--;
		} else if (token->line_start && begins_directive(cpp, token)) {
			cpp_directive(cpp, token);
		} else {
			if (token->line_start &&
			    (token_is(token, "else") || token_is(token, "endif"))) {
				cpp->frame->doubtful = token->place;
			}
			return;
		}
	}
}

void cpp_next(struct cpp *cpp, struct token *token)
{
	for (;;) {
		cpp_next_unexpanded(cpp, token);
		if (token->kind != TOKEN_IDENTIFIER || token->no_expand) {
			return;
		}
		struct macro *macro = cpp_find_macro(cpp, token);

		if (macro == NULL) {
			return;
		}
		if (macro->disabled) {
			token->no_expand = true;
			return;
		}
		if (!cpp_expand(cpp, macro, token)) {
			return;
		}
	}
}

struct cpp *cpp_new(struct arena *arena, struct diag *diag, const struct cpp_options *options,
                    const struct source *source)
{
	struct cpp *cpp = arena_alloc(arena, sizeof(*cpp));

	cpp->arena = arena;
	cpp->diag = diag;
	cpp->options = *options;
	cpp->errors = diag_count(diag, SEVERITY_ERROR);
	strmap_init(&cpp->macros, arena);
	strmap_init(&cpp->once, arena);
	cpp_define_builtin(cpp);
	cpp_push_file(cpp, source, false);
	for (size_t i = options->prelude_count; i > 0; i--) {
		cpp_push_file(cpp, options->preludes[i - 1], true);
	}
	return cpp;
}

void cpp_free(struct cpp *cpp)
{
	while (cpp->context != NULL) {
		cpp_pop_context(cpp);
	}
	diag_mute(cpp->diag, false);
}

bool cpp_lacks_text(const struct cpp *cpp)
{
	return cpp->lacks_text;
}

void cpp_lose_text(struct cpp *cpp)
{
	cpp->lacks_text = true;
}

bool cpp_macro_value(struct cpp *cpp, const char *name, int64_t *value, struct place *place)
{
	struct token token = {
		.kind = TOKEN_IDENTIFIER,
		.text = name,
		.bytes = (uint32_t)strlen(name),
	};
	const struct macro *macro = cpp_find_macro(cpp, &token);

	if (macro == NULL) {
		return false;
	}
	struct token_list list = {NULL, 0, 0};

	token.place = macro->place;
	token_list_add(&list, &token);
	*value = cpp_condition_value(cpp, &list, &token);
	*place = macro->place;
	token_list_free(&list);
	return true;
}

struct macro_info cpp_macro_info(const struct macro *macro)
{
	return (struct macro_info){macro->name, macro->place, macro->shipped};
}
