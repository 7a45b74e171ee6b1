/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forging a control ring (abi/iobuf.h) from the device VM's side, whose daemon must not run. Every
 * field of page 1 meets a session that is up: before each forgery a new one is begun as the
 * protocol says, and shown to live by a message that the driver VM's VMM takes. Then what the VMM
 * makes of the forged value is awaited on page 0; no answer is a failure.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "abi/iobuf.h"
#include "tests/system/probe.h"

#define PAGE 4096UL
#define LIMIT_SECONDS 180 /* for an answer; it takes about a millisecond, and tells a hang alone */
#define WORD(field) (offsetof(struct pv_iobuf_page, field) / 4)
#define MESSAGE_WORDS (sizeof(struct pv_iobuf_message) / 4)
#define HARMLESS PV_CTL_GONE /* says nothing new of a device without a backend */

struct forger {
	const volatile uint32_t *in; /* page 0 */
	volatile uint32_t *out;      /* page 1 */
	volatile uint32_t *bell;
	uint64_t random;
	uint32_t epoch;
	uint32_t produced;
	uint32_t sessions, fields, messages;
};

static void ring(const struct forger *f)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*f->bell = 1;
}

/* The VMM writes @value to word @word of its page, or this has failed. */
static void await(const struct forger *f, size_t word, uint32_t value, const char *what)
{
	time_t limit = time(NULL) + LIMIT_SECONDS;

	while (f->in[word] != value) {
		if (time(NULL) > limit) {
			printf("no answer to %s after %" PRIu32 " fields, %" PRIu32
			       " messages: word %zu is %#" PRIx32 ", not %#" PRIx32 "\n",
			       what, f->fields, f->messages, word, f->in[word], value);
			exit(1);
		}
		usleep(100); /* The VMM that answers may run on this CPU, below this VM. */
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

static volatile uint32_t *next_slot(const struct forger *f)
{
	return &f->out[WORD(slots) + f->produced % PV_IOBUF_SLOTS * MESSAGE_WORDS];
}

static void publish(struct forger *f)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	f->produced++;
	f->messages++;
	f->out[WORD(produced)] = f->produced;
}

/* A message that the VMM takes: the session lives. */
static void prove_alive(struct forger *f, const char *what)
{
	volatile uint32_t *slot = next_slot(f);

	for (size_t i = 0; i < MESSAGE_WORDS; i++) {
		slot[i] = 0;
	}
	slot[0] = HARMLESS;
	publish(f);
	ring(f);
	await(f, WORD(consumed), f->produced, what);
}

/* Another incarnation of this side, which the VMM greets. */
static void greet(struct forger *f)
{
	f->out[WORD(peer_epoch)] = 0;
	f->out[WORD(magic)] = PV_IOBUF_MAGIC;
	f->out[WORD(version)] = PV_IOBUF_VERSION;
	f->epoch = f->out[WORD(epoch)] + 1;
	f->epoch += f->epoch == 0;
	f->out[WORD(epoch)] = f->epoch;
	f->out[WORD(produced)] = 0;
	f->out[WORD(consumed)] = 0;
	f->produced = 0;
	ring(f);
	await(f, WORD(peer_epoch), f->epoch, "a new epoch");
}

static void begin_session(struct forger *f)
{
	greet(f);
	f->out[WORD(peer_epoch)] = f->in[WORD(epoch)];
	ring(f);
	prove_alive(f, "a new session");
	f->sessions++;
}

/* The session ends: the VMM withdraws it. */
static void await_end(const struct forger *f, const char *what)
{
	await(f, WORD(peer_epoch), 0, what);
}

/* What the VMM reads when it sends: the state of its devices, as a session begins. */
static void forge_consumed(struct forger *f, uint32_t value)
{
	greet(f);
	f->out[WORD(consumed)] = value;
	f->out[WORD(peer_epoch)] = f->in[WORD(epoch)];
	ring(f);
	if (0U - value <= PV_IOBUF_SLOTS) {
		prove_alive(f, "consumed within the ring");
	} else {
		await_end(f, "consumed");
	}
}

static void forge_word(struct forger *f, size_t word, uint32_t value)
{
	begin_session(f);
	bool same = f->out[word] == value;
	f->out[word] = value;
	ring(f);
	if (same) {
		prove_alive(f, "what was there");
	} else if (word == WORD(magic) || word == WORD(version) || word == WORD(peer_epoch)) {
		await_end(f, "magic, version or peer_epoch");
	} else if (word == WORD(epoch)) {
		await(f, WORD(peer_epoch), value, "epoch");
	} else if (word == WORD(produced) && value - f->produced > PV_IOBUF_SLOTS) {
		await_end(f, "produced");
	} else if (word == WORD(produced)) {
		await(f, WORD(consumed), value, "produced within the ring");
	} else {
		prove_alive(f, "a field that nobody reads");
	}
}

static void forge_header(struct forger *f)
{
	const uint32_t values[] = {0,         1,         3, PV_IOBUF_SLOTS, PV_IOBUF_SLOTS + 2,
	                           INT32_MAX, UINT32_MAX};

	for (size_t word = 0; word < WORD(slots); word++) {
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]) + 1; i++) {
			uint32_t value = i < sizeof(values) / sizeof(values[0])
			                         ? values[i]
			                         : (uint32_t)next_random(&f->random);

			if (word == WORD(consumed)) {
				forge_consumed(f, value);
			} else {
				forge_word(f, word, value);
			}
		}
		f->fields++;
	}
}

