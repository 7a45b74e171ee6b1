/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of topo run, as progress.h declares them. */
#include "topo/runner/progress.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "topo/base/say.h"
#include "topo/runner/message.h"

#define QUOTED_LINES 8U
#define REPORT_LINES 3U
#define MACHINE_LOG_BYTES 2048
#define TROUBLE_MAX 50U /* a VM that fails over and over does not fill the terminal */

void progress_stage(const char *name, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	say(stdout, "%s: ", name);
	say_values(stdout, format, values);
	(void)putchar('\n');
	(void)fflush(stdout);
	va_end(values);
}

static void tell(const struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A line of progress with the time since the machine was started. */
static void tell(const struct session *session, const char *format, ...)
{
	const uint64_t age = session_age_ms(session);
	va_list values;
	va_start(values, format);
	(void)printf("[%4" PRIu64 ".%" PRIu64 " s] ", age / 1000, age % 1000 / 100);
	say_values(stdout, format, values);
	(void)putchar('\n');
	(void)fflush(stdout);
	va_end(values);
}

static void show(void *owner, const char *line)
{
	(void)owner;
	say(stdout, "          | %s\n", line);
}

static void say_vm(const struct session *session, size_t vm)
{
	const struct system_vm *known = &session->system->vms[vm];
	const struct runstate_vm *entry = &session->state.vms[vm];
	switch (entry->state) {
	case RUN_VM_BOOTING:
		tell(session, "%s: started", known->name);
		break;
	case RUN_VM_UP:
		tell(session, "%s: %s", known->name,
		     entry->halt_count > 0 ? "goes on"
		     : known->agent        ? "user space reached"
		                           : "started");
		break;
	case RUN_VM_STOPPED:
	case RUN_VM_RESTARTING:
	case RUN_VM_HALTED:
	case RUN_VM_FAILED:
		tell(session, "%s: %s: %s", known->name, run_vm_state_text(entry->state),
		     entry->reason);
		if (entry->state == RUN_VM_FAILED) {
			/* The VMM's report of what its guest did. */
			tail_lines(&session->vms[vm].vmm_tail, REPORT_LINES, show, NULL);
			(void)fflush(stdout);
		}
		break;
	case RUN_VM_WAITING:
	case RUN_VM_STATE_COUNT:
	default:
		break;
	}
}

static void say_faults(const struct session *session, size_t vm, const char *name)
{
	const struct system_vm *known = &session->system->vms[vm];
	for (size_t i = 0; i < known->hardware_count; i++) {
		const struct runstate_faults *faults = &session->state.vms[vm].faults[i];
		if (known->hardware[i].name == name) {
			tell(session,
			     "%s: DMA of %s has faulted, %" PRIu64 " in all, last at 0x%" PRIx64,
			     known->name, name, faults->count, faults->last);
		}
	}
}

/* As long as it does not fill the terminal. */
static void say_health(struct session *session, size_t vm)
{
	const struct runstate_vm *entry = &session->state.vms[vm];
	if (entry->health == RUN_HEALTH_STARTING || entry->state != RUN_VM_UP) {
		return;
	}
	session->trouble_count += entry->health == RUN_HEALTH_UNHEALTHY ? 1 : 0;
	if (session->trouble_count <= TROUBLE_MAX) {
		tell(session, "%s: says that it is %s%s%s", session->system->vms[vm].name,
		     run_health_text(entry->health), entry->unhealthy[0] == '\0' ? "" : ": ",
		     entry->unhealthy);
	}
}

/* Likewise. */
static void say_command(struct session *session, size_t vm, const char *text)
{
	session->trouble_count += strcmp(text, RUNSTATE_COMMAND_DONE) != 0 ? 1 : 0;
	if (session->trouble_count <= TROUBLE_MAX) {
		tell(session, "%s: says that its command is %s", session->system->vms[vm].name,
		     text);
	}
}

static void say_connection(const struct session *session, size_t index)
{
	const struct system_connection *known = &session->system->connections[index];
	tell(session, "connection %s -> %s: %s", session->system->vms[known->device_vm].name,
	     session->system->vms[known->driver_vm].name,
	     session->state.connections[index].up ? "up" : "down");
}

void progress_event(struct session *session, const struct runstate_event *event)
{
	switch (event->kind) {
	case RUNSTATE_KERNEL:
		tell(session, "the kernel runs");
		break;
	case RUNSTATE_VM:
		say_vm(session, event->index);
		break;
	case RUNSTATE_CONNECTION:
		say_connection(session, event->index);
		break;
	case RUNSTATE_TROUBLE:
		session->trouble_count++;
		if (session->trouble_count <= TROUBLE_MAX) {
			tell(session, "%s", event->text);
		}
		break;
	case RUNSTATE_HEALTH:
		say_health(session, event->index);
		break;
	case RUNSTATE_COMMAND:
		say_command(session, event->index, event->text);
		break;
	case RUNSTATE_FAULTS:
		session->trouble_count++;
		if (session->trouble_count <= TROUBLE_MAX) {
			say_faults(session, event->index, event->text);
		}
		break;
	case RUNSTATE_DEVICE:  /* its connection is told of */
	case RUNSTATE_REFUSED: /* progress_end says it */
	case RUNSTATE_COUNTED: /* who asked is */
	default:
		break;
	}
}

/* A VM to name in an example: one that takes commands, the last one of those, since driver VMs
 * mostly stand behind their device VMs. */
static const char *example_vm(const struct session *session)
{
	const char *name = session->system->vms[0].name;
	for (size_t i = 0; i < session->system->vm_count; i++) {
		if (session->system->vms[i].agent) {
			name = session->system->vms[i].name;
		}
	}
	return name;
}

void progress_ready(const struct session *session)
{
	const struct system *system = session->system;
	tell(session, "all up: %zu VM%s, %zu connection%s", system->vm_count,
	     system->vm_count == 1 ? "" : "s", system->connection_count,
	     system->connection_count == 1 ? "" : "s");
	if (system->vm_count == 0) {
		return;
	}
	const char *vm = example_vm(session);
	say(stdout, "  topo console %s           its console (Ctrl-] leaves it)\n", vm);
	say(stdout, "  topo exec %s -- COMMAND   a command in it\n", vm);
	(void)printf("  topo ps, topo logs, topo stop\n");
	if (session->options->parent_fd < 0) {
		(void)printf("  Ctrl-C here ends the system\n");
	}
	(void)fflush(stdout);
}

static void quote(void *owner, const char *line)
{
	(void)owner;
	say(stderr, "      | %s\n", line);
}

static void quote_tail(const char *what, const struct tail *tail)
{
	if (tail->total == 0) {
		say(stderr, "    %s: nothing\n", what);
		return;
	}
	say(stderr, "    %s:\n", what);
	tail_lines(tail, QUOTED_LINES, quote, NULL);
}

/* What QEMU itself said; its log starts with its command line. */
static void quote_machine(const struct session *session)
{
	char text[MACHINE_LOG_BYTES];
	const int fd = openat(session->options->log_directory_fd, session->machine_log.name,
	                      O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return;
	}
	const off_t end = lseek(fd, 0, SEEK_END);
	const off_t from = end > MACHINE_LOG_BYTES ? end - MACHINE_LOG_BYTES : 0;
	const ssize_t count = pread(fd, text, sizeof(text), from);
	(void)close(fd);
	if (count > 0) {
		struct linecut cut = {.count = 0};
		(void)fprintf(stderr, "    the machine's own messages:\n");
		linecut_put(&cut, (const uint8_t *)text, (size_t)count, quote, NULL);
		linecut_end(&cut, quote, NULL);
	}
}

static void explain_vm(const struct session *session, size_t vm)
{
	const struct system_vm *known = &session->system->vms[vm];
	const struct runstate_vm *entry = &session->state.vms[vm];
	const struct session_vm *line = &session->vms[vm];
	const char *why = entry->reason;
	char version[96];
	char health[RUNSTATE_HEALTH_BYTES + 48];
	if (entry->state == RUN_VM_WAITING) {
		why = "nothing has come from it";
	} else if (line->agent.bad_version != 0) {
		(void)snprintf(version, sizeof(version),
		               "its agent speaks version %u of the protocol, not %u",
		               line->agent.bad_version, PV_AGENT_VERSION);
		why = version;
	} else if (entry->state == RUN_VM_BOOTING) {
		why = "its user space has not been reached";
	} else if (entry->state == RUN_VM_UP) {
		(void)snprintf(health, sizeof(health), "it does not say that it is healthy%s%s",
		               entry->unhealthy[0] == '\0' ? "" : ": ", entry->unhealthy);
		why = health;
	}
	say(stderr, "  VM %s: %s: %s\n", known->name, run_vm_state_text(entry->state), why);
	quote_tail("its console", &line->tty_tail);
	if (line->vmm_tail.total > 0) {
		quote_tail("its VMM", &line->vmm_tail);
	}
}

static void explain_device(uint32_t number, const char *type, enum run_device_state state)
{
	static const char *const whys[RUN_DEVICE_STATE_COUNT] = {
		[RUN_DEVICE_WAITING] = "no back end stands behind it",
		[RUN_DEVICE_FAILED] = "its back end refuses it",
		[RUN_DEVICE_FULL] = "there is no room where its disk lies",
		[RUN_DEVICE_ABSENT] = "its block device is not there, or too small",
		[RUN_DEVICE_LOST] = "what its driver VM had stored there is gone",
		[RUN_DEVICE_IDLE] = "no driver in its VM has started it",
	};
	if (whys[state] != NULL) {
		say(stderr, "    device %" PRIu32 " (%s): %s: %s\n", number, type,
		    run_device_state_text(state), whys[state]);
	}
}

static void explain_connection(const struct session *session, size_t index)
{
	const struct system_connection *known = &session->system->connections[index];
	const struct system_vm *device = &session->system->vms[known->device_vm];
	const struct system_vm *driver = &session->system->vms[known->driver_vm];
	const struct runstate_connection *state = &session->state.connections[index];
	const bool device_missing = runstate_vm_missing(&session->state, known->device_vm);
	const bool driver_missing = runstate_vm_missing(&session->state, known->driver_vm);
	const bool no_answer = !state->has_session && !device_missing && !driver_missing;
	say(stderr, "  connection %s -> %s: down%s\n", device->name, driver->name,
	    no_answer ? ": the device VM's daemon has not answered" : "");
	if (!state->has_session && !no_answer) {
		(void)fprintf(stderr, "    one of its VMs is not up\n");
		return;
	}
	/* A VM may wait for its disk before it reaches user space. */
	for (uint32_t i = 0; state->has_session && i < known->device_count; i++) {
		explain_device(i, known->device_types[i],
		               runstate_device_state(&state->devices[i]));
	}
	char what[96];
	if (!driver_missing) {
		(void)snprintf(what, sizeof(what), "the VMM of %.32s", driver->name);
		quote_tail(what, &session->vms[known->driver_vm].vmm_tail);
	}
	if (!device_missing) {
		(void)snprintf(what, sizeof(what), "the console of %.32s, which serves",
		               device->name);
		quote_tail(what, &session->vms[known->device_vm].tty_tail);
	}
}

void progress_missing(const struct session *session)
{
	const struct system *system = session->system;
	bool all_missing = true;
	for (size_t i = 0; i < system->vm_count; i++) {
		const enum run_vm_state state = session->state.vms[i].state;
		all_missing = all_missing && state == RUN_VM_WAITING;
	}
	if (all_missing || !session->state.kernel_runs) {
		quote_tail("the kernel", &session->kernel_tail);
	}
	if (!session->state.kernel_runs) {
		quote_machine(session);
	}
	for (size_t i = 0; i < system->vm_count; i++) {
		if (runstate_vm_missing(&session->state, i)) {
			explain_vm(session, i);
		}
	}
	for (size_t i = 0; i < system->connection_count; i++) {
		if (runstate_connection_missing(&session->state, i)) {
			explain_connection(session, i);
		}
	}
	(void)fflush(stderr);
}

static void explain_crash(const struct session *session)
{
	const int status = session->machine_status;
	if (WIFSIGNALED(status)) {
		message_error("the machine was killed by signal %d (%s)", WTERMSIG(status),
		              strsignal(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) != 0) {
		message_error("the machine ended with exit status %d", WEXITSTATUS(status));
	} else {
		message_error("the machine was switched off while VMs were running");
	}
	quote_tail("the kernel", &session->kernel_tail);
	if (status != 0) {
		quote_machine(session);
	}
}

static void explain_refusal(const struct session *session)
{
	message_error("the kernel does not take the system image");
	quote_tail("the kernel", &session->kernel_tail);
	message_help("this is an error in topo or the kernel, unless the image was changed");
}

void progress_end(const struct session *session)
{
	switch (session->end) {
	case SESSION_NOT_UP:
		message_error("%s cannot come up:", session->rundir->name);
		progress_missing(session);
		break;
	case SESSION_LATE:
		message_error("not everything was up after %" PRIu32 ".%" PRIu32 " s:",
		              session->options->limit_ms / 1000,
		              session->options->limit_ms % 1000 / 100);
		progress_missing(session);
		message_help("--timeout SECONDS gives it longer");
		break;
	case SESSION_REFUSED:
		explain_refusal(session);
		break;
	case SESSION_CRASHED:
		explain_crash(session);
		break;
	case SESSION_POWERED_OFF:
		tell(session, "all VMs have stopped");
		break;
	case SESSION_STOPPED:
	case SESSION_SIGNALLED:
		tell(session, "ended");
		break;
	case SESSION_ORPHANED:
	case SESSION_BROKEN:
	case SESSION_RUNS:
	default:
		break;
	}
}
