/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evaluation of expressions. The parser bounds the depth of a tree; names that lead to names are
 * bounded here.
 */
#include "topo/language/eval.h"

#include <string.h>

#include "topo/language/lex.h"
#include "topo/language/operators.h"

#define NAME_DEPTH_MAX 32U

static struct value bad(struct place place)
{
	return (struct value){.kind = VALUE_BAD, .place = place};
}

static struct value number_value(struct place place, int64_t number)
{
	return (struct value){.kind = VALUE_NUMBER, .place = place, .of.number = number};
}

static struct value bool_value(struct place place, bool truth)
{
	return (struct value){.kind = VALUE_BOOL, .place = place, .of.truth = truth};
}

const char *value_kind_name(enum value_kind kind)
{
	static const char *const names[] = {
		[VALUE_BAD] = "nothing",        [VALUE_NUMBER] = "a number",
		[VALUE_BOOL] = "true or false", [VALUE_STRING] = "a string",
		[VALUE_LIST] = "a list",        [VALUE_DICT] = "a dict",
		[VALUE_CALL] = "a call",
	};

	return names[kind];
}

static bool truth_of(const struct value *value)
{
	switch (value->kind) {
	case VALUE_NUMBER:
		return value->of.number != 0;
	case VALUE_BOOL:
		return value->of.truth;
	case VALUE_STRING:
		return value->of.string.text[0] != '\0';
	case VALUE_LIST:
	case VALUE_CALL:
		return value->of.list.count != 0;
	case VALUE_DICT:
		return value->of.dict.count != 0;
	case VALUE_BAD:
		break;
	}
	return false;
}

static struct value eval_items(struct evaluator *evaluator, const struct expr *expr,
                               enum value_kind kind)
{
	struct value list = {.kind = kind, .place = expr->place, .function = expr->function.text};
	size_t count = expr->of.list.count;

	list.of.list.items = arena_alloc(evaluator->arena, (count + 1) * sizeof(struct value));
	for (size_t i = 0; i < count; i++) {
		struct value item = eval_expression(evaluator, expr->of.list.items[i]);

		list.of.list.partial = list.of.list.partial || item.kind == VALUE_BAD;
		if (item.kind != VALUE_BAD) {
			list.of.list.items[list.of.list.count++] = item;
		}
	}
	return list;
}

static bool key_is_new(struct evaluator *evaluator, const struct value *dict,
                       const struct name *key)
{
	for (size_t i = 0; i < dict->of.dict.count; i++) {
		const struct name *before = &dict->of.dict.entries[i].key;

		if (strcmp(before->text, key->text) == 0) {
			diag_error(evaluator->diag, key->place, "'%s' is given twice", key->text);
			diag_note(evaluator->diag, before->place, "first given here");
			return false;
		}
	}
	return true;
}

static struct value eval_dict(struct evaluator *evaluator, const struct expr *expr)
{
	struct value dict = {.kind = VALUE_DICT, .place = expr->place};
	size_t count = expr->of.dict.count;

	dict.of.dict.partial = expr->of.dict.partial;
	dict.of.dict.entries =
		arena_alloc(evaluator->arena, (count + 1) * sizeof(struct value_entry));
	for (size_t i = 0; i < count; i++) {
		const struct dict_entry *entry = &expr->of.dict.entries[i];
		struct value value = eval_expression(evaluator, entry->value);

		if (value.kind == VALUE_BAD) {
			dict.of.dict.partial = true;
		} else if (expr->of.dict.partial || key_is_new(evaluator, &dict, &entry->key)) {
			dict.of.dict.entries[dict.of.dict.count++] =
				(struct value_entry){entry->key, value};
		}
	}
	return dict;
}

static struct value eval_unary(struct evaluator *evaluator, const struct expr *expr)
{
	struct value operand = eval_expression(evaluator, expr->of.operation.left);
	int sign = expr->of.operation.sign;
	int64_t result = 0;

