/* SPDX-License-Identifier: BSD-2-Clause */
/* See disk.h. */
#include "tests/backend/disk.h"

#include <time.h>

#include "tests/backend/check.h"

#define BUFFERS 0x200000U /* place in memdev */
#define BLOCK 4096U
#define SLOT (2ULL * BLOCK) /* of a request: data, then header and status */
#define SECTORS (BLOCK / 512U)

static uint64_t word_of(uint32_t block, uint8_t generation, uint32_t word)
{
	if (generation == 0) {
		return 0;
	}
	return (uint64_t)block << 40 | (uint64_t)generation << 32 | (uint32_t)(word * 2654435761U);
}

static volatile uint64_t *data_of(const struct disk *disk, uint32_t request)
{
	return (volatile uint64_t *)(disk->peer->memory + BUFFERS + request * SLOT);
}

void disk_open(struct disk *disk, struct peer *peer, uint32_t device, uint32_t line,
               const char *program)
{
	*disk = (struct disk){.peer = peer, .device = device, .program = program};
	queue_open(&disk->queue, peer, line, DISK_RINGS);
}

static bool say_start(struct disk *disk, uint32_t flags)
{
	const struct pv_ctl_queue message = queue_message(&disk->queue, 0);
	const struct pv_ctl_start start = {.features = F_VERSION_1,
	                                   .sequence = disk->sequence,
	                                   .flags = flags,
	                                   .identity = disk->identity};

	return send_setup(disk->peer, disk->device, &start, &message, 1);
}

/* The back end is there: the rings begin over what it has. */
bool disk_start(struct disk *disk, uint32_t sequence)
{
	disk->sequence = sequence;
	disk->identity = disk->peer->devices[disk->device].identity;
	return say_start(disk, 0);
}

bool disk_start_again(struct disk *disk)
{
	return say_start(disk, PV_START_AGAIN);
}

static void disk_submit(struct disk *disk, uint32_t request, uint32_t block, bool write)
{
	uint64_t place = BUFFERS + request * SLOT;
	volatile uint32_t *header = (volatile uint32_t *)(disk->peer->memory + place + BLOCK);
	const struct queue_part parts[] = {
		{place + BLOCK, 16, false},
		{place, BLOCK, !write},
		{place + BLOCK + 16, 1, true},
	};

	header[0] = write ? 1 : 0; /* VIRTIO_BLK_T_OUT, _IN */
	header[1] = 0;
	header[2] = block * SECTORS;
	header[3] = 0;
	header[4] = 0xff;
	if (write) {
		disk->generation[block]++;
	}
	for (uint32_t w = 0; w < BLOCK / 8; w++) {
		data_of(disk, request)[w] =
			write ? word_of(block, disk->generation[block], w) : ~UINT64_C(0);
	}
	disk->blocks[request] = block;
	disk->writes[request] = write;
	disk->busy[block] = true;
	queue_add(&disk->queue, request, parts, 3);
}

static void disk_check(struct disk *disk, uint32_t request)
{
	uint32_t block = disk->blocks[request];
	const volatile uint8_t *status =
		(const volatile uint8_t *)data_of(disk, request) + BLOCK + 16;

	disk->answered++;
	disk->busy[block] = false;
	if ((*status != 0) != disk->fails) {
		disk->wrong++;
		disk->why = disk->fails ? "status is OK" : "status is not OK";
		return;
	}
	if (disk->fails || (disk->is_old && disk->generation[block] == 0)) {
		return;
	}
	for (uint32_t w = 0; w < BLOCK / 8; w++) {
		if (data_of(disk, request)[w] != word_of(block, disk->generation[block], w)) {
			disk->wrong++;
			disk->why = "data is wrong";
			return;
		}
	}
}

void disk_reap(struct disk *disk)
{
	uint32_t bytes;
	int request;

	while ((request = queue_take(&disk->queue, &bytes)) != -1) {
		if (request < 0) {
			disk->wrong++;
			disk->why = "a request that was not out is answered";
		} else {
			disk_check(disk, (uint32_t)request);
		}
	}
}

static bool is_drained(void *arg)
{
	struct disk *disk = arg;

	disk_reap(disk);
	return disk->queue.out_count == 0 || disk->wrong != 0;
}

static uint32_t random_number(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

void disk_fill(struct disk *disk)
{
	for (uint32_t r = 0; r < QUEUE_REQUESTS; r++) {
		if (!disk->queue.out[r]) {
			disk_submit(disk, r, r, r % 2 != 0);
		}
	}
}

bool disk_run(struct disk *disk, uint32_t count, uint32_t seed, void (*event)(struct disk *))
{
	time_t end = time(NULL) + SECONDS;
	uint32_t sent = 0;

	while (sent < count && disk->wrong == 0 && time(NULL) < end) {
		peer_serve(disk->peer);
		disk_reap(disk);
		for (uint32_t r = 0; r < QUEUE_REQUESTS && sent < count; r++) {
			uint32_t block = random_number(&seed) % DISK_BLOCKS;
			if (!disk->queue.out[r] && !disk->busy[block]) {
				disk_submit(disk, r, block, random_number(&seed) % 2 != 0);
				sent++;
			}
		}
		if (event != NULL && sent >= count / 2) {
			event(disk);
			event = NULL;
		}
		peer_pause();
	}
	if (!peer_wait(disk->peer, is_drained, disk, SECONDS)) {
		disk->why = "requests are not answered";
		return false;
	}
	return sent == count && disk->wrong == 0;
}
