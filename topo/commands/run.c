/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo run: compile a topology, build its image, run it. The system lives in this process, or with
 * --detach in a child that stays when this one returns. From the moment the run directory exists,
 * no signal ends the process before the directory is removed again.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "topo/base/quote.h"
#include "topo/commands/commands.h"
#include "topo/diag/diag.h"
#include "topo/front/load.h"
#include "topo/image/system.h"
#include "topo/runner/message.h"
#include "topo/runner/progress.h"
#include "topo/runner/session.h"

#define LIMIT_DEFAULT_MS 120000U
#define QEMU_ARGUMENTS_MAX 64U

struct run_options {
	struct load_options load;
	const char *file;
	const char *name; /* NULL = the model's */
	const char *log_directory;
	uint32_t limit_ms; /* 0 = not given */
	bool detach;
	bool dry_run;
	bool gdb;
	bool icount;
	const char *qemu_arguments[QEMU_ARGUMENTS_MAX];
	size_t qemu_argument_count;
};

static int take_qemu_argument(const struct command_line *cl, void *object, const char *argument)
{
	struct run_options *options = object;
	if (options->qemu_argument_count == QEMU_ARGUMENTS_MAX) {
		return command_usage_error(cl, "more than %u --qemu-arg", QEMU_ARGUMENTS_MAX);
	}
	options->qemu_arguments[options->qemu_argument_count++] = argument;
	return EXIT_OK;
}

static const struct option_row option_rows[] = {
	OPTION('d', "detach", NULL, struct run_options, detach,
               "return when all is up: every VM has reached user space, every connection is up; if "
               "that fails, end it and say what is missing"),
	OPTION('t', "timeout", "SECONDS", struct run_options, limit_ms,
               "for that (default 120); without --detach and this option, a system that is late is "
               "only reported"),
	OPTION('n', "name", "NAME", struct run_options, name,
               "what other commands call the system (default: from FILE)"),
	OPTION('\0', "log-dir", "DIR", struct run_options, log_directory,
               "keep the logs there (default: they go with the system)"),
	OPTION_BY(take_qemu_argument, '\0', "qemu-arg", "ARG",
                  "a further argument of QEMU; may be given more than once"),
	OPTION('\0', "dry-run", NULL, struct run_options, dry_run,
               "build the image, say what would run and with which command line, and leave nothing"),
	OPTION('\0', "gdb", NULL, struct run_options, gdb,
               "wait for a debugger, on a socket, before the first instruction"),
	OPTION('\0', "icount", NULL, struct run_options, icount,
               "count instructions instead of time: results that repeat"),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo run [OPTION…] [FILE]",
	.about = "Compile the topology FILE and run it in QEMU. It runs until Ctrl-C, `topo "
		 "stop`, or until all its VMs have stopped.",
	.rows = option_rows,
	.end = "Environment: PEERVISOR_QEMU names another QEMU program; XDG_RUNTIME_DIR is "
	       "where running systems have their directories (else /tmp).\n"
	       "Exit status: 0 all was up and ended as asked; 1 the topology has errors, or the "
	       "system did not come up, or a VM failed; 2 wrong command line; 3 the machine "
	       "refused something; 128 + N signal N before all was up.",
};

/* Set by the handler while the image is built; the session reads signals by itself. */
static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
	interrupted = number;
}

static void list_signals(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGHUP);
}

