/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the analysis, in the order in which analysis_new runs them. Each fills in the
 * members of struct analysis that its comment names and reads those filled in before.
 */
#ifndef TOPO_ANALYSIS_PARTS_H
#define TOPO_ANALYSIS_PARTS_H

#include "topo/analysis/analysis.h"

/** vms, but for falls; kinds, pools, dma_*, graphs: facts.c */
void analyse_facts(struct analysis *analysis);

/** entrances, assets and their rules: facts.c */
void analyse_ends(struct analysis *analysis);

/** vms[].falls, score, weakest_*: falls.c */
void analyse_falls(struct analysis *analysis);

/** single_points: falls.c */
void analyse_single_points(struct analysis *analysis);

/** blasts: blast.c */
void analyse_blasts(struct analysis *analysis);

/** attacks: attacks.c */
void analyse_attacks(struct analysis *analysis);

/** patterns: patterns.c, pattern_answers.c */
void analyse_patterns(struct analysis *analysis);

/** practices: practices.c */
void analyse_practices(struct analysis *analysis);

/** improvement: improve.c */
void analyse_improvement(struct analysis *analysis);

/**
 * The score of assets and entrances of @analysis in @graph; *entrance and *asset are the weakest,
 * which may be NULL. exposed_bytes is left 0.
 */
struct score score_of(const struct analysis *analysis, const struct graph *graph,
                      const struct vm_list *entrances, struct shortest *shortest);

/**
 * Fewest falls until @vm is held when every VM but itself is an entrance; *from is the one that it
 * takes, unless the answer is FALLS_NEVER. @reverse: the attack graph, turned round.
 */
uint32_t falls_from_others(const struct graph *reverse, uint32_t vm, uint32_t *from);

/** Append @vm. */
void vm_list_add(struct vm_list *list, uint32_t vm, struct arena *arena);

/**
 * "a, b and 3 more": names of VMs of @analysis, at most @limit.
 */
const char *vm_list_text(const struct analysis *analysis, const struct vm_list *list, size_t limit);

/** What people read as the name of VM @vm: "vm1" where its name is but a number. */
const char *vm_name_of(const struct analysis *analysis, uint32_t vm);

#endif
