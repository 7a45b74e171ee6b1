/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evaluating assertions. What is too large to count is VALUE_NEVER, which is larger than any
 * number.
 */
#include "topo/report/assert.h"

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? VALUE_NEVER : sum;
}

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? VALUE_NEVER : product;
}

static uint64_t compare(unsigned comparison, uint64_t left, uint64_t right)
{
	unsigned is = left < right ? LESS : left > right ? GREATER : EQUAL;

	return (comparison & is) != 0;
}

uint64_t term_evaluate(const struct analysis *analysis, struct term *term)
{
	uint64_t left = term->left == NULL ? 0 : term_evaluate(analysis, term->left);
	uint64_t right = term->right == NULL ? 0 : term_evaluate(analysis, term->right);

	switch (term->kind) {
	case TERM_VALUE:
		break;
	case TERM_CALL:
		term->value = term->fact->value(analysis, &term->call, &term->evidence);
		break;
	case TERM_NOT:
		term->value = left == 0;
		break;
	case TERM_AND:
		term->value = left != 0 && right != 0;
		break;
	case TERM_OR:
		term->value = left != 0 || right != 0;
		break;
	case TERM_COMPARE:
		term->value = compare(term->comparison, left, right);
		break;
	case TERM_ADD:
		term->value = add(left, right);
		break;
	case TERM_TIMES:
	default:
		term->value = times(left, right);
		break;
	}
	return term->value;
}

/* Of a false "and" only what is false counts, of a true "or" only what is true. */
void term_explain(const struct analysis *analysis, const struct term *term,
                  struct assertion *assertion)
{
	bool joins = term->kind == TERM_AND || term->kind == TERM_OR;

	if (term->kind == TERM_CALL) {
		*ARENA_ADD(analysis->arena, assertion->evidence, assertion->evidence_count) =
			term->evidence;
	}
	if (term->left != NULL && (!joins || term->left->value == term->value)) {
		term_explain(analysis, term->left, assertion);
	}
	if (term->right != NULL && (!joins || term->right->value == term->value)) {
		term_explain(analysis, term->right, assertion);
	}
}
