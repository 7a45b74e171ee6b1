/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A running system: the machine, what comes over its serial port, who is attached, and how far it
 * has come. session.c owns its life, session_line.c its serial line; server.c and progress.c are
 * handed the session and look into it. One thread; every callback of the loop runs to its end.
 */
#ifndef TOPO_RUNNER_SESSION_H
#define TOPO_RUNNER_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/err.h"
#include "topo/image/system.h"
#include "topo/runner/agentlines.h"
#include "topo/runner/agentlink.h"
#include "topo/runner/logfile.h"
#include "topo/runner/loop.h"
#include "topo/runner/machine.h"
#include "topo/runner/mux.h"
#include "topo/runner/rundir.h"
#include "topo/runner/runstate.h"
#include "topo/runner/tail.h"

struct server;

struct session_options {
	const char *topology;      /* path, for topo ps */
	const char *log_directory; /* path */
	int log_directory_fd;
	struct machine_options machine;
	uint32_t limit_ms; /* all must be up by then; 0 = no limit */
	bool strict;       /* end when that fails; else only say so */
	int parent_fd;     /* a pipe whose reader waits for readiness, until then; -1 = none */
	void (*ready)(void *owner); /* all is up */
	void *owner;
};

/* Why a session ended. */
enum session_end {
	SESSION_RUNS = 0,
	SESSION_POWERED_OFF, /* all VMs stopped by themselves, or one failed: runstate knows */
	SESSION_STOPPED,     /* topo stop */
	SESSION_SIGNALLED,   /* signal_number */
	SESSION_ORPHANED,    /* who waited for readiness is gone */
	SESSION_REFUSED,     /* the kernel did not take the image */
	SESSION_NOT_UP,      /* strict: something cannot come up any more */
	SESSION_LATE,        /* strict: the time limit */
	SESSION_CRASHED,     /* the machine ended with VMs running */
	SESSION_BROKEN       /* the runner itself cannot go on; reported */
};

struct session_vm {
	struct session *session;
	size_t index;
	char log_name[LOGFILE_NAME_BYTES / 2]; /* of its files: log_name.log, log_name.vmm.log */
	struct linecut tty_cut;
	struct linecut vmm_cut;
	struct tail tty_tail;
	struct tail vmm_tail;
	struct logfile tty_log;
	struct logfile vmm_log;
	uint64_t up_since_ms; /* the session's age when it was last up */
	struct agentlink agent;
	struct loop_timer agent_timer;
	struct agentlines health;       /* its check */
	struct loop_timer health_timer; /* until it is started again, which has failed */
	uint64_t health_pause_ms;       /* for so long */
	enum run_health health_word;    /* what it said last, which is told by and by */
	char health_why[RUNSTATE_HEALTH_BYTES];
	struct loop_timer health_told_timer; /* until the next is told */
	bool health_silent;                  /* its agent does not answer, which is told instead */
	struct agentlines result;            /* what tells of its command */
	uint64_t result_again_ms;            /* before which only a new agent is asked to */
	struct agentlines pools;             /* what tells of them, when asked */
};

struct session {
	/* Set at the start, then constant. */
	const struct session_options *options;
	const struct system *system;
	const struct rundir *rundir;
	struct server *server;
	uint64_t started_ms;

	struct loop loop;
	struct machine machine;
	struct loop_source machine_source;
	struct loop_source signal_source;
	struct loop_source parent_source;
	struct loop_timer limit_timer;
	struct loop_timer kill_timer;
	struct loop_timer linger_timer;

	/* The serial line. */
	struct loop_source line_source; /* what the machine writes */
	struct loop_source line_sink;   /* what it reads */
	struct mux_decoder decoder;
	struct mux_encoder encoder;
	struct fifo line_out;
	struct session_vm *vms; /* one for each of system->vms */
	struct linecut kernel_cut;
	struct tail kernel_tail;
	struct logfile kernel_log;
	struct logfile system_log; /* all lines of all, with their times */
	struct logfile machine_log;

	struct runstate state;
	bool ready;  /* all has been up */
	bool warned; /* the time limit has passed, and was spoken of */
	enum session_end end;
	int signal_number;
	uint32_t trouble_count; /* reports shown to people so far */
	int machine_status;     /* of waitpid, once the machine is reaped */
	bool finished;          /* the machine is gone; only clients are served their last bytes */
};

/**
 * Run @system on a new machine until it ends. @rundir is locked by the caller, who removes it
 * afterwards. Signals SIGINT, SIGTERM and SIGHUP must be blocked, SIGPIPE ignored.
 * Returns how it ended, and in *@signal_number which signal ended it; everything was reported.
 * *@well: all had been up; if the VMs ended by themselves, instead: none of them failed.
 */
enum session_end session_run(const struct session_options *options, const struct system *system,
                             const struct rundir *rundir, int *signal_number, bool *well);

/* For session.c, session_line.c, server*.c and progress.c. */

/** Begin to end the session, for the reason @end; only the first reason counts. */
void session_end(struct session *session, enum session_end end);

/** Make the log files and what else belongs to the line. Errors, reported. */
MUST_USE err_t session_line_open(struct session *session);

/** Start to serve the machine's serial port. */
MUST_USE err_t session_line_start(struct session *session);

/** Read what is left in the line and stop serving it: the machine is gone. */
void session_line_end(struct session *session);

/** Close logs, free memory; remove the logs if they lie in the run directory. */
void session_line_close(struct session *session);

/**
 * Type @count bytes at the console of vms[@vm]. Returns how many fit into the line; after fewer,
 * server_line_room is called when there is room again.
 */
size_t session_type(struct session *session, size_t vm, const uint8_t *bytes, size_t count);

/**
 * Ask the VMM of vms[@vm] for @what, one of PV_VMM_ASK_*. False: the line has no room now, nothing
 * was asked.
 */
bool session_ask_vmm(struct session *session, size_t vm, const char *what);

/** Let the agent of vms[@vm] send what it has to, now and when its time comes. */
void session_agent_work(struct session *session, size_t vm);

/** Map the windows of agents: the machine was started. */
void session_windows_open(struct session *session);

/** Unmap them: agents say nothing any more. */
void session_windows_close(struct session *session);

/** Before the other two. */
void session_health_init(struct session_vm *vm);

/** An agent of @vm is there: let it run the VM's health check, if there is one and it @is_new. */
void session_health_hello(struct session_vm *vm, bool is_new);

/** The VM is off, or the machine: its check went with its agent. */
void session_health_end(struct session_vm *vm);

/** An agent of @vm is there: let it tell how the VM's command ends, unless it does or that is always run again. */
void session_command_hello(struct session_vm *vm, bool is_new);

/** The VM is off, or the machine: what would tell of its command went with its agent. */
void session_command_end(struct session_vm *vm);

/**
 * Ask the guest of vms[@vm] what of its pools was in use at most, unless it is being asked or has none:
 * runstate knows when vms[@vm].pools has ended, which is a RUNSTATE_COUNTED.
 */
void session_pools_ask(struct session *session, size_t vm);

/** Add a line of @who to the system's log. */
void session_log(struct session *session, const char *who, const char *line);

/** Milliseconds since the machine was started. */
uint64_t session_age_ms(const struct session *session);

#endif
