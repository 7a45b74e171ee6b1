/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lexer. It reads the text in place: a token without a splice points into it.
 */
#include "topo/language/lex.h"

#include <ctype.h>
#include <string.h>

#include "lib/bits.h"

void lex_start(struct lexer *lexer, struct arena *arena, struct diag *diag,
               const struct source *source)
{
	*lexer = (struct lexer){
		.arena = arena,
		.diag = diag,
		.source = source,
		.at = source->text,
		.end = source->text + source->bytes,
		.line = 1,
		.column = 1,
		.line_start = true,
	};
}

void lex_start_text(struct lexer *lexer, struct arena *arena, const char *text, size_t bytes,
                    struct place place)
{
	*lexer = (struct lexer){
		.arena = arena,
		.source = place.file,
		.at = text,
		.end = text + bytes,
		.line = place.line,
		.column = place.column,
	};
}

/* Bytes of the splice (backslash, newline) at @at, 0 if there is none. */
static size_t splice_bytes(const struct lexer *lexer, const char *at)
{
	if (at >= lexer->end || *at != '\\') {
		return 0;
	}
	if (lexer->end - at >= 2 && at[1] == '\n') {
		return 2;
	}
	if (lexer->end - at >= 3 && at[1] == '\r' && at[2] == '\n') {
		return 3;
	}
	return 0;
}

static void pass_splices(struct lexer *lexer)
{
	size_t bytes = splice_bytes(lexer, lexer->at);

	while (bytes != 0) {
		lexer->at += bytes;
		lexer->line++;
		lexer->column = 1;
		bytes = splice_bytes(lexer, lexer->at);
	}
}

/* The character at hand, splices passed over; -1 at the end. */
static int peek(struct lexer *lexer)
{
	pass_splices(lexer);
	return lexer->at < lexer->end ? (unsigned char)*lexer->at : -1;
}

/* The character behind the one at hand. */
static int peek_second(const struct lexer *lexer)
{
	const char *at = lexer->at + 1;

	if (lexer->at >= lexer->end) {
		return -1;
	}
	for (size_t bytes = splice_bytes(lexer, at); bytes != 0; bytes = splice_bytes(lexer, at)) {
		at += bytes;
	}
	return at < lexer->end ? (unsigned char)*at : -1;
}

/* Pass over the character at hand. */
static void advance(struct lexer *lexer)
{
	if (*lexer->at == '\n') {
		lexer->line++;
		lexer->column = 1;
		lexer->line_start = true;
	} else {
		lexer->column++;
	}
	lexer->at++;
}

static struct place here(const struct lexer *lexer)
{
	return (struct place){lexer->source, lexer->line, lexer->column, 1, NULL};
}

static void skip_line_comment(struct lexer *lexer)
{
	for (int c = peek(lexer); c != '\n' && c >= 0; c = peek(lexer)) {
		advance(lexer);
	}
}

static void skip_block_comment(struct lexer *lexer)
{
	struct place start = here(lexer);

	start.length = 2;
	advance(lexer);
	peek(lexer);
	advance(lexer);
	for (int c = peek(lexer); c >= 0; c = peek(lexer)) {
		bool ends = c == '*' && peek_second(lexer) == '/';
		bool line_start = lexer->line_start;

		advance(lexer);
		if (ends) {
			peek(lexer);
			advance(lexer);
			return;
		}
		/* A comment is one blank: a # behind it is not at the start of a line unless
		 * nothing stood before the comment. */
		lexer->line_start = line_start;
	}
	if (lexer->diag != NULL) {
		diag_error(lexer->diag, start, "this comment does not end");
		diag_help(lexer->diag, "end it with */");
	}
}

/* Pass over blanks and comments; whether there were any. */
static bool skip_blanks(struct lexer *lexer)
{
	bool any = false;

	for (;;) {
		int c = peek(lexer);

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
			advance(lexer);
		} else if (c == '/' && peek_second(lexer) == '/') {
			skip_line_comment(lexer);
		} else if (c == '/' && peek_second(lexer) == '*') {
			skip_block_comment(lexer);
		} else {
			return any;
		}
		any = true;
	}
}

