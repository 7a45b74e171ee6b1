/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the vectors to the core and back: each handler deals with one exception from below EL2 and
 * returns the frame that runs next.
 */
#include "kernel/aarch64/entry.h"

#include "kernel/aarch64/boot.h"
#include "kernel/aarch64/sysreg.h"
#include "kernel/core/arch.h"
#include "kernel/core/boot.h"
#include "kernel/core/domain.h"
#include "kernel/core/interrupt.h"
#include "kernel/core/log.h"
#include "kernel/core/sched.h"
#include "kernel/core/trap.h"

struct regs *handle_synchronous(struct cpu *c)
{
	const struct trap trap = {.esr = sysreg_read(esr_el2),
	                          .far = sysreg_read(far_el2),
	                          .hpfar = sysreg_read(hpfar_el2)};

	trap_synchronous(c, &trap);
	return sched_resume(c);
}

struct regs *handle_interrupt(struct cpu *c)
{
	(void)interrupt_take(c);
	return sched_resume(c);
}

struct regs *handle_serror(struct cpu *c)
{
	domain_abort(c->current->domain);
	return sched_resume(c);
}

void panic_exception(void)
{
	if (sysreg_read(elr_el2) == (uintptr_t)boot_probe_ram) {
		boot_refuse("header[0].ram_page_count: the machine has less RAM", NULL);
	}
	log_print("panic: exception at EL2: pc 0x%016lx esr 0x%016lx far 0x%016lx",
	          sysreg_read(elr_el2), sysreg_read(esr_el2), sysreg_read(far_el2));
	arch_power_off();
}
