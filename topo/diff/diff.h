/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo diff: what a change of a topology changes. Both topologies are resolved, defaults and all,
 * and turned into facts (topo/diff/facts.c): one fact is one right, under a key that stays the
 * same as long as it is the same right. diff_make() holds the two lists of facts against each
 * other; what they mean for an attacker comes from topo/analysis.
 */
#ifndef TOPO_DIFF_DIFF_H
#define TOPO_DIFF_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/analysis/analysis.h"
#include "topo/base/arena.h"
#include "topo/base/strmap.h"
#include "topo/model/model.h"

struct fact {
	const char *key;
	const char *about; /* "VM", "hardware", "connection", "memory", "device", "boot", … */
	const char *vm;    /* instance of the VM whose right it is; NULL = the machine */
	const char *what;  /* "vm_a: interrupt 33" */
	const char *value; /* NULL = it is there or not */
};

struct facts {
	struct arena *arena;
	struct fact *list;
	size_t count;
	struct strmap by_key; /* 1 + index of each */
};

enum change_kind { CHANGE_REMOVED, CHANGE_ADDED, CHANGE_CHANGED, CHANGE_KIND_COUNT };

struct change {
	enum change_kind kind;
	const struct fact *before; /* NULL when added */
	const struct fact *after;  /* NULL when removed */
};

/* A number of a VM that the change moves. A VM that is not there has nothing. */
struct shift {
	const char *vm;
	uint64_t before;
	uint64_t after;
};

#define DIFF_NEVER UINT64_MAX /* in ways: no way leads there */

struct names {
	const char **list;
	size_t count;
};

/* All ways from an entrance to an asset. */
struct route {
	bool exists;         /* the two are an entrance and an asset of this topology */
	uint64_t falls;      /* VMs that must fall, DIFF_NEVER = no way */
	uint64_t ways;       /* shortest ways; UINT64_MAX = at least as many */
	struct names chokes; /* VMs that every way passes, sorted */
	struct names cut;    /* a smallest set of VMs without which no way is left, sorted */
	bool direct;         /* one step: there is no cut */
};

/* What the change does to the ways of a pair. */
struct attack_shift {
	const char *entrance;
	const char *asset;
	struct route before;
	struct route after;
};

struct diff {
	struct arena *arena;
	struct facts before;
	struct facts after;
	struct change *changes;
	size_t change_count;
	struct shift *exposures; /* bytes of the VM that others can read and write */
	size_t exposure_count;
	uint64_t exposed_before; /* sums */
	uint64_t exposed_after;
	struct shift *ways; /* VMs that must fall until the VM is taken over, itself counted */
	size_t way_count;
	struct attack_shift *attacks; /* those that the change moves */
	size_t attack_count;
};

/**
 * All rights of @model, and the values of those VMs and connections that @other has too. @all: also
 * what is no right: CPUs, priorities, addresses.
 */
void diff_facts(struct arena *arena, const struct model *model, const struct model *other, bool all,
                struct facts *out);

/** Compare two topologies. @out is of @arena, and refers to both models. */
void diff_make(struct arena *arena, const struct model *before, const struct model *after, bool all,
               struct diff *out);

/** Fill in attacks of @diff. */
void diff_attacks(struct diff *diff, const struct analysis *before, const struct analysis *after);

/** Whether other VMs lie on every way. */
bool route_chokes_differ(const struct route *a, const struct route *b);

/** Whether a cut takes more VMs, or fewer. */
bool route_cut_differs(const struct route *a, const struct route *b);

const char *change_kind_name(enum change_kind kind);

#endif
