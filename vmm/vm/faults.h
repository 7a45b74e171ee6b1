/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the VMM cannot serve: one line on the log channel that says what happened where, and the
 * end of this VM. Other VMs do not notice.
 */
#ifndef VMM_VM_FAULTS_H
#define VMM_VM_FAULTS_H

#include "abi/vmm.h"
#include "vmm/calls.h"

/** The guest touched an address that nothing answers (READ, WRITE), or in a way that cannot be
 * emulated (FAULT). */
MUST_USE struct reply fault_unanswered(const struct pv_vmm_config *config,
                                       const struct message *message);

/** A message that the rules of abi/calls.h do not allow. */
MUST_USE struct reply fault_bad_message(const struct pv_vmm_config *config,
                                        const struct message *message);

/** The configuration does not pass its checks; @what names the field. */
void fault_bad_config(const struct pv_vmm_config *config, const char *what);

#endif
