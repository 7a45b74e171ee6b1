/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps. What is hot or must be trusted is done here (doorbells, WFI, registers that read as zero);
 * everything else becomes a message to the VMM.
 */
#include "kernel/core/trap.h"

#include "kernel/core/arch.h"
#include "kernel/core/call.h"
#include "kernel/core/domain.h"
#include "kernel/core/doorbell.h"
#include "kernel/core/log.h"
#include "kernel/core/message.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic.h"

/* Exception classes, ESR_EL2.EC. */
#define EC_WFX 0x01U
#define EC_SVC64 0x15U
#define EC_HVC64 0x16U
#define EC_SMC64 0x17U
#define EC_SYSREG 0x18U
#define EC_INST_ABORT 0x20U
#define EC_DATA_ABORT 0x24U

#define ESR_EC(esr) ((uint32_t)((esr) >> 26) & 0x3fU)

/* Fields of a data abort's syndrome. */
#define ISS_ISV (1U << 24)
#define ISS_SAS(iss) (((iss) >> 22) & 3U)
#define ISS_SSE (1U << 21)
#define ISS_SRT(iss) (((iss) >> 16) & 31U)
#define ISS_SF (1U << 15)
#define ISS_CM (1U << 8)
#define ISS_WNR (1U << 6)
#define ISS_FSC(iss) ((iss)&0x3fU)

#define PAGE_MASK (PV_PAGE_BYTES - 1U)

/* Whether HPFAR_EL2 holds the page: translation (0x04..0x07) and permission (0x0c..0x0f) faults of
 * stage 2. Others, an address beyond the input size among them, leave a stale value. */
static bool fault_has_page(uint64_t esr)
{
	uint32_t type = ISS_FSC(esr) >> 2;

	return type == 1 || type == 3;
}

static void send_fault(struct vcpu *v, const struct trap *trap, uint64_t ipa)
{
	const uint64_t message[8] = {PV_MSG_FAULT, v->number,  ipa,      0, 0,
	                             trap->esr,    v->regs.pc, trap->far};

	message_send(v, message);
}

/* HPFAR_EL2[39:4] is IPA[47:12]. */
static uint64_t fault_page(const struct trap *trap)
{
	return (trap->hpfar >> 4) & ((1ULL << 36) - 1);
}

static uint32_t fault_offset(const struct trap *trap)
{
	return (uint32_t)trap->far & PAGE_MASK;
}

/* An access of a guest that is no doorbell's. */
static RARE void emulated_access(struct vcpu *v, const struct trap *trap)
{
	uint32_t iss = (uint32_t)trap->esr & 0x1ffffffU;
	uint64_t ipa = (fault_page(trap) << PV_PAGE_SHIFT) | fault_offset(trap);
	bool write = iss & ISS_WNR;
	uint32_t reg = ISS_SRT(iss);

	if (!fault_has_page(iss)) {
		send_fault(v, trap, UINT64_MAX);
		return;
	}
	if (!(iss & ISS_ISV) || (iss & ISS_CM) || (ISS_FSC(iss) >> 2) == 3) {
		send_fault(v, trap, ipa);
		return;
	}
	uint64_t bytes = 1ULL << ISS_SAS(iss);
	uint64_t message[8] = {write ? PV_MSG_WRITE : PV_MSG_READ,
	                       v->number,
	                       ipa,
	                       bytes,
	                       0,
	                       trap->esr,
	                       v->regs.pc,
	                       trap->far};

	if (write) {
		uint64_t value = reg < 31 ? v->regs.x[reg] : 0;

		message[4] = bytes < 8 ? value & ((1ULL << (8 * bytes)) - 1) : value;
	} else {
		v->load = (struct load){.reg = (uint8_t)reg,
		                        .bytes = (uint8_t)bytes,
		                        .sign = iss & ISS_SSE,
		                        .wide = iss & ISS_SF};
	}
	message_send(v, message);
}

/* The guest touched an address that its stage-2 tables do not grant: on the hot path a doorbell. */
static void data_abort(struct vcpu *v, const struct trap *trap)
{
	uint32_t esr = (uint32_t)trap->esr;
	bool write = esr & ISS_WNR;
	bool translation = (ISS_FSC(esr) >> 2) == 1;

	if (translation && (esr & (ISS_ISV | ISS_CM)) == ISS_ISV &&
	    doorbell_access(v->domain, fault_page(trap), fault_offset(trap), write)) {
		if (!write && ISS_SRT(esr) < 31) {
			v->regs.x[ISS_SRT(esr)] = 0;
		}
		v->regs.pc += trap_instruction_bytes(esr);
		return;
	}
	emulated_access(v, trap);
}

static RARE void instruction_abort(struct vcpu *v, const struct trap *trap)
{
	bool known = fault_has_page(trap->esr);

	send_fault(v, trap,
	           known ? (fault_page(trap) << PV_PAGE_SHIFT) | fault_offset(trap) : UINT64_MAX);
}

