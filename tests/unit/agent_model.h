/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of the guest's agent, and who hears what a link reports: for runner_agentlink_test.c, whose clock
 * it goes by.
 */
#ifndef TESTS_UNIT_AGENT_MODEL_H
#define TESTS_UNIT_AGENT_MODEL_H

/* cmocka.h needs these before it. */
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

#include "tests/unit/steady_random.h"
#include "topo/runner/agentlink.h"

#define HELD_BYTES 65536U

/* A command as the model of the agent has it. */
struct guest_command {
	uint32_t id;
	bool running;
	uint8_t argv[PV_AGENT_ARGV_BYTES_MAX];
	size_t argv_bytes;
	uint32_t limit_ms;
	uint16_t rows;
	uint16_t columns;
	uint8_t input[HELD_BYTES];
	size_t input_bytes;
	bool input_ended;
	bool input_closed; /* by the command */
	uint8_t signals[32];
	size_t signal_count;
};

/* What a holder has heard. */
struct heard {
	char output[256];
	size_t taken;
	int ended; /* times */
	uint8_t end;
	uint8_t code;
	int failed;
	int silent;
	char why[128];
	struct agentlink *abandon_in; /* abandon the command from inside output */
	struct agent_command *command;
};

struct fixture {
	struct agentlink link;
	uint64_t now_ms;
	int hellos;
	int new_agents;
	/* the line */
	unsigned loss_percent; /* of frames to the guest */
	bool full;             /* no room in the line */
	unsigned sent;         /* frames that left */
	/* the model of the agent */
	bool dead;
	struct agent_decoder decoder;
	uint64_t heard_ms;
	uint8_t last_seq;
	uint8_t last_status;
	uint32_t last_taken;
	bool has_last;
	uint8_t answer; /* to the next frames: enum pv_agent_status */
	struct guest_command commands[4];
	bool has_window;     /* and says so */
	bool window_shared;  /* the host has said so */
	uint64_t clock_s;    /* the host's */
	uint64_t told_s;     /* what it says of it */
	unsigned wrapped;    /* frames whose payload was in the window */
	size_t room;         /* for input, if that is not 0 */
	uint32_t said_bytes; /* through the window */
	struct pv_agent_window window;
	uint8_t to_host[65536];
	size_t to_host_bytes;
};

static void put_frame(struct fixture *fixture, uint8_t type, uint8_t seq, uint32_t id,
                      const void *payload, size_t bytes)
{
	const struct agent_frame frame = {.type = type,
	                                  .seq = seq,
	                                  .payload_bytes = (uint16_t)bytes,
	                                  .id = id,
	                                  .payload = payload};
	uint32_t written = 0;
	assert_int_equal(
		agent_frame_encode(&frame, fixture->to_host + fixture->to_host_bytes,
	                           (uint32_t)(sizeof(fixture->to_host) - fixture->to_host_bytes),
	                           &written),
		OK);
	fixture->to_host_bytes += written;
}

static struct guest_command *guest_find(struct fixture *fixture, uint32_t id)
{
	for (size_t i = 0; i < 4; i++) {
		if (fixture->commands[i].id == id) {
			return &fixture->commands[i];
		}
	}
	return NULL;
}

static void take_size(struct guest_command *command, const uint8_t *size)
{
	command->rows = (uint16_t)(size[0] | size[1] << 8);
	command->columns = (uint16_t)(size[2] | size[3] << 8);
}

