/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of the table "Attack surface per topology": what the seed asks of each pattern, answered
 * for this topology and for a single host that runs the same VMs.
 */
#ifndef TOPO_ANALYSIS_PATTERN_ANSWERS_H
#define TOPO_ANALYSIS_PATTERN_ANSWERS_H

#include "topo/analysis/near.h"
#include "topo/analysis/parts.h"

struct pattern_questions {
	struct analysis *analysis;
	const struct graph *graph;    /* in which questions are asked */
	const struct graph *confined; /* the same if all DMA were confined */
	struct shortest *shortest;
	struct near *near; /* in the graph in which questions are asked */
	struct near *near_confined;
	struct shortest *single_host; /* a search from the host, through which outsiders come */
};

/** Prepare to answer questions about @analysis; working memory comes from @arena. */
void pattern_questions_init(struct pattern_questions *questions, struct analysis *analysis,
                            struct arena *arena);

/** Fill in the answers of @pattern, whose kind and members are known. */
void pattern_answer(const struct pattern_questions *questions, struct pattern *pattern);

#endif
