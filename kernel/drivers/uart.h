/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The board's UART, polled for output, interrupt-driven for input. One driver is linked.
 */
#ifndef KERNEL_DRIVERS_UART_H
#define KERNEL_DRIVERS_UART_H

#include <stdbool.h>
#include <stdint.h>

/** Set up the UART whose registers lie at @base. */
void uart_init(uint64_t base);

/** Send a byte; false: its FIFO is full. */
bool uart_put(uint8_t byte);

/** Take a byte that came in; false: there is none. */
bool uart_get(uint8_t *byte);

#endif
