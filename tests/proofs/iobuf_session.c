/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iobuf_start() makes the invariant; iobuf_poll_session() keeps it from any state with any peer,
 * reports every end of a session once, and begins one with empty rings only.
 */
#include "tests/proofs/iobuf_state.h"

static void prove_start(void)
{
	proof_port.starting = true;
	iobuf_start(&iobuf, &proof_own, &proof_peer);
	PROVE(is_sane(iobuf) && iobuf.state == IOBUF_STATE_DOWN && !iobuf.fell, "a fresh start");
	PROVE(iobuf.produced == 0 && iobuf.consumed == 0 && iobuf.peer_epoch == 0, "from nothing");
	proof_port = (struct proof_port){0};
}

static void prove_poll(enum iobuf_change change)
{
	bool was_up = before.state == IOBUF_STATE_UP;
	bool is_up = iobuf.state == IOBUF_STATE_UP;

	PROVE((change == IOBUF_DOWN) == (before.fell || (was_up && !is_up)),
	      "every end of a session is told, and nothing else is called one");
	PROVE((change == IOBUF_UP) == (!was_up && is_up), "every beginning is told");
	PROVE(change != IOBUF_UP || before.state == IOBUF_STATE_DOWN, "no session out of death");
	PROVE(!is_up || iobuf.peer_epoch == before.peer_epoch, "a session is with one peer");
	PROVE(before.state != IOBUF_STATE_DEAD || iobuf.state == IOBUF_STATE_DEAD ||
	              iobuf.peer_epoch != before.peer_epoch,
	      "death ends by another incarnation only");
	PROVE(iobuf.peer_epoch == before.peer_epoch || (iobuf.produced == 0 && iobuf.consumed == 0),
	      "another peer begins with empty rings");
	PROVE(iobuf.peer_epoch != before.peer_epoch ||
	              (iobuf.produced == before.produced && iobuf.consumed == before.consumed),
	      "the same peer goes on");
	PROVE(change != IOBUF_NONE || (iobuf.state == before.state && proof_port.writes == 0),
	      "no change is no change");
	COVER(change == IOBUF_UP, "up");
	COVER(change == IOBUF_DOWN && was_up && iobuf.state == IOBUF_STATE_DEAD, "withdrawn");
	COVER(change == IOBUF_DOWN && was_up && iobuf.state == IOBUF_STATE_DOWN, "restarted");
	COVER(change == IOBUF_DOWN && before.fell, "told later");
	COVER(change == IOBUF_GREETED && before.state == IOBUF_STATE_DEAD, "another chance");
	COVER(change == IOBUF_NONE && is_up, "quiet");
}

int main(void)
{
	prove_start();
	any_state();
	enum iobuf_change change = iobuf_poll_session(&iobuf);
	prove_sane();
	PROVE(proof_port.copies_out == 0, "no slot is touched");
	prove_poll(change);
	return 0;
}
