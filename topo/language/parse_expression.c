/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions: precedence climbing over the table of topo/language/operators.h. The depth of nesting is bounded,
 * here and wherever the tree is walked later.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/language/eval.h"
#include "topo/language/operators.h"
#include "topo/language/parse_internal.h"

struct expr *parser_new_expr(struct parser *parser, enum expr_kind kind, struct place place)
{
	struct expr *expr = arena_alloc(parser->arena, sizeof(*expr));

	expr->kind = kind;
	expr->place = place;
	return expr;
}

struct expr *parser_bad_expr(struct parser *parser)
{
	return parser_new_expr(parser, EXPR_BAD, parser->token.place);
}

static bool too_deep(struct parser *parser)
{
	if (parser->depth < PARSE_DEPTH_MAX) {
		return false;
	}
	parser_error(parser, parser->token.place, "this is nested more than %u deep",
	             PARSE_DEPTH_MAX);
	return true;
}

static struct expr *parse_number(struct parser *parser)
{
	struct expr *expr = parser_new_expr(parser, EXPR_NUMBER, parser->token.place);

	if (!token_number(&parser->token, &expr->of.number)) {
		parser_error(parser, parser->token.place,
		             "'%.*s' is not a whole number of up to 63 bits",
		             parser->token.bytes > 40 ? 40 : (int)parser->token.bytes,
		             parser->token.text);
		expr->kind = EXPR_BAD;
	}
	parser_advance(parser);
	return expr;
}

/* A string token by itself; "" after an error. */
static const char *string_part(struct parser *parser, bool *exact)
{
	const char *why = NULL;
	const char *text = token_decode(parser->arena, &parser->token, exact, &why);

	if (text == NULL) {
		parser_error(parser, parser->token.place, "%s", why);
		return "";
	}
	return text;
}

struct expr *parse_strings(struct parser *parser)
{
	struct expr *expr = parser_new_expr(parser, EXPR_STRING, parser->token.place);
	const char **parts = NULL;
	size_t count = 0;
	size_t bytes = 0;
	bool mended = false;

	while (parser->token.kind == TOKEN_STRING) {
		bool exact = false;
		const char *part = string_part(parser, &exact);

		expr->of.string.exact = exact && count == 0;
		mended = mended || parser->token.mended;
		*ARENA_ADD(parser->arena, parts, count) = part;
		bytes += strlen(part);
		parser_advance(parser);
	}
	if (bytes > EVAL_JOINED_MAX) {
		parser_error(parser, expr->place, "the joined string is too long");
		return parser_bad_expr(parser);
	}
	expr->kind = mended ? EXPR_BAD : EXPR_STRING;
	if (count == 1) {
		expr->of.string.text = parts[0];
		return expr;
	}
	char *joined = arena_alloc(parser->arena, bytes + 1);
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(parts[i]);

		memcpy(joined + at, parts[i], length);
		at += length;
	}
	expr->of.string.text = joined;
	return expr;
}

/* The only function that there is; all else with arguments is a macro that nobody defined. */
static bool is_function(const struct token *word)
{
	return token_is(word, "dtb");
}

static struct expr *parse_word(struct parser *parser)
{
	if (parser->cpp != NULL && parser_ahead(parser, '(') && !is_function(&parser->token)) {
		struct token word = parser->token;

		parser_advance(parser);
		parser_skip_call(parser, &word);
		return parser_new_expr(parser, EXPR_BAD, word.place);
	}
	if (parser->token.mended) {
		parser_advance(parser);
		return parser_bad_expr(parser);
	}
	struct name name = parser_name(parser, "a name");

	if (name.text == NULL) {
		return parser_bad_expr(parser);
	}
	const bool twice = parser->cpp != NULL && !parser->token.line_start &&
	                   parser->token.kind == TOKEN_IDENTIFIER &&
	                   token_is(&parser->token, name.text);

