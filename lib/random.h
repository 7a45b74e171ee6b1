/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A generator of random bytes that forgets: ChaCha20 (RFC 8439) with fast key erasure (Bernstein,
 * "Fast-key-erasure random-number generators", 2017). A draw makes one block of key stream; its
 * first half becomes the next key, its second half is what was drawn. Who sees the state later
 * cannot compute from it what was drawn before.
 *
 * All zero is a generator that everybody can foretell: whoever owns one knows whether it has been
 * given bytes that nobody else knows.
 */
#ifndef LIB_RANDOM_H
#define LIB_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_WORDS 4U /* of 64 bits: of a key, of a draw */

struct random {
	uint64_t key[RANDOM_WORDS];
};

/** One block of key stream: RFC 8439 2.3. @key, @nonce and @out as words of 32 bits, LSB first. */
void chacha20_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3],
                    uint32_t out[16]);

/** Draw 256 bits. */
void random_draw(struct random *random, uint64_t out[RANDOM_WORDS]);

/** Add 256 bits that do not depend on the state. They do no harm if somebody knows them. */
void random_mix(struct random *random, const uint64_t bits[RANDOM_WORDS]);

/** Overwrite @bytes at @what, although nobody may read them again. */
void random_erase(void *what, size_t bytes);

#endif
