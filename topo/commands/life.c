/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a VM from outside, see topo/commands/life.h. The runner's events say how far the VM
 * is; its agent is asked to go off in order, its VMM for what a machine's power switch does.
 */
#include "topo/commands/life.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "abi/limits.h"
#include "abi/vmm.h"
#include "lib/bits.h"
#include "topo/commands/commands.h"
#include "topo/runner/client.h"
#include "topo/runner/loop.h"
#include "topo/runner/message.h"
#include "topo/runner/naming.h"
#include "topo/runner/runstate.h"

/* A runner answers a request within CONTROL_ASK_LIMIT_MS, when those of others have had that. */
#define ANSWER_MS (CONTROL_ASK_LIMIT_MS + 5000U)
#define TURN_MS (4 * CONTROL_ASK_LIMIT_MS)
#define GOES_MS 1000U /* a runner that has just closed a connection, until it has closed all */

#define LIMIT_START_MS 120000U /* of wait too */
#define LIMIT_STOP_MS 30000U

/* A VM that is watched. */
struct watched {
	struct client client;
	char system[RUNDIR_NAME_BYTES];
	struct control_vm vm;
	bool ended; /* the system, says its runner */
	bool lost;  /* the runner: nothing is known any more */
};

static bool is_off(const struct control_vm *vm)
{
	return vm->state == RUN_VM_STOPPED || vm->state == RUN_VM_FAILED;
}

/* A frame within the time until @end_ms. */
static err_t next_frame(struct client *client, uint64_t end_ms, struct control_frame *frame)
{
	struct pollfd waited = {.fd = client->fd, .events = POLLIN};
	const uint64_t now = loop_now_ms();
	if (control_frame_peek(&client->in, frame) == OK) {
		return OK;
	}
	if (poll(&waited, 1, end_ms > now ? (int)(end_ms - now) : 0) <= 0) {
		return ERR_EMPTY;
	}
	return client_next(client, frame);
}

/* Take what is told of the VM until @done is true of it. Errors: ERR_EMPTY out of time; ERR_PEER the
 * system has ended, or its runner is lost. */
static err_t wait_until(struct watched *watched, bool (*done)(const struct watched *watched),
                        uint32_t limit_ms)
{
	const uint64_t end_ms = loop_now_ms() + limit_ms;
	struct control_frame frame;
	while (!done(watched)) {
		const err_t err = next_frame(&watched->client, end_ms, &frame);
		if (err != OK) {
			watched->lost = err == ERR_PEER;
			return err;
		}
		if (frame.kind == CONTROL_END) {
			watched->ended = true;
			return ERR_PEER;
		}
		struct control_vm vm;
		if (frame.kind == CONTROL_VM && control_payload(&frame, &vm, sizeof(vm)) == OK &&
		    strcmp(vm.name, watched->vm.name) == 0) {
			watched->vm = vm;
		}
		control_frame_drop(&watched->client.in, &frame);
	}
	return OK;
}

/* The VM called @name among those that are told first. */
static bool find_vm(struct watched *watched, const char *name)
{
	char names[PV_DOMAINS_MAX][CONTROL_NAME_BYTES];
	const char *known[PV_DOMAINS_MAX];
	size_t count = 0;
	bool found = false;
	struct control_frame frame = {.kind = CONTROL_OK};
	while (frame.kind != CONTROL_END && client_next(&watched->client, &frame) == OK) {
		struct control_vm vm;
		if (frame.kind == CONTROL_VM && count < PV_DOMAINS_MAX &&
		    control_payload(&frame, &vm, sizeof(vm)) == OK) {
			memcpy(names[count], vm.name, sizeof(vm.name));
			known[count] = names[count];
			count++;
			if (strcmp(vm.name, name) == 0) {
				watched->vm = vm;
				found = true;
			}
		}
		control_frame_drop(&watched->client.in, &frame);
	}
	if (!found) {
		char text[2048];
		naming_explain(text, sizeof(text), name, known, count);
		message_error("%s", text);
	}
	return found;
}

static int watch(struct watched *watched, const struct life_options *options, const char *name)
{
	const struct control_request request = {.version = CONTROL_VERSION};
	uint32_t credit = 0;
	*watched = (struct watched){.client = {.fd = -1}};
	if (client_connect(&watched->client, options->system) != OK) {
		return EXIT_NO;
	}
	(void)snprintf(watched->system, sizeof(watched->system), "%s", watched->client.rundir.name);
	int code = EXIT_OK;
	if (client_ask(&watched->client, CONTROL_EVENTS, &request, NULL, 0, &credit) != OK) {
		code = EXIT_SYSTEM;
	} else if (!find_vm(watched, name)) {
		code = EXIT_NO;
	}
	if (code != EXIT_OK) {
		client_close(&watched->client);
	}
	return code;
}

