/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * component { … }: interfaces and attributes. What CAmkES generates from the rest has no
 * counterpart in a VM, so control, semaphores and the like are read and left.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/language/parse_internal.h"

/* uses TYPE name; dataport Buf(4096) name; */
static void parse_interface(struct parser *parser, struct ast_component *component,
                            enum interface_kind kind)
{
	struct ast_interface interface = {.kind = kind};

	parser_advance(parser);
	interface.type = parser_name(parser, "the type of the interface");
	if (interface.type.text != NULL && parser_take(parser, '(')) {
		parse_expression(parser);
		parser_need(parser, ')', "')' behind the size");
	}
	if (interface.type.text != NULL) {
		interface.name = parser_name(parser, "the name of the interface");
	}
	if (interface.name.text == NULL) {
		parser_recover(parser);
		return;
	}
	*ARENA_ADD(parser->arena, component->interfaces, component->interface_count) = interface;
	if (!parser_end(parser, "this interface")) {
		parser_recover(parser);
	}
}

/* The words of a type; the last of them is the attribute's name. */
static void parse_attribute_words(struct parser *parser, struct ast_attribute *attribute)
{
	attribute->name = parser_name(parser, "the type of the attribute");
	while (parser->token.kind == TOKEN_IDENTIFIER) {
		attribute->type = attribute->name;
		attribute->name = parser_name(parser, "the name of the attribute");
	}
	if (attribute->name.text != NULL && attribute->type.text == NULL) {
		parser_expected(parser, "the name of the attribute");
		attribute->name.text = NULL;
	}
}

/* attribute TYPE name = value; attribute { … } name[] = []; */
static void parse_attribute(struct parser *parser, struct ast_component *component)
{
	struct ast_attribute attribute = {.list = false};

	parser_advance(parser);
	if (parser_pass_block(parser)) {
		attribute.name = parser_name(parser, "the name of the attribute");
	} else {
		parse_attribute_words(parser, &attribute);
	}
	if (attribute.name.text == NULL) {
		parser_recover(parser);
		return;
	}
	if (parser_take(parser, '[')) {
		attribute.list = true;
		if (parser->token.kind == TOKEN_NUMBER) {
			parser_advance(parser);
		}
		parser_need(parser, ']', "']'");
	}
	if (parser_take(parser, '=')) {
		attribute.value = parse_expression(parser);
	}
	*ARENA_ADD(parser->arena, component->attributes, component->attribute_count) = attribute;
	if (!parser_end(parser, "this attribute")) {
		parser_recover(parser);
	}
}

/* has mutex name; has semaphore name; */
static void parse_has(struct parser *parser, struct ast_component *component)
{
	(void)component;
	parser_advance(parser);
	parser_name(parser, "'mutex' or 'semaphore'");
	parser_name(parser, "a name");
	if (!parser_end(parser, "this")) {
		parser_recover(parser);
	}
}

/* control; and other words that stand alone. */
static void parse_control(struct parser *parser, struct ast_component *component)
{
	(void)component;
	parser_advance(parser);
	if (!parser_end(parser, "this")) {
		parser_recover(parser);
	}
}

static void parse_hardware(struct parser *parser, struct ast_component *component)
{
	component->hardware = true;
	parse_control(parser, component);
}

/* include "x.h"; for the C code that CAmkES generates. */
static void parse_c_include(struct parser *parser, struct ast_component *component)
{
	(void)component;
	parser_advance(parser);
	if (parser_file(parser).path.text == NULL || !parser_end(parser, "this include")) {
		parser_recover(parser);
	}
}

static void parse_inner_composition(struct parser *parser, struct ast_component *component)
{
	parse_composition(parser, &component->inner);
}

static void parse_inner_configuration(struct parser *parser, struct ast_component *component)
{
	parse_configuration(parser, &component->inner);
}

static void parse_uses(struct parser *parser, struct ast_component *component)
{
	parse_interface(parser, component, INTERFACE_USES);
}

