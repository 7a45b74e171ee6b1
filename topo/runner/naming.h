/* SPDX-License-Identifier: BSD-2-Clause */
/* What to say of the name of a VM that does not exist. */
#ifndef TOPO_RUNNER_NAMING_H
#define TOPO_RUNNER_NAMING_H

#include <stddef.h>

/**
 * Write to @out that no VM is called @wrong, which one may be meant, and which there are. Cut to
 * @size, which is at least 256.
 */
void naming_explain(char *out, size_t size, const char *wrong, const char *const *names,
                    size_t count);

#endif