	if (operand.kind == VALUE_BAD) {
		return operand;
	}
	if (sign == '!') {
		return bool_value(expr->place, !truth_of(&operand));
	}
	if (operand.kind != VALUE_NUMBER) {
		diag_error(evaluator->diag, expr->place, "%c needs a number, not %s", sign,
		           value_kind_name(operand.kind));
		return bad(expr->place);
	}
	if (sign == '-') {
		/* No number that was written or computed here is the lowest one. */
		if (__builtin_sub_overflow((int64_t)0, operand.of.number, &result)) {
			diag_error(evaluator->diag, expr->place, "the result does not fit 64 bits");
			return bad(expr->place);
		}
		return number_value(expr->place, result);
	}
	return number_value(expr->place, sign == '~' ? ~operand.of.number : operand.of.number);
}

static bool power(int64_t base, int64_t exponent, int64_t *result)
{
	*result = 1;
	if (exponent < 0 || exponent > 64) {
		return base == 1 || (exponent > 0 && base == 0 && (*result = 0) == 0);
	}
	for (int64_t i = 0; i < exponent; i++) {
		if (__builtin_mul_overflow(*result, base, result)) {
			return false;
		}
	}
	return true;
}

static bool shift_left(int64_t a, int64_t b, int64_t *result)
{
	if (b < 0 || b > 62) {
		return false;
	}
	return !__builtin_mul_overflow(a, (int64_t)1 << b, result);
}

static bool shift_right(int64_t a, int64_t b, int64_t *result)
{
	if (b < 0) {
		return false;
	}
	*result = b > 62 ? (a < 0 ? -1 : 0) : a >> b;
	return true;
}

/* a sign b; false when there is no such 64-bit number. */
static bool calculate(int sign, int64_t a, int64_t b, int64_t *result)
{
	switch (sign) {
	case '+':
		return !__builtin_add_overflow(a, b, result);
	case '-':
		return !__builtin_sub_overflow(a, b, result);
	case '*':
		return !__builtin_mul_overflow(a, b, result);
	case PUNCT_POWER:
		return power(a, b, result);
	case PUNCT_SHIFT_LEFT:
		return shift_left(a, b, result);
	case PUNCT_SHIFT_RIGHT:
		return shift_right(a, b, result);
	case '&':
		*result = a & b;
		return true;
	case '|':
		*result = a | b;
		return true;
	case '^':
		*result = a ^ b;
		return true;
	case '/':
	case '%':
		if (b == 0 || (a == INT64_MIN && b == -1)) {
			return false;
		}
		*result = sign == '/' ? a / b : a % b;
		return true;
	default:
		return false;
	}
}

static struct value eval_numbers(struct evaluator *evaluator, const struct expr *expr, int64_t a,
                                 int64_t b)
{
	int sign = expr->of.operation.sign;
	int64_t result = 0;

	if (operator_compares(sign)) {
		return bool_value(expr->place, operator_holds(sign, (a > b) - (a < b)));
	}
	if (!calculate(sign, a, b, &result)) {
		bool divides = (sign == '/' || sign == '%') && b == 0;

		diag_error(evaluator->diag, expr->place, "%s",
		           divides ? "division by zero" : "the result does not fit 64 bits");
		return bad(expr->place);
	}
	return number_value(expr->place, result);
}

static bool may_join(struct evaluator *evaluator, size_t count, size_t bytes)
{
	if (count > EVAL_JOINED_MAX || count * bytes > evaluator->joined_left) {
		return false;
	}
	evaluator->joined_left -= count * bytes;
	return true;
}

static struct value eval_strings(struct evaluator *evaluator, const struct expr *expr,
                                 const char *a, const char *b)
{
	int sign = expr->of.operation.sign;

	if (operator_compares(sign)) {
		return bool_value(expr->place, operator_holds(sign, strcmp(a, b)));
	}
	if (sign != '+') {
		diag_error(evaluator->diag, expr->place, "strings can only be joined by +");
		return bad(expr->place);
	}
	if (!may_join(evaluator, strlen(a) + strlen(b), 1)) {
		diag_error(evaluator->diag, expr->place, "the joined string is too long");
		return bad(expr->place);
	}
	struct value joined = {.kind = VALUE_STRING, .place = expr->place};

	joined.of.string.text = arena_printf(evaluator->arena, "%s%s", a, b);
	return joined;
}

