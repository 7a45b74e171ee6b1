/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device VM's end of the control protocol (abi/iobuf.h): what the driver VM's VMM says becomes
 * a wish for each device, back ends are started and stopped until they do what is wished, and what
 * was done is reported. No I/O: connection.c brings the pages, the back ends and the doorbell.
 *
 * The peer is hostile. A message that an honest VMM cannot send (unknown kind, no such device or
 * queue, START of a started device) ends the session for good: all its devices stop and nothing
 * is heard until the peer begins a new one. What the guest behind an honest VMM can cause (rings
 * outside of memdev) is answered with FAILED. Reports are flags, one of a kind for each device, so
 * a ring that the peer does not empty costs nothing and loses nothing that matters.
 *
 *             START                    control_started
 *      IDLE ---------> STARTING -------------------------> RUNNING
 *       ^                  | STOP, session over               | STOP, session over
 *       |  control_stopped v                                  |
 *       +------------- STOPPING <-----------------------------+
 */
#ifndef BACKEND_DAEMON_CONTROL_H
#define BACKEND_DAEMON_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/err.h"
#include "abi/vmm.h"
#include "backend/daemon/dt.h"
#include "backend/daemon/ring.h"
#include "lib/iobuf.h"

/* A device as its driver has set it up; checked: features offered, rings inside of memdev. */
struct control_setup {
	uint64_t features; /* negotiated */
	uint64_t identity; /* of the storage that these rings began over; 0: over what is there */
	uint32_t sequence; /* names this life of the rings, abi/iobuf.h */
	bool again;        /* it was begun in an earlier session */
	uint32_t given;    /* bit q: the driver uses queue q, and queues[q] is valid; never 0 */
	struct pv_ctl_queue queues[PV_VMM_QUEUES_MAX];
};

enum control_phase {
	CONTROL_IDLE, /* nobody touches a queue of it; so before control_begin() already */
	CONTROL_STARTING,
	CONTROL_RUNNING,
	CONTROL_STOPPING
};

/* What is known of a device's back end; each is reported as it changes. */
enum control_backend {
	CONTROL_BACKEND_GONE, /* so before control_begin() already */
	CONTROL_BACKEND_READY,
	CONTROL_BACKEND_FULL,  /* gone, until there is room where its storage lies */
	CONTROL_BACKEND_ABSENT /* gone, until what its storage lies on is there */
};

/* Reports that are owed to the peer: bits, in the order in which they are sent. */
enum control_report {
	CONTROL_REPORT_GONE,
	CONTROL_REPORT_READY,
	CONTROL_REPORT_FULL,
	CONTROL_REPORT_ABSENT,
	CONTROL_REPORT_STOPPED,
	CONTROL_REPORT_FAILED,
	CONTROL_REPORT_STARTED,
	CONTROL_REPORT_LOST,
	CONTROL_REPORT_COUNT
};

/* What the state machine asks of its owner. start and stop may answer from within the call. */
struct control_host {
	void *owner;
	/* Let the back end of @device serve the queues; answer with control_started(), _lost() or
	 * _failed().
	 * @setup stays valid and constant until the device is idle again. */
	void (*start)(void *owner, uint32_t device, const struct control_setup *setup);
	/* Let it touch no queue any more, also one that is starting; answer with
	 * control_stopped(), and with nothing else any more. */
	void (*stop)(void *owner, uint32_t device);
	void (*ring)(void *owner); /* the control doorbell */
};

struct control_device {
	enum control_phase phase;
	enum control_backend backend;
	bool wanted;                  /* between START and STOP */
	bool failed;                  /* START was refused; until STOP */
	bool told;                    /* STARTED or LOST was said of this START */
	uint64_t identity;            /* of the storage of the back end; 0: it has none */
	uint32_t ready_position;      /* behind the last READY, iobuf_position() */
	struct control_setup next;    /* what QUEUE messages gather for the next START */
	struct control_setup wish;    /* of the START, while wanted */
	struct control_setup current; /* what the back end has, unless idle */
	uint32_t owed;                /* bits: enum control_report */
	bool stop_asked;              /* STOPPED is owed as soon as the device is idle */
	uint32_t stop_sequence;       /* what STOPPED answers */
	err_t err;                    /* of FAILED */
};

struct control {
	/* Set by control_open(), then constant. */
	struct control_host host;
	const struct dt_connection *config;
	const struct ring_memory *memory;

	struct iobuf iobuf;
	bool broken; /* the peer broke the protocol in this session */
	struct control_device devices[PV_VMM_DEVICES_MAX];
};

/**
 * All devices are idle and without a back end, and nobody is spoken to. What is pointed to stays
 * valid.
 */
void control_open(struct control *control, const struct control_host *host,
                  const struct dt_connection *config, const struct ring_memory *memory);

/**
 * Show a new epoch on the page @own, opposite @peer. It promises the peer that no device's queues
 * are touched (abi/iobuf.h), so nothing that a predecessor started may run any more. Rings.
 */
void control_begin(struct control *control, volatile struct pv_iobuf_page *own,
                   const volatile struct pv_iobuf_page *peer);

/** After control_begin(): serve the session and messages that have come. Returns true if more are waiting: call again. */
MUST_USE bool control_poll(struct control *control);

/** The back end of device @index is there, or (only while it touches no queue) is not. A device that
 * ran starts again when a back end comes back. */
void control_set_backend(struct control *control, uint32_t index, enum control_backend backend);

/** The storage of the back end that comes next is @identity; 0: it has none. */
void control_set_identity(struct control *control, uint32_t index, uint64_t identity);

/** The start that was asked for is carried out. */
void control_started(struct control *control, uint32_t index);

/** It is, over storage that is not what the rings began over: each request fails. */
void control_lost(struct control *control, uint32_t index);

/** The stop that was asked for is carried out. */
void control_stopped(struct control *control, uint32_t index);

/** The back end refuses the setup, or cannot go on with it; it touches no queue. */
void control_failed(struct control *control, uint32_t index, err_t err);

#endif
