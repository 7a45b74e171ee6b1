/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values: what expressions of the tree come to. Arithmetic is in signed 64 bits and an overflow is
 * an error, since a wrapped address would grant something else than what was written.
 */
#ifndef TOPO_LANGUAGE_EVAL_H
#define TOPO_LANGUAGE_EVAL_H

#include "topo/base/arena.h"
#include "topo/diag/diag.h"
#include "topo/language/ast.h"

#define EVAL_STEPS_MAX ((size_t)1 << 22)
#define EVAL_JOINED_MAX ((size_t)1 << 20)      /* bytes of a string, elements of a list */
#define EVAL_JOINED_ALL_MAX ((size_t)64 << 20) /* bytes of all that + joins */

enum value_kind {
	VALUE_BAD, /* an error was reported */
	VALUE_NUMBER,
	VALUE_BOOL,
	VALUE_STRING,
	VALUE_LIST,
	VALUE_DICT,
	VALUE_CALL, /* function(list) */
};

struct value_entry;

struct value {
	enum value_kind kind;
	struct place place;
	const char *function; /* VALUE_CALL */
	union {
		int64_t number;
		bool truth;
		struct {
			const char *text;
			bool exact; /* byte i of text stands at column place.column + 1 + i */
		} string;
		struct {
			struct value *items;
			size_t count;
			bool partial; /* what could not be read was left out */
		} list;               /* also the arguments of a call */
		struct {
			struct value_entry *entries;
			size_t count;
			bool partial; /* what could not be read was left out */
		} dict;
	} of;
};

struct value_entry {
	struct name key;
	struct value value;
};

/* Where names in expressions lead: the setting of object.attribute. */
struct evaluator {
	struct arena *arena;
	struct diag *diag;
	/* The expression that object.attribute was set to, NULL if there is none. */
	const struct expr *(*find)(void *context, const struct name *object,
	                           const struct name *attribute);
	void *context;
	const char *string_of; /* what a string that is evaluated should give; NULL = no string */
	bool lacks_text;       /* what may define macros could not be read, which was said */
	size_t depth;          /* of names that lead to names */
	size_t joined_left;    /* bytes that + may still join: EVAL_JOINED_ALL_MAX at the start */
	size_t steps_left;     /* of evaluation behind names: EVAL_STEPS_MAX at the start */
};

/** The value of @expr; kind VALUE_BAD after an error. */
struct value eval_expression(struct evaluator *evaluator, const struct expr *expr);

/** "a number", "a list", … for messages. */
const char *value_kind_name(enum value_kind kind);

/**
 * @value as an unsigned number: a number, or a string with an expression ("0x4000 + 0x100"). For
 * anything else reports an error that names @what.
 */
bool value_number(struct evaluator *evaluator, const struct value *value, const char *what,
                  uint64_t *out);

/** The same; a string may also end with K, M or G (powers of 1024). */
bool value_size(struct evaluator *evaluator, const struct value *value, const char *what,
                uint64_t *out);

/** The same for a part of the text of the string @value: bytes [@first, @first + @bytes). */
bool value_number_part(struct evaluator *evaluator, const struct value *value, size_t first,
                       size_t bytes, const char *what, uint64_t *out);

/** @value as a boolean: true, false, or a number (0 is false). */
bool value_bool(struct evaluator *evaluator, const struct value *value, const char *what,
                bool *out);

/** @value as a string. */
bool value_string(struct evaluator *evaluator, const struct value *value, const char *what,
                  const char **out);

#endif
