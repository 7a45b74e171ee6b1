/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the parser goes on after an error, so that one mistake is said once: a token that is missing
 * is taken as there, one that stands twice is passed over, and of what cannot be mended so the rest
 * of the statement is left out. Every loop passes over at least one token or ends.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/language/parse_internal.h"

static bool same_text(const struct token *a, const struct token *b)
{
	return a->kind == b->kind && a->bytes == b->bytes && a->bytes != 0 &&
	       memcmp(a->text, b->text, a->bytes) == 0;
}

bool parser_skip_double(struct parser *parser)
{
	if (!same_text(&parser->token, &parser->previous)) {
		return false;
	}
	parser_advance(parser);
	return true;
}

void parser_skip_balanced(struct parser *parser)
{
	size_t depth = 0;

	do {
		if (parser_at(parser, '{') || parser_at(parser, '(') || parser_at(parser, '[')) {
			depth++;
		} else if (depth > 0 && (parser_at(parser, '}') || parser_at(parser, ')') ||
		                         parser_at(parser, ']'))) {
			depth--;
		}
		parser_advance(parser);
	} while (depth > 0 && parser->token.kind != TOKEN_END);
}

bool parser_at_statement(const struct parser *parser)
{
	static const char *const words[] = {
		"assembly",      "component", "connection", "composition",
		"configuration", "connector", "procedure",  "import",
	};

	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		if (parser_at_word(parser, words[i])) {
			return true;
		}
	}
	return false;
}

/* Just behind the token before, where something is missing. */
static struct place behind_previous(const struct parser *parser)
{
	struct place place = parser->previous.place;

	if (parser->previous.written && parser->previous.macro == NULL) {
		place.column += place.length;
		place.length = 0;
	}
	return place;
}

void parser_missing(struct parser *parser, const char *what)
{
	/* Where the line before ends rather than at what the next one begins with. */
	if (parser->token.place.line != parser->previous.place.line &&
	    parser->previous.bytes != 0) {
		parser_error(parser, behind_previous(parser), "expected %s", what);
	} else {
		parser_expected(parser, what);
	}
}

void parser_need(struct parser *parser, int punctuator, const char *what)
{
	if (parser_take(parser, punctuator)) {
		return;
	}
	parser_missing(parser, what);
	if (parser_ahead(parser, punctuator) && !parser_at(parser, '}') &&
	    !parser_at(parser, ';') && !parser_at_statement(parser)) {
		parser_advance(parser);
		parser_advance(parser);
	}
}

void parser_recover(struct parser *parser)
{
	while (parser->token.kind != TOKEN_END && !parser_at(parser, '}')) {
		if (parser_take(parser, ';')) {
			return;
		}
		parser_skip_balanced(parser);
		if (parser_at_statement(parser)) {
			return;
		}
	}
}

/* A } that is followed by what can follow a dict. */
static bool ends_dict(const struct parser *parser)
{
	return parser_at(parser, '}') && (parser_ahead(parser, ',') || parser_ahead(parser, ']') ||
	                                  parser_ahead(parser, ')') || parser_ahead(parser, ';'));
}

static bool at_setting(const struct parser *parser)
{
	return parser->token.kind == TOKEN_IDENTIFIER && parser_ahead(parser, '.');
}

void parser_recover_value(struct parser *parser)
{
	while (parser->token.kind != TOKEN_END) {
		bool setting = parser->token.line_start && at_setting(parser);

		if (parser_take(parser, ';') || setting || parser_at_statement(parser) ||
		    (parser_at(parser, '}') && !ends_dict(parser))) {
			return;
		}
		parser_advance(parser);
	}
}

bool parser_lost_directive(struct parser *parser)
{
	const char *name = cpp_directive_name(&parser->token);

	if (name == NULL || !parser->token.line_start) {
		return false;
	}
	diag_help(parser->diag, "did you mean #%s?", name);
	cpp_lose_text(parser->cpp);
	do {
		parser_advance(parser);
	} while (!parser->token.line_start && parser->token.kind != TOKEN_END);
	return true;
}

