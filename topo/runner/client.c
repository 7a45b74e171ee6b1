/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections of commands to runners, as client.h declares them. */
#include "topo/runner/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "topo/runner/message.h"

/* A runner answers at once; one that does not hangs. */
#define ANSWER_SECONDS 10
#define QUEUE_BYTES (4U * CONTROL_FRAME_BYTES_MAX)

static void report_none(const char *name, char (*names)[RUNDIR_NAME_BYTES], size_t count)
{
	if (name == NULL) {
		message_error("no system runs");
		message_help("`topo run FILE` starts one");
		return;
	}
	message_error("no system called %s runs", name);
	for (size_t i = 0; i < count; i++) {
		message_help("there is %s", names[i]);
	}
}

err_t client_choose(const char *name, char out[RUNDIR_NAME_BYTES])
{
	char names[CLIENT_SYSTEMS_MAX][RUNDIR_NAME_BYTES];
	size_t count = 0;
	const err_t err = rundir_list(names, CLIENT_SYSTEMS_MAX, &count);
	if (err != OK) {
		return err;
	}
	for (size_t i = 0; i < count; i++) {
		if (name != NULL ? strcmp(names[i], name) == 0 : count == 1) {
			memcpy(out, names[i], RUNDIR_NAME_BYTES);
			return OK;
		}
	}
	if (name != NULL || count == 0) {
		report_none(name, names, count);
		return ERR_EMPTY;
	}
	message_error("%zu systems run; --name NAME says which one is meant", count);
	for (size_t i = 0; i < count; i++) {
		message_help("there is %s", names[i]);
	}
	return ERR_ARG;
}

/* Connect to the socket in @directory_fd; the path below /proc is short, see server.c. */
static int connect_in(int directory_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s",
	               directory_fd, RUNDIR_CONTROL);
	const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	}
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

err_t client_open(struct client *client, const char *name)
{
	*client = (struct client){.fd = -1};
	if (rundir_open(&client->rundir, name) != OK) {
		return ERR_EMPTY;
	}
	client->fd = connect_in(client->rundir.fd);
	if (client->fd < 0 || fifo_init(&client->in, QUEUE_BYTES) != OK ||
	    fifo_init(&client->out, QUEUE_BYTES) != OK) {
		return ERR_STATE;
	}
	return OK;
}

void client_close(struct client *client)
{
	if (client->fd >= 0) {
		(void)close(client->fd);
		client->fd = -1;
	}
	fifo_free(&client->in);
	fifo_free(&client->out);
	rundir_close(&client->rundir);
}

err_t client_connect(struct client *client, const char *name)
{
	char chosen[RUNDIR_NAME_BYTES];
	err_t err = client_choose(name, chosen);
	if (err == OK) {
		err = client_open(client, chosen);
		if (err == ERR_EMPTY) {
			report_none(chosen, NULL, 0);
		} else if (err == ERR_STATE) {
			message_error("the system %s is still being built, or just ends", chosen);
		}
		if (err != OK) {
			client_close(client);
		}
	}
	return err;
}

void client_send(struct client *client)
{
	if (fifo_write_to(&client->out, client->fd) != 0) {
		fifo_drop(&client->out, client->out.count);
	}
}

err_t client_next(struct client *client, struct control_frame *frame)
{
	err_t err = control_frame_peek(&client->in, frame);
	while (err == ERR_EMPTY) {
		if (fifo_read_from(&client->in, client->fd) <= 0) {
			return ERR_PEER;
		}
		err = control_frame_peek(&client->in, frame);
	}
	return err == OK ? OK : ERR_PEER;
}

err_t client_request(struct client *client, uint32_t kind, const struct control_request *request,
                     const void *more, size_t more_bytes)
{
	uint8_t payload[CONTROL_PAYLOAD_MAX];
	if (more_bytes > sizeof(payload) - sizeof(*request)) {
		message_error("the command is too long");
		return ERR_RANGE;
	}
	memcpy(payload, request, sizeof(*request));
	if (more_bytes > 0) {
		memcpy(payload + sizeof(*request), more, more_bytes);
	}
	if (control_frame_put(&client->out, kind, payload, sizeof(*request) + more_bytes) != OK) {
		message_error("the system %s has just ended", client->rundir.name);
		return ERR_PEER;
	}
	/* Who does not take it may have said why: what is read next is that, or the end. */
	client_send(client);
	return OK;
}

