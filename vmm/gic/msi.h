/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where message-signalled interrupts go: what a function asks about a message (an address and data
 * that its driver chose) without knowing which block of the interrupt controller takes it.
 */
#ifndef VMM_GIC_MSI_H
#define VMM_GIC_MSI_H

#include <stdint.h>

struct msi_operations {
	/* The SPI that a message of @data to @address raises, 0 = none. */
	uint32_t (*intid)(const void *block, uint64_t address, uint32_t data);
	/* Raise @intid, which `intid` has named. */
	void (*raise)(const void *block, uint32_t intid);
};

struct msi_target {
	const struct msi_operations *operations;
	const void *block;
};

#endif
