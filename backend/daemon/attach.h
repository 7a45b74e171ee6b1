/* SPDX-License-Identifier: BSD-2-Clause */
/* `peervisord --console`: be the operator at a console device that a running daemon serves. */
#ifndef BACKEND_DAEMON_ATTACH_H
#define BACKEND_DAEMON_ATTACH_H

/**
 * Carry bytes between standard input and output and the console @name (PEER-INDEX) of the daemon
 * that keeps its files in @run_dir, until the input has ended and the driver VM has it, or the
 * daemon hangs up. Returns the exit status of the program.
 */
int attach_console(const char *run_dir, const char *name);

#endif
