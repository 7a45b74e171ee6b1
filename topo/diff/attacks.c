/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a change does to the ways from each entrance to each asset, as topo/analysis finds them.
 * Pairs are those of the old topology and of the new one, by the names of the VMs. Of large
 * topologies the analysis lists the weakest pairs only: then a pair that one side lists and the
 * other does not says nothing, unless one of its VMs is there no entrance or asset.
 */
#include <stdlib.h>
#include <string.h>

#include "topo/diff/diff.h"

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static struct names name_list(struct arena *arena, const struct analysis *analysis,
                              const struct vm_list *vms)
{
	struct names names = {arena_alloc(arena, (vms->count + 1) * sizeof(*names.list)), 0};

	for (size_t i = 0; i < vms->count; i++) {
		names.list[names.count++] = analysis->model->vms[vms->vms[i]].instance;
	}
	qsort(names.list, names.count, sizeof(*names.list), compare_names);
	return names;
}

static struct route make_route(struct arena *arena, const struct analysis *analysis,
                               const struct attack *attack)
{
	return (struct route){
		.exists = true,
		.falls = attack->falls == FALLS_NEVER ? DIFF_NEVER : attack->falls,
		.ways = attack->falls == FALLS_NEVER ? 0 : attack->way_count,
		.chokes = name_list(arena, analysis, &attack->chokes),
		.cut = name_list(arena, analysis, &attack->cut),
		.direct = attack->direct,
	};
}

static const char *pair_key(struct arena *arena, const char *entrance, const char *asset)
{
	return arena_printf(arena, "%s %s", entrance, asset);
}

static bool same_names(const struct names *a, const struct names *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		if (strcmp(a->list[i], b->list[i]) != 0) {
			return false;
		}
	}
	return a->count == b->count;
}

bool route_chokes_differ(const struct route *a, const struct route *b)
{
	return !same_names(&a->chokes, &b->chokes);
}

/* Of several cuts of one size, which one was found depends on the order of the text. */
bool route_cut_differs(const struct route *a, const struct route *b)
{
	return a->cut.count != b->cut.count || a->direct != b->direct;
}

static bool differ(const struct route *a, const struct route *b)
{
	return a->exists != b->exists || a->falls != b->falls || a->ways != b->ways ||
	       route_chokes_differ(a, b) || route_cut_differs(a, b);
}

/* Instances of the VMs of @list. */
static struct strmap index_names(struct arena *arena, const struct analysis *analysis,
                                 const struct vm_list *list)
{
	struct strmap map;

	strmap_init(&map, arena);
	for (size_t i = 0; i < list->count; i++) {
		const char *name = analysis->model->vms[list->vms[i]].instance;

		strmap_set(&map, name, (void *)(uintptr_t)name);
	}
	return map;
}

/* One side of the comparison. */
struct side {
	const struct analysis *analysis;
	struct strmap attacks; /* 1 + index by pair_key */
	struct strmap entrances, assets;
};

static struct side make_side(struct arena *arena, const struct analysis *analysis)
{
	struct side side = {.analysis = analysis};

	side.entrances = index_names(arena, analysis, &analysis->entrances);
	side.assets = index_names(arena, analysis, &analysis->assets);
	strmap_init(&side.attacks, arena);
	for (size_t i = 0; i < analysis->attack_count; i++) {
		const struct attack *attack = &analysis->attacks[i];
		const struct vm *vms = analysis->model->vms;
		const char *key = pair_key(arena, vms[attack->entrance].instance,
		                           vms[attack->asset].instance);

		strmap_set(&side.attacks, key, (void *)(uintptr_t)(i + 1));
	}
	return side;
}

/* What @side knows of the pair; false when it does not say. */
static bool look_up(struct arena *arena, const struct side *side, const char *entrance,
                    const char *asset, struct route *route)
{
	uintptr_t at = (uintptr_t)strmap_get(&side->attacks, pair_key(arena, entrance, asset));

	*route = (struct route){.exists = false};
	if (at != 0) {
		*route = make_route(arena, side->analysis, &side->analysis->attacks[at - 1]);
		return true;
	}
	return strmap_get(&side->entrances, entrance) == NULL ||
	       strmap_get(&side->assets, asset) == NULL;
}

void diff_attacks(struct diff *diff, const struct analysis *before, const struct analysis *after)
{
	struct arena *arena = diff->arena;
	const struct side old = make_side(arena, before);
	const struct side new = make_side(arena, after);
	const struct side *sides[] = {&new, &old};

	/* Pairs of the new topology first; then those that only the old one has. */
	for (size_t s = 0; s < 2; s++) {
		const struct analysis *analysis = sides[s]->analysis;

		for (size_t i = 0; i < analysis->attack_count; i++) {
			struct attack_shift shift = {
				analysis->model->vms[analysis->attacks[i].entrance].instance,
				analysis->model->vms[analysis->attacks[i].asset].instance,
				{.exists = false},
				{.exists = false},
			};
			bool known =
				look_up(arena, &old, shift.entrance, shift.asset, &shift.before) &&
				look_up(arena, &new, shift.entrance, shift.asset, &shift.after);

			if (known && differ(&shift.before, &shift.after) &&
			    !(s == 1 && shift.after.exists)) {
				*ARENA_ADD(arena, diff->attacks, diff->attack_count) = shift;
			}
		}
	}
}
