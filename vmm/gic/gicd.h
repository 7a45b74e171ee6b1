/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's distributor: a GICv2's (Arm IHI 0048B.b, 4.3), or a GICv3's with a redistributor for
 * each vCPU (IHI 0069H, 12.9 to 12.11). It owns what the guest configures: enable, priority, target
 * and trigger of each interrupt; pending and active state is the kernel's. It keeps the kernel
 * informed: after each access the kernel's configuration of every interrupt is the one kept here.
 */
#ifndef VMM_GIC_GICD_H
#define VMM_GIC_GICD_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/limits.h"
#include "vmm/base/regs.h"

#define GICV2_BYTES 0x1000U
#define GICV3_BYTES 0x10000U
#define GICR_BYTES 0x20000U /* of one vCPU's redistributor */
#define GICD_PRIVATE 32U    /* INTIDs 0..31: a bank for each vCPU */
/* One slot for each interrupt: the banks of all vCPUs, then the SPIs. */
#define GICD_SLOTS (PV_DOMAIN_VCPUS_MAX * GICD_PRIVATE + PV_VIRQS - PV_SPI_FIRST)

_Static_assert(PV_SPI_FIRST == GICD_PRIVATE, "SPIs follow the private interrupts");
_Static_assert(PV_VIRQS % 32 == 0 && PV_VIRQS <= 1020, "GICD_TYPER counts in steps of 32");

struct gicd {
	/* Set by gicd_init, then constant. */
	uint32_t cap; /* PV_CAP_VGIC */
	uint32_t vcpu_count;
	bool is_v3;

	bool enabled;
	uint32_t enable[GICD_SLOTS / 32]; /* one bit for each slot */
	uint32_t edge[GICD_SLOTS / 32];
	uint8_t priority[GICD_SLOTS];
	uint8_t targets
		[GICD_SLOTS]; /* of SPIs: mask of vCPUs as the guest wrote it; GICv3: one or none */
};

/** Reset state; tells the kernel about the interrupts that are enabled from reset (the SGIs). */
void gicd_init(struct gicd *gicd, uint32_t cap, uint32_t vcpu_count, bool is_v3);

/** The guest reads or writes the distributor's window. */
uint64_t gicd_read(struct gicd *gicd, const struct access *access);
void gicd_write(struct gicd *gicd, const struct access *access);

/** The same of the redistributor of vCPU @of, which any vCPU may use. */
uint64_t gicr_read(struct gicd *gicd, uint32_t of, const struct access *access);
void gicr_write(struct gicd *gicd, uint32_t of, const struct access *access);

/** Latch SPI @intid pending, as a message-signalled interrupt does. @intid: an SPI < PV_VIRQS. */
void gicd_pend_spi(const struct gicd *gicd, uint32_t intid);

/** Set the level of SPI @intid's line. @intid: an SPI < PV_VIRQS. */
void gicd_set_line(const struct gicd *gicd, uint32_t intid, bool high);

/* The registers, for the test that they are sorted and disjoint. */
extern const struct reg_table gicv2_registers, gicv3_registers, gicr_registers;

#endif
