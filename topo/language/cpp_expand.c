/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expansion of macros (C11 6.10.3.1 to 6.10.3.4). A macro is disabled while its expansion is read;
 * its name found there stays a plain identifier for good. Arguments are expanded by themselves
 * behind a barrier before they are put in.
 */
#include <string.h>

#include "topo/language/cpp_call.h"

struct token_list cpp_expand_list(struct cpp *cpp, const struct token_list *list)
{
	struct token_list copy = {NULL, 0, 0};
	struct token_list out = {NULL, 0, 0};
	struct token token;

	for (size_t i = 0; i < list->count; i++) {
		token_list_add(&copy, &list->tokens[i]);
	}
	if (cpp->expansion_depth >= CPP_EXPANSION_DEPTH_MAX) {
		if (list->count != 0) {
			cpp_stop(cpp, list->tokens[0].place, "macro calls are nested too deeply");
		}
		return copy;
	}
	cpp->expansion_depth++;
	cpp->nested_tokens += list->count;
	/* Each level holds its own copy of what is nested in it. */
	if (list->count != 0 && cpp->nested_tokens > CPP_NESTED_TOKENS_MAX) {
		cpp_stop(cpp, list->tokens[0].place, "the arguments of nested calls are too long");
	}
	cpp_push_context(cpp, copy, NULL, true);

	struct context *barrier = cpp->context;

	for (cpp_next(cpp, &token); token.kind != TOKEN_END; cpp_next(cpp, &token)) {
		token_list_add(&out, &token);
	}
	/* Normally the barrier is on top; after a stop, contexts may be left above it. */
	while (cpp->context != barrier) {
		cpp_pop_context(cpp);
	}
	cpp_pop_context(cpp);
	cpp->expansion_depth--;
	cpp->nested_tokens -= list->count;
	return out;
}

static void put_out(struct cpp *cpp, struct call *call, const struct token *token)
{
	if (call_spend(cpp, call)) {
		token_list_add(&call->out, token);
	}
}

/* A token of the body as it stands in this expansion. */
static struct token spelled(const struct call *call, const struct body_token *body)
{
	struct token token = body->token;

	token.place = call->name.place;
	/* Of topo's own macros, the user knows the call. */
	if (!call->macro->shipped) {
		token.place.spelling = &body->spelling;
	}
	token.written = false;
	token.macro = call->macro;
	return token;
}

/* @token is the first of what a parameter brings: what is wrong with it there may be the body's fault. */
static void bring(const struct call *call, const struct body_token *body, struct token *token)
{
	if (!call->macro->shipped && token->place.spelling == NULL) {
		token->place.spelling = &body->spelling;
	}
}

static const struct token_list *expanded_argument(struct cpp *cpp, const struct call *call,
                                                  int index)
{
	struct argument *argument = &call->arguments[index];

	if (!argument->is_expanded) {
		argument->expanded = cpp_expand_list(cpp, &argument->written);
		argument->is_expanded = true;
	}
	return &argument->expanded;
}

/* Bytes that one token takes in a string literal, written to @to if that is not NULL. */
static size_t stringize_token(const struct token *token, bool space, char *to)
{
	bool quoted = token->kind == TOKEN_STRING || token->kind == TOKEN_CHARACTER;
	size_t bytes = 0;

	if (space) {
		if (to != NULL) {
			to[bytes] = ' ';
		}
		bytes++;
	}
	for (size_t i = 0; i < token->bytes; i++) {
		char byte = token->text[i];

		if (quoted && (byte == '"' || byte == '\\')) {
			if (to != NULL) {
				to[bytes] = '\\';
			}
			bytes++;
		}
		if (to != NULL) {
			to[bytes] = byte;
		}
		bytes++;
	}
	return bytes;
}

static struct token stringize(struct cpp *cpp, const struct call *call, int index)
{
	const struct token_list *argument = &call->arguments[index].written;
	size_t bytes = 2;

