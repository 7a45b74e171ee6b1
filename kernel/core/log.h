/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own log: channel 0 of the UART. A line is put together first and sent whole, since
 * several CPUs may have something to say. Nothing that a guest or a VMM can repeat at will is
 * logged.
 */
#ifndef KERNEL_CORE_LOG_H
#define KERNEL_CORE_LOG_H

#define LOG_LINE_BYTES 192U

/**
 * Send "pv: ", @format and the end of the line; of what does not fit in LOG_LINE_BYTES the rest is
 * left out. @format is a literal, as printf has it, but knows no more than %s, %u, and %016lx for
 * 64 bits. Takes the console lock. Never waits for long: what the UART does not take in time is
 * dropped.
 */
__attribute__((format(printf, 1, 2))) void log_print(const char *format, ...);

#endif
