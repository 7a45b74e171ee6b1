/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo logs: what a running system has written. The runner says where the files are; they are read
 * here, and followed until the runner closes the connection. A log that grew too large has become
 * NAME.1, and a new NAME takes its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/limits.h"
#include "topo/commands/commands.h"
#include "topo/commands/logs_lines.h"
#include "topo/runner/client.h"
#include "topo/runner/kept.h"
#include "topo/runner/message.h"
#include "topo/runner/naming.h"

struct logs_options {
	const char *system;
	const char *vms[PV_DOMAINS_MAX];
	size_t vm_count;
	uint32_t since_ms;
	uint64_t tail;
	bool has_tail;
	const char *last; /* of the last run of that name, which has ended */
	bool follow;
	bool kernel;
	bool vmm;
	bool qemu;
};

static int take_tail(const struct command_line *cl, void *object, const char *argument)
{
	struct logs_options *options = object;
	char *end = NULL;
	options->tail = strtoull(argument, &end, 10);
	options->has_tail = true;
	return argument[0] >= '0' && argument[0] <= '9' && *end == '\0'
	               ? EXIT_OK
	               : command_usage_error(cl, "--tail takes a number of lines, not '%s'",
	                                     argument);
}

static const struct option_row option_rows[] = {
	OPTION('f', "follow", NULL, struct logs_options, follow, "go on until the system ends"),
	OPTION_BY(take_tail, '\0', "tail", "N", "the last N lines only"),
	OPTION('\0', "since", "SECONDS", struct logs_options, since_ms,
               "what was written in the last so many seconds, each line with its time"),
	OPTION('\0', "vmm", NULL, struct logs_options, vmm, "what the VMM of VM has written"),
	OPTION('\0', "kernel", NULL, struct logs_options, kernel, "what the kernel has written"),
	OPTION('\0', "qemu", NULL, struct logs_options, qemu,
               "the command line and the messages of QEMU"),
	OPTION('\0', "last", "NAME", struct logs_options, last,
               "of the last run of the system NAME that has ended (topo ps --all)"),
	OPTION_SYSTEM(struct logs_options, system),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo logs [OPTION…] [VM…]",
	.about =
		"Print what VM has written to its console; of several VMs each line with its time, "
		"behind the VM's name; without VM every line of all VMs, VMMs and the kernel, "
		"with its time.",
	.rows = option_rows,
	.end = "On a terminal, control characters are shown as '?', and names are coloured unless "
	       "NO_COLOR is set.\n"
	       "Exit status: 0; 1 no such system or VM; 2 wrong command line; 3 a log cannot be "
	       "read, or the runner has gone without a word.",
};

/* A log file that is being printed. */
struct reader {
	int directory_fd;
	int fd;    /* -1: it does not exist at this moment */
	bool lost; /* it was followed, and how the system goes on is not known */
	char name[CONTROL_NAME_BYTES + 16];
	struct logs_lines lines;
	char names[PV_DOMAINS_MAX][NAMING_WHO_BYTES]; /* whose lines are wanted */
	const char *whos[PV_DOMAINS_MAX];
};

/* Print from @fd to its end. */
static bool print_rest(struct reader *reader, int fd)
{
	uint8_t bytes[65536];
	ssize_t count = 0;
	while (fd >= 0 && (count = read(fd, bytes, sizeof(bytes))) > 0) {
		if (!logs_lines_put(&reader->lines, bytes, (size_t)count)) {
			return false;
		}
	}
	return count >= 0 && fflush(stdout) == 0;
}

