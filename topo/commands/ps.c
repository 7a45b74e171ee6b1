/* SPDX-License-Identifier: BSD-2-Clause */
/* topo ps: the running systems of this user, their VMs and connections. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "topo/base/say.h"
#include "topo/commands/commands.h"
#include "topo/commands/status.h"
#include "topo/runner/client.h"
#include "topo/runner/kept.h"
#include "topo/runner/message.h"
#include "topo/runner/runstate.h"

#define WHEN_BYTES 32U

struct ps_options {
	const char *system;
	bool json;
	bool all;
};

static const struct option_row option_rows[] = {
	OPTION('a', "all", NULL, struct ps_options, all,
               "also the last runs that have ended, whose logs and, of the last two, image are kept"),
	OPTION('\0', "json", NULL, struct ps_options, json,
               "an array of {name, state, topology, log_directory, pid, qemu_pid, age_ms, vms, "
               "connections}"),
	OPTION('n', "name", "NAME", struct ps_options, system, "the one called NAME alone"),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo ps [OPTION…] [NAME]",
	.about = "Show the running systems, or the one called NAME: their VMs (waiting, booting, "
		 "up, halted, restarting, stopped or failed, why, and how often they were started "
		 "again), their devices and connections (up or down).",
	.rows = option_rows,
	.end = "Exit status: 0; 1 NAME does not run, nor is kept with --all; 2 wrong command line; "
	       "3 a runner does not answer.",
};

static const char *system_state(const struct control_system *system)
{
	if (system->ending != 0) {
		return "ending";
	}
	return system->ready != 0 ? "up" : "starting";
}

static void print_text(const struct client_status *status)
{
	const struct control_system *system = &status->system;
	say(stdout, "%s: %s, %" PRIu64 " s, %s, qemu %" PRId32 "\n", system->name,
	    system_state(system), system->age_ms / 1000, system->topology, system->machine_pid);
	for (size_t i = 0; i < status->vm_count; i++) {
		say(stdout, "  ");
		status_text_vm(&status->vms[i]);
		if (status->vms[i].description[0] != '\0') {
			say(stdout, "     %s\n", status->vms[i].description);
		}
		status_text_addresses(&status->vms[i]);
		status_text_hardware(&status->vms[i]);
	}
	for (size_t i = 0; i < status->connection_count; i++) {
		say(stdout, "  ");
		status_text_connection(&status->connections[i]);
	}
}

static void print_json(const struct client_status *status)
{
	const struct control_system *system = &status->system;
	status_json_member("{", "name", system->name);
	status_json_member(", ", "state", system_state(system));
	status_json_member(", ", "topology", system->topology);
	status_json_member(", ", "log_directory", system->log_directory);
	(void)printf(", \"pid\": %" PRId32 ", \"qemu_pid\": %" PRId32 ", \"age_ms\": %" PRIu64,
	             system->runner_pid, system->machine_pid, system->age_ms);
	(void)printf(",\n  \"vms\": [");
	for (size_t i = 0; i < status->vm_count; i++) {
		(void)fputs(i == 0 ? "\n    " : ",\n    ", stdout);
		(void)putchar('{');
		status_json_vm(&status->vms[i]);
		(void)putchar('}');
	}
	(void)printf("],\n  \"connections\": [");
	for (size_t i = 0; i < status->connection_count; i++) {
		(void)fputs(i == 0 ? "\n    " : ",\n    ", stdout);
		(void)putchar('{');
		status_json_connection(&status->connections[i]);
		(void)putchar('}');
	}
	(void)printf("]}");
}

/* A system whose runner does not serve yet: its image is being built. */
static void print_building(const char *name, bool json)
{
	if (!json) {
		say(stdout, "%s: building\n", name);
		return;
	}
	status_json_member("{", "name", name);
	status_json_member(", ", "state", "building");
	(void)printf(", \"vms\": [], \"connections\": []}");
}

/* Show one system. *@shown counts what was printed; a system that has just ended is none. */
static int show(const char *name, bool json, size_t *shown)
{
	struct client client;
	struct client_status status = {.vms = NULL};
	const err_t opened = client_open(&client, name);
	if (opened == ERR_EMPTY) {
		client_close(&client);
		return EXIT_OK;
	}
	if (opened == OK && client_status(&client, &status) != OK) {
		client_close(&client);
		return EXIT_SYSTEM;
	}
	if (json && *shown > 0) {
		(void)printf(",\n ");
	}
	(*shown)++;
	if (opened != OK) {
		print_building(name, json);
	} else if (json) {
		print_json(&status);
	} else {
		print_text(&status);
	}
	client_status_free(&status);
	client_close(&client);
	return EXIT_OK;
}

