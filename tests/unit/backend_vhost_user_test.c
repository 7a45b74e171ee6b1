/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend/daemon/vhost_user and inflight: the requests that a program gets, byte by byte, from a
 * fake program at the other end of a socket pair; and programs that answer wrongly.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/vhost_user.c backend/daemon/inflight.c backend/daemon/ring.c
 * links: backend/daemon/loop.c backend/daemon/log.c
 */
/* cmocka.h takes these for granted. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/daemon/inflight.h"
#include "backend/daemon/vhost_user.h"
#include "lib/bits.h"

#define DRIVER_ADDRESS 0x48000000U
#define MEMORY_BYTES 0x10000U
#define VERSION 1U
#define REPLY 4U
#define NEED_REPLY 8U
#define OFFERED (BIT64(32) | BIT64(30) | BIT64(29) | BIT64(9))
#define NO_EVENT 99U

struct bench {
	struct loop loop;
	struct dt_device config;
	struct ring_memory memory;
	struct backend_env env;
	struct vhost_user user;
	struct vhost_user_config user_config;
	struct control_setup setup;
	int kicks[2];
	int calls[2];
	int program; /* the fake program's end */
	struct inflight inflight;
	char directory[64];
	uint32_t event;
};

static void on_event(void *owner, enum vhost_user_event event)
{
	struct bench *bench = owner;

	bench->event = event;
	if (event == VHOST_USER_REFUSED || event == VHOST_USER_CLOSED) {
		vhost_user_close(&bench->user);
	}
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	assert_int_equal(loop_open(&bench->loop), OK);
	bench->config = (struct dt_device){.queue_count = 2, .queue_size = 128};
	bench->memory.fd = memfd_create("memory", 0);
	assert_int_equal(ftruncate(bench->memory.fd, MEMORY_BYTES), 0);
	bench->memory.base =
		mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, bench->memory.fd, 0);
	bench->memory.bytes = MEMORY_BYTES;
	bench->memory.driver_address = DRIVER_ADDRESS;
	for (int i = 0; i < 2; i++) {
		bench->kicks[i] = eventfd(0, EFD_NONBLOCK);
		bench->calls[i] = eventfd(0, EFD_NONBLOCK);
	}
	bench->env = (struct backend_env){
		.loop = &bench->loop,
		.peer = "driver",
		.config = &bench->config,
		.memory = &bench->memory,
		.kick_fds = bench->kicks,
		.call_fds = bench->calls,
	};
	bench->user_config = (struct vhost_user_config){
		.env = &bench->env,
		.device_features = MASK64(0, 24) | BIT64(29) | BIT64(32),
		.event = on_event,
		.owner = bench,
	};
	bench->setup = (struct control_setup){
		.features = BIT64(33) | BIT64(32) | BIT64(29) | BIT64(9),
		.sequence = 5,
		.given = 2,
		.queues = {[1] = {1, 64, DRIVER_ADDRESS, DRIVER_ADDRESS + 0x1000,
	                          DRIVER_ADDRESS + 0x2000}},
	};
	strcpy(bench->directory, "/tmp/backend-inflight-XXXXXX");
	assert_non_null(mkdtemp(bench->directory));
	bench->env.run_dir = bench->directory;
	bench->inflight.fd = -1;
	bench->program = -1;
	bench->user.source.fd = -1;
	bench->event = NO_EVENT;
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;
	char path[128];

	vhost_user_close(&bench->user);
	for (int i = 0; i < 2; i++) {
		close(bench->kicks[i]);
		close(bench->calls[i]);
	}
	inflight_close(&bench->inflight);
	snprintf(path, sizeof(path), "%s/driver-0.inflight", bench->directory);
	unlink(path);
	rmdir(bench->directory);
	munmap(bench->memory.base, MEMORY_BYTES);
	close(bench->memory.fd);
	close(bench->program);
	close(bench->loop.epoll_fd);
	free(bench);
	return 0;
}

static void open_user(struct bench *bench)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	bench->program = pair[1];
	vhost_user_open(&bench->user, &bench->user_config, pair[0]);
}

