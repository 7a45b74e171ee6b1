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

/** How many bytes its FIFO takes now: all that fit when it is empty, else 0. Whoever sends waits for
 * that, so that one who keeps the FIFO filled does not keep out who needs room for several bytes. */
uint32_t uart_room(void);

/** Send a byte that there is room for. */
void uart_put(uint8_t byte);

/** Take a byte that came in; false: there is none. */
bool uart_get(uint8_t *byte);

#endif