	for (size_t i = 0; i < argument->count; i++) {
		const struct token *token = &argument->tokens[i];

		bytes += stringize_token(token, i != 0 && token->space_before, NULL);
	}
	if (!cpp_spend_text(cpp, call->name.place, bytes)) {
		bytes = 2;
	}
	char *text = arena_alloc(cpp->arena, bytes + 1);
	size_t at = 1;

	for (size_t i = 0; i < argument->count && !cpp->stopped; i++) {
		const struct token *token = &argument->tokens[i];

		at += stringize_token(token, i != 0 && token->space_before, text + at);
	}
	text[0] = '"';
	text[at] = '"';

	struct token string = {
		.kind = TOKEN_STRING,
		.text = text,
		.bytes = (uint32_t)bytes,
		.place = call_argument_place(call, argument),
	};
	return string;
}

/* Join the last token of the output with @right. */
static void paste(struct cpp *cpp, struct call *call, const struct token *right)
{
	struct token *left = &call->out.tokens[call->out.count - 1];

	if (right->kind == TOKEN_PLACEMARKER) {
		return;
	}
	if (left->kind == TOKEN_PLACEMARKER) {
		bool space = left->space_before;

		*left = *right;
		left->space_before = space;
		return;
	}
	if (!cpp_spend_text(cpp, call->name.place, (size_t)left->bytes + right->bytes)) {
		return;
	}
	char *text = arena_alloc(cpp->arena, (size_t)left->bytes + right->bytes + 1);
	struct lexer lexer;
	struct token joined;

	memcpy(text, left->text, left->bytes);
	memcpy(text + left->bytes, right->text, right->bytes);
	lex_start_text(&lexer, cpp->arena, text, (size_t)left->bytes + right->bytes, left->place);
	lex_next(&lexer, &joined);
	if (joined.kind == TOKEN_END || joined.bytes != left->bytes + right->bytes) {
		struct token rest = *right;
		struct place place = call->name.place;

		place.spelling = call->macro->shipped ? place.spelling : call->paste;
		diag_syntax(cpp->diag, place, "## makes '%s', which is not one token", text);
		rest.mended = true;
		token_list_add(&call->out, &rest);
		return;
	}
	/* The place is that of the part that the user wrote: at the call, or in a macro's body. */
	bool right_is_nearer =
		!left->written && (right->written || (left->shipped && !right->shipped));

	joined.space_before = left->space_before;
	joined.place = right_is_nearer ? right->place : left->place;
	joined.written = left->written || right->written;
	joined.macro = left->macro != NULL ? left->macro : right->macro;
	joined.shipped = left->shipped || right->shipped;
	*left = joined;
}

static void put_argument(struct cpp *cpp, struct call *call, const struct token_list *argument,
                         const struct body_token *body, bool pasted)
{
	const bool space = body->token.space_before;

	if (argument->count == 0) {
		struct token nothing = {
			.kind = TOKEN_PLACEMARKER,
			.space_before = space,
			.place = call->name.place,
		};

		if (!pasted) {
			put_out(cpp, call, &nothing);
		}
		return;
	}
	for (size_t i = 0; i < argument->count && !cpp->stopped; i++) {
		struct token token = argument->tokens[i];

		token.line_start = false;
		token.space_before = i == 0 ? space : token.space_before;
		if (i == 0) {
			bring(call, body, &token);
		}
		if (i == 0 && pasted) {
			paste(cpp, call, &token);
		} else {
			put_out(cpp, call, &token);
		}
	}
}

/* GNU: `, ## rest` leaves the comma out when the rest is empty, and pastes nothing otherwise. */
static bool gnu_comma(const struct call *call, const struct body_token *body)
{
	return call->macro->variadic && call->out.count != 0 &&
	       token_punct(&call->out.tokens[call->out.count - 1], ',') &&
	       body->parameter == (int)call->macro->parameter_count - 1;
}

