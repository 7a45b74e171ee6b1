/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seed from which a kernel draws its own layout, which boot loaders put into its device tree:
 * the image has a place for it, and the VM's loader fills it in at each start (abi/loader.h).
 */
#ifndef TOPO_IMAGE_SEED_H
#define TOPO_IMAGE_SEED_H

#include <stdint.h>

#include "topo/image/payload.h"

/**
 * Where in the device tree @tree, which may be foreign, the seed lies: /chosen/kaslr-seed, if it has
 * 8 bytes. 0: nowhere.
 */
uint64_t seed_place(struct blob tree);

#endif
