/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "Any end of a control channel": two pages, a struct iobuf of which nothing is known but that it
 * names them and has a state and an epoch, and a peer that says anything at every read. Each
 * harness of the ring includes this once; it brings the source with it.
 */
#ifndef TESTS_PROOFS_IOBUF_STATE_H
#define TESTS_PROOFS_IOBUF_STATE_H

#include "port.h"

#include IOBUF_SOURCE /* lib/iobuf.c, or a mutant of it: the runner says */

struct pv_iobuf_page proof_own;
struct pv_iobuf_page proof_peer;
struct proof_port proof_port;

struct iobuf nondet_iobuf(void);
struct pv_iobuf_message nondet_message(void);

static struct iobuf iobuf;
static struct iobuf before;

/* The invariant; everything else of the state may have any value. */
static bool is_sane(struct iobuf state)
{
	return state.own == &proof_own && state.peer == &proof_peer && state.epoch != 0 &&
	       (state.state == IOBUF_STATE_DOWN || state.state == IOBUF_STATE_UP ||
	        state.state == IOBUF_STATE_DEAD) &&
	       (state.state != IOBUF_STATE_UP || (state.peer_epoch != 0 && !state.fell));
}

static void any_state(void)
{
	iobuf = nondet_iobuf();
	iobuf.own = &proof_own;
	iobuf.peer = &proof_peer;
	ASSUME(is_sane(iobuf));
	before = iobuf;
	proof_port.watched = nondet_u32();
	ASSUME(proof_port.watched < sizeof(struct pv_iobuf_page));
}

/* What every call keeps, whatever the peer does. */
static void prove_sane(void)
{
	PROVE(is_sane(iobuf), "the invariant holds");
	PROVE(iobuf.epoch == before.epoch, "our incarnation stays");
	PROVE(proof_port.watched_reads <= 1, "no word of the peer is read twice");
	PROVE(proof_port.reads <= 5 && proof_port.writes <= 4 && proof_port.copies_out <= 1,
	      "bounded work");
}

#endif
