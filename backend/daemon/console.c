/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * console devices: the daemon itself. What the driver VM writes goes to a log of bounded length and
 * to the operator, if one is there: `peervisord --console` is connected to our socket. What the
 * operator types goes to the driver VM when it has room.
 *
 * A Linux guest waits with interrupts off until its bytes are taken, so an operator's client that
 * takes nothing for CLIENT_PATIENCE_MS is hung up; one that takes gets every byte.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/log.h"
#include "backend/daemon/served.h"
#include "backend/daemon/socket.h"

#define CLIENT_PATIENCE_MS 1000U
#define REQUEST_BYTES_MAX 65536U /* what a driver writes beyond that at once is cut off */
#define INPUT_BYTES_MAX 4096U
#define LOG_BYTES_MAX 16384 /* of each of the two files */
#define BACKLOG 2
#define PATH_BYTES 256U

enum { QUEUE_TO_DRIVER, QUEUE_FROM_DRIVER, QUEUE_COUNT };

struct console {
	/* Set by console_open(), then constant. */
	struct backend_env env;
	char socket_path[PATH_BYTES];
	char log_path[PATH_BYTES];

	struct served queues[QUEUE_COUNT];
	struct loop_source listener;
	struct loop_source client; /* fd: -1 if it is not watched */
	int client_fd;             /* -1: none */
	struct loop_timer patience;
	int log_fd;

	/* What the client has not taken yet of the driver's last request. */
	size_t begin, end;
	uint8_t pending[REQUEST_BYTES_MAX];
};

