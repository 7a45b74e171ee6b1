/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far a running system has come: the state of each VM and connection, as told by the kernel's
 * log (channel 0), the lines of the VMMs (abi/vmm.h) and the agents. Pure: no file descriptors, no
 * clock, so that every order of reports can be tested. What a guest writes reaches its own state
 * alone: its console proves that the VM runs, and its kernel's last words that it does not.
 *
 *   waiting => booting   "pv: domains …", the kernel's last line before it lets all VMs run, or
 *                        some output of the VM
 *   booting => up        HELLO of its agent; without an agent both steps at once
 *   booting, up => halted   its kernel's last words on its console, as after `halt -f` or a panic:
 *                        no call tells, and its CPUs turn in place
 *   halted => up         HELLO of its agent, which is asked then; without one, another line
 *   any => stopped       "pv: domain NAME stopped: " or "vm off ", and poweroff, reset or request
 *   any => failed        the same and anything else (fault, watchdog, vmm); "vm failed …"
 *   any => restarting    "vm restart REASON in N ms"
 *   any => booting       "vm starting N", N > 1, or of what was off
 *
 * A VM without autostart is stopped until then, and nothing waits for it.
 *
 * A connection is up while its session is ("connection PEER up", "… down"), both VMs run, and each
 * of its devices is ready:
 *
 *   waiting => idle      "device PEER/N backend ready"
 *   idle => ready        "device PEER/N started": the guest's driver has taken it; at once if the
 *                        VM boots a root file system that is not ours, and need not use it
 *   ready => idle        "device PEER/N stopped"
 *   any => waiting       "device PEER/N backend gone", or the end of the session
 *   waiting => full      "device PEER/N backend full"; until one of those
 *   waiting => absent    "device PEER/N backend absent"; likewise
 *   any => failed        "device PEER/N failed"; until "… started", "… stopped" or that end
 *   any => lost          "device PEER/N lost"; until the same
 *
 * A VM with a health check is more: what its agent's command says, which is that VM's word alone.
 *
 *   starting => healthy, unhealthy   its check says so, or ends
 *   healthy <=> unhealthy            likewise
 *   any => starting                  its agent starts, and is told to begin
 *
 * So is how its command has ended, where that is not always run again: "running", "done" (its exit status was 0),
 * "failed (STATUS)", "failed (signal NUMBER)"; when the VM is off it is not known any more.
 *
 * The VMM of a VM that is off goes on: the session that it has as driver stays. That of the device
 * VM ends with its VM.
 */
#ifndef TOPO_RUNNER_RUNSTATE_H
#define TOPO_RUNNER_RUNSTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/err.h"
#include "abi/vmm.h"
#include "topo/image/system.h"

/* X(name, number, text) */
#define RUN_VM_STATES(X)                                                                           \
	X(RUN_VM_WAITING, 0, "waiting")                                                            \
	X(RUN_VM_BOOTING, 1, "booting")                                                            \
	X(RUN_VM_UP, 2, "up")                                                                      \
	X(RUN_VM_STOPPED, 3, "stopped")                                                            \
	X(RUN_VM_FAILED, 4, "failed")                                                              \
	X(RUN_VM_HALTED, 5, "halted")                                                              \
	X(RUN_VM_RESTARTING, 6, "restarting")

#define RUN_VM_STATE_ENUM(name, number, text) name = (number),
enum run_vm_state { RUN_VM_STATES(RUN_VM_STATE_ENUM) RUN_VM_STATE_COUNT };
#undef RUN_VM_STATE_ENUM

/* X(name, number, text) */
#define RUN_DEVICE_STATES(X)                                                                       \
	X(RUN_DEVICE_WAITING, 0, "waiting")                                                        \
	X(RUN_DEVICE_READY, 1, "ready")                                                            \
	X(RUN_DEVICE_FAILED, 2, "failed")                                                          \
	X(RUN_DEVICE_FULL, 3, "full")                                                              \
	X(RUN_DEVICE_IDLE, 4, "idle")                                                              \
	X(RUN_DEVICE_LOST, 5, "lost")                                                              \
	X(RUN_DEVICE_ABSENT, 6, "absent")

#define RUN_DEVICE_STATE_ENUM(name, number, text) name = (number),
enum run_device_state { RUN_DEVICE_STATES(RUN_DEVICE_STATE_ENUM) RUN_DEVICE_STATE_COUNT };
#undef RUN_DEVICE_STATE_ENUM

/* X(name, number, text) */
#define RUN_HEALTHS(X)                                                                             \
	X(RUN_HEALTH_NONE, 0, "none")                                                              \
	X(RUN_HEALTH_STARTING, 1, "starting")                                                      \
	X(RUN_HEALTH_HEALTHY, 2, "healthy")                                                        \
	X(RUN_HEALTH_UNHEALTHY, 3, "unhealthy")

