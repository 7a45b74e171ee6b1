/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the proofs say to CBMC. A harness is a program `main` over states that nothing is known of;
 * it assumes, calls the product's code and proves. tests/proofs/run checks each harness twice:
 * every PROVE must hold, and, built with -DPROOF_COVER, every COVER must be reachable, so that a
 * proof cannot hold because its assumptions contradict each other.
 */
#ifndef TESTS_PROOFS_PROOF_H
#define TESTS_PROOFS_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Without a body: any value. */
bool nondet_bool(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);

#define ASSUME(condition) __CPROVER_assume(condition)

/* Prove it, then let the solver use it: a step on the way that makes the rest easier. */
#define LEMMA(condition, text)                                                                     \
	do {                                                                                       \
		bool lemma_holds = (condition);                                                    \
		PROVE(lemma_holds, text);                                                          \
		ASSUME(lemma_holds);                                                               \
	} while (0)

#ifdef PROOF_COVER
#define PROVE(condition, text) ((void)0)
#define COVER(condition, text) __CPROVER_assert(!(condition), "cover: " text)
#else
#define PROVE(condition, text) __CPROVER_assert(condition, text)
#define COVER(condition, text) ((void)0)
#endif

#endif
