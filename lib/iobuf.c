/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Session and rings of abi/iobuf.h, for both ends. The order of accesses, where it matters:
 *
 *   a restart writes    peer_epoch = 0 => epoch => produced, consumed = 0 => peer_epoch
 *   an answer writes    produced, consumed = 0 => peer_epoch (release)
 *   a poll reads        peer_epoch (acquire): indices read later are those of this session
 *   a message           slot => produced (release)  |  produced (acquire) => slot
 *   a free slot         slot => consumed (release)  |  consumed (acquire) => slot
 *
 * Since a restart shows its epoch before it zeroes an index, an index that makes no sense beside
 * an epoch that is still the old one (read after the index) is a breach and not a restart.
 */
#include "lib/iobuf.h"

#include "port.h"

/* Publish empty rings, then the epoch that they are empty for. Pairs with poll's acquire. */
static void answer(struct iobuf *iobuf, uint32_t peer_epoch)
{
	iobuf->produced = 0;
	iobuf->consumed = 0;
	iobuf->peer_epoch = peer_epoch;
	port_write32_release(&iobuf->own->produced, 0);
	port_write32_release(&iobuf->own->consumed, 0);
	port_write32_release(&iobuf->own->peer_epoch, peer_epoch);
}

/* UP => DEAD, and the peer sees the session withdrawn. peer_epoch remembers whom we gave up. */
static void give_up(struct iobuf *iobuf)
{
	iobuf->state = IOBUF_STATE_DEAD;
	iobuf->fell = true;
	port_write32_release(&iobuf->own->peer_epoch, 0);
}

/* An index of the peer makes no sense: a restart that poll will find, or a breach. */
static err_t refuse_index(struct iobuf *iobuf)
{
	if (port_read32_acquire(&iobuf->peer->epoch) != iobuf->peer_epoch) {
		return ERR_STATE;
	}
	give_up(iobuf);
	return ERR_PEER;
}

/* The epoch that the peer shows; 0 while it is absent or speaks another version. */
static uint32_t shown_epoch(const struct iobuf *iobuf)
{
	uint32_t epoch = port_read32_acquire(&iobuf->peer->epoch);

	if (port_read32(&iobuf->peer->magic) != PV_IOBUF_MAGIC ||
	    port_read32(&iobuf->peer->version) != PV_IOBUF_VERSION) {
		return 0;
	}
	return epoch;
}

void iobuf_start(struct iobuf *iobuf, volatile struct pv_iobuf_page *own,
                 const volatile struct pv_iobuf_page *peer)
{
	/* The page is ours alone, so what a predecessor left there is only a hint: any value
	 * other than the last one shown ends the old session. */
	uint32_t epoch = port_read32(&own->epoch) + 1U;

	*iobuf = (struct iobuf){
		.own = own,
		.peer = peer,
		.epoch = epoch == 0 ? 1 : epoch,
		.state = IOBUF_STATE_DOWN,
	};
	port_write32_release(&own->peer_epoch, 0);
	port_write32_release(&own->magic, PV_IOBUF_MAGIC);
	port_write32_release(&own->version, PV_IOBUF_VERSION);
	port_write32_release(&own->epoch, iobuf->epoch);
	port_write32_release(&own->produced, 0);
	port_write32_release(&own->consumed, 0);
}

enum iobuf_change iobuf_poll_session(struct iobuf *iobuf)
{
	if (iobuf->fell) {
		iobuf->fell = false;
		return IOBUF_DOWN;
	}
	uint32_t epoch = shown_epoch(iobuf);
	if (epoch != iobuf->peer_epoch) {
		bool was_up = iobuf->state == IOBUF_STATE_UP;
		iobuf->state = IOBUF_STATE_DOWN;
		answer(iobuf, epoch);
		return was_up ? IOBUF_DOWN : IOBUF_GREETED;
	}
	if (epoch == 0 || iobuf->state == IOBUF_STATE_DEAD) {
		return IOBUF_NONE;
	}
	bool answered = port_read32_acquire(&iobuf->peer->peer_epoch) == iobuf->epoch;
	if (iobuf->state == IOBUF_STATE_DOWN && answered) {
		iobuf->state = IOBUF_STATE_UP;
		return IOBUF_UP;
	}
	if (iobuf->state == IOBUF_STATE_UP && !answered) {
		give_up(iobuf);
		iobuf->fell = false;
		return IOBUF_DOWN;
	}
	return IOBUF_NONE;
}

err_t iobuf_send(struct iobuf *iobuf, const struct pv_iobuf_message *message)
{
	if (iobuf->state != IOBUF_STATE_UP) {
		return ERR_STATE;
	}
	uint32_t in_flight = iobuf->produced - port_read32_acquire(&iobuf->peer->consumed);
	if (in_flight > PV_IOBUF_SLOTS) {
		return refuse_index(iobuf);
	}
	if (in_flight == PV_IOBUF_SLOTS) {
		return ERR_FULL;
	}
	port_copy_out(&iobuf->own->slots[iobuf->produced % PV_IOBUF_SLOTS], message,
	              sizeof(*message));
	iobuf->produced++;
	port_write32_release(&iobuf->own->produced, iobuf->produced);
	return OK;
}

uint32_t iobuf_position(const struct iobuf *iobuf)
{
	return iobuf->produced;
}

bool iobuf_has_taken(const struct iobuf *iobuf, uint32_t position)
{
	uint32_t in_flight = iobuf->produced - port_read32_acquire(&iobuf->peer->consumed);

	return iobuf->state == IOBUF_STATE_UP && in_flight <= PV_IOBUF_SLOTS &&
	       in_flight <= iobuf->produced - position;
}

err_t iobuf_receive(struct iobuf *iobuf, struct pv_iobuf_message *message)
{
	if (iobuf->state != IOBUF_STATE_UP) {
		return ERR_STATE;
	}
	uint32_t waiting = port_read32_acquire(&iobuf->peer->produced) - iobuf->consumed;
	if (waiting > PV_IOBUF_SLOTS) {
		return refuse_index(iobuf);
	}
	if (waiting == 0) {
		return ERR_EMPTY;
	}
	port_copy_in(message, &iobuf->peer->slots[iobuf->consumed % PV_IOBUF_SLOTS],
	             sizeof(*message));
	iobuf->consumed++;
	port_write32_release(&iobuf->own->consumed, iobuf->consumed);
	return OK;
}
