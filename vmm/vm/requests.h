/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of the VM as lines on the VMM's channel (abi/vmm.h, PV_VMM_ASK_*).
 */
#ifndef VMM_VM_REQUESTS_H
#define VMM_VM_REQUESTS_H

#include <stdint.h>

#define REQUEST_BYTES 16U

enum request { REQUEST_NONE, REQUEST_START, REQUEST_STOP, REQUEST_RESTART, REQUEST_COUNTERS };

struct requests {
	uint32_t cap; /* PV_CAP_CONSOLE; constant */

	uint64_t input; /* bytes of the kernel's that were not looked at, LSB first */
	uint32_t input_count;
	uint32_t length; /* of the line so far; one that is too long stops to grow */
	char line[REQUEST_BYTES];
};

/** Empty. */
void requests_init(struct requests *requests, uint32_t cap);

/** The next request that waits on the channel, REQUEST_NONE when there is none. */
enum request requests_next(struct requests *requests);

#endif
