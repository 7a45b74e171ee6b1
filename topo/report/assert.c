/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading assertions: recursive descent, bounded in depth, over
 *
 *   or:      and { ("||" | "or") and }
 *   and:     not { ("&&" | "and") not }
 *   not:     ("!" | "not") not | compare
 *   compare: sum [ ("==" | "!=" | "<=" | ">=" | "<" | ">") sum ]
 *   sum:     product { "+" product }
 *   product: primary { "*" primary }
 *   primary: NUMBER [unit] | never | true | false | FUNCTION "(" arguments ")" | "(" or ")"
 *
 * into a tree whose types are checked as it grows.
 */
#include "topo/report/assert.h"

#include <ctype.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/analysis/parts.h"
#include "topo/base/suggest.h"
#include "topo/base/units.h"

#define DEPTH_MAX 64U
#define TERMS_MAX 4096U
#define NUMBER_MAX (UINT64_MAX >> 32) /* before its unit */
struct reader {
	const struct analysis *analysis;
	const char *text;
	size_t at;
	size_t depth;
	size_t term_count;
	bool asks_outside;
	struct assertion_error *error; /* message NULL = none yet */
};

static struct term *read_or(struct reader *reader);

/* Only the first complaint counts. Returns NULL, for the caller to hand on. */
static void *complain(struct reader *reader, size_t at, const char *message, const char *help)
{
	if (reader->error->message == NULL) {
		*reader->error = (struct assertion_error){at, message, help};
	}
	return NULL;
}

static void skip_blanks(struct reader *reader)
{
	while (isspace((unsigned char)reader->text[reader->at])) {
		reader->at++;
	}
}

static size_t word_length(const char *text)
{
	size_t length = 0;

	while (isalnum((unsigned char)text[length]) || text[length] == '_') {
		length++;
	}
	return length;
}

/* Take @token, a sign or a word, if it comes next. */
static bool take(struct reader *reader, const char *token)
{
	skip_blanks(reader);
	const char *here = reader->text + reader->at;
	size_t length = strlen(token);

	if (strncmp(here, token, length) != 0 ||
	    (isalpha((unsigned char)token[0]) && word_length(here) != length)) {
		return false;
	}
	reader->at += length;
	return true;
}

static struct term *new_term(struct reader *reader, enum term_kind kind, enum value_type type,
                             size_t at)
{
	struct term *term = arena_alloc(reader->analysis->arena, sizeof(*term));

	*term = (struct term){.kind = kind, .type = type, .at = at};
	if (++reader->term_count > TERMS_MAX) {
		complain(reader, at, "this expression is too long", NULL);
	}
	return term;
}

/* Whether @operand is of the type that is needed; a complaint if not. */
static bool suits(struct reader *reader, const struct term *operand, enum value_type type)
{
	if (operand->type == type) {
		return true;
	}
	if (type == VALUE_NUMBER) {
		complain(reader, operand->at, "a number is needed here", NULL);
	} else {
		complain(reader, operand->at, "something true or false is needed here",
		         "compare numbers by == != < <= > >=");
	}
	return false;
}

/* "B", "K" or "KiB" and the like, if that is the next word. */
static void take_unit(struct reader *reader, struct term *term)
{
	skip_blanks(reader);
	const char *word = reader->text + reader->at;
	size_t length = word_length(word);
	unsigned int shift = isupper((unsigned char)word[0]) ? unit_shift(word[0]) : 0;

	if ((length == 1 && (shift != 0 || word[0] == 'B')) ||
	    (length == 3 && shift != 0 && strncmp(word + 1, "iB", 2) == 0)) {
		term->value <<= shift;
		reader->at += length;
	}
}

static struct term *read_number(struct reader *reader)
{
	struct term *term = new_term(reader, TERM_VALUE, VALUE_NUMBER, reader->at);

