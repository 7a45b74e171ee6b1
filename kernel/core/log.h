/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own log: channel 0 of the UART. Lines start with "pv: ". Nothing that a guest or a
 * VMM can repeat at will is logged.
 */
#ifndef KERNEL_CORE_LOG_H
#define KERNEL_CORE_LOG_H

#include <stdint.h>

/** Write a string; "\n" ends a line. Never blocks for long: drops what the UART does not take. */
void log_text(const char *text);
void log_hex(uint64_t value);
void log_decimal(uint64_t value);

#endif
