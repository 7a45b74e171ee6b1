/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend/daemon/control: the life of a device as the driver VM's VMM drives it, with back ends
 * that answer late, at once, or go away, and peers that lie or do not empty their ring.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/control.c backend/daemon/ring.c backend/daemon/log.c lib/iobuf.c
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

#include "backend/daemon/control.h"
#include "lib/bits.h"

#define DEVICES 2U
#define QUEUES 2U
#define DRIVER_ADDRESS 0x48000000U
#define MEMORY_BYTES 0x100000U

/* What the fake back ends do when they are asked. */
enum manner { LATE, AT_ONCE, REFUSE };

struct bench {
	struct pv_iobuf_page page_in;
	struct pv_iobuf_page page_out;
	struct iobuf peer; /* the VMM's end */
	struct dt_connection config;
	struct ring_memory memory;
	struct control control;
	enum manner manner;
	uint32_t starts[DEVICES];
	uint32_t stops[DEVICES];
	uint32_t rings;
	const struct control_setup *setup; /* of the last start */
};

static void fake_start(void *owner, uint32_t device, const struct control_setup *setup)
{
	struct bench *bench = owner;

	bench->starts[device]++;
	bench->setup = setup;
	if (bench->manner == AT_ONCE) {
		control_started(&bench->control, device);
	} else if (bench->manner == REFUSE) {
		control_failed(&bench->control, device, ERR_ARG);
	}
}

static void fake_stop(void *owner, uint32_t device)
{
	struct bench *bench = owner;

	bench->stops[device]++;
	if (bench->manner != LATE) {
		control_stopped(&bench->control, device);
	}
}

static void fake_ring(void *owner)
{
	struct bench *bench = owner;

	bench->rings++;
}

