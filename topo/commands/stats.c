/* SPDX-License-Identifier: BSD-2-Clause */
/* topo stats and topo top: what VMMs count of their VMs and connections, once and again and again. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lib/bits.h"
#include "topo/base/say.h"
#include "topo/commands/commands.h"
#include "topo/commands/status.h"
#include "topo/runner/client.h"

#define KIB 1024U
#define US_PER_S 1000000U
#define NS_PER_MS 1000000L
#define INTERVAL_MS 2000U
#define INTERVAL_MS_MIN 100U
#define CLEAR "\033[H\033[J"

struct stats_options {
	const char *system;
	bool json;
};

struct top_options {
	const char *system;
	uint32_t interval_ms;
	unsigned long count; /* times that it is shown; 0: without end */
};

static option_take take_count;

static const struct option_row stats_rows[] = {
	OPTION('\0', "json", NULL, struct stats_options, json, "{name, age_ms, vms, connections}"),
	OPTION_SYSTEM(struct stats_options, system),
	OPTION_END,
};

static const struct option_row top_rows[] = {
	OPTION('\0', "interval", "SECONDS", struct top_options, interval_ms,
               "between two looks (default 2)"),
	OPTION_BY(take_count, '\0', "count", "N", "show so many and end"),
	OPTION_SYSTEM(struct top_options, system),
	OPTION_END,
};

static const struct command_syntax stats_syntax = {
	.usage = "Usage: topo stats [OPTION…] [NAME]",
	.about =
		"Show what has been counted of the running system called NAME, or of the only one, "
		"since it started. Of each VM: seconds of CPU time, and in which its budget kept it "
		"from running; interrupts; and what its guest was stopped for: doorbells, waiting, "
		"system registers, accesses to emulated devices, calls of firmware, accesses that "
		"nothing answers. Of each connection: rings by the driver VM (kicks) and by the "
		"device VM (calls), sessions, how often the device VM broke the protocol, and how "
		"much of the pool has been in use at most, in KiB. Each VM's own VMM tells it, and "
		"of the pool its guest, if its root file system is the project's or has a part "
		"of it; \"-\" stands for one that has not answered.",
	.rows = stats_rows,
	.end = "Exit status: 0; 1 NAME does not run; 2 wrong command line; 3 the runner does not "
	       "answer.",
};

static const struct command_syntax top_syntax = {
	.usage = "Usage: topo top [OPTION…] [NAME]",
	.about = "Show what topo stats does as rates, anew after each interval, until interrupted: "
		 "of each VM CPU time, and time that its budget took, in percent of one CPU, the "
		 "others for a second.",
	.rows = top_rows,
	.end = "Exit status: 0; 1 NAME does not run; 2 wrong command line; 3 the runner does not "
	       "answer.",
};

/* Columns, in the order in which people read them. */
static const struct {
	enum run_counter counter;
	const char *title;
	int width;
} columns[] = {
	{RUN_COUNTER_TIME, "CPU", 9},         {RUN_COUNTER_HELD, "held", 9},
	{RUN_COUNTER_INTERRUPTS, "irqs", 10}, {RUN_COUNTER_DOORBELLS, "bells", 10},
	{RUN_COUNTER_WAITS, "waits", 10},     {RUN_COUNTER_REGISTERS, "regs", 9},
	{RUN_COUNTER_READS, "reads", 9},      {RUN_COUNTER_WRITES, "writes", 9},
	{RUN_COUNTER_CALLS, "calls", 9},      {RUN_COUNTER_FAULTS, "faults", 7},
};

#define COLUMN_COUNT ARRAY_COUNT(columns)

static bool is_time(enum run_counter counter)
{
	return counter == RUN_COUNTER_TIME || counter == RUN_COUNTER_HELD;
}

/* What is shown of a counter: all of it, or how it has grown since @before. */
static void print_counter(FILE *out, size_t column, uint64_t now, const uint64_t *before,
                          double seconds)
{
	const int width = columns[column].width;
	const bool time = is_time(columns[column].counter);
	const double grown = before == NULL || now < *before ? 0 : (double)(now - *before);
	if (before == NULL && time) {
		say(out, " %*.3f", width, (double)now / US_PER_S);
	} else if (before == NULL) {
		say(out, " %*" PRIu64, width, now);
	} else if (time) {
		say(out, " %*.1f%%", width - 1, grown / US_PER_S / seconds * 100);
	} else {
		say(out, " %*.0f", width, grown / seconds);
	}
}

static void print_vms(FILE *out, const struct client_status *now,
                      const struct client_status *before, double seconds)
{
	say(out, "%-16s", "VM");
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		say(out, " %*s", columns[i].width, columns[i].title);
	}
	(void)fputc('\n', out);
	for (size_t vm = 0; vm < now->vm_count; vm++) {
		const struct control_counters *told = &now->counters[vm];
		say(out, "%-16s", now->vms[vm].name);
		for (size_t i = 0; i < COLUMN_COUNT; i++) {
			const enum run_counter counter = columns[i].counter;
			const uint64_t *old =
				before == NULL ? NULL : &before->counters[vm].counters[counter];
			if (told->answered == 0) {
				say(out, " %*s", columns[i].width, "-");
			} else {
				print_counter(out, i, told->counters[counter], old, seconds);
			}
		}
		(void)fputc('\n', out);
	}
}

