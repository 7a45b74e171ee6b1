/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo screenshot: what a VM shows on its gpu. The daemon of the device VM has the frame and writes
 * it as PNG (backend/daemon/png.c); this fetches it by topo exec.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "topo/base/output.h"
#include "topo/commands/commands.h"
#include "topo/commands/exec.h"
#include "topo/runner/client.h"
#include "topo/runner/message.h"

#define LIMIT_MS 120000U

struct screenshot_options {
	const char *system;
	const char *path;
};

static const struct option_row option_rows[] = {
	OPTION('o', "output", "FILE", struct screenshot_options, path,
               "where to; - is standard output"),
	OPTION_SYSTEM(struct screenshot_options, system),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo screenshot [--name NAME] --output FILE VM",
	.about = "Write what VM shows on its gpu device, of a running system, to FILE as PNG. The "
		 "picture comes from the device VM that serves the gpu, whose word it is.",
	.rows = option_rows,
	.end = "Exit status: 0 it is written; 1 the display is dark; 2 wrong command line; 3 VM "
	       "has no gpu, no such system, or FILE cannot be written.",
};

/* The device VM that serves a gpu to @vm, and the name of that display there. */
static bool find_display(const struct client_status *status, const char *vm,
                         char device_vm[CONTROL_NAME_BYTES], char *display, size_t bytes)
{
	for (size_t i = 0; i < status->connection_count; i++) {
		const struct control_connection *connection = &status->connections[i];

		for (uint32_t j = 0; j < connection->device_count; j++) {
			if (strcmp(connection->driver_vm, vm) == 0 &&
			    strcmp(connection->devices[j].type, "gpu") == 0) {
				(void)snprintf(device_vm, CONTROL_NAME_BYTES, "%s",
				               connection->device_vm);
				(void)snprintf(display, bytes, "%s-%u", vm, j);
				return true;
			}
		}
	}
	return false;
}

static bool ask_display(const char *system, const char *vm, char device_vm[CONTROL_NAME_BYTES],
                        char *display, size_t bytes)
{
	struct client client;
	struct client_status status = {.vms = NULL};

	if (client_connect(&client, system) != OK) {
		return false;
	}
	bool asked = client_status(&client, &status) == OK;
	bool found = asked && find_display(&status, vm, device_vm, display, bytes);
	if (asked && !found) {
		message_error("'%s' has no gpu device in this system", vm);
	}
	client_status_free(&status);
	client_close(&client);
	return found;
}

/* Write what @picture, a file in memory, holds to @path. Returns an exit status. */
static int write_picture(int picture, const char *path)
{
	const off_t bytes = lseek(picture, 0, SEEK_END);
	void *data = bytes > 0 ? mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, picture, 0)
	                       : MAP_FAILED;

	if (data == MAP_FAILED) {
		message_error("the device VM sent no picture");
		return EXIT_SYSTEM;
	}
	const int error = output_write(path, data, (size_t)bytes);
	(void)munmap(data, (size_t)bytes);
	if (error != 0) {
		message_error("cannot write '%s': %s", path, strerror(error));
	}
	return error == 0 ? EXIT_OK : EXIT_SYSTEM;
}

/* Run @argv, whose standard output is the picture, which is in memory until it is whole: a file of
 * that name stays as it was if there is none. */
static int fetch(const struct exec_options *options, char *const *argv, const char *path)
{
	const bool to_file = strcmp(path, "-") != 0;
	const int picture = to_file ? memfd_create("picture", MFD_CLOEXEC) : -1;

	if (to_file && (picture < 0 || dup2(picture, STDOUT_FILENO) < 0)) {
		message_error("no memory for the picture: %s", strerror(errno));
		return EXIT_SYSTEM;
	}
	const int code = exec_in_vm(options, argv);

	if (code != 0) {
		return code == EXIT_NO ? EXIT_NO : EXIT_SYSTEM;
	}
	return to_file ? write_picture(picture, path) : EXIT_OK;
}

static int take(const char *system, const char *vm, const char *path)
{
	char device_vm[CONTROL_NAME_BYTES];
	char display[CONTROL_NAME_BYTES + 16];
	char program[] = "peervisord";
	char option[] = "--screenshot";
	char *argv[] = {program, option, display, NULL};
	const struct exec_options options = {
		.system = system, .vm = device_vm, .limit_ms = LIMIT_MS};

	return ask_display(system, vm, device_vm, display, sizeof(display))
	               ? fetch(&options, argv, path)
	               : EXIT_SYSTEM;
}

int command_screenshot(const struct command_line *cl)
{
	struct screenshot_options options = {.system = NULL};
	const int code = command_options(cl, &syntax, &options, NULL);

	if (code >= 0) {
		return code;
	}
	if (optind + 1 != cl->argc || options.path == NULL) {
		return command_usage_error(cl, "a VM and --output are needed");
	}
	return take(options.system, cl->argv[optind], options.path);
}
