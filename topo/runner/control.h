/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the commands topo ps, stop, console, logs and exec speak to the runner of a system: frames
 * over the Unix stream socket `control` in its run directory. Both ends are the same user on the
 * same machine, mostly the same program; numbers are in host order.
 *
 * A frame is a struct control_header and `bytes` of payload. A connection serves one request: the
 * client's first frame, a struct control_request and what its kind adds. The runner answers with
 * CONTROL_ERROR and closes, or with CONTROL_OK and then:
 *
 *   STATUS   SYSTEM, a VM for each VM, a CONNECTION for each connection, END; closes.
 *   STATS    the same, with a COUNTERS behind each VM and a TRAFFIC behind each CONNECTION; when all
 *            VMMs have told what they count, and guests if that is wanted, or have not for
 *            CONTROL_STATS_LIMIT_MS.
 *   STOP     nothing more; the connection closes when the system has ended.
 *   WATCH    END when the system has ended. Tells `topo logs --follow` when to stop: a connection that
 *            closes without one says nothing of the system.
 *   ASK      adds the text of a PV_VMM_ASK_* for the VMM of a VM. OK comes when those who have asked
 *            before have had their turn; END when the VM has gone off, or has begun to start; closes.
 *            ERROR in its place when its VMM has not done so for CONTROL_ASK_LIMIT_MS.
 *   EVENTS   SYSTEM, a VM for each VM, a CONNECTION for each connection, END; then a VM or a
 *            CONNECTION for each that changes, and a second END when the system has ended. A
 *            connection that closes without one says nothing of the system.
 *   INSPECT  SYSTEM, a VM for the one that is asked for, a FACT for each that there is of it, END; closes.
 *   CONSOLE  adds nothing. OUTPUT both ways: what the guest writes, what the user types. NOTE is
 *            for the user. The first OUTPUT is the end of what was written before. END and NOTE,
 *            when the VM or the system ends. Of several clients of one console the latest writes.
 *   EXEC     adds the argument vector, each argument ended by a NUL. From the client OUTPUT is
 *            standard input, END its end, SIGNAL a signal for the command, SIZE that of its
 *            terminal. To the client OUTPUT
 *            and OUTPUT_ERROR, and EXIT as the last frame (or ERROR).
 *
 * Flow. The client sends OUTPUT only within its credit, which starts with the u32 that OK carries
 * and grows by that of each CREDIT: so the runner always reads, and a SIGNAL or the end of the
 * connection never waits behind input that nobody takes. Towards a client that does not read, a
 * console skips and says so; a command is stopped (SIGSTOP) until the client has caught up.
 */
#ifndef TOPO_RUNNER_CONTROL_H
#define TOPO_RUNNER_CONTROL_H

#include <stdint.h>

#include "abi/err.h"
#include "abi/vmm.h"
#include "topo/image/system.h"
#include "topo/runner/fifo.h"
#include "topo/runner/runstate.h"

#define CONTROL_VERSION 14U
#define CONTROL_PAYLOAD_MAX 16384U
#define CONTROL_NAME_BYTES 64U
/* Commands PV_AGENT_CONNECT of a VM at a time: fewer than its agent runs, so that others have theirs beside. */
#define CONTROL_CONNECTS_MAX 12U
#define CONTROL_PATH_BYTES 1024U
/* A VMM acts at once, or when it has given up devices whose VM does not answer: after 10 s (docs/vmm.md). */
#define CONTROL_ASK_LIMIT_MS 30000U

enum control_kind {
	/* the client's first frame */
	CONTROL_STATUS = 1,
	CONTROL_STOP = 2,
	CONTROL_WATCH = 3,
	CONTROL_CONSOLE = 4,
	CONTROL_EXEC = 5,
	CONTROL_ASK = 6,
	CONTROL_EVENTS = 7,
	CONTROL_STATS = 9,
	CONTROL_INSPECT = 10,
	/* later frames of the client */
	CONTROL_SIGNAL = 8, /* u32: number */
	CONTROL_SIZE = 11,  /* struct control_size */
	/* both */
	CONTROL_OUTPUT = 16, /* bytes */
	CONTROL_END = 17,    /* no payload */
	/* the runner's */
	CONTROL_OK = 32,           /* u32: credit */
	CONTROL_ERROR = 33,        /* text without a NUL */
	CONTROL_SYSTEM = 34,       /* struct control_system */
	CONTROL_VM = 35,           /* struct control_vm */
	CONTROL_CONNECTION = 36,   /* struct control_connection */
	CONTROL_OUTPUT_ERROR = 37, /* bytes */
	CONTROL_EXIT = 38,         /* struct control_exit */
	CONTROL_NOTE = 39,         /* text without a NUL */
	CONTROL_CREDIT = 40,       /* u32: further bytes */
	CONTROL_COUNTERS = 41,     /* struct control_counters */
	CONTROL_TRAFFIC = 42,      /* struct control_traffic */
	CONTROL_FACT = 43          /* struct control_fact */
};

struct control_header {
	uint32_t kind;  /* enum control_kind */
	uint32_t bytes; /* of the payload, <= CONTROL_PAYLOAD_MAX */
};

/* Of a terminal. */
struct control_size {
	uint16_t rows;
	uint16_t columns;
};

