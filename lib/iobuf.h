/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One end of the control channel of a connection (abi/iobuf.h): the session and both rings. The
 * driver VM's VMM and the device VM's daemon use the same code, each with its own page first.
 *
 * Invariant: nothing that the peer writes moves anything but this channel. Each word of the peer's
 * page is read once and checked; our own indices live in struct iobuf and are only published on
 * our page, never read back from it. tests/proofs proves that no call reaches outside of the two
 * pages, and that an index moves by one or not at all, for any peer.
 *
 * Ringing is the caller's: after each call that says so. The ring must be ordered behind the
 * writes to the page (a system call or Linux's writel() is).
 */
#ifndef LIB_IOBUF_H
#define LIB_IOBUF_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/err.h"
#include "abi/iobuf.h"

enum iobuf_state {
	IOBUF_STATE_DOWN = 0, /* waiting for the peer to show or to answer an epoch */
	IOBUF_STATE_UP = 1,
	IOBUF_STATE_DEAD = 2 /* the peer broke the protocol or dropped the session: nothing of it
	                        counts until it shows another epoch */
};

/* What iobuf_poll_session() found. Every value but NONE means: ring, and poll again. */
enum iobuf_change {
	IOBUF_NONE = 0,
	IOBUF_GREETED = 1, /* our page now answers the peer's epoch */
	IOBUF_UP = 2,      /* a session begins: both rings are empty, nothing was sent before */
	IOBUF_DOWN = 3     /* the session that was up is over; what it carried may be lost */
};

/* All fields are private to lib/iobuf.c; `state` may be read. */
struct iobuf {
	volatile struct pv_iobuf_page *own;        /* written by us alone */
	const volatile struct pv_iobuf_page *peer; /* hostile */
	uint32_t epoch;                            /* our incarnation, never 0 */
	uint32_t peer_epoch;                       /* the one we answer, or gave up; 0 = none */
	uint32_t produced;                         /* messages that we sent in this session */
	uint32_t consumed;                         /* messages that we took in this session */
	enum iobuf_state state;
	bool fell; /* the session ended since the last poll, which has to say so */
};

/**
 * Begin a new incarnation on page @own, opposite @peer. Both are 4 KiB, page-aligned and stay
 * mapped. Any session of an incarnation before us ends. The caller rings afterwards.
 */
void iobuf_start(struct iobuf *iobuf, volatile struct pv_iobuf_page *own,
                 const volatile struct pv_iobuf_page *peer);

/**
 * Look at the peer's header and follow it. Call when the control doorbell rang, until it returns
 * IOBUF_NONE; an honest peer causes at most three changes in a row, so bound the loop. Ring
 * after each change.
 */
MUST_USE enum iobuf_change iobuf_poll_session(struct iobuf *iobuf);

/**
 * Send a copy of @message. The caller rings when it returns OK (once for several is enough).
 * Errors: ERR_STATE no session; ERR_FULL the peer has not taken enough; ERR_PEER the peer broke
 * the protocol, the session is over.
 */
MUST_USE err_t iobuf_send(struct iobuf *iobuf, const struct pv_iobuf_message *message);

/** Where the next message of this session goes: names all that were sent before it. */
uint32_t iobuf_position(const struct iobuf *iobuf);

/** Whether the peer says that it took all messages before @position, of this session. */
bool iobuf_has_taken(const struct iobuf *iobuf, uint32_t position);

/**
 * Take the next message into @message, a private copy whose content is still the peer's word. A
 * peer can produce for ever: the caller bounds how many it takes at a time. Ring when a full ring
 * was drained, so that a peer that got ERR_FULL goes on.
 * Errors: ERR_STATE no session; ERR_EMPTY no message; ERR_PEER the peer broke the protocol, the
 * session is over.
 */
MUST_USE err_t iobuf_receive(struct iobuf *iobuf, struct pv_iobuf_message *message);

#endif