static void print_kept(const struct kept *run, const char *when, const char *end)
{
	say(stdout, "%s: ended, began %s, ", run->name, when[0] != '\0' ? when : "?");
	if (run->end[0] != '\0') {
		say(stdout, "ran %" PRIu64 " s, ", run->age_ms / 1000);
	}
	say(stdout, "%s: %s\n", run->topology, end);
	say(stdout, "     %s\n", run->path);
}

static void print_kept_json(const struct kept *run, const char *when, const char *end)
{
	status_json_member("{", "name", run->name);
	status_json_member(", ", "state", "ended");
	status_json_member(", ", "topology", run->topology);
	status_json_member(", ", "directory", run->path);
	status_json_member(", ", "log_directory",
	                   run->log_directory[0] != '\0' ? run->log_directory : run->path);
	status_json_member(", ", "started", when);
	status_json_member(", ", "end", end);
	(void)printf(", \"age_ms\": %" PRIu64 ", \"vms\": [], \"connections\": []}", run->age_ms);
}

/* When @run began; "" if that is no time of any calendar. */
static void start_text(const struct kept *run, char when[WHEN_BYTES])
{
	const time_t started = (time_t)run->started;
	struct tm broken;
	if (started < 0 || gmtime_r(&started, &broken) == NULL ||
	    strftime(when, WHEN_BYTES, "%Y-%m-%dT%H:%M:%SZ", &broken) == 0) {
		when[0] = '\0';
	}
}

/* Runs that have ended: all, or those of @wanted. */
static void show_kept(const char *wanted, bool json, size_t *shown)
{
	struct kept *runs = calloc(KEPT_RUNS_MAX, sizeof(*runs));
	const size_t count = runs == NULL ? 0 : kept_list(runs);
	for (size_t i = 0; i < count; i++) {
		char when[WHEN_BYTES];
		start_text(&runs[i], when);
		const char *end = runs[i].end[0] != '\0' ? runs[i].end : "the runner was killed";
		if (wanted != NULL && strcmp(wanted, runs[i].name) != 0) {
			continue;
		}
		if (json && *shown > 0) {
			(void)printf(",\n ");
		}
		(*shown)++;
		(json ? print_kept_json : print_kept)(&runs[i], when, end);
	}
	free(runs);
}

static int show_all(const char *wanted, bool json, bool all)
{
	char names[CLIENT_SYSTEMS_MAX][RUNDIR_NAME_BYTES];
	size_t count = 0;
	if (wanted != NULL && !all) {
		if (client_choose(wanted, names[0]) != OK) {
			return EXIT_NO;
		}
		count = 1;
	} else if (rundir_list(names, CLIENT_SYSTEMS_MAX, &count) != OK) {
		return EXIT_SYSTEM;
	}
	int code = EXIT_OK;
	size_t shown = 0;
	(void)fputs(json ? "[" : "", stdout);
	if (all) {
		show_kept(wanted, json, &shown);
	}
	for (size_t i = 0; i < count; i++) {
		if (wanted != NULL && strcmp(wanted, names[i]) != 0) {
			continue;
		}
		const int shown_code = show(names[i], json, &shown);
		code = shown_code != EXIT_OK ? shown_code : code;
	}
	const bool missed = all && wanted != NULL && shown == 0 && code == EXIT_OK;
	(void)fputs(json         ? "]\n"
	            : missed     ? ""
	            : shown != 0 ? ""
	            : all        ? "no system runs, and none is kept\n"
	                         : "no system runs\n",
	            stdout);
	if (missed) {
		message_error("no system '%s' runs, and no run of it is kept", wanted);
		message_help("`topo ps --all` lists what is there");
		code = EXIT_NO;
	}
	return code;
}

int command_ps(const struct command_line *cl)
{
	struct ps_options options = {.json = false};
	int code = command_options(cl, &syntax, &options, NULL);
	if (code >= 0) {
		return code;
	}
	code = command_one_system(cl, &options.system);
	return code != EXIT_OK ? code : show_all(options.system, options.json, options.all);
}