err_t client_ask(struct client *client, uint32_t kind, const struct control_request *request,
                 const void *more, size_t more_bytes, uint32_t *credit)
{
	err_t err = client_request(client, kind, request, more, more_bytes);
	if (err != OK) {
		return err;
	}
	struct control_frame frame;
	if (client_next(client, &frame) != OK) {
		message_error("the runner of %s has gone or does not answer", client->rundir.name);
		return ERR_PEER;
	}
	if (frame.kind == CONTROL_ERROR) {
		message_error("%.*s", (int)frame.bytes, (const char *)frame.payload);
		err = ERR_STATE;
	} else if (frame.kind != CONTROL_OK ||
	           control_payload(&frame, credit, sizeof(*credit)) != OK) {
		message_error("the runner of %s speaks another protocol", client->rundir.name);
		err = ERR_PEER;
	}
	control_frame_drop(&client->in, &frame);
	return err;
}

/* Append the fixed-size payload of @frame to an array. */
static err_t append(void **array, size_t *count, const struct control_frame *frame, size_t size)
{
	if (frame->bytes < size) {
		return ERR_PEER;
	}
	uint8_t *grown = realloc(*array, (*count + 1) * size);
	if (grown == NULL) {
		return ERR_FULL;
	}
	*array = grown;
	memcpy(grown + *count * size, frame->payload, size);
	(*count)++;
	return OK;
}

static err_t take_status(struct client_status *status, const struct control_frame *frame)
{
	void *array = NULL;
	err_t err = OK;
	switch (frame->kind) {
	case CONTROL_SYSTEM:
		return control_payload(frame, &status->system, sizeof(status->system));
	case CONTROL_VM:
		array = status->vms;
		err = append(&array, &status->vm_count, frame, sizeof(*status->vms));
		status->vms = array;
		return err;
	case CONTROL_CONNECTION:
		array = status->connections;
		err = append(&array, &status->connection_count, frame,
		             sizeof(*status->connections));
		status->connections = array;
		return err;
	case CONTROL_COUNTERS:
		array = status->counters;
		err = append(&array, &status->counters_count, frame, sizeof(*status->counters));
		status->counters = array;
		return err;
	case CONTROL_TRAFFIC:
		array = status->traffics;
		err = append(&array, &status->traffic_count, frame, sizeof(*status->traffics));
		status->traffics = array;
		return err;
	case CONTROL_FACT:
		array = status->facts;
		err = append(&array, &status->fact_count, frame, sizeof(*status->facts));
		status->facts = array;
		return err;
	default:
		return ERR_PEER;
	}
}

/* @kind: STATUS, STATS, or INSPECT, of a VM. */
static err_t gather(struct client *client, uint32_t kind, const struct control_request *request,
                    struct client_status *status)
{
	uint32_t credit = 0;
	*status = (struct client_status){.vms = NULL};
	err_t err = client_ask(client, kind, request, NULL, 0, &credit);
	if (err != OK) {
		return err;
	}
	struct control_frame frame = {.kind = CONTROL_OK};
	while (err == OK && frame.kind != CONTROL_END) {
		err = client_next(client, &frame);
		if (err == OK && frame.kind != CONTROL_END) {
			err = take_status(status, &frame);
		}
		if (err == OK) {
			control_frame_drop(&client->in, &frame);
		}
	}
	if (err != OK) {
		message_error("the runner of %s did not tell its state", client->rundir.name);
		client_status_free(status);
	}
	return err;
}

err_t client_read(struct client *client, client_take *take, void *owner)
{
	const long done = fifo_read_from(&client->in, client->fd);
	struct control_frame frame;
	err_t err = control_frame_peek(&client->in, &frame);
	while (err == OK) {
		const bool more = take(owner, &frame);
		control_frame_drop(&client->in, &frame);
		if (!more) {
			return OK;
		}
		err = control_frame_peek(&client->in, &frame);
	}
	return err == ERR_EMPTY && (done > 0 || done == -EAGAIN) ? OK : ERR_PEER;
}

err_t client_status(struct client *client, struct client_status *status)
{
	const struct control_request request = {.version = CONTROL_VERSION};
	return gather(client, CONTROL_STATUS, &request, status);
}

err_t client_stats(struct client *client, bool guests, struct client_status *status)
{
	const struct control_request request = {.version = CONTROL_VERSION,
	                                        .guests = guests ? 1 : 0};
	const err_t err = gather(client, CONTROL_STATS, &request, status);
	if (err == OK && (status->counters_count != status->vm_count ||
	                  status->traffic_count != status->connection_count)) {
		message_error("the runner of %s speaks another protocol", client->rundir.name);
		client_status_free(status);
		return ERR_PEER;
	}
	return err;
}

err_t client_inspect(struct client *client, const char *vm, struct client_status *status)
{
	struct control_request request = {.version = CONTROL_VERSION};
	(void)snprintf(request.vm, sizeof(request.vm), "%s", vm);
	return gather(client, CONTROL_INSPECT, &request, status);
}

void client_status_free(struct client_status *status)
{
	free(status->vms);
	free(status->connections);
	free(status->counters);
	free(status->traffics);
	free(status->facts);
	*status = (struct client_status){.vms = NULL};
}
