/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU as a child process, as machine.h declares it. */
#include "topo/runner/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/bits.h"
#include "topo/base/say.h"
#include "topo/runner/machine_ram.h"
#include "topo/runner/message.h"
#include "topo/runner/process.h"

#define ARGUMENTS_MAX 512U
#define VERSION_WAIT_MS 20000
#define WORD_BYTES 4200U

const char *machine_program(void)
{
	const char *named = getenv("PEERVISOR_QEMU");
	return named != NULL && named[0] != '\0' ? named : "qemu-system-aarch64";
}

/* What @fd gives until its end, at most @size - 1 bytes, within the time limit. */
static void read_output(int fd, char *out, size_t size)
{
	size_t count = 0;
	struct pollfd waited = {.fd = fd, .events = POLLIN};
	while (count < size - 1 && poll(&waited, 1, VERSION_WAIT_MS) > 0) {
		const ssize_t done = read(fd, out + count, size - 1 - count);
		if (done <= 0) {
			break;
		}
		count += (size_t)done;
	}
	out[count] = '\0';
}

static err_t explain_missing(int error)
{
	message_error("cannot run %s: %s", machine_program(), strerror(error));
	if (getenv("PEERVISOR_QEMU") != NULL) {
		message_help("PEERVISOR_QEMU names it; unset it to take QEMU's own name");
	}
	message_help("tools/setup installs it (Debian: qemu-system-arm, version %d or later)",
	             MACHINE_QEMU_MAJOR);
	return ERR_EMPTY;
}

static err_t judge_version(const char *text)
{
	static const char mark[] = "QEMU emulator version ";
	const char *found = strstr(text, mark);
	const long major = found == NULL ? 0 : strtol(found + strlen(mark), NULL, 10);
	if (major >= MACHINE_QEMU_MAJOR) {
		return OK;
	}
	if (found == NULL) {
		message_error("%s --version does not answer as QEMU does: '%.*s'",
		              machine_program(), (int)strcspn(text, "\n"), text);
	} else {
		message_error("%s is version %.*s, which is too old: %d is needed",
		              machine_program(), (int)strcspn(found + strlen(mark), " \n"),
		              found + strlen(mark), MACHINE_QEMU_MAJOR);
	}
	message_help("tools/setup installs a newer one (Debian 12: qemu-system-arm from "
	             "bookworm-backports)");
	return ERR_VERSION;
}

err_t machine_check(void)
{
	int output[2];
	if (pipe2(output, O_CLOEXEC) != 0) {
		message_error("cannot make a pipe: %s", strerror(errno));
		return ERR_STATE;
	}
	char program[WORD_BYTES];
	(void)snprintf(program, sizeof(program), "%s", machine_program());
	char version[] = "--version";
	char *const argv[] = {program, version, NULL};
	const pid_t pid = process_spawn(argv, output[1], NULL, 0);
	(void)close(output[1]);
	char text[512] = "";
	if (pid > 0) {
		read_output(output[0], text, sizeof(text));
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	(void)close(output[0]);
	return pid < 0 ? explain_missing(-pid) : judge_version(text);
}

/* A command line under construction. */
struct arguments {
	char *words[ARGUMENTS_MAX + 1]; /* ends with NULL */
	size_t count;
	bool lost; /* no memory, or too many words */
};

static void add(struct arguments *arguments, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct arguments *arguments, const char *format, ...)
{
	char word[WORD_BYTES];
	va_list values;
	va_start(values, format);
	const int length = vsnprintf(word, sizeof(word), format, values);
	va_end(values);
	char *copy = length < 0 || (size_t)length >= sizeof(word) ? NULL : strdup(word);
	if (copy == NULL || arguments->count == ARGUMENTS_MAX) {
		free(copy);
		arguments->lost = true;
		return;
	}
	arguments->words[arguments->count++] = copy;
}

static void free_arguments(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->count; i++) {
		free(arguments->words[i]);
	}
}

static void add_all(struct arguments *arguments, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		add(arguments, "%s", words[i]);
	}
}

#define NO_MACHINE ((struct machine){.pid_fd = -1, .from_fd = -1, .to_fd = -1, .ram_fd = -1})

/* Its ends of what it has together with us: the pipes that are its serial port, and its RAM, unless that is
 * its own (-1). */
struct shared {
	int in_fd;
	int out_fd;
	int ram_fd;
	int head_fd; /* the beginning of the image, the rest of which is in the RAM; -1: QEMU loads it all */
};

/* The board, what the topology puts into its slots, and nothing besides. */
static void compose(struct arguments *arguments, const struct machine_options *options,
                    const struct shared *shared)
{
	/* clang-format off */
	static const char *const fixed[] = {
		"-display", "none", "-monitor", "none", "-nodefaults", "-no-user-config", "-no-reboot",
	};
	/* clang-format on */
	static const char *const icount[] = {"-icount", "shift=0,sleep=off"};
	add(arguments, "%s", machine_program());
	add(arguments, "-M");
	add(arguments, "%s", options->qemu_machine);
	add(arguments, "-cpu");
	add(arguments, "%s", options->qemu_cpu);
	add_all(arguments, fixed, ARRAY_COUNT(fixed));
	add(arguments, "-smp");
	add(arguments, "%" PRIu32, options->cpu_count);
	add(arguments, "-m");
	add(arguments, "%" PRIu64 "M", options->ram_bytes >> 20);
	if (shared->ram_fd >= 0) {
		add(arguments, "-object");
		add(arguments,
		    "memory-backend-file,id=ram,size=%" PRIu64 "M,mem-path=/dev/fd/%d,share=on",
		    options->ram_bytes >> 20, shared->ram_fd);
		add(arguments, "-machine");
		add(arguments, "memory-backend=ram");
	}
	add(arguments, "-chardev");
	add(arguments, "file,id=mux,path=/dev/fd/%d,input-path=/dev/fd/%d", shared->out_fd,
	    shared->in_fd);
	add(arguments, "-serial");
	add(arguments, "chardev:mux");
	/* The board's second UART, pl011@9040000, is there only where it leads somewhere. */
	add(arguments, "-serial");
	add(arguments, "null");
	add(arguments, "-kernel");
	if (shared->head_fd >= 0) {
		add(arguments, "/dev/fd/%d", shared->head_fd);
	} else {
		add(arguments, "%s", options->image_path);
	}
	if (options->gdb != NULL) {
		/* A port of the host would be open to VMs that are on QEMU's network. */
		add(arguments, "-gdb");
		add(arguments, "unix:%s,server=on,wait=off", options->gdb);
		add(arguments, "-S");
	}
	add_all(arguments, icount, options->icount ? 2 : 0);
	add_all(arguments, (const char *const *)options->slots, options->slot_count);
	add_all(arguments, options->more, options->more_count);
}

