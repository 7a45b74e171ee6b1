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
	struct log_line line;

	if (sysreg_read(elr_el2) == (uintptr_t)boot_probe_ram) {
		boot_refuse("header[0].ram_page_count: the machine has less RAM", NULL);
	}
	log_begin(&line, "panic: exception at EL2: pc ");
	log_hex(&line, sysreg_read(elr_el2));
	log_text(&line, " esr ");
	log_hex(&line, sysreg_read(esr_el2));
	log_text(&line, " far ");
	log_hex(&line, sysreg_read(far_el2));
	log_end(&line);
	arch_power_off();
}
