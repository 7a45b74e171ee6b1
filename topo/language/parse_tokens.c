/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all of the parser stands on: the token at hand, the one behind it, and messages about them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "topo/language/parse_internal.h"

static void read_ahead(struct parser *parser)
{
	if (parser->cpp != NULL) {
		cpp_next(parser->cpp, &parser->ahead);
		/* The tree keeps the text of most tokens, of each use of a macro anew. */
		cpp_spend_text(parser->cpp, parser->ahead.place, parser->ahead.bytes);
	} else {
		lex_next(parser->lexer, &parser->ahead);
	}
}

void parser_advance(struct parser *parser)
{
	parser->previous = parser->token;
	parser->token = parser->ahead;
	if (parser->token.kind != TOKEN_END) {
		read_ahead(parser);
	}
}

void parser_start(struct parser *parser)
{
	read_ahead(parser);
	parser_advance(parser);
}

bool parser_ahead(const struct parser *parser, int punctuator)
{
	return token_punct(&parser->ahead, punctuator);
}

bool parser_ahead_word(const struct parser *parser, const char *word)
{
	return token_is(&parser->ahead, word);
}

bool parser_at(const struct parser *parser, int punctuator)
{
	return token_punct(&parser->token, punctuator);
}

bool parser_at_word(const struct parser *parser, const char *word)
{
	return token_is(&parser->token, word);
}

bool parser_take(struct parser *parser, int punctuator)
{
	if (!parser_at(parser, punctuator)) {
		return false;
	}
	parser_advance(parser);
	return true;
}

bool parser_take_word(struct parser *parser, const char *word)
{
	if (!parser_at_word(parser, word)) {
		return false;
	}
	parser_advance(parser);
	return true;
}

void parser_error(struct parser *parser, struct place place, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (parser->cpp != NULL && cpp_lacks_text(parser->cpp)) {
		diag_skip(parser->diag);
		return;
	}
	if (parser->diag != NULL) {
		diag_syntax(parser->diag, place, "%s", text);
		return;
	}
	if (parser->why == NULL) {
		parser->why = arena_copy(parser->arena, text, strlen(text));
		parser->where = place;
	}
}

void parser_note_macro(struct parser *parser, const struct token *token)
{
	if (parser->diag == NULL || token->macro == NULL) {
		return;
	}
	struct macro_info macro = cpp_macro_info(token->macro);

	if (macro.shipped) {
		diag_help(parser->diag, "this comes from topo's own macro %s: see docs/language.md",
		          macro.name);
	} else if (token->place.spelling == NULL) {
		diag_note(parser->diag, macro.place, "in the expansion of macro '%s', defined here",
		          macro.name);
	}
}

void parser_expected(struct parser *parser, const char *what)
{
	const struct token *token = &parser->token;

	if (token->kind == TOKEN_END) {
		/* What has swallowed the text up to its end was said. */
		if (parser->diag == NULL ||
		    diag_count(parser->diag, SEVERITY_ERROR) == parser->errors) {
			parser_error(parser, token->place, "expected %s, but the text ends here",
			             what);
		} else {
			diag_skip(parser->diag);
		}
	} else {
		/* A string that does not end was reported by the lexer already. */
		if (token->kind == TOKEN_OTHER && parser->diag != NULL &&
		    (token->text[0] == '"' || token->text[0] == '\'')) {
			diag_skip(parser->diag);
			return;
		}
		int shown = token->bytes > 40 ? 40 : (int)token->bytes;

		parser_error(parser, token->place, "expected %s, not '%.*s'", what, shown,
		             token->text);
	}
	parser_note_macro(parser, token);
}

struct name parser_name(struct parser *parser, const char *what)
{
	if (parser->token.kind != TOKEN_IDENTIFIER) {
		struct place place = parser->token.place;

		parser_expected(parser, what);
		if (!parser_skip_double(parser) || parser->token.kind != TOKEN_IDENTIFIER) {
			return (struct name){NULL, place};
		}
	}
	struct name name = {
		arena_copy(parser->arena, parser->token.text, parser->token.bytes),
		parser->token.place,
	};

	parser_advance(parser);
	return name;
}

void parser_no_meaning(struct parser *parser, const struct token *token, const char *what)
{
	if (!token->shipped) {
		diag_report(parser->diag, SEVERITY_WARNING, "no-meaning", token->place,
		            "%s has no meaning in a VM topology and is left out", what);
	}
}