/* The program gets @request with @bytes of payload, and a file that is @fd if that is >= 0. */
static void expect(struct bench *bench, uint32_t request, uint32_t flags, void *payload,
                   size_t bytes, int fd)
{
	struct vhost_user_message message = {0};
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {&message, sizeof(message)};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	assert_int_equal(recvmsg(bench->program, &msg, 0), 12 + bytes);
	assert_int_equal(message.request, request);
	assert_int_equal(message.flags, VERSION | flags);
	assert_int_equal(message.bytes, bytes);
	if (bytes > 0) {
		memcpy(payload, message.payload, bytes);
	}
	assert_int_equal(msg.msg_controllen != 0, fd >= 0);
	if (fd >= 0) {
		struct stat wanted;
		struct stat got;
		int received;
		memcpy(&received, CMSG_DATA(&control.header), sizeof(received));
		assert_int_equal(fstat(fd, &wanted), 0);
		assert_int_equal(fstat(received, &got), 0);
		assert_int_equal(got.st_ino, wanted.st_ino);
		close(received);
	}
}

/* Answer, and let the front end take it. */
static void answer(struct bench *bench, uint32_t request, const void *payload, uint32_t bytes)
{
	struct vhost_user_message message = {request, VERSION | REPLY, bytes, {0}};

	memcpy(message.payload, payload, bytes);
	assert_int_equal(write(bench->program, &message, 12 + bytes), 12 + bytes);
	loop_turn(&bench->loop, 1000); /* header */
	loop_turn(&bench->loop, 0);    /* payload */
}

static void answer_u64(struct bench *bench, uint32_t request, uint64_t value)
{
	answer(bench, request, &value, sizeof(value));
}

/* A request whose payload is words, and which is acknowledged. */
static void pass(struct bench *bench, uint32_t request, const uint32_t *words, size_t count, int fd)
{
	uint32_t got[16] = {0};

	expect(bench, request, NEED_REPLY, got, count * 4, fd);
	assert_memory_equal(got, words, count * 4);
	answer_u64(bench, request, 0);
}

#define WORDS(...) (const uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / 4

static void shake_hands(struct bench *bench, uint64_t protocol, uint64_t chosen)
{
	uint64_t value;

	bench->event = NO_EVENT;
	open_user(bench);
	expect(bench, 1, 0, NULL, 0, -1);
	answer_u64(bench, 1, OFFERED);
	expect(bench, 15, 0, NULL, 0, -1);
	answer_u64(bench, 15, protocol);
	/* This one is not acknowledged, so the next stands behind it already. */
	char both[12 + 8];
	assert_int_equal(recv(bench->program, both, sizeof(both), 0), sizeof(both));
	memcpy(&value, both + 12, sizeof(value));
	assert_int_equal(both[0], 16);
	assert_true(value == chosen);
	assert_int_equal(bench->event, NO_EVENT);
	expect(bench, 3, NEED_REPLY, NULL, 0, -1);
	answer_u64(bench, 3, 0);
	assert_int_equal(bench->event, VHOST_USER_READY);
}

