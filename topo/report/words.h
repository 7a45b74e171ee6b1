/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings of the analysis as sentences and cells of tables, the same in text and HTML. All
 * strings come from the arena that is given.
 */
#ifndef TOPO_REPORT_WORDS_H
#define TOPO_REPORT_WORDS_H

#include "topo/analysis/analysis.h"
#include "topo/report/table.h"

/* What table rows of memory are put together from. */
struct words_memory {
	const struct analysis *analysis;
	struct table *table;
};

/** "" for one, else "s". */
const char *words_plural(size_t count);

/** "3", or "never". */
const char *words_falls(uint32_t falls, struct arena *arena);

/** "3", "2 to 3", "at least 2" */
const char *words_range(struct falls_range range, struct arena *arena);

/** words_range of a pattern, and what it would be if all DMA were confined. */
const char *words_answer(const struct pattern *pattern, struct arena *arena);

/** VMs to list in tables of one row for each. */
size_t words_rows(const struct analysis *analysis);

/* Of the summary. */
const char *words_weakest(const struct analysis *analysis, struct arena *arena);
const char *words_single_points(const struct analysis *analysis, struct arena *arena);
const char *words_shared(const struct analysis *analysis, struct arena *arena);
const char *words_dma(const struct analysis *analysis, struct arena *arena);

/** Of which VMs it is assumed that they forward everything; NULL: of none. */
const char *words_forwarding(const struct analysis *analysis, struct arena *arena);

/** Whose interrupts others can forge by MSIs; NULL if nobody's. */
const char *words_forgeable(const struct analysis *analysis, struct arena *arena);

/** VMs whose MSIs @vm can forge, and that can forge its own. */
struct vm_list words_forgers(const struct analysis *analysis, uint32_t vm, struct arena *arena);

/** "PCI function 0:1.0 by a and b"; NULL where no two VMs hold one thing. */
const char *words_shared_things(const struct analysis *analysis, struct arena *arena);
const char *words_improvement(const struct analysis *analysis, struct arena *arena);

/** "chain of 3", "1:N shared, N = 2" */
const char *words_pattern(const struct pattern *pattern, struct arena *arena);

/* Of a VM. */
const char *words_hardware(const struct analysis *analysis, uint32_t vm, struct arena *arena);
const char *words_marks(const struct analysis *analysis, uint32_t vm, struct arena *arena);
struct vm_list words_backends(const struct analysis *analysis, uint32_t vm, struct arena *arena);
struct vm_list words_served(const struct analysis *analysis, uint32_t vm, struct arena *arena);

/* Of the hardware isolation matrix. */
uint32_t words_matrix_kinds(const struct analysis *analysis);
bool words_has(const struct analysis *analysis, uint32_t vm, unsigned kind);
const char *words_consequence(const struct analysis *analysis, uint32_t vm, struct arena *arena);

/* Of the blast radius. */
const char *words_blast(const struct blast *blast, struct arena *arena);
const char *words_at_once(const struct analysis *analysis, const struct blast *blast,
                          struct arena *arena);
const char *words_stops(const struct analysis *analysis, const struct blast *blast,
                        struct arena *arena);

/** A line for what follows from entrances that nobody marked; NULL if some are marked. */
const char *words_assumption(const struct analysis *analysis, struct arena *arena);

/* Of an attack. */
const char *words_ways(const struct attack *attack, struct arena *arena);
const char *words_way(const struct analysis *analysis, const struct way *way, struct arena *arena);
const char *words_cut(const struct analysis *analysis, const struct attack *attack,
                      struct arena *arena);

/** Rows of devices: VM, device, where, DMA, interrupts. Their number. */
size_t words_hardware_rows(const struct analysis *analysis, struct table *table);

/** What DMA that is not confined changes. */
const char *words_dma_effect(const struct analysis *analysis, struct arena *arena);

/**
 * Rows of VMs for which confined DMA would change something: VM, then what it exposes, what it
 * reads of others and how many VMs must fall, each as it is and as it would be. Their number.
 */
size_t words_dma_pairs(const struct analysis *analysis, struct table *table);

/** What the answer would be if all DMA were confined; NULL if it would be the same. */
const struct blast *words_other_blast(const struct blast *blast);
const struct attack *words_other_attack(const struct attack *attack);

/**
 * A row: device VM, driver VM, devices, what is shared, what crosses downwards and upwards, and
 * whether that takes an exploit.
 */
void words_connection(const struct analysis *analysis, uint32_t id, struct table *table);

/* Of a range of memory: where it is; who has it, from one of its lists; how addresses are known. */
const char *words_where(const struct memory_range *range, const struct analysis *analysis,
                        struct arena *arena);
const char *words_users(const struct memory_range *range, const struct vm_list *list,
                        const struct analysis *analysis, struct arena *arena);
const char *words_places(const struct analysis *analysis);

#endif
