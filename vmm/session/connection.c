/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Driver side of the control protocol (connection.h). The peer is hostile: what it sends is copied
 * once by lib/iobuf, then matched against device, phase and sequence; what does not match is
 * dropped. All it can do is stop serving. The work that one ring causes is bounded by the
 * constants below, the log lines that it causes in its whole life by LINES_MAX.
 */
#include "vmm/session/connection.h"

#include <stddef.h>

#include "lib/bits.h"
#include "lib/freestanding.h"
#include "vmm/base/log.h"
#include "vmm/calls.h"

#define SESSION_STEPS 4U /* changes followed in one go; an honest peer causes three */
#define LINES_MAX 4096U

/* "connection PEER WHAT", while the peer has lines left. */
static void log_connection(struct connection *connection, const char *what)
{
	struct line line = {0};

	if (connection->lines_left == 0) {
		return;
	}
	connection->lines_left--;
	line_text(&line, "connection ");
	line_text(&line, connection->config->peer);
	line_text(&line, connection->lines_left == 0 ? " says too much: no more lines" : what);
	line_write(&line, connection->cap_log);
}

/* "device PEER/N WHAT", while the peer has lines left. */
static void log_device(struct connection *connection, uint32_t number, const char *what)
{
	struct line line = {0};

	if (connection->lines_left <= 1) {
		log_connection(connection, "");
		return;
	}
	connection->lines_left--;
	line_text(&line, "device ");
	line_text(&line, connection->config->peer);
	line_text(&line, "/");
	line_number(&line, number);
	line_text(&line, what);
	line_write(&line, connection->cap_log);
}

static void ring(struct connection *connection)
{
	connection->owes_ring = false;
	(void)!call_doorbell_ring(connection->config->cap_ring);
}

/* What was told in the session that ended, or never began, counts no more. */
static void forget(struct device_link *link)
{
	link->phase = LINK_IDLE;
	link->next_queue = 0;
	link->answer = ANSWER_NONE;
}

static void end_session(struct connection *connection)
{
	for (uint32_t n = 0; n < connection->config->device_count; n++) {
		struct device_link *link = &connection->devices[n].link;

		forget(link);
		link->backend = BACKEND_GONE;
		link->behind = 0;
	}
}

/* Follow the peer's epochs, at most SESSION_STEPS of them. */
static void follow_session(struct connection *connection)
{
	for (uint32_t i = 0; i < SESSION_STEPS; i++) {
		switch (iobuf_poll_session(&connection->iobuf)) {
		case IOBUF_NONE:
			return;
		case IOBUF_GREETED:
			break;
		case IOBUF_UP:
			log_connection(connection, " up");
			break;
		case IOBUF_DOWN:
			log_connection(connection, " down");
			end_session(connection);
			break;
		}
		ring(connection);
	}
}

/* Send one message about device @number. @bytes: of @payload, <= PV_IOBUF_PAYLOAD. */
static err_t send(struct connection *connection, uint32_t number, enum pv_iobuf_kind kind,
                  const void *payload, size_t bytes)
{
	struct pv_iobuf_message message = {.kind = (uint32_t)kind, .device = number};
	err_t err;

	memcpy(message.payload, payload, bytes);
	err = iobuf_send(&connection->iobuf, &message);
	connection->errors += err == ERR_PEER ? 1 : 0;
	connection->owes_ring = connection->owes_ring || err == OK;
	return err;
}

/* Send what the backend does not know yet of a running device: its queues, then START. */
static err_t send_start(struct connection *connection, uint32_t number)
{
	const struct virtio *virtio = &connection->devices[number].function.virtio;
	struct device_link *link = &connection->devices[number].link;
	const struct pv_ctl_start start = {
		.features = virtio->driver_features,
		.sequence = link->sequence + !link->is_announced,
		.flags = link->is_announced ? PV_START_AGAIN : 0,
		.identity = link->is_announced ? link->identity : link->behind,
	};
	err_t err;

	for (; link->next_queue < virtio->config->queue_count; link->next_queue++) {
		const struct virtqueue *queue = &virtio->queues[link->next_queue];
		const struct pv_ctl_queue message = {.queue = link->next_queue,
		                                     .size = queue->size,
		                                     .desc = queue->desc,
		                                     .driver = queue->driver,
		                                     .device = queue->device};

		err = queue->enabled
		              ? send(connection, number, PV_CTL_QUEUE, &message, sizeof(message))
		              : OK;
		if (err != OK) {
			return err;
		}
	}
	err = send(connection, number, PV_CTL_START, &start, sizeof(start));
	if (err == OK) {
		link->phase = LINK_STARTED;
		link->sequence = start.sequence;
		link->is_announced = true;
		link->identity = start.identity;
		link->answer = ANSWER_NONE;
	}
	return err;
}

