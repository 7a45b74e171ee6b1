/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the core needs of the machine. Implemented by kernel/aarch64 for EL2 and by
 * tests/fake_arch for host tests. The core contains no assembly and touches no register but
 * through these functions.
 */
#ifndef KERNEL_CORE_ARCH_H
#define KERNEL_CORE_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/err.h"
#include "kernel/arm/list_register.h"
#include "kernel/arm/sgi.h"
#include "kernel/arm/smmu.h"

struct domain;
struct regs;
struct stream;
struct vcpu;

/** Physical counter, in ticks. It never goes back. */
uint64_t arch_now(void);
/** Ticks of the counter per second. */
uint64_t arch_ticks_per_second(void);
/** When, by arch_now(), the counter that guests and VMMs read is @value; UINT64_MAX: never. */
uint64_t arch_when(uint64_t value);
/** Have this CPU interrupted when the counter reaches @deadline; UINT64_MAX: never. */
void arch_set_deadline(uint64_t deadline);
/** Sleep until an interrupt is pending at this CPU. Interrupts stay masked. */
void arch_idle(void);

/* Physical interrupts of this CPU. */

enum interrupt_kind {
	INTERRUPT_NONE,
	INTERRUPT_POKE,        /* by arch_poke() */
	INTERRUPT_DEADLINE,    /* of arch_set_deadline() */
	INTERRUPT_TIMER,       /* the virtual timer of the loaded vCPU */
	INTERRUPT_MAINTENANCE, /* of the list registers */
	INTERRUPT_UART,        /* arch_uart_get() has something */
	INTERRUPT_LINE, /* of a device, or ARCH_MESSAGES + a message; the token is the number */
	INTERRUPT_STRAY
};

struct interrupt {
	enum interrupt_kind kind;
	uint32_t token; /* what the machine knows it by */
};

/** Acknowledge the most urgent interrupt that is pending at this CPU. */
struct interrupt arch_interrupt_take(void);
/** It is handled. @deactivate: it may come again; else whoever it was passed to does that. */
void arch_interrupt_end(struct interrupt interrupt, bool deactivate);

/** Interrupt the CPUs whose `poke_bit` is in @cpus, so that each looks at its `resched` and its
 * vCPU's `dirty`. No lock is held. */
void arch_poke(uint32_t cpus);
/** Whether a guest's call of @function is one that the firmware below serves: it has. */
bool arch_workaround(uint64_t function);
/** End the whole machine. */
_Noreturn void arch_power_off(void);

/** Give vCPU @v its state at power-on: it starts at @pc with x0 = @arg, EL1, MMU off. */
void arch_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t arg);
/** Store the hardware state of @v, which is loaded here, and set its wake_at, unless @timer: its
 * timer's interrupt is in flight. Returns whether @v left an asynchronous abort behind. */
MUST_USE bool arch_vcpu_save(struct vcpu *v, bool timer);
/** Load the hardware state of @v. @timer: as above. @flush: another vCPU of its domain ran here
 * since. */
void arch_vcpu_load(struct vcpu *v, bool timer, bool flush);
/** From the guest's world to its VMM's, and back, with a vCPU of @d loaded. */
void arch_enter_vmm(struct domain *d);
void arch_leave_vmm(struct domain *d);
/** Give the VMM of @d its first state. */
void arch_vmm_reset(struct domain *d, uint64_t pc, uint64_t sp, uint64_t arg);
/** What the CPU has in the ID register that the trapped access @iss (ESR_EL2.ISS) reads; 0: it reads none. */
uint64_t arch_id_register(uint32_t iss);
/** Whether the trapped access @iss, of @value, sends software-generated interrupts, and which: @v, that
 * makes it, has the CPU interface of a GICv3. */
bool arch_sgi(const struct vcpu *v, uint32_t iss, uint64_t value, struct sgi *sgi);
/** Make @v, loaded here, take an Undefined Instruction exception to EL1. */
void arch_inject_undefined(struct vcpu *v);
/** Make @v, loaded here, take a synchronous External abort to EL1 for the access at virtual address
 * @far that came to EL2 as an abort with syndrome @esr. */
