/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the vectors to the core and back: each handler deals with one exception from below EL2 and
 * returns the frame that runs next.
 */
#include "kernel/aarch64/entry.h"

#include "kernel/aarch64/boot.h"
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/sysreg.h"
#include "kernel/board.h"
#include "kernel/core/arch.h"
#include "kernel/core/boot.h"
#include "kernel/core/console.h"
#include "kernel/core/domain.h"
#include "kernel/core/log.h"
#include "kernel/core/sched.h"
#include "kernel/core/trap.h"
#include "kernel/core/vgic.h"

#define INTERRUPT_BUDGET 4U /* taken at one exception; what is left comes as the next */

/* Returns whether the interrupt is to be deactivated: not that of a timer, which the guest's own
 * end of interrupt deactivates. */
static RARE bool handle_interrupt_of(struct cpu *c, uint32_t intid)
{
	struct vcpu *v = c->current;

	if (intid == INTID_TIMER && v) {
		vgic_pend_timer(v);
		return false;
	}
	if (intid == INTID_MAINTENANCE && v) {
		vgic_sync(v); /* the exit path does the rest, if the guest is what goes on */
	} else if (intid == INTID_DEADLINE) {
		sched_deadline(c);
	} else if (intid == board_uart_intid) {
		console_input();
	}
	return true;
}

/* Take one interrupt. False: none is pending. */
static bool take_interrupt(struct cpu *c)
{
	uint32_t iar = gic_acknowledge();
	uint32_t intid = iar & 0x3ffU;

	if (intid == INTID_NONE) {
		return false;
	}
	/* A poke says no more than what sched_resume() looks at in any case. */
	gic_end(iar, intid == INTID_POKE || handle_interrupt_of(c, intid));
	return true;
}

void arch_take_interrupts(void)
{
	struct cpu *c = cpu_here();

	for (uint32_t n = 0; n < INTERRUPT_BUDGET && take_interrupt(c); n++) {
	}
}

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
	(void)take_interrupt(c);
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
