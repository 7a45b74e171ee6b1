/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's side of the agent's protocol against a model of the guest's, under a clock of the
 * test's own: over a line that loses frames whole and bytes of them, with an agent that is busy,
 * full, silent, started anew, or hostile.
 * links: topo/runner/agentlink.c topo/runner/agentlink_send.c topo/runner/agentlink_receive.c
 * links: topo/runner/agentlink_window.c topo/runner/fifo.c lib/agent_frame.c
 * flags: -D_GNU_SOURCE
 */
#include "tests/unit/agent_model.h"

static int set_up(void **state)
{
	*state = fixture_new(3);
	return 0;
}

static struct agent_command *start(struct fixture *fixture, const char *argv, size_t bytes,
                                   struct heard *heard)
{
	struct agent_command *command = NULL;
	assert_int_equal(
		agentlink_start(&fixture->link, (const uint8_t *)argv, bytes, 1500, &command), OK);
	memset(heard, 0, sizeof(*heard));
	heard->command = command;
	agentlink_hold(command, heard);
	return command;
}

static void exit_guest(struct fixture *fixture, uint32_t id, uint8_t end, uint8_t code)
{
	const uint8_t payload[2] = {end, code};
	put_frame(fixture, PV_AGENT_EXIT, 0, id, payload, 2);
	memset(guest_find(fixture, id), 0, sizeof(struct guest_command));
}

static void test_nothing_before_hello(void **state)
{
	struct fixture *fixture = *state;
	struct agent_command *command = NULL;
	assert_int_equal(agentlink_work(&fixture->link, 5000), AGENTLINK_NEVER);
	assert_int_equal(fixture->sent, 0);
	assert_int_equal(agentlink_start(&fixture->link, (const uint8_t *)"x", 2, 0, &command),
	                 ERR_STATE);
	say_hello(fixture);
	assert_true(fixture->hellos >= 1);
	assert_true(fixture->link.talking);
	assert_int_equal(fixture->sent, 1);
}

static void test_arguments_are_checked(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t much[PV_AGENT_ARGV_BYTES_MAX + 1];
	struct agent_command *command = NULL;
	say_hello(fixture);
	const uint8_t *text = (const uint8_t *)"ls\0-l";
	assert_int_equal(agentlink_start(&fixture->link, text, 0, 0, &command), ERR_ARG);
	assert_int_equal(agentlink_start(&fixture->link, text, 5, 0, &command), ERR_ARG);
	assert_int_equal(agentlink_start(&fixture->link, text + 2, 1, 0, &command), ERR_ARG);
	memset(much, 'x', sizeof(much));
	much[PV_AGENT_ARGV_BYTES_MAX] = '\0';
	assert_int_equal(agentlink_start(&fixture->link, much, sizeof(much), 0, &command),
	                 ERR_RANGE);
	memset(much + 1, '\0', 300);
	assert_int_equal(agentlink_start(&fixture->link, much, 290, 0, &command), ERR_RANGE);
	assert_int_equal(agentlink_start(&fixture->link, text, 6, 0, &command), OK);
}

/* What a terminal's size is comes with the start, and each later one in a frame of its own. */
static void test_size_of_a_terminal(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	struct agent_command *command = start(fixture, "a", 2, &heard);
	agentlink_size(command, 24, 80);
	agentlink_size(command, 25, 300);
	settle(fixture, 0);
	assert_int_equal(guest_find(fixture, command->id)->rows, 25);
	assert_int_equal(guest_find(fixture, command->id)->columns, 300);
	agentlink_size(command, 31, 47);
	settle(fixture, 0);
	assert_int_equal(guest_find(fixture, command->id)->rows, 31);
	assert_int_equal(guest_find(fixture, command->id)->columns, 47);
}