static int set_up(void **state)
{
	struct bench *bench = aligned_alloc(4096, (sizeof(*bench) + 4095) / 4096 * 4096);
	const struct control_host host = {bench, fake_start, fake_stop, fake_ring};

	assert_non_null(bench);
	memset(bench, 0, sizeof(*bench));
	strcpy(bench->config.peer, "driver");
	bench->config.device_count = DEVICES;
	bench->config.queue_count = DEVICES * QUEUES;
	for (uint32_t i = 0; i < DEVICES; i++) {
		bench->config.devices[i] = (struct dt_device){
			.index = i,
			.first_queue = i * QUEUES,
			.queue_count = QUEUES,
			.queue_size = 256,
			.features = 0xff,
		};
	}
	bench->memory = (struct ring_memory){
		.bytes = MEMORY_BYTES,
		.driver_address = DRIVER_ADDRESS,
	};
	control_open(&bench->control, &host, &bench->config, &bench->memory);
	control_begin(&bench->control, &bench->page_out, &bench->page_in);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

/* Let both ends look until nothing changes. */
static void settle(struct bench *bench)
{
	for (int i = 0; i < 8; i++) {
		while (iobuf_poll_session(&bench->peer) != IOBUF_NONE) {
		}
		while (control_poll(&bench->control)) {
		}
	}
}

static void greet(struct bench *bench)
{
	iobuf_start(&bench->peer, &bench->page_in, &bench->page_out);
	settle(bench);
	assert_int_equal(bench->peer.state, IOBUF_STATE_UP);
}

static void say(struct bench *bench, uint32_t kind, uint32_t device, const void *payload,
                size_t bytes)
{
	struct pv_iobuf_message message = {.kind = kind, .device = device};

	memcpy(message.payload, payload, bytes);
	assert_int_equal(iobuf_send(&bench->peer, &message), OK);
}

static void say_queue(struct bench *bench, uint32_t device, uint32_t queue, uint64_t base)
{
	const struct pv_ctl_queue message = {.queue = queue,
	                                     .size = 64,
	                                     .desc = base,
	                                     .driver = base + 2048,
	                                     .device = base + 4096};

	say(bench, PV_CTL_QUEUE, device, &message, sizeof(message));
}

static void say_start(struct bench *bench, uint32_t device, uint32_t sequence)
{
	const struct pv_ctl_start message = {.features = 0x81, .sequence = sequence};

	say(bench, PV_CTL_START, device, &message, sizeof(message));
}

static void say_stop(struct bench *bench, uint32_t device, uint32_t sequence)
{
	const struct pv_ctl_stop message = {.sequence = sequence};

	say(bench, PV_CTL_STOP, device, &message, sizeof(message));
}

/* The next message must be @kind of @device; those with a sequence must have @sequence. */
static void expect(struct bench *bench, uint32_t kind, uint32_t device, uint32_t sequence)
{
	struct pv_iobuf_message message;
	uint32_t got;

	assert_int_equal(iobuf_receive(&bench->peer, &message), OK);
	assert_int_equal(message.kind, kind);
	assert_int_equal(message.device, device);
	memcpy(&got, message.payload, sizeof(got));
	assert_int_equal(got, sequence);
}

static void expect_nothing(struct bench *bench)
{
	struct pv_iobuf_message message;

	assert_int_equal(iobuf_receive(&bench->peer, &message), ERR_EMPTY);
}

static void run_device(struct bench *bench, uint32_t device, uint32_t sequence)
{
	say_queue(bench, device, 0, DRIVER_ADDRESS);
	say_start(bench, device, sequence);
	settle(bench);
}

/* No queue runs over a disk that the VMM does not know of: a daemon after us could not tell. */
static void test_storage_is_taken_first(void **state)
{
	struct bench *bench = *state;

	greet(bench);
	control_set_identity(&bench->control, 0, 99);
	run_device(bench, 0, 7);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	settle(bench);
	assert_int_equal(bench->starts[0], 0);
	expect(bench, PV_CTL_READY, 0, 99);
	settle(bench);
	assert_int_equal(bench->starts[0], 1);
	assert_int_equal(bench->setup->identity, 0);
	control_lost(&bench->control, 0);
	expect(bench, PV_CTL_LOST, 0, 7);

	/* Of what it says that it knows nothing is waited for. */
	say_queue(bench, 1, 0, DRIVER_ADDRESS);
	say(bench, PV_CTL_START, 1,
	    &(struct pv_ctl_start){.sequence = 8, .flags = PV_START_AGAIN, .identity = 98},
	    sizeof(struct pv_ctl_start));
	settle(bench);
	control_set_identity(&bench->control, 1, 99);
	control_set_backend(&bench->control, 1, CONTROL_BACKEND_READY);
	assert_int_equal(bench->starts[1], 1);
	assert_int_equal(bench->setup->identity, 98);
	assert_true(bench->setup->again);
}

static void test_whole_life(void **state)
{
	struct bench *bench = *state;

	greet(bench);
	expect_nothing(bench);
	control_set_backend(&bench->control, 1, CONTROL_BACKEND_READY);
	expect(bench, PV_CTL_READY, 1, 0);

	say_queue(bench, 1, 1, DRIVER_ADDRESS + 0x2000);
	run_device(bench, 1, 7);
	assert_int_equal(bench->starts[1], 1);
	assert_int_equal(bench->starts[0], 0);
	assert_int_equal(bench->setup->given, 3);
	assert_int_equal(bench->setup->features, 0x81);
	assert_int_equal(bench->setup->sequence, 7);
	assert_int_equal(bench->setup->queues[1].desc, DRIVER_ADDRESS + 0x2000);
	expect_nothing(bench);
	control_started(&bench->control, 1);
	expect(bench, PV_CTL_STARTED, 1, 7);

	say_stop(bench, 1, 8);
	settle(bench);
	assert_int_equal(bench->stops[1], 1);
	expect_nothing(bench);
	control_stopped(&bench->control, 1);
	expect(bench, PV_CTL_STOPPED, 1, 8);

	/* The queues of the first life are forgotten. */
	run_device(bench, 1, 9);
	assert_int_equal(bench->starts[1], 2);
	assert_int_equal(bench->setup->given, 1);
}

static void test_start_waits_for_backend(void **state)
{
	struct bench *bench = *state;

	bench->manner = AT_ONCE;
	greet(bench);
	run_device(bench, 0, 1);
	assert_int_equal(bench->starts[0], 0);
	expect_nothing(bench);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	assert_int_equal(bench->starts[0], 1);
	expect(bench, PV_CTL_READY, 0, 0);
	expect(bench, PV_CTL_STARTED, 0, 1);
}

static void test_backend_dies_and_comes_back(void **state)
{
	struct bench *bench = *state;

	bench->manner = AT_ONCE;
	greet(bench);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	run_device(bench, 0, 1);
	expect(bench, PV_CTL_READY, 0, 0);
	expect(bench, PV_CTL_STARTED, 0, 1);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_GONE);
	expect(bench, PV_CTL_GONE, 0, 0);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	assert_int_equal(bench->starts[0], 2);
	assert_int_equal(bench->setup->sequence, 1);
	/* STARTED was said of this START. */
	expect(bench, PV_CTL_READY, 0, 0);
	expect_nothing(bench);

	control_set_backend(&bench->control, 0, CONTROL_BACKEND_GONE);
	say_stop(bench, 0, 2);
	settle(bench);
	expect(bench, PV_CTL_GONE, 0, 0);
	expect(bench, PV_CTL_STOPPED, 0, 2);
	assert_int_equal(bench->stops[0], 0);
}

