/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directives: lines that begin with # (C11 6.10.1, 6.10.2, 6.10.4 to 6.10.7).
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/language/cpp_internal.h"

#define CONDITION_NAMES_MAX 8U /* that are told */

/* A directive that is being carried out. */
struct directive {
	struct token hash;
	struct token name;
	struct token_list line; /* behind the name */
};

/* The tokens up to the end of the line. */
static void read_line(struct cpp *cpp, struct token_list *line)
{
	struct lexer *lexer = &cpp->frame->lexer;

	lexer->one_line = true;
	for (;;) {
		struct lexer saved = *lexer;
		struct token token;

		lex_next(lexer, &token);
		if (token.kind == TOKEN_END || token.line_start) {
			*lexer = saved;
			break;
		}
		token_list_add(line, &token);
	}
	lexer->one_line = false;
}

/* The same without messages: for text that is not made of tokens. */
static void read_line_quietly(struct cpp *cpp, struct token_list *line)
{
	struct lexer *lexer = &cpp->frame->lexer;

	lexer->diag = NULL;
	read_line(cpp, line);
	lexer->diag = cpp->diag;
}

void cpp_expect_end(struct cpp *cpp, const struct token *directive, const struct token_list *line,
                    size_t used)
{
	if (line->count > used) {
		diag_warning(cpp->diag, line->tokens[used].place, "nothing may follow #%.*s here",
		             (int)directive->bytes, directive->text);
	}
}

static void expect_end(struct cpp *cpp, const struct directive *directive, size_t used)
{
	cpp_expect_end(cpp, &directive->name, &directive->line, used);
}

/* Conditions. */

static void skip_group(struct cpp *cpp);

/* A name that is no macro counts as 0: a wrong one is found only by what follows. */
static void note_name(struct cpp *cpp, const struct token *token)
{
	const struct macro *macro = cpp_find_macro(cpp, token);
	const char *name = arena_copy(cpp->arena, token->text, token->bytes);

	if (macro == NULL) {
		cpp_note_macro_like(cpp, name);
	} else if (!macro->shipped && macro->place.file != NULL) {
		diag_note(cpp->diag, macro->place, "'%s' is defined here", macro->name);
	}
}

void cpp_note_condition(struct cpp *cpp)
{
	const struct frame *frame = cpp->frame;

	if (frame->condition_count == 0) {
		return;
	}
	const struct condition *condition = &frame->conditions[frame->condition_count - 1];

	diag_note(cpp->diag, condition->place, "this condition decides what is read");
	for (size_t i = 0; i < condition->name_count; i++) {
		note_name(cpp, &condition->names[i]);
	}
	if (frame->doubtful.file != NULL) {
		diag_note(cpp->diag, frame->doubtful, "was this to be #else or #endif?");
	}
}

static void take_names(struct cpp *cpp, struct condition *condition, const struct token_list *line)
{
	struct token *names = NULL;

	for (size_t i = 0; i < line->count && condition->name_count < CONDITION_NAMES_MAX; i++) {
		if (line->tokens[i].kind == TOKEN_IDENTIFIER &&
		    !token_is(&line->tokens[i], "defined")) {
			*ARENA_ADD(cpp->arena, names, condition->name_count) = line->tokens[i];
		}
	}
	condition->names = names;
}

static void open_condition(struct cpp *cpp, const struct directive *directive, bool holds)
{
	struct frame *frame = cpp->frame;
	struct condition *condition =
		ARENA_ADD(cpp->arena, frame->conditions, frame->condition_count);

	*condition = (struct condition){.place = directive->name.place, .taken = holds};
	take_names(cpp, condition, &directive->line);
	if (!holds) {
		skip_group(cpp);
	}
}

static void do_if(struct cpp *cpp, struct directive *directive)
{
	const size_t errors = diag_count(cpp->diag, SEVERITY_ERROR);
	bool holds = cpp_condition_value(cpp, &directive->line, &directive->name) != 0;

	for (size_t i = 0;
	     diag_count(cpp->diag, SEVERITY_ERROR) != errors && i < directive->line.count; i++) {
		if (directive->line.tokens[i].kind == TOKEN_IDENTIFIER) {
			note_name(cpp, &directive->line.tokens[i]);
		}
	}
	open_condition(cpp, directive, holds);
}

/* Whether the macro of #ifdef, #ifndef, #undef exists; says when none is named. */
static bool named_macro(struct cpp *cpp, const struct directive *directive)
{
	if (directive->line.count == 0 || directive->line.tokens[0].kind != TOKEN_IDENTIFIER) {
		diag_syntax(cpp->diag, directive->name.place, "#%.*s needs the name of a macro",
		            (int)directive->name.bytes, directive->name.text);
		return false;
	}
	expect_end(cpp, directive, 1);
	return cpp_find_macro(cpp, &directive->line.tokens[0]) != NULL;
}

static void do_ifdef(struct cpp *cpp, struct directive *directive)
{
	open_condition(cpp, directive, named_macro(cpp, directive));
}