/* The whole life of a command over a line that loses: exactly once, in order, every time. */
static void test_command_over_a_lossy_line(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t input[6000];
	for (size_t i = 0; i < sizeof(input); i++) {
		input[i] = (uint8_t)random_next();
	}
	fixture->loss_percent = 40;
	say_hello(fixture);
	struct heard heard;
	char argv[500];
	memset(argv, 'a', sizeof(argv));
	argv[9] = '\0';
	argv[sizeof(argv) - 1] = '\0';
	struct agent_command *command = start(fixture, argv, sizeof(argv), &heard);
	assert_int_equal(agentlink_input(command, input, sizeof(input)), sizeof(input));
	agentlink_input_end(command);
	assert_int_equal(agentlink_input(command, input, 1), 0);
	agentlink_signal(command, 2);
	const uint32_t id = command->id;
	settle(fixture, 10000000);
	const struct guest_command *guest = guest_find(fixture, id);
	assert_non_null(guest);
	assert_int_equal(guest->argv_bytes, sizeof(argv));
	assert_memory_equal(guest->argv, argv, sizeof(argv));
	assert_int_equal(guest->limit_ms, 1500);
	assert_int_equal(guest->input_bytes, sizeof(input));
	assert_memory_equal(guest->input, input, sizeof(input));
	assert_true(guest->input_ended);
	assert_int_equal(guest->signal_count, 1);
	assert_int_equal(guest->signals[0], 2);
	assert_int_equal(heard.taken, sizeof(input));
	put_frame(fixture, PV_AGENT_STDOUT, 0, id, "out", 3);
	put_frame(fixture, PV_AGENT_STDERR, 0, id, "err", 3);
	exit_guest(fixture, id, PV_AGENT_EXITED, 7);
	settle(fixture, 1000);
	assert_string_equal(heard.output, ">out!err");
	assert_int_equal(heard.ended, 1);
	assert_int_equal(heard.code, 7);
	assert_int_equal(heard.failed, 0);
	/* What comes for it afterwards is nobody's. */
	put_frame(fixture, PV_AGENT_STDOUT, 0, id, "late", 4);
	settle(fixture, 1000);
	assert_string_equal(heard.output, ">out!err");
}

static void test_busy_input_holds_nobody_up(void **state)
{
	struct fixture *fixture = *state;
	struct heard first;
	struct heard second;
	say_hello(fixture);
	struct agent_command *slow = start(fixture, "slow", 5, &first);
	settle(fixture, 1000);
	assert_int_equal(agentlink_input(slow, (const uint8_t *)"data", 4), 4);
	fixture->answer = PV_AGENT_BUSY;
	settle(fixture, 2000);
	assert_int_equal(first.taken, 0);
	const unsigned tries = fixture->sent;
	settle(fixture, 3000);
	assert_in_range(fixture->sent - tries, 5, 20);
	fixture->answer = PV_AGENT_OK;
	(void)start(fixture, "other", 6, &second);
	settle(fixture, 2000);
	assert_int_equal(first.taken, 4);
	assert_int_equal(guest_find(fixture, slow->id)->input_bytes, 4);
	assert_true(guest_find(fixture, second.command->id)->running);
	/* An input that is closed takes the rest, so that its writer ends. */
	guest_find(fixture, slow->id)->input_closed = true;
	static const uint8_t more[200];
	assert_int_equal(agentlink_input(slow, more, sizeof(more)), sizeof(more));
	const unsigned before = fixture->sent;
	settle(fixture, 1000);
	assert_int_equal(first.taken, 4 + sizeof(more));
	assert_in_range(fixture->sent - before, 1, 2); /* and a question whether it runs */
	assert_int_equal(agentlink_input(slow, (const uint8_t *)"x", 1), 0);
}

static void test_refusals(void **state)
{
	struct fixture *fixture = *state;
	static const uint8_t answers[] = {PV_AGENT_NO_COMMAND, PV_AGENT_FULL, PV_AGENT_BAD,
	                                  PV_AGENT_FAILED, 200};
	say_hello(fixture);
	for (size_t i = 0; i < sizeof(answers); i++) {
		struct heard heard;
		fixture->answer = answers[i];
		(void)start(fixture, "x", 2, &heard);
		settle(fixture, 1000);
		assert_int_equal(heard.failed, 1);
		assert_true(strlen(heard.why) > 0);
	}
	/* Its answer to that is a HELLO too, and no new agent's. */
	const int before = fixture->hellos;
	agentlink_ask(&fixture->link);
	settle(fixture, 1000);
	assert_int_equal(fixture->hellos, before + 1);
	assert_int_equal(fixture->new_agents, 1);
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		assert_false(fixture->link.commands[i].used);
	}
}

/* Each PING has the time of its sending, so that an agent that is started later hears that. */
static void test_the_time_is_told(void **state)
{
	struct fixture *fixture = *state;
	say_hello(fixture);
	assert_int_equal(fixture->told_s, 0);
	fixture->clock_s = UINT64_C(0x123456789a);
	agentlink_ask(&fixture->link);
	settle(fixture, 1000);
	assert_int_equal(fixture->told_s, UINT64_C(0x123456789a));
}