static void test_storage_is_full_and_has_room_again(void **state)
{
	struct bench *bench = *state;

	bench->manner = AT_ONCE;
	greet(bench);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_FULL);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_FULL);
	expect(bench, PV_CTL_FULL, 0, 0);
	expect_nothing(bench);
	run_device(bench, 0, 1);
	assert_int_equal(bench->starts[0], 0);
	/* Who comes later is told too. */
	greet(bench);
	expect(bench, PV_CTL_FULL, 0, 0);
	run_device(bench, 0, 2);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	expect(bench, PV_CTL_READY, 0, 0);
	expect(bench, PV_CTL_STARTED, 0, 2);
	/* A program that died, and whose room is taken by then. */
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_FULL);
	expect(bench, PV_CTL_FULL, 0, 0);
	say_stop(bench, 0, 3);
	settle(bench);
	expect(bench, PV_CTL_STOPPED, 0, 3);
	assert_int_equal(bench->stops[0], 0);
}

static void test_backend_dies_while_it_stops(void **state)
{
	struct bench *bench = *state;

	greet(bench);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	expect(bench, PV_CTL_READY, 0, 0);
	run_device(bench, 0, 1);
	say_stop(bench, 0, 2);
	settle(bench);
	assert_int_equal(bench->stops[0], 1);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_GONE);
	expect(bench, PV_CTL_GONE, 0, 0);
	expect(bench, PV_CTL_STOPPED, 0, 2);
	/* An answer that comes late means nothing. */
	control_stopped(&bench->control, 0);
	control_started(&bench->control, 0);
	expect_nothing(bench);
}

static void test_stop_while_it_starts(void **state)
{
	struct bench *bench = *state;

	greet(bench);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	expect(bench, PV_CTL_READY, 0, 0);
	run_device(bench, 0, 1);
	say_stop(bench, 0, 2);
	run_device(bench, 0, 3);
	assert_int_equal(bench->stops[0], 1);
	assert_int_equal(bench->starts[0], 1);
	control_stopped(&bench->control, 0);
	expect(bench, PV_CTL_STOPPED, 0, 2);
	assert_int_equal(bench->starts[0], 2);
	assert_int_equal(bench->setup->sequence, 3);
	control_started(&bench->control, 0);
	expect(bench, PV_CTL_STARTED, 0, 3);
}

static void test_backend_refuses(void **state)
{
	struct bench *bench = *state;
	struct pv_iobuf_message message;
	struct pv_ctl_failed failed;

	bench->manner = REFUSE;
	greet(bench);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	expect(bench, PV_CTL_READY, 0, 0);
	run_device(bench, 0, 5);
	assert_int_equal(iobuf_receive(&bench->peer, &message), OK);
	assert_int_equal(message.kind, PV_CTL_FAILED);
	memcpy(&failed, message.payload, sizeof(failed));
	assert_int_equal(failed.sequence, 5);
	assert_int_equal(failed.error, ERR_ARG);
	/* It is not tried again by itself. */
	settle(bench);
	assert_int_equal(bench->starts[0], 1);
	say_stop(bench, 0, 6);
	settle(bench);
	expect(bench, PV_CTL_STOPPED, 0, 6);
	run_device(bench, 0, 7);
	assert_int_equal(bench->starts[0], 2);
}

