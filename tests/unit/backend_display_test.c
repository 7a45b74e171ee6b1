/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend/daemon/display and png: a program that draws, one that draws beside the picture, and ones
 * that do not speak the protocol.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/display.c backend/daemon/frame.c backend/daemon/loop.c
 * links: backend/daemon/log.c backend/daemon/screen.c
 */
/* cmocka.h takes these for granted. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <linux/fb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/daemon/display.h"
#include "lib/bits.h"

enum { GET_FEATURES = 1, GET_INFO = 3, CURSOR_UPDATE = 6, SCANOUT = 7, UPDATE = 8, DMABUF = 9 };

/* Of the head: wider than is usual, and lower; HEIGHT: of what may be shown. */
#define WIDTH 1100U
#define HEAD_HEIGHT 300U
#define HEIGHT DISPLAY_USUAL_HEIGHT

/* Smaller than the frame, with room behind its lines. */
#define SCREEN_WIDTH 9U
#define SCREEN_STRIDE 12U
#define SCREEN_HEIGHT 6U

struct bench {
	struct loop loop;
	struct frame *frame;
	struct display display;
	struct screen screen; /* of SCREEN_WIDTH by SCREEN_HEIGHT */
	uint32_t seen[SCREEN_HEIGHT + 1][SCREEN_STRIDE];
	int program;
	char path[64];
};

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	assert_int_equal(loop_open(&bench->loop), OK);
	snprintf(bench->path, sizeof(bench->path), "/tmp/display-%d", (int)getpid());
	bench->frame = frame_open(bench->path);
	assert_non_null(bench->frame);
	bench->screen = (struct screen){
		.fd = -1,
		.pixels = (uint8_t *)bench->seen,
		.line_bytes = sizeof(bench->seen[0]),
		.width_bytes = SCREEN_WIDTH * sizeof(uint32_t),
		.height = SCREEN_HEIGHT,
	};
	display_open(&bench->display, &bench->loop, "driver", bench->frame, &bench->screen,
	             (struct display_size){WIDTH, HEAD_HEIGHT});
	assert_int_equal(display_connect(&bench->display, &bench->program), OK);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	close(bench->program);
	display_disconnect(&bench->display);
	frame_close(bench->frame);
	unlink(bench->path);
	close(bench->loop.epoll_fd);
	free(bench);
	return 0;
}

/* Send bytes and let the display take them, @piece at a time. */
static void feed(struct bench *bench, const void *bytes, size_t count, size_t piece)
{
	for (size_t done = 0; done < count; done += piece) {
		size_t now = count - done < piece ? count - done : piece;

		assert_int_equal(send(bench->program, (const char *)bytes + done, now,
		                      MSG_DONTWAIT | MSG_NOSIGNAL),
		                 now);
		loop_turn(&bench->loop, 0);
	}
}

static void say(struct bench *bench, uint32_t request, const uint32_t *words, uint32_t count)
{
	const uint32_t header[] = {request, 0, count * 4};

	feed(bench, header, sizeof(header), sizeof(header));
	if (count > 0) {
		feed(bench, words, count * sizeof(*words), count * sizeof(*words));
	}
}

static bool is_heard(const struct bench *bench)
{
	return bench->display.source.fd >= 0;
}

static void test_questions(void **state)
{
	struct bench *bench = *state;
	uint32_t answer[128] = {0};

	say(bench, GET_FEATURES, NULL, 0);
	assert_int_equal(recv(bench->program, answer, sizeof(answer), 0), 20);
	assert_int_equal(answer[0], GET_FEATURES);
	assert_int_equal(answer[1], 4);
	assert_int_equal(answer[2], 8);
	assert_int_equal(answer[3] | answer[4], 0);
	say(bench, GET_INFO, NULL, 0);
	assert_int_equal(recv(bench->program, answer, sizeof(answer), 0), 12 + 24 + 16 * 24);
	assert_int_equal(answer[2], 24 + 16 * 24);
	assert_int_equal(answer[3], 0x1101);
	assert_int_equal(answer[11], WIDTH);
	assert_int_equal(answer[12], HEAD_HEIGHT);
	assert_int_equal(answer[13], 1);
	assert_int_equal(answer[19], 0);
}

