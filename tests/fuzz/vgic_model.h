/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the vGIC's fuzzer share: distributor and CPU interfaces as a guest has the right to
 * expect them (vgic_model.c), and the devices whose lines (vgic_lines.c) and messages (vgic_messages.c)
 * are SPIs of that guest.
 */
#ifndef TESTS_FUZZ_VGIC_MODEL_H
#define TESTS_FUZZ_VGIC_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/core/kernel.h"

#define VCPUS 4U
#define CPUS 2U
#define INTIDS 20U
#define MESSAGES 4U
#define LINES 10U /* more than list registers, and than are settled at once */

/* An interrupt as the distributor has it. */
struct model_interrupt {
	bool enabled, latch, line, active;
	uint8_t level;   /* of priority, of 32 */
	uint8_t target;  /* vCPU */
	uint8_t sources; /* SGI */
	uint8_t holder;  /* on whose CPU interface it became active */
};

/* A CPU interface: what it handles, the innermost last. */
struct interface {
	uint32_t iar[32];
	uint8_t level[32];
	uint32_t depth;
};

/* What the guest sees of its interrupt controller. */
struct model {
	bool enabled;
	struct model_interrupt private[VCPUS][VIRQ_PRIVATE];
	struct model_interrupt spi[PV_VIRQS];
	struct interface cpu[VCPUS];
	uint64_t ends; /* of active interrupts, by guest or VMM */
};

extern struct model model;

/** Those that are tried: SGIs, PPIs, SPIs, more than list registers. Odd SPIs are level-sensitive. */
extern const uint16_t intids[INTIDS];

/** End the test, which says @what, unless @holds. */
void demand(bool holds, const char *what);

/** Interrupt @intid as vCPU @vcpu sees it. */
struct model_interrupt *model_of(uint32_t vcpu, uint32_t intid);

/** What @op does to @q, which is SPI or PPI @intid. */
void model_operate(struct model_interrupt *q, uint32_t intid, enum pv_virq_op op);

/** Whether the guest takes @intid for an edge; whether it is pending; whether vCPU @vcpu can take it, as
 * far as its priority is concerned; whether some CPU interface handles it. */
bool is_edge(uint32_t intid);
bool is_pending(uint32_t vcpu, uint32_t intid);
bool is_due(uint32_t vcpu, uint32_t intid);
bool is_nested(uint32_t intid);

/** Level of the most urgent interrupt that vCPU @vcpu can take; 32: none. */
uint32_t best_due(uint32_t vcpu);

/** Whether a CPU runs the guest of vCPU @vcpu. */
bool in_guest(uint32_t vcpu);

/** The lines of domain 0, which is just built. @told: list registers do not end them. */
void lines_build(bool told);

/** Whether SPI @intid is a line. */
bool lines_has(uint32_t intid);

/** The device of line @n asks, or ceases to ask, for service. */
void lines_set(uint32_t n, bool high);

/** The CPU that line @n comes to, if it does, has acknowledged it: what others do now comes between that
 * and the kernel. */
void lines_acknowledge(uint32_t n);

/** Whether CPU @cpu has a line to take; let it take all. */
bool lines_call(uint32_t cpu);
void lines_take(uint32_t cpu);

/** SPI @intid was acknowledged by the guest; is no longer active; is no longer pending. Others than lines
 * are nothing to them. */
void lines_guest_acknowledges(uint32_t intid);
void lines_guest_ends(uint32_t intid);
void lines_guest_unpends(uint32_t intid);

/** The distributor is in its reset state. */
void lines_reset(void);

/** See that the board, the kernel and the model agree on all lines. No CPU has anything to look at. */
void lines_check(void);

/** Domain 0, which is just built, has two streams, each with messages of two numbers. */
void messages_build(void);

/** The device of its stream sends message @n, if that lets it. */
void messages_send(uint32_t n);

/** The VM has started: its VMM lets its devices reach memory. */
void messages_start(void);

/** Whether CPU @cpu has a message to take; let it take all. */
bool messages_call(uint32_t cpu);
void messages_take(uint32_t cpu);

/** See that a VM that runs has its messages come, and to which CPU. No CPU has anything to look at. */
void messages_check(void);

#endif
