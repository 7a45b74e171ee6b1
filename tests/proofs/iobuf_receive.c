/* SPDX-License-Identifier: BSD-2-Clause */
/* iobuf_receive() from any state, with any peer: one slot of the peer's page, once, or nothing. */
#include "tests/proofs/iobuf_state.h"

int main(void)
{
	struct pv_iobuf_message message;

	any_state();
	err_t err = iobuf_receive(&iobuf, &message);
	prove_sane();
	PROVE(iobuf.produced == before.produced, "what we sent does not change");
	PROVE(proof_port.copies_out == 0, "no slot of ours is touched");
	if (err == OK) {
		PROVE(before.state == IOBUF_STATE_UP && iobuf.state == IOBUF_STATE_UP,
		      "only in a session");
		PROVE(iobuf.consumed == (uint32_t)(before.consumed + 1U), "the index moves by one");
		PROVE(proof_port.writes == 1 && proof_port.published == iobuf.consumed &&
		              proof_port.published_at == offsetof(struct pv_iobuf_page, consumed),
		      "and is published");
	} else {
		PROVE(iobuf.consumed == before.consumed, "an error takes nothing");
		PROVE(iobuf.state == before.state ||
		              (err == ERR_PEER && iobuf.state == IOBUF_STATE_DEAD && iobuf.fell),
		      "and ends the session only over a breach");
	}
	if (proof_port.watched_reads > 0 && err != OK &&
	    proof_port.watched == offsetof(struct pv_iobuf_page, produced)) {
		uint32_t waiting = proof_port.watched_value - before.consumed;

		PROVE(waiting == 0 || waiting > PV_IOBUF_SLOTS, "a message that waits is taken");
		PROVE((err == ERR_EMPTY) == (waiting == 0), "empty is empty");
	}
	if (err == OK && proof_port.watched == offsetof(struct pv_iobuf_page, produced)) {
		PROVE(proof_port.watched_reads == 1 &&
		              proof_port.watched_value - before.consumed - 1U < PV_IOBUF_SLOTS,
		      "takes what was produced only");
	}
	PROVE(before.state != IOBUF_STATE_DEAD || iobuf.state == IOBUF_STATE_DEAD, "dead is dead");
	COVER(err == OK, "received");
	COVER(err == ERR_EMPTY, "empty");
	COVER(err == ERR_PEER, "a breach");
	COVER(err == ERR_STATE && before.state == IOBUF_STATE_UP, "a restart in the way");
	return 0;
}
