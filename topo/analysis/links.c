/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links and the attack graph that follows from them.
 */
#include "topo/analysis/links.h"

#include <stdlib.h>
#include <string.h>

static const char *bridge_name(const struct model *model, const struct segment *segment,
                               struct arena *arena)
{
	if (segment->is_host) {
		return segment->bridge;
	}
	return arena_printf(arena, "%s of %s",
	                    segment->bridge[0] != '\0' ? segment->bridge : "all networks",
	                    model->vms[segment->owner].name);
}

/* Segments with two driver VMs or more. */
static void find_bridges(struct links *links, const struct model *model,
                         const struct packets *packets, struct arena *arena)
{
	links->host_bridge = UINT32_MAX;
	for (size_t i = 0; i < packets->segment_count; i++) {
		const struct segment *segment = &packets->segments[i];
		size_t names = links->bridge_count;

		if (segment->driver_count < 2) {
			continue;
		}
		*ARENA_ADD(arena, links->bridge_names, names) = bridge_name(model, segment, arena);
		links->host_bridge = segment->is_host ? links->bridge_count : links->host_bridge;
		for (size_t j = 0; j < segment->driver_count; j++) {
			*ARENA_ADD(arena, links->ports, links->port_count) =
				(struct port){links->bridge_count, segment->driver_vms[j]};
		}
		links->bridge_count++;
	}
}

struct links links_from_model(const struct model *model, const bool *dma_open, struct arena *arena)
{
	struct links links = {.vm_count = (uint32_t)model->vm_count};

	links.links = arena_alloc(arena, (model->connection_count + 1) * sizeof(*links.links));
	links.link_count = model->connection_count;
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		links.links[i] = (struct link){connection->device_vm, connection->driver_vm,
		                               !connection->swiotlb};
	}
	links.dma_open = arena_alloc(arena, model->vm_count + 1);
	memcpy(links.dma_open, dma_open, model->vm_count * sizeof(bool));
	links.packets = packets_from_model(model, arena);
	find_bridges(&links, model, &links.packets, arena);
	links.shared = shared_find(model, arena);
	return links;
}

struct links links_single_host(const struct links *links, struct arena *arena)
{
	uint32_t host = links->vm_count;
	struct links star = {.vm_count = host + 1, .link_count = host};

	star.links = arena_alloc(arena, ((size_t)host + 1) * sizeof(*star.links));
	star.dma_open = arena_alloc(arena, (size_t)host + 1);
	for (uint32_t vm = 0; vm < host; vm++) {
		star.links[vm] = (struct link){host, vm, true};
	}
	return star;
}

static void *copy_array(const void *from, size_t count, size_t room, size_t bytes,
                        struct arena *arena)
{
	void *to = arena_alloc(arena, (room + 1) * bytes);

	if (count != 0) {
		memcpy(to, from, count * bytes);
	}
	return to;
}

struct links links_copy(const struct links *links, size_t more, struct arena *arena)
{
	struct links copy = *links;

	copy.links = copy_array(links->links, links->link_count, links->link_count + more,
	                        sizeof(*links->links), arena);
	copy.dma_open = copy_array(links->dma_open, links->vm_count, links->vm_count + more,
	                           sizeof(*links->dma_open), arena);
	copy.ports = copy_array(links->ports, links->port_count, links->port_count,
	                        sizeof(*links->ports), arena);
	return copy;
}

/* A VM with DMA that nothing confines holds the memory of all, hence all. */
static void add_dma(struct graph_draft *draft, const struct links *links)
{
	uint32_t memory = NODE_NONE;

	for (uint32_t vm = 0; vm < links->vm_count; vm++) {
		if (links->dma_open[vm]) {
			memory = memory == NODE_NONE ? graph_draft_helper(draft) : memory;
			graph_draft_edge(draft, vm, (struct edge){memory, 0, BY_DMA});
		}
	}
	for (uint32_t vm = 0; vm < links->vm_count && memory != NODE_NONE; vm++) {
		graph_draft_edge(draft, memory, (struct edge){vm, 0, BY_DMA});
	}
}

/* From port to port of a bridge. */
static void add_bridges(struct graph_draft *draft, const struct links *links)
{
	uint32_t node = NODE_NONE;

	for (size_t i = 0; i < links->port_count; i++) {
		const struct port *port = &links->ports[i];

		if (i == 0 || port->bridge != links->ports[i - 1].bridge) {
			node = graph_draft_helper(draft);
		}
		graph_draft_edge(draft, port->vm, (struct edge){node, 0, BY_BRIDGE});
		graph_draft_edge(draft, node, (struct edge){port->vm, 1, BY_BRIDGE});
	}
}

/* From who has a hand on a thing to all whom it reaches. */
static void add_shared(struct graph_draft *draft, const struct shared *shared)
{
	for (size_t i = 0; i < shared->count; i++) {
		const struct shared_thing *thing = &shared->things[i];
		uint32_t node = graph_draft_helper(draft);

		for (size_t j = 0; j < thing->count; j++) {
			const struct shared_holder *holder = &shared->holders[thing->first + j];

			if (!holder->suffers) {
				graph_draft_edge(draft, holder->vm,
				                 (struct edge){node, 0, BY_SHARED});
			}
			graph_draft_edge(draft, node,
			                 (struct edge){holder->vm, thing->free ? 0 : 1, BY_SHARED});
		}
	}
}

/* From who sends to who hears. */
static void add_forwarding(struct graph_draft *draft, const struct packets *packets)
{
	uint32_t first = draft->node_count;

	for (uint32_t i = 0; i < packets->group_count; i++) {
		graph_draft_helper(draft);
	}
	for (size_t i = 0; i < packets->reach_count; i++) {
		const struct reach *reach = &packets->reaches[i];
		uint32_t node = first + reach->group;

		if (reach->sends) {
			graph_draft_edge(draft, reach->vm, (struct edge){node, 0, BY_FORWARD});
		} else {
			graph_draft_edge(draft, node, (struct edge){reach->vm, 1, BY_FORWARD});
		}
	}
}

const struct graph *links_graph(const struct links *links, struct arena *arena)
{
	struct graph_draft draft;

	graph_draft_init(&draft, arena, links->vm_count);
	for (uint32_t i = 0; i < links->link_count; i++) {
		const struct link *link = &links->links[i];

		graph_draft_edge(&draft, link->device,
		                 (struct edge){link->driver, link->whole_ram ? 0 : 1, i});
		graph_draft_edge(&draft, link->driver, (struct edge){link->device, 1, i});
	}
	add_dma(&draft, links);
	add_bridges(&draft, links);
	add_shared(&draft, &links->shared);
	add_forwarding(&draft, &links->packets);
	return graph_finish(&draft);
}