static void do_ifndef(struct cpp *cpp, struct directive *directive)
{
	open_condition(cpp, directive, !named_macro(cpp, directive));
}

/* The innermost open condition of this file, NULL with a message if there is none. */
static struct condition *innermost(struct cpp *cpp, const struct directive *directive)
{
	struct frame *frame = cpp->frame;

	if (frame->condition_count == 0) {
		if (!cpp->lacks_text) {
			diag_syntax(cpp->diag, directive->name.place, "#%.*s without #if before it",
			            (int)directive->name.bytes, directive->name.text);
		}
		return NULL;
	}
	return &frame->conditions[frame->condition_count - 1];
}

/* #elif and #else behind #else. */
static bool after_else(struct cpp *cpp, const struct directive *directive,
                       const struct condition *condition)
{
	if (!condition->seen_else) {
		return false;
	}
	diag_syntax(cpp->diag, directive->name.place, "#%.*s after #else",
	            (int)directive->name.bytes, directive->name.text);
	diag_note(cpp->diag, condition->else_place, "#else stands here");
	return true;
}

/*
 * #elif, #else and #endif come here in two ways: at the end of a group that was read, and from
 * skip_group at the end of one that was left out. They say whether reading goes on behind them.
 */
static bool enter_elif(struct cpp *cpp, struct directive *directive)
{
	struct condition *condition = innermost(cpp, directive);

	if (condition == NULL || after_else(cpp, directive, condition)) {
		return condition == NULL;
	}
	if (condition->taken) {
		return false;
	}
	condition->taken = cpp_condition_value(cpp, &directive->line, &directive->name) != 0;
	return condition->taken;
}

static bool enter_else(struct cpp *cpp, struct directive *directive)
{
	struct condition *condition = innermost(cpp, directive);

	if (condition == NULL || after_else(cpp, directive, condition)) {
		return condition == NULL;
	}
	bool enter = !condition->taken;

	expect_end(cpp, directive, 0);
	condition->taken = true;
	condition->seen_else = true;
	condition->else_place = directive->name.place;
	return enter;
}

static void do_elif(struct cpp *cpp, struct directive *directive)
{
	if (!enter_elif(cpp, directive)) {
		skip_group(cpp);
	}
}

static void do_else(struct cpp *cpp, struct directive *directive)
{
	if (!enter_else(cpp, directive)) {
		skip_group(cpp);
	}
}

static void do_endif(struct cpp *cpp, struct directive *directive)
{
	if (innermost(cpp, directive) != NULL) {
		expect_end(cpp, directive, 0);
		cpp->frame->condition_count--;
	}
}

/* At the # of a directive inside a group that is left out; whether the group ends with it. */
static bool skipped_directive(struct cpp *cpp, size_t *depth)
{
	struct directive directive = {.line = {NULL, 0, 0}};
	bool ends = false;

	lex_next(&cpp->frame->lexer, &directive.hash);
	struct lexer saved = cpp->frame->lexer;

	lex_next(&cpp->frame->lexer, &directive.name);
	if (directive.name.line_start || directive.name.kind != TOKEN_IDENTIFIER) {
		cpp->frame->lexer = saved;
		cpp->frame->doubtful = directive.hash.place;
		return false;
	}
	if (cpp_directive_name(&directive.name) == NULL) {
		cpp->frame->doubtful = directive.name.place;
	}
	if (token_is(&directive.name, "if") || token_is(&directive.name, "ifdef") ||
	    token_is(&directive.name, "ifndef")) {
		(*depth)++;
	} else if (token_is(&directive.name, "endif") && *depth > 0) {
		(*depth)--;
	} else if (*depth == 0) {
		read_line_quietly(cpp, &directive.line);
		if (token_is(&directive.name, "endif")) {
			do_endif(cpp, &directive);
			ends = true;
		} else if (token_is(&directive.name, "elif")) {
			ends = enter_elif(cpp, &directive);
		} else if (token_is(&directive.name, "else")) {
			ends = enter_else(cpp, &directive);
		}
		token_list_free(&directive.line);
	}
	return ends;
}

/* Leave out what follows, up to the directive that ends the group. */
static void skip_group(struct cpp *cpp)
{
	size_t depth = 0;

	while (!cpp->stopped && lex_skip_to_directive(&cpp->frame->lexer)) {
		if (skipped_directive(cpp, &depth)) {
			return;
		}
	}
}

/* The rest. */

static void do_include(struct cpp *cpp, struct directive *directive)
{
	cpp_include(cpp, &directive->name, &directive->line);
}

static void do_define(struct cpp *cpp, struct directive *directive)
{
	cpp_define(cpp, &directive->line, &directive->name);
}

static void do_undef(struct cpp *cpp, struct directive *directive)
{
	if (named_macro(cpp, directive)) {
		const struct token *name = directive->line.tokens;

		*strmap_slot(&cpp->macros, arena_copy(cpp->arena, name->text, name->bytes),
		             name->bytes) = NULL;
	}
}

