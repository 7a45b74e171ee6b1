/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The security analysis of a topology: one structure that says what docs/report.md defines. Made
 * by analysis_new from a model, then constant; the emitters of text, JSON and HTML and the
 * assertions of `topo report` read it and compute nothing of their own. VMs and connections are
 * numbered as in the model. What would be a table of all pairs is cut for large topologies, and
 * `…_total` says how many rows the whole table has.
 */
#ifndef TOPO_ANALYSIS_ANALYSIS_H
#define TOPO_ANALYSIS_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/analysis/cut.h"
#include "topo/analysis/graph.h"
#include "topo/analysis/links.h"
#include "topo/analysis/shortest.h"
#include "topo/analysis/takeover.h"
#include "topo/model/hardware.h"
#include "topo/model/model.h"

#define ANALYSIS_WHOLE_VMS 64U /* up to so many VMs, tables are whole */
#define ANALYSIS_ATTACKS_MAX 24U
#define ANALYSIS_WAYS_MAX 8U
#define ANALYSIS_BLASTS_MAX 16U /* of larger topologies */
#define ANALYSIS_PRACTICES 5U
#define ANALYSIS_FINDINGS_MAX 16U /* for each practice */

enum role { ROLE_ALONE, ROLE_DEVICE, ROLE_DRIVER, ROLE_HYBRID };

enum entrance_rule {
	ENTRANCES_MARKED,
	ENTRANCES_NIC,
	ENTRANCES_HARDWARE,
	ENTRANCES_ROOTS,
	ENTRANCES_ALL
};

enum asset_rule { ASSETS_MARKED, ASSETS_WORKLOADS, ASSETS_INSIDE, ASSETS_ALL };

struct vm_analysis {
	enum role role;
	uint32_t *served; /* connections in which it is the device VM */
	size_t served_count;
	uint32_t *used; /* connections in which it is the driver VM */
	size_t used_count;
	struct hardware hardware;
	const struct vm_list
		*circle; /* that it shares devices with, which act for all; itself too */
	bool entrance;
	bool asset;
	uint32_t falls; /* VMs that must fall, itself included, from the nearest entrance */
	uint32_t falls_confined; /* the same if all DMA were confined */
	/* Its own memory that another VM can read and write. */
	uint64_t pool_bytes;    /* sum of the pools of the connections that it uses */
	bool ram_open;          /* some VM that serves it has its whole RAM */
	uint64_t exposed_bytes; /* all of it, DMA counted */
	/* Memory of others that it can read and write by itself, DMA counted. */
	uint64_t foreign_bytes;
	/* Both if all DMA were confined. */
	uint64_t exposed_confined;
	uint64_t foreign_confined;
};

/* What follows when a VM falls. */
struct blast {
	uint32_t vm;
	struct vm_list held;     /* comes with it at no cost, itself first */
	struct vm_list restarts; /* VMs that what is held may start, stop and restart */
	struct vm_list stops;  /* VMs that lose a device of theirs, those held included: by what is
	                        * held, or by what it may stop */
	uint32_t kinds;        /* of hardware of all that is held, bits */
	uint64_t bytes;        /* memory of others that is read and written at once */
	struct vm_list *waves; /* what falls with 1, 2, … more exploits */
	size_t wave_count;
	uint32_t safe_count;          /* VMs that it never leads to */
	const struct blast *confined; /* the same if all DMA were confined; NULL: none is open */
};

/* All ways from an entrance to an asset. */
struct attack {
	uint32_t entrance;
	uint32_t asset;
	uint32_t falls;     /* FALLS_NEVER: there is no way */
	uint64_t way_count; /* shortest ways; UINT64_MAX = at least as many */
	struct way *ways;   /* some of them */
	size_t listed;
	struct vm_list chokes;
	bool direct; /* one step: there is no cut */
	struct vm_list cut;
	const struct attack *confined; /* the same if all DMA were confined; NULL: none is open */
};

enum pattern_kind {
	PATTERN_HOST, /* one VM has all hardware and all RAM of all others */
	PATTERN_PAIR,
	PATTERN_BACKENDS, /* N:1 */
	PATTERN_SHARED,   /* 1:N */
	PATTERN_CHAIN,
	PATTERN_MESH,
	PATTERN_KIND_COUNT
};

struct pattern {
	enum pattern_kind kind;
	struct vm_list members; /* Host, N:1, 1:N: the one first. Chain: from the first tier on. */
	struct falls_range falls;
	struct falls_range falls_confined; /* the same if all DMA were confined */
	uint32_t single_host_falls;
	const char *question; /* "hold the hardware of device" */
	const char *surface;  /* "storage of device" */
};

/* A best practice of the seed, and where the topology does not follow it. */
struct practice {
	const char *title;
	const char *good; /* what to say when nothing was found */
	bool idle;        /* nothing could be found: there is nothing that it is about */
	const char **findings;
	size_t finding_count; /* listed */
	size_t finding_total;
};

/* How good a topology is, worst answer first: what improvements are compared by. */
struct score {
	uint32_t weakest_falls;
	uint32_t weakest_count; /* assets with so few */
	uint64_t exposed_bytes; /* of all VMs */
};

struct improvement {
	bool found;
	const char *change;
	struct score after;
};

