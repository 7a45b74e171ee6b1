/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cuts a stream of bytes into lines of text that are fit to be shown: a line is given out without
 * its end of line and with every byte that a terminal would act on replaced. What a guest prints
 * is foreign; only `topo console` passes it on as it is.
 */
#ifndef TOPO_RUNNER_LINECUT_H
#define TOPO_RUNNER_LINECUT_H

#include <stddef.h>
#include <stdint.h>

#define LINECUT_BYTES 512U /* a longer line comes in pieces */

/* A cutter of zeroes is at the start of a line. */
struct linecut {
	char text[LINECUT_BYTES];
	size_t count;
};

typedef void linecut_sink(void *owner, const char *line);

/** Take @count bytes; call @sink for each line that is now complete. */
void linecut_put(struct linecut *cut, const uint8_t *bytes, size_t count, linecut_sink *sink,
                 void *owner);

/** Give out what is left of a line that has no end, if there is something. */
void linecut_end(struct linecut *cut, linecut_sink *sink, void *owner);

/** @byte as it may be shown: itself, a space for a tab, or '?' (UTF-8 passes). */
char linecut_shown(uint8_t byte);

#endif
