/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * composition and configuration: instances, connections, settings.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/language/parse_internal.h"

static void add_instance(struct parser *parser, struct ast_assembly *assembly,
                         const struct ast_instance *instance)
{
	*ARENA_ADD(parser->arena, assembly->instances, assembly->instance_count) = *instance;
}

/* The names of instances, up to the ;. The type is known. */
static void parse_instance_names(struct parser *parser, struct ast_assembly *assembly,
                                 struct ast_instance *instance)
{
	do {
		instance->name = parser_name(parser, "the name of the instance");
		if (instance->name.text == NULL) {
			parser_recover(parser);
			return;
		}
		/* What stands before another word is not the name. */
		if (parser->token.kind != TOKEN_IDENTIFIER || parser->token.line_start ||
		    parser->token.macro != NULL || parser_at_statement(parser)) {
			add_instance(parser, assembly, instance);
		}
	} while (parser_take(parser, ','));
	if (!parser_end(parser, "this component")) {
		parser_recover(parser);
	}
}

/* component TYPE name, name; or component { … } name; */
static void parse_instance(struct parser *parser, struct ast_assembly *assembly)
{
	struct ast_instance instance = {.inline_type = NULL};

	parser_advance(parser);
	if (parser_at_word(parser, "component") && !parser_ahead(parser, ';')) {
		parser_expected(parser, "the type of the component");
		parser_advance(parser);
	}
	if (parser_at(parser, '{')) {
		struct name name = {"(inline)", parser->token.place};

		instance.type = name;
		instance.inline_type = parse_component_body(parser, name);
	} else if (parser->token.kind == TOKEN_IDENTIFIER && parser_ahead(parser, ';')) {
		/* Which of the two is missing? */
		parser_error(parser, parser->token.place,
		             "a component has a type and a name, here is only '%.*s'",
		             (int)parser->token.bytes, parser->token.text);
		diag_help(parser->diag, "a VM is declared as: component VM vm_NAME;");
		parser_recover(parser);
		return;
	} else {
		instance.type = parser_name(parser, "the type of the component");
	}
	if (instance.type.text == NULL) {
		parser_recover(parser);
		return;
	}
	parse_instance_names(parser, assembly, &instance);
}

/* instance.interface, or group.instance.interface, or interface alone inside a component. */
static bool parse_reference(struct parser *parser, struct name *instance, struct name *interface)
{
	*interface = parser_name(parser, "an instance");
	while (interface->text != NULL && parser_take(parser, '.')) {
		*instance = *interface;
		*interface = parser_name(parser, "an interface");
	}
	return interface->text != NULL;
}

static bool parse_end(struct parser *parser, struct ast_end *end)
{
	end->from = parser_at_word(parser, "from");
	while (!parser_take_word(parser, "from") && !parser_take_word(parser, "to")) {
		parser_expected(parser, "'from' or 'to'");
		if (!parser_skip_double(parser)) {
			return false;
		}
		end->from = parser_at_word(parser, "from");
	}
	return parse_reference(parser, &end->instance, &end->interface);
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
	parser_need(parser, '(', "'(' and the ends of the connection");
	if (!parse_ends(parser, &connection)) {
		parser_recover(parser);
		return;
	}
	*ARENA_ADD(parser->arena, assembly->connections, assembly->connection_count) = connection;
	if (!parser_end(parser, "this connection")) {
		parser_recover(parser);
	}
}

