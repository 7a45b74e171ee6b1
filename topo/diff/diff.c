/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares two topologies, see topo/diff/diff.h.
 */
#include "topo/diff/diff.h"

#include <string.h>

static const struct fact *find(const struct facts *facts, const char *key)
{
	uintptr_t at = (uintptr_t)strmap_get(&facts->by_key, key);

	return at ? &facts->list[at - 1] : NULL;
}

static bool same_value(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void add_change(struct diff *diff, enum change_kind kind, const struct fact *before,
                       const struct fact *after)
{
	*ARENA_ADD(diff->arena, diff->changes, diff->change_count) =
		(struct change){kind, before, after};
}

/* What is gone or has another value, in the order of the old topology; then what is new. */
static void compare_facts(struct diff *diff)
{
	for (size_t i = 0; i < diff->before.count; i++) {
		const struct fact *fact = &diff->before.list[i];
		const struct fact *after = find(&diff->after, fact->key);

		if (!after) {
			add_change(diff, CHANGE_REMOVED, fact, NULL);
		} else if (!same_value(fact->value, after->value)) {
			add_change(diff, CHANGE_CHANGED, fact, after);
		}
	}
	for (size_t i = 0; i < diff->after.count; i++) {
		const struct fact *fact = &diff->after.list[i];

		if (!find(&diff->before, fact->key)) {
			add_change(diff, CHANGE_ADDED, NULL, fact);
		}
	}
}

/* VMs by their instance names: 1 + index. */
static struct strmap index_vms(struct arena *arena, const struct model *model)
{
	struct strmap map;

	strmap_init(&map, arena);
	for (size_t i = 0; i < model->vm_count; i++) {
		strmap_set(&map, model->vms[i].instance, (void *)(uintptr_t)(i + 1));
	}
	return map;
}

static uint64_t way_to(const struct analysis *analysis, size_t vm)
{
	uint32_t falls = analysis->vms[vm].falls;

	return falls == FALLS_NEVER ? DIFF_NEVER : falls;
}

static void add_shift(struct diff *diff, struct shift **list, size_t *count, const char *vm,
                      uint64_t before, uint64_t after)
{
	if (before != after) {
		*ARENA_ADD(diff->arena, *list, *count) = (struct shift){vm, before, after};
	}
}

static void compare_vm(struct diff *diff, const char *vm, const struct analysis *before,
                       size_t before_at, const struct analysis *after, size_t after_at)
{
	uint64_t exposed_before = before_at ? before->vms[before_at - 1].exposed_bytes : 0;
	uint64_t exposed_after = after_at ? after->vms[after_at - 1].exposed_bytes : 0;

	diff->exposed_before += exposed_before;
	diff->exposed_after += exposed_after;
	add_shift(diff, &diff->exposures, &diff->exposure_count, vm, exposed_before, exposed_after);
	if (before_at && after_at) {
		add_shift(diff, &diff->ways, &diff->way_count, vm, way_to(before, before_at - 1),
		          way_to(after, after_at - 1));
	}
}

static void compare_attacks(struct diff *diff, const struct model *before,
                            const struct model *after)
{
	struct analysis *old = analysis_new(before);
	struct analysis *new = analysis_new(after);
	const struct strmap old_vms = index_vms(diff->arena, before);
	const struct strmap new_vms = index_vms(diff->arena, after);

	for (size_t i = 0; i < before->vm_count; i++) {
		const char *vm = before->vms[i].instance;

		compare_vm(diff, vm, old, i + 1, new, (uintptr_t)strmap_get(&new_vms, vm));
	}
	for (size_t i = 0; i < after->vm_count; i++) {
		const char *vm = after->vms[i].instance;

		if (!strmap_get(&old_vms, vm)) {
			compare_vm(diff, vm, old, 0, new, i + 1);
		}
	}
	diff_attacks(diff, old, new);
	analysis_free(old);
	analysis_free(new);
}

void diff_make(struct arena *arena, const struct model *before, const struct model *after, bool all,
               struct diff *out)
{
	*out = (struct diff){.arena = arena};
	diff_facts(arena, before, after, all, &out->before);
	diff_facts(arena, after, before, all, &out->after);
	compare_facts(out);
	compare_attacks(out, before, after);
}

const char *change_kind_name(enum change_kind kind)
{
	static const char *const names[CHANGE_KIND_COUNT] = {
		[CHANGE_REMOVED] = "removed",
		[CHANGE_ADDED] = "added",
		[CHANGE_CHANGED] = "changed",
	};

	return names[kind];
}
