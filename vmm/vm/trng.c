/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DEN 0098 (trng.h). A call makes one block of the generator: 192 bits at most are asked for.
 */
#include "vmm/vm/trng.h"

#include <stddef.h>

#include "lib/bits.h"

/* Functions, 2.1; each has the form of SMCCC32, RND that of SMCCC64, too. */
#define TRNG_VERSION 0x84000050U
#define TRNG_FEATURES 0x84000051U
#define TRNG_GET_UUID 0x84000052U
#define TRNG_RND32 0x84000053U
#define TRNG_RND64 0xc4000053U

/* Return codes, 2.2. */
#define TRNG_SUCCESS 0
#define TRNG_NOT_SUPPORTED (-1)
#define TRNG_INVALID_PARAMETER (-2)
#define TRNG_NO_ENTROPY (-3)

#define TRNG_VERSION_1_0 0x10000
#define RESULT_REGISTERS 3U /* x1 to x3 */

static struct reply status(int64_t value)
{
	return (struct reply){.kind = PV_REPLY_RESUME, .value = (uint64_t)value};
}

/* A VMM that starts in this one's place must not draw again what its guest has. */
static void leave_seed(struct random *generator, uint8_t seed[PV_VMM_SEED_BYTES])
{
	uint64_t bits[RANDOM_WORDS];

	random_draw(generator, bits);
	for (uint32_t i = 0; i < PV_VMM_SEED_BYTES; i++) {
		seed[i] = (uint8_t)(bits[i / 8] >> (8 * (i % 8)));
	}
	random_erase(bits, sizeof(bits));
}

void trng_init(struct trng *trng, uint8_t seed[PV_VMM_SEED_BYTES], bool has_rndr)
{
	uint64_t bits[RANDOM_WORDS] = {0};
	uint64_t any = 0;

	*trng = (struct trng){.has_rndr = has_rndr};
	for (uint32_t i = 0; i < PV_VMM_SEED_BYTES; i++) {
		bits[i / 8] |= (uint64_t)seed[i] << (8 * (i % 8));
		any |= seed[i];
	}
	random_mix(&trng->generator, bits);
	random_erase(bits, sizeof(bits));
	if (any != 0) {
		trng->is_seeded = true;
		leave_seed(&trng->generator, seed);
	}
}

bool trng_has(uint64_t function)
{
	uint32_t number = (uint32_t)function; /* SMCCC: the upper half of x0 is ignored */

	return (number >= TRNG_VERSION && number <= TRNG_RND32) || number == TRNG_RND64;
}

/* Add what the CPU has. The instruction may fail for a while; then the generator is what it was. */
static void add_rndr(struct trng *trng)
{
	uint64_t bits[RANDOM_WORDS];

	for (uint32_t i = 0; i < RANDOM_WORDS; i++) {
		if (!call_rndr(&bits[i])) {
			return;
		}
	}
	random_mix(&trng->generator, bits);
	random_erase(bits, sizeof(bits));
	trng->is_seeded = true;
}

/* @count random bits, 1 .. 3 * @width: the lowest in x3, what is above them zero. */
static struct reply draw(struct trng *trng, uint64_t count, uint32_t width)
{
	struct reply reply = {.kind = PV_REPLY_RESULTS, .value = TRNG_SUCCESS};
	uint64_t bits[RANDOM_WORDS];

	if (count == 0 || count > (uint64_t)RESULT_REGISTERS * width) {
		return status(TRNG_INVALID_PARAMETER);
	}
	if (trng->has_rndr) {
		add_rndr(trng);
	}
	if (!trng->is_seeded) {
		return status(TRNG_NO_ENTROPY);
	}
	random_draw(&trng->generator, bits);
	for (uint32_t i = 0; i < RESULT_REGISTERS; i++) {
		uint64_t below = (uint64_t)i * width;
		uint64_t wanted = count > below ? count - below : 0;

		wanted = wanted < width ? wanted : width;
		reply.more[RESULT_REGISTERS - 1 - i] =
			wanted == 64 ? bits[i] : bits[i] & (BIT64(wanted) - 1);
	}
	random_erase(bits, sizeof(bits));
	return reply;
}

struct reply trng_call(struct trng *trng, const uint64_t argument[4])
{
	uint32_t number = (uint32_t)argument[0];

	if (!trng->is_seeded && !trng->has_rndr) {
		return status(TRNG_NOT_SUPPORTED);
	}
	switch (number) {
	case TRNG_VERSION:
		return status(TRNG_VERSION_1_0);
	case TRNG_FEATURES:
		return status(trng_has((uint32_t)argument[1]) ? TRNG_SUCCESS : TRNG_NOT_SUPPORTED);
	case TRNG_GET_UUID: /* d7139ecb-0a7b-4b89-bd97-ce7f865ec86c, of this source; LSB first */
		return (struct reply){
			.kind = PV_REPLY_RESULTS,
			.value = 0xcb9e13d7,
			.more = {0x894b7b0a, 0x7fce97bd, 0x6cc85e86},
		};
	case TRNG_RND32:
		return draw(trng, (uint32_t)argument[1], 32);
	case TRNG_RND64:
		return draw(trng, argument[1], 64);
	default:
		return status(TRNG_NOT_SUPPORTED);
	}
}
