/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of vgic_fuzz.c: what is pending, what comes next, as Arm IHI 0048B.b has it.
 */
#include "tests/fuzz/vgic_model.h"

#include "kernel/core/vgic.h"

struct model model;

const uint16_t intids[INTIDS] = {0,  3,  20, VIRQ_TIMER, 32,  33,  34,  35,  64,  65,
                                 66, 67, 98, 99,         128, 129, 254, 255, 286, 287};

struct model_interrupt *model_of(uint32_t vcpu, uint32_t intid)
{
	return intid < VIRQ_PRIVATE ? &model.private[vcpu][intid] : &model.spi[intid];
}

bool is_edge(uint32_t intid)
{
	return intid < SGIS || (intid >= VIRQ_PRIVATE && intid % 2 == 0);
}

/* IHI 0048B 3.2.4: pending, by trigger. The timer's line is its condition. */
bool is_pending(uint32_t vcpu, uint32_t intid)
{
	const struct model_interrupt *q = model_of(vcpu, intid);

	if (intid == VIRQ_TIMER && kernel.vcpus[vcpu].arch.timer_line) {
		return true;
	}
	return q->sources || q->latch || (q->line && !is_edge(intid));
}

bool is_due(uint32_t vcpu, uint32_t intid)
{
	const struct model_interrupt *q = model_of(vcpu, intid);

	return model.enabled && q->enabled && !q->active && is_pending(vcpu, intid) &&
	       (intid < VIRQ_PRIVATE || q->target == vcpu);
}

uint32_t best_due(uint32_t vcpu)
{
	uint32_t best = 32;

	for (uint32_t i = 0; i < INTIDS; i++) {
		uint32_t level = model_of(vcpu, intids[i])->level;

		if (level < best && is_due(vcpu, intids[i])) {
			best = level;
		}
	}
	return best;
}

bool is_nested(uint32_t intid)
{
	for (uint32_t v = 0; v < VCPUS; v++) {
		for (uint32_t i = 0; i < model.cpu[v].depth; i++) {
			if ((model.cpu[v].iar[i] & 0x3ffU) == intid) {
				return true;
			}
		}
	}
	return false;
}

void model_operate(struct model_interrupt *q, uint32_t intid, enum pv_virq_op op)
{
	if (op == PV_VIRQ_OP_PEND || op == PV_VIRQ_OP_UNPEND) {
		q->latch = op == PV_VIRQ_OP_PEND;
		if (!q->latch) {
			lines_guest_unpends(intid);
		}
		return;
	}
	if (op == PV_VIRQ_OP_LINE_HIGH || op == PV_VIRQ_OP_LINE_LOW) {
		q->line = op == PV_VIRQ_OP_LINE_HIGH;
		return;
	}
	if (q->active && op == PV_VIRQ_OP_DEACTIVATE) {
		model.ends++;
		lines_guest_ends(intid);
	}
	q->active = op == PV_VIRQ_OP_ACTIVATE;
}
