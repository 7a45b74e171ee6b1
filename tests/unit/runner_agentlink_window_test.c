/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The window of the agent's protocol, from the host's side: payloads in it both ways, exactly once and in
 * order also where the line loses frames, room given back in time, and what a hostile guest writes
 * there.
 * links: topo/runner/agentlink.c topo/runner/agentlink_send.c topo/runner/agentlink_receive.c
 * links: topo/runner/agentlink_window.c topo/runner/fifo.c lib/agent_frame.c
 * flags: -D_GNU_SOURCE
 */
#include "tests/unit/agent_model.h"

/* What a command has said. */
struct holder {
	uint8_t bytes[2 * PV_AGENT_WINDOW_TO_HOST];
	size_t count;
	size_t taken;
};

static void keep_output(void *owner, bool error_stream, const uint8_t *bytes, size_t count)
{
	struct holder *holder = owner;
	(void)error_stream;
	assert_true(count <= sizeof(holder->bytes) - holder->count);
	memcpy(holder->bytes + holder->count, bytes, count);
	holder->count += count;
}

static void count_taken(void *owner, size_t count)
{
	struct holder *holder = owner;
	holder->taken += count;
}

static const struct agentlink_ops kept = {
	.output = keep_output, .taken = count_taken, .ended = on_ended, .failed = on_failed};

/* Output through the window; whether there is room is the caller's to know. */
static void put_in_window(struct fixture *fixture, uint8_t type, uint32_t id, const uint8_t *bytes,
                          uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		fixture->window.to_host[fixture->said_bytes++ % PV_AGENT_WINDOW_TO_HOST] = bytes[i];
	}
	put_frame(fixture, type | PV_AGENT_IN_WINDOW, 0, id, &count, sizeof(count));
}

static int set_up(void **state)
{
	struct fixture *fixture = fixture_new(5);

	fixture->has_window = true;
	agentlink_window(&fixture->link, &fixture->window);
	*state = fixture;
	return 0;
}

static struct agent_command *start(struct fixture *fixture, const uint8_t *argv, size_t bytes,
                                   struct holder *holder)
{
	struct agent_command *command = NULL;
	memset(holder, 0, sizeof(*holder));
	assert_int_equal(agentlink_start(&fixture->link, argv, bytes, 0, &command), OK);
	agentlink_hold_by(command, &kept, holder);
	settle(fixture, 100000);
	assert_true(command->go_sent);
	return command;
}

static void fill(uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bytes[i] = (uint8_t)random_next();
	}
}

static void test_long_payloads_to_the_guest(void **state)
{
	struct fixture *fixture = *state;
	static struct holder holder;
	static uint8_t argv[PV_AGENT_ARGV_BYTES_MAX];
	static uint8_t input[HELD_BYTES];
	fill(input, sizeof(input));
	memset(argv, 'a', sizeof(argv));
	argv[sizeof(argv) - 1] = '\0';
	fixture->loss_percent = 40;
	say_hello(fixture);
	assert_true(fixture->window_shared);
	struct agent_command *command = start(fixture, argv, sizeof(argv), &holder);
	const struct guest_command *guest = guest_find(fixture, command->id);
	assert_int_equal(fixture->wrapped, 1);
	assert_memory_equal(guest->argv, argv, sizeof(argv));
	/* A pipe takes what it has room for. */
	fixture->room = 10000;
	assert_int_equal(agentlink_input(command, input, sizeof(input)), sizeof(input));
	settle(fixture, 1000000);
	assert_int_equal(guest->input_bytes, sizeof(input));
	assert_memory_equal(guest->input, input, sizeof(input));
	assert_int_equal(holder.taken, sizeof(input));
	/* What is short goes by the line, which is as fast. */
	const unsigned before = fixture->wrapped;
	fixture->commands[0].input_bytes = 0;
	assert_int_equal(agentlink_input(command, input, PV_AGENT_TO_GUEST_MAX),
	                 PV_AGENT_TO_GUEST_MAX);
	settle(fixture, 1000000);
	assert_int_equal(guest->input_bytes, PV_AGENT_TO_GUEST_MAX);
	assert_int_equal(fixture->wrapped, before);
}