static void test_slots_are_bounded(void **state)
{
	struct fixture *fixture = *state;
	static struct heard heard[PV_AGENT_COMMANDS_MAX];
	struct agent_command *command = NULL;
	say_hello(fixture);
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		(void)start(fixture, "x", 2, &heard[i]);
	}
	assert_int_equal(agentlink_start(&fixture->link, (const uint8_t *)"x", 2, 0, &command),
	                 ERR_FULL);
	agentlink_fail_all(&fixture->link, "the end");
	for (size_t i = 0; i < PV_AGENT_COMMANDS_MAX; i++) {
		assert_int_equal(heard[i].failed, 1);
		assert_string_equal(heard[i].why, "the end");
	}
}

static void test_silence(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	fixture->dead = true;
	(void)start(fixture, "x", 2, &heard);
	settle(fixture, AGENTLINK_SILENCE_MS - 2000);
	assert_int_equal(heard.failed, 0);
	settle(fixture, 10000);
	assert_int_equal(heard.failed, 1);
	assert_non_null(strstr(heard.why, "does not answer"));
	/* It is asked again and again, and answers one day. */
	fixture->dead = false;
	settle(fixture, 10000);
	assert_true(fixture->link.talking);
	(void)start(fixture, "y", 2, &heard);
	settle(fixture, 1000);
	assert_true(guest_find(fixture, heard.command->id)->running);
}

static void on_silent(void *holder, const char *why)
{
	struct heard *heard = holder;
	heard->silent++;
	(void)snprintf(heard->why, sizeof(heard->why), "%s", why);
}

static const struct agentlink_ops patient_ops = {.output = on_output,
                                                 .taken = on_taken,
                                                 .ended = on_ended,
                                                 .failed = on_failed,
                                                 .silent = on_silent};

/* Whoever can bear a silence keeps his command, which runs on in the guest. */
static void test_silence_that_is_borne(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	struct agent_command *command = start(fixture, "health", 7, &heard);
	agentlink_hold_by(command, &patient_ops, &heard);
	settle(fixture, 1000);
	struct guest_command *guest = guest_find(fixture, command->id);
	fixture->dead = true;
	settle(fixture, AGENTLINK_PROBE_MS + 2 * AGENTLINK_SILENCE_MS + 5000);
	assert_true(heard.silent > 0);
	assert_int_equal(heard.failed, 0);
	fixture->dead = false;
	settle(fixture, 5000);
	put_frame(fixture, PV_AGENT_STDOUT, 0, guest->id, "up", 2);
	settle(fixture, 5000);
	assert_string_equal(heard.output, ">up");
	for (size_t i = 0; i < 4; i++) {
		assert_true(&fixture->commands[i] == guest || !fixture->commands[i].running);
	}
	/* Another agent does not have it. */
	say_hello(fixture);
	assert_int_equal(heard.failed, 1);
}

/* The same when the answer to its start is what was not heard: it is not started a second time. */
static void test_silence_at_the_start(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	struct agent_command *command = start(fixture, "health", 7, &heard);
	agentlink_hold_by(command, &patient_ops, &heard);
	const struct guest_command *guest = NULL;
	while (guest == NULL || !guest->running) {
		deliver(fixture);
		(void)agentlink_work(&fixture->link, fixture->now_ms);
		guest = guest_find(fixture, command->id);
	}
	fixture->to_host_bytes = 0;
	fixture->dead = true;
	settle(fixture, 2ULL * AGENTLINK_SILENCE_MS);
	assert_true(heard.silent > 0);
	fixture->dead = false;
	settle(fixture, 5000);
	assert_int_equal(heard.failed, 0);
	assert_true(command->used && command->go_sent);
}

/* Nobody may wait for ever, whatever becomes of the VM: also not behind a PING. */
static void test_silence_before_the_conversation(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	fixture->dead = true;
	for (int i = 0; i < 3; i++) {
		(void)start(fixture, "x", 2, &heard);
		agentlink_signal(heard.command, 15);
		settle(fixture, 2 * AGENTLINK_SILENCE_MS + 2000);
		assert_int_equal(heard.failed, 1);
		assert_non_null(strstr(heard.why, "does not answer"));
	}
	fixture->dead = false;
	(void)start(fixture, "y", 2, &heard);
	settle(fixture, 5000);
	assert_true(guest_find(fixture, heard.command->id)->running);
}

/* A VM that halts while a command runs of which there is nothing to say or to hear. */
static void test_silence_of_an_idle_command(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	(void)start(fixture, "sleep", 6, &heard);
	settle(fixture, 10ULL * AGENTLINK_PROBE_MS);
	assert_int_equal(heard.failed, 0);
	assert_int_equal(guest_find(fixture, heard.command->id)->signal_count, 0);
	fixture->dead = true;
	settle(fixture, AGENTLINK_PROBE_MS + AGENTLINK_SILENCE_MS + 5000);
	assert_int_equal(heard.failed, 1);
	assert_non_null(strstr(heard.why, "does not answer"));
}

