/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions from text to value: precedence, types, overflow, and numbers in strings.
 *
 * links: topo/language/eval.c topo/language/value.c topo/language/parse.c topo/language/parse_tokens.c
 * links: topo/language/parse_assembly.c topo/language/parse_component.c topo/language/parse_recover.c
 * links: topo/language/parse_expression.c topo/language/parse_elements.c
 * links: topo/language/cpp.c topo/language/cpp_directive.c
 * links: topo/language/cpp_macro.c topo/language/cpp_include.c topo/language/cpp_expand.c topo/language/cpp_call.c topo/language/cpp_condition.c
 * links: topo/language/lex.c topo/language/operators.c topo/language/quotes.c topo/language/token.c topo/language/search.c topo/diag/source.c
 * links: topo/diag/diag.c topo/diag/print.c topo/base/arena.c topo/base/units.c topo/base/strmap.c
 * links: topo/base/suggest.c
 * links: topo/base/utf8.c topo/base/say.c
 * flags: -D_GNU_SOURCE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ordered_cmocka.h"
#include "topo/language/eval.h"
#include "topo/language/parse.h"

struct fixture {
	struct arena *arena;
	struct diag *diag;
	struct evaluator evaluator;
};

static void begin(struct fixture *fixture)
{
	fixture->arena = arena_new();
	fixture->diag = diag_new();
	fixture->evaluator = (struct evaluator){
		.arena = fixture->arena,
		.diag = fixture->diag,
		.joined_left = EVAL_JOINED_ALL_MAX,
		.steps_left = EVAL_STEPS_MAX,
	};
}

static void finish(struct fixture *fixture)
{
	diag_free(fixture->diag);
	arena_free(fixture->arena);
}

static struct value evaluate(struct fixture *fixture, const char *text)
{
	const char *why = NULL;
	struct place place = {.line = 1, .column = 1};
	struct place where = place;
	const struct expr *expr =
		parse_expression_text(fixture->arena, text, strlen(text), place, &why, &where);

	if (expr == NULL) {
		fprintf(stderr, "%s: %s\n", text, why);
	}
	assert_non_null(expr);
	return eval_expression(&fixture->evaluator, expr);
}

static void expect_number(const char *text, int64_t expected)
{
	struct fixture fixture;

	begin(&fixture);
	struct value value = evaluate(&fixture, text);

	assert_int_equal(value.kind, VALUE_NUMBER);
	assert_int_equal(value.of.number, expected);
	finish(&fixture);
}

static void expect_truth(const char *text, bool expected)
{
	struct fixture fixture;

	begin(&fixture);
	struct value value = evaluate(&fixture, text);

	assert_int_equal(value.kind, VALUE_BOOL);
	assert_int_equal(value.of.truth, expected);
	finish(&fixture);
}

static void expect_bad(const char *text)
{
	struct fixture fixture;

	begin(&fixture);
	assert_int_equal(evaluate(&fixture, text).kind, VALUE_BAD);
	assert_int_equal(diag_count(fixture.diag, SEVERITY_ERROR), 1);
	finish(&fixture);
}

static void numbers(void **state)
{
	(void)state;
	expect_number("1 + 2 * 3", 7);
	expect_number("(1 + 2) * 3", 9);
	expect_number("10 - 4 - 3", 3);
	expect_number("7 / 2 + 7 % 2", 4);
	expect_number("1 << 4 | 3 & 6 ^ 1", 19);
	expect_number("2 ** 10", 1024);
	expect_number("-3 + ~0 + +4", 0);
	expect_number("0x40000000 + 0x8000000 - 0x0100000", 0x47f00000);
	expect_number("1 < 2 ? 3 : 4", 3);
	expect_number("0 ? 1 : 0 ? 2 : 5", 5);
	expect_number("-0x7fffffffffffffff - 1", INT64_MIN);
}

