/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See frame.h. A PNG (W3C, second edition) with 8 bits for each of red, green and blue. Each line is
 * stored as its difference from the one above, and runs of equal bytes are packed: this is all the
 * compression that there is, and screens consist of little else.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/daemon/frame.h"

#define PATH_BYTES 256U
#define CHUNK_BYTES 32768U
#define FILTER_UP 2U
#define ADLER_BASE 65521U
#define RUN_MAX 258U /* RFC 1951, 3.2.5: the longest match */

/* What a frame begins with. */
struct head {
	uint64_t magic;
	uint32_t width, height;
};

_Static_assert(sizeof(struct head) == offsetof(struct frame, pad), "the head of a frame");

struct png {
	uint8_t chunk[CHUNK_BYTES];
	size_t used;
	uint32_t bits, bit_count; /* that make no byte yet */
	uint32_t adler_low, adler_high;
	int last; /* byte; -1: none yet */
	uint32_t run;
};

static uint32_t crc(uint32_t value, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		value ^= bytes[i];
		for (int bit = 0; bit < 8; bit++) {
			value = value >> 1 ^ ((value & 1) != 0 ? 0xedb88320U : 0);
		}
	}
	return value;
}

static void write_u32(uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		putchar((int)(value >> shift & 0xff));
	}
}

static void write_chunk(const char *type, const uint8_t *bytes, size_t count)
{
	uint32_t sum = crc(UINT32_MAX, (const uint8_t *)type, 4);

	write_u32((uint32_t)count);
	fwrite(type, 1, 4, stdout);
	fwrite(bytes, 1, count, stdout);
	write_u32(~crc(sum, bytes, count));
}

static void put_byte(struct png *png, uint8_t byte)
{
	if (png->used == CHUNK_BYTES) {
		write_chunk("IDAT", png->chunk, png->used);
		png->used = 0;
	}
	png->chunk[png->used++] = byte;
}

/* Bits of a number, the least significant one first. */
static void put_bits(struct png *png, uint32_t value, uint32_t count)
{
	png->bits |= value << png->bit_count;
	png->bit_count += count;
	while (png->bit_count >= 8) {
		put_byte(png, (uint8_t)png->bits);
		png->bits >>= 8;
		png->bit_count -= 8;
	}
}

/* A Huffman code, the most significant bit first. */
static void put_code(struct png *png, uint32_t code, uint32_t count)
{
	while (count-- > 0) {
		put_bits(png, code >> count & 1, 1);
	}
}

/* RFC 1951, 3.2.6: the fixed codes. */
static void put_literal(struct png *png, uint32_t byte)
{
	if (byte < 144) {
		put_code(png, 0x30 + byte, 8);
	} else {
		put_code(png, 0x190 + byte - 144, 9);
	}
}

/* The byte before, 3 to 10 or 258 times more: lengths that need no extra bits. */
static void put_match(struct png *png, uint32_t length)
{
	if (length == RUN_MAX) {
		put_code(png, 0xc0 + 285 - 280, 8);
	} else {
		put_code(png, 257 + length - 3 - 256, 7);
	}
	put_code(png, 0, 5); /* distance 1 */
}

static void end_run(struct png *png)
{
	while (png->run >= RUN_MAX) {
		put_match(png, RUN_MAX);
		png->run -= RUN_MAX;
	}
	while (png->run >= 3) {
		uint32_t length = png->run < 10 ? png->run : 10;
		put_match(png, length);
		png->run -= length;
	}
	for (; png->run > 0; png->run--) {
		put_literal(png, (uint32_t)png->last);
	}
}

static void pack(struct png *png, uint8_t byte)
{
	png->adler_low = (png->adler_low + byte) % ADLER_BASE;
	png->adler_high = (png->adler_high + png->adler_low) % ADLER_BASE;
	if (byte == png->last) {
		png->run++;
		return;
	}
	end_run(png);
	put_literal(png, byte);
	png->last = byte;
}

/* The lines of a frame in @file, without what was not shown, in one go: it may change meanwhile. NULL:
 * there is no memory for them, or they are not there. */