/* The agent carries a frame out, whose sequence is new. */
static uint8_t guest_act(struct fixture *fixture, const struct agent_frame *frame)
{
	struct guest_command *command = guest_find(fixture, frame->id);
	if (command == NULL && frame->type == PV_AGENT_EXEC) {
		command = guest_find(fixture, 0);
		assert_non_null(command);
		command->id = frame->id;
	}
	if (command == NULL) {
		return PV_AGENT_NO_COMMAND;
	}
	switch (frame->type) {
	case PV_AGENT_EXEC:
		if (command->running) {
			return PV_AGENT_BAD;
		}
		memcpy(command->argv + command->argv_bytes, frame->payload, frame->payload_bytes);
		command->argv_bytes += frame->payload_bytes;
		return PV_AGENT_OK;
	case PV_AGENT_EXEC_GO:
		assert_false(command->running);
		assert_true(frame->payload_bytes == 4 || frame->payload_bytes == 8);
		memcpy(&command->limit_ms, frame->payload, 4);
		if (frame->payload_bytes == 8) {
			take_size(command, frame->payload + 4);
		}
		command->running = true;
		return PV_AGENT_OK;
	case PV_AGENT_STDIN:
		assert_true(command->running);
		if (command->input_closed) {
			return PV_AGENT_NO_COMMAND;
		}
		if (fixture->room > 0 && fixture->room < fixture->last_taken) {
			fixture->last_taken = (uint32_t)fixture->room;
		}
		assert_true(fixture->last_taken <= HELD_BYTES - command->input_bytes);
		memcpy(command->input + command->input_bytes, frame->payload, fixture->last_taken);
		command->input_bytes += fixture->last_taken;
		return PV_AGENT_OK;
	case PV_AGENT_SIZE:
		assert_int_equal(frame->payload_bytes, 4);
		take_size(command, frame->payload);
		return PV_AGENT_OK;
	case PV_AGENT_STDIN_EOF:
		command->input_ended = true;
		return PV_AGENT_OK;
	case PV_AGENT_SIGNAL:
		if (frame->payload[0] != 0) {
			command->signals[command->signal_count++] = frame->payload[0];
		}
		return PV_AGENT_OK;
	default:
		return PV_AGENT_BAD;
	}
}

/* As the agent: the payload of a frame that lies in the window. */
static void guest_unwrap(struct fixture *fixture, struct agent_frame *frame)
{
	if ((frame->type & PV_AGENT_IN_WINDOW) != 0) {
		uint32_t bytes = 0;
		assert_true(fixture->window_shared);
		assert_int_equal(frame->payload_bytes, 4);
		memcpy(&bytes, frame->payload, 4);
		assert_true(bytes <= PV_AGENT_WINDOW_TO_GUEST);
		frame->type &= (uint8_t)~PV_AGENT_IN_WINDOW;
		frame->payload_bytes = (uint16_t)bytes;
		frame->payload = fixture->window.to_guest;
		fixture->wrapped++;
	}
}

static void say_version(struct fixture *fixture, uint8_t seq)
{
	const uint8_t hello[PV_AGENT_HELLO_BYTES] = {PV_AGENT_VERSION, fixture->has_window};
	put_frame(fixture, PV_AGENT_HELLO, seq, 0, hello, sizeof(hello));
}

static void put_ack(struct fixture *fixture, uint8_t seq, uint32_t id, uint8_t status,
                    uint32_t taken)
{
	uint8_t answer[PV_AGENT_ACK_BYTES] = {status};
	memcpy(answer + 1, &taken, sizeof(taken));
	put_frame(fixture, PV_AGENT_ACK, seq, id, answer, sizeof(answer));
}

static void guest_take(struct fixture *fixture, struct agent_frame *frame)
{
	const bool again = fixture->has_last && frame->seq == fixture->last_seq;
	if (frame->type == PV_AGENT_PING) {
		for (size_t i = 0; i < 4 && !again; i++) {
			if (!fixture->commands[i].running) {
				memset(&fixture->commands[i], 0, sizeof(fixture->commands[i]));
			}
		}
		assert_int_equal(frame->payload_bytes, PV_AGENT_PING_BYTES);
		fixture->window_shared = frame->payload[0] == 1;
		memcpy(&fixture->told_s, frame->payload + 1, sizeof(fixture->told_s));
		say_version(fixture, frame->seq);
	} else {
		if (!again) {
			guest_unwrap(fixture, frame);
			fixture->last_taken = frame->payload_bytes;
			fixture->last_status = fixture->answer == PV_AGENT_OK
			                               ? guest_act(fixture, frame)
			                               : fixture->answer;
		}
		put_ack(fixture, frame->seq, frame->id, fixture->last_status, fixture->last_taken);
	}
	fixture->last_seq = frame->seq;
	fixture->has_last = true;
}