/* group NAME { component … } */
static void parse_group(struct parser *parser, struct ast_assembly *assembly)
{
	struct token word = parser->token;

	parser_advance(parser);
	parser_no_meaning(parser, &word, "that these components share a group");
	if (!parser_at(parser, '{')) {
		parser_name(parser, "the name of the group");
	}
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

/* export instance.interface -> interface; */
static void parse_export(struct parser *parser)
{
	struct token word = parser->token;
	struct name instance;
	struct name interface;

	parser_no_meaning(parser, &word, "'export'");
	parser_advance(parser);
	bool read = parse_reference(parser, &instance, &interface);

	if (read) {
		parser_need(parser, PUNCT_ARROW_RIGHT, "'->' and the name outside");
		read = parser_name(parser, "an interface").text != NULL &&
		       parser_end(parser, "this export");
	}
	if (!read) {
		parser_recover(parser);
	}
}

/* TYPE NAME; where only the word before it is missing. */
static bool lacks_component(struct parser *parser, const struct token *word)
{
	if (parser->token.kind != TOKEN_IDENTIFIER ||
	    !(parser_ahead(parser, ';') || parser_ahead(parser, ','))) {
		return false;
	}
	diag_help(parser->diag, "component %.*s %.*s;", (int)word->bytes, word->text,
	          (int)parser->token.bytes, parser->token.text);
	return true;
}

static bool parse_known_statement(struct parser *parser, struct ast_assembly *assembly,
                                  const char *word);

static const char *meant_statement(struct parser *parser, const char *text)
{
	static const char *const words[] = {"component", "connection", "group", "export"};
	struct suggest suggest = suggest_start(text);

	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		suggest_consider(&suggest, words[i]);
	}
	parser_suggest(parser, &suggest);
	return suggest.best;
}

/* A token that begins no statement. A { that stands twice is one too many. */
static void stray_token(struct parser *parser)
{
	parser_expected(parser, "'component', 'connection' or '}'");
	if (parser_at(parser, '{') && parser_skip_double(parser)) {
		return;
	}
	if (!parser_skip_block(parser)) {
		parser_advance(parser);
		parser_recover(parser);
	}
}

/* A setting where none may stand, or an unknown word. */
static void parse_other_statement(struct parser *parser, struct ast_assembly *assembly)
{
	struct token word = parser->token;

	if (word.kind != TOKEN_IDENTIFIER) {
		stray_token(parser);
		return;
	}
	/* topo's own macros say there what a connection is like. */
	if (word.shipped) {
		parse_setting(parser, assembly);
		return;
	}
	const char *text = arena_copy(parser->arena, word.text, word.bytes);

	if (parser_ahead(parser, '(')) {
		parser_advance(parser);
		parser_unknown_macro(parser, &word);
		return;
	}
	parser_error(parser, word.place, "expected 'component', 'connection' or '}', not '%s'",
	             text);
	parser_note_macro(parser, &word);
	if (parser_lost_directive(parser)) {
		return;
	}
	const char *meant = meant_statement(parser, text);

	if (meant != NULL && parse_known_statement(parser, assembly, meant)) {
		return;
	}
	if (parser_ahead(parser, '.')) {
		diag_help(parser->diag, "settings stand in configuration { }");
		parser_advance(parser);
		parser_recover_value(parser);
		return;
	}
	parser_advance(parser);
	if (lacks_component(parser, &word)) {
		struct ast_instance instance = {.type = {text, word.place}};

		parse_instance_names(parser, assembly, &instance);
		return;
	}
	parser_recover(parser);
}