/* The operand at body[i], which is pasted to what is before it or not; returns the next index. */
static size_t put_operand(struct cpp *cpp, struct call *call, size_t i, bool pasted)
{
	const struct macro *macro = call->macro;
	const struct body_token *body = &macro->body[i];
	bool next_pastes =
		i + 1 < macro->body_count && token_punct(&macro->body[i + 1].token, PUNCT_PASTE);

	if (pasted && call->out.count == 0) {
		pasted = false;
	}
	call->paste = pasted ? &macro->body[i - 1].spelling : NULL;
	if (token_punct(&body->token, '#') && macro->kind == MACRO_FUNCTION) {
		struct token string = stringize(cpp, call, macro->body[i + 1].parameter);

		string.space_before = body->token.space_before;
		bring(call, &macro->body[i + 1], &string);
		if (pasted) {
			paste(cpp, call, &string);
		} else {
			put_out(cpp, call, &string);
		}
		return i + 2;
	}
	if (body->parameter >= 0) {
		bool comma = pasted && gnu_comma(call, body);
		const struct token_list *argument = &call->arguments[body->parameter].written;

		if (comma && argument->count == 0) {
			call->out.count--;
			return i + 1;
		}
		if ((!pasted || comma) && !next_pastes) {
			argument = expanded_argument(cpp, call, body->parameter);
		}
		put_argument(cpp, call, argument, body, pasted && !comma);
		/* NOLINTNEXTLINE(clang-analyzer-unix.*): expand_call frees every argument */
		return i + 1;
	}
	struct token token = spelled(call, body);

	if (pasted) {
		paste(cpp, call, &token);
	} else {
		put_out(cpp, call, &token);
	}
	return i + 1;
}

static void remove_placemarkers(struct token_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->tokens[i].kind != TOKEN_PLACEMARKER) {
			list->tokens[kept++] = list->tokens[i];
		}
	}
	list->count = kept;
}

static void substitute(struct cpp *cpp, struct call *call)
{
	const struct macro *macro = call->macro;
	size_t i = 0;

	while (i < macro->body_count && !cpp->stopped) {
		if (i > 0 && token_punct(&macro->body[i].token, PUNCT_PASTE) &&
		    i + 1 < macro->body_count) {
			i = put_operand(cpp, call, i + 1, true);
		} else {
			i = put_operand(cpp, call, i, false);
		}
	}
	remove_placemarkers(&call->out);
	if (call->out.count != 0) {
		call->out.tokens[0].space_before = call->name.space_before;
	}
}

static void expand_call(struct cpp *cpp, struct call *call)
{
	if (call_read(cpp, call)) {
		substitute(cpp, call);
	}
	call_free(call);
}

/* Whether the next token is "(", which is then passed over. */
static bool is_call(struct cpp *cpp)
{
	struct token token;

	cpp_next_unexpanded(cpp, &token);
	if (token_punct(&token, '(')) {
		return true;
	}
	if (token.kind != TOKEN_END) {
		cpp_put_back(cpp, &token);
	}
	return false;
}

/* __FILE__ and __LINE__. */
static void expand_builtin(struct cpp *cpp, enum macro_kind kind, const struct token *name)
{
	struct token_list out = {NULL, 0, 0};
	struct token token = *name;
	const char *path = name->place.file == NULL ? "" : name->place.file->path;

	token.macro = NULL;
	if (kind == MACRO_FILE && cpp_spend_text(cpp, name->place, strlen(path))) {
		token.kind = TOKEN_STRING;
		token.text = arena_printf(cpp->arena, "\"%s\"", path);
	} else {
		token.kind = TOKEN_NUMBER;
		token.text = arena_printf(cpp->arena, "%u", name->place.line);
	}
	token.bytes = (uint32_t)strlen(token.text);
	token_list_add(&out, &token);
	cpp_push_context(cpp, out, NULL, false);
}

bool cpp_expand(struct cpp *cpp, struct macro *macro, const struct token *name)
{
	struct call call = {.macro = macro, .name = *name};

	if (macro->kind == MACRO_FILE || macro->kind == MACRO_LINE) {
		expand_builtin(cpp, macro->kind, name);
		return true;
	}
	if (macro->kind == MACRO_FUNCTION && !is_call(cpp)) {
		return false;
	}
	expand_call(cpp, &call);
	cpp_push_context(cpp, call.out, macro, false);
	return true;
}
