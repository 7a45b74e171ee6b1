/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See connection.h. Lines are numbered as in docs/connection.md: 0 is the control channel, queue q
 * of a device is 1 + first_queue + q. Each has two eventfds that the module knows: kick (from the
 * interrupt) and call (to the doorbell). Those of queues are used by back ends alone.
 */
#include "backend/daemon/connection.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/control.h"
#include "backend/daemon/link.h"
#include "backend/daemon/log.h"
#include "lib/bits.h"

struct backend_slot {
	const struct backend_type *type;
	void *backend; /* NULL: none */
	bool settled;  /* no daemon before us has left anything at work on its queues */
	struct backend_env env;
};

struct connection {
	const struct dt_connection *config;
	struct loop *loop;
	struct link link;
	struct control control;
	struct loop_source control_source;
	int *kick_fds; /* of each line; -1: not made */
	int *call_fds; /* of each line but the control channel */
	uint32_t line_count;
	uint32_t unsettled; /* slots, and one until all are open; at 0 the epoch is shown */
	struct backend_slot slots[PV_VMM_DEVICES_MAX];
};

static void ring_control(void *owner)
{
	struct connection *connection = owner;

	link_ring(&connection->link, PV_CONNECTION_CONTROL);
}

static void start_device(void *owner, uint32_t index, const struct control_setup *setup)
{
	struct connection *connection = owner;
	struct backend_slot *slot = &connection->slots[index];

	slot->type->start(slot->backend, setup);
}

static void stop_device(void *owner, uint32_t index)
{
	struct connection *connection = owner;
	struct backend_slot *slot = &connection->slots[index];

	slot->type->stop(slot->backend);
}

/* Whatever came while nobody served the queues: let both sides look once. */
static void nudge(const struct connection *connection, uint32_t index)
{
	const struct dt_device *device = &connection->config->devices[index];

	for (uint32_t q = 0; q < device->queue_count; q++) {
		uint32_t line = PV_CONNECTION_QUEUE + device->first_queue + q;
		eventfd_write(connection->kick_fds[line], 1);
		link_ring(&connection->link, line);
	}
}

static void on_control(void *owner, uint32_t events)
{
	struct connection *connection = owner;
	eventfd_t count;

	(void)events;
	eventfd_read(connection->control_source.fd, &count);
	if (control_poll(&connection->control)) {
		/* More is waiting: after the turn of others. */
		eventfd_write(connection->control_source.fd, 1);
	}
}

/*
 * Until the new epoch is shown the peer waits for the end of what it asked of the daemon before us;
 * with the epoch it takes all devices for stopped. So show it when the last of them is.
 */
static void count_settled(struct connection *connection)
{
	connection->unsettled--;
	if (connection->unsettled > 0) {
		return;
	}
	control_begin(&connection->control, connection->link.page_out, connection->link.page_in);
	if (loop_watch(connection->loop, &connection->control_source,
	               connection->kick_fds[PV_CONNECTION_CONTROL], EPOLLIN) != OK) {
		log_line(connection->config->peer, "is not listened to");
	}
	/* The peer may have been here before us, and rung when nobody listened. */
	eventfd_write(connection->kick_fds[PV_CONNECTION_CONTROL], 1);
}

static void settle(struct connection *connection, uint32_t index)
{
	struct backend_slot *slot = &connection->slots[index];

	if (!slot->settled) {
		slot->settled = true;
		count_settled(connection);
	}
}

static uint64_t identity_of(const struct backend_slot *slot)
{
	return slot->type->identity != NULL ? slot->type->identity(slot->backend) : 0;
}

/* The queues of a device run. */
static void announce(const struct connection *connection, uint32_t index, const char *how)
{
	nudge(connection, index);
	log_line(connection->config->peer, "device %u: %s %s", index,
	         connection->config->devices[index].type, how);
}

static void on_backend(void *owner, uint32_t index, enum backend_event event, err_t err)
{
	struct connection *connection = owner;
	struct control *control = &connection->control;

	switch (event) {
	case BACKEND_READY:
		control_set_identity(control, index, identity_of(&connection->slots[index]));
		control_set_backend(control, index, CONTROL_BACKEND_READY);
		settle(connection, index);
		break;
	case BACKEND_GONE:
		control_set_backend(control, index, CONTROL_BACKEND_GONE);
		settle(connection, index);
		break;
	case BACKEND_FULL:
		control_set_backend(control, index, CONTROL_BACKEND_FULL);
		settle(connection, index);
		break;
	case BACKEND_ABSENT:
		control_set_backend(control, index, CONTROL_BACKEND_ABSENT);
		settle(connection, index);
		break;
	case BACKEND_STARTED:
		announce(connection, index, "runs");
		control_started(control, index);
		break;
	case BACKEND_LOST:
		announce(connection, index,
		         "is not the disk that its driver VM wrote to: each request fails until it "
		         "resets the device");
		control_lost(control, index);
		break;
	case BACKEND_STOPPED:
		control_stopped(control, index);
		break;
	case BACKEND_FAILED:
		log_line(connection->config->peer, "device %u: %s cannot run", index,
		         connection->config->devices[index].type);
		control_failed(control, index, err);
		break;
	}
}

