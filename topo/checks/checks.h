/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks that run over a finished model.
 */
#ifndef TOPO_CHECKS_CHECKS_H
#define TOPO_CHECKS_CHECKS_H

#include <stdbool.h>

#include "topo/rules/rules.h"

struct topology;

/**
 * Run all checks that run over a finished model. @whole: everything of the topology could be read.
 */
void checks_run(struct checks *checks, const struct topology *topology, bool whole);

#endif