/* Fill the next slot with a message of @kind; @variant chooses device and payload. */
static void forge_message(struct forger *f, uint32_t kind, uint32_t variant)
{
	const uint32_t devices[] = {0, 1, 2, UINT32_MAX};
	uint32_t payload = variant / 4;
	volatile uint32_t *slot = next_slot(f);

	/* With the number of the last START these rightly end the device: not what is sought. */
	if ((kind == PV_CTL_FAILED || kind == PV_CTL_LOST) && payload < 3) {
		payload += 2;
	}
	slot[0] = kind;
	slot[1] = devices[variant % 4];
	for (size_t i = 2; i < MESSAGE_WORDS; i++) {
		slot[i] = payload < 3    ? payload
		          : payload == 3 ? UINT32_MAX
		                         : (uint32_t)next_random(&f->random);
	}
	publish(f);
}

/* Messages of every kind, each taken and each without an end of the session; a ring full at once. */
static void forge_messages(struct forger *f)
{
	begin_session(f);
	for (uint32_t kind = 0; kind < 32; kind++) {
		for (uint32_t variant = 0; variant < 20; variant++) {
			forge_message(f, kind, variant);
			ring(f);
			await(f, WORD(consumed), f->produced, "a message");
		}
	}
	for (uint32_t i = 0; i < PV_IOBUF_SLOTS; i++) {
		forge_message(f, PV_CTL_READY + i % 7, i % 20);
	}
	ring(f);
	await(f, WORD(consumed), f->produced, "a full ring");
	await(f, WORD(peer_epoch), f->epoch, "a session of messages");
	f->fields += MESSAGE_WORDS;
}

int command_forge(char **argument)
{
	struct forger f = {
		.in = map_physical(number(argument[0]), PAGE, PROT_READ),
		.out = map_physical(number(argument[1]), PAGE, PROT_READ | PROT_WRITE),
		.bell = map_physical(number(argument[2]), PAGE, PROT_READ | PROT_WRITE),
		.random = 0x1234567,
	};

	forge_header(&f);
	forge_messages(&f);
	printf("forged %" PRIu32 " fields in %" PRIu32 " sessions, %" PRIu32 " messages taken\n",
	       f.fields, f.sessions, f.messages);
	return 0;
}
