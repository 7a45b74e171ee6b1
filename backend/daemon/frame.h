/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a display shows, in a file that outlives the daemon: a page with a header, then the lines,
 * each FRAME_WIDTH pixels long, as little-endian 0x00RRGGBB.
 */
#ifndef BACKEND_DAEMON_FRAME_H
#define BACKEND_DAEMON_FRAME_H

#include <stdint.h>

#include "abi/err.h"

#define FRAME_WIDTH 1024U
#define FRAME_HEIGHT 768U
#define FRAME_MAGIC UINT64_C(0x31656d6172665650) /* "PVframe1" */

struct frame {
	uint64_t magic;
	uint32_t width, height; /* of what is shown, up to FRAME_WIDTH and FRAME_HEIGHT; 0: dark */
	uint8_t pad[4096 - 16];
	uint32_t pixels[FRAME_HEIGHT][FRAME_WIDTH];
};

/** Map the frame at @path, which is made if it is not there and dark. NULL: not possible, logged. */
struct frame *frame_open(const char *path);

void frame_close(struct frame *frame);

/** Write the frame @name (PEER-N) in @run_dir to standard output, as PNG. Returns the program's exit
 * status. */
int frame_write_png(const char *run_dir, const char *name);

#endif
