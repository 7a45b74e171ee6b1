/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One TCP connection of topo port: joined to a command of the VM's agent, which holds the other half of
 * it. Bounded: what one end does not take is left unread at the other.
 */
#ifndef TOPO_COMMANDS_PORT_STREAM_H
#define TOPO_COMMANDS_PORT_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "topo/runner/client.h"
#include "topo/runner/loop.h"

#define PORT_WHY_BYTES 128U

/* Where to connections go. */
struct port_target {
	const char *system;  /* its name */
	const char *vm;      /* its name */
	const char *address; /* within the VM */
	uint16_t number;
};

struct port_stream {
	bool used;
	struct loop *loop;
	const struct port_target *target;
	void (*ended)(void *owner); /* its last call; the stream is free */
	void *owner;
	struct client client;
	struct loop_source runner;
	struct loop_source socket;
	int fd;              /* of the connection */
	uint32_t credit;     /* bytes that the command still takes */
	bool input_open;     /* the connection is still read */
	struct fifo out;     /* for the connection */
	uint64_t output;     /* bytes that the command has sent for it */
	uint64_t output_end; /* how many there are, once it has said so */
	bool out_closed;
	bool over;                /* the command has ended */
	char why[PORT_WHY_BYTES]; /* what it said on its standard error */
	uint32_t why_bytes;
};

/** Join @fd, whose owner this becomes whatever comes of it. Loop, target, ended and owner were set. */
void port_stream_begin(struct port_stream *stream, int fd);

/** Break it, without a call of ended. */
void port_stream_break(struct port_stream *stream);

#endif
