/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ChaCha20's block function and a generator over it, see lib/random.h. No table and no branch
 * depends on a secret.
 */
#include "lib/random.h"

#include "lib/bits.h"

#define BLOCK_WORDS 16U
#define DOUBLE_ROUNDS 10U

static uint32_t rotate(uint32_t value, uint32_t by)
{
	return value << by | value >> (32 - by);
}

/* RFC 8439 2.1. */
static void quarter_round(uint32_t s[BLOCK_WORDS], uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 7);
}

void chacha20_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3],
                    uint32_t out[BLOCK_WORDS])
{
	/* "expand 32-byte k" */
	uint32_t start[BLOCK_WORDS] = {
		0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, key[0], key[1],
		key[2],     key[3],     key[4],     key[5],     key[6], key[7],
		counter,    nonce[0],   nonce[1],   nonce[2],
	};

	for (uint32_t i = 0; i < BLOCK_WORDS; i++) {
		out[i] = start[i];
	}
	for (uint32_t round = 0; round < DOUBLE_ROUNDS; round++) {
		for (uint32_t i = 0; i < 4; i++) { /* columns */
			quarter_round(out, i, 4 + i, 8 + i, 12 + i);
		}
		for (uint32_t i = 0; i < 4; i++) { /* diagonals */
			quarter_round(out, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
		}
	}
	for (uint32_t i = 0; i < BLOCK_WORDS; i++) {
		out[i] += start[i];
	}
	random_erase(start, sizeof(start));
}

static uint64_t pair(const uint32_t *words)
{
	return words[0] | (uint64_t)words[1] << 32;
}

void random_draw(struct random *random, uint64_t out[RANDOM_WORDS])
{
	static const uint32_t nonce[3]; /* a key makes one block */
	uint32_t key[2 * RANDOM_WORDS];
	uint32_t block[BLOCK_WORDS];

	for (size_t i = 0; i < RANDOM_WORDS; i++) {
		key[2 * i] = (uint32_t)random->key[i];
		key[2 * i + 1] = (uint32_t)(random->key[i] >> 32);
	}
	chacha20_block(key, 0, nonce, block);
	for (size_t i = 0; i < RANDOM_WORDS; i++) {
		random->key[i] = pair(&block[2 * i]);
		out[i] = pair(&block[2 * (RANDOM_WORDS + i)]);
	}
	random_erase(key, sizeof(key));
	random_erase(block, sizeof(block));
}

void random_mix(struct random *random, const uint64_t bits[RANDOM_WORDS])
{
	for (size_t i = 0; i < RANDOM_WORDS; i++) {
		random->key[i] ^= bits[i];
	}
}

void random_erase(void *what, size_t bytes)
{
	volatile uint8_t *at = what;

	for (size_t i = 0; i < bytes; i++) {
		at[i] = 0;
	}
}
