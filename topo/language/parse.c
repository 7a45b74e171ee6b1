/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The top level of a file, and what all of the parser stands on: the token at hand, messages, and
 * how to go on after an error. Every loop passes over at least one token or ends.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "topo/base/suggest.h"
#include "topo/language/parse_internal.h"

#define PATH_BYTES_MAX 4096U

void parser_advance(struct parser *parser)
{
	parser->previous = parser->token;
	if (parser->cpp != NULL) {
		cpp_next(parser->cpp, &parser->token);
	} else {
		lex_next(parser->lexer, &parser->token);
	}
}

bool parser_at(const struct parser *parser, int punctuator)
{
	return token_punct(&parser->token, punctuator);
}

bool parser_at_word(const struct parser *parser, const char *word)
{
	return token_is(&parser->token, word);
}

bool parser_take(struct parser *parser, int punctuator)
{
	if (!parser_at(parser, punctuator)) {
		return false;
	}
	parser_advance(parser);
	return true;
}

bool parser_take_word(struct parser *parser, const char *word)
{
	if (!parser_at_word(parser, word)) {
		return false;
	}
	parser_advance(parser);
	return true;
}

void parser_error(struct parser *parser, struct place place, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (parser->diag != NULL) {
		diag_error(parser->diag, place, "%s", text);
		return;
	}
	if (parser->why == NULL) {
		parser->why = arena_copy(parser->arena, text, strlen(text));
		parser->where = place;
	}
}

void parser_note_macro(struct parser *parser, const struct token *token)
{
	if (parser->diag == NULL || token->macro == NULL) {
		return;
	}
	struct macro_info macro = cpp_macro_info(token->macro);

	if (macro.shipped) {
		diag_help(parser->diag, "this comes from topo's own macro %s: see docs/language.md",
		          macro.name);
	} else if (token->place.spelling == NULL) {
		diag_note(parser->diag, macro.place, "in the expansion of macro '%s', defined here",
		          macro.name);
	}
}

void parser_expected(struct parser *parser, const char *what)
{
	const struct token *token = &parser->token;

	if (token->kind == TOKEN_END) {
		parser_error(parser, token->place, "expected %s, but the text ends here", what);
	} else {
		/* A string that does not end was reported by the lexer already. */
		if (token->kind == TOKEN_OTHER &&
		    (token->text[0] == '"' || token->text[0] == '\'')) {
			return;
		}
		int shown = token->bytes > 40 ? 40 : (int)token->bytes;

		parser_error(parser, token->place, "expected %s, not '%.*s'", what, shown,
		             token->text);
	}
	parser_note_macro(parser, token);
}

struct name parser_name(struct parser *parser, const char *what)
{
	if (parser->token.kind != TOKEN_IDENTIFIER) {
		parser_expected(parser, what);
		return (struct name){NULL, parser->token.place};
	}
	struct name name = {
		arena_copy(parser->arena, parser->token.text, parser->token.bytes),
		parser->token.place,
	};

	parser_advance(parser);
	return name;
}

/* One token, or all that stands in its brackets. */
static void skip_balanced(struct parser *parser)
{
	size_t depth = 0;

	do {
		if (parser_at(parser, '{') || parser_at(parser, '(') || parser_at(parser, '[')) {
			depth++;
		} else if (depth > 0 && (parser_at(parser, '}') || parser_at(parser, ')') ||
		                         parser_at(parser, ']'))) {
			depth--;
		}
		parser_advance(parser);
	} while (depth > 0 && parser->token.kind != TOKEN_END);
}

static bool starts_statement(const struct parser *parser)
{
	static const char *const words[] = {
		"assembly",      "component", "connection", "composition",
		"configuration", "connector", "procedure",  "import",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (parser_at_word(parser, words[i])) {
			return true;
		}
	}
	return false;
}

void parser_recover(struct parser *parser)
{
	while (parser->token.kind != TOKEN_END && !parser_at(parser, '}')) {
		if (parser_take(parser, ';')) {
			return;
		}
		skip_balanced(parser);
		if (starts_statement(parser)) {
			return;
		}
	}
}

void parser_unknown_macro(struct parser *parser, const struct token *name)
{
	const char *text = arena_copy(parser->arena, name->text, name->bytes);
	struct suggest suggest = suggest_start(text);

	diag_error(parser->diag, name->place, "there is no macro '%s'", text);
	cpp_suggest_macros(parser->cpp, &suggest);
	if (suggest.best != NULL) {
		diag_help(parser->diag, "did you mean '%s'?", suggest.best);
	} else {
		diag_help(parser->diag, "is an #include missing?");
	}
	skip_balanced(parser);
	parser_take(parser, ';');
}

bool parser_skip_block(struct parser *parser)
{
	if (!parser_at(parser, '{')) {
		return false;
	}
	skip_balanced(parser);
	return true;
}

/* Just behind the token before, where something is missing. */
static struct place behind_previous(const struct parser *parser)
{
	struct place place = parser->previous.place;

	if (parser->previous.written && parser->previous.macro == NULL) {
		place.column += place.length;
		place.length = 0;
	}
	return place;
}