static void test_start(void **state)
{
	struct bench *bench = *state;
	uint64_t base = (uintptr_t)bench->memory.base;
	uint16_t used = 0x1234;
	uint64_t got[5];

	shake_hands(bench, 0xffff, BIT64(0) | BIT64(3) | BIT64(12));
	memcpy((char *)bench->memory.base + 0x2002, &used, sizeof(used));
	assert_int_equal(inflight_open(&bench->inflight, &bench->env), OK);
	vhost_user_start(&bench->user, &bench->setup, &bench->inflight);

	/* ACCESS_PLATFORM stays here, the bit of protocol features goes along. */
	pass(bench, 2, WORDS(0x60000200, 1), -1);
	expect(bench, 31, 0, got, 24, -1);
	assert_int_equal(got[2], 2 | 128 << 16);
	answer(bench, 31, (const uint64_t[]){0x1480, 0, 2 | 128 << 16}, 20);
	pass(bench, 32, WORDS(0x1480, 0, 4096, 0, 2 | 128 << 16, 0), bench->inflight.fd);
	pass(bench, 5,
	     WORDS(1, 0, DRIVER_ADDRESS, 0, MEMORY_BYTES, 0, (uint32_t)base, (uint32_t)(base >> 32),
	           0, 0),
	     bench->memory.fd);
	/* Queue 0 is not given. */
	pass(bench, 8, WORDS(1, 64), -1);
	pass(bench, 10, WORDS(1, 0x1234), -1);
	expect(bench, 9, NEED_REPLY, got, 40, -1);
	assert_true(got[0] == 1 && got[1] == base && got[2] == base + 0x2000 &&
	            got[3] == base + 0x1000 && got[4] == 0);
	answer_u64(bench, 9, 0);
	pass(bench, 13, WORDS(1, 0), bench->calls[1]);
	pass(bench, 12, WORDS(1, 0), bench->kicks[1]);
	assert_int_equal(bench->event, VHOST_USER_READY);
	pass(bench, 18, WORDS(1, 1), -1);
	assert_int_equal(bench->event, VHOST_USER_STARTED);

	close(bench->program);
	bench->program = -1;
	loop_turn(&bench->loop, 1000);
	assert_int_equal(bench->event, VHOST_USER_CLOSED);
}

/* A program that knows no acknowledgements gets all at once, and one question at the end. */
static void test_start_without_acknowledgements(void **state)
{
	struct bench *bench = *state;
	uint64_t value;

	open_user(bench);
	expect(bench, 1, 0, NULL, 0, -1);
	answer_u64(bench, 1, OFFERED & ~BIT64(30));
	expect(bench, 3, 0, NULL, 0, -1);
	assert_int_equal(bench->event, VHOST_USER_READY);
	vhost_user_start(&bench->user, &bench->setup, &bench->inflight);
	char rest[1024];
	ssize_t count = 0;
	ssize_t part;
	while ((part = recv(bench->program, rest + count, sizeof(rest) - (size_t)count, 0)) > 0) {
		count += part;
	}
	/* features, memory, number, base, address, call, kick, features? */
	assert_int_equal(count, 8 * 12 + 8 + 40 + 8 + 8 + 40 + 8 + 8);
	memcpy(&value, rest + 12, sizeof(value));
	assert_true(value == (BIT64(32) | BIT64(29) | BIT64(9)));
	assert_int_equal(bench->event, VHOST_USER_READY);
	answer_u64(bench, 1, OFFERED);
	assert_int_equal(bench->event, VHOST_USER_STARTED);
}

static void test_features_missing(void **state)
{
	struct bench *bench = *state;

	shake_hands(bench, BIT64(3), BIT64(3));
	bench->setup.features |= BIT64(13);
	vhost_user_start(&bench->user, &bench->setup, &bench->inflight);
	assert_int_equal(bench->event, VHOST_USER_REFUSED);
}

static void test_refusal(void **state)
{
	struct bench *bench = *state;
	uint64_t got;

	shake_hands(bench, BIT64(3), BIT64(3));
	vhost_user_start(&bench->user, &bench->setup, &bench->inflight);
	expect(bench, 2, NEED_REPLY, &got, 8, -1);
	answer_u64(bench, 2, 1);
	assert_int_equal(bench->event, VHOST_USER_REFUSED);
	assert_int_equal(bench->user.source.fd, -1);
}

