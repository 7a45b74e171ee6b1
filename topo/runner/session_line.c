/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's serial line: takes it apart into the kernel's log, consoles, VMM lines and agents,
 * and puts typed input and agents' frames on it. Channels are those of struct system_vm; bytes on
 * any other channel go to nobody.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "abi/mux.h"
#include "lib/bits.h"
#include "topo/runner/message.h"
#include "topo/runner/naming.h"
#include "topo/runner/server.h"
#include "topo/runner/session.h"

#define LINE_OUT_BYTES 65536U
#define LINE_READ_BYTES 65536U
/* Reads in one turn of the loop, so that a VM that floods its console cannot starve the rest. */
#define LINE_READS 4

uint64_t session_age_ms(const struct session *session)
{
	return loop_now_ms() - session->started_ms;
}

void session_log(struct session *session, const char *who, const char *line)
{
	char text[LINECUT_BYTES + 128];
	const uint64_t age = session_age_ms(session);
	const int length = snprintf(text, sizeof(text), "[%5" PRIu64 ".%03" PRIu64 "] %.68s: %s\n",
	                            age / 1000, age % 1000, who, line);
	if (length > 0 && (size_t)length < sizeof(text)) {
		logfile_write(&session->system_log, text, (size_t)length);
	}
}

static void log_kernel_line(void *owner, const char *line)
{
	struct session *session = owner;
	session_log(session, "kernel", line);
	runstate_kernel_line(&session->state, line);
}

static void log_tty_line(void *owner, const char *line)
{
	struct session_vm *vm = owner;
	session_log(vm->session, vm->session->system->vms[vm->index].name, line);
	if (runstate_vm_line(&vm->session->state, vm->index, line)) {
		agentlink_ask(&vm->agent);
		session_agent_work(vm->session, vm->index);
	}
}

static void put_vmm_line(struct session_vm *vm, const char *line)
{
	char text[LINECUT_BYTES + 1];
	const int length = snprintf(text, sizeof(text), "%s\n", line);
	logfile_write(&vm->vmm_log, text, (size_t)length);
	tail_put(&vm->vmm_tail, (const uint8_t *)text, (size_t)length);
}

static void log_vmm_line(void *owner, const char *line)
{
	struct session_vm *vm = owner;
	char who[NAMING_WHO_BYTES];
	naming_vmm(who, vm->session->system->vms[vm->index].name);
	if (!runstate_is_counted(line)) {
		session_log(vm->session, who, line);
		put_vmm_line(vm, line);
	}
	runstate_vmm_line(&vm->session->state, vm->index, line);
}

static void take_kernel(struct session *session, const uint8_t *bytes, size_t count)
{
	logfile_write(&session->kernel_log, bytes, count);
	tail_put(&session->kernel_tail, bytes, count);
	linecut_put(&session->kernel_cut, bytes, count, log_kernel_line, session);
}

static void take_tty(struct session *session, struct session_vm *vm, const uint8_t *bytes,
                     size_t count)
{
	runstate_vm_output(&session->state, vm->index);
	logfile_write(&vm->tty_log, bytes, count);
	tail_put(&vm->tty_tail, bytes, count);
	linecut_put(&vm->tty_cut, bytes, count, log_tty_line, vm);
	server_console_output(session->server, vm->index, bytes, count);
}

static void take_vmm(struct session *session, struct session_vm *vm, const uint8_t *bytes,
                     size_t count)
{
	runstate_vm_output(&session->state, vm->index);
	linecut_put(&vm->vmm_cut, bytes, count, log_vmm_line, vm);
}

static void take_agent(struct session *session, struct session_vm *vm, const uint8_t *bytes,
                       size_t count)
{
	if (session->system->vms[vm->index].agent) {
		agentlink_receive(&vm->agent, bytes, count, loop_now_ms());
		session_agent_work(session, vm->index);
	}
}

static void take_channel(void *owner, uint32_t channel, const uint8_t *bytes, size_t count)
{
	struct session *session = owner;
	if (channel == 0) {
		take_kernel(session, bytes, count);
		return;
	}
	for (size_t i = 0; i < session->system->vm_count; i++) {
		const uint32_t first = session->system->vms[i].channel_first;
		struct session_vm *vm = &session->vms[i];
		if (channel == first + PV_CONSOLE_TTY) {
			take_tty(session, vm, bytes, count);
		} else if (channel == first + PV_CONSOLE_VMM) {
			take_vmm(session, vm, bytes, count);
		} else if (channel == first + PV_CONSOLE_AGENT) {
			take_agent(session, vm, bytes, count);
		}
	}
}

