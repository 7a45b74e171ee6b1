/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of the VMM itself, on its console channel (abi/vmm.h). A line is put together from pieces
 * in memory and then written whole; what does not fit is cut. No format strings: nothing that a
 * guest or a peer says is ever interpreted.
 */
#ifndef VMM_BASE_LOG_H
#define VMM_BASE_LOG_H

#include <stdint.h>

#define LOG_LINE_BYTES 160U

struct line {
	uint32_t length;
	char text[LOG_LINE_BYTES];
};

/** Append text. */
void line_text(struct line *line, const char *text);

/** Append a decimal number. */
void line_number(struct line *line, uint64_t number);

/** Append a number as 0x and at least one hexadecimal digit. */
void line_hex(struct line *line, uint64_t number);

/** Append "\n", write the line to console @cap and empty it. Waits until the kernel took all. */
void line_write(struct line *line, uint32_t cap);

/** Write bytes to console @cap, waiting until the kernel took all. */
void console_write(uint32_t cap, const uint8_t *bytes, uint32_t count);

#endif
