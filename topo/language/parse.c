/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The top level of a file.
 * Every loop passes over at least one token or ends.
 */
#include <stdio.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/language/parse_internal.h"

#define PATH_BYTES_MAX 4096U

/* The path between < and >: its tokens as they stand. */
static struct name angled_path(struct parser *parser)
{
	struct name path = {NULL, parser->token.place};
	char text[PATH_BYTES_MAX];
	size_t bytes = 0;

	parser_advance(parser);
	while (parser->token.kind != TOKEN_END && !parser_at(parser, '>') &&
	       !parser_at(parser, ';') && parser->token.bytes < sizeof(text) - bytes) {
		memcpy(text + bytes, parser->token.text, parser->token.bytes);
		bytes += parser->token.bytes;
		parser_advance(parser);
	}
	if (!parser_at(parser, '>') || bytes == 0) {
		parser_expected(parser, "'>' behind the file's name");
		return path;
	}
	parser_advance(parser);
	path.text = arena_copy(parser->arena, text, bytes);
	return path;
}

struct ast_import parser_file(struct parser *parser)
{
	struct ast_import import = {.beside = false};

	if (parser_at(parser, '<')) {
		import.path = angled_path(parser);
	} else if (parser->token.kind == TOKEN_STRING) {
		import.beside = true;
		import.path.place = parser->token.place;
		if (!parser->token.mended) {
			import.path.text = arena_copy(parser->arena, parser->token.text + 1,
			                              parser->token.bytes - 2);
		}
		parser_advance(parser);
	} else {
		parser_expected(parser, "a file: \"name\" or <name>");
	}
	return import;
}

static void parse_import(struct parser *parser)
{
	parser_advance(parser);
	struct ast_import import = parser_file(parser);

	if (import.path.text != NULL) {
		*ARENA_ADD(parser->arena, parser->file->imports, parser->file->import_count) =
			import;
	}
	if (import.path.text == NULL || !parser_end(parser, "this import")) {
		parser_recover(parser);
	}
}

static void parse_component(struct parser *parser)
{
	struct token word = parser->token;
	struct name name = {.place = word.place};

	parser_advance(parser);
	if (parser_at(parser, '{')) {
		parser_no_meaning(parser, &word, "a component without a name");
	} else {
		name = parser_name(parser, "the component's name");
	}
	struct ast_component *component = parse_component_body(parser, name);

	if (component == NULL) {
		parser_recover(parser);
		return;
	}
	if (name.text != NULL) {
		*ARENA_ADD(parser->arena, parser->file->components, parser->file->component_count) =
			component;
	}
	parser_take(parser, ';');
}

static void parse_connector(struct parser *parser)
{
	parser_advance(parser);
	struct name name = parser_name(parser, "the connector's name");

	if (name.text != NULL) {
		*ARENA_ADD(parser->arena, parser->file->connectors, parser->file->connector_count) =
			name;
	}
	if (!parser_pass_block(parser)) {
		parser_expected(parser, "'{' and what the connector joins");
		parser_recover(parser);
	}
	parser_take(parser, ';');
}

/* procedure, struct, enum: a name and a block that a VM topology has no use for. */
static void parse_skipped(struct parser *parser)
{
	struct token word = parser->token;
	char what[64];

	snprintf(what, sizeof(what), "'%.*s'", word.bytes > 40 ? 40 : (int)word.bytes, word.text);
	parser_advance(parser);
	parser_no_meaning(parser, &word, what);
	if (parser->token.kind == TOKEN_IDENTIFIER) {
		parser_advance(parser);
	}
	if (!parser_pass_block(parser)) {
		parser_expected(parser, "'{'");
		parser_recover(parser);
	}
	parser_take(parser, ';');
}

static void parse_file_composition(struct parser *parser)
{
	parse_composition(parser, &parser->file->assembly);
}

