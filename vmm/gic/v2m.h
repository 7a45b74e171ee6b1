/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's GICv2m frame (Arm SBSA, appendix "GICv2m architecture"): it tells the guest which
 * SPIs message-signalled interrupts may use, and turns a store of such an INTID to its doorbell
 * register into that SPI. The messages of functions that the VMM emulates go there too (msi.h).
 */
#ifndef VMM_GIC_V2M_H
#define VMM_GIC_V2M_H

#include <stdint.h>

#include "vmm/base/regs.h"
#include "vmm/gic/gicd.h"
#include "vmm/gic/msi.h"

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

/** The frame as functions know it. */
struct msi_target v2m_target(const struct v2m *v2m);

/* The registers, for the test that they are sorted and disjoint. */
extern const struct reg_table v2m_registers;

#endif
