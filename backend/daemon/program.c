/* SPDX-License-Identifier: BSD-2-Clause */
/* See program.h. */
#include "backend/daemon/program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/daemon/log.h"
#include "backend/daemon/socket.h"
#include "lib/bits.h"

#define REST_MS 5U /* between two looks whether a killed program is gone */

/* The lock, as a file of the one that gets it alone; -1: another has it. */
static int take_lock(const struct program *program)
{
	int fd = open(program->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		log_errno(program->lock_path, "cannot be opened");
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Only what may be called between fork and exec. */
__attribute__((noreturn)) static void become(const struct program *program, pid_t daemon,
                                             int socket_fd, int lock_fd)
{
	const struct program_kind *kind = program->kind;
	const rlim_t bytes = kind->memory_bytes + program->env.memory->bytes;
	const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	/* It dies with us, also if we have died meanwhile. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == daemon &&
	    (kind->memory_bytes == 0 || setrlimit(RLIMIT_AS, &limit) == 0) &&
	    fcntl(lock_fd, F_SETFD, 0) == 0 &&
	    (socket_fd == PROGRAM_SOCKET_FD ? fcntl(socket_fd, F_SETFD, 0) == 0
	                                    : dup2(socket_fd, PROGRAM_SOCKET_FD) >= 0)) {
		/* POSIX: exec does not write to its arguments, whatever their type says. */
		execvp(kind->argv[0], (char *const *)(uintptr_t)kind->argv);
	}
	_exit(127);
}

/* Two ends of a connection: @ours, and what the program gets. */
static err_t make_sockets(const struct program *program, int *ours, int *its)
{
	int pair[2];

	if (program->kind->listens) {
		*its = socket_listen(program->socket_path);
		if (*its >= 0 && socket_connect(program->socket_path, ours) == OK) {
			return OK;
		}
		if (*its >= 0) {
			close(*its);
		}
		return ERR_STATE;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
	    fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0) {
		log_errno(program->env.peer, "socketpair");
		return ERR_STATE;
	}
	*ours = pair[0];
	*its = pair[1];
	return OK;
}

/* Start the program; @fd: the socket to it. */
static err_t spawn(struct program *program, int *fd)
{
	const struct program_kind *kind = program->kind;
	int its = -1;

	int lock_fd = take_lock(program);
	if (lock_fd < 0 || make_sockets(program, fd, &its) != OK) {
		if (lock_fd >= 0) {
			close(lock_fd);
		}
		return ERR_STATE;
	}
	pid_t daemon = getpid();
	program->pid = fork();
	if (program->pid == 0) {
		become(program, daemon, its, lock_fd);
	}
	if (program->pid < 0) {
		log_errno(program->env.peer, "fork");
		close(*fd);
	} else {
		log_line(program->env.peer, "device %u: %s is process %d",
		         program->env.config->index, kind->argv[0], (int)program->pid);
	}
	close(its);
	close(lock_fd);
	return program->pid < 0 ? ERR_STATE : OK;
}

/* Is nothing left of the last program? If there is, it is killed: it leads a group of its own, whose
 * number cannot be another's while one of them has the lock. */
static bool is_gone(const struct program *program)
{
	int fd = take_lock(program);

	if (fd >= 0) {
		close(fd);
	} else if (program->pid > 0) {
		kill(-program->pid, SIGKILL);
	}
	return fd >= 0;
}

static void look(void *owner)
{
	struct program *program = owner;
	enum program_phase before = program->phase;

	if (!is_gone(program)) {
		loop_arm(program->env.loop, &program->rest, REST_MS);
		return;
	}
	program->pid = 0;
	program->phase = PROGRAM_NONE;
	if (before == PROGRAM_UNKNOWN) {
		backend_tell(&program->env, BACKEND_READY, OK);
	} else {
		backend_tell(&program->env, program->owed, program->err);
	}
}

/* Kill it, and say @event when it is gone. */
static void end(struct program *program, enum backend_event event, err_t err)
{
	backoff_close(&program->backoff);
	vhost_user_close(&program->user);
	program->phase = PROGRAM_DYING;
	program->owed = event;
	program->err = err;
	look(program);
}

static void on_event(void *owner, enum vhost_user_event event)
{
	struct program *program = owner;

	switch (event) {
	case VHOST_USER_READY:
		vhost_user_start(&program->user, program->setup, NULL);
		break;
	case VHOST_USER_STARTED:
		program->phase = PROGRAM_SERVING;
		backoff_begin_calm(&program->backoff);
		backend_tell(&program->env, BACKEND_STARTED, OK);
		break;
	case VHOST_USER_REFUSED:
		program->backoff.failures++;
		end(program, BACKEND_FAILED, ERR_ARG);
		break;
	case VHOST_USER_CLOSED:
		log_line(program->env.peer, "device %u: %s is gone", program->env.config->index,
		         program->kind->argv[0]);
		program->backoff.failures++;
		end(program, BACKEND_FAILED, ERR_STATE);
		break;
	}
}

/* Has another program served these rings? */
static bool is_begun(const struct program *program, const struct control_setup *setup)
{
	for (uint32_t q = 0; q < program->env.config->queue_count; q++) {
		if ((setup->given & BIT32(q)) != 0 &&
		    ring_used_index(program->env.memory, &setup->queues[q]) != 0) {
			return true;
		}
	}
	return false;
}

static void start(void *owner)
{
	struct program *program = owner;
	const struct vhost_user_config config = {
		.env = &program->env,
		.device_features = program->kind->device_features,
		.display_fd = program->display_fd,
		.event = on_event,
		.owner = program,
	};
	int fd = -1;
	err_t err = spawn(program, &fd);

	if (err != OK) {
		program->phase = PROGRAM_NONE;
		backend_tell(&program->env, BACKEND_FAILED, err);
		return;
	}
	program->phase = PROGRAM_STARTING;
	vhost_user_open(&program->user, &config, fd);
}

void program_open(struct program *program, const struct backend_env *env,
                  const struct program_kind *kind)
{
	*program = (struct program){
		.env = *env,
		.kind = kind,
		.user = {.source = {.fd = -1}},
		.rest = {.fire = look, .owner = program},
	};
	snprintf(program->lock_path, PROGRAM_PATH_BYTES, "%s/%s-%u.lock", env->run_dir, env->peer,
	         env->config->index);
	snprintf(program->socket_path, PROGRAM_PATH_BYTES, "%s/%s-%u.sock", env->run_dir, env->peer,
	         env->config->index);
	backoff_open(&program->backoff, env->loop, start, program);
	look(program);
}

void program_start(struct program *program, const struct control_setup *setup)
{
	if (is_begun(program, setup)) {
		log_line(program->env.peer,
		         "device %u: what it knew is lost; its driver must begin anew",
		         program->env.config->index);
		backend_tell(&program->env, BACKEND_FAILED, ERR_STATE);
		return;
	}
	program->setup = setup;
	/* Its driver can make it end, and begin anew, as often as it likes. */
	if (program->backoff.failures > 1) {
		program->phase = PROGRAM_WAITING;
		backoff_wait(&program->backoff);
	} else {
		start(program);
	}
}

void program_stop(struct program *program)
{
	end(program, BACKEND_STOPPED, OK);
}

void program_close(struct program *program)
{
	backoff_close(&program->backoff);
	vhost_user_close(&program->user);
	loop_disarm(program->env.loop, &program->rest);
	is_gone(program);
}
