/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving a vCPU's registers in and out of the CPU, and changing between a guest's world and its
 * VMM's. The virtual timer's hardware belongs to the loaded vCPU; a vCPU that is not loaded has
 * its next expiry in `wake_at`.
 */
#include <stddef.h>

#include "kernel/aarch64/asm_offsets.h"
#include "kernel/aarch64/firmware.h"
#include "kernel/aarch64/fp.h"
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/sysreg.h"
#include "kernel/aarch64/trap_controls.h"
#include "kernel/arm/exception.h"
#include "kernel/core/arch.h"
#include "kernel/core/kernel.h"

_Static_assert(offsetof(struct regs, pc) == REGS_PC, "REGS_PC");
_Static_assert(offsetof(struct regs, pstate) == REGS_PSTATE, "REGS_PSTATE");
_Static_assert(offsetof(struct cpu, regs) == CPU_REGS, "CPU_REGS");

#define CNTV_CTL_ENABLE 1U
#define CNTV_CTL_IMASK 2U

#define SCTLR_EL1_RESET 0x30d00800ULL /* MMU and caches off; RES1 bits */
#define MPIDR_RES1 (1ULL << 31)

void arch_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t arg)
{
	const struct arch_vcpu constant = {.vmpidr = MPIDR_RES1 | v->number,
	                                   .vttbr = v->arch.vttbr,
	                                   .sctlr_el1 = SCTLR_EL1_RESET};

	v->arch = constant;
	v->regs = (struct regs){.pc = pc, .pstate = PSTATE_EL1H | PSTATE_DAIF};
	v->regs.x[0] = arg;
}

/*
 * Take an asynchronous abort (SError) that @v still has under way, so that it counts against its
 * domain and not against whoever runs next. Stores that reached their device have answered when the
 * DSB ends; where the CPU has the RAS extension, ESB (a hint elsewhere) makes every error that it
 * can contain pending. Not caught: an error that a bus or device reports after it has acknowledged
 * the store early (nGnRE), and on a CPU without RAS what it chooses to report later. Such an error
 * ends the domain that runs then.
 */
static bool take_late_abort(void)
{
	register uint64_t taken __asm__("x0") = 0;

	/* The vector for an SError at EL2 sets x0. */
	__asm__ volatile("msr daifclr, #4\n\tdsb sy\n\thint #16\n\tisb\n\tmsr daifset, #4"
	                 : "+r"(taken)
	                 :
	                 : "memory");
	return taken;
}

uint64_t arch_when(uint64_t value)
{
	uint64_t when;

	/* Beyond the end of the counter it never comes. */
	return __builtin_add_overflow(value, sysreg_read(cntvoff_el2), &when) ? UINT64_MAX : when;
}

bool arch_vcpu_save(struct vcpu *v, bool timer)
{
	bool aborted = take_late_abort();

#define X(reg) v->arch.reg = sysreg_read(reg);
	GUEST_SYSREGS(X)
#undef X
	if (cpu_has_ras()) {
		v->arch.vdisr = sysreg_read(VDISR_EL2);
	}
	v->arch.fpcr = (uint32_t)sysreg_read(fpcr);
	v->arch.fpsr = (uint32_t)sysreg_read(fpsr);
	fp_save(v->arch.v);
	sysreg_write(cntv_ctl_el0, 0);
	gic_save(v);

	uint32_t armed = v->arch.cntv_ctl_el0 & (CNTV_CTL_ENABLE | CNTV_CTL_IMASK);

	v->wake_at = UINT64_MAX;
	if (armed == CNTV_CTL_ENABLE && !timer) {
		v->wake_at = arch_when(v->arch.cntv_cval_el0);
	}
	return aborted;
}

void arch_vcpu_load(struct vcpu *v, bool timer, bool flush)
{
	sysreg_write(vttbr_el2, v->arch.vttbr);
	sysreg_write(vmpidr_el2, v->arch.vmpidr);
	gic_load(v, timer); /* before the timer's registers: its interrupt may be active already */
#define X(reg) sysreg_write(reg, v->arch.reg);
	GUEST_SYSREGS(X)
#undef X
	if (cpu_has_ras()) {
		sysreg_write(VDISR_EL2, v->arch.vdisr);
	}
	sysreg_write(fpcr, v->arch.fpcr);
	sysreg_write(fpsr, v->arch.fpsr);
	fp_load(v->arch.v);
	if (flush) {
		isb();
		tlbi(vmalle1);
		dsb(nsh);
	}
	isb();
}

void arch_vmm_reset(struct domain *d, uint64_t pc, uint64_t sp, uint64_t arg)
{
	d->vmm_regs = (struct regs){.pc = pc, .pstate = PSTATE_EL0T};
	d->vmm_regs.x[0] = arg;
	d->vmm_regs.x[1] = (ID_FIELD(sysreg_read(id_aa64isar0_el1), 60) != 0 ? PV_CPU_RNDR : 0) |
	                   (ID_FIELD(sysreg_read(id_aa64pfr1_el1), 4) != 0 ? PV_CPU_SSBS : 0) |
	                   ID_FIELD(sysreg_read(id_aa64pfr0_el1), 56) << PV_CPU_CSV2_SHIFT |
	                   firmware_workarounds() << PV_CPU_WORKAROUND_SHIFT;
	d->vmm_regs.x[2] = sysreg_read(midr_el1);
	d->vmm_arch.sp = sp;
	d->vmm_arch.tpidr = 0;
}

void arch_enter_vmm(struct domain *d)
{
	struct arch_vmm *a = &d->vmm_arch;

	/* All are read before any is written, here and below: so they go to memory in pairs. */
#define X(reg, value) a->guest.reg = sysreg_read(reg);
	VMM_SYSREGS(X)
#undef X
	const uint64_t sp = a->sp;
	const uint64_t tpidr = a->tpidr;
#define X(reg, value) sysreg_write(reg, value);
	VMM_SYSREGS(X)
#undef X
	sysreg_write(vttbr_el2, a->vttbr);
	sysreg_write(cptr_el2, CPTR_VMM | trap_controls.cptr);
	sysreg_write(hcr_el2, HCR_VMM);
}

void arch_leave_vmm(struct domain *d)
{
	struct arch_vmm *a = &d->vmm_arch;

	a->sp = sysreg_read(sp_el0);
	a->tpidr = sysreg_read(tpidr_el0);
	const struct displaced guest = a->guest;
#define X(reg, value) sysreg_write(reg, guest.reg);
	VMM_SYSREGS(X)
#undef X
	sysreg_write(vttbr_el2, d->vcpus[0].arch.vttbr);
	sysreg_write(cptr_el2, CPTR_GUEST | trap_controls.cptr);
	sysreg_write(hcr_el2, HCR_GUEST | trap_controls.hcr);
	isb();
}

/* A synchronous exception to EL1, of the instruction that @v is at. */
static void inject(struct vcpu *v, uint64_t esr)
{
	sysreg_write(spsr_el1, v->regs.pstate);
	sysreg_write(elr_el1, v->regs.pc);
	sysreg_write(esr_el1, esr);
	v->regs.pc = sysreg_read(vbar_el1) + exception_vector(v->regs.pstate);
	v->regs.pstate = exception_pstate(v->regs.pstate, sysreg_read(sctlr_el1));
}

void arch_inject_undefined(struct vcpu *v)
{
	inject(v, ESR_UNKNOWN_64);
}

void arch_inject_abort(struct vcpu *v, uint64_t esr, uint64_t far)
{
	sysreg_write(far_el1, far);
	inject(v, exception_external_abort(esr, v->regs.pstate));
}
