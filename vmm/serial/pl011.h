/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An emulated PL011 UART (Arm DDI 0183G) in front of a console channel of the kernel. What the
 * guest sends leaves at once, so its transmitter is always empty; what arrives waits in the
 * receive FIFO here and, behind that, in the kernel. The interrupt line is level-sensitive and
 * changes only through this file.
 */
#ifndef VMM_SERIAL_PL011_H
#define VMM_SERIAL_PL011_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/vmm.h"
#include "vmm/base/regs.h"
#include "vmm/gic/gicd.h"

#define PL011_BYTES 0x1000U
#define PL011_FIFO 32U /* characters; revision 3 of the PL011 has as many */

/* Registers that are stored, in the order of their offsets from UARTILPR on. */
enum pl011_stored {
	PL011_ILPR,
	PL011_IBRD,
	PL011_FBRD,
	PL011_LCR_H,
	PL011_CR,
	PL011_IFLS,
	PL011_IMSC,
	PL011_STORED
};

struct pl011 {
	/* Set by pl011_init, then constant. */
	const struct gicd *gicd;
	uint32_t intid;
	uint32_t cap; /* PV_CAP_CONSOLE */

	uint32_t stored[PL011_STORED]; /* registers as the guest wrote them */

	bool tx_raised;   /* the transmit interrupt is asserted */
	bool line;        /* level of the interrupt line, as the kernel knows it */
	bool more;        /* the kernel may hold more input */
	uint32_t rx_head; /* of the ring fifo[]: next to read */
	uint32_t rx_count;
	uint8_t fifo[PL011_FIFO];
};

/** Reset state. */
void pl011_init(struct pl011 *uart, const struct gicd *gicd, const struct pv_vmm_uart *config);

/** The guest reads or writes the UART's registers. */
uint64_t pl011_read(struct pl011 *uart, const struct access *access);
void pl011_write(struct pl011 *uart, const struct access *access);

/** Input waits on the channel: take what fits. */
void pl011_input(struct pl011 *uart);

/** Take up to @count received characters, as reads of UARTDR do; returns how many there were. */
uint32_t pl011_take(struct pl011 *uart, uint8_t *bytes, uint32_t count);

/* The registers, for the test that they are sorted and disjoint. */
extern const struct reg_table pl011_registers;

#endif
