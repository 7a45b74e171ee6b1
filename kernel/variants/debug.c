/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A debug build looks at every entry of every stage-2 table before the first VM runs, and at all
 * interrupts of a vCPU whenever its list registers were filled.
 */
#include "kernel/arm/s2_spec.h"
#include "kernel/core/arch.h"
#include "kernel/core/invariants.h"
#include "kernel/core/vgic_state.h"
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