static bool identifier_start(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool identifier_part(int c)
{
	return identifier_start(c) || (c >= '0' && c <= '9');
}

static void pass_identifier(struct lexer *lexer)
{
	while (identifier_part(peek(lexer))) {
		advance(lexer);
	}
}

static void pass_number(struct lexer *lexer)
{
	while (identifier_part(peek(lexer)) || peek(lexer) == '.') {
		advance(lexer);
	}
}

/* A string or character constant; false when it does not end, or not on its line. */
static bool pass_quoted(struct lexer *lexer, int quote, bool one_line)
{
	advance(lexer);
	for (int c = peek(lexer); c >= 0 && !(one_line && c == '\n'); c = peek(lexer)) {
		advance(lexer);
		if (c == quote) {
			return true;
		}
		if (c == '\\' && peek(lexer) >= 0 && peek(lexer) != '\n') {
			advance(lexer);
		}
	}
	return false;
}

static const struct {
	char first;
	char second;
	uint16_t punctuator;
} pairs[] = {
	{'#', '#', PUNCT_PASTE},
	{'<', '-', PUNCT_ARROW_LEFT},
	{'-', '>', PUNCT_ARROW_RIGHT},
	{'<', '<', PUNCT_SHIFT_LEFT},
	{'>', '>', PUNCT_SHIFT_RIGHT},
	{'<', '=', PUNCT_LESS_EQUAL},
	{'>', '=', PUNCT_GREATER_EQUAL},
	{'=', '=', PUNCT_EQUAL},
	{'!', '=', PUNCT_NOT_EQUAL},
	{'&', '&', PUNCT_AND},
	{'|', '|', PUNCT_OR},
	{'*', '*', PUNCT_POWER},
};

static void pass_punctuator(struct lexer *lexer, struct token *token)
{
	int first = peek(lexer);
	int second = peek_second(lexer);

	advance(lexer);
	token->punctuator = (uint16_t)first;
	for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
		if (first == pairs[i].first && second == pairs[i].second) {
			peek(lexer);
			advance(lexer);
			token->punctuator = pairs[i].punctuator;
			return;
		}
	}
	if (first == '.' && second == '.') {
		struct lexer saved = *lexer;

		peek(lexer);
		advance(lexer);
		if (peek(lexer) == '.') {
			advance(lexer);
			token->punctuator = PUNCT_ELLIPSIS;
		} else {
			*lexer = saved;
		}
	}
}

/* Of a text that most likely should stand in quotes: a name, a path. */
static bool is_of_word(int c)
{
	return identifier_part(c) || c == '-' || c == '.' || c == '/' || c == '@';
}

/* Count the quotes of the line at hand, once. */
static void look_at_quotes(struct lexer *lexer)
{
	if (lexer->looked_at == lexer->line || lexer->diag == NULL) {
		return;
	}
	lexer->looked_at = lexer->line;
	lexer->quotes = quotes_look(lexer->at, lexer->end, &lexer->quote_at);
	if (lexer->quotes == QUOTES_GOOD) {
		return;
	}
	const char *word = lexer->quote_at;
	struct place place = here(lexer);

	while (lexer->quotes == QUOTES_NO_BEGIN && word > lexer->at &&
	       is_of_word((unsigned char)word[-1])) {
		word--;
	}
	place.column += (uint32_t)(word - lexer->at);
	diag_syntax(lexer->diag, place, "%s",
	            lexer->quotes == QUOTES_NO_END ? "this string does not end"
	                                           : "this string does not begin with a quote");
	diag_help(lexer->diag, "strings stand in double quotes");
}

/* A token that is a string of the @bytes at @text, which lack a quote. */
static void mend_string(struct lexer *lexer, struct token *token, const char *text, size_t bytes)
{
	char *copy = arena_alloc(lexer->arena, bytes + 3);

	copy[0] = '"';
	memcpy(copy + 1, text, bytes);
	copy[bytes + 1] = '"';
	token->kind = TOKEN_STRING;
	token->text = copy;
	token->bytes = (uint32_t)bytes + 2;
	token->mended = true;
	token->place.length = (uint32_t)bytes;
}

static bool lacks_quote(const struct lexer *lexer, enum quotes which)
{
	return lexer->looked_at == lexer->line && lexer->quotes == which;
}

/* At the beginning of the text whose first quote is missing: it is taken to be one word. */
static bool at_unbegun(const struct lexer *lexer, const char *start)
{
	if (!lacks_quote(lexer, QUOTES_NO_BEGIN) || lexer->quote_at <= start) {
		return false;
	}
	for (const char *at = start; at < lexer->quote_at; at++) {
		if (!is_of_word((unsigned char)*at)) {
			return false;
		}
	}
	return true;
}

/* The string whose last quote is missing. */
static void lex_unended(struct lexer *lexer, struct token *token)
{
	const char *begin = lexer->at + 1;
	const char *end = quotes_likely_end(begin, lexer->end);

	mend_string(lexer, token, begin, (size_t)(end - begin));
	lexer->column += (uint32_t)(end - lexer->at);
	lexer->at = end;
}

