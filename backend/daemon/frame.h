/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a display shows, in a file that outlives the daemon: a page with a header, then the lines,
 * each with room for PV_BACKEND_SIDE_MAX pixels, as little-endian 0x00RRGGBB. Only what was shown takes
 * memory: the rest is a hole.
 */
#ifndef BACKEND_DAEMON_FRAME_H
#define BACKEND_DAEMON_FRAME_H

#include <stdint.h>

#include "abi/backend.h"
#include "abi/err.h"

#define FRAME_MAGIC UINT64_C(0x32656d6172665650) /* "PVframe2" */

struct frame {
	uint64_t magic;
	uint32_t width, height; /* of what is shown, up to PV_BACKEND_SIDE_MAX; 0: dark */
	uint8_t pad[4096 - 16];
	uint32_t pixels[PV_BACKEND_SIDE_MAX][PV_BACKEND_SIDE_MAX];
};

/** Map the frame at @path, which is made if it is not there and dark. NULL: not possible, logged. */
struct frame *frame_open(const char *path);

/** All pixels are black, and take no memory. */
void frame_clear(struct frame *frame);

void frame_close(struct frame *frame);

/** Write the frame @name (PEER-N) in @run_dir to standard output, as PNG. Returns the program's exit
 * status. */
int frame_write_png(const char *run_dir, const char *name);

#endif
