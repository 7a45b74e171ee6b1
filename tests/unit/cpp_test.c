/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The preprocessor against the examples of the C standard and against what topologies do: text in,
 * joined tokens out, and the places of tokens that come through macros.
 *
 * links: topo/language/cpp.c topo/language/cpp_directive.c topo/language/cpp_macro.c
 * links: topo/language/cpp_include.c topo/language/cpp_expand.c topo/language/cpp_call.c topo/language/cpp_condition.c topo/language/lex.c topo/language/operators.c topo/language/quotes.c
 * links: topo/language/token.c topo/language/search.c topo/diag/source.c topo/diag/diag.c
 * links: topo/diag/print.c topo/base/arena.c topo/base/strmap.c topo/base/suggest.c
 * links: topo/base/utf8.c topo/base/say.c
 * flags: -D_GNU_SOURCE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ordered_cmocka.h"
#include "topo/language/cpp.h"

struct fixture {
	struct arena *arena;
	struct diag *diag;
	struct cpp *cpp;
	struct cpp_budget budget;
	struct search search;
};

static void begin(struct fixture *fixture, const char *text)
{
	*fixture = (struct fixture){
		.arena = arena_new(),
		.diag = diag_new(),
		.budget = CPP_BUDGET,
		.search = {.share = "topo"},
	};
	struct cpp_options options = {
		.search = &fixture->search,
		.budget = &fixture->budget,
	};
	const struct source *source =
		source_add_text(diag_sources(fixture->diag), "t.camkes", text, strlen(text));

	fixture->cpp = cpp_new(fixture->arena, fixture->diag, &options, source);
}

static void finish(struct fixture *fixture)
{
	cpp_free(fixture->cpp);
	diag_free(fixture->diag);
	arena_free(fixture->arena);
}

/* All tokens, with one blank where there was any. */
static char *all_tokens(struct fixture *fixture)
{
	char *joined = arena_copy(fixture->arena, "", 0);
	struct token token;

	for (cpp_next(fixture->cpp, &token); token.kind != TOKEN_END;
	     cpp_next(fixture->cpp, &token)) {
		joined = arena_printf(fixture->arena, "%s%s%.*s", joined,
		                      joined[0] != '\0' && token.space_before ? " " : "",
		                      (int)token.bytes, token.text);
	}
	return joined;
}

static void expect(const char *text, const char *expected)
{
	struct fixture fixture;

	begin(&fixture, text);
	assert_string_equal(all_tokens(&fixture), expected);
	assert_false(diag_failed(fixture.diag));
	assert_int_equal(diag_count(fixture.diag, SEVERITY_WARNING), 0);
	finish(&fixture);
}

/* That the text is refused with that message at that place. */
static void expect_error(const char *text, const char *message)
{
	struct fixture fixture;
	char *printed = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&printed, &bytes);

	begin(&fixture, text);
	all_tokens(&fixture);
	assert_true(diag_failed(fixture.diag));
	diag_flush(fixture.diag, out);
	fclose(out);
	assert_non_null(strstr(printed, message));
	free(printed);
	finish(&fixture);
}

static void object_macros(void **state)
{
	(void)state;
	expect("#define A 1\nA B A", "1 B 1");
	expect("#define A B\n#define B A\nA B", "A B");
	expect("#define A\nx A y", "x y");
	expect("#define f (1)\nf", "(1)");
	expect("#define A 1\n#undef A\nA", "A");
}

static void function_macros(void **state)
{
	(void)state;
	expect("#define f(a) [a]\nf(1) f (2) f", "[1] [2] f");
	expect("#define f(a,b) a+b\nf((1,2),3)", "(1,2)+3");
	expect("#define f() x\nf()", "x");
	expect("#define f(a) x a y\nf()", "x y");
	expect("#define f(a) a*g\n#define g(a) f(a)\nf(2)(9)", "2*9*g");
	expect("#define f(\\\n a) \\\n [a]\nf(\n 1\n)", "[1]");
}

