/* SPDX-License-Identifier: BSD-2-Clause */
/* topo events: a line for each VM and connection as it is now, then one for each that changes. */
#include <poll.h>
#include <stdio.h>

#include "topo/base/say.h"
#include "topo/commands/commands.h"
#include "topo/commands/status.h"
#include "topo/runner/client.h"
#include "topo/runner/message.h"

struct events_options {
	const char *system;
	bool json;
};

static const struct option_row option_rows[] = {
	OPTION('\0', "json", NULL, struct events_options, json,
               "an object for each line: {\"event\": \"vm\", …}, {\"event\": \"connection\", …} with the "
               "members of topo ps --json; {\"event\": \"now\"} stands behind the first of all"),
	OPTION_SYSTEM(struct events_options, system),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo events [OPTION…] [NAME]",
	.about = "Print a line for each VM and each connection of the running system called NAME, "
		 "or of the only one, as topo ps does, and another one each time that it changes, "
		 "until the system ends.",
	.rows = option_rows,
	.end = "Exit status: 0 the system has ended; 1 it does not run; 2 wrong command line; 3 "
	       "its runner has gone without a word, or the machine refused something.",
};

static void print_vm(const struct control_frame *frame, bool json)
{
	struct control_vm vm;
	if (control_payload(frame, &vm, sizeof(vm)) != OK) {
		return;
	}
	if (!json) {
		status_text_vm(&vm);
		return;
	}
	(void)fputs("{\"event\": \"vm\", ", stdout);
	status_json_vm(&vm);
	(void)fputs("}\n", stdout);
}

static void print_connection(const struct control_frame *frame, bool json)
{
	struct control_connection connection;
	if (control_payload(frame, &connection, sizeof(connection)) != OK) {
		return;
	}
	if (!json) {
		status_text_connection(&connection);
		return;
	}
	(void)fputs("{\"event\": \"connection\", ", stdout);
	status_json_connection(&connection);
	(void)fputs("}\n", stdout);
}

/* Nothing may happen for long, so the socket's own time limit is not ours. */
static bool wait_for_frame(struct client *client, struct control_frame *frame)
{
	struct pollfd waited = {.fd = client->fd, .events = POLLIN};
	if (control_frame_peek(&client->in, frame) == OK) {
		return true;
	}
	return poll(&waited, 1, -1) > 0 && client_next(client, frame) == OK;
}

static int follow(struct client *client, bool json)
{
	const struct control_request request = {.version = CONTROL_VERSION};
	struct control_frame frame;
	uint32_t credit = 0;
	bool first = true; /* what is there now is still being told */
	if (client_ask(client, CONTROL_EVENTS, &request, NULL, 0, &credit) != OK) {
		return EXIT_SYSTEM;
	}
	while (wait_for_frame(client, &frame)) {
		if (frame.kind == CONTROL_VM) {
			print_vm(&frame, json);
		} else if (frame.kind == CONTROL_CONNECTION) {
			print_connection(&frame, json);
		} else if (frame.kind == CONTROL_END && !first) {
			return EXIT_OK;
		} else if (frame.kind == CONTROL_END) {
			(void)fputs(json ? "{\"event\": \"now\"}\n" : "", stdout);
			first = false;
		}
		control_frame_drop(&client->in, &frame);
		if (fflush(stdout) != 0) {
			return EXIT_OK; /* command_end says what there is to say */
		}
	}
	message_error("the runner has gone, or has not waited for this reader");
	return EXIT_SYSTEM;
}

int command_events(const struct command_line *cl)
{
	struct events_options options = {.json = false};
	int code = command_options(cl, &syntax, &options, NULL);
	if (code >= 0) {
		return code;
	}
	code = command_one_system(cl, &options.system);
	if (code != EXIT_OK) {
		return code;
	}
	struct client client;
	if (client_connect(&client, options.system) != OK) {
		return EXIT_NO;
	}
	code = follow(&client, options.json);
	client_close(&client);
	return code;
}