/* WFI: wait for an interrupt, unless one is pending already. */
static RARE void wait_for_interrupt(struct vcpu *v, const struct trap *trap)
{
	struct domain *d = v->domain;

	v->regs.pc += trap_instruction_bytes(trap->esr);
	if (trap->esr & 3) {
		return; /* WFE and its kin are not trapped; if they were, they would be hints */
	}
	lock_acquire(&d->lock);
	if (!vgic_has_pending_locked(v)) {
		__atomic_store_n(&v->wait, WAIT_IRQ, __ATOMIC_RELAXED);
		vcpu_unsettle();
	}
	lock_release(&d->lock);
}

static RARE void guest_call(struct vcpu *v, bool smc)
{
	const struct regs *r = &v->regs;
	const uint64_t message[8] = {PV_MSG_CALL, v->number, r->x[0], r->x[1],
	                             r->x[2],     r->x[3],   smc};

	if (arch_workaround(r->x[0])) {
		v->regs.pc += smc ? 4 : 0;
		return;
	}
	message_send(v, message);
}

/* A system register, by the fields of its encoding. */
struct sysreg {
	uint8_t op0, op1, crn, crm_first, crm_last;
};

/* Registers that read as zero and ignore writes: a guest may look for them, they are not its.
 * Arm ARM D22 (tables of debug and performance-monitor registers). */
static const struct sysreg silent_sysregs[] = {
	{1, 0, 7, 6, 14},  /* DC ISW, CSW, CISW: a guest cannot own a cache */
	{2, 0, 0, 0, 15},  /* MDCCINT, MDSCR, DBGBVR.. DBGWCR, OSDTRRX/TX, OSECCR */
	{2, 0, 1, 0, 15},  /* MDRAR, OSLAR, OSLSR, OSDLR, DBGPRCR */
	{2, 0, 7, 8, 14},  /* DBGCLAIM, DBGAUTHSTATUS */
	{2, 3, 0, 1, 7},   /* MDCCSR, DBGDTR */
	{3, 0, 1, 0, 0},   /* ACTLR_EL1 */
	{3, 0, 9, 14, 14}, /* PMINTENSET, PMINTENCLR, PMMIR */
	{3, 3, 9, 12, 14}, /* PMCR .. PMOVSSET */
	{3, 3, 14, 8, 15}, /* PMEVCNTR, PMEVTYPER, PMCCFILTR */
};

static bool sysreg_is_silent(uint32_t iss)
{
	uint32_t op0 = (iss >> 20) & 3;
	uint32_t op1 = (iss >> 14) & 7;
	uint32_t crn = (iss >> 10) & 15;
	uint32_t crm = (iss >> 1) & 15;

	for (uint32_t i = 0; i < sizeof(silent_sysregs) / sizeof(silent_sysregs[0]); i++) {
		const struct sysreg *s = &silent_sysregs[i];

		if (s->op0 == op0 && s->op1 == op1 && s->crn == crn && crm >= s->crm_first &&
		    crm <= s->crm_last) {
			return true;
		}
	}
	return false;
}

static RARE void system_register(struct vcpu *v, const struct trap *trap)
{
	uint32_t iss = (uint32_t)trap->esr & 0x1ffffffU;
	uint32_t reg = (iss >> 5) & 31;
	uint64_t value = 0;

	if (!arch_sysreg_read(iss, &value) && !sysreg_is_silent(iss)) {
		arch_inject_undefined(v);
		return;
	}
	if ((iss & 1) && reg < 31) {
		v->regs.x[reg] = value;
	}
	v->regs.pc += 4;
}

static void guest_trap(struct vcpu *v, const struct trap *trap)
{
	uint32_t class = ESR_EC(trap->esr);

	if (class == EC_DATA_ABORT) {
		data_abort(v, trap);
		return;
	}
	switch (class) {
	case EC_INST_ABORT:
		instruction_abort(v, trap);
		break;
	case EC_WFX:
		wait_for_interrupt(v, trap);
		break;
	case EC_HVC64:
		guest_call(v, false);
		break;
	case EC_SMC64:
		guest_call(v, true);
		break;
	case EC_SYSREG:
		system_register(v, trap);
		break;
	default:
		arch_inject_undefined(v);
		break;
	}
}

/* The VMM did something that is no system call: its VM is lost. */
static RARE void vmm_fault(struct domain *d, const struct trap *trap)
{
	struct log_line line;

	log_begin(&line, "fault in the VMM of ");
	log_text(&line, d->name);
	log_text(&line, ": pc ");
	log_hex(&line, d->vmm_regs.pc);
	log_text(&line, " esr ");
	log_hex(&line, trap->esr);
	log_text(&line, " far ");
	log_hex(&line, trap->far);
	log_end(&line);
	domain_stop(d, PV_STOP_VMM, ", it faulted");
}

void trap_synchronous(struct cpu *c, const struct trap *trap)
{
	struct vcpu *v = c->current;

	if (c->world == WORLD_GUEST) {
		guest_trap(v, trap);
	} else if (ESR_EC(trap->esr) == EC_SVC64) {
		call_dispatch(v);
	} else {
		vmm_fault(v->domain, trap);
	}
}
