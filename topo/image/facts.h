/* SPDX-License-Identifier: BSD-2-Clause */
/* What a built system tells of each VM besides: addresses, disks, and what it boots. */
#ifndef TOPO_IMAGE_FACTS_H
#define TOPO_IMAGE_FACTS_H

#include <stdint.h>

#include "topo/image/payload.h"
#include "topo/image/system.h"

/** Fill in @out->facts of the VM @vm, with digests of what it boots if the system is for a run. */
void facts_describe(const struct model *model, const struct payloads *payloads, uint32_t vm,
                    enum system_use use, struct system_vm *out);

/** Give them back. */
void facts_free(struct system_vm *vm);

#endif
