/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams (stream.h).
 */
#include "kernel/core/stream.h"

#include "kernel/core/arch.h"
#include "kernel/core/log.h"
#include "kernel/core/message.h"
#include "kernel/core/vcpu.h"

#define LINES_MAX 16U /* a line holds up whoever has something to say: so many of each stream */

static bool turn_locked(struct stream *s, bool on)
{
	lock_assert_held(&s->domain->lock);
	bool done = arch_stream_set(s, on);

	/* Where the SMMU does not answer nothing passes at all. */
	on = on && done;
	s->domain->streams_on += (uint32_t)on - (uint32_t)s->on;
	s->on = on;
	return done;
}

/* Whether a time slice has passed since the kernel did something about @s; if so it begins anew. */
static bool may_again(struct stream *s)
{
	uint64_t now = arch_now();

	if (s->quiet_since && now - s->quiet_since < kernel.slice_ticks) {
		return false;
	}
	s->quiet_since = now;
	return true;
}

err_t stream_set(struct domain *d, uint32_t index, bool on)
{
	struct stream *s = &kernel.streams[index];
	err_t err = OK;

	lock_acquire(&d->lock);
	if (on && !vcpu_some_run_locked(d)) {
		err = ERR_STATE;
	} else if (on && s->barred && !may_again(s)) {
		err = ERR_AGAIN;
	} else if (s->on != on) {
		s->barred = false;
		err = turn_locked(s, on) || !on ? OK : ERR_STATE;
	}
	lock_release(&d->lock);
	return err;
}

err_t stream_get(struct domain *d, uint32_t index, uint64_t counts[3])
{
	struct stream *s = &kernel.streams[index];
	err_t err = OK;

	lock_acquire(&d->lock);
	counts[0] = s->faults;
	counts[1] = s->last.address;
	counts[2] = s->last.kind;
	if (s->quiet && !may_again(s)) {
		err = ERR_AGAIN;
	} else if (s->quiet) {
		s->quiet = false;
		arch_stream_record(s, true);
	}
	lock_release(&d->lock);
	return err;
}

void stream_settle_locked(struct domain *d)
{
	lock_assert_held(&d->lock);
	if (!d->streams_on || vcpu_some_run_locked(d)) {
		return;
	}
	for (uint32_t i = 0; i < PV_STREAMS_MAX; i++) {
		if (kernel.streams[i].domain == d && kernel.streams[i].on) {
			(void)turn_locked(&kernel.streams[i], false);
		}
	}
}

static void tell(struct stream *s, const struct stream_fault *fault)
{
	struct log_line line;

	if (s->told == LINES_MAX) {
		return;
	}
	s->told++;
	log_begin(&line, "DMA of stream ");
	log_decimal(&line, s->id);
	log_text(&line, " of ");
	log_text(&line, s->domain->name);
	log_text(&line, " faults: event ");
	log_decimal(&line, fault->kind);
	log_text(&line, " at ");
	log_hex(&line, fault->address);
	log_end(&line);
}

/* Returns whether it is the first since the VMM looked. Lock: domain lock held. */
static bool count_locked(struct stream *s, const struct stream_fault *fault)
{
	lock_assert_held(&s->domain->lock);
	bool first = !s->quiet;

	s->faults++;
	s->last = *fault;
	if (first) {
		s->quiet = true;
		arch_stream_record(s, false);
		message_event_locked(s->domain, PV_EVENT_SMMU);
	}
	if (!fault->translation && s->on) {
		s->barred = true;
		(void)turn_locked(s, false);
	}
	return first;
}

static struct stream *find(uint32_t id)
{
	for (uint32_t i = 0; i < PV_STREAMS_MAX; i++) {
		if (kernel.streams[i].domain && kernel.streams[i].id == id) {
			return &kernel.streams[i];
		}
	}
	return NULL;
}

void stream_take_faults(void)
{
	struct stream_fault fault;

	for (uint32_t n = 0; n < STREAM_FAULTS_MAX && arch_stream_fault(&fault); n++) {
		struct stream *s = find(fault.id);

		if (!s) {
			continue;
		}
		lock_acquire(&s->domain->lock);
		bool first = count_locked(s, &fault);

		lock_release(&s->domain->lock);
		if (first) {
			tell(s, &fault);
		}
	}
}
