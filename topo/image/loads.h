/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM's loader is told, abi/loader.h: what lies where in the VM's RAM when its kernel starts.
 * A page for the first start, and one for each later one.
 */
#ifndef TOPO_IMAGE_LOADS_H
#define TOPO_IMAGE_LOADS_H

#include <stdint.h>

#include "abi/loader.h"
#include "topo/image/layout.h"
#include "topo/image/payload.h"

#define LOADS_BYTES (PV_LOADS_AGAIN + PV_PAGE_BYTES)

/**
 * Write the loads of VM @vm to @out, LOADS_BYTES of zeros. layout_place() has been.
 * @tree: its device tree.
 */
void loads_write(const struct layout *layout, uint32_t vm, struct blob tree, uint8_t *out);

#endif
