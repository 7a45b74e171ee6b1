/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM runs where the topology does not say it: what its container image does. A command of the
 * topology's goes before all words of the image's; single variables go before those of the same name.
 */
#ifndef TOPO_RESOLVE_DEFAULT_COMMAND_H
#define TOPO_RESOLVE_DEFAULT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "topo/base/arena.h"
#include "topo/model/model.h"

/** The bytes of the name in "NAME=VALUE"; 0: it has not that form. */
size_t variable_name_bytes(const char *text);

/** The variable of @command that has the name in @text; NULL: there is none. */
const char **command_variable(const struct vm_command *command, const char *text);

/** Fill in what @vm runs; @is_given: the topology has a command. */
void command_default(struct arena *arena, struct vm *vm, bool is_given);

#endif
