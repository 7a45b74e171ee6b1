/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands in brackets and between commas: lists, dicts, arguments. Most of it goes on behind a
 * comma or a bracket that is missing, so that one mistake is told once.
 */
#include "topo/language/parse_internal.h"

static void add_item(struct parser *parser, struct expr *expr, struct expr *item)
{
	*ARENA_ADD(parser->arena, expr->of.list.items, expr->of.list.count) = item;
}

/* Pass over the rest of a list or dict whose element could not be read, up to , or its end. */
static void recover_element(struct parser *parser, int close)
{
	size_t depth = 0;

	while (parser->token.kind != TOKEN_END && !parser_at(parser, ';')) {
		if (depth == 0 && (parser_at(parser, ',') || parser_at(parser, close))) {
			return;
		}
		if (parser_at(parser, '{') || parser_at(parser, '[') || parser_at(parser, '(')) {
			depth++;
		} else if (parser_at(parser, '}') || parser_at(parser, ']') ||
		           parser_at(parser, ')')) {
			if (depth == 0) {
				return;
			}
			depth--;
		}
		parser_advance(parser);
	}
}

/* Where a list or dict cannot go on: its last bracket is missing. */
static bool at_foreign_end(const struct parser *parser)
{
	return parser_at(parser, ';') || parser_at(parser, ']') || parser_at(parser, '}') ||
	       parser_at(parser, ')') || parser->token.kind == TOKEN_END;
}

/* Whether an element could begin here, so that only the , before it is missing. */
static bool at_element(const struct parser *parser, int close)
{
	bool word = parser->token.kind == TOKEN_IDENTIFIER || parser->token.kind == TOKEN_STRING;

	if (close == '}') {
		return word && parser_ahead(parser, ':');
	}
	return parser_at(parser, '{') || parser_at(parser, '[') ||
	       (word && parser->token.line_start);
}

/* Behind an element that is not followed by , or @close. False at the end. */
static bool mend_separator(struct parser *parser, int close, const struct token *open)
{
	char what[] = "',' or 'x'";

	what[8] = (char)close;
	parser_expected(parser, what);
	if (at_element(parser, close)) {
		return true;
	}
	if (!at_foreign_end(parser) || !parser_skip_double(parser)) {
		if (at_foreign_end(parser) && parser->diag != NULL) {
			diag_note(parser->diag, open->place, "this bracket is not closed");
		}
		recover_element(parser, close);
	}
	if (parser_take(parser, ',')) {
		return !parser_take(parser, close);
	}
	parser_take(parser, close);
	return false;
}

static bool say_unclosed(struct parser *parser, int close, const struct token *open)
{
	char what[] = "'x'";

	what[1] = (char)close;
	/* The macro that opens it, and does not close it, is said once. */
	if (parser->diag != NULL && diag_body_told(parser->diag, open->place)) {
		return true;
	}
	parser_expected(parser, what);
	if (parser->diag != NULL) {
		diag_note(parser->diag, open->place, "this bracket is not closed");
	}
	return true;
}

/* The , between elements; false at the end, with the closing bracket passed. *bad is set when the
 * element before cannot be what was meant. */
static bool next_element(struct parser *parser, int close, const struct token *open, bool *bad)
{
	if (parser_take(parser, close)) {
		return false;
	}
	if (!parser_take(parser, ',')) {
		*bad = true;
		return mend_separator(parser, close, open);
	}
	/* One that begins a line stood behind the } that is missing. */
	if (close == '}' && parser_at(parser, ',') && parser->token.line_start) {
		return !say_unclosed(parser, close, open);
	}
	while (parser_at(parser, ',')) {
		parser_expected(parser, "a value");
		parser_advance(parser);
	}
	return !parser_take(parser, close);
}

/* Where an element should begin: says that the bracket is not closed. */
static bool is_unclosed(struct parser *parser, int close, const struct token *open)
{
	/* In a dict a { begins no element: it is that of the next dict, or stands twice. */
	if (!at_foreign_end(parser) &&
	    !(close == '}' && parser_at(parser, '{') && !token_punct(&parser->previous, '{'))) {
		return false;
	}
	return say_unclosed(parser, close, open);
}

static void parse_entries(struct parser *parser, struct expr *dict, const struct token *open);