void arch_inject_abort(struct vcpu *v, uint64_t esr, uint64_t far);

/* List registers of this CPU's virtual CPU interface; those of the loaded vCPU. They alone are
 * touched with the domain's lock held: an interrupt's flags and its list register change together
 * for whoever looks at the flags, and no CPU is woken by it. */

uint32_t arch_lr_count(void);
struct lr arch_lr_read(uint32_t i);
void arch_lr_write(uint32_t i, struct lr lr);
/** Whether list register @i holds @intid no more, which it was the last to hold. */
bool arch_lr_has_ended(uint32_t i, uint32_t intid);
/** Make @intid pending in list register @i, of no source, no physical interrupt, untold end. */
void arch_lr_pend(uint32_t i, uint32_t intid, uint32_t priority);
/** How many interrupts in no list register the guest has ended since the last call. @tell: have
 * this CPU interrupted by the next such end. */
uint32_t arch_lr_count_ends(bool tell);
/** Whether such an end would be counted, and be that of the most urgent: the guest handles an
 * interrupt, and ends in one step what it handles. */
bool arch_lr_ends_count(void);
/** Whether a line comes again when the guest ends the list register that names it; else it waits until
 * something else happens, and has to be ended by arch_line_end(). */
bool arch_lr_ends_lines(void);
/** The virtual timer's physical interrupt, active on this CPU, may come again. */
void arch_timer_end(void);

/* Physical interrupts of devices (line.h), PV_SPI_FIRST <= @intid < PV_INTID_END. All but the first
 * are called with the lock of the domain held that it belongs to. */

/** @intid, which is masked, is signalled by an edge, or a level. Boot CPU. */
void arch_line_init(uint32_t intid, bool edge);
/** It comes to this CPU from now on. */
void arch_line_route(uint32_t intid);
/** Those of 32 @word + i where bit i of @bits is set come no more, and stay pending. They may still be on
 * their way to some CPU. */
void arch_lines_mask(uint32_t word, uint32_t bits);
/** Those are no longer pending, but for levels that are still there. */
void arch_lines_forget(uint32_t word, uint32_t bits);
/** It is no longer active. */
void arch_line_end(uint32_t intid);

/* Messages that streams write, where each is a physical interrupt of its own, and is never active.
 * @message: of streams[@message / PV_MSIS_MAX] the @message % PV_MSIS_MAX th of its domain, whose lock
 * is held. */

#define ARCH_MESSAGES 8192U /* above all other interrupts */

/** It comes to this CPU soon, also if it was masked. */
void arch_message_route(uint32_t message);
/** It soon comes no more, and stays pending. It may still be on its way to some CPU. */
void arch_message_mask(uint32_t message);

/* Streams of the SMMU. Those that change one are called with its domain's lock held: whether it is on,
 * and that its vCPUs are, change together. Each is done for all DMA when it returns. */

/** DMA of @s is translated from now on, or aborts. False: the SMMU does not answer, so that no DMA
 * passes any more. */
bool arch_stream_set(const struct stream *s, bool on);
/** Take the oldest fault that the SMMU has recorded. False: there is none. One caller at a time. */
bool arch_stream_fault(struct smmu_event *fault);

/* Words of pages in the board's window areas. A store is done with the lock of its page held, but at
 * boot: it may keep bits that another CPU is about to store (window.h). */

uint32_t arch_window_read(uint32_t page, uint32_t word);
void arch_window_write(uint32_t page, uint32_t word, uint32_t value);

/* The board's UART (kernel/drivers). */

/** How many bytes it takes now without waiting: all that fit when its FIFO is empty, else 0. Whoever
 * sends waits for that, so that one who keeps it filled does not keep out who needs room for several
 * bytes. */
uint32_t arch_uart_room(void);
/** Send a byte that there is room for. */
void arch_uart_put(uint8_t byte);
/** False: nothing there. */
bool arch_uart_get(uint8_t *byte);

#endif
