/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver VM's end of a connection (abi/iobuf.h, docs/connection.md): it tells the backend what
 * the guest made of its devices, and the devices what became of it. Nothing is queued: for each
 * device it keeps what the backend has been told in this session (struct device_link) and sends
 * what is missing whenever the ring has room, so memory is bounded and nothing is lost.
 *
 * Invariant: while a device's link is not LINK_IDLE the guest does not see its reset done. A session
 * that ends makes it idle: the new epoch that ends it promises that nothing touches the queues. A
 * device VM that does not answer in CONNECTION_STOP_MS loses the session: it can withhold its
 * devices, but not keep a guest from going on without them.
 */
#ifndef VMM_SESSION_CONNECTION_H
#define VMM_SESSION_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/vmm.h"
#include "lib/iobuf.h"
#include "vmm/base/alarm.h"
#include "vmm/virtio/virtio_pci.h"

#define CONNECTION_STOP_MS 10000U

/*
 * What the backend has been told of a device in this session:
 *   IDLE => STARTED (all QUEUE and START sent) => STOPPING (STOP sent) => IDLE (STOPPED came)
 * and from each back to IDLE when the session ends.
 */
enum link_phase { LINK_IDLE, LINK_STARTED, LINK_STOPPING };

enum link_backend { BACKEND_GONE, BACKEND_READY, BACKEND_FULL, BACKEND_ABSENT };

enum link_answer { ANSWER_NONE, ANSWER_STARTED, ANSWER_LOST, ANSWER_FAILED };

struct device_link {
	enum link_phase phase;
	uint32_t next_queue; /* in LINK_IDLE: the queues before it have been looked at and sent */
	uint32_t sequence;   /* of the last START or STOP; never goes back, over all sessions */
	bool is_announced;   /* sequence is that of a START, and no reset came since: a new session
	                        is told the same number, since the rings are the same */
	enum link_answer answer;   /* to that START */
	enum link_backend backend; /* the last of these words that came */
	uint64_t behind;           /* identity of what is behind the device; 0: none, or unknown */
	uint64_t identity;         /* pv_ctl_start.identity of the rings, while is_announced */
};

/* A device of a connection: the guest's view of it, and what the backend knows. */
struct served {
	struct connection *connection; /* constant */
	struct virtio_pci function;
	struct device_link link;
};

struct connection {
	/* Set by connection_init, then constant. */
	const struct pv_vmm_connection *config;
	uint32_t cap_log;
	struct served *devices; /* config->device_count of them */
	struct alarms *alarms;

	struct iobuf iobuf;
	bool owes_ring;      /* something was sent since the last ring */
	uint32_t lines_left; /* log lines that the peer may still cause */
	uint64_t errors;     /* how often the peer has broken the protocol */
};

/** Open this end with a new epoch and show it to the peer. @devices are in power-on state. */
void connection_init(struct connection *connection, const struct pv_vmm_connection *config,
                     uint32_t cap_log, struct served *devices, struct alarms *alarms);

/** The peer rang: follow the session, take what it sent (bounded), send what is missing. */
void connection_serve(struct connection *connection);

/** The guest wrote to device @number: tell the backend what changed, finish a reset if it can. */
void connection_update(struct connection *connection, uint32_t number);

/** As if the guest had reset each device: each is done when virtio.is_resetting is false. */
void connection_reset_devices(struct connection *connection);

/** The alarm of device @number, ALARM_DEVICE + config->device_first + @number, is due. */
void connection_expire(struct connection *connection, uint32_t number);

#endif