static void handle_signals(void)
{
	struct sigaction action = {.sa_handler = note_signal};
	list_signals(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* A log directory of the user's, or the run directory. Returns it open, or -1, reported. */
static int open_log_directory(const struct run_options *options, const struct rundir *rundir,
                              char path[RUNDIR_PATH_BYTES])
{
	if (options->log_directory == NULL) {
		(void)snprintf(path, RUNDIR_PATH_BYTES, "%s", rundir->path);
		return fcntl(rundir->fd, F_DUPFD_CLOEXEC, 0);
	}
	int fd = -1;
	if (mkdir(options->log_directory, 0777) == 0 || errno == EEXIST) {
		fd = open(options->log_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	char *resolved = fd < 0 ? NULL : realpath(options->log_directory, NULL);
	if (resolved == NULL || strlen(resolved) >= RUNDIR_PATH_BYTES) {
		message_error("cannot use the directory %s for logs: %s", options->log_directory,
		              strerror(resolved == NULL ? errno : ENAMETOOLONG));
		(void)(fd < 0 ? 0 : close(fd));
		free(resolved);
		return -1;
	}
	(void)snprintf(path, RUNDIR_PATH_BYTES, "%s", resolved);
	free(resolved);
	return fd;
}

/* All is up: from here on the terminal is not ours. */
struct detaching {
	int parent_fd;
	int log_fd; /* what messages go to afterwards */
};

static void release_parent(void *owner)
{
	const struct detaching *detaching = owner;
	const int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	(void)fflush(stdout);
	(void)fflush(stderr);
	(void)dup2(null_fd, STDIN_FILENO);
	(void)dup2(detaching->log_fd, STDOUT_FILENO);
	(void)dup2(detaching->log_fd, STDERR_FILENO);
	(void)close(null_fd);
	const char code = EXIT_OK;
	const ssize_t written = write(detaching->parent_fd, &code, sizeof(code));
	(void)written;
	(void)close(detaching->parent_fd);
}

static int exit_code(enum session_end end, int signal_number, bool well)
{
	switch (end) {
	case SESSION_POWERED_OFF:
	case SESSION_STOPPED:
		return well ? EXIT_OK : EXIT_NO;
	case SESSION_SIGNALLED:
		return well ? EXIT_OK : 128 + signal_number;
	case SESSION_BROKEN:
		return EXIT_SYSTEM;
	case SESSION_RUNS:
	case SESSION_ORPHANED:
	case SESSION_REFUSED:
	case SESSION_NOT_UP:
	case SESSION_LATE:
	case SESSION_CRASHED:
	default:
		return EXIT_NO;
	}
}

/* What the socket of the debugger is called, as QEMU reads it. */
static const char *debugger_socket(const struct rundir *rundir, struct arena *arena)
{
	return quote_qemu(arena, arena_printf(arena, "%s/gdb", rundir->path));
}

static struct machine_options machine_of(const struct run_options *options,
                                         const struct system *system, const char *gdb)
{
	return (struct machine_options){.image_path = system->image_path,
	                                .image_at = system->image_at,
	                                .qemu_machine = system->qemu_machine,
	                                .qemu_cpu = system->qemu_cpu,
	                                .ram_bytes = system->ram_bytes,
	                                .cpu_count = system->cpu_count,
	                                .slots = system->slot_words,
	                                .slot_count = system->slot_word_count,
	                                .gdb = gdb,
	                                .icount = options->icount,
	                                .more = options->qemu_arguments,
	                                .more_count = options->qemu_argument_count};
}

/* What run_here or run_detached would start. */
static int show_command(const struct run_options *options, const struct system *system,
                        const struct rundir *rundir)
{
	struct arena *arena = arena_new();
	const struct machine_options machine =
		machine_of(options, system, options->gdb ? debugger_socket(rundir, arena) : NULL);
	const int code = machine_print(&machine, stdout) == OK ? EXIT_OK : EXIT_SYSTEM;
	arena_free(arena);
	return code;
}

/* Run the session in this process. @parent_fd: -1, or the pipe to who waits for readiness. */
static int run_here(const struct run_options *options, const struct system *system,
                    const struct rundir *rundir, int parent_fd)
{
	char log_path[RUNDIR_PATH_BYTES];
	const int log_directory_fd = open_log_directory(options, rundir, log_path);
	if (log_directory_fd < 0) {
		return EXIT_SYSTEM;
	}
	struct arena *arena = arena_new();
	struct detaching detaching = {.parent_fd = parent_fd, .log_fd = -1};
	if (parent_fd >= 0) {
		detaching.log_fd =
			openat(log_directory_fd, "run.log",
		               O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	}
	const struct session_options session = {
		.topology = options->file,
		.log_directory = log_path,
		.log_directory_fd = log_directory_fd,
		.machine = machine_of(options, system,
	                              options->gdb ? debugger_socket(rundir, arena) : NULL),
		.limit_ms = options->limit_ms != 0 ? options->limit_ms : LIMIT_DEFAULT_MS,
		.strict = options->detach || options->limit_ms != 0,
		.parent_fd = parent_fd,
		.ready = parent_fd >= 0 ? release_parent : NULL,
		.owner = &detaching,
	};
	int signal_number = 0;
	bool well = false;
	const enum session_end end = session_run(&session, system, rundir, &signal_number, &well);
	(void)close(log_directory_fd);
	arena_free(arena);
	return exit_code(end, signal_number, well);
}

/* The one who called --detach: wait for the word of the runner, pass signals on to it. */
static int wait_for_runner(pid_t runner, int fd)
{
	sigset_t none;
	(void)sigemptyset(&none);
	char code = 0;
	ssize_t done = -1;
	while (done < 0) {
		struct pollfd waited = {.fd = fd, .events = POLLIN};
		if (ppoll(&waited, 1, NULL, &none) < 0) {
			(void)kill(runner, SIGTERM);
			continue;
		}
		done = read(fd, &code, sizeof(code));
	}
	if (done == sizeof(code)) {
		return code;
	}
	int status = 0;
	(void)waitpid(runner, &status, 0);
	if (WIFSIGNALED(status)) {
		message_error("the runner was killed by signal %d", WTERMSIG(status));
		return EXIT_SYSTEM;
	}
	/* The signal that we passed on as SIGTERM. */
	return interrupted != 0 ? 128 + interrupted : WEXITSTATUS(status);
}

/*
 * Run the session in a child that outlives us. In the parent, *@rundir is let go: the child has
 * the lock.
 */
static int run_detached(const struct run_options *options, const struct system *system,
                        struct rundir *rundir)
{
	int ready[2];
	if (pipe2(ready, O_CLOEXEC) != 0) {
		message_error("cannot make a pipe: %s", strerror(errno));
		return EXIT_SYSTEM;
	}
	(void)fflush(stdout);
	(void)fflush(stderr);
	const pid_t runner = fork();
	if (runner == 0) {
		(void)setsid();
		rundir_claim(rundir);
		(void)close(ready[0]);
		return run_here(options, system, rundir, ready[1]);
	}
	(void)close(ready[1]);
	if (runner < 0) {
		message_error("cannot start the runner: %s", strerror(errno));
		(void)close(ready[0]);
		return EXIT_SYSTEM;
	}
	rundir_close(rundir);
	const int code = wait_for_runner(runner, ready[0]);
	(void)close(ready[0]);
	return code;
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* With the run directory locked: image, then session. */
static int build_and_run(const struct run_options *options, const struct model *model,
                         struct diag *diag, struct rundir *rundir)
{
	char image_path[RUNDIR_PATH_BYTES + 8];
	struct system system;
	(void)snprintf(image_path, sizeof(image_path), "%s/image", rundir->path);
	progress_stage(rundir->name, "building the system image");
	const int failed = system_build(model, image_path, SYSTEM_FOR_RUN, diag, &system);
	diag_flush(diag, stderr);
	sigset_t signals;
	list_signals(&signals);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	if (failed != 0) {
		return interrupted != 0           ? 128 + interrupted
		       : failed == SYSTEM_REFUSED ? EXIT_SYSTEM
		                                  : EXIT_NO;
	}
	int code = 128 + interrupted;
	if (interrupted == 0) {
		progress_stage(
			rundir->name, "%s: %zu VM%s and %zu connection%s on %u CPU%s and %llu MiB",
			options->dry_run ? "would start" : "starting", system.vm_count,
			plural(system.vm_count), system.connection_count,
			plural(system.connection_count), system.cpu_count, plural(system.cpu_count),
			(unsigned long long)(system.ram_bytes >> 20));
		if (options->gdb && !options->dry_run) {
			progress_stage(rundir->name, "waits for a debugger: target remote %s/gdb",
			               rundir->path);
		}
		code = options->dry_run  ? show_command(options, &system, rundir)
		       : options->detach ? run_detached(options, &system, rundir)
		                         : run_here(options, &system, rundir, -1);
	}
	system_free(&system);
	return code;
}

static int run_model(const struct loaded *loaded)
{
	const struct run_options *options = loaded->options;
	char name[RUNDIR_NAME_BYTES];
	struct rundir rundir;
	rundir_name(name, loaded->model->name);
	/* Who would be told that all is up? */
	if (ferror(stdout) != 0 || machine_check() != OK) {
		return EXIT_SYSTEM;
	}
	handle_signals();
	const err_t err = rundir_create(&rundir, options->name != NULL ? options->name : name);
	if (err != OK) {
		return err == ERR_ARG ? EXIT_USAGE : err == ERR_STATE ? EXIT_NO : EXIT_SYSTEM;
	}
	const int code = build_and_run(options, loaded->model, loaded->diag, &rundir);
	if (rundir.lock_fd >= 0) {
		rundir_remove(&rundir);
	}
	return code;
}

int command_run(const struct command_line *cl)
{
	struct run_options options = {.load = {.must_run = true}};
	struct topology_name name;
	int code = command_options(cl, &syntax, &options, &options.load);
	if (code >= 0) {
		return code;
	}
	code = command_topology(cl, optind, &name);
	if (code == EXIT_OK) {
		options.file = name.path;
		progress_stage("topo", "compiling %s", options.file);
		code = command_load_path(name.path, &options.load, run_model, &options);
	}
	command_load_done(&options.load);
	return code;
}
