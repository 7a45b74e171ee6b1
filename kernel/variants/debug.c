/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A debug build looks at every entry of every stage-2 table and of the table of streams before the
 * first VM runs, and at all interrupts of a vCPU whenever its list registers were filled.
 */
#include <stddef.h>

#include "kernel/arm/s2_spec.h"
#include "kernel/core/arch.h"
#include "kernel/core/invariants.h"
#include "kernel/core/vgic_state.h"
#include "lib/bits.h"
#include "pte.h"

/* Whether some declared range says what entry @entry of table @t holds. */
static bool entry_holds(const struct s2 *s2, uint32_t t, uint32_t entry)
{
	uint64_t d = pte_get(s2->pool_page, t, entry);

	if (s2_spec_entry(s2, t, entry, d, S2_NONE)) {
		return true;
	}
	for (uint32_t i = 0; i < S2_RANGES_MAX; i++) {
		if (i < s2->range_count && s2_spec_entry(s2, t, entry, d, i)) {
			return true;
		}
	}
	return false;
}

bool invariants_hold(const struct s2 *s2)
{
	if (!s2_spec_state(s2)) {
		return false;
	}
	for (uint32_t t = 0; t < S2_TABLES_MAX; t++) {
		for (uint32_t entry = 0; entry < S2_SPEC_ENTRIES; entry++) {
			if (t < s2->table_count && !entry_holds(s2, t, entry)) {
				return false;
			}
		}
	}
	return true;
}

/* Words 1 and 2 of a stream's entry, but for its VMID: what the SMMU's walk is. Not those of smmu.h,
 * which they are to show right. */
#define STE_SHAREABILITY 0x0000100000000000ULL
#define STE_WALK 0x044a355900000000ULL

static const struct stream *stream_of(uint32_t id)
{
	for (uint32_t i = 0; i < PV_STREAMS_MAX; i++) {
		if (kernel.streams[i].domain && kernel.streams[i].id == id) {
			return &kernel.streams[i];
		}
	}
	return NULL;
}

/* Whether @entry is that of @s, which is off; NULL: nobody's. */
static bool stream_holds(const struct smmu_ste *entry, const struct stream *s, const struct s2 *s2)
{
	struct smmu_ste wanted = {{SMMU_STE_ABORT}};
	bool holds = true;

	if (s) {
		uint32_t space = s2_space_of((uint32_t)(s->domain - kernel.domains), PV_SPACE_DMA);

		wanted.word[1] = STE_SHAREABILITY;
		wanted.word[2] = STE_WALK | (space + 1); /* VMID 0 is no space's */
		wanted.word[3] = (uint64_t)s2_root_page(s2, space) << PV_PAGE_SHIFT;
		holds = !s->on && s->vmid == space + 1 && s2->root[space] != S2_NONE;
	}
	for (uint32_t i = 0; i < ARRAY_COUNT(wanted.word); i++) {
		holds = holds && entry->word[i] == wanted.word[i];
	}
	return holds;
}

bool invariants_streams_hold(const struct smmu_ste *table, const struct s2 *s2)
{
	for (uint32_t id = 0; id < SMMU_STREAMS && table; id++) {
		if (!stream_holds(&table[id], stream_of(id), s2)) {
			return false;
		}
	}
	return table || !kernel.streams[0].domain;
}

static bool is_wanted(struct vcpu *v, uint32_t intid)
{
	const struct virq *q = virq_of(v, intid);

	return virq_wants_lr(q) && virq_vcpu(v, intid, q->target) == v;
}

/* Whether interrupt @intid of @v is where its flags say. */
static bool virq_holds(struct vcpu *v, uint32_t intid)
{
	const struct virq *q = virq_of(v, intid);
	bool is_ready = v->vgic.ready.bits[virq_level(q)][intid / 32] >> intid % 32 & 1U;

	if ((q->flags & VIRQ_IN_LR) && virq_vcpu(v, intid, q->holder) == v) {
		return (v->vgic.lr_used >> q->lr & 1U) && arch_lr_read(q->lr).intid == intid &&
		       !is_ready && !(q->flags & (VIRQ_ACTIVE | VIRQ_HELD));
	}
	/* What the guest has nothing of any more is to come again. */
	if ((q->flags & (VIRQ_PASSED | VIRQ_LATCH | VIRQ_ACTIVE | VIRQ_IN_LR)) == VIRQ_PASSED &&
	    !(virq_vcpu(v, intid, q->target)->vgic.stale[intid / 32] >> intid % 32 & 1U)) {
		return false;
	}
	return is_ready == is_wanted(v, intid) &&
	       (intid >= SGIS || !(q->flags & VIRQ_LATCH) == !v->vgic.sgi_sources[intid]);
}

/* Whether the set's summaries say what its bits are. */
static bool set_holds(const struct virq_set *s)
{
	uint32_t count = 0;

	for (uint32_t level = 0; level < VIRQ_LEVELS; level++) {
		uint32_t words = 0;

		for (uint32_t w = 0; w < VIRQ_WORDS; w++) {
			words |= (uint32_t)(s->bits[level][w] != 0) << w;
			for (uint32_t bits = s->bits[level][w]; bits; bits &= bits - 1) {
				count++;
			}
		}
		if (words != s->words[level] || !words != !(s->levels >> level & 1U)) {
			return false;
		}
	}
	return count == s->count;
}

void invariants_check_vgic(struct vcpu *v)
{
	const struct vgic_cpu *g = &v->vgic;
	bool holds = set_holds(&g->ready) && g->handled_count <= VIRQ_LEVELS &&
	             g->counting == (g->handled_count != 0) && !(g->lr_used & ~kernel.lr_mask);

	uint32_t wanted = 0;

	for (uint32_t intid = 0; intid < PV_VIRQS; intid++) {
		wanted += is_wanted(v, intid);
		holds = holds && virq_holds(v, intid);
	}
	holds = holds && wanted == g->ready.count;
	/* The best of all must be listed, or the guest may miss it. */
	if (!holds || (v->domain->vgic_enabled && g->ready.levels && !g->lr_used)) {
		__builtin_trap();
	}
}
