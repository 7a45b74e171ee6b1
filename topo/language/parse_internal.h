/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser's state and what its files share: parse_tokens.c, parse.c (top level),
 * parse_recover.c, parse_assembly.c, parse_component.c, parse_expression.c, parse_elements.c. Nobody else
 * includes this.
 */
#ifndef TOPO_LANGUAGE_PARSE_INTERNAL_H
#define TOPO_LANGUAGE_PARSE_INTERNAL_H

#include "topo/base/suggest.h"
#include "topo/language/parse.h"

#define PARSE_DEPTH_MAX 200U

struct parser {
	struct cpp *cpp;     /* NULL: tokens come from `lexer` */
	struct lexer *lexer; /* of an expression in a string */
	struct arena *arena;
	struct diag *diag; /* NULL: the first error is kept in why and where */
	struct ast_file *file;
	struct token token;    /* at hand */
	struct token ahead;    /* the one behind it */
	struct token previous; /* the one before */
	struct place closed;   /* where the latest block of the top level ended */
	struct place slanted;  /* the first } that stands left of what it closes */
	size_t errors;         /* that there were before this file */
	size_t setting_errors; /* of them in settings */
	size_t depth;          /* of nested expressions and components */
	const char *why;
	struct place where;
};

/* parse_tokens.c */

/** Go to the next token. */
void parser_advance(struct parser *parser);

/** Whether the token at hand is that punctuator. */
bool parser_at(const struct parser *parser, int punctuator);

/** Whether the token at hand is the keyword. */
bool parser_at_word(const struct parser *parser, const char *word);

/** Pass over the punctuator if it is at hand. */
bool parser_take(struct parser *parser, int punctuator);

/** Pass over the keyword if it is at hand. */
bool parser_take_word(struct parser *parser, const char *word);

/** "expected WHAT" behind the token before, when the one at hand is on another line. */
void parser_missing(struct parser *parser, const char *what);

/** "expected WHAT, not …" at the token at hand. */
void parser_expected(struct parser *parser, const char *what);

/** An error at @place. */
void parser_error(struct parser *parser, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** Say of the latest message where the macro stands that spells @token, if one does. */
void parser_note_macro(struct parser *parser, const struct token *token);

/** An identifier; text NULL after an error, with @what in the message. */
struct name parser_name(struct parser *parser, const char *what);

/** Begin with the first token. */
void parser_start(struct parser *parser);

/** Whether the token behind the one at hand is that punctuator. */
bool parser_ahead(const struct parser *parser, int punctuator);

/** Whether the token behind the one at hand is the keyword. */
bool parser_ahead_word(const struct parser *parser, const char *word);

/* parse.c */

/** The file that an import or include names, "…" or <…>; path.text NULL after an error. */
struct ast_import parser_file(struct parser *parser);

/* parse_recover.c */

/**
 * Pass over the punctuator. When it is not at hand, says so and goes on as if it were: behind the
 * token at hand, if it stands there.
 */
void parser_need(struct parser *parser, int punctuator, const char *what);

/** Whether a word is at hand that begins a statement. */
bool parser_at_statement(const struct parser *parser);

/**
 * Pass over the token at hand if it stands twice in a row, after an error was said of it.
 */
bool parser_skip_double(struct parser *parser);

/**
 * The ; that ends @what. When it is missing, says so and goes on at the next statement. False when
 * more than the ; is wrong: then what was read may not be what was meant.
 */
bool parser_end(struct parser *parser, const char *what);

/** Pass over everything to the next ; (which is passed too) or to a } of the enclosing block. */
void parser_recover(struct parser *parser);

/** The same inside the value of a setting, whose } are passed over, up to the next setting. */
void parser_recover_value(struct parser *parser);

/**
 * Whether the word at hand, which was refused, is a directive that lacks its #: then its line is
 * passed over.
 */
bool parser_lost_directive(struct parser *parser);

/** "did you mean 'best'?" */
void parser_suggest(struct parser *parser, const struct suggest *suggest);

/**
 * The token before the one at hand, @name, is no macro although "(" follows: says so with the
 * nearest macro, and passes over the call.
 */
void parser_unknown_macro(struct parser *parser, const struct token *name);

/** The same inside an expression: the ; is no part of the call. */
void parser_skip_call(struct parser *parser, const struct token *name);

/** Pass over one token, or all that stands in its brackets. */
void parser_skip_balanced(struct parser *parser);

/** Pass over what was refused, from its { to its }. False when no block is at hand. */
bool parser_skip_block(struct parser *parser);

/**
 * Pass over a block that nothing here reads, and say so if its brackets do not match. False when
 * none is at hand.
 */
bool parser_pass_block(struct parser *parser);

/** A warning that @what has no meaning in a VM topology, unless it is of topo's own text. */
void parser_no_meaning(struct parser *parser, const struct token *token, const char *what);

/* parse_assembly.c */

/** composition { … }, from the word on. */
void parse_composition(struct parser *parser, struct ast_assembly *assembly);

/** configuration { … }, from the word on. */
void parse_configuration(struct parser *parser, struct ast_assembly *assembly);

/** The same from the { on, where the word is missing. */
void parse_nameless_block(struct parser *parser, struct ast_assembly *assembly);

/** connection …; from the word on. */
void parse_connection(struct parser *parser, struct ast_assembly *assembly);

/** object.attribute = value; */
void parse_setting(struct parser *parser, struct ast_assembly *assembly);

/* parse_component.c */

/** { … } of a component. NULL when there is none. */
struct ast_component *parse_component_body(struct parser *parser, struct name name);

/* parse_expression.c */

/** An expression; of the kind EXPR_BAD after an error. */
struct expr *parse_expression(struct parser *parser);

/** Strings that follow each other, from the first one on: they join. */
struct expr *parse_strings(struct parser *parser);

/** A node of the tree, with nothing in it yet. */
struct expr *parser_new_expr(struct parser *parser, enum expr_kind kind, struct place place);

/** What stands for an expression at the token at hand that could not be read. */
struct expr *parser_bad_expr(struct parser *parser);

/* parse_elements.c */

/** A list or the arguments of a call, from the opening bracket on, which @close ends. */
struct expr *parse_items(struct parser *parser, enum expr_kind kind, int close);

/** A dict, from the { on. */
struct expr *parse_dict(struct parser *parser);

/** The value of a setting: an expression whose first bracket may have been forgotten. */
struct expr *parse_value(struct parser *parser);

#endif
