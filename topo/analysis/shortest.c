/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dijkstra's algorithm on the pair (falls, steps). The heap holds both in one 64-bit key, falls
 * above steps, and may hold a node more than once: entries that came too late are skipped.
 */
#include "topo/analysis/shortest.h"

void shortest_queue_init(struct shortest_queue *queue, const struct graph *graph,
                         struct arena *arena)
{
	size_t room = (size_t)graph->node_count + graph->first[graph->node_count] + 1;

	queue->keys = arena_alloc(arena, room * sizeof(*queue->keys));
	queue->nodes = arena_alloc(arena, room * sizeof(*queue->nodes));
	queue->count = 0;
}

void shortest_queue_clear(struct shortest_queue *queue)
{
	queue->count = 0;
}

static void swap_entries(struct shortest_queue *queue, size_t a, size_t b)
{
	uint64_t key = queue->keys[a];
	uint32_t node = queue->nodes[a];

	queue->keys[a] = queue->keys[b];
	queue->nodes[a] = queue->nodes[b];
	queue->keys[b] = key;
	queue->nodes[b] = node;
}

void shortest_queue_push(struct shortest_queue *queue, uint64_t key, uint32_t node)
{
	size_t at = queue->count++;

	queue->keys[at] = key;
	queue->nodes[at] = node;
	while (at > 0 && queue->keys[(at - 1) / 2] > queue->keys[at]) {
		swap_entries(queue, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

uint32_t shortest_queue_pop(struct shortest_queue *queue, uint64_t *key)
{
	size_t at = 0;
	uint32_t node = queue->nodes[0];

	*key = queue->keys[0];
	queue->count--;
	swap_entries(queue, 0, queue->count);
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < queue->count && queue->keys[child + 1] < queue->keys[child]) {
			child++;
		}
		if (child >= queue->count || queue->keys[at] <= queue->keys[child]) {
			return node;
		}
		swap_entries(queue, at, child);
		at = child;
	}
}

struct shortest *shortest_new(const struct graph *graph, struct arena *arena)
{
	struct shortest *shortest = arena_alloc(arena, sizeof(*shortest));
	size_t nodes = graph->node_count;

	shortest->node_count = graph->node_count;
	shortest->to = arena_alloc(arena, (nodes + 1) * sizeof(*shortest->to));
	shortest->way_counts = arena_alloc(arena, (nodes + 1) * sizeof(*shortest->way_counts));
	shortest->order = arena_alloc(arena, (nodes + 1) * sizeof(*shortest->order));
	shortest_queue_init(&shortest->queue, graph, arena);
	return shortest;
}

static uint64_t key_of(struct distance distance)
{
	return (uint64_t)distance.falls << 32 | distance.steps;
}

static bool improves(struct shortest *shortest, uint32_t node, struct distance distance)
{
	if (key_of(distance) >= key_of(shortest->to[node])) {
		return false;
	}
	shortest->to[node] = distance;
	shortest_queue_push(&shortest->queue, key_of(distance), node);
	return true;
}

static struct distance step(struct distance from, const struct edge *edge)
{
	return (struct distance){from.falls + edge->falls, from.steps + 1};
}

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* In the order of distance, each node hands its number of ways on to those right behind it. */
static void count_ways(struct shortest *shortest, const struct graph *graph)
{
	for (uint32_t i = 0; i < shortest->order_count; i++) {
		uint32_t node = shortest->order[i];

		for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++) {
			const struct edge *edge = &graph->edges[e];

			if (key_of(step(shortest->to[node], edge)) ==
			    key_of(shortest->to[edge->to])) {
				shortest->way_counts[edge->to] = add_saturating(
					shortest->way_counts[edge->to], shortest->way_counts[node]);
			}
		}
	}
}

void shortest_run(struct shortest *shortest, const struct graph *graph, const uint32_t *sources,
                  size_t source_count, uint32_t falls)
{
	shortest->order_count = 0;
	shortest_queue_clear(&shortest->queue);
	for (uint32_t node = 0; node < shortest->node_count; node++) {
		shortest->to[node] = (struct distance){FALLS_NEVER, UINT32_MAX};
		shortest->way_counts[node] = 0;
	}
	for (size_t i = 0; i < source_count; i++) {
		if (improves(shortest, sources[i], (struct distance){falls, 0})) {
			shortest->way_counts[sources[i]] = 1;
		}
	}
	while (shortest->queue.count != 0) {
		uint64_t key;
		uint32_t node = shortest_queue_pop(&shortest->queue, &key);

		if (key != key_of(shortest->to[node])) {
			continue;
		}
		shortest->order[shortest->order_count++] = node;
		for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++) {
			improves(shortest, graph->edges[e].to,
			         step(shortest->to[node], &graph->edges[e]));
		}
	}
	count_ways(shortest, graph);
}

/* Where the listing of ways stands: a node, and which of its edges backwards comes next. */
struct cursor {
	uint32_t node;
	uint32_t next;
	struct edge entered; /* by which the way leaves this node towards the target */
};

/* Turn a trail from the target back to a source into a way from the source to the target. */
static void keep_way(struct way *way, const struct cursor *trail, size_t depth, uint32_t vm_count,
                     struct arena *arena)
{
	way->vms = arena_alloc(arena, depth * sizeof(*way->vms));
	way->by = arena_alloc(arena, depth * sizeof(*way->by));
	way->fell = arena_alloc(arena, depth * sizeof(*way->fell));
	way->count = 0;
	for (size_t i = depth; i-- > 0;) {
		size_t at = way->count;

		if (trail[i].node >= vm_count) {
			continue; /* a helper node: the edge out of it carries what it is */
		}
		way->vms[at] = trail[i].node;
		way->fell[at] = i + 1 == depth || trail[i + 1].entered.falls != 0;
		way->by[at] = i + 1 == depth ? 0 : trail[i + 1].entered.by;
		way->count++;
	}
}

static bool is_source(const struct shortest *shortest, uint32_t node)
{
	return shortest->to[node].steps == 0;
}

/* The next edge backwards from @cursor that lies on a shortest way, NULL if there is none left. */
static const struct edge *next_back(const struct shortest *shortest, const struct graph *reverse,
                                    struct cursor *cursor)
{
	while (cursor->next < reverse->first[cursor->node + 1]) {
		const struct edge *edge = &reverse->edges[cursor->next++];
		struct distance before = shortest->to[edge->to];

		if (before.falls != FALLS_NEVER &&
		    key_of(step(before, edge)) == key_of(shortest->to[cursor->node])) {
			return edge;
		}
	}
	return NULL;
}

size_t shortest_ways(const struct shortest *shortest, const struct graph *reverse, uint32_t target,
                     struct way *ways, size_t limit, struct arena *arena)
{
	size_t found = 0;
	size_t depth = 1;

	if (shortest->to[target].falls == FALLS_NEVER) {
		return 0;
	}
	struct cursor *trail =
		arena_alloc(arena, ((size_t)shortest->to[target].steps + 1) * sizeof(*trail));

	trail[0] = (struct cursor){.node = target, .next = reverse->first[target]};
	while (depth > 0 && found < limit) {
		struct cursor *top = &trail[depth - 1];

		if (is_source(shortest, top->node)) {
			keep_way(&ways[found++], trail, depth, reverse->vm_count, arena);
			depth--;
			continue;
		}
		const struct edge *edge = next_back(shortest, reverse, top);

		if (edge == NULL) {
			depth--;
			continue;
		}
		trail[depth++] = (struct cursor){
			.node = edge->to, .next = reverse->first[edge->to], .entered = *edge};
	}
	return found;
}
