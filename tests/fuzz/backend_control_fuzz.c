/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's end of the control protocol against a driver VM that writes what it likes: messages
 * that are nearly right, any word of its page, and back ends that come, go and answer at any time.
 * A back end is only started while it is there and at rest, over rings inside of memdev that its
 * device has, with features that were offered; it is only stopped while it runs. In the end an
 * honest peer gets a session and a device.
 *
 * links: backend/daemon/control.c backend/daemon/ring.c lib/iobuf.c
 */
/* NOLINTNEXTLINE(bugprone-reserved-identifier): what the daemon is built with */
#define _GNU_SOURCE
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "backend/daemon/control.h"
#include "backend/daemon/log.h"
#include "lib/bits.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define DEVICES 2U
#define QUEUES 2U
#define FEATURES 0xffU
#define DRIVER_ADDRESS 0x48000000U
#define MEMORY_BYTES 0x100000U
#define POLLS 64U

struct input {
	const uint8_t *at;
	size_t left;
};

/* What the played back end of a device does. */
struct played {
	bool there;
	bool works;    /* started, and not stopped yet */
	bool stopping; /* it was asked to stop */
	uint64_t identity;
	uint32_t starts;
};

static struct pv_iobuf_page *own, *peer; /* heap blocks: ASan sees the byte behind them */
static struct control control;
static struct dt_connection config;
static struct ring_memory memory;
static struct played played[DEVICES];

/* Nobody reads them. */
void log_line(const char *subject, const char *format, ...)
{
	(void)subject;
	(void)format;
}

static uint32_t take(struct input *input, uint32_t bytes)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < bytes && input->left > 0; i++) {
		value |= (uint32_t)*input->at << (8 * i);
		input->at++;
		input->left--;
	}
	return value;
}

static void check_queue(const struct pv_ctl_queue *queue)
{
	assert(queue->size > 0 && queue->size <= 256 && is_power_of_two(queue->size));
	assert(ring_check(&memory, queue) == OK);
}

static void start(void *owner, uint32_t device, const struct control_setup *setup)
{
	struct played *back = &played[device];

	(void)owner;
	assert(device < DEVICES && back->there && !back->works);
	assert(setup->given != 0 && setup->given < BIT32(QUEUES));
	assert((setup->features & ~(uint64_t)FEATURES) == 0);
	for (uint32_t q = 0; q < QUEUES; q++) {
		if ((setup->given & BIT32(q)) != 0) {
			check_queue(&setup->queues[q]);
		}
	}
	back->works = true;
	back->starts++;
}

static void stop(void *owner, uint32_t device)
{
	(void)owner;
	assert(device < DEVICES && played[device].works && !played[device].stopping);
	played[device].stopping = true;
}

static void ring(void *owner)
{
	(void)owner;
}

static void poll_all(void)
{
	for (uint32_t i = 0; i < POLLS && control_poll(&control); i++) {
	}
}

/* A message that an honest VMM could send, but for what the input changes. */
static void send_message(struct input *input)
{
	uint32_t what = take(input, 1);
	struct pv_iobuf_message *slot = &peer->slots[peer->produced % PV_IOBUF_SLOTS];
	uint64_t base = DRIVER_ADDRESS + 0x1000U * (uint64_t)take(input, 1);
	struct pv_ctl_queue queue = {what >> 4 & 3, 64, base, base + 2048, base + 4096};
	struct pv_ctl_start begin = {.features = take(input, 1), .sequence = what >> 4};

	begin.flags = what >> 7;
	begin.identity = take(input, 1) % 3;
	memset(slot, 0, sizeof(*slot));
	slot->kind = what & 3;
	slot->device = what >> 2 & 1;
	if (slot->kind == PV_CTL_QUEUE) {
		memcpy(slot->payload, &queue, sizeof(queue));
	} else {
		memcpy(slot->payload, &begin, sizeof(begin));
	}
	if (take(input, 1) % 8 == 0) {
		slot->payload[take(input, 1) % PV_IOBUF_PAYLOAD] = (uint8_t)take(input, 1);
	}
	peer->produced++;
}

static void poke(struct input *input)
{
	uint32_t word = take(input, 2) % (sizeof(*peer) / 4);
	uint32_t value = take(input, 4);

	memcpy((uint8_t *)peer + (size_t)word * 4, &value, sizeof(value));
}