#define RUN_HEALTH_ENUM(name, number, text) name = (number),
enum run_health { RUN_HEALTHS(RUN_HEALTH_ENUM) RUN_HEALTH_COUNT };
#undef RUN_HEALTH_ENUM

#define RUNSTATE_REASON_BYTES 240U
#define RUNSTATE_HEALTH_BYTES 160U
#define RUNSTATE_COMMAND_BYTES 32U
#define RUNSTATE_COMMAND_RUNS "running"
#define RUNSTATE_COMMAND_DONE "done"

/* DMA of a device that its SMMU has stopped, as the VMM says. */
struct runstate_faults {
	uint64_t count; /* since the machine started: at least so many */
	uint64_t last;  /* address */
};

/* What a VMM counts of its VM, in the order of its lines. X(name, number, text) */
#define RUN_COUNTERS(X)                                                                            \
	X(RUN_COUNTER_WAITS, 0, "waits")                                                           \
	X(RUN_COUNTER_REGISTERS, 1, "registers")                                                   \
	X(RUN_COUNTER_DOORBELLS, 2, "doorbells")                                                   \
	X(RUN_COUNTER_READS, 3, "reads")                                                           \
	X(RUN_COUNTER_WRITES, 4, "writes")                                                         \
	X(RUN_COUNTER_CALLS, 5, "calls")                                                           \
	X(RUN_COUNTER_FAULTS, 6, "faults")                                                         \
	X(RUN_COUNTER_TIME, 7, "time_us")                                                          \
	X(RUN_COUNTER_HELD, 8, "held_us")                                                          \
	X(RUN_COUNTER_INTERRUPTS, 9, "interrupts")

#define RUN_COUNTER_ENUM(name, number, text) name = (number),
enum run_counter { RUN_COUNTERS(RUN_COUNTER_ENUM) RUN_COUNTER_COUNT };
#undef RUN_COUNTER_ENUM

/* And of a connection. X(name, number, text) */
#define RUN_TRAFFIC(X)                                                                             \
	X(RUN_TRAFFIC_KICKS, 0, "kicks")                                                           \
	X(RUN_TRAFFIC_CALLS, 1, "calls")                                                           \
	X(RUN_TRAFFIC_ERRORS, 2, "errors")

#define RUN_TRAFFIC_ENUM(name, number, text) name = (number),
enum run_traffic { RUN_TRAFFIC(RUN_TRAFFIC_ENUM) RUN_TRAFFIC_COUNT };
#undef RUN_TRAFFIC_ENUM

struct runstate_vm {
	enum run_vm_state state;
	bool was_up;
	enum run_health health; /* while it is up; NONE: it has no check */
	bool was_healthy;
	char command[RUNSTATE_COMMAND_BYTES];  /* how far it is; "" = it is always run again */
	char unhealthy[RUNSTATE_HEALTH_BYTES]; /* why it is, in its own words */
	char reason[RUNSTATE_REASON_BYTES];    /* stopped, failed, halted and restarting: why */
	char last_end[RUNSTATE_REASON_BYTES];  /* why it last ended, if it ever did */
	uint32_t start_count;                  /* as its VMM says; 0 = it has said nothing */
	uint32_t halt_count;                   /* how often it has said that it halted */
	struct runstate_faults faults[SYSTEM_HARDWARE_MAX]; /* of each of its devices */
	uint64_t counters[RUN_COUNTER_COUNT];
	uint32_t answer_count; /* how often it has told all of them */
};

struct runstate_device {
	bool needs_driver;             /* ready only when the guest's driver has started it */
	enum run_device_state backend; /* waiting, ready or full */
	bool started;
	enum run_device_state trouble; /* failed or lost; ready: none */
	uint32_t backend_count;        /* back ends that became ready so far */
};

struct runstate_connection {
	bool has_session;
	bool up;
	bool was_up;
	uint32_t session_count; /* sessions that came up so far */
	uint64_t traffic[RUN_TRAFFIC_COUNT];
	bool pool_told;     /* when last asked, the driver VM's guest has told: */
	uint64_t pool_used; /* bytes of the pool in use at most, since the guest started */
	struct runstate_device devices[PV_VMM_DEVICES_MAX];
};

