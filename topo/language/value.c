/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values as what an attribute wants them to be: numbers, sizes, truths, strings. Numbers may stand
 * in strings, as deployed systems write addresses.
 */
#include <string.h>

#include "topo/base/units.h"
#include "topo/language/eval.h"
#include "topo/language/parse.h"

static bool wrong_kind(struct evaluator *evaluator, const struct value *value, const char *what,
                       const char *wanted)
{
	if (value->kind != VALUE_BAD) {
		diag_error(evaluator->diag, value->place, "%s is %s, not %s", what, wanted,
		           value_kind_name(value->kind));
	}
	return false;
}

static bool not_negative(struct evaluator *evaluator, struct place place, int64_t number,
                         const char *what, uint64_t *out)
{
	if (number < 0) {
		diag_error(evaluator->diag, place, "%s cannot be negative", what);
		return false;
	}
	*out = (uint64_t)number;
	return true;
}

/* Where byte @first of a string stands, when its bytes are the source's. */
static struct place place_within(const struct value *value, size_t first, size_t bytes)
{
	struct place place = value->place;

	if (value->of.string.exact) {
		place.column += 1 + (uint32_t)first;
		place.length = (uint32_t)bytes;
	}
	return place;
}

bool value_number_part(struct evaluator *evaluator, const struct value *value, size_t first,
                       size_t bytes, const char *what, uint64_t *out)
{
	const char *why = NULL;
	struct place place = place_within(value, first, bytes);
	struct place where = place;
	const struct expr *expr = parse_expression_text(
		evaluator->arena, value->of.string.text + first, bytes, place, &why, &where);

	if (expr == NULL) {
		diag_error(evaluator->diag, value->of.string.exact ? where : place,
		           "%s is a number or an expression: %s", what, why);
		return false;
	}
	evaluator->string_of = what;
	struct value result = eval_expression(evaluator, expr);

	evaluator->string_of = NULL;
	if (result.kind != VALUE_NUMBER) {
		return wrong_kind(evaluator, &result, what, "a number");
	}
	return not_negative(evaluator, place, result.of.number, what, out);
}

bool value_number(struct evaluator *evaluator, const struct value *value, const char *what,
                  uint64_t *out)
{
	if (value->kind == VALUE_NUMBER) {
		return not_negative(evaluator, value->place, value->of.number, what, out);
	}
	if (value->kind == VALUE_STRING) {
		return value_number_part(evaluator, value, 0, strlen(value->of.string.text), what,
		                         out);
	}
	return wrong_kind(evaluator, value, what, "a number");
}

bool value_size(struct evaluator *evaluator, const struct value *value, const char *what,
                uint64_t *out)
{
	size_t bytes = value->kind == VALUE_STRING ? strlen(value->of.string.text) : 0;
	unsigned int shift = bytes < 2 ? 0 : unit_shift(value->of.string.text[bytes - 1]);

	if (shift == 0) {
		bool ok = value_number(evaluator, value, what, out);

		if (!ok && value->kind == VALUE_STRING) {
			diag_help(evaluator->diag, "a size is in bytes, or ends with K, M or G");
		}
		return ok;
	}
	if (!value_number_part(evaluator, value, 0, bytes - 1, what, out)) {
		return false;
	}
	if (*out > UINT64_MAX >> (shift + 1)) {
		diag_error(evaluator->diag, value->place, "%s does not fit 63 bits", what);
		return false;
	}
	*out <<= shift;
	return true;
}

bool value_bool(struct evaluator *evaluator, const struct value *value, const char *what, bool *out)
{
	if (value->kind == VALUE_BOOL) {
		*out = value->of.truth;
		return true;
	}
	if (value->kind == VALUE_NUMBER) {
		*out = value->of.number != 0;
		return true;
	}
	return wrong_kind(evaluator, value, what, "true or false");
}

bool value_string(struct evaluator *evaluator, const struct value *value, const char *what,
                  const char **out)
{
	if (value->kind != VALUE_STRING) {
		return wrong_kind(evaluator, value, what, "a string");
	}
	*out = value->of.string.text;
	return true;
}
