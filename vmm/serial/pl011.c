/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PL011 (pl011.h), after Arm DDI 0183G chapter 3: as much as Linux's amba-pl011 and early consoles
 * use. Line settings are stored and mean nothing. There are no line errors, no DMA, no loopback
 * and no modem lines.
 *
 * Receive: UARTRTRIS stands while the FIFO is not empty, since the "timeout" of a line that is
 * always fast has always passed; clearing it by UARTICR with data left raises it again at once,
 * so a driver that clears before it reads cannot get stuck. Transmit: a character written raises
 * UARTTXRIS, as the FIFO falls below its mark at once; it stays until UARTICR.
 */
#include "vmm/serial/pl011.h"

#include "vmm/base/log.h"
#include "vmm/calls.h"

#define FR_RXFE (1U << 4) /* receive FIFO empty */
#define FR_RXFF (1U << 6) /* receive FIFO full */
#define FR_TXFE (1U << 7) /* transmit FIFO empty */
#define LCR_H_FEN (1U << 4)
#define INT_RX (1U << 4)
#define INT_TX (1U << 5)
#define INT_RT (1U << 6)
#define INT_ALL 0x7ffU
#define CR_RESET 0x300U  /* RXE and TXE */
#define IFLS_RESET 0x12U /* both marks at half */
#define READ_BYTES 8U    /* at most, of one PV_CALL_CONSOLE_READ */

/* Characters in the receive FIFO from which UARTRXRIS stands. */
static uint32_t rx_mark(const struct pl011 *uart)
{
	/* UARTIFLS.RXIFLSEL: 1/8, 1/4, 1/2, 3/4, 7/8; the others are reserved. */
	static const uint8_t mark[8] = {4, 8, 16, 24, 28, 16, 16, 16};

	return (uart->stored[PL011_LCR_H] & LCR_H_FEN) != 0
	               ? mark[(uart->stored[PL011_IFLS] >> 3) & 7]
	               : 1;
}

static uint32_t raw_interrupts(const struct pl011 *uart)
{
	return (uart->rx_count >= rx_mark(uart) ? INT_RX : 0) | (uart->rx_count != 0 ? INT_RT : 0) |
	       (uart->tx_raised ? INT_TX : 0);
}

/* Bring the line to what registers and FIFO say. */
static void update_line(struct pl011 *uart)
{
	bool line = (raw_interrupts(uart) & uart->stored[PL011_IMSC]) != 0;

	if (line != uart->line) {
		uart->line = line;
		gicd_set_line(uart->gicd, uart->intid, line);
	}
}

/* Take from the channel what fits. */
static void fill(struct pl011 *uart)
{
	uart->more = true;
	while (uart->more && PL011_FIFO - uart->rx_count >= READ_BYTES) {
		uint64_t bytes;
		uint32_t count;

		if (call_console_read(uart->cap, &bytes, &count) != OK || count > READ_BYTES) {
			count = 0;
		}
		uart->more = count != 0;
		for (uint32_t i = 0; i < count; i++) {
			uint32_t tail = (uart->rx_head + uart->rx_count) % PL011_FIFO;

			uart->fifo[tail] = (uint8_t)(bytes >> (8 * i));
			uart->rx_count++;
		}
	}
}

void pl011_input(struct pl011 *uart)
{
	fill(uart);
	update_line(uart);
}

uint32_t pl011_take(struct pl011 *uart, uint8_t *bytes, uint32_t count)
{
	uint32_t taken = 0;

	for (; taken < count && uart->rx_count != 0; taken++) {
		bytes[taken] = uart->fifo[uart->rx_head];
		uart->rx_head = (uart->rx_head + 1) % PL011_FIFO;
		uart->rx_count--;
		if (uart->more) {
			fill(uart);
		}
	}
	update_line(uart);
	return taken;
}

static uint64_t read_dr(void *device, const struct access *access)
{
	uint8_t byte = 0;

	(void)access;
	(void)pl011_take(device, &byte, 1);
	return byte;
}