static uint64_t clock_of_host(void *owner)
{
	const struct fixture *fixture = owner;
	return fixture->clock_s;
}

static bool send_to_guest(void *owner, const uint8_t *bytes, size_t count)
{
	struct fixture *fixture = owner;
	if (fixture->full) {
		return false;
	}
	assert_true(count <= PV_AGENT_RING_BYTES_MIN);
	fixture->sent++;
	const bool lossy = random_next() % 100 < fixture->loss_percent;
	const size_t lost = (size_t)random_next() % count;
	/* As the agent: what is left of a frame does not wait for more of it. */
	if (fixture->now_ms - fixture->heard_ms > 250) {
		agent_decoder_init(&fixture->decoder, PV_AGENT_TO_GUEST_MAX);
	}
	fixture->heard_ms = fixture->now_ms;
	for (size_t i = 0; i < count && !fixture->dead; i++) {
		struct agent_frame frame;
		if (lossy && i == lost) {
			continue;
		}
		assert_int_equal(agent_decoder_push(&fixture->decoder, bytes[i]), OK);
		while (agent_decoder_next(&fixture->decoder, &frame)) {
			guest_take(fixture, &frame);
		}
	}
	return true;
}

static void on_hello(void *owner, bool is_new)
{
	struct fixture *fixture = owner;
	fixture->hellos++;
	fixture->new_agents += is_new ? 1 : 0;
}

static void on_output(void *holder, bool error_stream, const uint8_t *bytes, size_t count)
{
	struct heard *heard = holder;
	const size_t used = strlen(heard->output);
	(void)snprintf(heard->output + used, sizeof(heard->output) - used, "%c%.*s",
	               error_stream ? '!' : '>', (int)count, (const char *)bytes);
	if (heard->abandon_in != NULL) {
		agentlink_abandon(heard->abandon_in, heard->command);
	}
}

static void on_taken(void *holder, size_t count)
{
	struct heard *heard = holder;
	heard->taken += count;
}

static void on_ended(void *holder, uint8_t end, uint8_t code)
{
	struct heard *heard = holder;
	heard->ended++;
	heard->end = end;
	heard->code = code;
}

static void on_failed(void *holder, const char *why)
{
	struct heard *heard = holder;
	heard->failed++;
	(void)snprintf(heard->why, sizeof(heard->why), "%s", why);
}

static const struct agentlink_ops ops = {.send = send_to_guest,
                                         .clock = clock_of_host,
                                         .hello = on_hello,
                                         .output = on_output,
                                         .taken = on_taken,
                                         .ended = on_ended,
                                         .failed = on_failed};

static void deliver(struct fixture *fixture)
{
	const size_t count = fixture->to_host_bytes;
	uint8_t *copy = malloc(count + 1);
	assert_non_null(copy);
	memcpy(copy, fixture->to_host, count);
	fixture->to_host_bytes = 0;
	agentlink_receive(&fixture->link, copy, count, fixture->now_ms);
	free(copy);
}

/* Let both sides go on until nothing happens any more, or @limit_ms have passed. */
static void settle(struct fixture *fixture, uint64_t limit_ms)
{
	const uint64_t end = fixture->now_ms + limit_ms;
	while (fixture->now_ms <= end) {
		deliver(fixture);
		const uint64_t due = agentlink_work(&fixture->link, fixture->now_ms);
		if (fixture->to_host_bytes > 0) {
			continue;
		}
		if (due == AGENTLINK_NEVER) {
			return;
		}
		fixture->now_ms = due > fixture->now_ms ? due : fixture->now_ms + 1;
	}
}

static void say_hello(struct fixture *fixture)
{
	fixture->said_bytes = 0;
	say_version(fixture, 0);
	settle(fixture, 60000);
}

/* A host and a guest that have not spoken yet; tear_down() gives it back. */
static struct fixture *fixture_new(uint32_t seed)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	random_start(seed);
	fixture->now_ms = 1000;
	agentlink_init(&fixture->link, &ops, fixture);
	agent_decoder_init(&fixture->decoder, PV_AGENT_TO_GUEST_MAX);
	return fixture;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	agentlink_free(&fixture->link);
	free(fixture);
	return 0;
}

#endif
