/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of VMs: who a line of the system's log is of, and what to say of one that does not exist. */
#ifndef TOPO_RUNNER_NAMING_H
#define TOPO_RUNNER_NAMING_H

#include <stddef.h>

#include "topo/runner/control.h"

#define NAMING_WHO_BYTES (CONTROL_NAME_BYTES + sizeof(".vmm"))

/** Write to @out whose a line of the VMM of @vm is in the system's log. */
void naming_vmm(char out[NAMING_WHO_BYTES], const char *vm);

/**
 * Write to @out that no VM is called @wrong, which one may be meant, and which there are. Cut to
 * @size, which is at least 256.
 */
void naming_explain(char *out, size_t size, const char *wrong, const char *const *names,
                    size_t count);

#endif