static struct value eval_lists(struct evaluator *evaluator, const struct expr *expr,
                               const struct value *a, const struct value *b)
{
	struct value joined = {.kind = VALUE_LIST, .place = expr->place};
	size_t count = a->of.list.count + b->of.list.count;

	if (expr->of.operation.sign != '+') {
		diag_error(evaluator->diag, expr->place, "lists can only be joined by +");
		return bad(expr->place);
	}
	if (!may_join(evaluator, count, sizeof(struct value))) {
		diag_error(evaluator->diag, expr->place, "the joined list is too long");
		return bad(expr->place);
	}
	joined.of.list.items = arena_alloc(evaluator->arena, (count + 1) * sizeof(struct value));
	joined.of.list.count = count;
	joined.of.list.partial = a->of.list.partial || b->of.list.partial;
	for (size_t i = 0; i < count; i++) {
		bool first = i < a->of.list.count;

		joined.of.list.items[i] =
			first ? a->of.list.items[i] : b->of.list.items[i - a->of.list.count];
	}
	return joined;
}

static bool number_of(const struct value *value, int64_t *number)
{
	if (value->kind == VALUE_BOOL) {
		*number = value->of.truth;
		return true;
	}
	if (value->kind != VALUE_NUMBER) {
		return false;
	}
	*number = value->of.number;
	return true;
}

static struct value eval_logic(struct evaluator *evaluator, const struct expr *expr)
{
	struct value left = eval_expression(evaluator, expr->of.operation.left);

	if (left.kind == VALUE_BAD) {
		return left;
	}
	bool is_and = expr->of.operation.sign == PUNCT_AND;

	if (truth_of(&left) != is_and) {
		return bool_value(expr->place, !is_and);
	}
	struct value right = eval_expression(evaluator, expr->of.operation.right);

	return right.kind == VALUE_BAD ? right : bool_value(expr->place, truth_of(&right));
}

static struct value eval_binary(struct evaluator *evaluator, const struct expr *expr)
{
	int sign = expr->of.operation.sign;
	int64_t a = 0;
	int64_t b = 0;

	if (sign == PUNCT_AND || sign == PUNCT_OR) {
		return eval_logic(evaluator, expr);
	}
	struct value left = eval_expression(evaluator, expr->of.operation.left);
	struct value right = eval_expression(evaluator, expr->of.operation.right);

	if (left.kind == VALUE_BAD || right.kind == VALUE_BAD) {
		return bad(expr->place);
	}
	if (number_of(&left, &a) && number_of(&right, &b)) {
		return eval_numbers(evaluator, expr, a, b);
	}
	if (left.kind == VALUE_STRING && right.kind == VALUE_STRING) {
		return eval_strings(evaluator, expr, left.of.string.text, right.of.string.text);
	}
	if (left.kind == VALUE_LIST && right.kind == VALUE_LIST) {
		return eval_lists(evaluator, expr, &left, &right);
	}
	diag_error(evaluator->diag, expr->place, "this operator cannot join %s and %s",
	           value_kind_name(left.kind), value_kind_name(right.kind));
	return bad(expr->place);
}

static struct value eval_name(struct evaluator *evaluator, const struct expr *expr)
{
	const struct name *object = &expr->of.name.object;
	const struct name *attribute = &expr->of.name.attribute;

	if (attribute->text == NULL && evaluator->lacks_text) {
		return bad(expr->place);
	}
	if (attribute->text == NULL) {
		if (evaluator->string_of != NULL) {
			diag_error(evaluator->diag, expr->place, "%s: '%s' is not a number",
			           evaluator->string_of, object->text);
			diag_help(evaluator->diag, "a macro is put into a string by VAR_STRINGIZE");
		} else {
			diag_error(evaluator->diag, expr->place, "'%s' is not a value",
			           object->text);
			diag_help(evaluator->diag,
			          "a string needs quotes: \"%s\"; a macro must be defined before",
			          object->text);
		}
		return bad(expr->place);
	}
	const struct expr *found = evaluator->find == NULL
	                                   ? NULL
	                                   : evaluator->find(evaluator->context, object, attribute);

