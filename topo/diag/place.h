/* SPDX-License-Identifier: BSD-2-Clause */
/* Places in the text that the user wrote. */
#ifndef TOPO_DIAG_PLACE_H
#define TOPO_DIAG_PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct source; /* a file that was read: topo/diag/source.h */

struct spelling;

/* A place in a file of the user's; file NULL = built in. */
struct place {
	const struct source *file;
	uint32_t line;   /* from 1 */
	uint32_t column; /* from 1, in bytes */
	uint32_t length; /* bytes of the token, for the caret; 0 = unknown */
	/* What stands here is the call of a macro, and the word is in its body; NULL = it is here. */
	const struct spelling *spelling;
};

/* A word in the body of a macro of the user's, or the parameter there that brings what is at the call. */
struct spelling {
	struct place place;
	const char *macro; /* its name */
	bool brought;
};

#endif