/* C11 6.10.3.5, examples 3, 4, 5 and 7. */
static void standard_examples(void **state)
{
	(void)state;
	expect("#define x 3\n#define f(a) f(x * (a))\n#undef x\n#define x 2\n#define g f\n"
	       "#define z z[0]\n#define h g(~\n#define m(a) a(w)\n#define w 0,1\n"
	       "#define t(a) a\n#define p() int\n#define q(x) x\n#define r(x,y) x ## y\n"
	       "#define str(x) # x\n"
	       "f(y+1) + f(f(z)) % t(t(g)(0) + t)(1);\n",
	       "f(2 * (y+1)) + f(2 * (f(2 * (z[0])))) % f(2 * (0)) + t(1);");
	expect("#define p() int\n#define q(x) x\n#define r(x,y) x ## y\n#define str(x) # x\n"
	       "p() i[q()] = { q(1), r(2,3), r(4,), r(,5), r(,) };",
	       "int i[] = { 1, 23, 4, 5, };");
	expect("#define hash_hash # ## #\n#define mkstr(a) # a\n#define in_between(a) mkstr(a)\n"
	       "#define join(c, d) in_between(c hash_hash d)\njoin(x, y)",
	       "\"x ## y\"");
	expect("#define t(x,y,z) x ## y ## z\nt(1,2,3) t(,4,5) t(6,,7) t(8,9,) t(10,,) t(,11,) t(,,)",
	       "123 45 67 89 10 11");
	expect("#define xstr(s) str(s)\n#define str(s) # s\n#define glue(a, b) a ## b\n"
	       "#define xglue(a, b) glue(a, b)\n#define HIGHLOW \"hello\"\n#define LOW LOW \", world\"\n"
	       "glue(HIGH, LOW); xglue(HIGH, LOW) str(\"a\\n\" @: )",
	       "\"hello\"; \"hello\" \", world\" \"\\\"a\\\\n\\\" @:\"");
	expect("#define showlist(...) #__VA_ARGS__\nshowlist(a, b,c)", "\"a, b,c\"");
}

static void gnu_extensions(void **state)
{
	(void)state;
	expect("#define call(f, args...) f(args)\ncall(g, 1, 2) call(g)", "g(1, 2) g()");
	expect("#define call(f, ...) f(0, ## __VA_ARGS__)\ncall(g, 1) call(g)", "g(0, 1) g(0)");
}

static void conditions(void **state)
{
	(void)state;
	expect("#if 1\na\n#else\nb\n#endif", "a");
	expect("#if 0\na\n#elif 2 > 1 && !defined X\nb\n#else\nc\n#endif", "b");
	expect("#ifdef X\na\n#else\nb\n#endif\n#ifndef X\nc\n#endif", "b c");
	expect("#if 0\n#if 1\na\n#else\nb\n#endif\n#else\nc\n#endif", "c");
	expect("#if 0 && 1/0 || 1\na\n#endif", "a");
	expect("#if (1 ? 2 : 3) == 2 && 1 << 4 == 16 && -1 < 0 && (7 & 3 | 8) == 11\na\n#endif",
	       "a");
	expect("#define V 1\n#if V\na\n#endif\n#if UNKNOWN\nb\n#endif", "a");
	expect("#if 0\n it's \" open /* and\n closed */\n#endif\nz", "z");
}

static void errors(void **state)
{
	(void)state;
	expect_error("a\n  #if 1\nb", "t.camkes:2:4: error: this condition does not end");
	expect_error("#endif", "t.camkes:1:2: error: #endif without #if before it");
	expect_error("#else\n", "#else without #if");
	expect_error("#if 1\n#else\n#else\n#endif", "t.camkes:3:2: error: #else after #else");
	expect_error("#if 1 +\n#endif", "an operand is missing");
	expect_error("#if 1/0\n#endif", "t.camkes:1:6: error: division by zero");
	expect_error("#define f(a) a\nf(1",
	             "t.camkes:2:1: error: the call of macro 'f' does not end");
	expect_error("#define f(a) a\nx f(1,2)",
	             "t.camkes:2:3: error: macro 'f' takes 1 argument, 2 given");
	expect_error("#define f(a) a ## +\nf(b)", "t.camkes:2:1: error: ## makes 'b+'");
	expect_error("#define f(a) ## a", "## needs a token on each side");
	expect_error("#define f(a) # b", "# in a macro with parameters");
	expect_error("#define f(a, a) b", "a second parameter 'a'");
	expect_error("#define f(a b) b", "the parameters of a macro are");
	expect_error("#define", "needs the name of a macro");
	expect_error("#inclde <x>", "did you mean #include?");
	expect_error("#error it's wrong\n", "t.camkes:1:2: error: #error it's wrong");
	expect_error("#include <no/such/file.h>\n", "t.camkes:1:10: error: cannot include");
	expect_error("#include nothing\n", "#include needs a file");
	expect_error("a /* b", "t.camkes:1:3: error: this comment does not end");
	expect_error("a \"b\nc", "t.camkes:1:3: error: this string does not end");
	expect_error("#define A 1\n#define A 2\n#error x\n",
	             "is defined again, with another meaning");
}

/* Doubling macros and endless nesting end with a message, in time that is bounded. */
static void limits(void **state)
{
	(void)state;
	char text[4096];
	size_t at = (size_t)snprintf(text, sizeof(text), "#define A0 x x\n");

	for (int i = 1; i < 60; i++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at, "#define A%d A%d A%d\n", i,
		                       i - 1, i - 1);
	}
	snprintf(text + at, sizeof(text) - at, "A59\n");
	struct fixture fixture;

	begin(&fixture, text);
	fixture.budget.tokens = 100000;
	struct token token;

	do {
		cpp_next(fixture.cpp, &token);
	} while (token.kind != TOKEN_END);
	assert_int_equal(diag_count(fixture.diag, SEVERITY_ERROR), 1);
	finish(&fixture);
}

