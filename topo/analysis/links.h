/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a topology matters to an attacker: who is joined with whom and how. Made from a model,
 * or as a change of another one (a single host, an improvement that is tried), and turned into an
 * attack graph by the rules of docs/report.md, which stand in links_graph and nowhere else.
 */
#ifndef TOPO_ANALYSIS_LINKS_H
#define TOPO_ANALYSIS_LINKS_H

#include <stdbool.h>

#include "topo/analysis/graph.h"
#include "topo/analysis/packets.h"
#include "topo/analysis/shared.h"
#include "topo/model/model.h"

struct link {
	uint32_t device;
	uint32_t driver;
	bool whole_ram; /* VMSWIOTLB=0: the device VM has the driver VM's RAM in its reach */
};

/* A driver VM on a bridge that another driver VM is on too. */
struct port {
	uint32_t bridge;
	uint32_t vm;
};

struct links {
	uint32_t vm_count;
	struct link *links; /* like model.connections, then what a change adds */
	size_t link_count;
	bool *dma_open;     /* of each VM: it has DMA that nothing confines */
	struct port *ports; /* in the order of bridges */
	size_t port_count;
	uint32_t bridge_count;
	const char **bridge_names; /* "br0 of gateway" */
	uint32_t host_bridge;      /* that of them which is the build host; UINT32_MAX: none is */
	struct shared shared;      /* what several VMs hold by themselves */
	struct packets packets;    /* what VMs forward; no change alters it */
};

/** The links of @model. @dma_open: of each VM. All in @arena. */
struct links links_from_model(const struct model *model, const bool *dma_open, struct arena *arena);

/**
 * The single host beside @links: VM number vm_count is the host, which serves every other VM with
 * that VM's whole RAM.
 */
struct links links_single_host(const struct links *links, struct arena *arena);

/** A copy whose arrays may be changed; room for @more links and VMs. */
struct links links_copy(const struct links *links, size_t more, struct arena *arena);

/** The attack graph. */
const struct graph *links_graph(const struct links *links, struct arena *arena);

#endif
