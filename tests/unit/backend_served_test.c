/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend/daemon/vring, served, rng and console: the daemon as a device, in front of a ring that
 * the test writes as a driver would, and as a driver that lies.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/vring.c backend/daemon/served.c backend/daemon/rng.c
 * links: backend/daemon/console.c backend/daemon/socket.c backend/daemon/ring.c
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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/served.h"
#include "backend/daemon/socket.h"
#include "lib/bits.h"

#define DRIVER_ADDRESS 0x48000000U
#define MEMORY_BYTES 0x40000U
#define QUEUE_SIZE 32U
#define QUEUE_BYTES 0x1000U /* apart from one queue to the next */
#define BUFFERS 0x10000U    /* offset behind all queues */
#define QUEUES 2U
#define NO_EVENT 99U
#define NEXT 1U
#define WRITE 2U

struct descriptor {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags;
	uint16_t next;
};

/* A queue as the driver sees it. */
struct driver_queue {
	struct descriptor descriptors[QUEUE_SIZE];
	uint16_t available_flags, available_index, available[QUEUE_SIZE];
	uint16_t pad[2];
	uint16_t used_flags, used_index;
	struct {
		uint32_t head, bytes;
	} used[QUEUE_SIZE];
};

struct bench {
	struct loop loop;
	struct dt_device config;
	struct ring_memory memory;
	struct backend_env env;
	struct control_setup setup;
	int kicks[QUEUES], calls[QUEUES];
	uint32_t event;
	err_t err;
	const struct backend_type *type;
	void *backend;
	char run_dir[64];
};

static void on_event(void *owner, uint32_t device, enum backend_event event, err_t err)
{
	struct bench *bench = owner;

	(void)device;
	bench->event = event;
	bench->err = err;
}

void backend_tell(const struct backend_env *env, enum backend_event event, err_t err)
{
	env->event(env->owner, env->config->index, event, err);
}

static struct driver_queue *queue_at(const struct bench *bench, uint32_t queue)
{
	return (void *)((char *)bench->memory.base + (size_t)queue * QUEUE_BYTES);
}

static void describe_queue(struct bench *bench, uint32_t queue)
{
	uint64_t base = DRIVER_ADDRESS + (uint64_t)queue * QUEUE_BYTES;

	bench->setup.given |= BIT32(queue);
	bench->setup.queues[queue] = (struct pv_ctl_queue){
		.queue = queue,
		.size = QUEUE_SIZE,
		.desc = base,
		.driver = base + offsetof(struct driver_queue, available_flags),
		.device = base + offsetof(struct driver_queue, used_flags),
	};
	assert_int_equal(ring_check(&bench->memory, &bench->setup.queues[queue]), OK);
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	assert_int_equal(loop_open(&bench->loop), OK);
	bench->memory = (struct ring_memory){
		.base = calloc(1, MEMORY_BYTES),
		.bytes = MEMORY_BYTES,
		.driver_address = DRIVER_ADDRESS,
		.fd = -1,
	};
	assert_non_null(bench->memory.base);
	for (uint32_t q = 0; q < QUEUES; q++) {
		bench->kicks[q] = eventfd(0, EFD_NONBLOCK);
		bench->calls[q] = eventfd(0, EFD_NONBLOCK);
		describe_queue(bench, q);
	}
	snprintf(bench->run_dir, sizeof(bench->run_dir), "/tmp/served-XXXXXX");
	assert_non_null(mkdtemp(bench->run_dir));
	bench->config = (struct dt_device){.index = 0, .queue_count = QUEUES};
	bench->env = (struct backend_env){
		.loop = &bench->loop,
		.peer = "driver",
		.run_dir = bench->run_dir,
		.config = &bench->config,
		.memory = &bench->memory,
		.kick_fds = bench->kicks,
		.call_fds = bench->calls,
		.event = on_event,
		.owner = bench,
	};
	bench->event = NO_EVENT;
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;
	char command[128];

	if (bench->backend != NULL) {
		bench->type->close(bench->backend);
	}
	for (uint32_t q = 0; q < QUEUES; q++) {
		close(bench->kicks[q]);
		close(bench->calls[q]);
	}
	snprintf(command, sizeof(command), "rm -r %s", bench->run_dir);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): of our own making */
	close(bench->loop.epoll_fd);
	free(bench->memory.base);
	free(bench);
	return 0;
}

static void start(struct bench *bench, const struct backend_type *type)
{
	bench->type = type;
	bench->backend = type->open(&bench->env);
	assert_non_null(bench->backend);
	assert_int_equal(bench->event, BACKEND_READY);
	type->start(bench->backend, &bench->setup);
	assert_int_equal(bench->event, BACKEND_STARTED);
}

static void turn(struct bench *bench, int count)
{
	for (int i = 0; i < count; i++) {
		loop_turn(&bench->loop, 0);
	}
}

/* Offer descriptor @head of @queue, and kick. */
static void offer(struct bench *bench, uint32_t queue, uint16_t head)
{
	struct driver_queue *q = queue_at(bench, queue);

	q->available[q->available_index % QUEUE_SIZE] = head;
	q->available_index++;
	eventfd_write(bench->kicks[queue], 1);
}