/* The report of its end was lost: a signal, or the next question, finds that out. */
static void test_lost_end(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	for (int by_signal = 0; by_signal < 2; by_signal++) {
		(void)start(fixture, "x", 2, &heard);
		settle(fixture, 1000);
		memset(guest_find(fixture, heard.command->id), 0, sizeof(struct guest_command));
		if (by_signal) {
			agentlink_signal(heard.command, 15);
		}
		settle(fixture, by_signal ? 1000 : AGENTLINK_PROBE_MS + 1000);
		assert_int_equal(heard.ended, 0);
		assert_int_equal(heard.failed, 1);
		assert_non_null(strstr(heard.why, "forgotten"));
	}
}

/* Nobody holds it any more and its end is lost: its slot is free all the same. */
static void test_lost_end_of_an_abandoned_command(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	struct agent_command *command = start(fixture, "x", 2, &heard);
	settle(fixture, 1000);
	memset(guest_find(fixture, command->id), 0, sizeof(struct guest_command));
	agentlink_abandon(&fixture->link, command);
	settle(fixture, 1000);
	assert_false(command->used);
	assert_int_equal(heard.failed, 0);
}

/* An answer that was repeated and comes late is none to the frame that is under way now. */
static void test_late_answers(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	fixture->dead = true;
	struct agent_command *command = start(fixture, "x", 2, &heard);
	(void)agentlink_work(&fixture->link, fixture->now_ms);
	put_ack(fixture, (uint8_t)(fixture->link.seq - 1), command->id, PV_AGENT_FAILED, 0);
	put_ack(fixture, (uint8_t)(fixture->link.seq + 1), command->id, PV_AGENT_FAILED, 0);
	deliver(fixture);
	assert_int_equal(heard.failed, 0);
	assert_true(fixture->link.waiting);
	put_ack(fixture, fixture->link.seq, command->id, PV_AGENT_FAILED, 0);
	deliver(fixture);
	assert_int_equal(heard.failed, 1);
}

static void test_agent_started_anew(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	(void)start(fixture, "x", 2, &heard);
	settle(fixture, 1000);
	memset(fixture->commands, 0, sizeof(fixture->commands));
	say_hello(fixture);
	assert_int_equal(heard.failed, 1);
	assert_non_null(strstr(heard.why, "started anew"));
	(void)start(fixture, "y", 2, &heard);
	settle(fixture, 1000);
	assert_true(guest_find(fixture, heard.command->id)->running);
}

static void test_line_without_room(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	fixture->full = true;
	(void)start(fixture, "x", 2, &heard);
	settle(fixture, 2000);
	assert_int_equal(heard.failed, 0);
	fixture->full = false;
	settle(fixture, 2000);
	assert_true(guest_find(fixture, heard.command->id)->running);
}

static void test_abandon_in_each_state(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	char argv[200];
	memset(argv, 'x', sizeof(argv));
	argv[sizeof(argv) - 1] = '\0';
	say_hello(fixture);
	/* Not announced: nothing of it leaves. */
	unsigned sent = fixture->sent;
	agentlink_abandon(&fixture->link, start(fixture, "x", 2, &heard));
	settle(fixture, 1000);
	assert_int_equal(fixture->sent, sent);
	/* Announced, with a piece under way: the agent is made to forget it. */
	struct agent_command *command = start(fixture, argv, sizeof(argv), &heard);
	(void)agentlink_work(&fixture->link, fixture->now_ms);
	const uint32_t forgotten = command->id;
	assert_non_null(guest_find(fixture, forgotten));
	agentlink_abandon(&fixture->link, command);
	settle(fixture, 1000);
	assert_false(command->used);
	assert_null(guest_find(fixture, forgotten));
	/* EXEC_GO under way: it runs, and is killed. */
	fixture->full = true;
	command = start(fixture, "x", 2, &heard);
	fixture->full = false;
	(void)agentlink_work(&fixture->link, fixture->now_ms);
	deliver(fixture);
	fixture->dead = true;
	(void)agentlink_work(&fixture->link, fixture->now_ms);
	assert_int_equal(fixture->link.type, PV_AGENT_EXEC_GO);
	agentlink_abandon(&fixture->link, command);
	fixture->dead = false;
	settle(fixture, 2000);
	const uint32_t id = command->id;
	assert_true(guest_find(fixture, id)->running);
	assert_int_equal(guest_find(fixture, id)->signals[0], 9);
	exit_guest(fixture, id, PV_AGENT_SIGNALED, 9);
	settle(fixture, 1000);
	assert_false(command->used);
	/* Running, abandoned out of its own output. */
	command = start(fixture, "x", 2, &heard);
	settle(fixture, 1000);
	heard.abandon_in = &fixture->link;
	put_frame(fixture, PV_AGENT_STDOUT, 0, command->id, "a", 1);
	put_frame(fixture, PV_AGENT_STDOUT, 0, command->id, "b", 1);
	settle(fixture, 1000);
	assert_string_equal(heard.output, ">a");
	exit_guest(fixture, command->id, PV_AGENT_SIGNALED, 9);
	settle(fixture, 1000);
	assert_int_equal(heard.ended + heard.failed, 0);
	assert_false(command->used);
}

