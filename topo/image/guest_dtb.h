/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree of a guest, generated from the layout: docs/guest.md says what the nodes
 * describe, docs/connection.md gives those of a connection.
 */
#ifndef TOPO_IMAGE_GUEST_DTB_H
#define TOPO_IMAGE_GUEST_DTB_H

#include <stddef.h>
#include <stdint.h>

#include "topo/image/layout.h"

/**
 * Make the device tree of VM @vm. Its size does not depend on where initrd and tree lie, so
 * topo/image/image.c calls this once to learn the size and once, after layout_boot(), for good.
 * Returns the blob (the caller frees it) and puts its size in *bytes. Never fails: a libfdt error
 * would be a mistake of ours and ends the process with exit code 3.
 */
uint8_t *guest_dtb_make(const struct layout *layout, uint32_t vm, size_t *bytes);

#endif