static void describe(struct bench *bench, uint32_t queue, uint16_t index, struct descriptor is)
{
	queue_at(bench, queue)->descriptors[index] = is;
}

static char *buffer(const struct bench *bench, uint32_t offset)
{
	return (char *)bench->memory.base + BUFFERS + offset;
}

static uint64_t address(uint32_t offset)
{
	return DRIVER_ADDRESS + BUFFERS + offset;
}

static bool was_called(const struct bench *bench, uint32_t queue)
{
	eventfd_t count = 0;

	return eventfd_read(bench->calls[queue], &count) == 0;
}

static void test_rng_fills_a_chain(void **state)
{
	struct bench *bench = *state;
	static const char zeros[300];

	start(bench, &backend_rng);
	describe(bench, 0, 3, (struct descriptor){address(0), 100, NEXT | WRITE, 5});
	describe(bench, 0, 5, (struct descriptor){address(200), 100, WRITE, 0});
	offer(bench, 0, 3);
	turn(bench, 1);
	assert_int_equal(queue_at(bench, 0)->used_index, 1);
	assert_int_equal(queue_at(bench, 0)->used[0].head, 3);
	assert_int_equal(queue_at(bench, 0)->used[0].bytes, 200);
	assert_memory_not_equal(buffer(bench, 0), zeros, 100);
	assert_memory_equal(buffer(bench, 100), zeros, 100);
	assert_memory_not_equal(buffer(bench, 200), zeros, 100);
	assert_true(was_called(bench, 0));
	queue_at(bench, 0)->available_flags = 1; /* no interrupt, please */
	offer(bench, 0, 5);
	turn(bench, 1);
	assert_int_equal(queue_at(bench, 0)->used_index, 2);
	assert_false(was_called(bench, 0));
}

static void test_rng_gives_a_bounded_piece(void **state)
{
	struct bench *bench = *state;

	start(bench, &backend_rng);
	describe(bench, 0, 0, (struct descriptor){address(0), MEMORY_BYTES - BUFFERS, WRITE, 0});
	offer(bench, 0, 0);
	turn(bench, 1);
	assert_int_equal(queue_at(bench, 0)->used[0].bytes, 4096);
}

/* Rings that a driver can write and none should: each ends the device and touches nothing. */
static void test_lies(void **state)
{
	const struct {
		struct descriptor descriptor;
		uint16_t head;
		uint16_t ahead; /* of what the ring can hold */
	} lies[] = {
		{{DRIVER_ADDRESS - 1, 1, WRITE, 0}, 0, 0},
		{{DRIVER_ADDRESS + MEMORY_BYTES - 1, 2, WRITE, 0}, 0, 0},
		{{UINT64_MAX, 2, WRITE, 0}, 0, 0},
		{{0, 1, WRITE, 0}, 0, 0},
		{{address(0), UINT32_MAX, WRITE, 0}, 0, 0},
		{{address(0), 16, WRITE | NEXT, QUEUE_SIZE}, 0, 0}, /* the next one outside */
		{{address(0), 16, WRITE | NEXT, 0}, 0, 0},          /* a circle */
		{{address(0), 16, WRITE | 4, 0}, 0, 0},             /* indirect */
		{{address(0), 16, WRITE, 0}, QUEUE_SIZE, 0},
		{{address(0), 16, WRITE, 0}, UINT16_MAX, 0},
		{{address(0), 16, WRITE, 0}, 0, QUEUE_SIZE},
	};

	for (size_t i = 0; i < ARRAY_COUNT(lies); i++) {
		struct bench *bench = *state;

		start(bench, &backend_rng);
		describe(bench, 0, 0, lies[i].descriptor);
		queue_at(bench, 0)->available_index += lies[i].ahead;
		offer(bench, 0, lies[i].head);
		turn(bench, 1);
		assert_int_equal(bench->event, BACKEND_FAILED);
		assert_int_equal(bench->err, ERR_GUEST);
		assert_int_equal(queue_at(bench, 0)->used_index, 0);
		offer(bench, 0, 0);
		turn(bench, 2);
		assert_int_equal(queue_at(bench, 0)->used_index, 0);
		tear_down(state);
		set_up(state);
	}
}

/* What the driver writes comes first in a chain: the other order is a lie, too. */
static void test_readable_behind_writable(void **state)
{
	struct bench *bench = *state;

	start(bench, &backend_rng);
	describe(bench, 0, 0, (struct descriptor){address(0), 16, WRITE | NEXT, 1});
	describe(bench, 0, 1, (struct descriptor){address(16), 16, 0, 0});
	offer(bench, 0, 0);
	turn(bench, 1);
	assert_int_equal(bench->event, BACKEND_FAILED);
}

