/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The preprocessor's state, between its files: cpp.c (files and contexts), cpp_directive.c, cpp_include.c,
 * cpp_macro.c (definitions), cpp_expand.c, cpp_call.c, cpp_condition.c. Nobody else includes this.
 */
#ifndef TOPO_LANGUAGE_CPP_INTERNAL_H
#define TOPO_LANGUAGE_CPP_INTERNAL_H

#include "topo/base/strmap.h"
#include "topo/language/cpp.h"

/* Tokens in malloc'ed memory, since expansion makes and forgets many. */
struct token_list {
	struct token *tokens;
	size_t count;
	size_t room;
};

enum macro_kind { MACRO_OBJECT, MACRO_FUNCTION, MACRO_FILE, MACRO_LINE };

/* A token of a macro's body. */
struct body_token {
	struct token token;
	int parameter; /* that it names, -1 = none */
	struct spelling spelling;
};

struct macro {
	enum macro_kind kind;
	const char *name;
	struct place place;
	bool shipped;
	bool variadic; /* the last parameter takes the rest */
	bool disabled; /* its expansion is being read */
	const char **parameters;
	size_t parameter_count;
	struct body_token *body;
	size_t body_count;
};

/* A group of #if … #endif that is open. */
struct condition {
	struct place place; /* of the directive that opened it */
	bool taken;         /* a branch of it was, or none may be */
	bool seen_else;
	struct place else_place;
	const struct token *names; /* in what it says */
	size_t name_count;
};

/* A file that is being read. */
struct frame {
	struct frame *below;
	struct lexer lexer;
	struct condition *conditions;
	size_t condition_count;
	struct place doubtful; /* what might have been #else or #endif, latest */
	bool prelude;
};

/* Tokens that are read before the file goes on: an expansion, or one token put back. */
struct context {
	struct context *below;
	struct token_list list;
	size_t at;
	struct macro *macro; /* disabled while this is read; NULL = none */
	bool barrier;        /* ends reading: an argument or a directive by itself */
};

struct cpp {
	struct arena *arena;
	struct diag *diag;
	struct cpp_options options;
	struct strmap macros;
	struct strmap once; /* paths of files with #pragma once */
	struct frame *frame;
	size_t frame_depth;
	size_t include_count;
	struct context *context;
	size_t expansion_depth;
	size_t nested_tokens; /* of all arguments that are being expanded, one within the other */
	bool lacks_text;      /* cpp_lacks_text() */
	size_t errors;        /* that there were before this file */
	bool stopped;         /* a limit was hit: everything ends */
};

/* cpp.c */

/** Append @token. */
void token_list_add(struct token_list *list, const struct token *token);

/** Give back the tokens of @list and leave it empty. */
void token_list_free(struct token_list *list);

/** Read @source next. @prelude: what it lacks at its end is not the user's mistake. */
void cpp_push_file(struct cpp *cpp, const struct source *source, bool prelude);

/** Read @list next; it belongs to the context from now on. */
void cpp_push_context(struct cpp *cpp, struct token_list list, struct macro *macro, bool barrier);

/** End the context on top. */
void cpp_pop_context(struct cpp *cpp);

/** Read @token again before anything else. */
void cpp_put_back(struct cpp *cpp, const struct token *token);

/** The next token before expansion, directives carried out. */
void cpp_next_unexpanded(struct cpp *cpp, struct token *token);

/** Say that a limit was hit, and end everything. */
void cpp_stop(struct cpp *cpp, struct place place, const char *what);

/* cpp_directive.c */

/** Note below the latest message what has decided the innermost open condition, or failed to end it. */
void cpp_note_condition(struct cpp *cpp);

/** Carry out the directive whose # was read last. */
void cpp_directive(struct cpp *cpp, const struct token *hash);

/** Warn of what stands behind the first @used tokens of a directive's line. */
void cpp_expect_end(struct cpp *cpp, const struct token *directive, const struct token_list *line,
                    size_t used);

/* cpp_include.c */

/** Read next the file that the line behind #include names. */
void cpp_include(struct cpp *cpp, const struct token *directive, const struct token_list *line);

/* cpp_macro.c */

/** Define what the line behind #define says; @line holds no #define itself. */
void cpp_define(struct cpp *cpp, const struct token_list *line, const struct token *directive);

/** The macro of that name, NULL if there is none. */
struct macro *cpp_find_macro(const struct cpp *cpp, const struct token *name);

/** Define the macros that are built into every preprocessor. */
void cpp_define_builtin(struct cpp *cpp);

/* cpp_expand.c */

/** Expand @macro at its name @name, or return false when this is no call of it. */
bool cpp_expand(struct cpp *cpp, struct macro *macro, const struct token *name);

/** All tokens of @list, expanded by themselves. */
struct token_list cpp_expand_list(struct cpp *cpp, const struct token_list *list);

/* cpp_condition.c */

/** The value of the expression of #if in @line; errors are 0. */
int64_t cpp_condition_value(struct cpp *cpp, const struct token_list *line,
                            const struct token *directive);

#endif
