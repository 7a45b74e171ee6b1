/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register windows of an image, see topo/verify/windows.c.
 */
#ifndef TOPO_VERIFY_WINDOWS_H
#define TOPO_VERIFY_WINDOWS_H

#include "topo/verify/given.h"
#include "topo/verify/memory.h"

/** Hold each window against the functions given, and learn their windows and apertures. */
void windows_check(struct verify *v);

/** "function 0:2.0 (nic) of vm_a": what window @index of the image is on. */
const char *windows_text(const struct verify *v, uint32_t index);

#endif