	while (isdigit((unsigned char)reader->text[reader->at])) {
		term->value = term->value * 10 + (uint64_t)(reader->text[reader->at++] - '0');
		if (term->value > NUMBER_MAX) {
			return complain(reader, term->at, "this number is too large", NULL);
		}
	}
	take_unit(reader, term);
	return term;
}

/* A word, or any text in quotes; NULL after a complaint. */
static const char *read_name(struct reader *reader)
{
	skip_blanks(reader);
	const char *here = reader->text + reader->at;

	if (here[0] == '"' || here[0] == '\'') {
		const char *end = strchr(here + 1, here[0]);

		if (end == NULL) {
			return complain(reader, reader->at, "this quote is not closed", NULL);
		}
		reader->at += (size_t)(end - here) + 1;
		return arena_copy(reader->analysis->arena, here + 1, (size_t)(end - here) - 1);
	}
	size_t length = word_length(here);

	if (length == 0) {
		return complain(reader, reader->at, "a name is needed here",
		                "a name that is no word goes in quotes");
	}
	reader->at += length;
	return arena_copy(reader->analysis->arena, here, length);
}

/* "did you mean …?", or @otherwise. */
static const char *suggestion(struct reader *reader, const struct suggest *suggest,
                              const char *otherwise)
{
	return suggest->best == NULL
	               ? otherwise
	               : arena_printf(reader->analysis->arena, "did you mean '%s'?", suggest->best);
}

static uint32_t find_vm(struct reader *reader, size_t at, const char *name)
{
	const struct model *model = reader->analysis->model;
	struct suggest suggest = suggest_start(name);

	for (uint32_t vm = 0; vm < model->vm_count; vm++) {
		const struct vm *row = &model->vms[vm];

		if (strcmp(row->name, name) == 0 || strcmp(row->suffix, name) == 0 ||
		    strcmp(row->instance, name) == 0) {
			return vm;
		}
		suggest_consider(&suggest, row->name);
		suggest_consider(&suggest, row->suffix);
	}
	complain(reader, at, arena_printf(reader->analysis->arena, "there is no VM '%s'", name),
	         suggestion(reader, &suggest, NULL));
	return 0;
}

/* Whether some VM or kind of hardware is called so; a complaint if not. */
static void know_hardware(struct reader *reader, size_t at, const char *name)
{
	const struct analysis *analysis = reader->analysis;
	struct suggest suggest = suggest_start(name);

	for (unsigned kind = 0; kind < HARDWARE_KIND_COUNT; kind++) {
		if (hardware_kind_is_named((enum hardware_kind)kind, name)) {
			return;
		}
		suggest_consider(&suggest, hardware_kind_name((enum hardware_kind)kind));
	}
	for (uint32_t vm = 0; vm < analysis->graph->vm_count; vm++) {
		const struct hardware *hardware = &analysis->vms[vm].hardware;

		for (size_t i = 0; i < hardware->count; i++) {
			const char *unit = hardware->units[i].name;

			if (hardware_is_named(&hardware->units[i], name)) {
				return;
			}
			suggest_consider(&suggest, unit);
			if (hardware->units[i].alias != NULL) {
				suggest_consider(&suggest, hardware->units[i].alias);
			}
			suggest_consider(&suggest,
			                 arena_copy(analysis->arena, unit, strcspn(unit, "@")));
		}
	}
	complain(reader, at,
	         arena_printf(analysis->arena, "no VM has hardware that is called '%s'", name),
	         suggestion(reader, &suggest,
	                    "a device of the topology, or nic, storage, gpu, usb, serial, other"));
}

static void read_argument(struct reader *reader, const struct fact *fact, struct fact_call *call)
{
	skip_blanks(reader);
	size_t at = reader->at;
	const char *name = read_name(reader);

	if (name == NULL) {
		return;
	}
	if (call->argument_count >= fact->most) {
		complain(reader, at, "this is one argument too many", fact->usage);
	} else if (call->argument_count == fact->text_at) {
		call->text = name;
		know_hardware(reader, at, name);
	} else {
		call->vms[call->argument_count] = find_vm(reader, at, name);
	}
	call->argument_count++;
}

