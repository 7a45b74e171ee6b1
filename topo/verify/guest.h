/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files that derive a guest's device tree share.
 */
#ifndef TOPO_VERIFY_GUEST_H
#define TOPO_VERIFY_GUEST_H

#include "topo/verify/verify.h"

#define GUEST_SPI 0U
#define GUEST_PPI 1U
#define GUEST_LEVEL 4U

/* Phandles, as the guest's tree has them. */
struct guest_handles {
	uint32_t gic;
	uint32_t v2m;
	uint32_t clock;
};

/** "reg" with one range. */
void guest_want_reg(struct tree *wanted, const char *node, uint64_t base, uint64_t bytes);

/** An interrupt specifier, behind @cells. */
void guest_want_interrupt(struct cells *cells, uint32_t type, uint32_t number, uint32_t flags);

/** guest_connections.c, as all reserved memory: the window of the agent, if @vm has one. */
void guest_want_agent_window(const struct verified_vm *vm, struct tree *wanted);

/** guest_hardware.c: nodes of what VM @index is given. */
void guest_want_hardware(struct verify *v, uint32_t index, const struct guest_handles *handles,
                         struct tree *wanted);

#endif