static void print_connections(FILE *out, const struct client_status *now,
                              const struct client_status *before, double seconds)
{
	if (now->connection_count == 0) {
		return;
	}
	say(out, "%-34s %10s %10s %8s %7s%s\n", "CONNECTION", "kicks", "calls", "sessions",
	    "errors", before == NULL ? "    pool" : "");
	for (size_t i = 0; i < now->connection_count; i++) {
		const struct control_connection *connection = &now->connections[i];
		const struct control_traffic *told = &now->traffics[i];
		char pair[2 * CONTROL_NAME_BYTES + 8];
		(void)snprintf(pair, sizeof(pair), "%s -> %s", connection->device_vm,
		               connection->driver_vm);
		say(out, "%-34s", pair);
		for (size_t n = 0; n < RUN_TRAFFIC_ERRORS; n++) {
			const uint64_t old = before == NULL ? 0 : before->traffics[i].traffic[n];
			if (told->answered == 0) {
				say(out, " %10s", "-");
			} else {
				say(out, " %10.0f", (double)(told->traffic[n] - old) / seconds);
			}
		}
		say(out, " %8" PRIu32 " %7" PRIu64, connection->session_count,
		    told->traffic[RUN_TRAFFIC_ERRORS]);
		if (before == NULL && told->pool_told != 0) {
			say(out, " %7" PRIu64, told->pool_used / KIB);
		} else if (before == NULL) {
			say(out, " %7s", "-");
		}
		(void)fputc('\n', out);
	}
}

/* @before: NULL, or what was seen earlier, of the same system. */
static void print_text(FILE *out, const struct client_status *now,
                       const struct client_status *before)
{
	const uint64_t age = now->system.age_ms;
	const double seconds =
		before == NULL ? 1 : (double)(age - before->system.age_ms + 1) / 1000;
	say(out, "%s, %" PRIu64 " s\n", now->system.name, age / 1000);
	print_vms(out, now, before, seconds);
	print_connections(out, now, before, seconds);
}

/* Null: the connection has none; its second member is, if nobody has told. */
static void print_json_pool(const struct control_traffic *told)
{
	if (told->pool_bytes == 0) {
		(void)fputs(", \"pool\": null", stdout);
		return;
	}
	say(stdout, ", \"pool\": {\"bytes\": %" PRIu64 ", \"used_bytes\": ", told->pool_bytes);
	if (told->pool_told != 0) {
		say(stdout, "%" PRIu64 "}", told->pool_used);
	} else {
		(void)fputs("null}", stdout);
	}
}

/* The last member of an object, which is an object of numbers, or null. */
static void print_json_numbers(const char *name, bool answered, const uint64_t *numbers,
                               size_t count, const char *(*text)(size_t))
{
	say(stdout, ", \"%s\": ", name);
	for (size_t i = 0; answered && i < count; i++) {
		say(stdout, "%s\"%s\": %" PRIu64, i == 0 ? "{" : ", ", text(i), numbers[i]);
	}
	say(stdout, answered ? "}}" : "null}");
}

static const char *counter_text(size_t i)
{
	return run_counter_text((enum run_counter)i);
}

static const char *traffic_text(size_t i)
{
	return run_traffic_text((enum run_traffic)i);
}

static void print_json(const struct client_status *status)
{
	status_json_member("{", "name", status->system.name);
	say(stdout, ", \"age_ms\": %" PRIu64 ",\n", status->system.age_ms);
	(void)fputs(" \"vms\": [", stdout);
	for (size_t i = 0; i < status->vm_count; i++) {
		const struct control_vm *vm = &status->vms[i];
		(void)fputs(i == 0 ? "\n  " : ",\n  ", stdout);
		status_json_member("{", "name", vm->name);
		status_json_member(", ", "state", run_vm_state_text((enum run_vm_state)vm->state));
		print_json_numbers("counters", status->counters[i].answered != 0,
		                   status->counters[i].counters, RUN_COUNTER_COUNT, counter_text);
	}
	(void)fputs("],\n \"connections\": [", stdout);
	for (size_t i = 0; i < status->connection_count; i++) {
		const struct control_connection *connection = &status->connections[i];
		(void)fputs(i == 0 ? "\n  " : ",\n  ", stdout);
		status_json_member("{", "device", connection->device_vm);
		status_json_member(", ", "driver", connection->driver_vm);
		status_json_member(", ", "state", connection->up != 0 ? "up" : "down");
		say(stdout, ", \"sessions\": %" PRIu32, connection->session_count);
		print_json_pool(&status->traffics[i]);
		print_json_numbers("traffic", status->traffics[i].answered != 0,
		                   status->traffics[i].traffic, RUN_TRAFFIC_COUNT, traffic_text);
	}
	(void)fputs("]}\n", stdout);
}

