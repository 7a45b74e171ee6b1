/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver VM of a connection, played from inside of the device VM itself: its VMM's end of the
 * control channel, its virtqueues in memdev, its kicks and the doorbells that it hears. All of it
 * by physical addresses (tests/physical), those that the device tree names; a kick is a write to
 * GICD_ISPENDR.
 */
#ifndef TESTS_BACKEND_PEER_H
#define TESTS_BACKEND_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/iobuf.h"
#include "lib/iobuf.h"

#define PEER_DEVICES 4U
#define PEER_LINES 16U

/* What the daemon said of a device, last. */
struct peer_device {
	bool ready;
	uint64_t identity; /* of its storage, by the last READY */
	uint32_t started;  /* sequence of the last STARTED, STOPPED, FAILED; 0: none yet */
	uint32_t stopped;
	uint32_t failed;
	uint32_t lost;
	uint32_t started_count;
};

struct peer {
	const char *name;
	volatile uint32_t *doorbells;
	volatile uint8_t *memory;
	uint64_t memory_bytes;
	uint64_t driver_address;
	uint32_t intids[PEER_LINES];
	uint32_t line_count;
	volatile struct pv_iobuf_page *out; /* page 0 */
	const volatile struct pv_iobuf_page *in;
	struct iobuf iobuf;
	bool up;
	uint32_t sessions; /* that came up */
	struct peer_device devices[PEER_DEVICES];
};

/** Find the connection whose peer is @name in the device tree and map its pieces. Exits if not. */
void peer_open(struct peer *peer, const char *name);

/** Raise interrupt @line of the device VM. */
void peer_kick(const struct peer *peer, uint32_t line);

/** Has doorbell @line rung since the last time? */
bool peer_heard(const struct peer *peer, uint32_t line);

/** Begin a session with a new epoch. */
void peer_greet(struct peer *peer);

/** Follow the session and take what the daemon sent. */
void peer_serve(struct peer *peer);

/** Send a message; false if it does not go. */
bool peer_send(struct peer *peer, uint32_t kind, uint32_t device, const void *payload,
               uint32_t bytes);

/** Serve until @done(@arg) is true; false if that takes longer than @seconds. */
bool peer_wait(struct peer *peer, bool (*done)(void *arg), void *arg, unsigned int seconds);

/** Let time pass without spinning: the other side needs the CPU. */
void peer_pause(void);

/** Send @number to all processes of that name with @word on their command line; returns how many. */
unsigned int signal_all(const char *name, const char *word, int number);

#endif