/* The guest waits for its reset: tell the backend, or finish it if the backend knows nothing. */
static err_t send_stop(struct connection *connection, uint32_t number)
{
	struct device_link *link = &connection->devices[number].link;
	const struct pv_ctl_stop stop = {.sequence = link->sequence + 1};
	err_t err;

	link->is_announced = false; /* what starts next are other rings */
	if (link->phase == LINK_IDLE && link->next_queue == 0) {
		virtio_pci_finish_reset(&connection->devices[number].function);
		return OK;
	}
	if (link->phase == LINK_STOPPING) {
		return OK;
	}
	err = send(connection, number, PV_CTL_STOP, &stop, sizeof(stop));
	if (err == OK) {
		link->phase = LINK_STOPPING;
		link->sequence = stop.sequence;
	}
	return err;
}

/* As long as the guest waits for a reset, there is an end to that. */
static void watch(const struct connection *connection, uint32_t number)
{
	uint32_t slot = ALARM_DEVICE + connection->config->device_first + number;

	if (!connection->devices[number].function.virtio.is_resetting) {
		alarm_clear(connection->alarms, slot);
	} else if (!alarm_is_set(connection->alarms, slot)) {
		alarm_set(connection->alarms, slot, CONNECTION_STOP_MS);
	}
}

/*
 * Bring the backend nearer to what the guest made of device @number. A full ring is no failure:
 * the backend rings when it has taken messages, and it goes on from there.
 */
static void reconcile(struct connection *connection, uint32_t number)
{
	const struct virtio *virtio = &connection->devices[number].function.virtio;

	if (connection->devices[number].link.backend == BACKEND_READY) {
		virtio_pci_serve(&connection->devices[number].function);
	}
	if (virtio->is_resetting) {
		(void)!send_stop(connection, number);
	} else if (virtio_is_running(virtio) &&
	           connection->devices[number].link.phase == LINK_IDLE &&
	           connection->iobuf.state == IOBUF_STATE_UP) {
		(void)!send_start(connection, number);
	}
	watch(connection, number);
}

static void reconcile_all(struct connection *connection)
{
	for (uint32_t n = 0; n < connection->config->device_count; n++) {
		reconcile(connection, n);
	}
}

/* Sending or receiving may have found that the session is over: say so, let resets go. */
static void settle(struct connection *connection)
{
	if (connection->iobuf.state == IOBUF_STATE_DEAD) {
		follow_session(connection);
		reconcile_all(connection);
	}
	if (connection->owes_ring) {
		ring(connection);
	}
}

static void take_started(struct connection *connection, uint32_t number, const uint8_t *payload)
{
	(void)payload;
	struct device_link *link = &connection->devices[number].link;

	if (link->phase == LINK_STARTED && link->answer == ANSWER_NONE) {
		link->answer = ANSWER_STARTED;
		log_device(connection, number, " started");
	}
}

/* The guest has to begin anew. */
static void break_device(struct connection *connection, uint32_t number, enum link_answer answer,
                         const char *what)
{
	struct device_link *link = &connection->devices[number].link;

	if (link->phase == LINK_STARTED && link->answer < answer) {
		link->answer = answer;
		log_device(connection, number, what);
		virtio_pci_break(&connection->devices[number].function);
	}
}

static void take_failed(struct connection *connection, uint32_t number, const uint8_t *payload)
{
	struct pv_ctl_failed failed;

	memcpy(&failed, payload, sizeof(failed));
	break_device(connection, number, ANSWER_FAILED,
	             failed.error == ERR_RANGE
	                     ? " failed: its rings are not in memdev; has the guest's kernel "
	                       "CONFIG_DMA_RESTRICTED_POOL?"
	                     : " failed");
}

static void take_lost(struct connection *connection, uint32_t number, const uint8_t *payload)
{
	(void)payload;
	break_device(connection, number, ANSWER_LOST, " lost");
}

static void take_stopped(struct connection *connection, uint32_t number, const uint8_t *payload)
{
	struct device_link *link = &connection->devices[number].link;

	(void)payload;
	if (link->phase == LINK_STOPPING) {
		forget(link);
		log_device(connection, number, " stopped");
		virtio_pci_finish_reset(&connection->devices[number].function);
	}
}

/* @identity: of the storage that is there now, if any. */
static void set_backend(struct connection *connection, uint32_t number, enum link_backend backend,
                        uint64_t identity, const char *what)
{
	struct device_link *link = &connection->devices[number].link;

	link->behind = identity;
	if (link->is_announced && link->identity == 0) {
		link->identity = identity;
	}
	if (link->backend != backend) {
		link->backend = backend;
		log_device(connection, number, what);
	}
}

