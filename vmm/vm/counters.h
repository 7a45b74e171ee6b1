/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the VM has done so far, for who asks on the VMM's channel (abi/vmm.h, "counted"): messages are
 * counted here, what never becomes one the kernel counts (PV_CALL_VCPU_GET and those of doorbells).
 */
#ifndef VMM_VM_COUNTERS_H
#define VMM_VM_COUNTERS_H

#include <stdint.h>

#include "vmm/calls.h"

struct vm;

struct counters {
	uint64_t messages[PV_MSG_FAULT + 1]; /* by enum pv_msg, since the VMM started */
};

/** A vCPU has sent @message. */
void counters_take(struct counters *counters, const struct message *message);

/** Write the lines that say how far all of @vm has counted. */
void counters_tell(const struct counters *counters, const struct vm *vm);

#endif
