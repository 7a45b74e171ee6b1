/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which emulated device answers at which guest-physical address: windows, sorted by address and
 * disjoint. Filled when the VM is set up, constant afterwards.
 */
#ifndef VMM_VM_WINDOWS_H
#define VMM_VM_WINDOWS_H

#include <stdint.h>

#include "abi/err.h"
#include "abi/limits.h"
#include "abi/vmm.h"

enum window_kind {
	WINDOW_GICD,
	WINDOW_GICR,
	WINDOW_V2M,
	WINDOW_UART,
	WINDOW_ECAM,
	WINDOW_BAR,
	WINDOW_KINDS
};

/* distributor, redistributors, frame, UARTs, host bridges, devices */
#define WINDOWS_MAX (5U + PV_DOMAIN_VCPUS_MAX + PV_VMM_CONNECTIONS_MAX + PV_VMM_DEVICES_MAX)

struct window {
	uint64_t base;
	uint64_t bytes;
	enum window_kind kind;
	uint32_t index; /* which of its kind */
};

struct windows {
	uint32_t count;
	struct window list[WINDOWS_MAX];
};

/** Add a window. Errors: ERR_FULL; ERR_OVERLAP with one that is there. */
MUST_USE err_t windows_add(struct windows *windows, const struct window *window);

/** The window that holds all of [ipa, ipa + bytes), or NULL. @bytes > 0. */
const struct window *windows_find(const struct windows *windows, uint64_t ipa, uint64_t bytes);

#endif