/* More than may be spent in a period waits for the next one, whether the driver kicks or not. */
static void test_flood_is_paced(void **state)
{
	struct bench *bench = *state;
	struct driver_queue *q = queue_at(bench, 0);
	uint32_t at_once = SERVED_PERIOD_BYTES / (4096 + SERVED_REQUEST_BYTES) + 1;

	start(bench, &backend_rng);
	describe(bench, 0, 0, (struct descriptor){address(0), 4096, WRITE, 0});
	for (uint32_t i = 0; i < at_once + 1; i++) {
		offer(bench, 0, 0);
	}
	turn(bench, 1);
	assert_int_equal(q->used_index, at_once);
	while (q->used_index == at_once) {
		loop_turn(&bench->loop, -1); /* until the timer fires: nothing else can come */
	}
	assert_int_equal(q->used_index, at_once + 1);
}

static void test_no_queue(void **state)
{
	struct bench *bench = *state;

	bench->setup.given = 2;
	bench->backend = backend_rng.open(&bench->env);
	bench->type = &backend_rng;
	backend_rng.start(bench->backend, &bench->setup);
	assert_int_equal(bench->event, BACKEND_FAILED);
	assert_int_equal(bench->err, ERR_GUEST);
}

static void test_stop_and_start(void **state)
{
	struct bench *bench = *state;

	start(bench, &backend_rng);
	describe(bench, 0, 0, (struct descriptor){address(0), 16, WRITE, 0});
	backend_rng.stop(bench->backend);
	assert_int_equal(bench->event, BACKEND_STOPPED);
	offer(bench, 0, 0);
	turn(bench, 2);
	assert_int_equal(queue_at(bench, 0)->used_index, 0);
	backend_rng.start(bench->backend, &bench->setup);
	assert_int_equal(bench->event, BACKEND_STARTED);
	turn(bench, 2);
	assert_int_equal(queue_at(bench, 0)->used_index, 1);
}

static int operator_fd(const struct bench *bench)
{
	char path[128];
	int fd = -1;

	snprintf(path, sizeof(path), "%s/driver-0.console", bench->run_dir);
	assert_int_equal(socket_connect(path, &fd), OK);
	return fd;
}

static void say(struct bench *bench, const char *text)
{
	memcpy(buffer(bench, 0), text, strlen(text));
	describe(bench, 1, 0, (struct descriptor){address(0), (uint32_t)strlen(text), 0, 0});
	offer(bench, 1, 0);
	turn(bench, 2);
}

static void assert_log(const struct bench *bench, const char *text)
{
	char path[128];
	char content[256] = {0};

	snprintf(path, sizeof(path), "%s/driver-0.log", bench->run_dir);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(content, 1, sizeof(content) - 1, file), strlen(text));
	fclose(file);
	assert_string_equal(content, text);
}

static void test_console_output(void **state)
{
	struct bench *bench = *state;
	char text[16] = {0};

	start(bench, &backend_console);
	say(bench, "alone ");
	int fd = operator_fd(bench);
	turn(bench, 3);
	say(bench, "heard");
	assert_int_equal(read(fd, text, sizeof(text)), 5);
	assert_string_equal(text, "heard");
	assert_log(bench, "alone heard");
	assert_int_equal(queue_at(bench, 1)->used_index, 2);
	close(fd);
	turn(bench, 3);
	say(bench, "!");
	assert_log(bench, "alone heard!");
}

/* Input waits for room, goes in order, and at its end the operator is let go. */
static void test_console_input(void **state)
{
	struct bench *bench = *state;
	char end;

	start(bench, &backend_console);
	int fd = operator_fd(bench);
	turn(bench, 3);
	assert_int_equal(write(fd, "abcdef", 6), 6);
	shutdown(fd, SHUT_WR);
	turn(bench, 3);
	describe(bench, 0, 0, (struct descriptor){address(0), 4, WRITE, 0});
	describe(bench, 0, 1, (struct descriptor){address(4), 4, WRITE, 0});
	offer(bench, 0, 0);
	turn(bench, 3);
	assert_int_equal(queue_at(bench, 0)->used_index, 1);
	assert_int_equal(queue_at(bench, 0)->used[0].bytes, 4);
	assert_int_equal(read(fd, &end, 1), -1);
	offer(bench, 0, 1);
	turn(bench, 3);
	assert_int_equal(queue_at(bench, 0)->used[1].bytes, 2);
	assert_memory_equal(buffer(bench, 0), "abcdef", 6);
	offer(bench, 0, 0);
	turn(bench, 3);
	assert_int_equal(read(fd, &end, 1), 0);
	assert_int_equal(queue_at(bench, 0)->used_index, 2);
	close(fd);
}

static void test_a_new_operator_takes_over(void **state)
{
	struct bench *bench = *state;
	char text[8];

	start(bench, &backend_console);
	int old = operator_fd(bench);
	turn(bench, 3);
	int new = operator_fd(bench);
	turn(bench, 3);
	assert_int_equal(read(old, text, sizeof(text)), 0);
	say(bench, "x");
	assert_int_equal(read(new, text, sizeof(text)), 1);
	close(old);
	close(new);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_rng_fills_a_chain),
		TEST(test_rng_gives_a_bounded_piece),
		TEST(test_lies),
		TEST(test_readable_behind_writable),
		TEST(test_flood_is_paced),
		TEST(test_no_queue),
		TEST(test_stop_and_start),
		TEST(test_console_output),
		TEST(test_console_input),
		TEST(test_a_new_operator_takes_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