/* One read of the line. Returns the bytes, 0 when nothing is there or nothing will come any more. */
static size_t read_line(struct session *session)
{
	uint8_t bytes[LINE_READ_BYTES];
	const ssize_t done = read(session->line_source.fd, bytes, sizeof(bytes));
	if (done > 0) {
		mux_decode(&session->decoder, bytes, (size_t)done, take_channel, session);
		return (size_t)done;
	}
	if (done == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* The machine's end is told by its pid_fd, a moment later. */
		loop_unwatch(&session->loop, &session->line_source);
	}
	return 0;
}

static void write_line(struct session *session)
{
	if (fifo_write_to(&session->line_out, session->line_sink.fd) != 0) {
		/* Nobody reads any more: see read_line. */
		fifo_drop(&session->line_out, session->line_out.count);
		loop_unwatch(&session->loop, &session->line_sink);
	}
	session->line_sink.events = session->line_out.count > 0 ? POLLOUT : 0;
}

static void serve_line(void *owner, short revents)
{
	struct session *session = owner;
	(void)revents;
	/* A short read has emptied the pipe; the next one can wait for poll. */
	for (int i = 0; i < LINE_READS && read_line(session) == LINE_READ_BYTES; i++) {
	}
}

static void serve_room(void *owner, short revents)
{
	struct session *session = owner;
	if ((revents & POLLOUT) != 0) {
		write_line(session);
		server_line_room(session->server);
	} else {
		loop_unwatch(&session->loop, &session->line_sink);
	}
}

size_t session_type(struct session *session, size_t vm, const uint8_t *bytes, size_t count)
{
	const uint32_t channel = session->system->vms[vm].channel_first + PV_CONSOLE_TTY;
	const size_t taken =
		mux_encode(&session->encoder, channel, bytes, count, &session->line_out);
	write_line(session);
	return taken;
}

/* All of it, or nothing. Every byte may need an escape. */
static bool send_whole(struct session *session, uint32_t channel, const uint8_t *bytes,
                       size_t count)
{
	if (session->finished || fifo_room(&session->line_out) < 2 * count + 4) {
		return false;
	}
	(void)mux_encode(&session->encoder, channel, bytes, count, &session->line_out);
	write_line(session);
	return true;
}

static bool send_agent(void *owner, const uint8_t *bytes, size_t count)
{
	const struct session_vm *vm = owner;
	const uint32_t first = vm->session->system->vms[vm->index].channel_first;
	return send_whole(vm->session, first + PV_CONSOLE_AGENT, bytes, count);
}

bool session_ask_vmm(struct session *session, size_t vm, const char *what)
{
	char line[32];
	const int length = snprintf(line, sizeof(line), "%s\n", what);
	const uint32_t channel = session->system->vms[vm].channel_first + PV_CONSOLE_VMM;
	return send_whole(session, channel, (const uint8_t *)line, (size_t)length);
}

/* Under icount a run is to be the same each time: its VMs have no time but that. */
static uint64_t agent_clock(void *owner)
{
	const struct session_vm *vm = owner;
	return vm->session->options->machine.icount ? 0 : (uint64_t)time(NULL);
}

static void agent_hello(void *owner, bool is_new)
{
	struct session_vm *vm = owner;
	runstate_vm_agent(&vm->session->state, vm->index);
	session_health_hello(vm, is_new);
	session_command_hello(vm, is_new);
}

static void agent_due(void *owner)
{
	const struct session_vm *vm = owner;
	session_agent_work(vm->session, vm->index);
}

void session_agent_work(struct session *session, size_t vm)
{
	struct session_vm *entry = &session->vms[vm];
	const uint64_t now = loop_now_ms();
	const uint64_t due = agentlink_work(&entry->agent, now);
	if (due == AGENTLINK_NEVER) {
		loop_disarm(&session->loop, &entry->agent_timer);
	} else {
		loop_arm(&session->loop, &entry->agent_timer, due > now ? due - now : 0);
	}
}

static bool log_name_taken(const struct session *session, size_t vm, const char *name)
{
	static const char *const ours[] = {"kernel", "system", "qemu", "run", "control", "lock"};
	for (size_t i = 0; i < ARRAY_COUNT(ours); i++) {
		if (strcmp(name, ours[i]) == 0) {
			return true;
		}
	}
	for (size_t i = 0; i < vm; i++) {
		if (strcmp(name, session->vms[i].log_name) == 0) {
			return true;
		}
	}
	/* "a.vmm" would be taken for the VMM of "a". */
	const size_t length = strlen(name);
	return length >= 4 && strcmp(name + length - 4, ".vmm") == 0;
}

