/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The display of a gpu device: the end of QEMU's vhost-user-gpu protocol that shows
 * (docs/interop/vhost-user-gpu.rst). It has one head and no cursor of its own, and keeps what it shows
 * in a frame; a screen shows the same.
 *
 * The program at the other end works for the driver VM: what it sends is checked, cut off at the
 * frame's edges, and taken in pieces of bounded length.
 */
#ifndef BACKEND_DAEMON_DISPLAY_H
#define BACKEND_DAEMON_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/err.h"
#include "backend/daemon/frame.h"
#include "backend/daemon/loop.h"
#include "backend/daemon/screen.h"

#define DISPLAY_PIECE_BYTES 65536U
#define DISPLAY_USUAL_WIDTH 1024U
#define DISPLAY_USUAL_HEIGHT 768U

struct display_message {
	uint32_t request;
	uint32_t flags;
	uint32_t bytes;
	uint32_t words[5]; /* the beginning of the payload, of those whose payload counts */
};

struct display_size {
	uint32_t width, height;
};

struct display {
	struct loop *loop;
	const char *peer;
	struct frame *frame;
	const struct screen *screen;
	/* Pixels, constant. There is also room for what a driver shows that was told of no head: Linux
	 * waits 5 s for an answer. */
	struct display_size head;
	uint32_t width, height;
	struct loop_source source; /* fd: our end of the socket; -1: none */

	struct display_message message;
	size_t got; /* bytes of the message so far, those of its payload behind words included */
};

/** Show a head of @size pixels on @frame and @screen, dark at first. No side is more than
 * PV_BACKEND_SIDE_MAX. */
void display_open(struct display *display, struct loop *loop, const char *peer, struct frame *frame,
                  const struct screen *screen, struct display_size size);

/** Hear a new program, while none is heard; @fd: its end of the socket, which the caller closes.
 * Errors: ERR_STATE. */
MUST_USE err_t display_connect(struct display *display, int *fd);

/** Go dark, and hear nothing more. */
void display_disconnect(struct display *display);

#endif