static void parse_provides(struct parser *parser, struct ast_component *component)
{
	parse_interface(parser, component, INTERFACE_PROVIDES);
}

static void parse_emits(struct parser *parser, struct ast_component *component)
{
	parse_interface(parser, component, INTERFACE_EMITS);
}

static void parse_consumes(struct parser *parser, struct ast_component *component)
{
	parse_interface(parser, component, INTERFACE_CONSUMES);
}

static void parse_dataport(struct parser *parser, struct ast_component *component)
{
	parse_interface(parser, component, INTERFACE_DATAPORT);
}

static const struct {
	const char *word;
	void (*parse)(struct parser *parser, struct ast_component *component);
} items[] = {
	{"control", parse_control},
	{"hardware", parse_hardware},
	{"uses", parse_uses},
	{"provides", parse_provides},
	{"emits", parse_emits},
	{"consumes", parse_consumes},
	{"dataport", parse_dataport},
	{"attribute", parse_attribute},
	{"has", parse_has},
	{"include", parse_c_include},
	{"composition", parse_inner_composition},
	{"configuration", parse_inner_configuration},
};

#define ITEM_COUNT (ARRAY_COUNT(items))

static void unknown_item(struct parser *parser)
{
	struct token word = parser->token;

	if (word.kind != TOKEN_IDENTIFIER) {
		parser_expected(parser, "an interface, an attribute or '}'");
		if (parser_at(parser, '{') && parser_skip_double(parser)) {
			return;
		}
		if (!parser_skip_block(parser)) {
			parser_advance(parser);
		}
		parser_recover(parser);
		return;
	}
	const char *text = arena_copy(parser->arena, word.text, word.bytes);
	struct suggest suggest = suggest_start(text);

	parser_advance(parser);
	if (parser_at(parser, '(')) {
		parser_unknown_macro(parser, &word);
		return;
	}
	parser_error(parser, word.place, "expected an interface, an attribute or '}', not '%s'",
	             text);
	parser_note_macro(parser, &word);
	for (size_t i = 0; i < ITEM_COUNT; i++) {
		suggest_consider(&suggest, items[i].word);
	}
	parser_suggest(parser, &suggest);
	parser_recover(parser);
}

static void parse_item(struct parser *parser, struct ast_component *component)
{
	parser_take_word(parser, "maybe");
	for (size_t i = 0; i < ITEM_COUNT; i++) {
		if (parser_at_word(parser, items[i].word)) {
			items[i].parse(parser, component);
			return;
		}
	}
	unknown_item(parser);
}

/* Whether a word is at hand that stands only outside of a component. */
static bool begins_outside(const struct parser *parser)
{
	static const char *const words[] = {"component", "assembly",  "import",
	                                    "connector", "procedure", "connection"};

	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		if (parser_at_word(parser, words[i])) {
			return true;
		}
	}
	return false;
}

struct ast_component *parse_component_body(struct parser *parser, struct name name)
{
	struct token open = parser->token;

	if (parser->depth >= PARSE_DEPTH_MAX) {
		parser_expected(parser, "no more than that many blocks in each other");
		return NULL;
	}
	if (parser_at(parser, ';') || parser_at(parser, '}')) {
		parser_expected(parser, "'{' and the component's interfaces");
		return NULL;
	}
	parser_need(parser, '{', "'{' and the component's interfaces");
	struct ast_component *component = arena_alloc(parser->arena, sizeof(*component));

	component->name = name;
	component->shipped = open.shipped;
	parser->depth++;
	while (!parser_at(parser, '}') && !begins_outside(parser) &&
	       parser->token.kind != TOKEN_END) {
		if (!parser_take(parser, ';')) {
			parse_item(parser, component);
		}
	}
	parser->depth--;
	if (!parser_take(parser, '}')) {
		parser_expected(parser, "'}' at the end of the component");
		diag_note(parser->diag, open.place, "the component begins here");
	}
	return component;
}
