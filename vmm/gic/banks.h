/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the distributors of all versions share (gicd.c): the configuration of an interrupt, and
 * handlers of register banks. A bank has a word, a byte or two bits of each interrupt from INTID 0
 * on; those of the first 32 are the accessing vCPU's.
 */
#ifndef VMM_GIC_BANKS_H
#define VMM_GIC_BANKS_H

#include "abi/calls.h"
#include "vmm/gic/gicd.h"

#define SGI_COUNT 16U

/** Where in a struct gicd an interrupt, as @vcpu sees it, has its place. */
uint32_t gicd_slot(uint32_t vcpu, uint32_t intid);

/** Give the kernel the configuration of one interrupt. */
void gicd_push(const struct gicd *gicd, uint32_t vcpu, uint32_t intid);

/** The state bits of one interrupt, 0 where there is none. */
uint32_t gicd_state(const struct gicd *gicd, uint32_t vcpu, uint32_t intid);

/** Have the kernel change the state of one interrupt. */
void gicd_operate(const struct gicd *gicd, uint32_t vcpu, uint32_t intid, enum pv_virq_op op);

/* Handlers of rows, whose device is a struct gicd. */
uint64_t bank_read_iidr(void *device, const struct access *access); /* GICD_IIDR */
uint64_t bank_read_enable(void *device, const struct access *access);
void bank_write_set_enable(void *device, const struct access *access);
void bank_write_clear_enable(void *device, const struct access *access);
uint64_t bank_read_pending(void *device, const struct access *access);
void bank_write_set_pending(void *device, const struct access *access);
void bank_write_clear_pending(void *device, const struct access *access);
uint64_t bank_read_active(void *device, const struct access *access);
void bank_write_set_active(void *device, const struct access *access);
void bank_write_clear_active(void *device, const struct access *access);
uint64_t bank_read_priority(void *device, const struct access *access);
void bank_write_priority(void *device, const struct access *access);
uint64_t bank_read_config(void *device, const struct access *access);
void bank_write_config(void *device, const struct access *access);

/** An access of a GICv3's distributor. */
uint64_t gicv3_read(struct gicd *gicd, const struct access *access);
void gicv3_write(struct gicd *gicd, const struct access *access);

#endif
