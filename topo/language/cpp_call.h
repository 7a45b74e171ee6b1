/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of macros: reading their arguments. Of cpp_expand.c, which makes of a call what it stands for. */
#ifndef TOPO_LANGUAGE_CPP_CALL_H
#define TOPO_LANGUAGE_CPP_CALL_H

#include "topo/language/cpp_internal.h"

struct argument {
	struct token_list written;
	struct token_list expanded; /* made on first use */
	bool is_expanded;
};

/* A call of a macro with its arguments. */
struct call {
	struct macro *macro;
	struct token name;
	struct argument *arguments; /* of its parameters, and one more */
	size_t count;               /* that were given */
	struct token_list out;
	const struct spelling *paste; /* the ## at hand, in the body */
};

/** One token more that a call has read or made; false when there were too many. */
bool call_spend(struct cpp *cpp, const struct call *call);

/** Where an argument stands: its first token that is the user's own, else the call. */
struct place call_argument_place(const struct call *call, const struct token_list *argument);

/**
 * Read the arguments of @call, whose macro and name are known, from behind its "(". False after a message:
 * they are not what the macro takes.
 */
bool call_read(struct cpp *cpp, struct call *call);

/** Give back the arguments of @call. */
void call_free(struct call *call);

#endif