/* The rest of a dict that lacks its {: the key before the : at hand was read as a value. */
static void parse_unopened(struct parser *parser, const struct expr *key)
{
	struct token colon = parser->token;
	struct expr *dict = parser_new_expr(parser, EXPR_DICT, key->place);
	bool bad = false;

	parser_error(parser, key->place, "expected '{' before the first key");
	parser_advance(parser);
	parse_expression(parser);
	if (next_element(parser, '}', &colon, &bad)) {
		parse_entries(parser, dict, &colon);
	}
}

static bool lacks_brace(const struct parser *parser, const struct expr *item)
{
	return parser_at(parser, ':') && parser->cpp != NULL &&
	       (item->kind == EXPR_NAME || item->kind == EXPR_STRING);
}

/* The elements of a list or call, up to @close, which is passed. */
static void parse_elements(struct parser *parser, struct expr *expr, int close,
                           const struct token *open)
{
	bool more = true;

	while (more && !is_unclosed(parser, close, open)) {
		struct expr *item = parse_expression(parser);
		bool bad = false;

		if (lacks_brace(parser, item)) {
			parse_unopened(parser, item);
			bad = true;
		} else if (item->kind == EXPR_BAD) {
			recover_element(parser, close);
		}
		add_item(parser, expr, item);
		/* A macro that nobody defined may have brought its own comma. */
		if (item->kind == EXPR_BAD && token_punct(&parser->previous, ')') &&
		    at_element(parser, close)) {
			continue;
		}
		more = next_element(parser, close, open, &bad);
		if (bad) {
			item->kind = EXPR_BAD;
		}
	}
}

struct expr *parse_items(struct parser *parser, enum expr_kind kind, int close)
{
	struct token open = parser->token;
	struct expr *expr = parser_new_expr(parser, kind, open.place);

	parser_advance(parser);
	if (!parser_take(parser, close)) {
		parse_elements(parser, expr, close, &open);
	}
	return expr;
}

/* A key: a string, or a bare name. */
static struct name parse_key(struct parser *parser)
{
	struct name key = {NULL, parser->token.place};

	if (parser->token.kind == TOKEN_STRING) {
		key.text = parse_strings(parser)->of.string.text;
	} else if (parser->token.kind == TOKEN_IDENTIFIER) {
		key = parser_name(parser, "a key");
	} else {
		parser_expected(parser, "a key: \"name\" or name");
		if (parser_skip_double(parser)) {
			return parse_key(parser);
		}
	}
	return key;
}

static struct expr *parse_entry(struct parser *parser, struct expr *dict)
{
	struct name key = parse_key(parser);

	if (key.text == NULL) {
		dict->of.dict.partial = true;
		/* Only the key is missing. */
		if (parser_take(parser, ':')) {
			return parse_expression(parser);
		}
		recover_element(parser, '}');
		return parser_bad_expr(parser);
	}
	parser_need(parser, ':', "':' behind the key");
	struct expr *value = parse_expression(parser);

	if (value->kind == EXPR_BAD) {
		recover_element(parser, '}');
	}
	*ARENA_ADD(parser->arena, dict->of.dict.entries, dict->of.dict.count) =
		(struct dict_entry){key, value};
	return value;
}

static void parse_entries(struct parser *parser, struct expr *dict, const struct token *open)
{
	bool more = true;

	while (more) {
		if (is_unclosed(parser, '}', open)) {
			return;
		}
		struct expr *value = parse_entry(parser, dict);
		bool bad = false;

		more = next_element(parser, '}', open, &bad);
		if (bad) {
			value->kind = EXPR_BAD;
			dict->of.dict.partial = true;
		}
	}
}

struct expr *parse_dict(struct parser *parser)
{
	struct token open = parser->token;
	struct expr *expr = parser_new_expr(parser, EXPR_DICT, open.place);

	parser_advance(parser);
	if (!parser_take(parser, '}')) {
		parse_entries(parser, expr, &open);
	}
	return expr;
}

struct expr *parse_value(struct parser *parser)
{
	struct token first = parser->token;
	struct expr *expr = parse_expression(parser);

	if (lacks_brace(parser, expr)) {
		parse_unopened(parser, expr);
		expr->kind = EXPR_BAD;
	} else if (parser_at(parser, ',') && expr->kind != EXPR_BAD) {
		parser_error(parser, first.place, "expected '[' before the first element");
		parser_advance(parser);
		if (!parser_take(parser, ']')) {
			parse_elements(parser, parser_new_expr(parser, EXPR_LIST, first.place), ']',
			               &first);
		}
		expr->kind = EXPR_BAD;
	}
	return expr;
}