static void test_session_ends(void **state)
{
	struct bench *bench = *state;

	greet(bench);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	control_set_backend(&bench->control, 1, CONTROL_BACKEND_READY);
	run_device(bench, 0, 1);
	control_started(&bench->control, 0);
	run_device(bench, 1, 1);

	/* A new incarnation of the VMM: what ran is to stop, and nobody is told of it. */
	greet(bench);
	assert_int_equal(bench->stops[0], 1);
	assert_int_equal(bench->stops[1], 1);
	expect(bench, PV_CTL_READY, 0, 0);
	expect(bench, PV_CTL_READY, 1, 0);
	expect_nothing(bench);
	/* The same life of the rings goes on when the back end is at rest. */
	run_device(bench, 0, 1);
	assert_int_equal(bench->starts[0], 1);
	control_stopped(&bench->control, 0);
	control_stopped(&bench->control, 1);
	assert_int_equal(bench->starts[0], 2);
	assert_int_equal(bench->starts[1], 1);
	control_started(&bench->control, 0);
	expect(bench, PV_CTL_STARTED, 0, 1);
	expect_nothing(bench);
}

static void test_full_ring_loses_nothing(void **state)
{
	struct bench *bench = *state;
	uint32_t messages = 0;
	struct pv_iobuf_message message = {0};

	bench->manner = AT_ONCE;
	greet(bench);
	/* A back end that comes and goes for ever, and a peer that does not read. */
	for (int i = 0; i < 1000; i++) {
		control_set_backend(&bench->control, 1,
		                    i % 2 == 0 ? CONTROL_BACKEND_READY : CONTROL_BACKEND_GONE);
	}
	control_set_backend(&bench->control, 1, CONTROL_BACKEND_READY);
	run_device(bench, 1, 3);
	while (iobuf_receive(&bench->peer, &message) == OK) {
		messages++;
	}
	assert_int_equal(messages, PV_IOBUF_SLOTS);
	/* Room again: what is owed comes, each thing once. */
	settle(bench);
	expect(bench, PV_CTL_READY, 1, 0);
	expect(bench, PV_CTL_STARTED, 1, 3);
	expect_nothing(bench);
}

static void test_guest_chooses_bad_rings(void **state)
{
	static const uint64_t bases[] = {
		0,
		DRIVER_ADDRESS - 4096,
		DRIVER_ADDRESS + MEMORY_BYTES,
		DRIVER_ADDRESS + MEMORY_BYTES - 4096,
		DRIVER_ADDRESS + MEMORY_BYTES - 4096 - 512, /* the last part ends behind it */
		UINT64_MAX - 4096,
		DRIVER_ADDRESS + 8,
	};
	struct bench *bench = *state;

	bench->manner = AT_ONCE;
	greet(bench);
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	expect(bench, PV_CTL_READY, 0, 0);
	for (uint32_t i = 0; i < ARRAY_COUNT(bases); i++) {
		say_queue(bench, 0, 0, bases[i]);
		say_start(bench, 0, 10 * i);
		settle(bench);
		expect(bench, PV_CTL_FAILED, 0, 10 * i);
		say_stop(bench, 0, 10 * i + 1);
		settle(bench);
		expect(bench, PV_CTL_STOPPED, 0, 10 * i + 1);
	}
	/* A driver that says DRIVER_OK and has set up no queue. */
	say_start(bench, 0, 100);
	settle(bench);
	expect(bench, PV_CTL_FAILED, 0, 100);
	assert_int_equal(bench->starts[0], 0);
}

/* @wrong makes the session break; then nothing is heard, and a new session works. */
static void check_breach(struct bench *bench, void (*wrong)(struct bench *bench))
{
	greet(bench);
	wrong(bench);
	settle(bench);
	uint32_t consumed = bench->page_out.consumed;
	say_stop(bench, 0, 99);
	settle(bench);
	assert_int_equal(bench->page_out.consumed, consumed);
	assert_int_equal(bench->control.devices[0].phase, CONTROL_IDLE);

	greet(bench);
	expect(bench, PV_CTL_READY, 0, 0);
	run_device(bench, 0, 5);
	expect(bench, PV_CTL_STARTED, 0, 5);
}

static void wrong_kind(struct bench *bench)
{
	say(bench, PV_CTL_READY, 0, "", 0);
}

static void wrong_kind_zero(struct bench *bench)
{
	say(bench, 0, 0, "", 0);
}

static void wrong_device(struct bench *bench)
{
	say_stop(bench, DEVICES, 1);
}

static void wrong_queue(struct bench *bench)
{
	say_queue(bench, 0, QUEUES, DRIVER_ADDRESS);
}

