/* SPDX-License-Identifier: BSD-2-Clause */
/* iobuf_send() from any state, with any peer: one slot of our page and one index, or nothing. */
#include "tests/proofs/iobuf_state.h"

int main(void)
{
	struct pv_iobuf_message message = nondet_message();

	any_state();
	err_t err = iobuf_send(&iobuf, &message);
	prove_sane();
	PROVE(iobuf.consumed == before.consumed, "what we took does not change");
	if (err == OK) {
		PROVE(before.state == IOBUF_STATE_UP && iobuf.state == IOBUF_STATE_UP,
		      "only in a session");
		PROVE(iobuf.produced == (uint32_t)(before.produced + 1U), "the index moves by one");
		PROVE(proof_port.copied_to == offsetof(struct pv_iobuf_page, slots) +
		                                      before.produced % PV_IOBUF_SLOTS *
		                                              sizeof(struct pv_iobuf_message),
		      "the message stands in its slot");
		PROVE(proof_port.writes == 1 && proof_port.published == iobuf.produced &&
		              proof_port.published_at == offsetof(struct pv_iobuf_page, produced),
		      "and the index is published");
	} else {
		PROVE(iobuf.produced == before.produced && proof_port.copies_out == 0,
		      "an error sends nothing");
		PROVE(iobuf.state == before.state ||
		              (err == ERR_PEER && iobuf.state == IOBUF_STATE_DEAD && iobuf.fell),
		      "and ends the session only over a breach");
	}
	if (proof_port.watched_reads > 0 &&
	    proof_port.watched == offsetof(struct pv_iobuf_page, consumed)) {
		uint32_t in_flight = before.produced - proof_port.watched_value;

		PROVE((err == OK) == (in_flight < PV_IOBUF_SLOTS), "sends into a free slot only");
		PROVE((err == ERR_FULL) == (in_flight == PV_IOBUF_SLOTS), "full is full");
		PROVE(err != ERR_PEER || in_flight > PV_IOBUF_SLOTS, "a breach is a breach");
	}
	PROVE(before.state != IOBUF_STATE_DEAD || iobuf.state == IOBUF_STATE_DEAD, "dead is dead");
	COVER(err == OK, "sent");
	COVER(err == ERR_FULL, "full");
	COVER(err == ERR_PEER, "a breach");
	COVER(err == ERR_STATE && before.state == IOBUF_STATE_UP, "a restart in the way");
	return 0;
}
