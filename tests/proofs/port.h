/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that others write too, in the proofs: a read of the peer's page gives anything at all,
 * and each access is checked and written down. Order between CPUs is not modelled.
 */
#ifndef TESTS_PROOFS_PORT_H
#define TESTS_PROOFS_PORT_H

#include "abi/iobuf.h"
#include "tests/proofs/proof.h"

/* `watched` is one word of the peer's page, any one: what is counted of it is true of each. */
struct proof_port {
	bool starting;          /* the only time when our own page is read */
	uint32_t watched;       /* offset in the peer's page */
	uint32_t watched_reads; /* of it */
	uint32_t watched_value; /* what the peer showed there, unless it was part of a copy */
	uint32_t reads;         /* words and copies */
	uint32_t writes;        /* words */
	uint32_t copies_out;
	uint32_t copied_to;    /* offset in our page */
	uint32_t published;    /* last word written */
	uint32_t published_at; /* its offset */
};

extern struct pv_iobuf_page proof_own;
extern struct pv_iobuf_page proof_peer;
extern struct proof_port proof_port;

#define PROOF_OFFSET(pointer) ((uint32_t)__CPROVER_POINTER_OFFSET(pointer))

static inline uint32_t proof_read(const volatile uint32_t *from)
{
	PROVE(__CPROVER_r_ok(from, sizeof(*from)), "reads a word that is there");
	PROVE(__CPROVER_same_object(from, &proof_peer) ||
	              (proof_port.starting && __CPROVER_same_object(from, &proof_own)),
	      "reads the peer's page");
	PROVE(PROOF_OFFSET(from) % 4 == 0, "aligned");
	uint32_t value = nondet_u32();
	if (__CPROVER_same_object(from, &proof_peer) && PROOF_OFFSET(from) == proof_port.watched) {
		proof_port.watched_reads++;
		proof_port.watched_value = value;
	}
	proof_port.reads++;
	return value;
}

static inline void proof_write(volatile uint32_t *to, uint32_t value)
{
	PROVE(__CPROVER_w_ok(to, sizeof(*to)) && __CPROVER_same_object(to, &proof_own),
	      "writes a word of our page");
	PROVE(PROOF_OFFSET(to) < offsetof(struct pv_iobuf_page, reserved), "of its header");
	proof_port.writes++;
	proof_port.published = value;
	proof_port.published_at = PROOF_OFFSET(to);
}

static inline uint32_t port_read32(const volatile uint32_t *from)
{
	return proof_read(from);
}

static inline uint32_t port_read32_acquire(const volatile uint32_t *from)
{
	return proof_read(from);
}

static inline void port_write32(volatile uint32_t *to, uint32_t value)
{
	proof_write(to, value);
}

static inline void port_write32_release(volatile uint32_t *to, uint32_t value)
{
	proof_write(to, value);
}

static inline void port_copy_in(void *own, const volatile void *foreign, size_t bytes)
{
	PROVE(__CPROVER_r_ok(foreign, bytes) && __CPROVER_same_object(foreign, &proof_peer),
	      "copies from the peer's page");
	PROVE(__CPROVER_w_ok(own, bytes) && !__CPROVER_same_object(own, &proof_own),
	      "into private memory");
	PROVE(PROOF_OFFSET(foreign) % 4 == 0 && bytes % 4 == 0, "whole words");
	if (proof_port.watched >= PROOF_OFFSET(foreign) &&
	    proof_port.watched - PROOF_OFFSET(foreign) < bytes) {
		proof_port.watched_reads++;
	}
	proof_port.reads++;
	__CPROVER_havoc_slice(own, bytes);
}

static inline void port_copy_out(volatile void *foreign, const void *own, size_t bytes)
{
	PROVE(__CPROVER_w_ok(foreign, bytes) && __CPROVER_same_object(foreign, &proof_own),
	      "copies into our page");
	PROVE(__CPROVER_r_ok(own, bytes), "from memory that is there");
	PROVE(PROOF_OFFSET(foreign) % 4 == 0 && bytes % 4 == 0, "whole words");
	proof_port.copies_out++;
	proof_port.copied_to = PROOF_OFFSET(foreign);
}

#endif
