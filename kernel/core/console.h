/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The multiplexer of the board's UART (abi/mux.h): one byte channel for each console of each
 * domain, and channel 0 for the kernel's log. It buffers no output, so a domain that writes more
 * than the line carries waits at EL0, and only a few bytes of input, so that a domain that does
 * not read loses its own input and nobody else's.
 */
#ifndef KERNEL_CORE_CONSOLE_H
#define KERNEL_CORE_CONSOLE_H

#include <stdint.h>

#include "kernel/core/kernel.h"

/** Let the channels of @d, by index in the kernel's table, belong to it. Boot. */
void console_attach(uint32_t domain);

/** Send up to @count bytes (of @low, LSB first, then of @high) to @channel; returns how many were
 * taken: what the UART has room for at once. Takes the console lock, and does not wait with it. */
uint32_t console_write(uint32_t channel, uint32_t count, uint64_t low, uint64_t high);

/** Take up to 8 bytes of @channel's input; returns how many. Takes the console lock. */
uint32_t console_read(uint32_t channel, uint64_t *bytes);

#define CONSOLE_LOG_MAX 256U

/** Send @length bytes, at most CONSOLE_LOG_MAX, on channel 0, whole. For log.c. Takes the console
 * lock; leaves out the rest when the UART has no room in time. */
void console_log(const char *text, uint32_t length);

/** The UART has input: spread it over the channels, and tell their VMMs. */
void console_input(void);

#endif
