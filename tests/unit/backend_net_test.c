/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend/daemon/net with several pairs of queues: which of them are attached to the tap, and what
 * becomes of the driver's commands. The tap and vhost-net are the test's.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/net.c backend/daemon/served.c backend/daemon/vring.c
 * links: backend/daemon/ring.c backend/daemon/loop.c backend/daemon/log.c
 */
/* cmocka.h takes these for granted. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/filter.h"
#include "backend/daemon/interface.h"
#include "backend/daemon/net_pair.h"
#include "lib/bits.h"

#define DRIVER_ADDRESS 0x48000000U
#define PAIRS 3U
#define CONTROL ((size_t)2 * PAIRS)
#define QUEUES (CONTROL + 1)
#define SIZE 4U
#define NEXT 1U
#define WRITE 2U
#define CTRL_VQ BIT64(17)
#define MQ BIT64(22)
#define UNANSWERED 0xff

/* A queue as the driver sees it. */
struct driver_queue {
	struct {
		_Alignas(16) uint64_t address;
		uint32_t bytes;
		uint16_t flags;
		uint16_t next;
	} descriptors[SIZE];
	uint16_t available_flags, available_index, available[SIZE + 1];
	uint16_t pad[1];
	uint16_t used_flags, used_index;
	struct {
		uint32_t head, bytes;
	} used[SIZE];
	uint16_t event;
};

static struct {
	struct driver_queue queues[QUEUES];
	uint8_t command[4];
	uint8_t answer;
} memory;

static struct bench {
	struct loop loop;
	struct dt_device config;
	struct ring_memory memory;
	struct backend_env env;
	struct control_setup setup;
	int kicks[QUEUES], calls[QUEUES];
	enum backend_event event;
	void *backend;
	/* Bit n: pair n. */
	uint32_t attached, running, fails;
	uint32_t changes; /* of what is attached */
} bench;

err_t net_pair_open(struct net_pair *pair, const struct backend_env *env, uint32_t number)
{
	*pair = (struct net_pair){.env = env, .number = number, .tap_fd = -1, .vhost_fd = -1};
	bench.attached |= BIT32(number);
	return OK;
}

err_t net_pair_start(struct net_pair *pair, const struct control_setup *setup)
{
	assert_int_equal(setup->given >> (2 * pair->number) & 3, 3);
	assert_true((bench.attached & BIT32(pair->number)) != 0); /* else vhost does not take it */
	if ((bench.fails & BIT32(pair->number)) != 0) {
		return ERR_STATE;
	}
	bench.running |= BIT32(pair->number);
	return OK;
}

void net_pair_stop(struct net_pair *pair)
{
	bench.running &= ~BIT32(pair->number);
}

err_t net_pair_attach(struct net_pair *pair, bool attach)
{
	uint32_t now = attach ? bench.attached | BIT32(pair->number)
	                      : bench.attached & ~BIT32(pair->number);

	assert_int_not_equal(pair->number, 0);
	bench.changes += now != bench.attached ? 1 : 0;
	bench.attached = now;
	return OK;
}

void net_pair_close(struct net_pair *pair)
{
	net_pair_stop(pair);
}

const char *filter_place(const struct dt_device *config)
{
	return config->tap;
}

err_t filter_guard(const struct dt_device *config)
{
	(void)config;
	return OK;
}

err_t filter_harden(void)
{
	return OK;
}

err_t interface_set_up(const char *name)
{
	(void)name;
	return OK;
}

err_t interface_set_hardware(const char *name, const uint8_t mac[6])
{
	(void)name;
	(void)mac;
	return OK;
}

err_t interface_make_bridge(const char *name, const uint8_t mac[6])
{
	(void)name;
	(void)mac;
	return OK;
}

err_t interface_join_bridge(const char *name, const char *bridge, const uint8_t mac[6])
{
	(void)name;
	(void)bridge;
	(void)mac;
	return OK;
}

err_t interface_set_address(const char *name, const struct dt_subnet *own)
{
	(void)name;
	(void)own;
	return OK;
}

