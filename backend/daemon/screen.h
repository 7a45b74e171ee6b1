/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A screen of this VM: what a display shows is seen there too, from the top left corner on and as
 * far as there is room. It is one of Linux' framebuffers, and of one display only.
 */
#ifndef BACKEND_DAEMON_SCREEN_H
#define BACKEND_DAEMON_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct screen {
	int fd;          /* whose lock says that the screen is taken; -1: there is none */
	uint8_t *pixels; /* 32 bits each, as in a frame */
	size_t line_bytes, width_bytes, height;
};

struct fb_var_screeninfo;

/** Are @mode's pixels those of a frame? */
bool screen_has_form(const struct fb_var_screeninfo *mode);

/** Take the first that no other display has, and make it dark. There need not be one. */
void screen_open(struct screen *screen);

/** Put bytes of line @y, from byte @x on. */
void screen_put(const struct screen *screen, size_t x, size_t y, const uint8_t *bytes,
                size_t count);

/** Make it dark. */
void screen_clear(const struct screen *screen);

void screen_close(struct screen *screen);

#endif
