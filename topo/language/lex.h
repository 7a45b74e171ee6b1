/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From text to tokens, one at a time. The preprocessor and the parser share this lexer: C's
 * preprocessing tokens are a superset of what CAmkES needs. Comments count as a blank; a backslash
 * at the end of a line joins it with the next, also inside a token. A string may hold line ends; one
 * that lacks a quote is said once and mended (topo/language/quotes.h).
 */
#ifndef TOPO_LANGUAGE_LEX_H
#define TOPO_LANGUAGE_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/base/arena.h"
#include "topo/diag/diag.h"
#include "topo/diag/source.h"
#include "topo/language/quotes.h"

enum token_kind {
	TOKEN_END,        /* of the text */
	TOKEN_IDENTIFIER, /* also keywords */
	TOKEN_NUMBER,     /* a preprocessing number, not yet checked */
	TOKEN_STRING,     /* with its quotes, escapes not yet decoded */
	TOKEN_CHARACTER,  /* 'x', with its quotes */
	TOKEN_PUNCTUATOR,
	TOKEN_OTHER,      /* a byte that begins no token */
	TOKEN_PLACEMARKER /* nothing, inside macro expansion only (C11 6.10.3.3) */
};

/* Multi-character punctuators have the values of this enum, the others that of their character. */
enum punctuator {
	PUNCT_PASTE = 256, /* ## */
	PUNCT_ARROW_LEFT,  /* <- */
	PUNCT_ARROW_RIGHT, /* -> */
	PUNCT_SHIFT_LEFT,
	PUNCT_SHIFT_RIGHT,
	PUNCT_LESS_EQUAL,
	PUNCT_GREATER_EQUAL,
	PUNCT_EQUAL,
	PUNCT_NOT_EQUAL,
	PUNCT_AND,
	PUNCT_OR,
	PUNCT_POWER,   /* ** of CAmkES */
	PUNCT_ELLIPSIS /* ... */
};

#define LEX_NAME_BYTES_MAX 1024U /* of names and numbers */
#define LEX_STRING_BYTES_MAX ((size_t)64 << 10)

struct macro;

struct token {
	enum token_kind kind;
	uint32_t bytes;
	const char *text; /* the token, splices removed; not NUL-terminated */
	uint16_t punctuator;
	bool space_before;
	bool line_start; /* the first of its line: a # here begins a directive */
	bool no_expand;  /* was found inside the expansion of its own macro: stays as it is */
	bool shipped;    /* spelled, if only in part, in one of topo's own files */
	bool written;    /* stands at its place; else it was made by a macro called there */
	bool mended; /* it is not what was meant, which was said: a string that lacked a quote, a failed ## */
	struct place place;        /* in the user's text: of the outermost macro call, if any */
	const struct macro *macro; /* whose body spells it, if only in part; NULL = none */
};

struct lexer {
	struct arena *arena; /* for tokens that hold a splice */
	struct diag *diag;   /* NULL = say nothing */
	const struct source *source;
	const char *at;
	const char *end;
	uint32_t line;
	uint32_t column;
	bool line_start;      /* nothing but blanks stands before `at` on its line */
	bool one_line;        /* a directive is being read: it ends with its line */
	uint32_t looked_at;   /* the line whose quotes were counted last */
	enum quotes quotes;   /* what is wrong with them */
	const char *quote_at; /* and where */
};

/** Start at the beginning of @source. */
void lex_start(struct lexer *lexer, struct arena *arena, struct diag *diag,
               const struct source *source);

/**
 * Start at the @bytes at @text, which stand at @place; every token has the place that counting
 * from there gives. Says nothing about errors.
 */
void lex_start_text(struct lexer *lexer, struct arena *arena, const char *text, size_t bytes,
                    struct place place);

/** The next token; TOKEN_END again and again at the end. */
void lex_next(struct lexer *lexer, struct token *token);

/**
 * Skip to the next line that begins with #, without a message about what is skipped: for groups
 * that a condition leaves out. Returns false at the end of the text.
 */
bool lex_skip_to_directive(struct lexer *lexer);

/** Whether @token is the identifier @name. */
bool token_is(const struct token *token, const char *name);

/** Whether @token is that punctuator: a character or an enum punctuator. */
bool token_punct(const struct token *token, int punctuator);

/** The number that @token spells: decimal, 0x, 0b, octal; suffixes u and l are allowed. */
bool token_number(const struct token *token, int64_t *value);

/**
 * The bytes that a TOKEN_STRING or TOKEN_CHARACTER spells, NUL-terminated; *exact says whether
 * they are the source's bytes one to one. NULL with *why when an escape is wrong.
 */
char *token_decode(struct arena *arena, const struct token *token, bool *exact, const char **why);

#endif