static void parse_file_configuration(struct parser *parser)
{
	parse_configuration(parser, &parser->file->assembly);
}

/* The nearest of composition and configuration to the word at hand, which was refused. */
static const char *meant_block(struct parser *parser)
{
	struct suggest suggest =
		suggest_start(arena_copy(parser->arena, parser->token.text, parser->token.bytes));

	suggest_consider(&suggest, "composition");
	suggest_consider(&suggest, "configuration");
	parser_suggest(parser, &suggest);
	return suggest.best;
}

/* What stands in an assembly and is no block: said, and read as what it was meant to be. */
static void parse_other_block(struct parser *parser)
{
	struct ast_assembly *assembly = &parser->file->assembly;

	parser_expected(parser, "'composition' or 'configuration'");
	if (parser_at(parser, '{')) {
		if (!parser_ahead_word(parser, "composition") || !parser_skip_double(parser)) {
			parse_nameless_block(parser, assembly);
		}
	} else if (parser_at_word(parser, "component") || parser_at_word(parser, "connection")) {
		diag_help(parser->diag, "'%.*s' stands inside composition { }",
		          (int)parser->token.bytes, parser->token.text);
		parse_nameless_block(parser, assembly);
	} else if (parser->token.kind == TOKEN_IDENTIFIER) {
		const char *meant = meant_block(parser);

		if (meant != NULL && meant[4] == 'o') {
			parse_composition(parser, assembly);
		} else if (meant != NULL) {
			parse_configuration(parser, assembly);
		} else {
			parse_nameless_block(parser, assembly);
		}
	} else {
		parser_advance(parser);
	}
}

/* A block that does not stand further to the right most likely is none of this assembly. */
static void note_slant(struct parser *parser, const struct token *word)
{
	if (parser->token.line_start && word->line_start && parser->slanted.file == NULL &&
	    parser->token.place.column <= word->place.column) {
		parser->slanted = parser->token.place;
	}
}

static void parse_assembly_block(struct parser *parser, const struct token *word)
{
	while (!parser_at(parser, '}') && !parser_at_word(parser, "assembly") &&
	       parser->token.kind != TOKEN_END) {
		note_slant(parser, word);
		if (parser_at_word(parser, "composition")) {
			parse_file_composition(parser);
		} else if (parser_at_word(parser, "configuration")) {
			parse_file_configuration(parser);
		} else if (parser_at_word(parser, "schedule")) {
			parse_skipped(parser);
		} else if (!parser_take(parser, ';')) {
			parse_other_block(parser);
		}
	}
}

/* From the { on. @word: the first token of it all. */
static void parse_assembly_body(struct parser *parser, const struct token *word)
{
	struct token open = parser->token;

	parser->file->assembly.given = true;
	parser_need(parser, '{', "'{' behind 'assembly'");
	parse_assembly_block(parser, word);
	parser->closed = parser->token.place;
	if (!parser_take(parser, '}')) {
		parser_expected(parser, "'}' at the end of the assembly");
		diag_note(parser->diag, open.place, "the assembly begins here");
		if (parser->slanted.file != NULL) {
			diag_note(parser->diag, parser->slanted, "most likely before this one");
		}
	}
	parser_take(parser, ';');
}

static void parse_assembly(struct parser *parser)
{
	struct token word = parser->token;

	parser_advance(parser);
	if (parser->token.kind == TOKEN_IDENTIFIER && parser_ahead(parser, '{') &&
	    !parser_at_word(parser, "composition") && !parser_at_word(parser, "configuration")) {
		parser_advance(parser);
	}
	parse_assembly_body(parser, &word);
}

/* At file level by mistake: said once, then read as if it stood in its block. */
static void parse_stray_connection(struct parser *parser)
{
	parser_error(parser, parser->token.place,
	             "a connection stands inside assembly { composition { } }");
	parser_note_macro(parser, &parser->token);
	parse_connection(parser, &parser->file->assembly);
}