static void back_end_acts(struct input *input)
{
	uint32_t what = take(input, 1);
	uint32_t device = what & 1;
	struct played *back = &played[device];
	bool stopping = back->stopping;

	switch (what >> 1 & 3) {
	case 0: /* it comes, or goes: then it touches nothing */
		back->there = !back->there;
		back->works = back->works && back->there;
		back->stopping = back->stopping && back->there;
		back->identity = what >> 4 & 3;
		control_set_identity(&control, device, back->identity);
		control_set_backend(&control, device,
		                    back->there ? CONTROL_BACKEND_READY : CONTROL_BACKEND_GONE);
		break;
	case 1:
		if (back->works && !stopping) {
			if ((what & 8) != 0) {
				control_lost(&control, device);
			} else {
				control_started(&control, device);
			}
		}
		break;
	case 2:
		if (stopping) {
			back->works = back->stopping = false;
			control_stopped(&control, device);
		}
		break;
	default:
		if (back->works) {
			back->works = back->stopping = false;
			control_failed(&control, device, ERR_STATE);
		}
		break;
	}
}

/* Whatever was: everything comes to rest, and a new peer is served. */
static void check_recovery(void)
{
	struct iobuf vmm;
	const struct pv_ctl_queue queue = {0, 64, DRIVER_ADDRESS, DRIVER_ADDRESS + 2048,
	                                   DRIVER_ADDRESS + 4096};
	const struct pv_ctl_start begin = {.sequence = 1, .identity = 1};
	struct pv_iobuf_message message = {.kind = PV_CTL_QUEUE};

	for (uint32_t i = 0; i < 2; i++) {
		/* Twice: it may count to the very epoch that was given up. */
		iobuf_start(&vmm, peer, own);
		for (uint32_t turn = 0; turn < 8; turn++) {
			(void)!iobuf_poll_session(&vmm);
			poll_all();
		}
	}
	assert(vmm.state == IOBUF_STATE_UP);
	for (uint32_t i = 0; i < DEVICES; i++) {
		played[i] = (struct played){.starts = played[i].starts};
		control_set_backend(&control, i, CONTROL_BACKEND_GONE);
		played[i].there = true;
		control_set_backend(&control, i, CONTROL_BACKEND_READY);
	}
	memcpy(message.payload, &queue, sizeof(queue));
	assert(iobuf_send(&vmm, &message) == OK);
	message.kind = PV_CTL_START;
	memcpy(message.payload, &begin, sizeof(begin));
	assert(iobuf_send(&vmm, &message) == OK);
	uint32_t before = played[0].starts;
	poll_all();
	assert(played[0].starts == before + 1 && played[0].works);
}

static void set_up(void)
{
	const struct control_host host = {NULL, start, stop, ring};

	own = aligned_alloc(4096, sizeof(*own));
	peer = aligned_alloc(4096, sizeof(*peer));
	assert(own != NULL && peer != NULL);
	memset(own, 0, sizeof(*own));
	memset(peer, 0, sizeof(*peer));
	memset(played, 0, sizeof(played));
	config = (struct dt_connection){.peer = "driver", .device_count = DEVICES};
	for (uint32_t i = 0; i < DEVICES; i++) {
		config.devices[i] = (struct dt_device){
			.index = i, .queue_count = QUEUES, .queue_size = 256, .features = FEATURES};
	}
	memory = (struct ring_memory){.bytes = MEMORY_BYTES, .driver_address = DRIVER_ADDRESS};
	control_open(&control, &host, &config, &memory);
	control_begin(&control, own, peer);
}

/* The peer's end of a session, kept by hand: what it says may be anything later. */
static void greet(void)
{
	peer->magic = PV_IOBUF_MAGIC;
	peer->version = PV_IOBUF_VERSION;
	peer->epoch++;
	peer->produced = 0;
	peer->consumed = 0;
	peer->peer_epoch = own->epoch;
	poll_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input input = {data, bytes};

	set_up();
	greet();
	while (input.left > 0) {
		switch (take(&input, 1) % 8) {
		case 0:
			poke(&input);
			break;
		case 1:
			greet();
			break;
		case 2:
			peer->consumed = own->produced;
			poll_all();
			break;
		case 3:
		case 4:
			back_end_acts(&input);
			break;
		case 5:
			poll_all();
			break;
		default:
			send_message(&input);
			break;
		}
	}
	check_recovery();
	free(own);
	free(peer);
	return 0;
}
