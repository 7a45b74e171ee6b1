/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arm PrimeCell UART PL011 (Arm DDI 0183G, chapter 3). The firmware's line settings stay.
 */
#include "kernel/core/arch.h"
#include "kernel/drivers/uart.h"

#define UART_DR 0x000U
#define UART_FR 0x018U
#define UART_LCRH 0x02cU
#define UART_CR 0x030U
#define UART_IMSC 0x038U
#define UART_ICR 0x044U

#define FR_RXFE (1U << 4)
#define FR_TXFE (1U << 7)
#define LCRH_FEN (1U << 4)
#define LCRH_8BIT (3U << 5)
#define CR_ENABLE (1U << 0 | 1U << 8 | 1U << 9) /* UART, transmit, receive */
#define FIFO_BYTES 16U                          /* at least: 2.3 */
#define INT_RECEIVE (1U << 4 | 1U << 6)         /* level reached, and time-out below it */

static uint64_t base; /* boot */

static volatile uint32_t *reg(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(base + offset);
}

void uart_init(uint64_t uart_base)
{
	base = uart_base;
	*reg(UART_CR) = 0;
	*reg(UART_ICR) = 0x7ff;
	*reg(UART_LCRH) = LCRH_FEN | LCRH_8BIT;
	*reg(UART_CR) = CR_ENABLE;
	*reg(UART_IMSC) = INT_RECEIVE;
}

uint32_t arch_uart_room(void)
{
	return (*reg(UART_FR) & FR_TXFE) ? FIFO_BYTES : 0;
}

void arch_uart_put(uint8_t byte)
{
	*reg(UART_DR) = byte;
}

bool arch_uart_get(uint8_t *byte)
{
	if (*reg(UART_FR) & FR_RXFE) {
		return false;
	}
	*byte = (uint8_t)*reg(UART_DR);
	return true;
}