static struct term *read_call(struct reader *reader, const struct fact *fact, size_t at)
{
	struct term *term = new_term(reader, TERM_CALL, fact->type, at);

	term->fact = fact;
	reader->asks_outside |= fact->asks_outside;
	if (!take(reader, "(")) {
		return complain(reader, reader->at, "'(' is needed here", fact->usage);
	}
	do {
		read_argument(reader, fact, &term->call);
	} while (reader->error->message == NULL && take(reader, ","));
	if (!take(reader, ")")) {
		return complain(reader, reader->at, "',' or ')' is needed here", fact->usage);
	}
	if (term->call.argument_count < fact->least) {
		return complain(reader, at, "an argument is missing", fact->usage);
	}
	return term;
}

/* A constant or a call. */
static struct term *read_word(struct reader *reader)
{
	static const struct {
		const char *word;
		enum value_type type;
		uint64_t value;
	} constants[] = {
		{"never", VALUE_NUMBER, VALUE_NEVER},
		{"true", VALUE_TRUTH, 1},
		{"false", VALUE_TRUTH, 0},
	};
	size_t fact_count = 0;
	const struct fact *facts = fact_table(&fact_count);
	size_t at = reader->at;
	const char *word = read_name(reader);
	struct suggest suggest = suggest_start(word);

	for (size_t i = 0; i < ARRAY_COUNT(constants); i++) {
		if (strcmp(constants[i].word, word) == 0) {
			struct term *term = new_term(reader, TERM_VALUE, constants[i].type, at);

			term->value = constants[i].value;
			return term;
		}
	}
	for (size_t i = 0; i < fact_count; i++) {
		if (strcmp(facts[i].name, word) == 0) {
			return read_call(reader, &facts[i], at);
		}
		suggest_consider(&suggest, facts[i].name);
	}
	return complain(reader, at,
	                arena_printf(reader->analysis->arena, "there is no function '%s'", word),
	                suggestion(reader, &suggest,
	                           "compromises, reach, path, exposure, hardware, stops, cut"));
}

static struct term *read_primary(struct reader *reader)
{
	skip_blanks(reader);
	size_t at = reader->at;
	char next = reader->text[at];

	if (take(reader, "(")) {
		struct term *term = read_or(reader);

		if (term != NULL && !take(reader, ")")) {
			return complain(reader, reader->at, "')' is needed here", NULL);
		}
		return term;
	}
	if (isdigit((unsigned char)next)) {
		return read_number(reader);
	}
	if (isalpha((unsigned char)next)) {
		return read_word(reader);
	}
	return complain(reader, at,
	                next == '\0' ? "the expression ends too early"
	                             : "a number or a function is needed here",
	                NULL);
}

/* Operators of one precedence that join two operands of a type into one of the same type. */
struct level {
	const char *signs[2]; /* either of them */
	enum term_kind kind;
	enum value_type type;
	struct term *(*below)(struct reader *reader);
};

/* @left and @right joined by an operator at @at; NULL when one is missing or of another type. */
static struct term *join(struct reader *reader, const struct level *level, size_t at,
                         struct term *left, struct term *right)
{
	if (left == NULL || right == NULL || !suits(reader, left, level->type) ||
	    !suits(reader, right, level->type)) {
		return NULL;
	}
	struct term *term = new_term(reader, level->kind, level->type, at);

	term->left = left;
	term->right = right;
	return term;
}

static struct term *read_level(struct reader *reader, const struct level *level)
{
	struct term *left = level->below(reader);

	while (left != NULL && reader->error->message == NULL) {
		skip_blanks(reader);
		size_t at = reader->at;

		if (!take(reader, level->signs[0]) && !take(reader, level->signs[1])) {
			return left;
		}
		left = join(reader, level, at, left, level->below(reader));
	}
	return NULL;
}

