/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A blk device in use: reads and writes of 4 KiB blocks with a known content, many at a time, each
 * answer checked. Word w of block b in generation g is a function of all three.
 */
#ifndef TESTS_BACKEND_DISK_H
#define TESTS_BACKEND_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/backend/peer.h"
#include "tests/backend/queue.h"

#define F_VERSION_1 (1ULL << 32)
#define DISK_RINGS 0x020000U /* place in memdev */
#define DISK_BLOCKS 2048U    /* 8 MiB */

/* What serves a disk in memory, and one on a file system that is stored somewhere. */
#define MEMORY_PROGRAM "peervisor-disk"
#define STORED_PROGRAM "qemu-storage-daemon"

struct disk {
	struct peer *peer;
	uint32_t device;
	const char *program; /* that serves it */
	struct queue queue;
	uint32_t sequence; /* of its last START */
	uint64_t identity; /* of the disk that the rings began over; 0: not known yet */
	uint32_t blocks[QUEUE_REQUESTS]; /* what each request is about */
	bool writes[QUEUE_REQUESTS];
	uint8_t generation[DISK_BLOCKS];
	bool busy[DISK_BLOCKS];
	bool is_old; /* what is on it where nothing was written yet is not known */
	bool fails;  /* each request must */
	uint32_t answered;
	uint32_t wrong;
	const char *why;
};

/** Begin with a disk of zeros, device @device of @peer, its queue at @line, served by @program. */
void disk_open(struct disk *disk, struct peer *peer, uint32_t device, uint32_t line,
               const char *program);

/** Send its QUEUE and START: the rings begin. */
bool disk_start(struct disk *disk, uint32_t sequence);

/** Say that again in another session. */
bool disk_start_again(struct disk *disk);

/** Send reads and writes until the queue is full. */
void disk_fill(struct disk *disk);

/** Take and check all answers that are there. */
void disk_reap(struct disk *disk);

/** Keep the queue full until @count requests are sent, then wait for all; @event is called once, in
 * the middle. False if something is wrong: disk->why says what. */
bool disk_run(struct disk *disk, uint32_t count, uint32_t seed, void (*event)(struct disk *));

#endif
