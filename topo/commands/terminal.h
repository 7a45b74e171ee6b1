/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal that a command of ours was started on, while it is that of something in a VM. */
#ifndef TOPO_COMMANDS_TERMINAL_H
#define TOPO_COMMANDS_TERMINAL_H

#include <stdbool.h>

#include "topo/runner/control.h"

/** The size of the terminal on one of our standard streams; 24 by 80 if none is one. */
struct control_size terminal_size(void);

/**
 * Let every key be a byte, if standard input is a terminal, until terminal_restore. A signal that
 * ends the process meanwhile, and that nobody handles, puts it back as well.
 */
void terminal_raw(void);

/** Whether terminal_raw has done that. */
bool terminal_is_raw(void);

/** Make the terminal what it was. Nothing happens if it is that. */
void terminal_restore(void);

#endif