static void wrong_size(struct bench *bench)
{
	const struct pv_ctl_queue message = {.size = 512};

	say(bench, PV_CTL_QUEUE, 0, &message, sizeof(message));
}

static void wrong_features(struct bench *bench)
{
	const struct pv_ctl_start message = {.features = 0x100};

	say(bench, PV_CTL_START, 0, &message, sizeof(message));
}

static void wrong_second_start(struct bench *bench)
{
	run_device(bench, 0, 1);
	say_start(bench, 0, 2);
}

static void wrong_queue_of_started(struct bench *bench)
{
	run_device(bench, 0, 1);
	say_queue(bench, 0, 0, DRIVER_ADDRESS);
}

static void wrong_index(struct bench *bench)
{
	bench->page_in.produced += PV_IOBUF_SLOTS + 1;
}

static void test_peer_lies(void **state)
{
	static void (*const wrongs[])(struct bench *) = {
		wrong_kind, wrong_kind_zero, wrong_device,       wrong_queue,
		wrong_size, wrong_features,  wrong_second_start, wrong_queue_of_started,
	};
	struct bench *bench = *state;

	bench->manner = AT_ONCE;
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	for (size_t i = 0; i < ARRAY_COUNT(wrongs); i++) {
		check_breach(bench, wrongs[i]);
	}
	greet(bench);
	run_device(bench, 0, 1);
	wrong_index(bench);
	settle(bench);
	assert_int_equal(bench->control.iobuf.state, IOBUF_STATE_DEAD);
	assert_int_equal(bench->control.devices[0].phase, CONTROL_IDLE);
}

/* It shows while we send, and the peer does not ring any more. */
static void test_peer_lies_about_what_it_took(void **state)
{
	struct bench *bench = *state;

	bench->manner = AT_ONCE;
	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	greet(bench);
	run_device(bench, 0, 1);
	assert_int_equal(bench->control.devices[0].phase, CONTROL_RUNNING);
	bench->page_in.consumed += PV_IOBUF_SLOTS + 1;
	control_set_backend(&bench->control, 1, CONTROL_BACKEND_READY);
	assert_int_equal(bench->control.iobuf.state, IOBUF_STATE_DEAD);
	assert_int_equal(bench->control.devices[0].phase, CONTROL_IDLE);
	assert_int_equal(bench->stops[0], 1);
}

/* Messages of random content: whatever they say, the invariants of the state machine hold. */
static void test_random_peer(void **state)
{
	struct bench *bench = *state;
	uint32_t random = 1;

	control_set_backend(&bench->control, 0, CONTROL_BACKEND_READY);
	greet(bench);
	for (uint32_t i = 0; i < 200000; i++) {
		struct pv_iobuf_message message;
		random = random * 1664525U + 1013904223U;
		message.kind = (random >> 8) % 32 == 0 ? random >> 16 : (random >> 8) % 3 + 1;
		message.device = (random >> 16) % 64 == 0 ? random : (random >> 16) % DEVICES;
		for (uint32_t b = 0; b < sizeof(message.payload); b++) {
			message.payload[b] = b % 4 == 0 ? (uint8_t)(random >> (b / 4)) % 2 : 0;
		}
		message.payload[5] = 0; /* sizes up to 257 */
		if (iobuf_send(&bench->peer, &message) != OK || (random >> 24) % 32 == 0) {
			greet(bench);
		}
		settle(bench);
		while (iobuf_receive(&bench->peer, &message) == OK) {
		}
		if ((random >> 20) % 2 == 0) {
			control_started(&bench->control, 0);
			control_stopped(&bench->control, 0);
		}
		for (uint32_t d = 0; d < DEVICES; d++) {
			const struct control_device *device = &bench->control.devices[d];
			assert_false(device->phase != CONTROL_IDLE && device->current.given == 0);
			assert_false(device->phase == CONTROL_RUNNING && !device->wanted);
			assert_false(bench->starts[1] != 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_storage_is_taken_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_whole_life, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_start_waits_for_backend, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_backend_dies_and_comes_back, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_storage_is_full_and_has_room_again, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_backend_dies_while_it_stops, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_stop_while_it_starts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_backend_refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_session_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full_ring_loses_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_guest_chooses_bad_rings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_peer_lies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_peer_lies_about_what_it_took, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_random_peer, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
