/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the VMM cannot serve. An access of the guest that nothing answers is aborted, as on a bus:
 * the guest's kernel sees to who did it. What breaks the rules of abi/ ends this VM. Each with a
 * line on the log channel that says what happened where; other VMs do not notice.
 */
#ifndef VMM_VM_FAULTS_H
#define VMM_VM_FAULTS_H

#include "abi/vmm.h"
#include "vmm/calls.h"

/* Accesses that were aborted so far. A guest may repeat one for ever, so the log tells the first
 * FAULT_LINES and then those whose number is a power of two. */
struct faults {
	uint64_t count;
};

#define FAULT_LINES 8U

/** The guest touched an address that nothing answers (READ, WRITE), or in a way that cannot be
 * emulated (FAULT). */
MUST_USE struct reply fault_unanswered(struct faults *faults, const struct pv_vmm_config *config,
                                       const struct message *message);

/** A message that the rules of abi/calls.h do not allow. */
MUST_USE struct reply fault_bad_message(const struct pv_vmm_config *config,
                                        const struct message *message);

/** The configuration does not pass its checks; @what names the field. */
void fault_bad_config(const struct pv_vmm_config *config, const char *what);

#endif