/* The VM's name if it can name files that are nobody else's, or that and a number. */
static void choose_log_name(struct session *session, size_t vm)
{
	char name[RUNDIR_NAME_BYTES];
	struct session_vm *entry = &session->vms[vm];
	rundir_name(name, session->system->vms[vm].name);
	(void)snprintf(entry->log_name, sizeof(entry->log_name), "%.24s", name);
	if (log_name_taken(session, vm, entry->log_name)) {
		/* No name has an '@' of its own. */
		(void)snprintf(entry->log_name, sizeof(entry->log_name), "%.20s@%u", name,
		               (unsigned)vm);
	}
}

static int open_log(struct session *session, struct logfile *log, const char *stem,
                    const char *suffix)
{
	char name[LOGFILE_NAME_BYTES];
	(void)snprintf(name, sizeof(name), "%.40s%s", stem, suffix);
	const int error = logfile_open(log, session->options->log_directory_fd, name);
	if (error != 0) {
		message_error("cannot write %s/%s: %s", session->options->log_directory, name,
		              strerror(-error));
	}
	return error;
}

static err_t open_vm(struct session *session, size_t vm)
{
	static const struct agentlink_ops ops = {
		.send = send_agent,
		.clock = agent_clock,
		.hello = agent_hello,
		.output = server_exec_output,
		.taken = server_exec_taken,
		.ended = server_exec_ended,
		.failed = server_exec_failed,
	};
	struct session_vm *entry = &session->vms[vm];
	entry->session = session;
	entry->index = vm;
	choose_log_name(session, vm);
	agentlink_init(&entry->agent, &ops, entry);
	entry->agent_timer = (struct loop_timer){.fire = agent_due, .owner = entry};
	session_health_init(entry);
	if (open_log(session, &entry->tty_log, entry->log_name, ".log") != 0 ||
	    open_log(session, &entry->vmm_log, entry->log_name, ".vmm.log") != 0) {
		return ERR_STATE;
	}
	return OK;
}

/* Logs that are not open yet must not look like descriptor 0. */
static void mark_closed(struct session *session)
{
	session->kernel_log.fd = -1;
	session->system_log.fd = -1;
	session->machine_log.fd = -1;
	for (size_t i = 0; i < session->system->vm_count; i++) {
		session->vms[i].tty_log.fd = -1;
		session->vms[i].vmm_log.fd = -1;
	}
}

err_t session_line_open(struct session *session)
{
	session->vms = calloc(session->system->vm_count + 1, sizeof(*session->vms));
	if (session->vms == NULL || fifo_init(&session->line_out, LINE_OUT_BYTES) != OK) {
		message_error("no memory");
		return ERR_FULL;
	}
	mark_closed(session);
	if (open_log(session, &session->kernel_log, "kernel", ".log") != 0 ||
	    open_log(session, &session->system_log, "system", ".log") != 0 ||
	    open_log(session, &session->machine_log, "qemu", ".log") != 0) {
		return ERR_STATE;
	}
	for (size_t i = 0; i < session->system->vm_count; i++) {
		const err_t err = open_vm(session, i);
		if (err != OK) {
			return err;
		}
	}
	return OK;
}

err_t session_line_start(struct session *session)
{
	session->line_source = (struct loop_source){.fd = session->machine.from_fd,
	                                            .events = POLLIN,
	                                            .ready = serve_line,
	                                            .owner = session};
	session->line_sink = (struct loop_source){
		.fd = session->machine.to_fd, .ready = serve_room, .owner = session};
	const err_t err = loop_watch(&session->loop, &session->line_source);
	return err != OK ? err : loop_watch(&session->loop, &session->line_sink);
}

void session_line_end(struct session *session)
{
	while (read_line(session) > 0) {
	}
	loop_unwatch(&session->loop, &session->line_source);
	loop_unwatch(&session->loop, &session->line_sink);
	linecut_end(&session->kernel_cut, log_kernel_line, session);
	for (size_t i = 0; i < session->system->vm_count; i++) {
		struct session_vm *vm = &session->vms[i];
		linecut_end(&vm->tty_cut, log_tty_line, vm);
		linecut_end(&vm->vmm_cut, log_vmm_line, vm);
		loop_disarm(&session->loop, &vm->agent_timer);
		session_health_end(vm);
		session_command_end(vm);
	}
}

void session_line_close(struct session *session)
{
	logfile_close(&session->kernel_log);
	logfile_close(&session->system_log);
	logfile_close(&session->machine_log);
	for (size_t i = 0; session->vms != NULL && i < session->system->vm_count; i++) {
		struct session_vm *vm = &session->vms[i];
		logfile_close(&vm->tty_log);
		logfile_close(&vm->vmm_log);
		agentlink_free(&vm->agent);
	}
	free(session->vms);
	session->vms = NULL;
	fifo_free(&session->line_out);
}
