/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shortest ways through an attack graph: fewest falls first, then fewest steps. The second key
 * makes the set of shortest ways finite and free of circles although steps may cost no fall, so
 * that they can be counted and listed.
 */
#ifndef TOPO_ANALYSIS_SHORTEST_H
#define TOPO_ANALYSIS_SHORTEST_H

#include <stdbool.h>

#include "topo/analysis/graph.h"

#define FALLS_NEVER UINT32_MAX

struct distance {
	uint32_t falls; /* FALLS_NEVER = not reached */
	uint32_t steps;
};

/* A queue of nodes, least key first. A node may be in it several times. */
struct shortest_queue {
	uint64_t *keys; /* a heap */
	uint32_t *nodes;
	size_t count;
};

/** Room for every node of @graph once, and once more for each edge. */
void shortest_queue_init(struct shortest_queue *queue, const struct graph *graph,
                         struct arena *arena);

/** Empty @queue. */
void shortest_queue_clear(struct shortest_queue *queue);

/** Put @node in. */
void shortest_queue_push(struct shortest_queue *queue, uint64_t key, uint32_t node);

/** Take a node with the least key out; *key is that key. @queue is not empty. */
uint32_t shortest_queue_pop(struct shortest_queue *queue, uint64_t *key);

/* The answer of one search, and its working memory: reuse it for the next. */
struct shortest {
	struct distance *to;  /* of each node */
	uint64_t *way_counts; /* shortest ways to each node, UINT64_MAX = at least as many */
	uint32_t *order;      /* nodes that were reached, nearest first */
	uint32_t order_count;
	struct shortest_queue queue; /* keys: falls above steps */
	uint32_t node_count;
};

/** Room for searches in graphs of the size of @graph. */
struct shortest *shortest_new(const struct graph *graph, struct arena *arena);

/**
 * Search from all of @sources at once; each starts with @falls (1: it fell itself; 0: count what
 * comes after it). Cost: O((n + m) log n).
 */
void shortest_run(struct shortest *shortest, const struct graph *graph, const uint32_t *sources,
                  size_t source_count, uint32_t falls);

/* A way: the VMs that it passes, in order, and how it came into each from the one before. */
struct way {
	uint32_t *vms;
	uint32_t *by; /* connection or BY_*; by[0] is 0 */
	bool *fell;   /* it took an exploit, else it came at no cost */
	size_t count;
};

/**
 * List up to @limit shortest ways to @target of the search last run, in the order of VM numbers
 * from the target on. @reverse: the graph that was searched, turned round.
 * @ways: room for @limit; their arrays come from @arena. Returns how many there are.
 */
size_t shortest_ways(const struct shortest *shortest, const struct graph *reverse, uint32_t target,
                     struct way *ways, size_t limit, struct arena *arena);

#endif