static void test_bad_answers(void **state)
{
	static const struct vhost_user_message answers[] = {
		{2, VERSION | REPLY, 8, {0}}, /* to another request */
		{1, VERSION, 8, {0}},         /* not an answer */
		{1, 2 | REPLY, 8, {0}},       /* of another version */
		{1, VERSION | REPLY, 4, {0}},  {1, VERSION | REPLY, 64, {0}},
		{1, VERSION | REPLY, 65, {0}}, {1, VERSION | REPLY, UINT32_MAX, {0}},
		{1, VERSION | REPLY, 0, {0}},
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < ARRAY_COUNT(answers); i++) {
		size_t bytes = answers[i].bytes <= 64 ? answers[i].bytes : 64;
		open_user(bench);
		expect(bench, 1, 0, NULL, 0, -1);
		bench->event = NO_EVENT;
		assert_int_equal(write(bench->program, &answers[i], 12 + bytes), 12 + bytes);
		loop_turn(&bench->loop, 1000);
		if (bench->event == NO_EVENT) {
			loop_turn(&bench->loop, 0);
		}
		assert_int_equal(bench->event, VHOST_USER_CLOSED);
		close(bench->program);
	}
	/* An answer to nothing. */
	shake_hands(bench, BIT64(3), BIT64(3));
	assert_int_equal(write(bench->program, &answers[0], 20), 20);
	loop_turn(&bench->loop, 1000);
	assert_int_equal(bench->event, VHOST_USER_CLOSED);
}

static void test_answer_in_pieces(void **state)
{
	struct bench *bench = *state;
	struct vhost_user_message message = {1, VERSION | REPLY, 8, {0}};

	open_user(bench);
	expect(bench, 1, 0, NULL, 0, -1);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(write(bench->program, (char *)&message + i, 1), 1);
		loop_turn(&bench->loop, 1000);
	}
	/* No protocol features: SET_OWNER follows, and that is all. */
	assert_int_equal(bench->event, VHOST_USER_READY);
}

/* What a program does first in its region: its version. */
static void note(struct inflight *inflight)
{
	inflight->base[INFLIGHT_REGION_OFFSET + 8] = 1;
}

static void test_inflight_life(void **state)
{
	static const struct {
		uint32_t sequence;
		bool again;
		bool kept;
	} lives[] = {{5, true, true},   {6, true, false},  {6, true, true}, {5, true, false},
	             {5, false, false}, {5, false, false}, {5, true, true}};
	struct bench *bench = *state;
	struct inflight inflight;

	assert_int_equal(inflight_open(&inflight, &bench->env), OK);
	assert_false(inflight_begin(&inflight, &(struct control_setup){.sequence = 5}));
	assert_false(inflight_is_used(&inflight));
	note(&inflight);
	for (size_t i = 0; i < ARRAY_COUNT(lives); i++) {
		const struct control_setup setup = {.sequence = lives[i].sequence,
		                                    .again = lives[i].again};

		inflight_close(&inflight);
		assert_int_equal(inflight_open(&inflight, &bench->env), OK);
		assert_int_equal(inflight_begin(&inflight, &setup), lives[i].kept);
		assert_int_equal(inflight_is_used(&inflight), lives[i].kept);
		note(&inflight);
	}
	inflight_close(&inflight);
}

/* Memory that nobody has written is of no life, whatever a START says. */
static void test_inflight_memory(void **state)
{
	struct bench *bench = *state;
	const struct backend_inflight memory = {.fd = memfd_create("inflight", 0), .bytes = 0x6000};
	const struct control_setup again = {.again = true};
	struct inflight first;
	struct inflight second;

	assert_int_equal(ftruncate(memory.fd, 0x6000), 0);
	bench->env.inflight = &memory;
	assert_int_equal(inflight_open(&first, &bench->env), OK);
	assert_false(inflight_begin(&first, &again));
	note(&first);
	bench->config.inflight = 0x3000;
	assert_int_equal(inflight_open(&second, &bench->env), OK);
	assert_true(second.offset == 0x4000 && second.bytes == 0x2000);
	assert_false(inflight_begin(&second, &again));
	assert_true(inflight_begin(&first, &again) && inflight_is_used(&first));
	inflight_close(&first);
	inflight_close(&second);
	for (uint64_t at = 0x3800; at < 0x8000; at += 0x800) {
		bench->config.inflight = at;
		assert_int_equal(inflight_open(&first, &bench->env), ERR_RANGE);
	}
	bench->config.inflight = UINT64_MAX & ~(uint64_t)4095;
	assert_int_equal(inflight_open(&first, &bench->env), ERR_RANGE);
	close(memory.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_start, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_start_without_acknowledgements, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_features_missing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refusal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_answer_in_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_inflight_life, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_inflight_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