struct control_request {
	uint32_t version;            /* CONTROL_VERSION */
	uint32_t limit_ms;           /* EXEC: time limit, 0 = none */
	struct control_size size;    /* EXEC: of the command's terminal; no rows: it has none */
	uint32_t guests;             /* STATS: not 0: ask guests as well, of their pools */
	char vm[CONTROL_NAME_BYTES]; /* CONSOLE, EXEC, ASK, INSPECT */
};

struct control_system {
	char name[CONTROL_NAME_BYTES];
	char topology[CONTROL_PATH_BYTES];
	char log_directory[CONTROL_PATH_BYTES];
	int32_t runner_pid;
	int32_t machine_pid;
	uint64_t age_ms; /* since the machine was started */
	uint32_t ready;  /* everything has been up */
	uint32_t ending;
};

/* A device of a VM: names are those of the report, cut to what fits. */
struct control_hardware {
	char name[CONTROL_NAME_BYTES];
	char where[CONTROL_NAME_BYTES];
	char dma[16];         /* "confined", … */
	char messages[16];    /* "forgeable", … */
	uint64_t fault_count; /* of its DMA */
	uint64_t last_fault;  /* address, if there was one */
};

struct control_vm {
	char name[CONTROL_NAME_BYTES];
	char description[256]; /* "" = none */
	char reason[256];      /* why it is off, or halted */
	char last_end[256];    /* why it was last off; "" = it never was */
	char log_name[CONTROL_NAME_BYTES];
	char addresses[256]; /* IPv4, with a comma between */
	char ports[256];     /* of the build host that lead to it, likewise */
	uint64_t ram_bytes;
	uint64_t up_ms;      /* since it was last up; 0 = it is not */
	char unhealthy[160]; /* why it is, in its own words */
	char command[32];    /* as of struct runstate_vm; "" where it is not up */
	uint32_t health;     /* enum run_health; NONE where it is not up */
	uint32_t state;      /* enum run_vm_state */
	uint32_t vcpu_count;
	uint32_t agent;
	uint32_t command_count; /* running by topo exec */
	uint32_t restart_count; /* how often it has been started again */
	uint32_t hardware_count;
	uint32_t hardware_more; /* devices besides */
	struct control_hardware hardware[SYSTEM_HARDWARE_MAX];
};

/* A struct system_fact. */
struct control_fact {
	uint32_t kind;
	char name[2 * CONTROL_NAME_BYTES];
	char text[CONTROL_PATH_BYTES];
	char digest[68]; /* "" = none */
};

#define CONTROL_TYPE_BYTES 16U

struct control_device {
	char type[CONTROL_TYPE_BYTES]; /* "net", … */
	uint32_t state;                /* enum run_device_state */
	uint32_t backend_count;        /* back ends that became ready so far */
};

struct control_connection {
	char device_vm[CONTROL_NAME_BYTES];
	char driver_vm[CONTROL_NAME_BYTES];
	uint32_t up;
	uint32_t has_session;
	uint32_t session_count; /* sessions that came up so far */
	uint32_t device_count;
	struct control_device devices[PV_VMM_DEVICES_MAX];
};

#define CONTROL_STATS_LIMIT_MS 2000U

struct control_counters {
	uint32_t answered; /* the VMM has told, for this request */
	uint32_t reserved;
	uint64_t counters[RUN_COUNTER_COUNT]; /* by enum run_counter */
};

struct control_traffic {
	uint32_t answered;                   /* the driver VM's VMM has */
	uint32_t pool_told;                  /* and its guest, of */
	uint64_t pool_used;                  /* bytes in use at most */
	uint64_t pool_bytes;                 /* of; 0 = the connection has no pool */
	uint64_t traffic[RUN_TRAFFIC_COUNT]; /* by enum run_traffic */
};

struct control_exit {
	uint32_t end;  /* enum pv_agent_end */
	uint32_t code; /* exit status or signal */
};

/* A frame in a fifo; the payload is valid until the fifo is changed. */
struct control_frame {
	uint32_t kind;
	uint32_t bytes;
	const uint8_t *payload;
};

#define CONTROL_FRAME_BYTES_MAX (sizeof(struct control_header) + CONTROL_PAYLOAD_MAX)

/**
 * Look at the first frame in @in without taking it; control_frame_drop does that.
 * Errors: ERR_EMPTY it is not complete yet; ERR_RANGE it is too long: the peer speaks another
 * protocol.
 */
MUST_USE err_t control_frame_peek(const struct fifo *in, struct control_frame *frame);

/** Take the frame that was looked at. */
void control_frame_drop(struct fifo *in, const struct control_frame *frame);

/**
 * Append a frame to @out. Errors: ERR_FULL it does not fit, nothing was appended; ERR_RANGE
 * @bytes > CONTROL_PAYLOAD_MAX.
 */
MUST_USE err_t control_frame_put(struct fifo *out, uint32_t kind, const void *payload,
                                 size_t bytes);

/**
 * Copy a payload of fixed form, which may be followed by more. Errors: ERR_ARG it is too short.
 */
MUST_USE err_t control_payload(const struct control_frame *frame, void *out, size_t bytes);

#endif