static bool never(const struct watched *watched)
{
	(void)watched;
	return false;
}

/* Connect once more and ask @kind, for what @more says. Nothing is said of who has just gone. */
static err_t ask(struct client *client, const struct watched *watched, uint32_t kind,
                 const char *more, size_t more_bytes)
{
	struct control_request request = {.version = CONTROL_VERSION};
	err_t err = client_open(client, watched->system);
	memcpy(request.vm, watched->vm.name, sizeof(request.vm));
	if (err == OK) {
		err = client_request(client, kind, &request, more, more_bytes);
	}
	if (err != OK) {
		client_close(client);
	}
	return err;
}

/* The next frame, which is to be a @wanted one. Errors: ERR_PEER there is none; ERR_STATE another,
 * and what it says was reported. */
static err_t expect(struct client *client, uint32_t wanted, uint32_t limit_ms)
{
	struct control_frame frame;
	if (next_frame(client, loop_now_ms() + limit_ms, &frame) != OK) {
		return ERR_PEER;
	}
	const err_t err = frame.kind == wanted ? OK : ERR_STATE;
	if (err != OK) {
		message_error("%.*s", (int)frame.bytes, (const char *)frame.payload);
	}
	control_frame_drop(&client->in, &frame);
	return err;
}

/* Have the VM's VMM do @what, and take what was told of the VM until then. Errors: ERR_STATE it was
 * not done, which was reported; any other, the system has ended, or its runner is lost. */
static err_t ask_vmm(struct watched *watched, const char *what)
{
	struct client client;
	err_t err = ask(&client, watched, CONTROL_ASK, what, strlen(what));
	if (err == OK) {
		err = expect(&client, CONTROL_OK, TURN_MS);
		err = err == OK ? expect(&client, CONTROL_END, ANSWER_MS) : err;
		client_close(&client);
	}
	(void)wait_until(watched, never, err == OK ? 0 : GOES_MS);
	watched->lost = err != OK && err != ERR_STATE && !watched->ended;
	return err;
}

/* Run @command in the VM, if somebody is there to run it; how it ends is nobody's concern. */
static void run_inside(const struct watched *watched, const char *command, uint32_t limit_ms)
{
	const uint64_t end_ms = loop_now_ms() + limit_ms;
	struct control_frame frame;
	struct client client;
	bool goes_on = true;
	if (watched->vm.agent == 0 || watched->vm.state != RUN_VM_UP ||
	    ask(&client, watched, CONTROL_EXEC, command, strlen(command) + 1) != OK) {
		return;
	}
	while (goes_on && next_frame(&client, end_ms, &frame) == OK) {
		goes_on = frame.kind != CONTROL_EXIT && frame.kind != CONTROL_ERROR;
		control_frame_drop(&client.in, &frame);
	}
	client_close(&client);
}

static bool vm_is_up_or_off(const struct watched *watched)
{
	return watched->vm.state == RUN_VM_UP || is_off(&watched->vm);
}

static bool vm_is_off(const struct watched *watched)
{
	return is_off(&watched->vm);
}

static bool vm_is_not_on(const struct watched *watched)
{
	return is_off(&watched->vm) || watched->vm.state == RUN_VM_RESTARTING;
}

static int close_with(struct watched *watched, int code)
{
	client_close(&watched->client);
	return code;
}

static int explain_loss(const struct watched *watched)
{
	if (watched->ended) {
		message_error("%s is not up: the system has ended", watched->vm.name);
		return EXIT_NO;
	}
	message_error("%s: the runner has gone or does not answer", watched->vm.name);
	return EXIT_SYSTEM;
}

/* Have it start by @what, and wait until it has. */
static int start_by(struct watched *watched, const char *what, uint32_t limit_ms)
{
	err_t err = ask_vmm(watched, what);
	if (err == ERR_STATE) {
		return watched->ended ? EXIT_NO : EXIT_SYSTEM;
	}
	err = err == OK ? wait_until(watched, vm_is_up_or_off, limit_ms) : err;
	if (watched->ended || watched->lost) {
		return explain_loss(watched);
	}
	if (err != OK || is_off(&watched->vm)) {
		message_error("%s is not up: %s%s%s", watched->vm.name,
		              run_vm_state_text((enum run_vm_state)watched->vm.state),
		              watched->vm.reason[0] == '\0' ? "" : ": ", watched->vm.reason);
		return EXIT_NO;
	}
	return EXIT_OK;
}