static void lex_quoted(struct lexer *lexer, struct token *token, int quote)
{
	struct place start = here(lexer);

	token->kind = quote == '"' ? TOKEN_STRING : TOKEN_CHARACTER;
	if (pass_quoted(lexer, quote, quote != '"' || lexer->one_line)) {
		return;
	}
	token->kind = TOKEN_OTHER;
	if (lexer->diag != NULL) {
		diag_syntax(lexer->diag, start, "this %s does not end",
		            quote == '"' ? "string" : "character constant");
		diag_help(lexer->diag, "end it with %c", quote);
	}
}

static void lex_token(struct lexer *lexer, struct token *token, int c)
{
	if (identifier_start(c)) {
		token->kind = TOKEN_IDENTIFIER;
		pass_identifier(lexer);
	} else if (c >= '0' && c <= '9') {
		token->kind = TOKEN_NUMBER;
		pass_number(lexer);
	} else if (c == '"' || c == '\'') {
		lex_quoted(lexer, token, c);
	} else if (c < 0x80 && c > 0x20 && strchr("!#%&()*+,-./:;<=>?[]^{|}~", c) != NULL) {
		token->kind = TOKEN_PUNCTUATOR;
		pass_punctuator(lexer, token);
	} else {
		token->kind = TOKEN_OTHER;
		advance(lexer);
		while (c >= 0x80 && peek(lexer) >= 0 && (peek(lexer) & 0xc0) == 0x80) {
			advance(lexer);
		}
	}
}

/* The text from @start to the lexer's place, without splices if there are any. */
static void set_text(struct lexer *lexer, struct token *token, const char *start, uint32_t line)
{
	size_t bytes = (size_t)(lexer->at - start);

	token->text = start;
	token->bytes = (uint32_t)bytes;
	token->place.length = (uint32_t)bytes;
	if (lexer->line == line) {
		return;
	}
	char *copy = arena_alloc(lexer->arena, bytes + 1);
	size_t kept = 0;

	for (const char *at = start; at < lexer->at;) {
		size_t splice = splice_bytes(lexer, at);

		if (splice != 0) {
			at += splice;
		} else {
			copy[kept++] = *at++;
		}
	}
	token->text = copy;
	token->bytes = (uint32_t)kept;
}

/* What is longer than anybody writes is cut, so that no copy of it is long. */
static void bound_token(struct lexer *lexer, struct token *token)
{
	bool string = token->kind == TOKEN_STRING || token->kind == TOKEN_CHARACTER;
	size_t limit = string ? LEX_STRING_BYTES_MAX : LEX_NAME_BYTES_MAX;

	if (token->bytes <= limit) {
		return;
	}
	if (lexer->diag != NULL) {
		diag_syntax(lexer->diag, token->place, "this %s is longer than %zu bytes",
		            string ? "string" : "name", limit);
	}
	token->bytes = (uint32_t)limit;
	token->kind = string ? TOKEN_OTHER : token->kind;
}

void lex_next(struct lexer *lexer, struct token *token)
{
	memset(token, 0, sizeof(*token));
	token->space_before = skip_blanks(lexer);
	token->line_start = lexer->line_start;
	token->place = here(lexer);
	token->written = true;
	token->shipped = lexer->source != NULL && lexer->source->shipped;

	int c = peek(lexer);
	const char *start = lexer->at;
	uint32_t line = lexer->line;

	if (c < 0 || (lexer->one_line && token->line_start)) {
		token->kind = TOKEN_END;
		token->text = lexer->at;
		return;
	}
	/* Text behind #error need not be made of tokens. */
	if (c == '#' && token->line_start) {
		lexer->looked_at = lexer->line;
		lexer->quotes = QUOTES_GOOD;
	}
	lexer->line_start = false;
	look_at_quotes(lexer);
	if (lacks_quote(lexer, QUOTES_NO_END) && lexer->quote_at == start) {
		lex_unended(lexer, token);
	} else if (at_unbegun(lexer, start)) {
		mend_string(lexer, token, start, (size_t)(lexer->quote_at - start));
		lexer->column += (uint32_t)(lexer->quote_at - start) + 1;
		lexer->at = lexer->quote_at + 1;
	} else {
		lex_token(lexer, token, c);
		set_text(lexer, token, start, line);
		bound_token(lexer, token);
	}
}

bool lex_skip_to_directive(struct lexer *lexer)
{
	struct diag *diag = lexer->diag;
	bool found = false;

	lexer->diag = NULL;
	while (!found) {
		skip_blanks(lexer);
		int c = peek(lexer);

		if (c < 0) {
			break;
		}
		if (c == '#' && lexer->line_start) {
			found = true;
		} else if (c == '"' || c == '\'') {
			lexer->line_start = false;
			pass_quoted(lexer, c, true);
		} else {
			lexer->line_start = false;
			advance(lexer);
		}
	}
	lexer->diag = diag;
	return found;
}