	if (twice) {
		parser_error(parser, parser->token.place, "'%s' stands twice", name.text);
		parser_advance(parser);
	}
	bool is_true = strcmp(name.text, "true") == 0 || strcmp(name.text, "True") == 0;
	bool is_false = strcmp(name.text, "false") == 0 || strcmp(name.text, "False") == 0;
	struct expr *expr = NULL;

	if (is_true || is_false) {
		expr = parser_new_expr(parser, EXPR_BOOL, name.place);
		expr->of.truth = is_true;
	} else if (parser_at(parser, '(')) {
		expr = parse_items(parser, EXPR_CALL, ')');
		expr->place = name.place;
		expr->function = name;
	} else {
		expr = parser_new_expr(parser, EXPR_NAME, name.place);
		expr->of.name.object = name;
		if (parser_take(parser, '.')) {
			expr->of.name.attribute = parser_name(parser, "an attribute's name");
			expr->kind = expr->of.name.attribute.text == NULL ? EXPR_BAD : EXPR_NAME;
		}
	}
	expr->kind = twice ? EXPR_BAD : expr->kind;
	return expr;
}

static struct expr *parse_unary(struct parser *parser);

/*
 * The type of a cast, in an expression that C would read too. All numbers have 64 bits, so that only
 * types of 64 bits change nothing. False where none is at hand.
 */
static bool take_type(struct parser *parser)
{
	bool is_long = parser_take_word(parser, "uint64_t") ||
	               parser_take_word(parser, "uintptr_t") || parser_take_word(parser, "size_t");

	if (!is_long && (parser_at_word(parser, "unsigned") || parser_at_word(parser, "long"))) {
		parser_take_word(parser, "unsigned");
		is_long = parser_at_word(parser, "long");
		while (parser_take_word(parser, "long")) {
		}
		if (!is_long) {
			parser_expected(parser, "'long'");
		}
		parser_take_word(parser, "int");
		return true;
	}
	return is_long;
}

static struct expr *parse_parenthesis(struct parser *parser)
{
	const struct token open = parser->token;

	parser_advance(parser);
	const bool cast = parser->cpp == NULL && take_type(parser);
	struct expr *expr = cast ? NULL : parse_expression(parser);

	const bool closed = parser_at(parser, ')');

	parser_need(parser, ')', "')'");
	if (!closed && parser->diag != NULL) {
		diag_note(parser->diag, open.place, "this bracket is not closed");
	}
	return cast ? parse_unary(parser) : expr;
}

static struct expr *parse_primary(struct parser *parser)
{
	if (parser->token.kind == TOKEN_NUMBER) {
		return parse_number(parser);
	}
	if (parser->token.kind == TOKEN_STRING) {
		return parse_strings(parser);
	}
	if (parser->token.kind == TOKEN_IDENTIFIER) {
		return parse_word(parser);
	}
	if (parser_at(parser, '[')) {
		return parse_items(parser, EXPR_LIST, ']');
	}
	if (parser_at(parser, '{')) {
		return parse_dict(parser);
	}
	if (parser_at(parser, '(')) {
		return parse_parenthesis(parser);
	}
	parser_expected(parser, "a value");
	if (parser->token.kind == TOKEN_CHARACTER && parser->diag != NULL) {
		diag_help(parser->diag, "strings stand in double quotes");
	}
	return parser_skip_double(parser) ? parse_expression(parser) : parser_bad_expr(parser);
}

/* value[index][index]: the [ stands behind its value, not on a line of its own. */
static struct expr *parse_indices(struct parser *parser, struct expr *left)
{
	for (size_t chained = 1; parser_at(parser, '[') && !parser->token.line_start; chained++) {
		struct expr *expr = parser_new_expr(parser, EXPR_INDEX, parser->token.place);

		if (chained + parser->depth > PARSE_DEPTH_MAX) {
			parser_error(parser, parser->token.place, "this expression is too long");
			return parser_bad_expr(parser);
		}
		parser_advance(parser);
		expr->of.operation.left = left;
		expr->of.operation.right = parse_expression(parser);
		parser_need(parser, ']', "']' behind the index");
		left = expr;
	}
	return left;
}

