/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The board's UART, polled for output, interrupt-driven for input. One driver is linked: it is the
 * arch_uart_*() of kernel/core/arch.h, too.
 */
#ifndef KERNEL_DRIVERS_UART_H
#define KERNEL_DRIVERS_UART_H

#include <stdint.h>

/** Set up the UART whose registers lie at @base. */
void uart_init(uint64_t base);

#endif
