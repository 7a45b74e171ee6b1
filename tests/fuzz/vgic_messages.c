/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of devices that are SPIs of the guest of vgic_fuzz.c, on a board with an ITS: two streams, whose
 * devices send the same two numbers. What is masked stays pending, and comes when the VM runs.
 */
#include "kernel/core/line.h"
#include "kernel/core/stream.h"
#include "tests/fake_arch/fake.h"
#include "tests/fuzz/vgic_model.h"

#define FIRST 64U /* of the numbers, an edge and a level to the guest, which are no lines */
#define NUMBERS 2U
#define STREAMS 2U

_Static_assert(MESSAGES == STREAMS * NUMBERS, "messages");

static struct domain *owner(void)
{
	return &kernel.domains[0];
}

/* What the kernel calls message @n. */
static uint32_t index_of(uint32_t n)
{
	return n / NUMBERS * PV_MSIS_MAX + n % NUMBERS;
}

static struct fake_line *message_at(uint32_t n)
{
	return &fake.messages[index_of(n)];
}

void messages_build(void)
{
	struct domain *d = owner();

	d->image.msi_first = FIRST;
	d->image.msi_count = NUMBERS;
	for (uint32_t i = 0; i < STREAMS; i++) {
		kernel.streams[i] = (struct stream){.domain = d, .id = 8 + i};
		d->streams |= 1U << i;
	}
	line_add_messages(d);
	for (uint32_t n = 0; n < MESSAGES; n++) {
		*message_at(n) = (struct fake_line){.on = true, .cpu = d->vcpus[0].cpu->id};
	}
}

void messages_start(void)
{
	for (uint32_t i = 0; i < STREAMS; i++) {
		(void)stream_set(owner(), i, true); /* not while all vCPUs are off */
	}
}

void messages_send(uint32_t n)
{
	message_at(n)->pending = message_at(n)->pending || kernel.streams[n / NUMBERS].on;
}

static bool comes(uint32_t n, uint32_t cpu)
{
	const struct fake_line *message = message_at(n);

	return message->on && message->pending && message->cpu == cpu;
}

bool messages_call(uint32_t cpu)
{
	for (uint32_t n = 0; n < MESSAGES; n++) {
		if (comes(n, cpu)) {
			return true;
		}
	}
	return false;
}

void messages_take(uint32_t cpu)
{
	for (uint32_t n = 0; n < MESSAGES; n++) {
		if (comes(n, cpu)) {
			message_at(n)->pending = false;
			/* Else it is of a life of the VM that is over. */
			if (kernel.streams[n / NUMBERS].on) {
				model_of(0, FIRST + n % NUMBERS)->latch = true;
			}
			line_take(ARCH_MESSAGES + index_of(n));
		}
	}
}

void messages_check(void)
{
	for (uint32_t n = 0; n < MESSAGES; n++) {
		uint32_t target = model_of(0, FIRST + n % NUMBERS)->target;
		const struct fake_line *message = message_at(n);

		demand(!in_guest(target) || message->on, "a message is masked while its VM runs");
		demand(!in_guest(target) || message->cpu == kernel.vcpus[target].cpu->id,
		       "a message comes to another CPU than its target's");
	}
}
