/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Console multiplexer.
 */
#include "kernel/core/console.h"

#include "abi/mux.h"
#include "kernel/core/arch.h"
#include "kernel/core/message.h"

#define INPUT_BYTES 256U      /* for each channel; power of two */
#define INPUT_BUDGET 64U      /* bytes taken from the UART at one interrupt */
#define LOG_PATIENCE 1000000U /* polls of the UART for room for more of the kernel's log */

#define SEQUENCE_MAX 4U /* of one byte: a change of the channel, and the byte twice */

struct input {
	uint32_t produced, consumed; /* free-running */
	uint8_t bytes[INPUT_BYTES];
};

static struct {
	/* boot */
	uint8_t domain_of[PV_CHANNELS_MAX]; /* + 1; 0: nobody's */

	/* The UART itself is touched with this lock held: a change of the channel and what follows
	 * belong together on the line. It never waits for the UART's speed, but for console_log(),
	 * whose lines stay whole: they are few, a VM can cause no more than its own end's. */
	struct lock lock;
	/* lock */
	uint32_t output; /* the channel that the receiver thinks is current */
	uint32_t input;
	bool input_escape;
	struct input channels[PV_CHANNELS_MAX];
} console;

void console_attach(uint32_t domain)
{
	const struct domain *d = &kernel.domains[domain];

	for (uint32_t n = 0; n < PV_CONSOLES_MAX && n < d->image.channel_count; n++) {
		console.domain_of[d->image.channel_first + n] = (uint8_t)(domain + 1);
	}
}

/* Send a byte of @channel with what has to go before it, all or nothing, into @room bytes of room.
 * False: it does not fit. */
static bool put_locked(uint32_t channel, uint8_t byte, uint32_t *room)
{
	lock_assert_held(&console.lock);
	uint8_t sequence[SEQUENCE_MAX];
	uint32_t count = 0;

	if (console.output != channel) {
		sequence[count++] = PV_MUX_ESC;
		sequence[count++] = (uint8_t)channel;
	}
	if (byte == PV_MUX_ESC) {
		sequence[count++] = PV_MUX_ESC;
	}
	sequence[count++] = byte;
	if (count > *room) {
		return false;
	}
	for (uint32_t i = 0; i < sizeof(sequence) && i < count; i++) {
		arch_uart_put(sequence[i]);
	}
	*room -= count;
	console.output = channel;
	return true;
}

uint32_t console_write(uint32_t channel, uint32_t count, uint64_t low, uint64_t high)
{
	uint32_t taken = 0;

	lock_acquire(&console.lock);
	uint32_t room = arch_uart_room();

	for (; taken < 16 && taken < count; taken++) {
		uint64_t word = taken < 8 ? low : high;

		if (!put_locked(channel, (uint8_t)(word >> (taken % 8 * 8)), &room)) {
			break;
		}
	}
	lock_release(&console.lock);
	return taken;
}

uint32_t console_read(uint32_t channel, uint64_t *bytes)
{
	struct input *in = &console.channels[channel];
	uint32_t count = 0;

	*bytes = 0;
	lock_acquire(&console.lock);
	for (; count < 8 && in->consumed != in->produced; count++) {
		*bytes |= (uint64_t)in->bytes[in->consumed % INPUT_BYTES] << (8 * count);
		in->consumed++;
	}
	lock_release(&console.lock);
	return count;
}

/* One byte from the line. Returns the channel that it was put into, or NONE. */
static uint32_t take_locked(uint8_t byte)
{
	lock_assert_held(&console.lock);
	if (console.input_escape) {
		console.input_escape = false;
		if (byte < PV_CHANNELS_MAX) {
			console.input = byte;
			return NONE;
		}
		if (byte != PV_MUX_ESC) {
			return NONE;
		}
	} else if (byte == PV_MUX_ESC) {
		console.input_escape = true;
		return NONE;
	}
	struct input *in = &console.channels[console.input];

	if (in->produced - in->consumed < INPUT_BYTES) {
		in->bytes[in->produced % INPUT_BYTES] = byte;
		in->produced++;
	}
	return console.input;
}

/* Tell the domain of @channel that it has input. */
static void announce(uint32_t channel)
{
	if (console.domain_of[channel] == 0) {
		return;
	}
	struct domain *d = &kernel.domains[console.domain_of[channel] - 1];

	lock_acquire(&d->lock);
	message_event_locked(d, PV_EVENT_CONSOLE(channel - d->image.channel_first));
	lock_release(&d->lock);
}

/* Take from the line what is there, up to a change of the channel or all of @left. Returns the
 * channel of what has come, NONE if nothing has. */
static uint32_t take_run(uint32_t *left)
{
	uint32_t last = NONE;
	uint8_t byte;

	/* One hold for all: a wait for the lock at each byte would be as long as what another CPU
	 * writes meanwhile. */
	lock_acquire(&console.lock);
	while (*left && (last == NONE || last == console.input) && arch_uart_get(&byte)) {
		uint32_t channel = take_locked(byte);

		(*left)--;
		last = channel == NONE ? last : channel;
	}
	lock_release(&console.lock);
	return last;
}

void console_input(void)
{
	uint32_t left = INPUT_BUDGET;
	uint32_t channel;

	do {
		channel = take_run(&left);
		if (channel != NONE) {
			announce(channel);
		}
	} while (channel != NONE && left);
}

/* Wait until the UART has room for a byte and what goes with it, but not for ever. */
static uint32_t await_room(void)
{
	uint32_t room = 0;

	for (uint32_t n = 0; n < LOG_PATIENCE && room < SEQUENCE_MAX; n++) {
		room = arch_uart_room();
	}
	return room;
}

void console_log(const char *text, uint32_t length)
{
	uint32_t room = 0;

	lock_acquire(&console.lock);
	for (uint32_t i = 0; i < CONSOLE_LOG_MAX && i < length; i++) {
		if (room < SEQUENCE_MAX) {
			room = await_room();
		}
		if (room < SEQUENCE_MAX || !put_locked(0, (uint8_t)text[i], &room)) {
			break;
		}
	}
	lock_release(&console.lock);
}
