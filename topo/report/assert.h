/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assertions about a topology: `topo report --assert EXPR`. The language is in docs/report.md.
 * topo/report/assert.c reads expressions, topo/report/assert_value.c evaluates them, and
 * topo/report/assert_facts.c knows the functions that they call.
 */
#ifndef TOPO_REPORT_ASSERT_H
#define TOPO_REPORT_ASSERT_H

#include <stdbool.h>
#include <stddef.h>

#include "topo/analysis/analysis.h"

struct assertion {
	const char *expression;
	bool holds;
	bool asks_outside;     /* it depends on which VMs are entrances */
	const char **evidence; /* why it does not hold: one line each */
	size_t evidence_count;
};

/* Why an expression cannot be read. */
struct assertion_error {
	size_t at; /* byte of the expression */
	const char *message;
	const char *help; /* NULL = none */
};

/**
 * Evaluate @expression on @analysis. Everything in *assertion lives as long as @analysis.
 * Returns false with *error when it is not an expression of the language.
 */
bool assertion_check(const struct analysis *analysis, const char *expression,
                     struct assertion *assertion, struct assertion_error *error);

/* A value: a number, or a truth as 0 or 1. */
#define VALUE_NEVER UINT64_MAX

enum value_type { VALUE_NUMBER, VALUE_TRUTH };

/* A call with its arguments looked up. */
struct fact_call {
	uint32_t vms[2];
	const char *text; /* the argument that is no VM */
	size_t argument_count;
};

/* A function that assertions can call. */
struct fact {
	const char *name;
	const char *usage;  /* "compromises([THROUGH,] TO)" */
	size_t least, most; /* arguments */
	size_t text_at;     /* index of the argument that is text, most if none is */
	bool asks_outside;  /* its value depends on which VMs are entrances */
	enum value_type type;
	/* The value, and in *evidence one line that says where it comes from. */
	uint64_t (*value)(const struct analysis *analysis, const struct fact_call *call,
	                  const char **evidence);
};

/** The functions; *count of them. */
const struct fact *fact_table(size_t *count);

/* The tree of an expression. Types were checked when it was made: evaluating cannot fail. */
enum term_kind {
	TERM_VALUE,
	TERM_CALL,
	TERM_NOT, /* left is what is negated, right is NULL */
	TERM_AND,
	TERM_OR,
	TERM_COMPARE,
	TERM_ADD,
	TERM_TIMES
};

enum comparison { LESS = 1, EQUAL = 2, GREATER = 4 };

struct term {
	enum term_kind kind;
	enum value_type type;
	size_t at;           /* byte of the expression */
	uint64_t value;      /* of TERM_VALUE; of others once evaluated */
	unsigned comparison; /* bits: which outcomes make it true */
	const struct fact *fact;
	struct fact_call call;
	const char *evidence;
	struct term *left, *right;
};

/** Evaluate @term and everything below it. */
uint64_t term_evaluate(const struct analysis *analysis, struct term *term);

/** Add to @assertion the evidence of the calls that make the evaluated @term what it is. */
void term_explain(const struct analysis *analysis, const struct term *term,
                  struct assertion *assertion);

#endif