static int open_log(const struct reader *reader, const char *name)
{
	return openat(reader->directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* Is @reader's file no longer the one of that name? */
static bool was_replaced(const struct reader *reader)
{
	struct stat held;
	struct stat named;
	if (fstatat(reader->directory_fd, reader->name, &named, AT_SYMLINK_NOFOLLOW) != 0) {
		return false;
	}
	return reader->fd < 0 || fstat(reader->fd, &held) != 0 || held.st_ino != named.st_ino;
}

/* Print what is new, also across a change of files. */
static bool print_news(struct reader *reader)
{
	bool good = print_rest(reader, reader->fd);
	while (good && was_replaced(reader)) {
		/* More may have come between the read above and the change. */
		good = print_rest(reader, reader->fd);
		if (reader->fd >= 0) {
			(void)close(reader->fd);
		}
		reader->fd = open_log(reader, reader->name);
		good = good && print_rest(reader, reader->fd);
	}
	return good;
}

/* The older half of a long log. */
static bool print_predecessor(struct reader *reader)
{
	char older[sizeof(reader->name) + 2];
	(void)snprintf(older, sizeof(older), "%s.1", reader->name);
	const int fd = open_log(reader, older);
	if (fd < 0) {
		return true;
	}
	const bool good = print_rest(reader, fd);
	(void)close(fd);
	return good;
}

/* Until the runner says something on @client's connection, or closes it. */
static bool follow(struct reader *reader, const struct client *client, int notify_fd)
{
	struct pollfd polled[2] = {{.fd = notify_fd, .events = POLLIN},
	                           {.fd = client->fd, .events = POLLIN}};
	bool good = print_news(reader);
	while (good && polled[1].revents == 0) {
		if (poll(polled, 2, -1) < 0 && errno != EINTR) {
			return false;
		}
		if ((polled[0].revents & POLLIN) != 0) {
			uint8_t events[4096];
			const ssize_t count = read(notify_fd, events, sizeof(events));
			good = count > 0 || errno == EAGAIN;
		}
		good = good && print_news(reader);
	}
	return good;
}

/* Ask the runner of @name to tell the system's end; then follow. */
static bool follow_system(struct reader *reader, const char *name)
{
	const struct control_request request = {.version = CONTROL_VERSION};
	struct client client;
	uint32_t credit = 0;
	if (client_open(&client, name) != OK ||
	    client_ask(&client, CONTROL_WATCH, &request, NULL, 0, &credit) != OK) {
		client_close(&client);
		return print_news(reader);
	}
	char directory[64];
	(void)snprintf(directory, sizeof(directory), "/proc/self/fd/%d", reader->directory_fd);
	const int notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	const bool watched = notify_fd >= 0 &&
	                     inotify_add_watch(notify_fd, directory, IN_MODIFY | IN_CREATE) >= 0;
	const bool good = watched && follow(reader, &client, notify_fd);
	struct control_frame frame;
	if (good && (client_next(&client, &frame) != OK || frame.kind != CONTROL_END)) {
		message_error("the runner has gone: what follows is not known");
		reader->lost = true;
	}
	if (notify_fd >= 0) {
		(void)close(notify_fd);
	}
	client_close(&client);
	return good;
}

/* The stem of the names of the VM's files, or NULL, reported. */
static const char *find_log_name(const struct client_status *status, const char *vm)
{
	const char *names[PV_DOMAINS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < status->vm_count && i < PV_DOMAINS_MAX; i++) {
		if (strcmp(status->vms[i].name, vm) == 0) {
			return status->vms[i].log_name;
		}
		names[count++] = status->vms[i].name;
	}
	char text[2048];
	naming_explain(text, sizeof(text), vm, names, count);
	message_error("%s", text);
	return NULL;
}

/* The lines of the system's log that @options want; false, reported, if there is no such VM. */
static bool choose_lines(struct reader *reader, const struct logs_options *options,
                         const struct client_status *status)
{
	struct logs_lines *lines = &reader->lines;
	for (size_t i = 0; i < options->vm_count; i++) {
		if (find_log_name(status, options->vms[i]) == NULL) {
			return false;
		}
		naming_vmm(reader->names[i], options->vms[i]);
		reader->whos[i] = options->vmm ? reader->names[i] : options->vms[i];
	}
	lines->whos = reader->whos;
	lines->who_count = options->vm_count;
	lines->chosen = true;
	lines->coloured = lines->plain && getenv("NO_COLOR") == NULL;
	const uint64_t age_ms = status->system.age_ms;
	lines->since_ms = options->since_ms == 0       ? 0
	                  : age_ms > options->since_ms ? age_ms - options->since_ms
	                                               : 0;
	(void)snprintf(reader->name, sizeof(reader->name), "system.log");
	return true;
}

/* Which file is wanted; false, reported, if there is no such VM. */
static bool choose_file(struct reader *reader, const struct logs_options *options,
                        const struct client_status *status)
{
	const char *stem = "system";
	if (options->kernel) {
		stem = "kernel";
	} else if (options->qemu) {
		stem = "qemu";
	} else if (options->vm_count == 1) {
		stem = find_log_name(status, options->vms[0]);
	}
	if (stem == NULL) {
		return false;
	}
	(void)snprintf(reader->name, sizeof(reader->name), "%s%s", stem,
	               options->vmm ? ".vmm.log" : ".log");
	return true;
}

static void close_log(struct reader *reader)
{
	if (reader->fd >= 0) {
		(void)close(reader->fd);
		reader->fd = -1;
	}
}

/* Count what there is, so that the last lines of it are known. */
static bool count_lines(struct reader *reader, uint64_t tail)
{
	reader->lines.counts = true;
	const bool good = print_predecessor(reader) && print_news(reader);
	close_log(reader);
	logs_lines_start_tail(&reader->lines, tail);
	return good;
}

static bool print_log(struct reader *reader, const struct logs_options *options, const char *system)
{
	bool good = !options->has_tail || count_lines(reader, options->tail);
	good = good && print_predecessor(reader);
	good = good && (options->follow ? follow_system(reader, system) : print_news(reader));
	close_log(reader);
	return good;
}

/* The logs that @options want, of the system that @status tells of and that is called @name. */
static int show_logs(const struct logs_options *options, const struct client_status *status,
                     const char *name)
{
	struct reader reader = {
		.fd = -1, .directory_fd = -1, .lines = {.plain = isatty(STDOUT_FILENO) == 1}};
	const bool chosen = options->vm_count > 1 || options->since_ms != 0;
	if (!(chosen ? choose_lines(&reader, options, status)
	             : choose_file(&reader, options, status))) {
		return EXIT_NO;
	}
	reader.directory_fd =
		open(status->system.log_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool good = reader.directory_fd >= 0 && print_log(&reader, options, name);
	if (!good && ferror(stdout) == 0) {
		message_error("cannot read %s/%s: %s", status->system.log_directory, reader.name,
		              strerror(errno));
	}
	if (reader.directory_fd >= 0) {
		(void)close(reader.directory_fd);
	}
	return good && !reader.lost ? EXIT_OK : EXIT_SYSTEM;
}

static int show_running(const struct logs_options *options)
{
	struct client client;
	struct client_status status;
	if (client_connect(&client, options->system) != OK) {
		return EXIT_NO;
	}
	int code = EXIT_SYSTEM;
	if (client_status(&client, &status) == OK) {
		code = show_logs(options, &status, client.rundir.name);
		client_status_free(&status);
	}
	client_close(&client);
	return code;
}

/* As if it ran: where its logs are, and what those of its VMs are called. */
static int show_kept(const struct logs_options *options, const struct kept *run)
{
	struct control_vm *vms = calloc(PV_DOMAINS_MAX, sizeof(*vms));
	struct client_status status = {.vms = vms, .vm_count = run->vm_count};
	if (vms == NULL) {
		message_error("no memory");
		return EXIT_SYSTEM;
	}
	(void)snprintf(status.system.log_directory, sizeof(status.system.log_directory), "%.1023s",
	               run->log_directory[0] != '\0' ? run->log_directory : run->path);
	for (size_t i = 0; i < run->vm_count; i++) {
		memcpy(vms[i].name, run->vms[i].name, sizeof(vms[i].name));
		memcpy(vms[i].log_name, run->vms[i].log_name, sizeof(vms[i].log_name));
	}
	const int code = show_logs(options, &status, run->name);
	client_status_free(&status);
	return code;
}

static int show_last(const struct logs_options *options)
{
	struct kept *runs = calloc(KEPT_RUNS_MAX, sizeof(*runs));
	size_t count = runs == NULL ? 0 : kept_list(runs);
	while (count > 0 && strcmp(runs[count - 1].name, options->last) != 0) {
		count--;
	}
	int code = EXIT_NO;
	if (count > 0) {
		code = show_kept(options, &runs[count - 1]);
	} else {
		message_error("no run of %s that has ended is kept", options->last);
		message_help("`topo ps --all` lists those that are");
	}
	free(runs);
	return code;
}

static int check_options(const struct command_line *cl, struct logs_options *options)
{
	const bool one = options->kernel || options->qemu;
	while (optind < cl->argc && options->vm_count < PV_DOMAINS_MAX) {
		options->vms[options->vm_count++] = cl->argv[optind++];
	}
	if (optind < cl->argc) {
		return command_usage_error(cl, "there are no more than %u VMs", PV_DOMAINS_MAX);
	}
	if (options->vmm && options->vm_count == 0) {
		return command_usage_error(cl, "--vmm of which VM?");
	}
	if (one && (options->vm_count != 0 || options->qemu == options->kernel)) {
		return command_usage_error(cl, "VMs, --kernel or --qemu: one of them");
	}
	if (one && options->since_ms != 0) {
		return command_usage_error(cl,
		                           "--since: what --kernel and --qemu print has no times");
	}
	if (options->last != NULL &&
	    (options->system != NULL || options->follow || options->since_ms != 0)) {
		return command_usage_error(cl,
		                           "--last: it has ended; no --name, --follow, --since");
	}
	return options->last != NULL ? show_last(options) : show_running(options);
}

int command_logs(const struct command_line *cl)
{
	struct logs_options options = {.system = NULL};
	const int code = command_options(cl, &syntax, &options, NULL);
	return code >= 0 ? code : check_options(cl, &options);
}
