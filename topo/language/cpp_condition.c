/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The expressions of #if and #elif (C11 6.10.1, 6.6): precedence climbing over the table of
 * topo/language/operators.h. Arithmetic is in 64 bits and wraps; a name that is no macro is 0.
 */
#include "topo/language/cpp_internal.h"
#include "topo/language/operators.h"

#define CONDITION_DEPTH_MAX 200U

struct condition_reader {
	struct cpp *cpp;
	const struct token_list *line;
	size_t at;
	size_t depth;
	struct place end; /* where the line ends */
	bool failed;
	bool skipped; /* the value does not matter: 0 && here */
};

static int64_t read_ternary(struct condition_reader *reader);

static void fail(struct condition_reader *reader, struct place place, const char *what)
{
	if (!reader->failed) {
		diag_syntax(reader->cpp->diag, place, "%s", what);
	}
	reader->failed = true;
}

static const struct token *at_hand(const struct condition_reader *reader)
{
	return reader->at < reader->line->count ? &reader->line->tokens[reader->at] : NULL;
}

static struct place place_at_hand(const struct condition_reader *reader)
{
	const struct token *token = at_hand(reader);

	return token == NULL ? reader->end : token->place;
}

static bool take(struct condition_reader *reader, int punctuator)
{
	const struct token *token = at_hand(reader);

	if (token == NULL || !token_punct(token, punctuator)) {
		return false;
	}
	reader->at++;
	return true;
}

static int64_t character_value(struct condition_reader *reader, const struct token *token)
{
	bool exact = false;
	const char *why = NULL;
	const char *text = token_decode(reader->cpp->arena, token, &exact, &why);

	return text == NULL ? 0 : (unsigned char)text[0];
}

static int64_t read_primary(struct condition_reader *reader)
{
	const struct token *token = at_hand(reader);
	int64_t value = 0;

	if (token == NULL) {
		fail(reader, reader->end, "the condition ends too early: an operand is missing");
		return 0;
	}
	if (take(reader, '(')) {
		value = read_ternary(reader);
		if (!take(reader, ')')) {
			fail(reader, place_at_hand(reader), "missing ) in the condition");
		}
		return value;
	}
	reader->at++;
	if (token->kind == TOKEN_NUMBER) {
		if (!token_number(token, &value)) {
			fail(reader, token->place, "this is not a whole number");
		}
		return value;
	}
	if (token->kind == TOKEN_CHARACTER) {
		return character_value(reader, token);
	}
	if (token->kind == TOKEN_IDENTIFIER) {
		return token_is(token, "true") ? 1 : 0;
	}
	fail(reader, token->place, "a condition is made of numbers, macros and operators");
	return 0;
}

static int64_t read_unary(struct condition_reader *reader)
{
	int64_t value = 0;

	if (reader->depth >= CONDITION_DEPTH_MAX) {
		fail(reader, place_at_hand(reader), "the condition is nested too deeply");
		return 0;
	}
	reader->depth++;
	if (take(reader, '!')) {
		value = read_unary(reader) == 0;
	} else if (take(reader, '~')) {
		value = ~read_unary(reader);
	} else if (take(reader, '-')) {
		value = (int64_t)(0 - (uint64_t)read_unary(reader));
	} else if (take(reader, '+')) {
		value = read_unary(reader);
	} else {
		value = read_primary(reader);
	}
	reader->depth--;
	return value;
}

/* The level of the binary operator at hand, 0 if there is none: ** is of the language alone. */
static int level_at_hand(const struct condition_reader *reader)
{
	const struct token *token = at_hand(reader);
	bool none = token == NULL || token->kind != TOKEN_PUNCTUATOR ||
	            token->punctuator == PUNCT_POWER;

	return none ? 0 : operator_level(token->punctuator);
}

static int64_t divide(struct condition_reader *reader, const struct token *sign, int64_t a,
                      int64_t b)
{
	if (b == 0) {
		if (!reader->skipped) {
			fail(reader, sign->place, "division by zero");
		}
		return 0;
	}
	if (b == -1) {
		return sign->punctuator == '/' ? (int64_t)(0 - (uint64_t)a) : 0;
	}
	return sign->punctuator == '/' ? a / b : a % b;
}

static int64_t shift(int punctuator, int64_t a, int64_t b)
{
	if (b < 0 || b > 63) {
		return 0;
	}
	return punctuator == PUNCT_SHIFT_LEFT ? (int64_t)((uint64_t)a << b) : a >> b;
}