err_t interface_add_route(const struct dt_subnet *to, struct in_addr through)
{
	(void)to;
	(void)through;
	return OK;
}

err_t interface_forward(void)
{
	return OK;
}

/* Of the tap: its offloads. */
int ioctl(int fd, unsigned long request, ...)
{
	(void)fd;
	(void)request;
	return 0;
}

void backend_tell(const struct backend_env *env, enum backend_event event, err_t err)
{
	(void)env;
	(void)err;
	bench.event = event;
}

static uint64_t address_of(const void *at)
{
	return DRIVER_ADDRESS + (uint64_t)((const char *)at - (const char *)&memory);
}

static void describe_queue(uint32_t number)
{
	struct driver_queue *queue = &memory.queues[number];

	bench.setup.given |= BIT32(number);
	bench.setup.queues[number] = (struct pv_ctl_queue){
		.queue = number,
		.size = SIZE,
		.desc = address_of(queue->descriptors),
		.driver = address_of(&queue->available_flags),
		.device = address_of(&queue->used_flags),
	};
	assert_int_equal(ring_check(&bench.memory, &bench.setup.queues[number]), OK);
}

static int set_up(void **state)
{
	(void)state;
	memset(&memory, 0, sizeof(memory));
	bench = (struct bench){0};
	assert_int_equal(loop_open(&bench.loop), OK);
	bench.memory = (struct ring_memory){
		.base = &memory,
		.bytes = sizeof(memory),
		.driver_address = DRIVER_ADDRESS,
		.fd = -1,
	};
	for (uint32_t q = 0; q < QUEUES; q++) {
		bench.kicks[q] = eventfd(0, EFD_NONBLOCK);
		bench.calls[q] = eventfd(0, EFD_NONBLOCK);
		describe_queue(q);
	}
	bench.setup.features = CTRL_VQ | MQ;
	bench.config = (struct dt_device){.queue_count = QUEUES};
	bench.env = (struct backend_env){
		.loop = &bench.loop,
		.peer = "driver",
		.config = &bench.config,
		.memory = &bench.memory,
		.kick_fds = bench.kicks,
		.call_fds = bench.calls,
	};
	bench.backend = backend_net.open(&bench.env);
	assert_non_null(bench.backend);
	assert_int_equal(bench.event, BACKEND_READY);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	backend_net.close(bench.backend);
	for (uint32_t q = 0; q < QUEUES; q++) {
		close(bench.kicks[q]);
		close(bench.calls[q]);
	}
	close(bench.loop.epoll_fd);
	return 0;
}

static void start(enum backend_event expected)
{
	backend_net.start(bench.backend, &bench.setup);
	assert_int_equal(bench.event, expected);
}

/* What a command of @bytes bytes in queue @number is answered with. */
static uint8_t order(uint32_t number, uint8_t class, uint8_t command, uint16_t pairs,
                     uint32_t bytes)
{
	struct driver_queue *queue = &memory.queues[number];
	const uint8_t words[] = {class, command, (uint8_t)pairs, (uint8_t)(pairs >> 8)};
	uint16_t before = queue->used_index;
	eventfd_t count = 0;

	memcpy(memory.command, words, sizeof(words));
	memory.answer = UNANSWERED;
	queue->descriptors[0].address = address_of(memory.command);
	queue->descriptors[0].bytes = bytes;
	queue->descriptors[0].flags = NEXT;
	queue->descriptors[0].next = 1;
	queue->descriptors[1].address = address_of(&memory.answer);
	queue->descriptors[1].bytes = 1;
	queue->descriptors[1].flags = WRITE;
	queue->available[queue->available_index++ % SIZE] = 0;
	eventfd_write(bench.kicks[number], 1);
	while (queue->used_index == before) {
		loop_turn(&bench.loop, -1); /* one command in a period: the timer's turn comes */
	}
	assert_int_equal(queue->used[before % SIZE].bytes, 1);
	assert_int_equal(eventfd_read(bench.calls[number], &count), 0);
	return memory.answer;
}