static void test_stop_and_continue_cancel(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	struct agent_command *command = start(fixture, "x", 2, &heard);
	agentlink_signal(command, 19);
	agentlink_signal(command, 18);
	agentlink_signal(command, 0);
	agentlink_signal(command, 64);
	settle(fixture, 1000);
	const struct guest_command *guest = guest_find(fixture, command->id);
	assert_int_equal(guest->signal_count, 1);
	assert_int_equal(guest->signals[0], 18);
}

/* Frames that a sound agent never sends, with our ids and others. */
static void test_hostile_agent(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard;
	say_hello(fixture);
	struct agent_command *command = start(fixture, "x", 2, &heard);
	settle(fixture, 1000);
	const uint32_t id = command->id;
	for (unsigned type = 0; type < 256; type++) {
		const uint8_t payload[8] = {PV_AGENT_VERSION + 1U};
		const bool text = type == PV_AGENT_STDOUT || type == PV_AGENT_STDERR;
		for (size_t bytes = 0; bytes <= sizeof(payload); bytes++) {
			const bool sound = text || (type == PV_AGENT_EXIT && bytes == 2);
			put_frame(fixture, (uint8_t)type, 0, sound ? id + 1 : id, payload, bytes);
			put_frame(fixture, (uint8_t)type, fixture->link.seq, 0, payload, bytes);
		}
		settle(fixture, 10);
	}
	assert_int_equal(heard.ended + heard.failed, 0);
	assert_string_equal(heard.output, "");
	for (int i = 0; i < 200000; i++) {
		uint8_t byte = random_next() % 4 == 0 ? PV_AGENT_MAGIC : (uint8_t)random_next();
		agentlink_receive(&fixture->link, &byte, 1, fixture->now_ms);
	}
	settle(fixture, 1000);
	/* Two ends of one command are one. */
	uint8_t end[2] = {PV_AGENT_EXITED, 3};
	while (heard.ended == 0) {
		put_frame(fixture, PV_AGENT_EXIT, 0, id, end, 2);
		put_frame(fixture, PV_AGENT_EXIT, 0, id, end, 2);
		deliver(fixture);
	}
	assert_int_equal(heard.ended, 1);
	assert_int_equal(heard.code, 3);
}

static void test_other_version(void **state)
{
	struct fixture *fixture = *state;
	const uint8_t version = PV_AGENT_VERSION + 1;
	put_frame(fixture, PV_AGENT_HELLO, 0, 0, &version, 1);
	settle(fixture, 1000);
	assert_int_equal(fixture->hellos, 0);
	assert_int_equal(fixture->link.bad_version, version);
	assert_int_equal(fixture->sent, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_nothing_before_hello),
		CASE(test_arguments_are_checked),
		CASE(test_size_of_a_terminal),
		CASE(test_command_over_a_lossy_line),
		CASE(test_busy_input_holds_nobody_up),
		CASE(test_refusals),
		CASE(test_the_time_is_told),
		CASE(test_slots_are_bounded),
		CASE(test_silence),
		CASE(test_silence_that_is_borne),
		CASE(test_silence_at_the_start),
		CASE(test_silence_before_the_conversation),
		CASE(test_silence_of_an_idle_command),
		CASE(test_lost_end),
		CASE(test_lost_end_of_an_abandoned_command),
		CASE(test_late_answers),
		CASE(test_agent_started_anew),
		CASE(test_line_without_room),
		CASE(test_abandon_in_each_state),
		CASE(test_stop_and_continue_cancel),
		CASE(test_hostile_agent),
		CASE(test_other_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