static int64_t apply(struct condition_reader *reader, const struct token *sign, int64_t a,
                     int64_t b)
{
	if (operator_compares(sign->punctuator)) {
		return operator_holds(sign->punctuator, (a > b) - (a < b));
	}
	switch (sign->punctuator) {
	case PUNCT_OR:
		return a != 0 || b != 0;
	case PUNCT_AND:
		return a != 0 && b != 0;
	case '|':
		return a | b;
	case '^':
		return a ^ b;
	case '&':
		return a & b;
	case PUNCT_SHIFT_LEFT:
	case PUNCT_SHIFT_RIGHT:
		return shift(sign->punctuator, a, b);
	case '+':
		return (int64_t)((uint64_t)a + (uint64_t)b);
	case '-':
		return (int64_t)((uint64_t)a - (uint64_t)b);
	case '*':
		return (int64_t)((uint64_t)a * (uint64_t)b);
	default:
		return divide(reader, sign, a, b);
	}
}

/* Operands joined by operators of at least @level. */
static int64_t read_binary(struct condition_reader *reader, int level)
{
	int64_t left = read_unary(reader);

	for (int found = level_at_hand(reader); found >= level && found != 0 && !reader->failed;
	     found = level_at_hand(reader)) {
		const struct token *sign = &reader->line->tokens[reader->at];
		bool skipped = reader->skipped;

		reader->at++;
		if ((sign->punctuator == PUNCT_AND && left == 0) ||
		    (sign->punctuator == PUNCT_OR && left != 0)) {
			reader->skipped = true;
		}
		int64_t right = read_binary(reader, found + 1);

		reader->skipped = skipped;
		left = apply(reader, sign, left, right);
	}
	return left;
}

static int64_t read_ternary(struct condition_reader *reader)
{
	bool skipped = reader->skipped;

	if (reader->depth >= CONDITION_DEPTH_MAX) {
		fail(reader, place_at_hand(reader), "the condition is nested too deeply");
		return 0;
	}
	reader->depth++;
	int64_t value = read_binary(reader, 1);

	if (take(reader, '?')) {
		bool holds = value != 0;

		reader->skipped = skipped || !holds;
		int64_t then = read_ternary(reader);

		if (!take(reader, ':')) {
			fail(reader, place_at_hand(reader), "missing : of ? in the condition");
		}
		reader->skipped = skipped || holds;
		int64_t otherwise = read_ternary(reader);

		value = holds ? then : otherwise;
		reader->skipped = skipped;
	}
	reader->depth--;
	return value;
}

/* Replace `defined X` and `defined(X)` by 1 or 0, before macros are expanded. */
static void replace_defined(struct cpp *cpp, const struct token_list *line,
                            struct token_list *replaced)
{
	for (size_t i = 0; i < line->count; i++) {
		struct token token = line->tokens[i];

		if (!token_is(&token, "defined")) {
			token_list_add(replaced, &token);
			continue;
		}
		bool parenthesis = i + 1 < line->count && token_punct(&line->tokens[i + 1], '(');
		size_t name = i + (parenthesis ? 2 : 1);
		size_t last = name + (parenthesis ? 1 : 0);

		if (last >= line->count || line->tokens[name].kind != TOKEN_IDENTIFIER ||
		    (parenthesis && !token_punct(&line->tokens[last], ')'))) {
			diag_syntax(cpp->diag, token.place, "defined needs the name of a macro");
			return;
		}
		token.kind = TOKEN_NUMBER;
		token.text = cpp_find_macro(cpp, &line->tokens[name]) != NULL ? "1" : "0";
		token.bytes = 1;
		token_list_add(replaced, &token);
		i = last;
	}
}

int64_t cpp_condition_value(struct cpp *cpp, const struct token_list *line,
                            const struct token *directive)
{
	struct token_list replaced = {NULL, 0, 0};
	int64_t value = 0;

	if (line->count == 0) {
		diag_syntax(cpp->diag, directive->place, "#%.*s needs a condition",
		            (int)directive->bytes, directive->text);
		return 0;
	}
	replace_defined(cpp, line, &replaced);

	struct token_list expanded = cpp_expand_list(cpp, &replaced);
	struct condition_reader reader = {
		.cpp = cpp,
		.line = &expanded,
		.end = line->tokens[line->count - 1].place,
	};

	if (!cpp->stopped && replaced.count != 0) {
		value = read_ternary(&reader);
		if (!reader.failed && reader.at < expanded.count) {
			fail(&reader, expanded.tokens[reader.at].place,
			     "an operator is missing before this");
		}
	}
	token_list_free(&replaced);
	token_list_free(&expanded);
	return reader.failed ? 0 : value;
}
