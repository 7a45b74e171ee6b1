/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * composition and configuration: instances, connections, settings.
 */
#include <string.h>

#include "topo/base/suggest.h"
#include "topo/language/parse_internal.h"

static void add_instance(struct parser *parser, struct ast_assembly *assembly,
                         const struct ast_instance *instance)
{
	*ARENA_ADD(parser->arena, assembly->instances, assembly->instance_count) = *instance;
}

/* component TYPE name, name; or component { … } name; */
static void parse_instance(struct parser *parser, struct ast_assembly *assembly)
{
	struct ast_instance instance = {.inline_type = NULL};

	parser_advance(parser);
	if (parser_at(parser, '{')) {
		struct name name = {"(inline)", parser->token.place};

		instance.type = name;
		instance.inline_type = parse_component_body(parser, name);
	} else {
		instance.type = parser_name(parser, "the type of the component");
	}
	if (instance.type.text == NULL) {
		parser_recover(parser);
		return;
	}
	do {
		instance.name = parser_name(parser, "the name of the instance");
		if (instance.name.text == NULL) {
			parser_recover(parser);
			return;
		}
		add_instance(parser, assembly, &instance);
	} while (parser_take(parser, ','));
	parser_end(parser, "this component");
}

/* instance.interface, or group.instance.interface, or interface alone inside a component. */
static bool parse_end(struct parser *parser, struct ast_end *end)
{
	end->from = parser_at_word(parser, "from");
	if (!parser_take_word(parser, "from") && !parser_take_word(parser, "to")) {
		parser_expected(parser, "'from' or 'to'");
		return false;
	}
	end->interface = parser_name(parser, "an instance");
	while (end->interface.text != NULL && parser_take(parser, '.')) {
		end->instance = end->interface;
		end->interface = parser_name(parser, "an interface");
	}
	return end->interface.text != NULL;
}

/* from a.x, from b.y, to c.z) */
static bool parse_ends(struct parser *parser, struct ast_connection *connection)
{
	do {
		struct ast_end end = {.from = false};

		if (!parse_end(parser, &end)) {
			return false;
		}
		*ARENA_ADD(parser->arena, connection->ends, connection->end_count) = end;
	} while (parser_take(parser, ','));
	if (!parser_take(parser, ')')) {
		parser_expected(parser, "',' or ')'");
		return false;
	}
	return true;
}

void parse_connection(struct parser *parser, struct ast_assembly *assembly)
{
	struct ast_connection connection = {.ends = NULL};

	parser_advance(parser);
	connection.connector = parser_name(parser, "the connector");
	if (connection.connector.text != NULL) {
		connection.name = parser_name(parser, "the name of the connection");
	}
	if (connection.name.text == NULL) {
		parser_recover(parser);
		return;
	}
	if (!parser_take(parser, '(')) {
		parser_expected(parser, "'(' and the ends of the connection");
		parser_recover(parser);
		return;
	}
	if (!parse_ends(parser, &connection)) {
		parser_recover(parser);
		return;
	}
	*ARENA_ADD(parser->arena, assembly->connections, assembly->connection_count) = connection;
	parser_end(parser, "this connection");
}

/* group NAME { component … } */
static void parse_group(struct parser *parser, struct ast_assembly *assembly)
{
	struct token word = parser->token;

	parser_advance(parser);
	parser_no_meaning(parser, &word, "that these components share a group");
	parser_name(parser, "the name of the group");
	if (!parser_take(parser, '{')) {
		parser_expected(parser, "'{'");
		parser_recover(parser);
		return;
	}
	while (parser_at_word(parser, "component")) {
		parse_instance(parser, assembly);
	}
	if (!parser_take(parser, '}')) {
		parser_expected(parser, "'component' or '}'");
		parser_recover(parser);
		parser_take(parser, '}');
	}
	parser_take(parser, ';');
}

static void parse_export(struct parser *parser)
{
	struct token word = parser->token;

	parser_no_meaning(parser, &word, "'export'");
	parser_recover(parser);
}

/* A setting where none may stand, or an unknown word. */
static void parse_other_statement(struct parser *parser, struct ast_assembly *assembly)
{
	static const char *const words[] = {"component", "connection", "group", "export"};
	struct token word = parser->token;

	if (word.kind != TOKEN_IDENTIFIER) {
		parser_expected(parser, "'component', 'connection' or '}'");
		if (!parser_skip_block(parser)) {
			parser_advance(parser);
		}
		parser_recover(parser);
		return;
	}
	/* topo's own macros say there what a connection is like. */
	if (word.shipped) {
		parse_setting(parser, assembly);
		return;
	}
	const char *text = arena_copy(parser->arena, word.text, word.bytes);
	struct suggest suggest = suggest_start(text);

	parser_advance(parser);
	if (parser_at(parser, '(')) {
		parser_unknown_macro(parser, &word);
		return;
	}
	parser_error(parser, word.place, "expected 'component', 'connection' or '}', not '%s'",
	             text);
	parser_note_macro(parser, &word);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		suggest_consider(&suggest, words[i]);
	}
	if (suggest.best != NULL) {
		diag_help(parser->diag, "did you mean '%s'?", suggest.best);
	} else if (parser_at(parser, '.')) {
		diag_help(parser->diag, "settings stand in configuration { }");
	}
	parser_recover(parser);
}

