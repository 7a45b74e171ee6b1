/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo's parser alone, for tests/grammar/run: whether a text has the form of a topology, whatever it
 * means. Files that it includes are looked for, those that it imports are not.
 *
 *   parse        names of files from standard input, a line each: "ok", or the errors
 *   parse -e     expressions from standard input, a line each: with all brackets, or "error: WHY"
 */
#define _POSIX_C_SOURCE 200809L

#include "topo/language/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const own_macros[] = {"configurations/vm.h", "configurations/tii/vm.h"};

#define OWN_COUNT (sizeof(own_macros) / sizeof(own_macros[0]))

/* The lines of the messages in @diag that tell an error, with tabs between; "ok" if none does. */
static void print_verdict(struct diag *diag)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	const char *before = "";

	diag_flush(diag, out);
	fclose(out);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (strstr(line, ": error: ") != NULL) {
			printf("%s%s", before, line);
			before = "\t";
		}
	}
	puts(before[0] == '\0' ? "ok" : "");
	free(text);
}

static void parse_one(const char *path, const char *share)
{
	struct arena *arena = arena_new();
	struct diag *diag = diag_new();
	struct search search = {.board = "qemu-arm-virt", .share = share};
	struct cpp_budget budget = CPP_BUDGET;
	const struct source *preludes[OWN_COUNT];
	const char *why = NULL;
	char own[4096];

	for (size_t i = 0; i < OWN_COUNT; i++) {
		snprintf(own, sizeof(own), "%s/%s", share, own_macros[i]);
		preludes[i] = source_read(diag_sources(diag), own, true, PLACE_NONE, &why);
	}
	const struct source *source = source_read_given(diag_sources(diag), path, &why);

	if (source == NULL || preludes[0] == NULL || preludes[1] == NULL) {
		printf(": error: cannot be read: %s\n", why);
	} else {
		struct cpp_options options = {.search = &search,
		                              .preludes = preludes,
		                              .prelude_count = OWN_COUNT,
		                              .budget = &budget};
		struct cpp *cpp = cpp_new(arena, diag, &options, source);

		parse_file(cpp, arena, diag);
		cpp_free(cpp);
		print_verdict(diag);
	}
	diag_free(diag);
	arena_free(arena);
}

/* The operators of two characters, by their numbers. */
static const char *sign_text(int sign)
{
	static const struct {
		int sign;
		const char *text;
	} pairs[] = {
		{PUNCT_OR, "||"},         {PUNCT_AND, "&&"},         {PUNCT_EQUAL, "=="},
		{PUNCT_NOT_EQUAL, "!="},  {PUNCT_LESS_EQUAL, "<="},  {PUNCT_GREATER_EQUAL, ">="},
		{PUNCT_SHIFT_LEFT, "<<"}, {PUNCT_SHIFT_RIGHT, ">>"}, {PUNCT_POWER, "**"},
	};
	static char single[2];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pairs[i].sign == sign) {
			return pairs[i].text;
		}
	}
	single[0] = (char)sign;
	return single;
}

/* Of numbers and names; the depth is the parser's. */
static void print_expr(const struct expr *expr) /* NOLINT(misc-no-recursion): as deep as the text */
{
	switch ((int)expr->kind) {
	case EXPR_NUMBER:
		printf("%lld", (long long)expr->of.number);
		break;
	case EXPR_NAME:
		printf("%s", expr->of.name.object.text);
		break;
	case EXPR_UNARY:
		printf("(%s", sign_text(expr->of.operation.sign));
		print_expr(expr->of.operation.left);
		printf(")");
		break;
	case EXPR_BINARY:
		printf("(");
		print_expr(expr->of.operation.left);
		printf("%s", sign_text(expr->of.operation.sign));
		print_expr(expr->of.operation.right);
		printf(")");
		break;
	case EXPR_INDEX:
		print_expr(expr->of.operation.left);
		printf("[");
		print_expr(expr->of.operation.right);
		printf("]");
		break;
	case EXPR_CHOICE:
		printf("(");
		print_expr(expr->of.operation.condition);
		printf("?");
		print_expr(expr->of.operation.left);
		printf(":");
		print_expr(expr->of.operation.right);
		printf(")");
		break;
	default:
		printf("other");
		break;
	}
}

static void parse_text(const char *text)
{
	struct arena *arena = arena_new();
	const char *why = NULL;
	struct place where;

	const struct expr *expr =
		parse_expression_text(arena, text, strlen(text), PLACE_NONE, &why, &where);

	if (expr == NULL) {
		printf("error: %s", why);
	} else {
		print_expr(expr);
	}
	printf("\n");
	arena_free(arena);
}

int main(int argc, char **argv)
{
	bool expressions = argc > 1 && strcmp(argv[1], "-e") == 0;
	const char *share = getenv("PEERVISOR_SHARE");
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (expressions) {
			parse_text(line);
		} else {
			parse_one(line, share == NULL ? "topo" : share);
		}
	}
	free(line);
	return 0;
}
