/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See screen.h. The framebuffer is written by memory: Linux takes a write() of exactly a line for
 * one of no pixel, and does not show it (drm_fb_helper_memory_range_to_clip).
 */
#include "backend/daemon/screen.h"

#include <fcntl.h>
#include <linux/fb.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/err.h"
#include "backend/daemon/log.h"

#define SCREENS_MAX 4U

static bool is_byte_at(const struct fb_bitfield *field, uint32_t offset)
{
	return field->offset == offset && field->length == 8;
}

bool screen_has_form(const struct fb_var_screeninfo *mode)
{
	return mode->bits_per_pixel == 32 && is_byte_at(&mode->red, 16) &&
	       is_byte_at(&mode->green, 8) && is_byte_at(&mode->blue, 0);
}

/* Map what is behind @fd, which is ours. Without a console on it a screen is dark until somebody
 * sets its mode. */
static err_t map(struct screen *screen, int fd)
{
	struct fb_var_screeninfo mode;
	struct fb_fix_screeninfo place;
	void *pixels;

	if (ioctl(fd, FBIOGET_VSCREENINFO, &mode) < 0 ||
	    ioctl(fd, FBIOGET_FSCREENINFO, &place) < 0) {
		return ERR_STATE;
	}
	if (!screen_has_form(&mode)) {
		return ERR_ARG;
	}
	mode.xoffset = 0;
	mode.yoffset = 0;
	mode.activate = FB_ACTIVATE_NOW | FB_ACTIVATE_FORCE;
	if (ioctl(fd, FBIOPUT_VSCREENINFO, &mode) < 0) {
		return ERR_STATE;
	}
	pixels = mmap(NULL, (size_t)place.line_length * mode.yres, PROT_READ | PROT_WRITE,
	              MAP_SHARED, fd, 0);
	if (pixels == MAP_FAILED) {
		return ERR_STATE;
	}
	*screen = (struct screen){
		.fd = fd,
		.pixels = pixels,
		.line_bytes = place.line_length,
		.width_bytes = mode.xres * sizeof(uint32_t),
		.height = mode.yres,
	};
	return OK;
}

void screen_open(struct screen *screen)
{
	*screen = (struct screen){.fd = -1};
	for (unsigned i = 0; i < SCREENS_MAX && screen->fd < 0; i++) {
		char path[16];

		snprintf(path, sizeof(path), "/dev/fb%u", i);
		int fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0) {
			continue;
		}
		bool taken = flock(fd, LOCK_EX | LOCK_NB) < 0;
		err_t err = taken ? OK : map(screen, fd);
		if (err == ERR_ARG) {
			log_line(path, "cannot show pictures: its pixels have another form");
		} else if (err != OK) {
			log_errno(path, "cannot show pictures");
		}
		if (screen->fd < 0) {
			close(fd);
		}
	}
	screen_clear(screen);
}

void screen_put(const struct screen *screen, size_t x, size_t y, const uint8_t *bytes, size_t count)
{
	if (y < screen->height && x < screen->width_bytes) {
		size_t room = screen->width_bytes - x;
		memcpy(screen->pixels + y * screen->line_bytes + x, bytes,
		       count < room ? count : room);
	}
}

void screen_clear(const struct screen *screen)
{
	for (size_t y = 0; y < screen->height; y++) {
		memset(screen->pixels + y * screen->line_bytes, 0, screen->width_bytes);
	}
}

void screen_close(struct screen *screen)
{
	if (screen->fd >= 0) {
		screen_clear(screen);
		munmap(screen->pixels, screen->line_bytes * screen->height);
		close(screen->fd);
		*screen = (struct screen){.fd = -1};
	}
}