	if (found == NULL) {
		/* After another error it may be what could not be read. */
		if (!diag_failed(evaluator->diag)) {
			diag_error(evaluator->diag, expr->place, "%s.%s is not set", object->text,
			           attribute->text);
		}
		return bad(expr->place);
	}
	if (evaluator->depth >= NAME_DEPTH_MAX) {
		diag_error(evaluator->diag, expr->place,
		           "settings refer to each other without end");
		return bad(expr->place);
	}
	evaluator->depth++;
	struct value value = eval_expression(evaluator, found);

	evaluator->depth--;
	return value;
}

/* What a list or dict holds there. What a query of the device tree finds, only the board knows. */
static struct value eval_index(struct evaluator *evaluator, const struct expr *expr)
{
	struct value left = eval_expression(evaluator, expr->of.operation.left);
	struct value index = eval_expression(evaluator, expr->of.operation.right);

	if (left.kind == VALUE_BAD || index.kind == VALUE_BAD) {
		return bad(expr->place);
	}
	if (left.kind == VALUE_LIST && index.kind == VALUE_NUMBER && index.of.number >= 0 &&
	    (uint64_t)index.of.number < left.of.list.count) {
		return left.of.list.items[index.of.number];
	}
	size_t keys =
		left.kind == VALUE_DICT && index.kind == VALUE_STRING ? left.of.dict.count : 0;

	for (size_t i = 0; i < keys; i++) {
		if (strcmp(left.of.dict.entries[i].key.text, index.of.string.text) == 0) {
			return left.of.dict.entries[i].value;
		}
	}
	diag_error(evaluator->diag, expr->place, "%s",
	           left.kind == VALUE_CALL ? "topo cannot look into the device tree of the board"
	                                   : "there is nothing at this index");
	return bad(expr->place);
}

static struct value eval_choice(struct evaluator *evaluator, const struct expr *expr)
{
	struct value condition = eval_expression(evaluator, expr->of.operation.condition);

	if (condition.kind == VALUE_BAD) {
		return condition;
	}
	return eval_expression(evaluator, truth_of(&condition) ? expr->of.operation.left
	                                                       : expr->of.operation.right);
}

struct value eval_expression(struct evaluator *evaluator, const struct expr *expr)
{
	struct value value = {.kind = VALUE_STRING, .place = expr->place};

	/* Only what names lead to can be evaluated more often than it was written. */
	if (evaluator->depth > 0 && evaluator->steps_left > 0 && --evaluator->steps_left == 0) {
		diag_error(evaluator->diag, expr->place,
		           "settings refer to each other without end");
	}
	if (evaluator->steps_left == 0) {
		return bad(expr->place);
	}
	switch (expr->kind) {
	case EXPR_NUMBER:
		return number_value(expr->place, expr->of.number);
	case EXPR_BOOL:
		return bool_value(expr->place, expr->of.truth);
	case EXPR_STRING:
		value.of.string.text = expr->of.string.text;
		value.of.string.exact = expr->of.string.exact;
		return value;
	case EXPR_LIST:
		return eval_items(evaluator, expr, VALUE_LIST);
	case EXPR_CALL:
		return eval_items(evaluator, expr, VALUE_CALL);
	case EXPR_DICT:
		return eval_dict(evaluator, expr);
	case EXPR_UNARY:
		return eval_unary(evaluator, expr);
	case EXPR_BINARY:
		return eval_binary(evaluator, expr);
	case EXPR_CHOICE:
		return eval_choice(evaluator, expr);
	case EXPR_NAME:
		return eval_name(evaluator, expr);
	case EXPR_INDEX:
		return eval_index(evaluator, expr);
	case EXPR_BAD:
		break;
	}
	return bad(expr->place);
}