static void parse_composition_block(struct parser *parser, struct ast_assembly *assembly)
{
	while (!parser_at(parser, '}') && parser->token.kind != TOKEN_END) {
		if (parser_at_word(parser, "component")) {
			parse_instance(parser, assembly);
		} else if (parser_at_word(parser, "connection")) {
			parse_connection(parser, assembly);
		} else if (parser_at_word(parser, "group")) {
			parse_group(parser, assembly);
		} else if (parser_at_word(parser, "export")) {
			parse_export(parser);
		} else if (parser_at_word(parser, "configuration") ||
		           parser_at_word(parser, "assembly")) {
			return;
		} else if (!parser_take(parser, ';')) {
			parse_other_statement(parser, assembly);
		}
	}
}

/* { or the message that it is missing. */
static bool open_block(struct parser *parser, const char *what)
{
	if (parser->token.kind == TOKEN_IDENTIFIER) {
		parser_advance(parser);
	}
	if (parser_take(parser, '{')) {
		return true;
	}
	parser_expected(parser, what);
	parser_recover(parser);
	return false;
}

static void close_block(struct parser *parser, const struct token *word)
{
	if (!parser_take(parser, '}')) {
		parser_expected(parser, "'}'");
		diag_note(parser->diag, word->place, "to end this block");
	}
	parser_take(parser, ';');
}

void parse_composition(struct parser *parser, struct ast_assembly *assembly)
{
	struct token word = parser->token;

	parser_advance(parser);
	if (open_block(parser, "'{' behind 'composition'")) {
		parse_composition_block(parser, assembly);
		close_block(parser, &word);
	}
}

/* The names before = : the last is the attribute, the one before it the object. */
static bool parse_target(struct parser *parser, struct ast_setting *setting)
{
	setting->attribute = parser_name(parser, "a setting: instance.attribute = value;");
	if (setting->attribute.text == NULL) {
		return false;
	}
	if (parser_at(parser, '(')) {
		return false;
	}
	if (!parser_at(parser, '.')) {
		parser_expected(parser, "'.' and an attribute behind the instance");
		return false;
	}
	while (parser_take(parser, '.')) {
		setting->object = setting->attribute;
		setting->attribute = parser_name(parser, "an attribute");
		if (setting->attribute.text == NULL) {
			return false;
		}
	}
	return true;
}

void parse_setting(struct parser *parser, struct ast_assembly *assembly)
{
	struct token first = parser->token;
	struct ast_setting setting = {.weak = first.shipped};

	if (!parse_target(parser, &setting)) {
		if (setting.attribute.text != NULL && parser_at(parser, '(')) {
			parser_unknown_macro(parser, &first);
			return;
		}
		parser_recover(parser);
		return;
	}
	if (!parser_take(parser, '=') && !parser_take(parser, PUNCT_ARROW_LEFT)) {
		parser_expected(parser, "'='");
		parser_recover(parser);
		return;
	}
	setting.value = parse_expression(parser);
	if (setting.value == NULL) {
		parser_recover(parser);
		return;
	}
	*ARENA_ADD(parser->arena, assembly->settings, assembly->setting_count) = setting;
	parser_end(parser, "this setting");
}

static void parse_configuration_block(struct parser *parser, struct ast_assembly *assembly)
{
	while (!parser_at(parser, '}') && parser->token.kind != TOKEN_END) {
		if (parser_at_word(parser, "composition") || parser_at_word(parser, "assembly")) {
			return;
		}
		if (parser_at_word(parser, "component") || parser_at_word(parser, "connection")) {
			parser_error(parser, parser->token.place,
			             "'%.*s' stands in composition { }", (int)parser->token.bytes,
			             parser->token.text);
			parser_advance(parser);
			parser_recover(parser);
		} else if (parser->token.kind == TOKEN_IDENTIFIER) {
			parse_setting(parser, assembly);
		} else if (!parser_take(parser, ';')) {
			parser_expected(parser, "a setting: instance.attribute = value;");
			if (!parser_skip_block(parser)) {
				parser_advance(parser);
			}
			parser_recover(parser);
		}
	}
}

void parse_configuration(struct parser *parser, struct ast_assembly *assembly)
{
	struct token word = parser->token;

	parser_advance(parser);
	if (open_block(parser, "'{' behind 'configuration'")) {
		parse_configuration_block(parser, assembly);
		close_block(parser, &word);
	}
}
