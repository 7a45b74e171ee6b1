/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's GICv2m frame (Arm SBSA, appendix "GICv2m architecture"): it tells the guest which
 * SPIs message-signalled interrupts may use, and turns a store of such an INTID to its doorbell
 * register into that SPI. Devices of the VMM check their MSI-X entries against it.
 */
#ifndef VMM_GIC_V2M_H
#define VMM_GIC_V2M_H

#include <stdint.h>

#include "vmm/base/regs.h"
#include "vmm/gic/gicd.h"

#define V2M_BYTES 0x1000U
#define V2M_SETSPI 0x040U

struct v2m {
	const struct gicd *gicd;
	uint64_t ipa;   /* 0 = the VM has none */
	uint32_t first; /* INTID */
	uint32_t count;
};

/** The guest reads or writes the frame. */
uint64_t v2m_read(struct v2m *v2m, const struct access *access);
void v2m_write(struct v2m *v2m, const struct access *access);

/** The SPI that a message of @data to @address raises, 0 = none. */
uint32_t v2m_intid(const struct v2m *v2m, uint64_t address, uint32_t data);

/* The registers, for the test that they are sorted and disjoint. */
extern const struct reg_table v2m_registers;

#endif