static void truths(void **state)
{
	(void)state;
	expect_truth("1 == 1 && 2 != 3", true);
	expect_truth("1 > 2 || !true", false);
	expect_truth("\"a\" + \"b\" == \"ab\"", true);
	expect_truth("\"a\" < \"b\"", true);
	expect_truth("0 && 1 / 0", false);
	expect_truth("1 || 1 / 0", true);
	expect_truth("True == true", true);
}

static void refusals(void **state)
{
	(void)state;
	expect_bad("1 / 0");
	expect_bad("1 % 0");
	expect_bad("9223372036854775807 + 1");
	expect_bad("0x7fffffffffffffff * 2");
	expect_bad("-9223372036854775807 - 2");
	expect_bad("1 << 63");
	expect_bad("1 << -1");
	expect_bad("10 ** 30");
	expect_bad("\"a\" - \"b\"");
	expect_bad("[1] - [2]");
	expect_bad("{ a: 1 } + 1");
	expect_bad("-\"a\"");
	expect_bad("name");
	expect_bad("vm.unknown");
}

static void containers(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	struct value list = evaluate(&fixture, "[1, \"two\", [3],] + [4]");

	assert_int_equal(list.kind, VALUE_LIST);
	assert_int_equal(list.of.list.count, 4);
	assert_int_equal(list.of.list.items[3].of.number, 4);
	struct value dict = evaluate(&fixture, "{ \"a\" : 1, b: { }, }");

	assert_int_equal(dict.kind, VALUE_DICT);
	assert_int_equal(dict.of.dict.count, 2);
	assert_string_equal(dict.of.dict.entries[1].key.text, "b");
	struct value call = evaluate(&fixture, "dtb([{ path: \"/x\" }])");

	assert_int_equal(call.kind, VALUE_CALL);
	assert_string_equal(call.function, "dtb");
	assert_int_equal(call.of.list.count, 1);
	evaluate(&fixture, "{ a: 1, a: 2 }");
	assert_int_equal(diag_count(fixture.diag, SEVERITY_ERROR), 1);
	finish(&fixture);
}

static void sizes(void **state)
{
	struct fixture fixture;
	uint64_t number = 0;

	(void)state;
	begin(&fixture);
	struct value value = evaluate(&fixture, "\"0x1000 * 2\"");

	assert_true(value_number(&fixture.evaluator, &value, "x", &number));
	assert_int_equal(number, 0x2000);
	value = evaluate(&fixture, "\"256M\"");
	assert_true(value_size(&fixture.evaluator, &value, "x", &number));
	assert_int_equal(number, (uint64_t)256 << 20);
	value = evaluate(&fixture, "\"2g\"");
	assert_true(value_size(&fixture.evaluator, &value, "x", &number));
	assert_int_equal(number, (uint64_t)2 << 30);
	assert_false(diag_failed(fixture.diag));
	value = evaluate(&fixture, "\"17179869184G\"");
	assert_false(value_size(&fixture.evaluator, &value, "x", &number));
	value = evaluate(&fixture, "\"M\"");
	assert_false(value_size(&fixture.evaluator, &value, "x", &number));
	value = evaluate(&fixture, "-1");
	assert_false(value_number(&fixture.evaluator, &value, "x", &number));
	assert_int_equal(diag_count(fixture.diag, SEVERITY_ERROR), 3);
	finish(&fixture);
}

/* Depth and length are bounded, whatever the text. */
static void bounds(void **state)
{
	struct arena *arena = arena_new();
	static const char *const parts[] = {"(", "[", "-", "{a:", "1+", "1?1:"};
	static char text[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *why = NULL;
		struct place place = {.line = 1, .column = 1};

		size_t at = 0;

		for (size_t n = 0; n < 1000; n++) {
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", parts[i]);
		}
		assert_null(parse_expression_text(arena, text, strlen(text), place, &why, &place));
		assert_non_null(why);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),    cmocka_unit_test(truths), cmocka_unit_test(refusals),
		cmocka_unit_test(containers), cmocka_unit_test(sizes),  cmocka_unit_test(bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