/* The text of #error and #warning, as it stands in the file. */
static const char *line_text(struct cpp *cpp, const struct directive *directive)
{
	const struct token_list *line = &directive->line;

	if (line->count == 0) {
		return "";
	}
	const char *start = line->tokens[0].text;
	const char *end = cpp->frame->lexer.at;

	/* A token with a splice was copied; then the text of the first one has to do. */
	if (start < cpp->frame->lexer.source->text || start > end) {
		return arena_copy(cpp->arena, start, line->tokens[0].bytes);
	}
	const char *newline = memchr(start, '\n', (size_t)(end - start));

	return arena_copy(cpp->arena, start, (size_t)((newline == NULL ? end : newline) - start));
}

static void do_error(struct cpp *cpp, struct directive *directive)
{
	/* It may stand in the wrong branch of a condition that could not be read. */
	if (!cpp->lacks_text) {
		diag_syntax(cpp->diag, directive->name.place, "#error %s",
		            line_text(cpp, directive));
		cpp_note_condition(cpp);
	}
}

static void do_warning(struct cpp *cpp, struct directive *directive)
{
	diag_warning(cpp->diag, directive->name.place, "#warning %s", line_text(cpp, directive));
}

static void do_pragma(struct cpp *cpp, struct directive *directive)
{
	const struct token_list *line = &directive->line;

	if (line->count == 1 && token_is(&line->tokens[0], "once")) {
		strmap_set(&cpp->once, cpp->frame->lexer.source->path, cpp);
		return;
	}
	diag_report(cpp->diag, SEVERITY_WARNING, "no-meaning", directive->name.place,
	            "this pragma has no meaning here");
	diag_help(cpp->diag, "#pragma once is known");
}

static void do_line(struct cpp *cpp, struct directive *directive)
{
	diag_report(cpp->diag, SEVERITY_WARNING, "no-meaning", directive->name.place,
	            "#line has no meaning here: places are those of the file that was read");
}

static const struct {
	const char *name;
	void (*run)(struct cpp *cpp, struct directive *directive);
	bool free_text; /* the line need not be made of tokens */
} directives[] = {
	{"define", do_define, false}, {"undef", do_undef, false},    {"include", do_include, false},
	{"if", do_if, false},         {"ifdef", do_ifdef, false},    {"ifndef", do_ifndef, false},
	{"elif", do_elif, false},     {"else", do_else, false},      {"endif", do_endif, false},
	{"error", do_error, true},    {"warning", do_warning, true}, {"pragma", do_pragma, true},
	{"line", do_line, false},
};

#define DIRECTIVE_COUNT (ARRAY_COUNT(directives))

const char *cpp_directive_name(const struct token *word)
{
	for (size_t i = 0; i < DIRECTIVE_COUNT; i++) {
		if (token_is(word, directives[i].name)) {
			return directives[i].name;
		}
	}
	return NULL;
}

/* Says so, and returns the one that was meant; DIRECTIVE_COUNT = any. */
static size_t unknown_directive(struct cpp *cpp, const struct token *name)
{
	const char *text = arena_copy(cpp->arena, name->text, name->bytes);
	struct suggest suggest = suggest_start(text);
	size_t meant = DIRECTIVE_COUNT;

	for (size_t i = 0; i < DIRECTIVE_COUNT; i++) {
		const char *before = suggest.best;

		suggest_consider(&suggest, directives[i].name);
		meant = suggest.best == before ? meant : i;
	}
	diag_syntax(cpp->diag, name->place, "unknown directive #%s", text);
	if (suggest.best != NULL) {
		diag_help(cpp->diag, "did you mean #%s?", suggest.best);
	}
	return meant;
}

void cpp_directive(struct cpp *cpp, const struct token *hash)
{
	struct directive directive = {.hash = *hash, .line = {NULL, 0, 0}};
	struct lexer saved = cpp->frame->lexer;
	size_t which = 0;

	lex_next(&cpp->frame->lexer, &directive.name);
	if (directive.name.kind == TOKEN_END || directive.name.line_start) {
		cpp->frame->lexer = saved;
		cpp->frame->doubtful = hash->place;
		return;
	}
	size_t errors = diag_count(cpp->diag, SEVERITY_ERROR);

	while (which < DIRECTIVE_COUNT && !token_is(&directive.name, directives[which].name)) {
		which++;
	}
	if (which == DIRECTIVE_COUNT || directives[which].free_text) {
		read_line_quietly(cpp, &directive.line);
	} else {
		read_line(cpp, &directive.line);
	}
	if (which == DIRECTIVE_COUNT) {
		which = unknown_directive(cpp, &directive.name);
		cpp->lacks_text = true;
	}
	if (which != DIRECTIVE_COUNT) {
		directives[which].run(cpp, &directive);
	}
	cpp->lacks_text = cpp->lacks_text || diag_count(cpp->diag, SEVERITY_ERROR) != errors;
	token_list_free(&directive.line);
}
