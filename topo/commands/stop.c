/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo stop: end a running system and return when nothing of it is left. The runner is asked; one
 * that does not go is killed, which takes its machine with it, and its directory is removed here.
 * With names of VMs: topo/commands/life.h.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "topo/commands/commands.h"
#include "topo/commands/life.h"
#include "topo/runner/client.h"
#include "topo/runner/message.h"

#define PATIENCE_MS 15000

#define LIMIT_VM_MS 30000U

struct stop_options {
	struct life_options life; /* its system: --name */
	bool all;
};

static const struct option_row option_rows[] = {
	OPTION('\0', "all", NULL, struct stop_options, all, "end all systems of this user"),
	OPTION('\0', "force", NULL, struct stop_options, life.force, "pull the VMs' cords at once"),
	OPTION('t', "timeout", "SECONDS", struct stop_options, life.limit_ms,
               "how long each VM may take to power itself off (default: 30)"),
	OPTION('n', "name", "NAME", struct stop_options, life.system,
               "of the system called NAME; needed for VMs when several run"),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo stop [NAME | --all]\n"
		 "       topo stop [OPTION…] VM…",
	.about = "End the running system called NAME, or the only one, and return when it is "
		 "gone. With names of VMs: have each power itself off, or after the time limit "
		 "pull its cord, and return when it is off. It stays off, whatever its policy, "
		 "until topo start; the last one's end is the system's.",
	.rows = option_rows,
	.end = "Exit status: 0 it is gone, or off; 1 no such system or VM; 2 wrong command "
	       "line; 3 it cannot be ended.",
};

/* Does the process end in time? */
static bool wait_for_end(int pid_fd, int patience_ms)
{
	struct pollfd waited = {.fd = pid_fd, .events = POLLIN};
	return poll(&waited, 1, patience_ms) > 0;
}

/* Ask by the control socket, or, before there is one, by a signal. */
static err_t ask_to_end(struct client *client, err_t opened, int pid_fd)
{
	if (opened == ERR_STATE) {
		return pidfd_send_signal(pid_fd, SIGTERM, NULL, 0) == 0 ? OK : ERR_STATE;
	}
	const struct control_request request = {.version = CONTROL_VERSION};
	uint32_t credit = 0;
	return client_ask(client, CONTROL_STOP, &request, NULL, 0, &credit);
}

static int end_runner(struct client *client, err_t opened, const char *name)
{
	const pid_t runner = rundir_runner(&client->rundir);
	const int pid_fd = runner > 0 ? pidfd_open(runner, 0) : -1;
	if (pid_fd < 0) {
		/* It has gone between our look at its lock and now. */
		rundir_clean(name);
		return EXIT_OK;
	}
	const err_t asked = ask_to_end(client, opened, pid_fd);
	bool ended = wait_for_end(pid_fd, asked == OK ? PATIENCE_MS : 0);
	if (!ended) {
		message_warning("the runner of %s does not end; it is killed", name);
		(void)pidfd_send_signal(pid_fd, SIGKILL, NULL, 0);
		ended = wait_for_end(pid_fd, PATIENCE_MS);
	}
	(void)close(pid_fd);
	/* Of a runner that ended by itself nothing is there. */
	rundir_clean(name);
	if (!ended) {
		message_error("the process %d cannot be ended", (int)runner);
	}
	return ended ? EXIT_OK : EXIT_SYSTEM;
}

static int stop_system(const char *name)
{
	struct client client;
	const err_t opened = client_open(&client, name);
	int code = EXIT_NO;
	if (opened == ERR_EMPTY) {
		message_error("no system called %s runs", name);
	} else {
		code = end_runner(&client, opened, name);
	}
	client_close(&client);
	return code;
}

static int stop_all(void)
{
	char names[CLIENT_SYSTEMS_MAX][RUNDIR_NAME_BYTES];
	size_t count = 0;
	if (rundir_list(names, CLIENT_SYSTEMS_MAX, &count) != OK) {
		return EXIT_SYSTEM;
	}
	int code = EXIT_OK;
	for (size_t i = 0; i < count; i++) {
		const int stopped = stop_system(names[i]);
		code = stopped == EXIT_SYSTEM ? stopped : code;
	}
	return code;
}

static int stop_vms(const struct command_line *cl, struct life_options *options)
{
	options->limit_ms = options->limit_ms == 0 ? LIMIT_VM_MS : options->limit_ms;
	int code = EXIT_OK;
	for (int i = optind; i < cl->argc; i++) {
		const int stopped = life_stop(options, cl->argv[i]);
		code = stopped > code ? stopped : code;
	}
	return code;
}

/* Was something said that only means VMs? */
static bool is_for_vms(const struct stop_options *options)
{
	return options->life.force || options->life.limit_ms != 0;
}

/* One name that is not said to be a VM's is a system's, if one is called so, or if none runs. */
static bool means_system(const struct command_line *cl, const struct stop_options *options)
{
	char names[CLIENT_SYSTEMS_MAX][RUNDIR_NAME_BYTES];
	size_t count = 0;
	if (options->life.system != NULL || is_for_vms(options) || cl->argc - optind != 1 ||
	    rundir_list(names, CLIENT_SYSTEMS_MAX, &count) != OK) {
		return false;
	}
	bool found = count != 1;
	for (size_t i = 0; i < count; i++) {
		found = found || strcmp(names[i], cl->argv[optind]) == 0;
	}
	return found;
}

int command_stop(const struct command_line *cl)
{
	struct stop_options options = {.all = false};
	const int code = command_options(cl, &syntax, &options, NULL);
	if (code >= 0) {
		return code;
	}
	const char *name = options.life.system;
	if (optind < cl->argc && !options.all) {
		if (!means_system(cl, &options)) {
			return stop_vms(cl, &options.life);
		}
		name = cl->argv[optind++];
	}
	if (optind < cl->argc || is_for_vms(&options) || (options.all && name != NULL)) {
		return command_usage_error(cl, "one system, --all, or VMs");
	}
	if (options.all) {
		return stop_all();
	}
	char chosen[RUNDIR_NAME_BYTES];
	return client_choose(name, chosen) == OK ? stop_system(chosen) : EXIT_NO;
}
