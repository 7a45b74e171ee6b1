/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peervisord: serves all connections in which this VM is the device VM. One process, one loop;
 * supervised by init, which starts it again when it ends. It keeps nothing that it could not find
 * again: the device tree says what to serve, shared memory and the storage programs say how far
 * things have come.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/daemon/attach.h"
#include "backend/daemon/connection.h"
#include "backend/daemon/dt.h"
#include "backend/daemon/frame.h"
#include "backend/daemon/log.h"
#include "backend/daemon/loop.h"

static const char usage[] =
	"usage: peervisord [--dt DIR] [--dev DIR] [--run DIR]\n"
	"       peervisord [--run DIR] --console PEER-INDEX\n"
	"       peervisord [--run DIR] --screenshot PEER-INDEX\n"
	"Serves virtio devices to the VMs that the topology names. Runs until SIGTERM; exits\n"
	"with 1 if it cannot take up any connection.\n"
	"  --dt DIR   device tree, default /proc/device-tree\n"
	"  --dev DIR  devices of the kernel module, default /dev/peervisor\n"
	"  --run DIR  files that outlive the daemon, default /run/peervisor\n"
	"With --console: be the operator at the console device INDEX of the VM PEER, which the\n"
	"running daemon serves; ends when the input has ended and the VM has it.\n"
	"With --screenshot: write as PNG what the gpu device INDEX of the VM PEER shows.\n"
	"  --help\n";

struct options {
	const char *dt;
	struct connection_places places;
	const char *console; /* to attach to; NULL: none */
	const char *screen;  /* to write; NULL: none */
};

/* Returns false if the command line is wrong; ends the program after --help. */
static bool read_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"dt", required_argument, NULL, 'd'},
		{"dev", required_argument, NULL, 'v'},
		{"run", required_argument, NULL, 'r'},
		{"console", required_argument, NULL, 'c'},
		{"screenshot", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*options = (struct options){
		.dt = "/proc/device-tree",
		.places = {.dev_dir = "/dev/peervisor", .run_dir = "/run/peervisor"},
	};
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'd':
			options->dt = optarg;
			break;
		case 'v':
			options->places.dev_dir = optarg;
			break;
		case 'r':
			options->places.run_dir = optarg;
			break;
		case 'c':
			options->console = optarg;
			break;
		case 's':
			options->screen = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			return false;
		}
	}
	return optind == argc;
}

static void report_children(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (WIFSIGNALED(status)) {
			log_line("main", "process %d ended by signal %d", (int)pid,
			         WTERMSIG(status));
		} else {
			log_line("main", "process %d ended with status %d", (int)pid,
			         WEXITSTATUS(status));
		}
	}
}

struct daemon {
	struct loop loop;
	struct loop_source signals;
	struct dt dt;
	struct connection **connections; /* dt.count of them; NULL: not open */
};

static void on_signal(void *owner, uint32_t events)
{
	struct daemon *daemon = owner;
	struct signalfd_siginfo info;

	(void)events;
	if (read(daemon->signals.fd, &info, sizeof(info)) != (ssize_t)sizeof(info)) {
		return;
	}
	if (info.ssi_signo == SIGCHLD) {
		report_children();
	} else {
		daemon->loop.stopping = true;
	}
}

static err_t watch_signals(struct daemon *daemon)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		log_errno("main", "signalfd");
		return ERR_STATE;
	}
	daemon->signals = (struct loop_source){.fd = -1, .ready = on_signal, .owner = daemon};
	return loop_watch(&daemon->loop, &daemon->signals, fd, EPOLLIN);
}

static err_t open_connections(struct daemon *daemon, const struct options *options)
{
	err_t err = dt_read(options->dt, &daemon->dt);

	if (err != OK) {
		return err;
	}
	daemon->connections = calloc(daemon->dt.count + 1, sizeof(struct connection *));
	if (daemon->connections == NULL) {
		return ERR_STATE;
	}
	if (mkdir(options->places.run_dir, 0700) < 0 && errno != EEXIST) {
		log_errno("main", "%s", options->places.run_dir);
	}
	size_t open_count = 0;
	for (size_t i = 0; i < daemon->dt.count; i++) {
		err = connection_open(&daemon->dt.connections[i], &options->places, &daemon->loop,
		                      &daemon->connections[i]);
		open_count += err == OK ? 1 : 0;
	}
	log_line("main", "serving %zu of %zu connections", open_count, daemon->dt.count);
	return open_count > 0 || daemon->dt.count == 0 ? OK : err;
}

static void close_connections(struct daemon *daemon)
{
	for (size_t i = 0; daemon->connections != NULL && i < daemon->dt.count; i++) {
		if (daemon->connections[i] != NULL) {
			connection_close(daemon->connections[i]);
		}
	}
	free(daemon->connections);
	dt_free(&daemon->dt);
}

int main(int argc, char **argv)
{
	struct daemon daemon = {0};
	struct options options;

	if (!read_options(argc, argv, &options)) {
		fputs(usage, stderr);
		return 2;
	}
	if (options.console != NULL) {
		return attach_console(options.places.run_dir, options.console);
	}
	if (options.screen != NULL) {
		return frame_write_png(options.places.run_dir, options.screen);
	}
	err_t err = loop_open(&daemon.loop);
	if (err == OK) {
		err = watch_signals(&daemon);
	}
	if (err == OK) {
		err = open_connections(&daemon, &options);
	}
	if (err == OK) {
		loop_run(&daemon.loop);
	}
	close_connections(&daemon);
	return err == OK ? 0 : 1;
}