static void test_the_driver_says_how_many_it_uses(void **state)
{
	(void)state;
	start(BACKEND_STARTED);
	assert_int_equal(bench.running, 7);
	assert_int_equal(bench.attached, 1); /* one, until it says more */
	assert_int_equal(order(CONTROL, 4, 0, 3, 4), 0);
	assert_int_equal(bench.attached, 7);
	assert_int_equal(order(CONTROL, 4, 0, 2, 4), 0);
	assert_int_equal(bench.attached, 3);
	assert_int_equal(order(CONTROL, 4, 0, 2, 4), 0);
	assert_int_equal(order(CONTROL, 4, 0, 1, 4), 0);
	assert_int_equal(bench.attached, 1);
}

static void test_commands_that_mean_nothing(void **state)
{
	(void)state;
	start(BACKEND_STARTED);
	assert_int_equal(order(CONTROL, 4, 0, 2, 4), 0);
	bench.changes = 0;
	assert_int_equal(order(CONTROL, 4, 0, 0, 4), 1);
	assert_int_equal(order(CONTROL, 4, 0, 4, 4), 1);
	assert_int_equal(order(CONTROL, 4, 0, 0x8001, 4), 1);
	assert_int_equal(order(CONTROL, 4, 1, 1, 4), 1);
	assert_int_equal(order(CONTROL, 0, 0, 1, 4), 1);
	assert_int_equal(order(CONTROL, 4, 0, 1, 3), 1);
	assert_int_equal(bench.changes, 0);
	assert_int_equal(bench.running, 7);
}

/* A daemon after the one that was told sees it by the buffers in the queues. */
static void test_a_later_daemon_goes_on(void **state)
{
	(void)state;
	bench.setup.again = true;
	memory.queues[2].available_index = 9;
	start(BACKEND_STARTED);
	assert_int_equal(bench.attached, 3);
	backend_net.stop(bench.backend);
	assert_int_equal(bench.event, BACKEND_STOPPED);
	assert_int_equal(bench.running, 0);
	memory.queues[2].available_index = 0;
	memory.queues[4].used_index = 1;
	start(BACKEND_STARTED);
	assert_int_equal(bench.attached, 7);
	backend_net.stop(bench.backend);
	bench.setup.again = false;
	start(BACKEND_STARTED);
	assert_int_equal(bench.attached, 1);
}

static void test_a_driver_that_knows_one_pair(void **state)
{
	(void)state;
	bench.setup.features = CTRL_VQ;
	bench.setup.given = 7;
	start(BACKEND_STARTED);
	assert_int_equal(bench.running, 1);
	assert_int_equal(bench.attached, 1);
	/* Without MQ the commands come behind the first pair. */
	assert_int_equal(order(2, 4, 0, 2, 4), 1);
	assert_int_equal(bench.attached, 1);
	backend_net.stop(bench.backend);
	bench.setup.features = 0;
	bench.setup.given = 3;
	start(BACKEND_STARTED);
}

static void test_queues_with_a_gap(void **state)
{
	(void)state;
	bench.setup.given &= ~BIT32(3);
	start(BACKEND_STARTED);
	assert_int_equal(bench.running, 1);
	assert_int_equal(order(CONTROL, 4, 0, 2, 4), 1);
	assert_int_equal(bench.attached, 1);
}

static void test_all_stops_with_one(void **state)
{
	(void)state;
	bench.fails = 4;
	start(BACKEND_FAILED);
	assert_int_equal(bench.running, 0);
	bench.fails = 0;
	start(BACKEND_STARTED);
	/* And with commands that make no sense. */
	memory.queues[CONTROL].available_index += SIZE + 1;
	eventfd_write(bench.kicks[CONTROL], 1);
	loop_turn(&bench.loop, -1);
	assert_int_equal(bench.event, BACKEND_FAILED);
	assert_int_equal(bench.running, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_driver_says_how_many_it_uses, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_commands_that_mean_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_later_daemon_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_driver_that_knows_one_pair, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_queues_with_a_gap, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_all_stops_with_one, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
