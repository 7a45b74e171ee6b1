/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent's UART in larger pieces: calls of the guest that move what passes its data register, up to
 * PV_VMM_AGENT_BYTES at a time (abi/vmm.h). A register moves one byte for each two accesses, and each
 * access costs as much as such a call.
 */
#ifndef VMM_SERIAL_PL011_BULK_H
#define VMM_SERIAL_PL011_BULK_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/calls.h"
#include "vmm/serial/pl011.h"

/** Whether @function, the guest's x0, is one of these calls. */
bool pl011_bulk_has(uint64_t function);

/** Answer such a call. Bounded: what the UART of the machine does not take at once is the guest's to
 * offer again. */
MUST_USE struct reply pl011_bulk_call(struct pl011 *uart, const uint64_t argument[4]);

#endif
