/* SPDX-License-Identifier: BSD-2-Clause */
/* Places in the text that the user wrote. */
#ifndef TOPO_DIAG_PLACE_H
#define TOPO_DIAG_PLACE_H

#include <stdint.h>

struct source; /* a file that was read: topo/diag/source.h */

/* A place in a file of the user's; file NULL = built in. */
struct place {
	const struct source *file;
	uint32_t line;   /* from 1 */
	uint32_t column; /* from 1, in bytes */
	uint32_t length; /* bytes of the token, for the caret; 0 = unknown */
};

#endif
