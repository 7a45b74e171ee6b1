/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads calls of macros, see topo/language/cpp_call.h. */
#include "topo/language/cpp_call.h"

#include <stdlib.h>

bool call_spend(struct cpp *cpp, const struct call *call)
{
	if (cpp->options.budget->tokens == 0 || call->out.count >= CPP_CALL_TOKENS_MAX) {
		cpp_stop(cpp, call->name.place, "the macros of this topology expand without end");
		return false;
	}
	cpp->options.budget->tokens--;
	return true;
}

struct place call_argument_place(const struct call *call, const struct token_list *argument)
{
	return argument->count == 0 ? call->name.place : argument->tokens[0].place;
}

static bool ends_statement(const struct token *token)
{
	return token_punct(token, ';') || token_punct(token, '{') || token_punct(token, '}');
}

/* The arguments of a call, from behind its "(" to its ")". False when the text ends before. */
static bool collect(struct cpp *cpp, struct call *call)
{
	struct token token;
	size_t depth = 0;
	size_t at = 0;

	for (;;) {
		cpp_next_unexpanded(cpp, &token);
		if (token.kind == TOKEN_END) {
			return false;
		}
		/* What cannot be an argument of topo's own macros stands behind the call. */
		if (call->macro->shipped && !call->macro->variadic && ends_statement(&token)) {
			cpp_put_back(cpp, &token);
			return false;
		}
		bool rest = call->macro->variadic && at + 1 >= call->macro->parameter_count;

		if (depth == 0 && token_punct(&token, ')')) {
			break;
		}
		if (depth == 0 && token_punct(&token, ',') && !rest) {
			at++;
			continue;
		}
		depth += token_punct(&token, '(') ? 1 : 0;
		/* Each level of calls would be read once more for every level around it. */
		if (depth > CPP_EXPANSION_DEPTH_MAX) {
			cpp_stop(cpp, token.place,
			         "the arguments of a macro are nested too deeply");
			return true;
		}
		depth -= token_punct(&token, ')') ? 1 : 0;
		token.space_before = token.space_before || token.line_start;
		token.line_start = false;
		if (at < call->count && call_spend(cpp, call)) {
			/* C11 6.10.3.4: a name that must not expand now never will. */
			const struct macro *named =
				token.kind == TOKEN_IDENTIFIER ? cpp_find_macro(cpp, &token) : NULL;

			token.no_expand = token.no_expand || (named != NULL && named->disabled);
			token_list_add(&call->arguments[at].written, &token);
		}
	}
	/* f() calls a macro of no parameters with none, one of one with an empty one. */
	call->count = at == 0 && call->arguments[0].written.count == 0 ? 0 : at + 1;
	return true;
}

/* topo's own macros make names of their arguments: each is one name or number. */
static bool check_names(struct cpp *cpp, const struct call *call)
{
	const struct macro *macro = call->macro;

	for (size_t i = 0; macro->shipped && !macro->variadic && i < macro->parameter_count; i++) {
		const struct token_list *given = &call->arguments[i].written;

		if (given->count != 1 || (given->tokens[0].kind != TOKEN_IDENTIFIER &&
		                          given->tokens[0].kind != TOKEN_NUMBER)) {
			diag_syntax(cpp->diag, call_argument_place(call, given),
			            "each argument of %s is the name or number of a VM",
			            macro->name);
			return false;
		}
	}
	return true;
}

static bool check_count(struct cpp *cpp, const struct call *call)
{
	const struct macro *macro = call->macro;
	size_t wanted = macro->parameter_count;
	size_t given = call->count;

	if (given == wanted || (wanted == 1 && given == 0) ||
	    (macro->variadic && given + 1 == wanted)) {
		return check_names(cpp, call);
	}
	diag_syntax(cpp->diag, call->name.place, "macro '%s' takes %zu argument%s, %zu given",
	            macro->name, wanted, wanted == 1 ? "" : "s", given);
	if (macro->shipped) {
		diag_help(cpp->diag, "topo's own macros are described in docs/language.md");
	} else {
		diag_note(cpp->diag, macro->place, "defined here");
	}
	return false;
}

bool call_read(struct cpp *cpp, struct call *call)
{
	call->count = call->macro->parameter_count + 1;
	call->arguments = calloc(call->count, sizeof(*call->arguments));
	if (call->arguments == NULL) {
		cpp_stop(cpp, call->name.place, "out of memory");
		return false;
	}
	if (call->macro->kind != MACRO_FUNCTION) {
		return true;
	}
	if (!collect(cpp, call)) {
		diag_syntax(cpp->diag, call->name.place, "the call of macro '%s' does not end",
		            call->macro->name);
		diag_help(cpp->diag, "its arguments end with )");
		return false;
	}
	return check_count(cpp, call);
}

void call_free(struct call *call)
{
	for (size_t i = 0; call->arguments != NULL && i <= call->macro->parameter_count; i++) {
		token_list_free(&call->arguments[i].written);
		token_list_free(&call->arguments[i].expanded);
	}
	free(call->arguments);
	call->arguments = NULL;
}
