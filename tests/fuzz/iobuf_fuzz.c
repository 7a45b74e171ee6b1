/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One end of the control channel against a page that anybody writes: any word, any value, at any
 * point between its calls. Its own indices move by one or not at all, its page says what they are,
 * the slots hold what was sent, and in the end an honest peer gets a session and a message through.
 *
 * links: lib/iobuf.c
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/iobuf.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct input {
	const uint8_t *at;
	size_t left;
};

static struct pv_iobuf_page *own, *peer; /* heap blocks: ASan sees the byte behind them */
static struct iobuf iobuf;
static struct pv_iobuf_message sent[PV_IOBUF_SLOTS]; /* what our slots must hold */

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

/* The peer writes a word: anything, or near to what would be right. */
static void poke(struct input *input)
{
	uint32_t words[] = {0,
	                    PV_IOBUF_MAGIC,
	                    PV_IOBUF_VERSION,
	                    iobuf.epoch,
	                    iobuf.produced,
	                    iobuf.consumed,
	                    iobuf.peer_epoch,
	                    take(input, 4)};
	uint32_t what = take(input, 1);
	uint32_t value = words[what & 7] + (what >> 3 & 1) * take(input, 1) - (what >> 4 & 1);
	uint32_t word = what >> 5;

	if (word >= offsetof(struct pv_iobuf_page, reserved) / sizeof(uint32_t)) {
		word = take(input, 2) % (sizeof(*peer) / sizeof(uint32_t));
	}
	memcpy((uint8_t *)peer + word * sizeof(value), &value, sizeof(value));
}

static void check(void)
{
	assert(own->magic == PV_IOBUF_MAGIC && own->version == PV_IOBUF_VERSION);
	assert(iobuf.epoch != 0 && own->epoch == iobuf.epoch);
	assert(own->produced == iobuf.produced && own->consumed == iobuf.consumed);
	assert(memcmp(own->slots, sent, sizeof(sent)) == 0);
	assert(iobuf.state != IOBUF_STATE_UP || own->peer_epoch == iobuf.peer_epoch);
	assert(iobuf.state != IOBUF_STATE_DEAD || own->peer_epoch == 0);
}

static void send_one(struct input *input)
{
	struct iobuf before = iobuf;
	struct pv_iobuf_message message = {.kind = take(input, 1), .device = take(input, 1)};
	err_t err = iobuf_send(&iobuf, &message);

	if (err == OK) {
		sent[before.produced % PV_IOBUF_SLOTS] = message;
	}
	assert(err == OK || err == ERR_STATE || err == ERR_FULL || err == ERR_PEER);
	assert(err == ERR_STATE || before.state == IOBUF_STATE_UP);
	assert(iobuf.produced == before.produced + (err == OK));
	assert(iobuf.consumed == before.consumed && iobuf.epoch == before.epoch);
	assert(iobuf.state == (err == ERR_PEER ? IOBUF_STATE_DEAD : before.state));
}

static void receive_one(void)
{
	struct iobuf before = iobuf;
	struct pv_iobuf_message message;
	err_t err = iobuf_receive(&iobuf, &message);

	if (err == OK) {
		assert(memcmp(&message, &peer->slots[before.consumed % PV_IOBUF_SLOTS],
		              sizeof(message)) == 0);
	}
	assert(err == OK || err == ERR_STATE || err == ERR_EMPTY || err == ERR_PEER);
	assert(err == ERR_STATE || before.state == IOBUF_STATE_UP);
	assert(iobuf.consumed == before.consumed + (err == OK));
	assert(iobuf.produced == before.produced && iobuf.epoch == before.epoch);
	assert(iobuf.state == (err == ERR_PEER ? IOBUF_STATE_DEAD : before.state));
}

static void poll_once(void)
{
	struct iobuf before = iobuf;
	enum iobuf_change change = iobuf_poll_session(&iobuf);

	if (before.state == IOBUF_STATE_DEAD && iobuf.state != IOBUF_STATE_DEAD) {
		assert(change == IOBUF_GREETED && iobuf.peer_epoch != before.peer_epoch);
	}
	if (iobuf.state == IOBUF_STATE_UP && before.state != IOBUF_STATE_UP) {
		assert(change == IOBUF_UP && iobuf.produced == 0 && iobuf.consumed == 0);
	}
	assert(!before.fell || change == IOBUF_DOWN);
}

/* A new, honest incarnation of the peer; both ends look until nothing changes. */
static void meet(struct iobuf *other)
{
	iobuf_start(other, peer, own);
	for (uint32_t i = 0; i < 8; i++) {
		enum iobuf_change ignored = iobuf_poll_session(i & 1 ? other : &iobuf);
		(void)ignored;
	}
}

/* After all that an honest peer gets a message through, both ways. */
static void check_recovery(void)
{
	struct iobuf other;
	struct pv_iobuf_message message = {.kind = PV_CTL_READY};
	struct pv_iobuf_message copy;

	meet(&other);
	if (iobuf.state != IOBUF_STATE_UP) {
		/* It counts its epoch from what a liar left on its page, which may lead to the very
		 * epoch that we gave up. The one after that is new. */
		meet(&other);
	}
	assert(iobuf.state == IOBUF_STATE_UP && other.state == IOBUF_STATE_UP);
	assert(iobuf_send(&iobuf, &message) == OK && iobuf_receive(&other, &copy) == OK);
	assert(memcmp(&message, &copy, sizeof(copy)) == 0);
	assert(iobuf_send(&other, &message) == OK && iobuf_receive(&iobuf, &copy) == OK);
	assert(memcmp(&message, &copy, sizeof(copy)) == 0);
	assert(iobuf_receive(&iobuf, &copy) == ERR_EMPTY);
}

/* A session that is up, with both rings at @index. */
static void begin(uint32_t index)
{
	iobuf_start(&iobuf, own, peer);
	*peer = (struct pv_iobuf_page){
		.magic = PV_IOBUF_MAGIC,
		.version = PV_IOBUF_VERSION,
		.epoch = 7,
		.peer_epoch = iobuf.epoch,
	};
	enum iobuf_change first = iobuf_poll_session(&iobuf);
	enum iobuf_change second = iobuf_poll_session(&iobuf);
	if (first != IOBUF_GREETED || second != IOBUF_UP) {
		abort();
	}
	iobuf.produced = iobuf.consumed = index;
	own->produced = own->consumed = peer->produced = peer->consumed = index;
}

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input input = {data, bytes};

	own = calloc(1, sizeof(*own));
	peer = calloc(1, sizeof(*peer));
	if (!own || !peer) {
		abort();
	}
	memset(sent, 0, sizeof(sent));
	begin((uint32_t)(int8_t)take(&input, 1));
	while (input.left > 0) {
		uint32_t step = take(&input, 1) % 16;

		if (step < 6) {
			poke(&input);
		} else if (step < 9) {
			send_one(&input);
		} else if (step < 12) {
			receive_one();
		} else if (step < 15) {
			poll_once();
		} else {
			iobuf_start(&iobuf, own, peer);
		}
		check();
	}
	check_recovery();
	free(peer);
	free(own);
	return 0;
}
