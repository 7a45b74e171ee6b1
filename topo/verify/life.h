/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of VMs for topo verify: when a VM starts and restarts by itself, its watchdog, and who
 * may ask its VMM to start, stop or restart it.
 */
#ifndef TOPO_VERIFY_LIFE_H
#define TOPO_VERIFY_LIFE_H

#include "topo/verify/hands.h"

/** Put into @wanted what the VMM of @vm should be told. Which events mean a request is its own choice. */
void life_want_config(const struct verify *v, const struct verified_vm *vm,
                      struct pv_vmm_config *wanted);

/** Want the nodes of VM @index in its device tree. */
void life_want_nodes(const struct verify *v, uint32_t index, struct tree *wanted);

/** The effects of all requests. */
void life_add_roles(struct powers *p);

/** Claim the doorbells of all requests. */
void life_check(struct powers *p);

#endif