enum runstate_event_kind {
	RUNSTATE_KERNEL,     /* the kernel has written its first line */
	RUNSTATE_REFUSED,    /* the kernel does not take the image; text says why */
	RUNSTATE_VM,         /* vms[index] has a new state */
	RUNSTATE_CONNECTION, /* connections[index] is up or down */
	RUNSTATE_TROUBLE,    /* text: a report of the kernel or a VMM that people want to see */
	RUNSTATE_DEVICE,     /* a device of connections[index] has a new state */
	RUNSTATE_FAULTS,     /* DMA of a device of vms[index] has faulted; text: its name */
	RUNSTATE_COUNTED,    /* the VMM or the guest of vms[index] has told what it counts */
	RUNSTATE_HEALTH,     /* vms[index] says something else of its health */
	RUNSTATE_COMMAND     /* the command of vms[index] has ended, for good; text: how */
};

struct runstate_event {
	enum runstate_event_kind kind;
	size_t index;
	const char *text; /* valid during the call */
};

typedef void runstate_sink(void *owner, const struct runstate_event *event);

struct runstate {
	const struct system *system;
	runstate_sink *sink;
	void *owner;
	struct runstate_vm *vms;                 /* one for each of system->vms */
	struct runstate_connection *connections; /* one for each of system->connections */
	bool kernel_runs;
	bool refused;
	char fault
		[RUNSTATE_REASON_BYTES]; /* the latest "pv: fault", until a domain's end takes it */
};

/**
 * Everything of @system is waiting. @sink is called by the functions below for each change.
 * @system must outlive the state. Errors: ERR_FULL without memory.
 */
MUST_USE err_t runstate_init(struct runstate *state, const struct system *system,
                             runstate_sink *sink, void *owner);

/** Give the memory back; a state of zeroes may be freed too. */
void runstate_free(struct runstate *state);

/** A line of the kernel's log. */
void runstate_kernel_line(struct runstate *state, const char *line);

/** A line of the VMM of vms[@vm]. */
void runstate_vmm_line(struct runstate *state, size_t vm, const char *line);

/** "BB:DD.F faults N last ADDRESS" from the VMM of vms[@vm], behind "stream ". */
void runstate_stream_line(struct runstate *state, size_t vm, const char *text);

/** @line, of a VMM, tells what it counts: nothing for people. */
bool runstate_is_counted(const char *line);

/** Such a line of the VMM of vms[@vm]. */
void runstate_counted_line(struct runstate *state, size_t vm, const char *line);

/** The guest or the VMM of vms[@vm] has written something. */
void runstate_vm_output(struct runstate *state, size_t vm);

/** A line of the console of vms[@vm]. Whether it says that the VM has halted: ask its agent. */
MUST_USE bool runstate_vm_line(struct runstate *state, size_t vm, const char *line);

/** The agent of vms[@vm] has said HELLO. */
void runstate_vm_agent(struct runstate *state, size_t vm);

/**
 * The health check of vms[@vm] says @health, or is told to begin. @why: of one that is unhealthy, a line that is
 * fit to be shown. Whether that is something else than before.
 */
bool runstate_vm_health(struct runstate *state, size_t vm, enum run_health health, const char *why);

/** Nothing of its health is known, as at the start; nobody is told: vms[@vm] is off, which says more. */
void runstate_vm_health_over(struct runstate *state, size_t vm);

/**
 * A line of what tells of the command of vms[@vm] (images/rootfs/once.c): how it has ended.
 */
void runstate_vm_command(struct runstate *state, size_t vm, const char *line);

/** As at the start; nobody is told, likewise. */
void runstate_vm_command_over(struct runstate *state, size_t vm);

/** Has vms[@vm] ended, one way or another, for good? */
bool runstate_vm_ended(const struct runstate *state, size_t vm);

/** Has everything been up: each VM, and healthy where it has a check, and each connection between VMs that still run? */
bool runstate_ready(const struct runstate *state);

/** Can runstate_ready never come, since something ended first or the image was refused? */
bool runstate_hopeless(const struct runstate *state);

/** Is vms[@vm] a reason for runstate_ready to be false? */
bool runstate_vm_missing(const struct runstate *state, size_t vm);

/** Is connections[@connection] a reason for runstate_ready to be false? */
bool runstate_connection_missing(const struct runstate *state, size_t connection);

/** Have all VMs ended, and none of them failed? */
bool runstate_ended_well(const struct runstate *state);

/** Have all VMs ended, one way or another? */
bool runstate_ended(const struct runstate *state);

/** Index of the VM called @name; system->vm_count when there is none. */
size_t runstate_find_vm(const struct system *system, const char *name);

/** "up", … */
const char *run_vm_state_text(enum run_vm_state state);

/** "healthy", … */
const char *run_health_text(enum run_health health);

/** "waits", …; "kicks", … */
const char *run_counter_text(enum run_counter counter);
const char *run_traffic_text(enum run_traffic traffic);

/** How far @device is. */
enum run_device_state runstate_device_state(const struct runstate_device *device);

/** "ready", … */
const char *run_device_state_text(enum run_device_state state);

#endif