/* Whatever the pieces in which it comes. */
static void test_update(void **state)
{
	struct bench *bench = *state;
	const uint32_t size[] = {0, 100, 50};
	const uint32_t message[] = {UPDATE, 0, 20 + 24, 0, 7, 5, 3, 2, 1, 2, 3, 4, 5, 6};

	say(bench, SCANOUT, size, 3);
	assert_int_equal(bench->frame->width, 100);
	assert_int_equal(bench->frame->height, 50);
	for (size_t piece = 1; piece <= sizeof(message); piece++) {
		memset(bench->frame->pixels, 0, 8 * sizeof(bench->frame->pixels[0]));
		feed(bench, message, sizeof(message), piece);
		for (uint32_t i = 0; i < 6; i++) {
			assert_int_equal(bench->frame->pixels[5 + i / 3][7 + i % 3], i + 1);
		}
		assert_int_equal(bench->frame->pixels[5][6] | bench->frame->pixels[5][10], 0);
		assert_int_equal(bench->frame->pixels[7][7], 0);
	}
	assert_true(is_heard(bench));
}

/* What has room on the screen is seen there, until the display is dark or has another size. */
static void test_screen(void **state)
{
	struct bench *bench = *state;
	const uint32_t size[] = {0, 100, 50};
	const uint32_t message[] = {0, 7, 5, 3, 2, 1, 2, 3, 4, 5, 6};
	uint32_t seen[SCREEN_HEIGHT + 1][SCREEN_STRIDE] = {{0}};

	for (unsigned round = 0; round < 2; round++) {
		say(bench, SCANOUT, size, 3);
		assert_memory_equal(bench->seen, seen, sizeof(seen));
		say(bench, UPDATE, message, ARRAY_COUNT(message));
		seen[5][7] = 1;
		seen[5][8] = 2;
		assert_memory_equal(bench->seen, seen, sizeof(seen));
		memset(seen, 0, sizeof(seen));
	}
	display_disconnect(&bench->display);
	assert_memory_equal(bench->seen, seen, sizeof(seen));
}

/* A picture of any size, at any place: what is not in the frame is not written anywhere. */
static void test_beside_the_frame(void **state)
{
	struct bench *bench = *state;
	const uint32_t large[] = {0, UINT32_MAX, UINT32_MAX};
	const uint32_t other[] = {1, 10, 10};
	const uint32_t places[][2] = {
		{WIDTH - 1, HEIGHT - 1},
		{WIDTH, 0},
		{0, HEIGHT},
		{UINT32_MAX, 0},
		{0, UINT32_MAX},
		{UINT32_MAX, UINT32_MAX},
		{UINT32_MAX / 4, 0},
		{0x40000000, 0x40000000},
	};
	uint32_t corner = 0;

	say(bench, SCANOUT, large, 3);
	assert_int_equal(bench->frame->width, WIDTH);
	assert_int_equal(bench->frame->height, HEIGHT);
	say(bench, SCANOUT, other, 3);
	assert_int_equal(bench->frame->width, WIDTH);
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		const uint32_t message[] = {0, places[i][0], places[i][1], 2, 2, 9, 9, 9, 9};
		say(bench, UPDATE, message, ARRAY_COUNT(message));
	}
	for (uint32_t y = 0; y <= HEIGHT; y++) {
		for (uint32_t x = 0; x <= WIDTH; x++) {
			corner += bench->frame->pixels[y][x];
		}
	}
	assert_int_equal(corner, 9);
	assert_int_equal(bench->frame->pixels[HEIGHT - 1][WIDTH - 1], 9);
	assert_true(is_heard(bench));
}

/* A rectangle that says nothing of the count of pixels behind it. */
static void test_wrong_count(void **state)
{
	struct bench *bench = *state;
	const uint32_t size[] = {0, 100, 50};
	const uint32_t more[] = {0, 0, 0, 1, 1, 1, 2, 3, 4};
	const uint32_t none[] = {0, 0, 0, 0, UINT32_MAX, 7, 7};

	say(bench, SCANOUT, size, 3);
	say(bench, UPDATE, more, ARRAY_COUNT(more));
	assert_int_equal(bench->frame->pixels[3][0], 4);
	say(bench, UPDATE, none, ARRAY_COUNT(none));
	assert_int_equal(bench->frame->pixels[0][0], 1);
	assert_true(is_heard(bench));
}