/* Ask the system called @name, or the only one. */
static int look(const char *name, bool guests, struct client_status *status)
{
	struct client client;
	if (client_connect(&client, name) != OK) {
		return EXIT_NO;
	}
	const err_t err = client_stats(&client, guests, status);
	client_close(&client);
	return err == OK ? EXIT_OK : EXIT_SYSTEM;
}

int command_stats(const struct command_line *cl)
{
	struct stats_options options = {.json = false};
	int code = command_options(cl, &stats_syntax, &options, NULL);
	if (code >= 0) {
		return code;
	}
	code = command_one_system(cl, &options.system);
	if (code != EXIT_OK) {
		return code;
	}
	struct client_status status;
	code = look(options.system, true, &status);
	if (code == EXIT_OK) {
		if (options.json) {
			print_json(&status);
		} else {
			print_text(stdout, &status, NULL);
		}
		client_status_free(&status);
	}
	return code;
}

static sigset_t ends(void)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	return set;
}

/* Nothing is held while a runner is waited for, and nothing waits to be written. */
static void end_at_once(int signal)
{
	(void)signal;
	_exit(EXIT_OK);
}

/* A runner that hangs does not answer: who waits for it may be ended. */
static int look_interruptibly(const char *name, struct client_status *status)
{
	const sigset_t set = ends();
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	const int code = look(name, false, status);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return code;
}

/* False: somebody wants it to end. */
static bool rest(uint32_t interval_ms)
{
	const sigset_t set = ends();
	const struct timespec time = {.tv_sec = interval_ms / 1000,
	                              .tv_nsec = interval_ms % 1000 * NS_PER_MS};
	return sigtimedwait(&set, NULL, &time) < 0;
}

/* The width of the terminal; 0 = it is none, or has none. */
static size_t screen_width(void)
{
	struct winsize size;

	return isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0
	               ? size.ws_col
	               : 0;
}

/* The first @width bytes of each line: names are ASCII. */
static void print_cut(const char *text, size_t width)
{
	while (*text != '\0') {
		const size_t bytes = strcspn(text, "\n");
		say(stdout, "%.*s\n", (int)(bytes < width ? bytes : width), text);
		text += bytes + (text[bytes] == '\n' ? 1 : 0);
	}
}

static void show(const struct client_status *now, const struct client_status *before)
{
	const size_t width = screen_width();
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = width == 0 ? NULL : open_memstream(&text, &bytes);

	(void)fputs(isatty(STDOUT_FILENO) != 0 ? CLEAR : "", stdout);
	print_text(out == NULL ? stdout : out, now, before);
	if (out != NULL) {
		(void)fclose(out);
		print_cut(text, width);
		free(text);
	}
}

/* Until somebody ends it, the system has ended or was shown often enough. */
static int follow(const struct top_options *options, const char *name, struct client_status *before)
{
	unsigned long shown = 0;
	while (rest(options->interval_ms)) {
		struct client_status now;
		const int code = look_interruptibly(name, &now);
		if (code != EXIT_OK) {
			return code == EXIT_NO ? EXIT_OK
			                       : code; /* it has ended, and that was told */
		}
		if (now.vm_count == before->vm_count &&
		    now.connection_count == before->connection_count) {
			show(&now, before);
		}
		client_status_free(before);
		*before = now;
		if (fflush(stdout) != 0 || ++shown == options->count) {
			break;
		}
	}
	return EXIT_OK;
}

static int show_top(const struct top_options *options, const char *name)
{
	const struct sigaction action = {.sa_handler = end_at_once};
	const sigset_t set = ends();
	struct client_status first;
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	int code = look_interruptibly(name, &first);
	if (code == EXIT_OK) {
		code = follow(options, name, &first);
		client_status_free(&first);
	}
	return code;
}

static int take_count(const struct command_line *cl, void *options, const char *argument)
{
	struct top_options *top = options;
	char *end = NULL;
	top->count = strtoul(argument, &end, 10);
	if (end == argument || *end != '\0' || argument[0] == '-' || top->count == 0) {
		return command_usage_error(cl, "--count takes a number, not '%s'", argument);
	}
	return EXIT_OK;
}

int command_top(const struct command_line *cl)
{
	struct top_options options = {.interval_ms = INTERVAL_MS};
	int code = command_options(cl, &top_syntax, &options, NULL);
	if (code >= 0) {
		return code;
	}
	code = command_one_system(cl, &options.system);
	if (code != EXIT_OK) {
		return code;
	}
	if (options.interval_ms < INTERVAL_MS_MIN) {
		return command_usage_error(cl, "--interval takes 0.1 seconds or more");
	}
	return show_top(&options, options.system);
}
