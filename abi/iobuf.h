/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control protocol of a connection: two pages, each written by one side alone.
 *
 * Page 0 is written by the driver VM's VMM and read by the device VM; page 1 the other way round.
 * Each page holds a header and one single-producer ring. Each side takes the other's page for
 * hostile: it reads a field once, checks it, and goes on with the copy.
 *
 * Sessions. `epoch` names an incarnation of the page's writer and is never 0 once it is up.
 * `peer_epoch` is the incarnation of the other side that the writer has seen and set its rings to
 * zero for. A session is up for a side when own.peer_epoch == other.epoch and
 * other.peer_epoch == own.epoch. On seeing a new other.epoch a side sets its `produced` and
 * `consumed` to 0, then writes peer_epoch, then rings the control doorbell; it consumes and
 * produces messages only while the session is up. So either side may die and come back: the
 * driver side sends the state of all its devices anew in each session. A new epoch of the device
 * side is a promise that no device's queues are touched: it counts as the answer to each STOP.
 *
 * Storage. What a driver was told is written must be there as long as its rings live. So storage
 * has an identity, a random number that is made with it and kept where it lies. READY says it,
 * each START of a life of the rings says again the one that this life runs over, and where that is
 * no longer what the back end has, each request fails and the answer is LOST. The device side
 * starts no queue over storage whose identity the VMM has not taken.
 *
 * Ring. `produced` and `consumed` run freely (mod 2^32); slot i is produced % PV_IOBUF_SLOTS. The
 * producer writes the slot, then (store-release) `produced`, then rings. `consumed` on a page
 * counts the messages that the page's writer has taken from the *other* page's ring. A distance
 * produced - consumed above PV_IOBUF_SLOTS breaks the protocol: the session is dead until the
 * offender shows a new epoch.
 */
#ifndef ABI_IOBUF_H
#define ABI_IOBUF_H

#include <stddef.h>
#include <stdint.h>

#define PV_IOBUF_MAGIC 0x31425650U /* "PVB1", little-endian */
#define PV_IOBUF_VERSION 2U
#define PV_IOBUF_SLOTS 32U /* power of two */
#define PV_IOBUF_PAYLOAD 56U

struct pv_iobuf_message {
	uint32_t kind;   /* enum pv_iobuf_kind */
	uint32_t device; /* index of the device in its connection */
	uint8_t payload[PV_IOBUF_PAYLOAD];
};

struct pv_iobuf_page {
	uint32_t magic;
	uint32_t version;
	uint32_t epoch;
	uint32_t peer_epoch;
	uint32_t produced;
	uint32_t consumed;
	uint32_t reserved[10];
	struct pv_iobuf_message slots[PV_IOBUF_SLOTS];
	uint8_t padding[4096 - 64 - PV_IOBUF_SLOTS * sizeof(struct pv_iobuf_message)];
};

enum pv_iobuf_kind {
	/* Page 0, driver VM's VMM to device VM. */
	PV_CTL_QUEUE = 1, /* pv_ctl_queue: one queue of a device that is about to start */
	PV_CTL_START = 2, /* pv_ctl_start: DRIVER_OK; the queues given since the last STOP run */
	PV_CTL_STOP = 3,  /* pv_ctl_stop: device reset; touch no queue of it after STOPPED */

	/* Page 1, device VM to driver VM's VMM. */
	PV_CTL_READY = 16,   /* pv_ctl_ready: a backend stands behind the device */
	PV_CTL_GONE = 17,    /* no payload: it does not (yet, or any longer) */
	PV_CTL_STARTED = 18, /* pv_ctl_stop: the START with that number is carried out */
	PV_CTL_STOPPED = 19, /* pv_ctl_stop: the STOP with that number is carried out */
	PV_CTL_FAILED = 20,  /* pv_ctl_failed: the backend refuses the device as set up */
	PV_CTL_FULL = 21,    /* no payload: GONE, for want of room where its storage lies */
	PV_CTL_LOST = 22,    /* pv_ctl_stop: the START with that number is carried out, over storage
	                        that is another: all that is asked of the device fails until STOP */
	PV_CTL_ABSENT = 23   /* no payload: GONE, for want of what its storage lies on */
};

/* A virtqueue, split layout (virtio 1.2, 2.7). Addresses are the driver VM's guest-physical. */
struct pv_ctl_queue {
	uint32_t queue;
	uint32_t size; /* power of two, <= the topology's queue_size */
	uint64_t desc;
	uint64_t driver; /* available ring */
	uint64_t device; /* used ring */
};

#define PV_START_AGAIN (1U << 0) /* this life of the rings was begun in an earlier session */

struct pv_ctl_start {
	uint64_t features; /* negotiated, a subset of those of the topology */
	uint32_t sequence; /* of START and STOP of this device together, counted up by the VMM; a
	                      START that is sent anew in a new session keeps its number: same
	                      number, same life of the rings */
	uint32_t flags;    /* PV_START_* */
	uint64_t identity; /* of the storage that this life runs over: what stood behind the device
	                      when it began, or the first that came since; 0: none came yet */
};

struct pv_ctl_ready {
	uint64_t identity; /* of the storage behind the device; 0: it has none */
};

struct pv_ctl_stop {
	uint32_t sequence;
	uint32_t reserved;
};

struct pv_ctl_failed {
	uint32_t sequence;
	int32_t error; /* enum pv_error; ERR_RANGE: rings outside of memdev */
};

/*
 * Doorbells and interrupts of a connection, both directions alike: number 0 is the control
 * channel, number 1 + first_queue(device) + queue a virtqueue, where first_queue counts the queues
 * of the devices before it in the connection.
 */
#define PV_CONNECTION_CONTROL 0U
#define PV_CONNECTION_QUEUE 1U

_Static_assert(sizeof(struct pv_iobuf_message) == 64, "iobuf message");
_Static_assert(sizeof(struct pv_iobuf_page) == 4096, "iobuf page");
_Static_assert(offsetof(struct pv_iobuf_page, slots) == 64, "iobuf slots");
_Static_assert(sizeof(struct pv_ctl_queue) == 32, "ctl queue");
_Static_assert(sizeof(struct pv_ctl_start) == 24, "ctl start");

#endif