static void test_output_goes_round(void **state)
{
	struct fixture *fixture = *state;
	static struct holder holder;
	static uint8_t bytes[PV_AGENT_WINDOW_TO_HOST];
	say_hello(fixture);
	const struct agent_command *command = start(fixture, (const uint8_t *)"x", 2, &holder);
	for (uint32_t count = 1; count <= sizeof(bytes); count = count * 3 - 1) {
		fill(bytes, count);
		holder.count = 0;
		put_in_window(fixture, PV_AGENT_STDOUT, command->id, bytes, count);
		put_frame(fixture, PV_AGENT_STDERR, 0, command->id, "!", 1);
		settle(fixture, 10);
		assert_int_equal(holder.count, count + 1);
		assert_memory_equal(holder.bytes, bytes, count);
		assert_int_equal(holder.bytes[count], '!');
		assert_int_equal(fixture->window.taken, fixture->said_bytes);
		if (count == 1) {
			count++;
		}
	}
	/* Of a command that nobody knows: dropped, and its room given back. */
	put_in_window(fixture, PV_AGENT_STDOUT, command->id + 1, bytes, 100);
	settle(fixture, 10);
	assert_int_equal(fixture->window.taken, fixture->said_bytes);
	/* Another agent begins at the start. */
	say_hello(fixture);
	assert_int_equal(fixture->window.taken, 0);
}

/* Until a command has been stopped that says too much, there is no more room for it than there was. */
static void test_no_room_until_it_stops(void **state)
{
	struct fixture *fixture = *state;
	static struct holder holder;
	static const uint8_t bytes[1000];
	say_hello(fixture);
	struct agent_command *command = start(fixture, (const uint8_t *)"x", 2, &holder);
	agentlink_signal(command, 19);
	put_in_window(fixture, PV_AGENT_STDOUT, command->id, bytes, sizeof(bytes));
	deliver(fixture);
	(void)agentlink_work(&fixture->link, fixture->now_ms);
	assert_int_equal(holder.count, sizeof(bytes));
	assert_int_equal(fixture->window.taken, 0);
	settle(fixture, 1000);
	assert_int_equal(fixture->window.taken, fixture->said_bytes);
}

static void test_not_shared(void **state)
{
	struct fixture *fixture = *state;
	static struct holder holder;
	static const uint8_t input[500];
	for (int agents = 0; agents < 2; agents++) {
		fixture->has_window = agents != 0;
		agentlink_window(&fixture->link, agents != 0 ? NULL : &fixture->window);
		say_hello(fixture);
		assert_false(fixture->window_shared);
		struct agent_command *command = start(fixture, (const uint8_t *)"x", 2, &holder);
		assert_int_equal(agentlink_input(command, input, sizeof(input)), sizeof(input));
		put_in_window(fixture, PV_AGENT_STDOUT, command->id, input, 10);
		settle(fixture, 100000);
		assert_int_equal(holder.taken, sizeof(input));
		assert_int_equal(holder.count, 0);
		assert_int_equal(fixture->wrapped, 0);
		assert_int_equal(fixture->window.taken, 0);
		memset(fixture->commands, 0, sizeof(fixture->commands));
	}
}

static void test_hostile_guest(void **state)
{
	struct fixture *fixture = *state;
	static struct holder holder;
	static const uint32_t counts[] = {PV_AGENT_WINDOW_TO_HOST + 1, UINT32_MAX, 0};
	say_hello(fixture);
	struct agent_command *command = start(fixture, (const uint8_t *)"x", 2, &holder);
	for (size_t i = 0; i < 3; i++) {
		memset(&fixture->window, 0xff, sizeof(fixture->window));
		put_frame(fixture, PV_AGENT_STDOUT | PV_AGENT_IN_WINDOW, 0, command->id, &counts[i],
		          4);
		put_frame(fixture, PV_AGENT_STDOUT | PV_AGENT_IN_WINDOW, 0, command->id, &counts[i],
		          3);
		settle(fixture, 10);
		assert_int_equal(holder.count, 0);
		assert_int_equal(fixture->window.taken, 0);
	}
	/* More of an input taken than it had. */
	static const uint8_t input[200];
	(void)agentlink_work(&fixture->link, fixture->now_ms); /* it may ask whether it runs */
	deliver(fixture);
	fixture->dead = true;
	assert_int_equal(agentlink_input(command, input, sizeof(input)), sizeof(input));
	(void)agentlink_work(&fixture->link, fixture->now_ms);
	put_ack(fixture, fixture->link.seq, command->id, PV_AGENT_OK, UINT32_MAX);
	deliver(fixture);
	assert_int_equal(holder.taken, sizeof(input));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_long_payloads_to_the_guest),
		CASE(test_output_goes_round),
		CASE(test_no_room_until_it_stops),
		CASE(test_not_shared),
		CASE(test_hostile_guest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