void parser_suggest(struct parser *parser, const struct suggest *suggest)
{
	if (suggest->best != NULL) {
		diag_help(parser->diag, "did you mean '%s'?", suggest->best);
	}
}

void parser_skip_call(struct parser *parser, const struct token *name)
{
	const char *text = arena_copy(parser->arena, name->text, name->bytes);
	struct suggest suggest = suggest_start(text);

	/* Most likely it was to be defined by what could not be read. */
	if (!cpp_lacks_text(parser->cpp)) {
		diag_syntax(parser->diag, name->place, "there is no macro '%s'", text);
		cpp_suggest_macros(parser->cpp, &suggest);
		if (suggest.best != NULL) {
			parser_suggest(parser, &suggest);
		} else {
			diag_help(parser->diag, "is an #include missing?");
		}
		cpp_note_macro_like(parser->cpp, text);
	}
	parser_skip_balanced(parser);
}

void parser_unknown_macro(struct parser *parser, const struct token *name)
{
	parser_skip_call(parser, name);
	parser_take(parser, ';');
}

bool parser_skip_block(struct parser *parser)
{
	if (!parser_at(parser, '{')) {
		return false;
	}
	parser_skip_balanced(parser);
	return true;
}

/* The bracket that closes the one at hand, 0 if none is. */
static int closing_bracket(const struct parser *parser)
{
	return parser_at(parser, '{')   ? '}'
	       : parser_at(parser, '[') ? ']'
	       : parser_at(parser, '(') ? ')'
	                                : 0;
}

/* From the { at hand behind its }; false when a bracket within cannot be closed. */
static bool pass_matching(struct parser *parser)
{
	char open[PARSE_DEPTH_MAX] = {'}'};
	size_t depth = 1;

	parser_advance(parser);
	while (depth > 0) {
		int close = closing_bracket(parser);

		if (close != 0 && depth == PARSE_DEPTH_MAX) {
			parser_error(parser, parser->token.place,
			             "this is nested more than %u deep", PARSE_DEPTH_MAX);
			return false;
		}
		if (close != 0) {
			open[depth++] = (char)close;
		} else if (parser_at(parser, open[depth - 1])) {
			depth--;
		} else if (parser->token.kind == TOKEN_END || parser_at(parser, '}') ||
		           parser_at(parser, ']') || parser_at(parser, ')')) {
			char what[] = "'x'";

			what[1] = open[depth - 1];
			parser_expected(parser, what);
			return false;
		}
		parser_advance(parser);
	}
	return true;
}

bool parser_pass_block(struct parser *parser)
{
	struct place begin = parser->token.place;

	if (!parser_at(parser, '{')) {
		return false;
	}
	if (!pass_matching(parser)) {
		diag_note(parser->diag, begin, "the block begins here");
		parser_recover(parser);
		parser_take(parser, '}');
	}
	return true;
}

/* At the first token of a macro that is called behind the token before. */
static bool at_new_call(const struct parser *parser)
{
	const struct place *call = &parser->token.place;
	const struct place *before = &parser->previous.place;

	return parser->token.macro != NULL &&
	       (call->line > before->line ||
	        (call->line == before->line && call->column > before->column));
}

bool parser_end(struct parser *parser, const char *what)
{
	if (parser_take(parser, ';')) {
		return true;
	}
	if (parser_at(parser, '}') && parser_ahead(parser, ';')) {
		parser_expected(parser, "';'");
		parser_advance(parser);
		return parser_take(parser, ';');
	}
	bool next = parser->token.line_start || parser_at(parser, '}') || at_new_call(parser) ||
	            parser_at_statement(parser) || at_setting(parser);

	if (next && parser->token.kind != TOKEN_END) {
		parser_error(parser, behind_previous(parser), "expected ';' behind %s", what);
		parser_note_macro(parser, &parser->previous);
		/* Only the ; is missing, when a statement could begin here. */
		if (parser->token.kind == TOKEN_IDENTIFIER || parser_at(parser, '}')) {
			return true;
		}
	} else {
		parser_expected(parser, "';'");
	}
	return false;
}