/* Calls within calls: @depth of them, @words in the innermost. What follows a limit is silent. */
static void expect_nesting(size_t depth, size_t words, size_t errors)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	struct fixture fixture;
	struct token token;

	assert_non_null(out);
	fputs("#define F(x) x\n", out);
	for (size_t i = 0; i < depth; i++) {
		fputs("F(", out);
	}
	for (size_t i = 0; i < words; i++) {
		fputs("a ", out);
	}
	for (size_t i = 0; i < depth; i++) {
		fputs(")", out);
	}
	fclose(out);
	begin(&fixture, text);
	do {
		cpp_next(fixture.cpp, &token);
	} while (token.kind != TOKEN_END);
	assert_int_equal(diag_count(fixture.diag, SEVERITY_ERROR), errors);
	diag_error(fixture.diag, PLACE_NONE, "heard if nothing was said before");
	assert_int_equal(diag_count(fixture.diag, SEVERITY_ERROR), 1);
	finish(&fixture);
	free(text);
}

static void nesting(void **state)
{
	(void)state;
	expect_nesting(190, 10, 0);
	expect_nesting(5000, 1, 1);
	expect_nesting(4, 100000, 0);
	expect_nesting(190, 100000, 1);
}

static struct place place_of(struct fixture *fixture, const char *name)
{
	struct token token;

	do {
		cpp_next(fixture->cpp, &token);
	} while (token.kind != TOKEN_END && !token_is(&token, name));
	assert_int_not_equal(token.kind, TOKEN_END);
	return token.place;
}

static void expect_place(const char *text, const char *name, uint32_t line, uint32_t column)
{
	struct fixture fixture;

	begin(&fixture, text);
	struct place place = place_of(&fixture, name);

	assert_int_equal(place.line, line);
	assert_int_equal(place.column, column);
	finish(&fixture);
}

static void places(void **state)
{
	(void)state;
	expect_place("a\n /* x\n y */ b", "b", 3, 7);
	expect_place("a \\\n  b", "b", 2, 3);
	/* A token of a body stands at the call, one of an argument where it was written. */
	expect_place("#define f(x) y x\n\n  f(z)", "y", 3, 3);
	expect_place("#define f(x) y x\n\n  f(z)", "z", 3, 5);
	expect_place("#define g(x) w x\n#define f(x) g(x)\n  f(\n z)", "w", 3, 3);
	expect_place("#define g(x) w x\n#define f(x) g(x)\n  f(\n z)", "z", 4, 2);
	/* What is pasted stands at the part that the user wrote. */
	expect_place("#define f(x) vm_##x\n  f(web)", "vm_web", 2, 5);
	expect_place("#define f(a,b) vm##a##_vm##b##_io\n  f(1,2)", "vm1_vm2_io", 2, 5);
}

/* Where the macro's body spells the word; line 0: the word stands at its place. */
static void expect_spelling(const char *text, const char *name, uint32_t line, uint32_t column)
{
	struct fixture fixture;

	begin(&fixture, text);
	const struct spelling *spelling = place_of(&fixture, name).spelling;

	assert_int_equal(spelling == NULL ? 0 : spelling->place.line, line);
	assert_int_equal(spelling == NULL ? 0 : spelling->place.column, column);
	finish(&fixture);
}

static void spellings(void **state)
{
	(void)state;
	expect_spelling("#define f(x) y x\n\n  f(z)", "y", 1, 14);
	expect_spelling("#define f(x) y x\n\n  f(z)", "z", 1, 16);
	expect_spelling("#define f(x) y x\n\n  f(z q)", "q", 0, 0);
	expect_spelling("#define g(x) w x\n#define f(x) g(x)\n  f(z)", "w", 1, 14);
	expect_spelling("#define g(x) w x\n#define f(x) g(x v)\n  f(z)", "v", 2, 18);
	expect_spelling("#define f(x) vm_##x\n  f(web)", "vm_web", 1, 19);
	expect_spelling("#define f() vm_##web\n  f()", "vm_web", 1, 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(object_macros),
		cmocka_unit_test(function_macros),
		cmocka_unit_test(standard_examples),
		cmocka_unit_test(gnu_extensions),
		cmocka_unit_test(conditions),
		cmocka_unit_test(errors),
		cmocka_unit_test(limits),
		cmocka_unit_test(nesting),
		cmocka_unit_test(places),
		cmocka_unit_test(spellings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
