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

/* What is said of connections that fail, a line a second at most: clients come as often as they like. */
struct port_complaints {
	uint64_t next_ms; /* when the next one is said */
	uint32_t untold;
};

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
	struct port_complaints *complaints;
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

/** Say why a connection fails, or count it, where another one was said just now. */
void port_complain(struct port_complaints *complaints, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Say how many failed since the last that was told of. */
void port_complaints_end(struct port_complaints *complaints);

/**
 * Join @fd, whose owner this becomes whatever comes of it. Loop, target, complaints, ended and owner were
 * set. Waits for nobody: what the runner answers is one more thing that happens.
 */
void port_stream_begin(struct port_stream *stream, int fd);

/** Break it, without a call of ended. */
void port_stream_break(struct port_stream *stream);

#endif
