/* SPDX-License-Identifier: BSD-2-Clause */
/* Drawing on the first framebuffer: a picture of which each pixel is known. */
#include <fcntl.h>
#include <linux/fb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/system/probe.h"

/* display.py computes the same. */
static uint32_t pixel(uint32_t x, uint32_t y, uint32_t seed)
{
	return (x / 16 * 0x10204U + y / 16 * 0x30501U + seed) & 0xffffff;
}

int command_draw(char **argument)
{
	uint32_t seed = (uint32_t)number(argument[0]);
	struct fb_var_screeninfo mode;
	struct fb_fix_screeninfo place;
	int fd = open("/dev/fb0", O_RDWR);

	if (fd < 0 || ioctl(fd, FBIOGET_VSCREENINFO, &mode) < 0 ||
	    ioctl(fd, FBIOGET_FSCREENINFO, &place) < 0 || mode.bits_per_pixel != 32) {
		fail("/dev/fb0");
	}
	/* Without a console on it the display is dark until somebody sets its mode. */
	mode.activate = FB_ACTIVATE_NOW | FB_ACTIVATE_FORCE;
	if (ioctl(fd, FBIOPUT_VSCREENINFO, &mode) < 0) {
		fail("FBIOPUT_VSCREENINFO");
	}
	/* All in one write: Linux takes one that is exactly a line for one of no pixel, and does not
	 * show it (drm_fb_helper_memory_range_to_clip). */
	size_t stride = place.line_length / sizeof(uint32_t);
	size_t bytes = mode.yres * stride * sizeof(uint32_t);
	uint32_t *picture = calloc(mode.yres, stride * sizeof(uint32_t));
	if (picture == NULL) {
		fail("calloc");
	}
	for (uint32_t y = 0; y < mode.yres; y++) {
		for (uint32_t x = 0; x < mode.xres; x++) {
			picture[y * stride + x] = pixel(x, y, seed);
		}
	}
	if (pwrite(fd, picture, bytes, 0) != (ssize_t)bytes) {
		fail("write");
	}
	free(picture);
	close(fd);
	printf("%u %u\n", mode.xres, mode.yres);
	return 0;
}