static struct term *read_product(struct reader *reader)
{
	static const struct level level = {{"*", "*"}, TERM_TIMES, VALUE_NUMBER, read_primary};

	return read_level(reader, &level);
}

static struct term *read_sum(struct reader *reader)
{
	static const struct level level = {{"+", "+"}, TERM_ADD, VALUE_NUMBER, read_product};

	return read_level(reader, &level);
}

static struct term *read_compare(struct reader *reader)
{
	static const struct {
		const char *sign;
		unsigned comparison;
		bool truths; /* it compares truths too */
	} signs[] = {
		{"==", EQUAL, true},         {"!=", LESS | GREATER, true},
		{"<=", LESS | EQUAL, false}, {">=", GREATER | EQUAL, false},
		{"<", LESS, false},          {">", GREATER, false},
	};
	struct term *left = read_sum(reader);

	for (size_t i = 0; left != NULL && i < ARRAY_COUNT(signs); i++) {
		size_t at = reader->at;

		if (!take(reader, signs[i].sign)) {
			continue;
		}
		struct term *right = read_sum(reader);
		enum value_type type = signs[i].truths ? left->type : VALUE_NUMBER;

		if (right == NULL || !suits(reader, left, type) || !suits(reader, right, type)) {
			return NULL;
		}
		struct term *term = new_term(reader, TERM_COMPARE, VALUE_TRUTH, at);

		term->comparison = signs[i].comparison;
		term->left = left;
		term->right = right;
		return term;
	}
	skip_blanks(reader);
	if (left != NULL && reader->text[reader->at] == '=') {
		return complain(reader, reader->at, "'=' does not compare", "use ==");
	}
	return left;
}

static struct term *read_not(struct reader *reader)
{
	skip_blanks(reader);
	size_t at = reader->at;

	if (!take(reader, "!") && !take(reader, "not")) {
		return read_compare(reader);
	}
	if (reader->depth >= DEPTH_MAX) {
		return complain(reader, at, "this is nested too deeply", NULL);
	}
	reader->depth++;
	struct term *inner = read_not(reader);

	reader->depth--;
	if (inner == NULL || !suits(reader, inner, VALUE_TRUTH)) {
		return NULL;
	}
	struct term *term = new_term(reader, TERM_NOT, VALUE_TRUTH, at);

	term->left = inner;
	return term;
}

static struct term *read_and(struct reader *reader)
{
	static const struct level level = {{"&&", "and"}, TERM_AND, VALUE_TRUTH, read_not};

	return read_level(reader, &level);
}

static struct term *read_or(struct reader *reader)
{
	static const struct level level = {{"||", "or"}, TERM_OR, VALUE_TRUTH, read_and};

	if (reader->depth >= DEPTH_MAX) {
		return complain(reader, reader->at, "this is nested too deeply", NULL);
	}
	reader->depth++;
	struct term *term = read_level(reader, &level);

	reader->depth--;
	return term;
}

bool assertion_check(const struct analysis *analysis, const char *expression,
                     struct assertion *assertion, struct assertion_error *error)
{
	struct reader reader = {.analysis = analysis, .text = expression, .error = error};

	*error = (struct assertion_error){0, NULL, NULL};
	*assertion = (struct assertion){.expression = expression};
	struct term *root = read_or(&reader);

	skip_blanks(&reader);
	if (root != NULL && expression[reader.at] != '\0') {
		complain(&reader, reader.at, "the expression should end here",
		         "join two by && or ||");
	} else if (root != NULL && root->type != VALUE_TRUTH) {
		complain(&reader, root->at, "an assertion is true or false, this is a number",
		         "compare it by == != < <= > >=");
	}
	if (root == NULL || error->message != NULL) {
		return false;
	}
	assertion->holds = term_evaluate(analysis, root) != 0;
	assertion->asks_outside = reader.asks_outside;
	if (!assertion->holds) {
		term_explain(analysis, root, assertion);
	}
	return true;
}