static uint32_t *read_lines(FILE *file, uint32_t width, uint32_t height)
{
	uint32_t *pixels = calloc(height, width * sizeof(*pixels));

	for (uint32_t y = 0; y < height && pixels != NULL; y++) {
		size_t at = offsetof(struct frame, pixels) +
		            (size_t)y * PV_BACKEND_SIDE_MAX * sizeof(*pixels);

		if (fseek(file, (long)at, SEEK_SET) != 0 ||
		    fread(pixels + (size_t)y * width, sizeof(*pixels), width, file) != width) {
			free(pixels);
			pixels = NULL;
		}
	}
	return pixels;
}

static void pack_lines(struct png *png, const uint32_t *pixels, uint32_t width, uint32_t height)
{
	static const uint32_t dark[PV_BACKEND_SIDE_MAX];
	const uint32_t *above = dark;

	for (uint32_t y = 0; y < height; y++) {
		const uint32_t *line = pixels + (size_t)y * width;

		pack(png, FILTER_UP);
		for (uint32_t x = 0; x < width; x++) {
			for (int shift = 16; shift >= 0; shift -= 8) {
				pack(png, (uint8_t)((line[x] >> shift) - (above[x] >> shift)));
			}
		}
		above = line;
	}
}

/* RFC 1950: two bytes of header, one block of RFC 1951, the checksum. */
static void write_pixels(const uint32_t *pixels, uint32_t width, uint32_t height)
{
	static struct png png = {.adler_low = 1, .last = -1};

	put_byte(&png, 0x78);
	put_byte(&png, 0x01);
	put_bits(&png, 1, 1); /* the last block */
	put_bits(&png, 1, 2); /* fixed codes */
	pack_lines(&png, pixels, width, height);
	end_run(&png);
	put_code(&png, 0, 7); /* the block's end */
	put_bits(&png, 0, 7); /* up to a byte */
	for (int shift = 24; shift >= 0; shift -= 8) {
		uint32_t adler = png.adler_high << 16 | png.adler_low;
		put_byte(&png, (uint8_t)(adler >> shift));
	}
	write_chunk("IDAT", png.chunk, png.used);
}

static int write_png(const uint32_t *pixels, uint32_t width, uint32_t height)
{
	uint8_t head[13] = {[2] = (uint8_t)(width >> 8),
	                    [3] = (uint8_t)width,
	                    [6] = (uint8_t)(height >> 8),
	                    [7] = (uint8_t)height,
	                    [8] = 8, /* bits */
	                    [9] = 2 /* red, green, blue */};

	fwrite("\x89PNG\r\n\x1a\n", 1, 8, stdout);
	write_chunk("IHDR", head, sizeof(head));
	write_pixels(pixels, width, height);
	write_chunk("IEND", head, 0);
	return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : 1;
}

/* The beginning of the frame in @file is good. */
static bool read_head(FILE *file, struct head *head)
{
	return fread(head, sizeof(*head), 1, file) == 1 && head->magic == FRAME_MAGIC &&
	       head->width <= PV_BACKEND_SIDE_MAX && head->height <= PV_BACKEND_SIDE_MAX;
}

int frame_write_png(const char *run_dir, const char *name)
{
	struct head head;
	char path[PATH_BYTES];
	uint32_t *pixels = NULL;
	int status = 1;

	snprintf(path, sizeof(path), "%s/%s.frame", run_dir, name);
	FILE *file = fopen(path, "rb");
	if (file == NULL || !read_head(file, &head)) {
		fprintf(stderr, "peervisord: there is no display at %s\n", path);
	} else if (head.width == 0 || head.height == 0) {
		fprintf(stderr, "peervisord: the display of %s is dark\n", name);
	} else {
		pixels = read_lines(file, head.width, head.height);
		if (pixels == NULL) {
			fprintf(stderr, "peervisord: the display of %s cannot be read\n", name);
		} else {
			status = write_png(pixels, head.width, head.height);
		}
	}
	free(pixels);
	if (file != NULL) {
		fclose(file);
	}
	return status;
}
