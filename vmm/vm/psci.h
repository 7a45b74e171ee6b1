/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of the guest to firmware, by HVC or SMC alike: PSCI 1.1 (Arm DEN 0022D) and what SMCCC 1.1
 * (Arm DEN 0028) needs beside it. They act on the VM's own vCPUs and on nothing else. Which vCPUs
 * are on is kept here for AFFINITY_INFO; the kernel decides about CPU_ON.
 */
#ifndef VMM_VM_PSCI_H
#define VMM_VM_PSCI_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/limits.h"
#include "vmm/calls.h"
#include "vmm/vm/workarounds.h"

struct psci {
	/* Set by psci_init, then constant. */
	uint32_t cap_vcpu_first; /* PV_CAP_VCPU of vCPU 0; the others follow */
	uint32_t vcpu_count;

	struct cpu cpu; /* set by vmm_main */

	bool is_on[PV_DOMAIN_VCPUS_MAX];
};

void psci_init(struct psci *psci, uint32_t cap_vcpu_first, uint32_t vcpu_count);

/** vCPU 0 is on, the others are off. */
void psci_reset(struct psci *psci);

/** Answer the call of @vcpu with the function number argument[0] (the guest's x0). */
MUST_USE struct reply psci_call(struct psci *psci, uint32_t vcpu, const uint64_t argument[4]);

#endif
