/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Console multiplexer.
 */
#include "kernel/core/console.h"

#include "abi/mux.h"
#include "kernel/core/arch.h"
#include "kernel/core/vmm.h"

#define INPUT_BYTES 256U      /* for each channel; power of two */
#define INPUT_BUDGET 64U      /* bytes taken from the UART at one interrupt */
#define LOG_PATIENCE 1000000U /* polls of the UART for one byte of the kernel's log */

struct input {
	uint32_t produced, consumed; /* free-running */
	uint8_t bytes[INPUT_BYTES];
};

static struct {
	/* boot */
	uint8_t domain_of[PV_CHANNELS_MAX]; /* + 1; 0: nobody's */

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

	for (uint32_t n = 0; n < PV_CONSOLES_MAX; n++) {
		if (n < d->channel_count) {
			console.domain_of[d->channel_first + n] = (uint8_t)(domain + 1);
		}
	}
}

/* Send one byte of @channel. False: the UART is full; what was sent of it is whole. */
static bool put_locked(uint32_t channel, uint8_t byte)
{
	if (console.output != channel) {
		if (!arch_uart_put(PV_MUX_ESC)) {
			return false;
		}
		/* The escape is out: its second byte has to follow, whatever the UART says. The
		 * FIFO has room for it as soon as it has sent one byte. */
		for (uint32_t n = 0; n < LOG_PATIENCE && !arch_uart_put((uint8_t)channel); n++) {
		}
		console.output = channel;
	}
	if (!arch_uart_put(byte)) {
		return false;
	}
	if (byte == PV_MUX_ESC) {
		for (uint32_t n = 0; n < LOG_PATIENCE && !arch_uart_put(byte); n++) {
		}
	}
	return true;
}

uint32_t console_write(uint32_t channel, uint32_t count, uint64_t low, uint64_t high)
{
	uint32_t taken = 0;

	lock_acquire(&console.lock);
	for (; taken < 16 && taken < count; taken++) {
		uint64_t word = taken < 8 ? low : high;

		if (!put_locked(channel, (uint8_t)(word >> (taken % 8 * 8)))) {
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
	vmm_event_locked(d, PV_EVENT_CONSOLE(channel - d->channel_first));
	lock_release(&d->lock);
}

void console_input(void)
{
	uint32_t last = NONE;

	for (uint32_t n = 0; n < INPUT_BUDGET; n++) {
		uint8_t byte;

		if (!arch_uart_get(&byte)) {
			break;
		}
		lock_acquire(&console.lock);
		uint32_t channel = take_locked(byte);

		lock_release(&console.lock);
		if (channel != last && last != NONE && channel != NONE) {
			announce(last);
		}
		last = channel == NONE ? last : channel;
	}
	if (last != NONE) {
		announce(last);
	}
}

void console_log(const char *text, uint32_t length)
{
	lock_acquire(&console.lock);
	for (uint32_t i = 0; i < CONSOLE_LOG_MAX && i < length; i++) {
		for (uint32_t n = 0; n < LOG_PATIENCE && !put_locked(0, (uint8_t)text[i]); n++) {
		}
	}
	lock_release(&console.lock);
}
