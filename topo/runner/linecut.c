/* SPDX-License-Identifier: BSD-2-Clause */
/* The line cutter of linecut.h. */
#include "topo/runner/linecut.h"

/* C0, DEL and the terminal's own meanings are not shown. A C1 control encoded in UTF-8 starts with
 * 0xc2; that lead byte alone is replaced, so that accents of all other letters survive. */
char linecut_shown(uint8_t byte)
{
	if (byte == '\t') {
		return ' ';
	}
	return byte < 0x20 || byte == 0x7f || byte == 0xc2 ? '?' : (char)byte;
}

void linecut_end(struct linecut *cut, linecut_sink *sink, void *owner)
{
	if (cut->count > 0) {
		cut->text[cut->count] = '\0';
		cut->count = 0;
		sink(owner, cut->text);
	}
}

void linecut_put(struct linecut *cut, const uint8_t *bytes, size_t count, linecut_sink *sink,
                 void *owner)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t byte = bytes[i];
		if (byte == '\r' || byte == '\0') {
			continue;
		}
		if (byte == '\n') {
			cut->text[cut->count] = '\0';
			cut->count = 0;
			sink(owner, cut->text);
			continue;
		}
		cut->text[cut->count++] = linecut_shown(byte);
		if (cut->count == LINECUT_BYTES - 1) {
			linecut_end(cut, sink, owner);
		}
	}
}
