/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C preprocessor, as CAmkES runs it over a topology (C11 6.10 and the two GNU extensions that
 * CAmkES files use: named variadic parameters and `, ## args`). Tokens come out with their places
 * in the user's text: a token of an argument where the user wrote it, a token of a macro's body at
 * the call. Each file that is imported is preprocessed by itself, with a state of its own.
 *
 * Whatever the input, the work is bounded: include depth and count, depth of expansion and of
 * brackets in arguments, the tokens that are read and made, their text, and errors (CPP_*_MAX).
 */
#ifndef TOPO_LANGUAGE_CPP_H
#define TOPO_LANGUAGE_CPP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/language/lex.h"
#include "topo/language/search.h"

#define CPP_INCLUDE_DEPTH_MAX 64U
#define CPP_INCLUDES_MAX 4096U
#define CPP_EXPANSION_DEPTH_MAX 200U
#define CPP_NESTED_TOKENS_MAX ((size_t)2 << 20)
#define CPP_CALL_TOKENS_MAX ((size_t)1 << 20) /* that one call makes */
#define CPP_ERRORS_MAX 1000U                  /* of one file, then the rest is not read */

/* What all files of one load may take together. */
struct cpp_budget {
	size_t tokens; /* that are read and that macros make */
	size_t text;   /* bytes of tokens that are kept, and of files */
};

#define CPP_BUDGET ((struct cpp_budget){(size_t)8 << 20, (size_t)64 << 20})

struct cpp;

/* What a macro is, for those who say where a token came from. */
struct macro_info {
	const char *name;
	struct place place; /* of its #define */
	bool shipped;       /* topo's own, or built in */
};

struct cpp_options {
	const struct search *search;
	const struct source *const *preludes; /* read before the file, in this order */
	size_t prelude_count;
	struct cpp_budget *budget; /* that is left, of all files of a load; CPP_BUDGET at first */
};

/** Begin to preprocess @source. Memory of the tokens' texts comes from @arena. */
struct cpp *cpp_new(struct arena *arena, struct diag *diag, const struct cpp_options *options,
                    const struct source *source);

/** Give back what is not in the arena. Messages that a limit has silenced are heard again. */
void cpp_free(struct cpp *cpp);

/** The next token behind preprocessing; TOKEN_END again and again at the end. */
void cpp_next(struct cpp *cpp, struct token *token);

/**
 * Whether text that may define macros could not be read, which was said: a file that was not found,
 * a directive that could not be carried out. What follows from that is no news.
 */
bool cpp_lacks_text(const struct cpp *cpp);

/** Say so of a directive that only the parser has recognized. */
void cpp_lose_text(struct cpp *cpp);

/** The directive of that name, NULL if there is none. */
const char *cpp_directive_name(const struct token *word);

/** The value of the macro @name as #if sees it now; false when it is not defined. */
bool cpp_macro_value(struct cpp *cpp, const char *name, int64_t *value, struct place *place);

struct suggest;

/** Consider the names of all macros that take arguments and are defined now. */
void cpp_suggest_macros(const struct cpp *cpp, struct suggest *suggest);

/** Note below the latest message where a macro of the user's is defined whose name is like @name, if one is. */
void cpp_note_macro_like(const struct cpp *cpp, const char *name);

/** Take @bytes of text from the budget; false when none is left, which ends everything. */
bool cpp_spend_text(struct cpp *cpp, struct place place, size_t bytes);

/** What is known of a macro that a token names. */
struct macro_info cpp_macro_info(const struct macro *macro);

#endif