void parser_end(struct parser *parser, const char *what)
{
	if (parser_take(parser, ';')) {
		return;
	}
	if (parser->token.kind == TOKEN_OTHER) {
		parser_expected(parser, "';'");
	} else {
		parser_error(parser, behind_previous(parser), "expected ';' behind %s", what);
		parser_note_macro(parser, &parser->previous);
	}
	/* Most likely only the ; is missing, when a statement could begin here. */
	if (parser->token.kind != TOKEN_IDENTIFIER && !parser_at(parser, '}')) {
		parser_recover(parser);
	}
}

void parser_no_meaning(struct parser *parser, const struct token *token, const char *what)
{
	if (!token->shipped) {
		diag_report(parser->diag, SEVERITY_WARNING, "no-meaning", token->place,
		            "%s has no meaning in a VM topology and is left out", what);
	}
}

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

static void parse_import(struct parser *parser)
{
	struct ast_import import = {.beside = false};

	parser_advance(parser);
	if (parser_at(parser, '<')) {
		import.path = angled_path(parser);
	} else if (parser->token.kind == TOKEN_STRING) {
		import.beside = true;
		import.path.place = parser->token.place;
		import.path.text =
			arena_copy(parser->arena, parser->token.text + 1, parser->token.bytes - 2);
		parser_advance(parser);
	} else {
		parser_expected(parser, "a file: \"name\" or <name>");
	}
	if (import.path.text != NULL) {
		*ARENA_ADD(parser->arena, parser->file->imports, parser->file->import_count) =
			import;
		parser_end(parser, "this import");
	} else {
		parser_recover(parser);
	}
}

static void parse_component(struct parser *parser)
{
	parser_advance(parser);
	struct name name = parser_name(parser, "the component's name");

	/* A missing { is the only thing that can be wrong here. */
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
	if (!parser_skip_block(parser)) {
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
	if (!parser_skip_block(parser)) {
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

static void parse_assembly_block(struct parser *parser)
{
	while (!parser_at(parser, '}') && parser->token.kind != TOKEN_END) {
		if (parser_at_word(parser, "composition")) {
			parse_file_composition(parser);
		} else if (parser_at_word(parser, "configuration")) {
			parse_file_configuration(parser);
		} else if (!parser_take(parser, ';')) {
			parser_expected(parser, "'composition' or 'configuration'");
			if (parser_at_word(parser, "component") ||
			    parser_at_word(parser, "connection")) {
				diag_help(parser->diag, "'%.*s' stands inside composition { }",
				          (int)parser->token.bytes, parser->token.text);
			}
			skip_balanced(parser);
			parser_recover(parser);
		}
	}
}

static void parse_assembly(struct parser *parser)
{
	struct token open;

	parser_advance(parser);
	parser->file->assembly.given = true;
	if (parser->token.kind == TOKEN_IDENTIFIER) {
		parser_advance(parser);
	}
	open = parser->token;
	if (!parser_take(parser, '{')) {
		parser_expected(parser, "'{' behind 'assembly'");
		parser_recover(parser);
		return;
	}
	parse_assembly_block(parser);
	if (!parser_take(parser, '}')) {
		parser_expected(parser, "'}' at the end of the assembly");
		diag_note(parser->diag, open.place, "the assembly begins here");
	}
	parser_take(parser, ';');
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
	{"import",        parse_import            },
	{"component",     parse_component         },
	{"connector",     parse_connector         },
	{"procedure",     parse_skipped           },
	{"struct",        parse_skipped           },
	{"enum",          parse_skipped           },
	{"assembly",      parse_assembly          },
	{"composition",   parse_file_composition  },
	{"configuration", parse_file_configuration},
	{"connection",    parse_stray_connection  },
};

#define TOP_LEVEL_COUNT (sizeof(top_level) / sizeof(top_level[0]))

static void unknown_top_level(struct parser *parser)
{
	static const char expected[] = "'assembly', 'component', 'import' or another declaration";
	struct token word = parser->token;

	if (word.kind != TOKEN_IDENTIFIER) {
		parser_expected(parser, expected);
		skip_balanced(parser);
		return;
	}
	const char *text = arena_copy(parser->arena, word.text, word.bytes);
	struct suggest suggest = suggest_start(text);

	parser_advance(parser);
	if (parser_at(parser, '(')) {
		parser_unknown_macro(parser, &word);
		return;
	}
	parser_error(parser, word.place, "expected %s, not '%s'", expected, text);
	parser_note_macro(parser, &word);
	for (size_t i = 0; i < TOP_LEVEL_COUNT; i++) {
		suggest_consider(&suggest, top_level[i].word);
	}
	if (suggest.best != NULL) {
		diag_help(parser->diag, "did you mean '%s'?", suggest.best);
	}
	parser_recover(parser);
	parser_take(parser, '}');
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
	};

	parser_advance(&parser);
	while (parser.token.kind != TOKEN_END) {
		if (!parser_take(&parser, ';')) {
			parse_top_level(&parser);
		}
	}
	return parser.file;
}
