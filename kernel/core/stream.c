/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams (stream.h).
 */
#include "kernel/core/stream.h"

#include "kernel/core/arch.h"
#include "kernel/core/vcpu.h"

static struct lock recorded; /* the SMMU's records, and what has been counted of them; a leaf */

/* Where the SMMU does not answer nothing passes at all. */
static void turn_locked(struct stream *s, bool on)
{
	lock_assert_held(&s->domain->lock);
	on = arch_stream_set(s, on) && on;
	s->domain->streams_on += (uint32_t)on - (uint32_t)s->on;
	s->on = on;
}

err_t stream_set(struct domain *d, uint32_t index, bool on)
{
	struct stream *s = &kernel.streams[index];

	lock_acquire(&d->lock);
	if (s->on != on && (!on || vcpu_some_run_locked(d))) {
		turn_locked(s, on);
	}
	err_t err = s->on == on ? OK : ERR_STATE;

	lock_release(&d->lock);
	return err;
}

static void count(const struct smmu_event *fault)
{
	for (uint32_t i = 0; i < PV_STREAMS_MAX; i++) {
		struct stream *s = &kernel.streams[i];

		if (s->domain && s->id == fault->stream) {
			s->faults++;
			s->last = *fault;
		}
	}
}

void stream_get(uint32_t index, uint64_t counts[3])
{
	const struct stream *s = &kernel.streams[index];
	struct smmu_event fault;

	lock_acquire(&recorded);
	for (uint32_t n = 0; n < SMMU_EVENTS && arch_stream_fault(&fault); n++) {
		count(&fault);
	}
	counts[0] = s->faults;
	counts[1] = s->last.address;
	counts[2] = s->last.kind;
	lock_release(&recorded);
}

void stream_settle_locked(struct domain *d)
{
	lock_assert_held(&d->lock);
	if (!d->streams_on || vcpu_some_run_locked(d)) {
		return;
	}
	for (uint32_t i = 0; i < PV_STREAMS_MAX; i++) {
		if (kernel.streams[i].domain == d && kernel.streams[i].on) {
			turn_locked(&kernel.streams[i], false);
		}
	}
}