static bool parse_known_statement(struct parser *parser, struct ast_assembly *assembly,
                                  const char *word)
{
	if (strcmp(word, "component") == 0) {
		parse_instance(parser, assembly);
	} else if (strcmp(word, "connection") == 0) {
		parse_connection(parser, assembly);
	} else if (strcmp(word, "group") == 0) {
		parse_group(parser, assembly);
	} else if (strcmp(word, "export") == 0) {
		parse_export(parser);
	} else {
		return false;
	}
	return true;
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

/* The { behind the word at hand, or behind a name of the block. */
static void open_block(struct parser *parser, const char *what)
{
	parser_advance(parser);
	if (parser->token.kind == TOKEN_IDENTIFIER && parser_ahead(parser, '{')) {
		parser_advance(parser);
	}
	parser_need(parser, '{', what);
}

static void close_block(struct parser *parser, const struct token *word)
{
	/* One further to the left is most likely that of a block around this one. */
	if (parser_at(parser, '}') && parser->token.line_start && word->line_start &&
	    parser->token.place.column < word->place.column && parser->slanted.file == NULL) {
		parser->slanted = parser->token.place;
	}
	if (!parser_take(parser, '}')) {
		parser_expected(parser, "'}'");
		diag_note(parser->diag, word->place, "to end this block");
	}
	parser_take(parser, ';');
}

void parse_composition(struct parser *parser, struct ast_assembly *assembly)
{
	struct token word = parser->token;

	open_block(parser, "'{' behind 'composition'");
	parse_composition_block(parser, assembly);
	close_block(parser, &word);
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
	/* Where only the dot is missing, the attribute follows. */
	if (!parser_at(parser, '.')) {
		parser_missing(parser, "'.' and an attribute behind the instance");
		if (parser->token.kind != TOKEN_IDENTIFIER) {
			return false;
		}
		setting->object = setting->attribute;
		setting->attribute = parser_name(parser, "an attribute");
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

static void read_setting(struct parser *parser, struct ast_assembly *assembly)
{
	struct token first = parser->token;
	struct ast_setting setting = {.weak = first.shipped};

	if (!parse_target(parser, &setting)) {
		if (setting.attribute.text != NULL && parser_at(parser, '(')) {
			parser_unknown_macro(parser, &first);
			return;
		}
		assembly->unaddressed = true;
		parser_recover_value(parser);
		return;
	}
	if (!parser_take(parser, PUNCT_ARROW_LEFT)) {
		parser_need(parser, '=', "'='");
	}
	setting.value = parse_value(parser);
	if (!parser_end(parser, "this setting")) {
		setting.value->kind = EXPR_BAD;
		parser_recover_value(parser);
	}
	*ARENA_ADD(parser->arena, assembly->settings, assembly->setting_count) = setting;
}

void parse_setting(struct parser *parser, struct ast_assembly *assembly)
{
	size_t errors = diag_count(parser->diag, SEVERITY_ERROR);

	/* Behind one of topo's own, the next macro of the composition was read already. */
	bool own = parser->token.shipped;

	read_setting(parser, assembly);
	if (!own) {
		parser->setting_errors += diag_count(parser->diag, SEVERITY_ERROR) - errors;
	}
}

/* What begins no setting. */
static void stray_value(struct parser *parser, struct ast_assembly *assembly)
{
	assembly->unaddressed = true;
	parser_expected(parser, "a setting: instance.attribute = value;");
	if (parser_at(parser, '{') && parser_skip_double(parser)) {
		return;
	}
	if (!parser_skip_block(parser)) {
		parser_advance(parser);
		parser_recover_value(parser);
	}
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
			stray_value(parser, assembly);
		}
	}
}

void parse_configuration(struct parser *parser, struct ast_assembly *assembly)
{
	struct token word = parser->token;

	open_block(parser, "'{' behind 'configuration'");
	parse_configuration_block(parser, assembly);
	close_block(parser, &word);
}

void parse_nameless_block(struct parser *parser, struct ast_assembly *assembly)
{
	struct token open = parser->token;

	/* A word before the { is no name of a block. */
	if (parser->token.kind == TOKEN_IDENTIFIER && parser_ahead(parser, '{')) {
		parser_advance(parser);
	}
	bool braced = parser_take(parser, '{');
	bool declares = parser_at_word(parser, "component") || parser_at_word(parser, "connection");

	if (!braced && declares) {
		parse_known_statement(parser, assembly,
		                      parser_at_word(parser, "component") ? "component"
		                                                          : "connection");
	} else if (!braced) {
		parse_setting(parser, assembly);
	} else {
		if (declares) {
			parse_composition_block(parser, assembly);
		} else {
			parse_configuration_block(parser, assembly);
		}
		close_block(parser, &open);
	}
}
