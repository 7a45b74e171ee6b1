/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtqueues (split layout, virtio 1.2, 2.7) where they lie, attacked from either side: from the device
 * VM, while no back end serves them, by an element of a used ring that is else right; from the driver
 * VM by words that its own driver did not write. The driver VM's VMM has said in the control ring
 * (abi/iobuf.h) where they are.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "abi/iobuf.h"
#include "tests/system/probe.h"

#define PAGE 4096UL
#define LIMIT_SECONDS 180 /* for a buffer of the driver VM's: it tells a hang alone */

/* rings PAGE_0 DEVICE: each queue of its last start: number, size, descriptors, available, used. */
int command_rings(char **argument)
{
	static struct pv_iobuf_page in;
	const uint32_t device = (uint32_t)number(argument[1]);
	bool started = false;

	memcpy(&in, map_physical(number(argument[0]), PAGE, PROT_READ), sizeof(in));
	for (uint32_t i = 1; i <= PV_IOBUF_SLOTS && i <= in.produced; i++) {
		const struct pv_iobuf_message *message =
			&in.slots[(in.produced - i) % PV_IOBUF_SLOTS];
		struct pv_ctl_queue queue;

		if (message->device != device) {
			continue;
		}
		if (started && message->kind != PV_CTL_QUEUE) {
			break;
		}
		started = started || message->kind == PV_CTL_START;
		memcpy(&queue, message->payload, sizeof(queue));
		if (started && message->kind == PV_CTL_QUEUE) {
			printf("%" PRIu32 " %" PRIu32 " %#" PRIx64 " %#" PRIx64 " %#" PRIx64 "\n",
			       queue.queue, queue.size, queue.desc, queue.driver, queue.device);
		}
	}
	return started ? 0 : 1;
}

/* A queue as it is mapped here. */
struct rings {
	volatile uint16_t *available; /* flags, idx, ring */
	volatile uint16_t *used;      /* flags, idx, ring of 32-bit id and len */
	uint32_t size;
};

/* Map [address, address + bytes), which need not begin at a page. */
static volatile void *map_bytes(uint64_t address, uint64_t bytes)
{
	uint64_t offset = address % PAGE;
	char *page = map_physical(address - offset, (offset + bytes + PAGE - 1) / PAGE * PAGE,
	                          PROT_READ | PROT_WRITE);

	return page + offset;
}

/* The buffer that is to be used next, or the last of those that wait. */
static uint32_t waiting_buffer(const struct rings *rings, bool last)
{
	time_t limit = time(NULL) + LIMIT_SECONDS;
	uint16_t used = rings->used[1];

	while (rings->available[1] == used) {
		if (time(NULL) > limit) {
			errno = ETIMEDOUT;
			fail("no buffer is available");
		}
		usleep(100); /* The driver may run on this CPU, below this VM. */
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (last) {
		used = (uint16_t)(rings->available[1] - 1);
	}
	return rings->available[2 + used % rings->size];
}

/* One that begins no buffer: the last, since drivers take the first. */
static uint32_t free_descriptor(const struct rings *rings)
{
	for (uint32_t id = rings->size; id-- > 0;) {
		bool taken = false;

		for (uint16_t i = rings->used[1]; i != rings->available[1]; i++) {
			taken = taken || rings->available[2 + i % rings->size] == id;
		}
		if (!taken) {
			return id;
		}
	}
	errno = ENOENT;
	fail("no descriptor is free");
}

static void use(const struct rings *rings, uint32_t id, uint32_t len, uint16_t times)
{
	volatile struct {
		uint32_t id, len;
	} *ring = (volatile void *)(rings->used + 2);
	uint16_t begin = rings->used[1];

	for (uint16_t i = begin; i != (uint16_t)(begin + times); i++) {
		ring[i % rings->size].id = id;
		ring[i % rings->size].len = len;
	}
	__atomic_thread_fence(__ATOMIC_RELEASE);
	rings->used[1] = (uint16_t)(begin + times);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/*
 * use SIZE AVAILABLE USED BELLS BELL ID LEN: one element of that used ring, and the doorbell behind it. ID
 * is a number, or "next": the buffer whose turn it is, "twice": the same two times, "last": what has its turn
 * behind all others, "free": a descriptor that begins no buffer.
 */
int command_use(char **argument)
{
	const uint32_t size = (uint32_t)number(argument[0]);
	const struct rings rings = {
		.available = map_bytes(number(argument[1]), 6 + 2 * size),
		.used = map_bytes(number(argument[2]), 6 + 8 * size),
		.size = size,
	};
	volatile uint32_t *bells = map_physical(number(argument[3]), PAGE, PROT_READ | PROT_WRITE);
	const char *which = argument[5];
	const bool twice = strcmp(which, "twice") == 0;
	const bool last = strcmp(which, "last") == 0;
	const bool waits = twice || last || strcmp(which, "next") == 0;
	const uint32_t id = waits                        ? waiting_buffer(&rings, last)
	                    : strcmp(which, "free") == 0 ? free_descriptor(&rings)
	                                                 : (uint32_t)number(which);

	use(&rings, id, (uint32_t)number(argument[6]), twice ? 2 : 1);
	bells[number(argument[4])] = 1;
	printf("used %" PRIu32 "\n", id);
	return 0;
}

/* What a field of a ring may be taken for, by itself or beside what there is. */
static uint16_t odd_word(uint64_t *random, uint16_t old, uint16_t other)
{
	const uint16_t words[] = {(uint16_t)next_random(random),
	                          other,
	                          (uint16_t)(old + 1),
	                          (uint16_t)(old - 1),
	                          (uint16_t)(old ^ 1U << next_random(random) % 16),
	                          0,
	                          1,
	                          UINT16_MAX};

	return words[next_random(random) % (sizeof(words) / sizeof(words[0]))];
}

/* shake BASE BYTES KICKS WRITES SEED: odd words all over a range, and a kick behind each. */
int command_shake(char **argument)
{
	uint64_t words = number(argument[1]) / 2;
	volatile uint16_t *memory = map_bytes(number(argument[0]), 2 * words);
	volatile uint32_t *kicks = map_physical(number(argument[2]), PAGE, PROT_READ | PROT_WRITE);
	uint64_t random = number(argument[4]);

	for (uint64_t left = number(argument[3]); left > 0; left--) {
		uint64_t at = next_random(&random) % words;

		memory[at] = odd_word(&random, memory[at], memory[next_random(&random) % words]);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		kicks[left % 2] = 1;
	}
	printf("shaken\n");
	return 0;
}
