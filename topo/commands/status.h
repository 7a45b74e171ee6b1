/* SPDX-License-Identifier: BSD-2-Clause */
/* What topo ps and topo events print of VMs and connections, on standard output. */
#ifndef TOPO_COMMANDS_STATUS_H
#define TOPO_COMMANDS_STATUS_H

#include "topo/runner/control.h"

/** A line. */
void status_text_vm(const struct control_vm *vm);
/** A line, if it has addresses. */
void status_text_addresses(const struct control_vm *vm);
/** A line for each of its devices. */
void status_text_hardware(const struct control_vm *vm);

void status_text_connection(const struct control_connection *connection);

/** @before, and a member of an object whose value is a string. */
void status_json_member(const char *before, const char *name, const char *value);

/** The members of an object, without its braces. */
void status_json_vm(const struct control_vm *vm);
void status_json_connection(const struct control_connection *connection);

#endif
