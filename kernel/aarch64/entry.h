/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What vectors.S calls, and what it offers.
 */
#ifndef KERNEL_AARCH64_ENTRY_H
#define KERNEL_AARCH64_ENTRY_H

#include "kernel/core/kernel.h"

extern const char vectors[]; /* for VBAR_EL2 */

/** An exception from below EL2 was taken on @c; returns the frame that runs next. */
struct regs *handle_synchronous(struct cpu *c);
struct regs *handle_interrupt(struct cpu *c);
struct regs *handle_serror(struct cpu *c);

/** An exception at EL2 itself: say where, and end the machine. */
_Noreturn void panic_exception(void);

/** Load @regs and run it. */
_Noreturn void enter_frame(struct regs *regs);

#endif