int life_start(const struct life_options *options, const char *vm)
{
	struct watched watched;
	int code = watch(&watched, options, vm);
	if (code != EXIT_OK) {
		return code;
	}
	/* One that is on now may be off when those who have asked before have had their turn. */
	return close_with(&watched, start_by(&watched, PV_VMM_ASK_START, options->limit_ms));
}

int life_restart(const struct life_options *options, const char *vm)
{
	struct watched watched;
	int code = watch(&watched, options, vm);
	if (code != EXIT_OK) {
		return code;
	}
	if (!options->force) {
		run_inside(&watched, "sync", LIMIT_STOP_MS);
	}
	return close_with(&watched, start_by(&watched, PV_VMM_ASK_RESTART, options->limit_ms));
}

int life_stop(const struct life_options *options, const char *vm)
{
	struct watched watched;
	int code = watch(&watched, options, vm);
	if (code != EXIT_OK) {
		return code;
	}
	if (!is_off(&watched.vm) && !options->force) {
		run_inside(&watched, "poweroff", options->limit_ms);
		if (watched.vm.agent != 0 && watched.vm.state == RUN_VM_UP) {
			(void)wait_until(&watched, vm_is_not_on, options->limit_ms);
		}
	}
	/* One that its policy would start again, or somebody who has asked before, is told not to. The last
	 * VM's end is the system's. */
	if (!watched.ended) {
		if (ask_vmm(&watched, PV_VMM_ASK_STOP) != OK && !watched.ended) {
			code = watched.lost ? explain_loss(&watched) : EXIT_SYSTEM;
		}
	}
	return close_with(&watched, code);
}

static bool vm_is_up_or_lost(const struct watched *watched)
{
	return watched->vm.state == RUN_VM_UP || watched->vm.state == RUN_VM_FAILED;
}

static bool vm_is_healthy_or_lost(const struct watched *watched)
{
	return watched->vm.health == RUN_HEALTH_HEALTHY || watched->vm.state == RUN_VM_FAILED ||
	       (watched->vm.state == RUN_VM_UP && watched->vm.health == RUN_HEALTH_NONE);
}

static bool command_has_ended_or_is_lost(const struct watched *watched)
{
	return watched->vm.state == RUN_VM_FAILED ||
	       (watched->vm.state == RUN_VM_UP &&
	        strcmp(watched->vm.command, RUNSTATE_COMMAND_RUNS) != 0);
}

static bool vm_is_up(const struct watched *watched)
{
	return watched->vm.state == RUN_VM_UP && !watched->ended;
}

static bool vm_is_healthy(const struct watched *watched)
{
	return vm_is_up(watched) && watched->vm.health == RUN_HEALTH_HEALTHY;
}

static bool command_is_done(const struct watched *watched)
{
	return vm_is_up(watched) && strcmp(watched->vm.command, RUNSTATE_COMMAND_DONE) == 0;
}

static bool vm_has_gone(const struct watched *watched)
{
	return is_off(&watched->vm) || watched->ended;
}

/* What can be waited for: it is reached, and nothing more is to be waited for. The first is the usual. */
static const struct goal {
	const char *name;
	bool (*reached)(const struct watched *watched);
	bool (*over)(const struct watched *watched);
} goals[] = {
	{"up", vm_is_up, vm_is_up_or_lost},
	{"healthy", vm_is_healthy, vm_is_healthy_or_lost},
	{"done", command_is_done, command_has_ended_or_is_lost},
	{"off", vm_has_gone, vm_is_off},
};

static void explain_command(const struct control_vm *vm)
{
	if (vm->command[0] == '\0') {
		message_error("%s has no command that ends: `command_restart` of a VM says so",
		              vm->name);
	} else {
		message_error("the command of %s is %s", vm->name, vm->command);
	}
}

static void explain_wait(const struct watched *watched, const char *goal)
{
	const struct control_vm *vm = &watched->vm;
	if (watched->ended) {
		message_error("%s is not %s: the system has ended", vm->name, goal);
	} else if (vm->state == RUN_VM_UP && strcmp(goal, "done") == 0) {
		explain_command(vm);
	} else if (vm->state != RUN_VM_UP || strcmp(goal, "healthy") != 0) {
		message_error("%s is not %s: %s%s%s", vm->name, goal,
		              run_vm_state_text((enum run_vm_state)vm->state),
		              vm->reason[0] == '\0' ? "" : ": ", vm->reason);
	} else if (vm->health == RUN_HEALTH_NONE) {
		message_error("%s has no health check: `health` of a VM is one", vm->name);
	} else {
		message_error("%s does not say that it is healthy%s%s", vm->name,
		              vm->unhealthy[0] == '\0' ? "" : ": ", vm->unhealthy);
	}
}