static void write_dr(void *device, const struct access *access)
{
	struct pl011 *uart = device;
	uint8_t byte = (uint8_t)access->value;

	console_write(uart->cap, &byte, 1);
	uart->tx_raised = true;
	update_line(uart);
}

static uint64_t read_fr(void *device, const struct access *access)
{
	const struct pl011 *uart = device;

	(void)access;
	return FR_TXFE | (uart->rx_count == 0 ? FR_RXFE : 0) |
	       (uart->rx_count == PL011_FIFO ? FR_RXFF : 0);
}

/* UARTILPR to UARTIMSC read back what was written to them, in the bits that exist. */
static uint64_t read_stored(void *device, const struct access *access)
{
	const struct pl011 *uart = device;

	return uart->stored[access->offset / 4];
}

static void write_stored(void *device, const struct access *access)
{
	static const uint32_t masks[PL011_STORED] = {
		[PL011_ILPR] = 0xff,    [PL011_IBRD] = 0xffff, [PL011_FBRD] = 0x3f,
		[PL011_LCR_H] = 0xff,   [PL011_CR] = 0xff87,   [PL011_IFLS] = 0x3f,
		[PL011_IMSC] = INT_ALL,
	};
	struct pl011 *uart = device;
	uint32_t index = access->offset / 4;

	uart->stored[index] = (uint32_t)access->value & masks[index];
	update_line(uart);
}

static uint64_t read_ris(void *device, const struct access *access)
{
	(void)access;
	return raw_interrupts(device);
}

static uint64_t read_mis(void *device, const struct access *access)
{
	const struct pl011 *uart = device;

	(void)access;
	return raw_interrupts(uart) & uart->stored[PL011_IMSC];
}

static void write_icr(void *device, const struct access *access)
{
	struct pl011 *uart = device;

	if ((access->value & INT_TX) != 0) {
		uart->tx_raised = false;
		update_line(uart);
	}
}

/* UARTPeriphID0..3 and UARTPCellID0..3: part 0x011 of designer 0x41, revision 3. */
static uint64_t read_id(void *device, const struct access *access)
{
	static const uint8_t id[8] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	(void)device;
	return id[access->offset / 4];
}

/* Arm DDI 0183G, table 3-1. Drivers use 8, 16 and 32 bits; the rest of each word is reserved. */
#define ANY (W8 | W16 | W32)
static const struct reg rows[] = {
	{0x000, 4, ANY, read_dr, write_dr},                        /* UARTDR */
	{0x018, 4, ANY, read_fr, NULL},                            /* UARTFR */
	{0x020, 4 * PL011_STORED, ANY, read_stored, write_stored}, /* UARTILPR .. UARTIMSC */
	{0x03c, 4, ANY, read_ris, NULL},                           /* UARTRIS */
	{0x040, 4, ANY, read_mis, NULL},                           /* UARTMIS */
	{0x044, 4, ANY, NULL, write_icr},                          /* UARTICR */
	{0xfe0, 32, ANY, read_id, NULL},                           /* UARTPeriphIDn, UARTPCellIDn */
};
const struct reg_table pl011_registers = REG_TABLE(rows);

void pl011_init(struct pl011 *uart, const struct gicd *gicd, const struct pv_vmm_uart *config)
{
	*uart = (struct pl011){.gicd = gicd, .intid = config->intid, .cap = config->cap};
	uart->stored[PL011_CR] = CR_RESET;
	uart->stored[PL011_IFLS] = IFLS_RESET;
}

uint64_t pl011_read(struct pl011 *uart, const struct access *access)
{
	return access->offset % 4 == 0 ? regs_read(&pl011_registers, uart, access) : 0;
}

void pl011_write(struct pl011 *uart, const struct access *access)
{
	if (access->offset % 4 == 0) {
		regs_write(&pl011_registers, uart, access);
	}
}