/* Where layout puts the shared pages of a connection, guest-physical; 0 = it is not known. */
struct memory_place {
	uint64_t pool[2]; /* in the device VM, in the driver VM */
	uint64_t
		control; /* both pages, in the device VM; the driver VM's guest does not have them */
	uint64_t doorbell[2];
	uint64_t inflight; /* records of requests in flight, in the device VM */
	uint64_t inflight_bytes;
};

struct analysis {
	const struct model *model;
	struct arena *arena;
	struct links links;
	const struct graph *graph;
	const struct graph *reverse;
	const struct graph *confined; /* the graph if all DMA were confined; NULL: none is open */
	const struct graph *confined_reverse;
	const struct memory_place *places; /* of each connection; NULL: not laid out */
	struct vm_analysis *vms;

	enum entrance_rule entrance_rule;
	bool entrances_behind; /* there are some because packets get to them through others */
	struct vm_list entrances;
	enum asset_rule asset_rule;
	struct vm_list assets;

	struct score score;
	uint32_t weakest_entrance; /* of the weakest answer; NODE_NONE: no asset can be reached */
	uint32_t weakest_asset;
	struct vm_list dma_open;  /* VMs with DMA that is not confined, or that may have it, or with
	                             * what is the kernel's own */
	struct vm_list forgeable; /* VMs of which each can raise MSIs of the others; none, or two
	                           * and more */
	uint32_t dma_assumed_count; /* of these, VMs of which it is not known for certain */
	struct vm_list
		forwards_assumed; /* VMs on networks of which it is not known what they forward */
	uint32_t kinds;           /* of hardware that occur, bits */
	uint64_t pool_bytes;      /* all pools */
	size_t pool_count;
	struct vm_list single_points;

	struct blast *blasts;
	size_t blast_count;
	struct attack *attacks; /* weakest first */
	size_t attack_count;
	size_t attack_total;
	struct pattern *patterns;
	size_t pattern_count;
	size_t pattern_total;
	size_t pattern_totals[PATTERN_KIND_COUNT];
	struct practice practices[ANALYSIS_PRACTICES];
	struct improvement improvement;
};

/** Analyse @model, which must outlive the result. Give it back by analysis_free. */
struct analysis *analysis_new(const struct model *model);

/** Give back @analysis. NULL is allowed. */
void analysis_free(struct analysis *analysis);

const char *role_name(enum role role);
const char *pattern_name(enum pattern_kind kind);
const char *entrance_rule_text(const struct analysis *analysis);
const char *asset_rule_text(enum asset_rule rule);

/** Fewest falls from @from to @to, both counted; *way is one shortest way (arena of @analysis). */
uint32_t analysis_falls_between(const struct analysis *analysis, uint32_t from, uint32_t to,
                                struct way *way);

/* How an outsider gets through one VM to another. */
struct passage {
	uint32_t falls; /* VMs that must fall, each counted once; FALLS_NEVER: there is no way */
	struct way in;  /* from an entrance to the first; empty: nobody gets there */
	struct way on;  /* from a VM of the way in, the first or one before it, to the second */
	bool never_between; /* the first can be reached, but no way leads from it to the second */
};

/**
 * The fewest VMs that must fall on the way from an entrance through @through to @to, both counted.
 * What was held stays held: when the way to @to branches off before @through, @through falls too.
 */
struct passage analysis_passage(const struct analysis *analysis, uint32_t through, uint32_t to);

/** Bytes of @vm that @peer can read and write by itself, without holding another VM. */
uint64_t analysis_exposure_to(const struct analysis *analysis, uint32_t vm, uint32_t peer);

/* Memory, as the memory map of the report lists it. */
enum memory_kind {
	MEMORY_RAM,
	MEMORY_POOL,
	MEMORY_IOBUF_OUT, /* page 0: the driver VM's VMM writes, the device VM reads */
	MEMORY_IOBUF_IN,  /* page 1: the other way round */
	MEMORY_DOORBELL,  /* no memory: what is stored there only signals */
	MEMORY_INFLIGHT,  /* records of requests, of the device VM: they outlive its restarts */
	MEMORY_REGISTERS
};

struct memory_range {
	enum memory_kind kind;
	uint32_t owner;      /* whose memory it is: the driver VM of a connection, of records of
	                      * requests in flight the device VM */
	uint32_t connection; /* NODE_NONE: of none */
	uint64_t base; /* guest-physical in the owner, 0 = placed when built; registers: physical */
	uint64_t
		peer_base; /* in the device VM of the connection; 0 likewise, or it has none there */
	uint64_t bytes;
	const char *name;
	struct vm_list readers; /* by mappings */
	struct vm_list writers;
	struct vm_list dma; /* others that read and write it by DMA, the first MEMORY_DMA_MAX */
	size_t dma_total;
};

#define MEMORY_DMA_MAX ANALYSIS_WHOLE_VMS /* up to as many VMs; of larger topologies: */
#define MEMORY_DMA_MAX_LARGE 4U

/** Call @visit for every range of VM @vm, in the order RAM, connections it uses and serves, registers. */
void memory_each(const struct analysis *analysis, uint32_t vm,
                 void (*visit)(const struct memory_range *range, void *context), void *context);

#endif