static struct expr *parse_unary(struct parser *parser)
{
	static const int signs[] = {'-', '+', '!', '~'};

	if (too_deep(parser)) {
		return parser_bad_expr(parser);
	}
	for (size_t i = 0; i < ARRAY_COUNT(signs); i++) {
		struct token sign = parser->token;

		if (parser_take(parser, signs[i])) {
			parser->depth++;
			struct expr *operand = parse_unary(parser);

			parser->depth--;
			struct expr *expr = parser_new_expr(parser, EXPR_UNARY, sign.place);

			expr->of.operation.sign = signs[i];
			expr->of.operation.left = operand;
			return expr;
		}
	}
	parser->depth++;
	struct expr *expr = parse_primary(parser);

	expr = parse_indices(parser, expr);
	parser->depth--;
	return expr;
}

static int level_at_hand(const struct parser *parser)
{
	const struct token *token = &parser->token;

	return token->kind == TOKEN_PUNCTUATOR ? operator_level(token->punctuator) : 0;
}

static struct expr *parse_binary(struct parser *parser, int level);

/* @left, the operator at hand, and what is right of it. */
static struct expr *parse_operation(struct parser *parser, struct expr *left)
{
	struct token sign = parser->token;
	int level = level_at_hand(parser);

	parser_advance(parser);
	struct expr *right = parse_binary(parser, level + 1);

	if (left->kind == EXPR_BAD) {
		return left;
	}
	struct expr *expr = parser_new_expr(parser, EXPR_BINARY, sign.place);

	expr->of.operation.sign = sign.punctuator;
	expr->of.operation.left = left;
	expr->of.operation.right = right;
	return expr;
}

/* Operands joined by operators of at least @level. */
static struct expr *parse_binary(struct parser *parser, int level)
{
	struct expr *left = parse_unary(parser);

	/* A chain leans to the left: its length is the depth of the tree. */
	for (size_t chained = 1; level_at_hand(parser) >= level; chained++) {
		if (chained + parser->depth > PARSE_DEPTH_MAX) {
			parser_error(parser, parser->token.place, "this expression is too long");
			return parser_bad_expr(parser);
		}
		left = parse_operation(parser, left);
	}
	return left;
}

static struct expr *parse_choice(struct parser *parser, struct expr *condition)
{
	struct token sign = parser->token;

	parser_advance(parser);
	struct expr *left = parse_expression(parser);

	parser_need(parser, ':', "':' of the '?'");
	struct expr *right = parse_expression(parser);
	struct expr *expr = parser_new_expr(parser, EXPR_CHOICE, sign.place);

	expr->of.operation.condition = condition;
	expr->of.operation.left = left;
	expr->of.operation.right = right;
	return expr;
}

struct expr *parse_expression(struct parser *parser)
{
	if (too_deep(parser)) {
		return parser_bad_expr(parser);
	}
	parser->depth++;
	struct expr *expr = parse_binary(parser, 1);

	if (parser_at(parser, '?')) {
		expr = parse_choice(parser, expr);
	}
	parser->depth--;
	return expr;
}

struct expr *parse_expression_text(struct arena *arena, const char *text, size_t bytes,
                                   struct place place, const char **why, struct place *where)
{
	struct lexer lexer;
	struct parser parser = {.lexer = &lexer, .arena = arena};

	lex_start_text(&lexer, arena, text, bytes, place);
	parser_start(&parser);
	struct expr *expr = parse_expression(&parser);

	if (parser.why == NULL && parser.token.kind != TOKEN_END) {
		parser_expected(&parser, "an operator");
	}
	*why = parser.why;
	*where = parser.where;
	return parser.why == NULL ? expr : NULL;
}