/* Eventfds of all lines, tied to the module. */
static err_t open_lines(struct connection *connection)
{
	uint32_t count = connection->line_count;

	connection->kick_fds = malloc(count * sizeof(int));
	connection->call_fds = malloc(count * sizeof(int));
	if (connection->kick_fds == NULL || connection->call_fds == NULL) {
		return ERR_STATE;
	}
	for (uint32_t i = 0; i < count; i++) {
		connection->kick_fds[i] = -1;
		connection->call_fds[i] = -1;
	}
	for (uint32_t i = 0; i < count; i++) {
		int *kick = &connection->kick_fds[i];
		int *call = &connection->call_fds[i];
		*kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (i != PV_CONNECTION_CONTROL) {
			*call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		}
		if (*kick < 0 || (*call < 0 && i != PV_CONNECTION_CONTROL)) {
			log_errno(connection->config->peer, "eventfd");
			return ERR_STATE;
		}
		err_t err = link_tie(&connection->link, i, *kick, *call);
		if (err != OK) {
			return err;
		}
	}
	return OK;
}

static void close_lines(struct connection *connection)
{
	for (uint32_t i = 0; i < connection->line_count; i++) {
		if (connection->kick_fds != NULL && connection->kick_fds[i] >= 0) {
			close(connection->kick_fds[i]);
		}
		if (connection->call_fds != NULL && connection->call_fds[i] >= 0) {
			close(connection->call_fds[i]);
		}
	}
	free(connection->kick_fds);
	free(connection->call_fds);
}

static void open_backends(struct connection *connection, const struct connection_places *places)
{
	for (uint32_t i = 0; i < connection->config->device_count; i++) {
		const struct dt_device *device = &connection->config->devices[i];
		struct backend_slot *slot = &connection->slots[i];
		uint32_t line = PV_CONNECTION_QUEUE + device->first_queue;

		slot->env = (struct backend_env){
			.loop = connection->loop,
			.peer = connection->config->peer,
			.run_dir = places->run_dir,
			.config = device,
			.memory = &connection->link.memory,
			.inflight = connection->link.inflight.fd >= 0 ? &connection->link.inflight
		                                                      : NULL,
			.kick_fds = &connection->kick_fds[line],
			.call_fds = &connection->call_fds[line],
			.event = on_backend,
			.owner = connection,
		};
		slot->type = backend_find(device->type);
		slot->backend = slot->type->open(&slot->env);
		if (slot->backend == NULL) {
			log_line(connection->config->peer, "device %u: %s is not served", i,
			         device->type);
			settle(connection, i);
		}
	}
}

static void open_control(struct connection *connection)
{
	const struct control_host host = {
		.owner = connection,
		.start = start_device,
		.stop = stop_device,
		.ring = ring_control,
	};

	connection->control_source = (struct loop_source){
		.fd = -1,
		.ready = on_control,
		.owner = connection,
	};
	control_open(&connection->control, &host, connection->config, &connection->link.memory);
	connection->unsettled = connection->config->device_count + 1;
}

err_t connection_open(const struct dt_connection *config, const struct connection_places *places,
                      struct loop *loop, struct connection **result)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	*result = NULL;
	if (connection == NULL) {
		return ERR_STATE;
	}
	connection->config = config;
	connection->loop = loop;
	connection->control_source.fd = -1;
	err_t err = link_open(&connection->link, places->dev_dir, config->peer);
	if (err == OK && connection->link.info.count != PV_CONNECTION_QUEUE + config->queue_count) {
		log_line(config->peer, "%u lines for %u queues", connection->link.info.count,
		         config->queue_count);
		err = ERR_VERSION;
	}
	if (err == OK) {
		connection->line_count = connection->link.info.count;
		err = open_lines(connection);
	}
	if (err != OK) {
		connection_close(connection);
		return err;
	}
	open_control(connection);
	open_backends(connection, places);
	count_settled(connection);
	*result = connection;
	return OK;
}

void connection_close(struct connection *connection)
{
	for (uint32_t i = 0; i < PV_VMM_DEVICES_MAX; i++) {
		struct backend_slot *slot = &connection->slots[i];
		if (slot->backend != NULL) {
			slot->type->close(slot->backend);
		}
	}
	loop_unwatch(connection->loop, &connection->control_source);
	link_close(&connection->link);
	close_lines(connection);
	free(connection);
}
