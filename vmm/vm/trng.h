/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers for the guest by HVC or SMC: the True Random Number Generator Firmware Interface
 * 1.0 (Arm DEN 0098), which Linux asks before it has any other source. They come from a generator
 * (lib/random.h) whose key the VMM takes from its configuration (abi/vmm.h), and to which it adds
 * RNDR at each call where the CPU has that. Without either there is nothing that could not be
 * foretold, and the interface is not there.
 */
#ifndef VMM_VM_TRNG_H
#define VMM_VM_TRNG_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/vmm.h"
#include "lib/random.h"
#include "vmm/calls.h"

struct trng {
	struct random generator;
	bool has_rndr;  /* since trng_init */
	bool is_seeded; /* the generator holds what nobody else knows */
};

/**
 * Begin. @seed is taken out of the configuration: who reads that later finds another that comes
 * from it, by which nothing is known of what this one gives.
 * @has_rndr: call_rndr may be called.
 */
void trng_init(struct trng *trng, uint8_t seed[PV_VMM_SEED_BYTES], bool has_rndr);

/** Whether @function, the guest's x0, is one of this interface. */
bool trng_has(uint64_t function);

/** Answer such a call. */
MUST_USE struct reply trng_call(struct trng *trng, const uint64_t argument[4]);

#endif