/* The log and its predecessor: each up to LOG_BYTES_MAX and one request. */
static void open_log(struct console *console)
{
	console->log_fd = open(console->log_path,
	                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (console->log_fd < 0) {
		log_errno(console->log_path, "cannot be opened");
	}
}

static void write_log(struct console *console, const uint8_t *bytes, size_t count)
{
	char old[PATH_BYTES + 8];
	struct stat stat;

	if (console->log_fd < 0) {
		return;
	}
	if (fstat(console->log_fd, &stat) == 0 && stat.st_size >= LOG_BYTES_MAX) {
		snprintf(old, sizeof(old), "%s.old", console->log_path);
		close(console->log_fd);
		if (rename(console->log_path, old) < 0) {
			unlink(console->log_path);
		}
		open_log(console);
	}
	/* Where there is no room, the operator still reads along. */
	if (console->log_fd >= 0 && write(console->log_fd, bytes, count) < 0) {
		log_errno(console->log_path, "cannot be written");
	}
}

static void drop_client(struct console *console)
{
	loop_unwatch(console->env.loop, &console->client);
	loop_disarm(console->env.loop, &console->patience);
	if (console->client_fd >= 0) {
		close(console->client_fd);
		console->client_fd = -1;
	}
	console->begin = console->end;
}

/* Watch the client for what can be done next: nothing is read before the driver has room for it. */
static void watch_client(struct console *console, bool has_room)
{
	uint32_t events =
		(has_room ? EPOLLIN : 0U) | (console->begin < console->end ? EPOLLOUT : 0U);

	loop_unwatch(console->env.loop, &console->client);
	if (console->client_fd >= 0 &&
	    loop_watch(console->env.loop, &console->client, console->client_fd, events) != OK) {
		drop_client(console);
	}
}

static bool has_room(const struct console *console)
{
	const struct served *queue = &console->queues[QUEUE_TO_DRIVER];
	struct vring_request request;

	return queue->is_open && vring_peek(&queue->ring, &request) == VRING_TAKEN;
}

/* Hand pending bytes to the client; true: it has taken all. */
static bool flush(struct console *console)
{
	while (console->client_fd >= 0 && console->begin < console->end) {
		ssize_t count = send(console->client_fd, console->pending + console->begin,
		                     console->end - console->begin, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (count <= 0) {
			break;
		}
		console->begin += (size_t)count;
		loop_disarm(console->env.loop, &console->patience);
	}
	if (console->begin == console->end) {
		return true;
	}
	if (!console->patience.armed) {
		loop_arm(console->env.loop, &console->patience, CLIENT_PATIENCE_MS);
	}
	return false;
}

/* NOLINTBEGIN(readability-non-const-parameter): struct served gives the type */
static bool serve_output(void *owner, const struct vring_request *request, uint32_t *written,
                         uint32_t *moved)
/* NOLINTEND(readability-non-const-parameter) */
{
	struct console *console = owner;

	(void)written;
	if (console->begin < console->end) {
		return false;
	}
	console->begin = 0;
	console->end = vring_read(request, console->pending, sizeof(console->pending));
	*moved = (uint32_t)console->end;
	write_log(console, console->pending, console->end);
	if (console->client_fd < 0) {
		console->begin = console->end;
	} else if (!flush(console)) {
		watch_client(console, has_room(console));
	}
	return true;
}

static bool serve_input(void *owner, const struct vring_request *request, uint32_t *written,
                        uint32_t *moved)
{
	struct console *console = owner;
	uint8_t bytes[INPUT_BYTES_MAX];
	uint64_t room = vring_room(request);

	/* Room for nothing is answered with nothing, whoever is there. */
	if (room > 0) {
		if (console->client_fd < 0) {
			return false;
		}
		ssize_t count =
			recv(console->client_fd, bytes,
		             room < sizeof(bytes) ? (size_t)room : sizeof(bytes), MSG_DONTWAIT);
		if (count == 0) {
			/* The operator has said all. */
			drop_client(console);
		}
		if (count <= 0) {
			watch_client(console, true);
			return false;
		}
		*written = vring_write(request, bytes, (size_t)count);
	}
	*moved = *written;
	return true;
}

static void on_client(void *owner, uint32_t events)
{
	struct console *console = owner;

	if ((events & EPOLLOUT) != 0 && flush(console)) {
		served_run(&console->queues[QUEUE_FROM_DRIVER]);
	}
	served_run(&console->queues[QUEUE_TO_DRIVER]);
	if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
		drop_client(console);
		served_run(&console->queues[QUEUE_FROM_DRIVER]);
	}
	watch_client(console, has_room(console));
}

static void on_impatience(void *owner)
{
	struct console *console = owner;

	log_line(console->env.peer, "device %u: the console's client takes nothing and is hung up",
	         console->env.config->index);
	drop_client(console);
	served_run(&console->queues[QUEUE_FROM_DRIVER]);
}

/* A new client takes the place of one that may have been forgotten. */
static void on_connect(void *owner, uint32_t events)
{
	struct console *console = owner;
	int fd = accept4(console->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0) {
		return;
	}
	drop_client(console);
	console->client_fd = fd;
	watch_client(console, has_room(console));
	served_run(&console->queues[QUEUE_FROM_DRIVER]);
}

static void close_queues(struct console *console)
{
	for (uint32_t q = 0; q < QUEUE_COUNT; q++) {
		served_close(&console->queues[q]);
	}
}

static void on_broken(void *owner)
{
	struct console *console = owner;

	close_queues(console);
	backend_tell(&console->env, BACKEND_FAILED, ERR_GUEST);
}

static void console_close(void *backend)
{
	struct console *console = backend;
	int listen_fd = console->listener.fd;

	close_queues(console);
	drop_client(console);
	loop_unwatch(console->env.loop, &console->listener);
	if (listen_fd >= 0) {
		close(listen_fd);
	}
	if (console->log_fd >= 0) {
		close(console->log_fd);
	}
	free(console);
}

static void init_queues(struct console *console)
{
	for (uint32_t q = 0; q < QUEUE_COUNT; q++) {
		console->queues[q] = (struct served){
			.env = &console->env,
			.queue = q,
			.serve = q == QUEUE_TO_DRIVER ? serve_input : serve_output,
			.broken = on_broken,
			.owner = console,
		};
	}
}

static void *console_open(const struct backend_env *env)
{
	struct console *console = calloc(1, sizeof(*console));

	if (console == NULL) {
		return NULL;
	}
	console->env = *env;
	console->client_fd = -1;
	console->listener = (struct loop_source){.fd = -1, .ready = on_connect, .owner = console};
	console->client = (struct loop_source){.fd = -1, .ready = on_client, .owner = console};
	console->patience = (struct loop_timer){.fire = on_impatience, .owner = console};
	init_queues(console);
	snprintf(console->socket_path, PATH_BYTES, "%s/%s-%u.console", env->run_dir, env->peer,
	         env->config->index);
	snprintf(console->log_path, PATH_BYTES, "%s/%s-%u.log", env->run_dir, env->peer,
	         env->config->index);
	open_log(console);
	/* Without its socket the console is of use still: there is the log. */
	int fd = socket_listen(console->socket_path);
	if (fd >= 0 && loop_watch(env->loop, &console->listener, fd, EPOLLIN) != OK) {
		close(fd);
	}
	backend_tell(env, BACKEND_READY, OK);
	return console;
}

static void console_start(void *backend, const struct control_setup *setup)
{
	struct console *console = backend;
	err_t err = served_open(&console->queues[QUEUE_TO_DRIVER], setup);

	if (err == OK) {
		err = served_open(&console->queues[QUEUE_FROM_DRIVER], setup);
	}
	if (err != OK) {
		close_queues(console);
	}
	backend_tell(&console->env, err == OK ? BACKEND_STARTED : BACKEND_FAILED, err);
}

static void console_stop(void *backend)
{
	struct console *console = backend;

	close_queues(console);
	backend_tell(&console->env, BACKEND_STOPPED, OK);
}

const struct backend_type backend_console = {
	.name = "console",
	.open = console_open,
	.start = console_start,
	.stop = console_stop,
	.close = console_close,
};