/* The peer starts no queue over storage whose identity has not been taken: so it is told. */
static void take_ready(struct connection *connection, uint32_t number, const uint8_t *payload)
{
	struct pv_ctl_ready ready;

	memcpy(&ready, payload, sizeof(ready));
	set_backend(connection, number, BACKEND_READY, ready.identity, " backend ready");
	connection->owes_ring = connection->owes_ring || ready.identity != 0;
}

static void take_gone(struct connection *connection, uint32_t number, const uint8_t *payload)
{
	(void)payload;
	set_backend(connection, number, BACKEND_GONE, 0, " backend gone");
}

static void take_full(struct connection *connection, uint32_t number, const uint8_t *payload)
{
	(void)payload;
	set_backend(connection, number, BACKEND_FULL, 0, " backend full");
}

static void take_absent(struct connection *connection, uint32_t number, const uint8_t *payload)
{
	(void)payload;
	set_backend(connection, number, BACKEND_ABSENT, 0, " backend absent");
}

/* By kind. Those with a sequence count only with that of the last START or STOP. */
/* clang-format off */
static const struct {
	void (*take)(struct connection *connection, uint32_t number, const uint8_t *payload);
	bool has_sequence;
} kinds[] = {
	[PV_CTL_READY]   = { take_ready,   false },
	[PV_CTL_GONE]    = { take_gone,    false },
	[PV_CTL_STARTED] = { take_started, true  },
	[PV_CTL_STOPPED] = { take_stopped, true  },
	[PV_CTL_FAILED]  = { take_failed,  true  },
	[PV_CTL_FULL]    = { take_full,    false },
	[PV_CTL_LOST]    = { take_lost,    true  },
	[PV_CTL_ABSENT]  = { take_absent,  false },
};
/* clang-format on */

/* @message is our copy of what the peer wrote. The sequence is the first word of each payload. */
static void take(struct connection *connection, const struct pv_iobuf_message *message)
{
	uint32_t number = message->device;
	const uint8_t *payload = message->payload;
	uint32_t sequence = (uint32_t)payload[0] | (uint32_t)payload[1] << 8 |
	                    (uint32_t)payload[2] << 16 | (uint32_t)payload[3] << 24;

	if (message->kind >= ARRAY_COUNT(kinds) || kinds[message->kind].take == NULL ||
	    number >= connection->config->device_count) {
		connection->errors++;
		log_connection(connection, " sent a message that means nothing");
	} else if (!kinds[message->kind].has_sequence ||
	           sequence == connection->devices[number].link.sequence) {
		kinds[message->kind].take(connection, number, payload);
	}
}

/* At most a ring full: what comes later rings again. */
static void take_messages(struct connection *connection)
{
	struct pv_iobuf_message message;
	uint32_t count = 0;
	err_t err = iobuf_receive(&connection->iobuf, &message);

	while (err == OK) {
		take(connection, &message);
		count++;
		err = count < PV_IOBUF_SLOTS ? iobuf_receive(&connection->iobuf, &message)
		                             : ERR_AGAIN;
	}
	connection->errors += err == ERR_PEER ? 1 : 0;
	if (count == PV_IOBUF_SLOTS) {
		ring(connection); /* a peer that found no room waits for this */
	}
}

/* A new epoch of this end; the peer is told. */
static void open_session(struct connection *connection)
{
	const struct pv_vmm_connection *config = connection->config;

	/* Mapped by the kernel at the addresses that the configuration names. */
	iobuf_start(&connection->iobuf,
	            (volatile struct pv_iobuf_page *)(uintptr_t)config->page_out,
	            (const volatile struct pv_iobuf_page *)(uintptr_t)config->page_in);
	ring(connection);
	connection_serve(connection);
}

void connection_init(struct connection *connection, const struct pv_vmm_connection *config,
                     uint32_t cap_log, struct served *devices, struct alarms *alarms)
{
	*connection = (struct connection){
		.config = config,
		.cap_log = cap_log,
		.devices = devices,
		.alarms = alarms,
		.lines_left = LINES_MAX,
	};
	open_session(connection);
}

void connection_serve(struct connection *connection)
{
	follow_session(connection);
	take_messages(connection);
	reconcile_all(connection);
	settle(connection);
}

void connection_update(struct connection *connection, uint32_t number)
{
	reconcile(connection, number);
	settle(connection);
}

void connection_reset_devices(struct connection *connection)
{
	for (uint32_t n = 0; n < connection->config->device_count; n++) {
		connection->devices[n].function.virtio.is_resetting = true;
	}
	reconcile_all(connection);
	settle(connection);
}

void connection_expire(struct connection *connection, uint32_t number)
{
	if (connection->devices[number].function.virtio.is_resetting) {
		log_connection(connection, " does not answer: its session is given up");
		log_connection(connection, " down");
		end_session(connection);
		open_session(connection);
	}
}
