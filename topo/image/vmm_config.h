/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration pages of a VMM (abi/vmm.h), written from the layout.
 */
#ifndef TOPO_IMAGE_VMM_CONFIG_H
#define TOPO_IMAGE_VMM_CONFIG_H

#include <stdint.h>

#include "abi/err.h"
#include "topo/image/layout.h"

/** Bytes that the configuration of VM @vm takes. */
uint32_t vmm_config_bytes(const struct layout *layout, uint32_t vm);

/** Write the configuration of VM @vm to @out, which has vmm_config_bytes. */
void vmm_config_write(const struct layout *layout, uint32_t vm, uint8_t *out);

#endif
