/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All rules in one table, and running those that look at a finished model.
 */
#ifndef TOPO_CHECKS_CHECKS_H
#define TOPO_CHECKS_CHECKS_H

#include <stdbool.h>

#include "topo/base/arena.h"
#include "topo/rules/rules.h"

struct topology;

/** Rule number @index, in the order in which they are listed; NULL behind the last. */
const struct rule *checks_at(size_t index);

/** The rule of that name, NULL if there is none. */
const struct rule *checks_find(const char *name);

/** Every rule, none of which is off, for messages to @diag. The rest is for the caller to set. */
struct rules checks_rules(struct diag *diag, struct arena *arena);

/**
 * Run all rules that look at a finished model. @whole: everything of the topology could be read.
 */
void checks_run(struct rules *rules, const struct topology *topology, bool whole);

#endif