/* A VM that is off may still be started by somebody; one that failed will not by itself. */
static int life_wait(const struct life_options *options, const char *vm)
{
	struct watched watched;
	const struct goal *goal = goals;
	const int code = watch(&watched, options, vm);
	if (code != EXIT_OK) {
		return code;
	}
	for (size_t i = 0; options->until != NULL && i < ARRAY_COUNT(goals); i++) {
		goal = strcmp(options->until, goals[i].name) == 0 ? &goals[i] : goal;
	}
	(void)wait_until(&watched, goal->over, options->limit_ms);
	const bool reached = goal->reached(&watched);
	if (watched.lost) {
		message_error("%s: the runner has gone, or has not waited for this reader", vm);
		return close_with(&watched, EXIT_SYSTEM);
	}
	if (!reached) {
		explain_wait(&watched, goal->name);
	}
	return close_with(&watched, reached ? EXIT_OK : EXIT_NO);
}

static const struct option_row start_rows[] = {
	OPTION('t', "timeout", "SECONDS", struct life_options, limit_ms,
               "how long that may take for each (default: 120)"),
	OPTION_SYSTEM(struct life_options, system),
	OPTION_END,
};

static const struct command_syntax start_syntax = {
	.usage = "Usage: topo start [OPTION…] VM…",
	.about = "Start each VM that is off, or waits to be started again, and return when its "
		 "user space is reached. One that runs is left as it is.",
	.rows = start_rows,
	.end = "Exit status: 0 they are up; 1 no such system or VM, or one is not up; 2 wrong "
	       "command line; 3 its VMM does not answer.",
};

static const struct option_row restart_rows[] = {
	OPTION('\0', "force", NULL, struct life_options, force,
               "at once, without a word to the VM"),
	OPTION('t', "timeout", "SECONDS", struct life_options, limit_ms,
               "how long that may take for each (default: 120)"),
	OPTION_SYSTEM(struct life_options, system),
	OPTION_END,
};

static const struct command_syntax restart_syntax = {
	.usage = "Usage: topo restart [OPTION…] VM…",
	.about = "Have each VM write what it holds back to its disks, switch it off and on, "
		 "whatever its policy, and return when its user space is reached again. One that "
		 "is off is started.",
	.rows = restart_rows,
	.end = "Exit status: 0 they are up; 1 no such system or VM, or one is not up; 2 wrong "
	       "command line; 3 its VMM does not answer.",
};

static const struct option_row wait_rows[] = {
	OPTION('u', "until", "up|healthy|done|off", struct life_options, until,
               "what is waited for: user space is reached (the default), the VM says so by its "
               "health check too, its command has ended well, or it is off"),
	OPTION('t', "timeout", "SECONDS", struct life_options, limit_ms,
               "how long that may take for each (default: 120)"),
	OPTION_SYSTEM(struct life_options, system),
	OPTION_END,
};

static const struct command_syntax wait_syntax = {
	.usage = "Usage: topo wait [OPTION…] VM…",
	.about =
		"Return when each VM is as far as is waited for, at once if it is. Nothing is done to it. A VM "
		"that has failed is not waited for until it is up; all are off when the system ends.",
	.rows = wait_rows,
	.end = "Exit status: 0 they are; 1 no such system or VM, or one is not; 2 wrong command line; 3 the "
	       "runner does not answer.",
};

static int run_command(const struct command_line *cl, const struct command_syntax *syntax,
                       int (*act)(const struct life_options *, const char *))
{
	struct life_options options = {.limit_ms = LIMIT_START_MS};
	int code = command_options(cl, syntax, &options, NULL);
	if (code >= 0) {
		return code;
	}
	if (optind == cl->argc) {
		return command_usage_error(cl, "which VM?");
	}
	code = EXIT_OK;
	for (int i = optind; i < cl->argc; i++) {
		const int done = act(&options, cl->argv[i]);
		code = done > code ? done : code;
	}
	return code;
}

int command_start(const struct command_line *cl)
{
	return run_command(cl, &start_syntax, life_start);
}

int command_restart(const struct command_line *cl)
{
	return run_command(cl, &restart_syntax, life_restart);
}

int command_wait(const struct command_line *cl)
{
	return run_command(cl, &wait_syntax, life_wait);
}