static void test_no_protocol(void **state)
{
	const struct {
		uint32_t request;
		uint32_t bytes;
	} lies[] = {{DMABUF, 0},
	            {0, 0},
	            {UINT32_MAX, 4},
	            {UPDATE, 8},
	            {SCANOUT, 4},
	            {UPDATE, UINT32_MAX},
	            {CURSOR_UPDATE, UINT32_MAX - 11}};

	for (size_t i = 0; i < ARRAY_COUNT(lies); i++) {
		struct bench *bench = *state;
		const uint32_t size[] = {0, 100, 50};
		const uint32_t header[5] = {lies[i].request, 0, lies[i].bytes};
		uint32_t bytes = lies[i].bytes < 8 ? lies[i].bytes : 8;

		say(bench, SCANOUT, size, 3);
		feed(bench, header, 12 + bytes, 12 + bytes);
		assert_false(is_heard(bench));
		assert_int_equal(bench->frame->width, 0);
		tear_down(state);
		set_up(state);
	}
}

static void test_a_new_program_begins_anew(void **state)
{
	struct bench *bench = *state;
	const uint32_t size[] = {0, 100, 50};
	const uint32_t half[] = {UPDATE, 0, 24};

	say(bench, SCANOUT, size, 3);
	feed(bench, half, sizeof(half), sizeof(half));
	display_disconnect(&bench->display);
	close(bench->program);
	assert_int_equal(bench->frame->width, 0);
	assert_int_equal(display_connect(&bench->display, &bench->program), OK);
	say(bench, SCANOUT, size, 3);
	assert_int_equal(bench->frame->width, 100);
}

/* A screen shows the frame's pixels only if its own lie in memory as they do. */
static void test_form_of_screens(void **state)
{
	const struct fb_var_screeninfo good = {.bits_per_pixel = 32,
	                                       .red = {.offset = 16, .length = 8},
	                                       .green = {.offset = 8, .length = 8},
	                                       .blue = {.offset = 0, .length = 8}};
	struct fb_var_screeninfo turned = good;
	struct fb_var_screeninfo deep = good;
	struct fb_var_screeninfo narrow = good;

	(void)state;
	turned.red.offset = 0;
	turned.blue.offset = 16;
	deep.red = (struct fb_bitfield){.offset = 20, .length = 10};
	narrow.bits_per_pixel = 16;
	assert_true(screen_has_form(&good));
	assert_false(screen_has_form(&turned));
	assert_false(screen_has_form(&deep));
	assert_false(screen_has_form(&narrow));
}

/* To clear is much work for few bytes: other sources of the loop are served between two of them. */
static void test_one_clearing_in_a_turn(void **state)
{
	struct bench *bench = *state;
	enum { COUNT = 50 };
	const uint32_t pixel[] = {UPDATE, 0, 24, 0, 3, 0, 1, 1, 7};
	uint32_t messages[COUNT][6];

	for (uint32_t i = 0; i < COUNT; i++) {
		memcpy(messages[i], (uint32_t[]){SCANOUT, 0, 12, 0, i + 1, 1}, sizeof(messages[i]));
	}
	assert_int_equal(send(bench->program, messages, sizeof(messages), 0), sizeof(messages));
	assert_int_equal(send(bench->program, pixel, sizeof(pixel), 0), sizeof(pixel));
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_int_equal(bench->frame->pixels[0][3], 0);
		loop_turn(&bench->loop, 0);
		assert_int_equal(bench->frame->width, i + 1);
	}
	loop_turn(&bench->loop, 0);
	assert_int_equal(bench->frame->pixels[0][3], 7);
	assert_true(is_heard(bench));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_questions),
		TEST(test_update),
		TEST(test_beside_the_frame),
		TEST(test_wrong_count),
		TEST(test_no_protocol),
		TEST(test_a_new_program_begins_anew),
		TEST(test_screen),
		TEST(test_one_clearing_in_a_turn),
		cmocka_unit_test(test_form_of_screens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