static const struct {
	const char *word;
	void (*parse)(struct parser *parser);
} top_level[] = {
	{"import", parse_import},
	{"component", parse_component},
	{"connector", parse_connector},
	{"procedure", parse_skipped},
	{"struct", parse_skipped},
	{"enum", parse_skipped},
	{"assembly", parse_assembly},
	{"composition", parse_file_composition},
	{"configuration", parse_file_configuration},
	{"connection", parse_stray_connection},
};

#define TOP_LEVEL_COUNT (ARRAY_COUNT(top_level))

static bool parse_known_top_level(struct parser *parser, const char *word)
{
	for (size_t i = 0; i < TOP_LEVEL_COUNT; i++) {
		if (strcmp(top_level[i].word, word) == 0) {
			top_level[i].parse(parser);
			return true;
		}
	}
	return false;
}

/* The block of an assembly whose first word is missing. */
static bool at_nameless_assembly(const struct parser *parser)
{
	return parser_at(parser, '{') && (parser_ahead_word(parser, "composition") ||
	                                  parser_ahead_word(parser, "configuration"));
}

/* What is no word: most likely there is a bracket too many, or 'assembly' is missing. Of a file in
 * another language nothing that follows is worth a message. */
static void stray_token(struct parser *parser)
{
	if (parser_at(parser, '}') && parser->closed.file != NULL) {
		diag_note(parser->diag, parser->closed, "the assembly ends here already");
	}
	while (parser->token.kind != TOKEN_END && !parser_at_statement(parser) &&
	       !at_nameless_assembly(parser)) {
		parser_skip_balanced(parser);
	}
	if (at_nameless_assembly(parser)) {
		struct token open = parser->token;

		parse_assembly_body(parser, &open);
	}
}

static void unknown_top_level(struct parser *parser)
{
	static const char expected[] = "'assembly', 'component', 'import' or another declaration";
	struct token word = parser->token;

	if (word.kind != TOKEN_IDENTIFIER) {
		parser_expected(parser, expected);
		stray_token(parser);
		return;
	}
	const char *text = arena_copy(parser->arena, word.text, word.bytes);
	struct suggest suggest = suggest_start(text);

	if (parser_ahead(parser, '(')) {
		parser_advance(parser);
		parser_unknown_macro(parser, &word);
		return;
	}
	parser_error(parser, word.place, "expected %s, not '%s'", expected, text);
	parser_note_macro(parser, &word);
	if (parser_lost_directive(parser)) {
		return;
	}
	for (size_t i = 0; i < TOP_LEVEL_COUNT; i++) {
		suggest_consider(&suggest, top_level[i].word);
	}
	parser_suggest(parser, &suggest);
	if (suggest.best == NULL || !parse_known_top_level(parser, suggest.best)) {
		parser_advance(parser);
		parser_recover(parser);
		parser_take(parser, '}');
	}
}

static void parse_top_level(struct parser *parser)
{
	for (size_t i = 0; i < TOP_LEVEL_COUNT; i++) {
		if (parser_at_word(parser, top_level[i].word)) {
			top_level[i].parse(parser);
			return;
		}
	}
	unknown_top_level(parser);
}

struct ast_file *parse_file(struct cpp *cpp, struct arena *arena, struct diag *diag)
{
	struct parser parser = {
		.cpp = cpp,
		.arena = arena,
		.diag = diag,
		.file = arena_alloc(arena, sizeof(struct ast_file)),
		.errors = diag_count(diag, SEVERITY_ERROR),
	};

	parser_start(&parser);
	while (parser.token.kind != TOKEN_END) {
		if (!parser_take(&parser, ';')) {
			parse_top_level(&parser);
		}
	}
	/* A setting declares no name, whatever is wrong with it. */
	parser.file->assembly.lost =
		diag_count(diag, SEVERITY_ERROR) - parser.errors != parser.setting_errors;
	return parser.file;
}