err_t machine_print(const struct machine_options *options, FILE *out)
{
	struct arguments arguments = {.count = 0};
	const struct shared shared = {.in_fd = 3, .out_fd = 4, .ram_fd = 5, .head_fd = -1};
	compose(&arguments, options, &shared);
	for (size_t i = 0; i < arguments.count; i++) {
		say(out, "%s", arguments.words[i]);
		(void)fputc(i + 1 == arguments.count ? '\n' : ' ', out);
	}
	free_arguments(&arguments);
	return arguments.lost ? ERR_FULL : OK;
}

static void log_command(const struct arguments *arguments, int log_fd)
{
	for (size_t i = 0; i < arguments->count; i++) {
		(void)dprintf(log_fd, "%s%c", arguments->words[i],
		              i + 1 == arguments->count ? '\n' : ' ');
	}
}

static err_t explain_start(const char *what, int error)
{
	message_error("cannot start %s: %s: %s", machine_program(), what, strerror(error));
	return ERR_STATE;
}

/* Start it with @shared. */
static err_t start_with(struct machine *machine, const struct machine_options *options, int log_fd,
                        const struct shared *shared)
{
	struct arguments arguments = {.count = 0};
	compose(&arguments, options, shared);
	if (arguments.lost) {
		free_arguments(&arguments);
		return explain_start("its command line is too long", E2BIG);
	}
	log_command(&arguments, log_fd);
	int kept[] = {shared->in_fd, shared->out_fd, shared->ram_fd, shared->head_fd};
	size_t kept_count = 2;
	while (kept_count < ARRAY_COUNT(kept) && kept[kept_count] >= 0) {
		kept_count++; /* there is no head without RAM */
	}
	const pid_t pid = process_spawn(arguments.words, log_fd, kept, kept_count);
	free_arguments(&arguments);
	if (pid < 0) {
		return explain_start("exec", -pid);
	}
	machine->pid = pid;
	machine->pid_fd = pidfd_open(pid, 0);
	if (machine->pid_fd < 0) {
		const int error = errno;
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return explain_start("pidfd_open", error);
	}
	return OK;
}

/* Pipes, as QEMU writes byte by byte: in a socket each byte takes the room of hundreds, and while
 * there is none QEMU sleeps with all of the machine stopped. */
static err_t make_pipes(struct machine *machine, struct shared *theirs)
{
	int to[2];
	int from[2];
	if (pipe2(to, O_CLOEXEC) != 0) {
		return explain_start("pipe", errno);
	}
	if (pipe2(from, O_CLOEXEC) != 0) {
		const int error = errno;
		(void)close(to[0]);
		(void)close(to[1]);
		return explain_start("pipe", error);
	}
	*theirs = (struct shared){.in_fd = to[0], .out_fd = from[1], .ram_fd = -1, .head_fd = -1};
	machine->to_fd = to[1];
	machine->from_fd = from[0];
	/* Only our ends: O_NONBLOCK belongs to the open file, and each end is one of its own. */
	(void)fcntl(machine->to_fd, F_SETFL, O_WRONLY | O_NONBLOCK);
	(void)fcntl(machine->from_fd, F_SETFL, O_RDONLY | O_NONBLOCK);
	return OK;
}

static void close_all(struct machine *machine)
{
	if (machine->ram_fd >= 0) {
		(void)close(machine->ram_fd);
	}
	(void)close(machine->to_fd);
	(void)close(machine->from_fd);
	*machine = NO_MACHINE;
}

err_t machine_start(struct machine *machine, const struct machine_options *options, int log_fd)
{
	*machine = NO_MACHINE;
	struct shared theirs;
	err_t err = make_pipes(machine, &theirs);
	if (err != OK) {
		return err;
	}
	machine->ram_fd = theirs.ram_fd = machine_ram_make(options->ram_bytes);
	if (theirs.ram_fd >= 0) {
		theirs.head_fd =
			machine_ram_load(theirs.ram_fd, options->image_path, options->image_at);
	}
	err = start_with(machine, options, log_fd, &theirs);
	if (theirs.head_fd >= 0) {
		(void)close(theirs.head_fd);
	}
	(void)close(theirs.in_fd);
	(void)close(theirs.out_fd);
	if (err != OK) {
		close_all(machine);
	}
	return err;
}

void machine_stop(const struct machine *machine, bool force)
{
	if (machine->pid > 0) {
		(void)kill(machine->pid, force ? SIGKILL : SIGTERM);
	}
}

int machine_reap(struct machine *machine)
{
	int status = 0;
	pid_t done = 0;
	do {
		done = waitpid(machine->pid, &status, 0);
	} while (done < 0 && errno == EINTR);
	(void)close(machine->pid_fd);
	close_all(machine);
	return status;
}
