/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What vgic_fuzz.c and vgic_lines.c share: the distributor as a guest has the right to expect it, and
 * the devices of the board whose lines are SPIs of that guest.
 */
#ifndef TESTS_FUZZ_VGIC_MODEL_H
#define TESTS_FUZZ_VGIC_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define VCPUS 4U
#define CPUS 2U
#define LINES 10U /* more than list registers, and than are settled at once */

/* An interrupt as the distributor has it. */
struct model_interrupt {
	bool enabled, latch, line, active;
	uint8_t level;   /* of priority, of 32 */
	uint8_t target;  /* vCPU */
	uint8_t sources; /* SGI */
	uint8_t holder;  /* on whose CPU interface it became active */
};

/** End the test, which says @what, unless @holds. */
void demand(bool holds, const char *what);

/** Interrupt @intid as vCPU @vcpu sees it. */
struct model_interrupt *model_of(uint32_t vcpu, uint32_t intid);

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

#endif
