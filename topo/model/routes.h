/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways of IPv4 packets that follow from a topology: what lies behind a VM, and where a VM sends what
 * it knows no other way for. Device VMs get rules and routes by them (docs/language.md, "Networks").
 */
#ifndef TOPO_MODEL_ROUTES_H
#define TOPO_MODEL_ROUTES_H

#include <stdbool.h>

#include "topo/base/arena.h"
#include "topo/model/model.h"

/* A subnet, in host order. */
struct route {
	uint32_t address;
	uint32_t prefix;
};

/** Whether a device VM forwards between networks of that kind and its own interfaces. */
bool network_forwards(enum network network);

/**
 * The subnets whose packets VM @vm sends out of its own interfaces unchanged: those that it serves
 * as routed ones, and those behind their driver VMs. *count of them, in @arena.
 */
const struct route *routes_behind(const struct model *model, uint32_t vm, size_t *count,
                                  struct arena *arena);

/* A VM, and an address under which it is reached over a network, in host order. */
struct neighbour {
	uint32_t vm;
	uint32_t address;
};

/**
 * Whom VM @vm reaches on the networks that it is on, in the order of the connections, each address once: the
 * other end of each network device, and who is on the same bridge. *count of them, in @arena.
 */
const struct neighbour *routes_neighbours(const struct model *model, uint32_t vm, size_t *count,
                                          struct arena *arena);

/**
 * The network device behind which VM @vm has its default route: the first whose device VM forwards;
 * if none does, and @vm itself forwards for others, the first at all. NULL: it has no such route.
 */
const struct device *routes_default(const struct model *model, uint32_t vm);

#endif
