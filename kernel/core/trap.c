/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps. What is hot or must be trusted is done here (doorbells, WFI, SGIs); everything else becomes a
 * message to the VMM.
 */
#include "kernel/core/trap.h"

#include "kernel/core/arch.h"
#include "kernel/core/call.h"
#include "kernel/core/domain.h"
#include "kernel/core/doorbell.h"
#include "kernel/core/log.h"
#include "kernel/core/message.h"
#include "kernel/core/sched.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic.h"

/* An access, of which the VMM learns all that the hardware says, is what @kind tells. */
static void send_access(struct vcpu *v, const struct trap *trap, enum pv_msg kind, uint64_t bytes,
                        uint64_t value)
{
	v->message = (struct message){
		{kind, v->number, trap_ipa(trap), bytes, value, trap->esr, v->regs.pc, trap->far}};
	message_send(v);
}

/* An access of a guest that is no doorbell's. */
static RARE void emulated_access(struct vcpu *v, const struct trap *trap)
{
	struct access access = trap_access(trap);
	uint64_t value = access.reg < 31 ? v->regs.x[access.reg] : 0;

	v->access = access;
	if (!trap_has_access(trap) || trap_fault(trap) != TRAP_FAULT_TRANSLATION) {
		send_access(v, trap, PV_MSG_FAULT, 0, 0);
	} else if (trap_is_write(trap)) {
		send_access(v, trap, PV_MSG_WRITE, access.bytes, access_truncate(access, value));
	} else {
		send_access(v, trap, PV_MSG_READ, access.bytes, 0);
	}
}

/* The guest touched an address that its stage-2 tables do not grant: on the hot path a doorbell. */
static void data_abort(struct vcpu *v, const struct trap *trap)
{
	const struct doorbell_page *page = doorbell_page(v->domain, trap_page(trap));

	if (!page || trap_fault(trap) != TRAP_FAULT_TRANSLATION || !trap_has_access(trap)) {
		emulated_access(v, trap);
		return;
	}
	if (trap_is_write(trap)) {
		doorbell_store(page, trap_offset(trap));
	} else if (trap_access(trap).reg < 31) {
		v->regs.x[trap_access(trap).reg] = 0;
	}
	v->counters[PV_COUNTER_DOORBELLS]++;
	v->regs.pc += trap_instruction_bytes(trap->esr);
}

/* WFI: wait for an interrupt, unless one is pending already. */
static RARE void wait_for_interrupt(struct vcpu *v, const struct trap *trap)
{
	struct domain *d = v->domain;

	v->regs.pc += trap_instruction_bytes(trap->esr);
	v->counters[PV_COUNTER_WAITS]++;
	if (!trap_is_wfi(trap)) {
		return; /* the others are not trapped; if they were, they would be hints */
	}
	lock_acquire(&d->lock);
	if (!vgic_has_pending_locked(v) && vcpu_wait_locked(v, WAIT_IRQ)) {
		vcpu_unsettle();
	}
	lock_release(&d->lock);
}

static RARE void guest_call(struct vcpu *v, bool smc)
{
	const uint64_t *x = v->regs.x;

	if (arch_workaround(x[0])) {
		v->regs.pc += smc ? 4 : 0;
		return;
	}
	v->message = (struct message){{PV_MSG_CALL, v->number, x[0], x[1], x[2], x[3], smc, 0}};
	message_send(v);
}

/* What the distributor of a GICv2 does, which is the VMM's; here a message would do no more. */
static void send_sgi(struct domain *d, struct sgi sgi)
{
	lock_acquire(&d->lock);
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX && n < d->vcpu_count; n++) {
		if (sgi.targets & 1U << n) {
			(void)!vgic_operate_locked(&d->vcpus[n], sgi.intid, PV_VIRQ_OP_PEND);
		}
	}
	lock_release(&d->lock);
}

static RARE void system_register(struct vcpu *v, const struct trap *trap)
{
	uint32_t iss = trap_iss(trap);
	uint32_t source = trap_sysreg_source(trap);
	struct sgi sgi;

	v->counters[PV_COUNTER_REGISTERS]++;
	if (arch_sgi(v, iss, source < 31 ? v->regs.x[source] : 0, &sgi)) {
		send_sgi(v->domain, sgi);
		v->regs.pc += 4;
		return;
	}
	v->access = trap_sysreg_target(trap);
	v->message = (struct message){
		{PV_MSG_SYSREG, v->number, arch_id_register(iss), 0, 0, trap->esr, v->regs.pc, 0}};
	message_send(v);
}

static void guest_trap(struct vcpu *v, const struct trap *trap)
{
	uint32_t class = trap_class(trap);

	if (class == TRAP_DATA_ABORT) {
		data_abort(v, trap);
		return;
	}
	switch (class) {
	case TRAP_INST_ABORT:
		send_access(v, trap, PV_MSG_FAULT, 0, 0);
		break;
	case TRAP_WFX:
		wait_for_interrupt(v, trap);
		break;
	case TRAP_HVC64:
	case TRAP_SMC64:
		guest_call(v, class == TRAP_SMC64);
		break;
	case TRAP_SYSREG:
		system_register(v, trap);
		break;
	default:
		arch_inject_undefined(v);
		break;
	}
}

/* The VMM that runs in the place of @v did something that is no system call. */
static RARE void vmm_fault(struct vcpu *v, const struct trap *trap)
{
	struct domain *d = v->domain;

	sched_leave_vmm();
	if (d->vmm_regs.pc == DOMAIN_DEAD_PC) {
		domain_vmm_died(v, "");
		return;
	}
	log_print("fault in the VMM of %s: pc 0x%016lx esr 0x%016lx far 0x%016lx", d->image.name,
	          d->vmm_regs.pc, trap->esr, trap->far);
	domain_vmm_died(v, ", it faulted");
}

void trap_synchronous(struct cpu *c, const struct trap *trap)
{
	struct vcpu *v = c->current;

	if (c->world == WORLD_GUEST) {
		guest_trap(v, trap);
	} else if (trap_class(trap) == TRAP_SVC64) {
		call_dispatch(v);
	} else {
		vmm_fault(v, trap);
	}
}
