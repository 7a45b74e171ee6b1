/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions of assertions. Each gives a value and the evidence for it.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/analysis/parts.h"
#include "topo/base/units.h"
#include "topo/report/assert.h"
#include "topo/report/words.h"

static const char *name(const struct analysis *analysis, const struct fact_call *call, size_t i)
{
	return vm_name_of(analysis, call->vms[i]);
}

/* From the nearest entrance. */
static uint64_t falls_from_outside(const struct analysis *analysis, uint32_t to,
                                   const char **evidence)
{
	struct passage passage = analysis_passage(analysis, to, to);
	const char *target = vm_name_of(analysis, to);

	if (passage.falls == FALLS_NEVER) {
		*evidence =
			arena_printf(analysis->arena, "no way leads from outside to %s", target);
		return VALUE_NEVER;
	}
	*evidence = arena_printf(analysis->arena, "%u VM%s must fall from outside to %s: %s",
	                         passage.falls, words_plural(passage.falls), target,
	                         words_way(analysis, &passage.in, analysis->arena));
	return passage.falls;
}

/* "a -> b -> c"; where the way on branches off earlier: "a -> b; a -> c". */
static const char *passage_text(const struct analysis *analysis, const struct passage *passage)
{
	const char *in = words_way(analysis, &passage->in, analysis->arena);
	const char *on = words_way(analysis, &passage->on, analysis->arena);

	if (passage->on.count == 1) {
		return in;
	}
	if (passage->on.vms[0] == passage->in.vms[passage->in.count - 1]) {
		size_t shared = strlen(vm_name_of(analysis, passage->on.vms[0]));

		return arena_printf(analysis->arena, "%s%s", in, on + shared);
	}
	return arena_printf(analysis->arena, "%s; %s", in, on);
}

static uint64_t fact_compromises(const struct analysis *analysis, const struct fact_call *call,
                                 const char **evidence)
{
	if (call->argument_count == 1) {
		return falls_from_outside(analysis, call->vms[0], evidence);
	}
	struct passage passage = analysis_passage(analysis, call->vms[0], call->vms[1]);
	const char *from = name(analysis, call, 0);
	const char *to = name(analysis, call, 1);

	if (passage.falls == FALLS_NEVER) {
		*evidence = passage.never_between
		                    ? arena_printf(analysis->arena, "no way leads from %s to %s",
		                                   from, to)
		                    : arena_printf(analysis->arena,
		                                   "no way leads from outside to %s", from);
		return VALUE_NEVER;
	}
	*evidence =
		arena_printf(analysis->arena, "%u VM%s must fall from outside through %s to %s: %s",
	                     passage.falls, words_plural(passage.falls), from, to,
	                     passage_text(analysis, &passage));
	return passage.falls;
}

static uint64_t fact_reach(const struct analysis *analysis, const struct fact_call *call,
                           const char **evidence)
{
	struct way way;
	bool held = analysis_falls_between(analysis, call->vms[0], call->vms[1], &way) == 1;

	*evidence = arena_printf(analysis->arena, "who holds %s %s %s without an exploit%s%s",
	                         name(analysis, call, 0), held ? "holds" : "does not hold",
	                         name(analysis, call, 1), held ? ": " : "",
	                         held ? words_way(analysis, &way, analysis->arena) : "");
	return held;
}

static uint64_t fact_path(const struct analysis *analysis, const struct fact_call *call,
                          const char **evidence)
{
	struct way way;
	uint32_t falls = analysis_falls_between(analysis, call->vms[0], call->vms[1], &way);

	*evidence = falls == FALLS_NEVER
	                    ? arena_printf(analysis->arena, "no way leads from %s to %s",
	                                   name(analysis, call, 0), name(analysis, call, 1))
	                    : arena_printf(analysis->arena, "a way: %s",
	                                   words_way(analysis, &way, analysis->arena));
	return falls != FALLS_NEVER;
}

/* What is exposed, peer by peer. */
static const char *exposure_text(const struct analysis *analysis, uint32_t vm)
{
	const char *text = "";
	size_t count = 0;

	for (uint32_t peer = 0; peer < analysis->graph->vm_count; peer++) {
		uint64_t bytes = analysis_exposure_to(analysis, vm, peer);

		if (bytes != 0 && count++ < ANALYSIS_WAYS_MAX) {
			text = arena_printf(
				analysis->arena, "%s%s%s to %s", text, count == 1 ? "" : ", ",
				size_text(analysis->arena, bytes), vm_name_of(analysis, peer));
		}
	}
	if (count > ANALYSIS_WAYS_MAX) {
		text = arena_printf(analysis->arena, "%s and %zu more", text,
		                    count - ANALYSIS_WAYS_MAX);
	}
	return count == 0 ? "nothing" : text;
}

static uint64_t fact_exposure(const struct analysis *analysis, const struct fact_call *call,
                              const char **evidence)
{
	uint32_t vm = call->vms[0];

	if (call->argument_count == 2) {
		uint64_t bytes = analysis_exposure_to(analysis, vm, call->vms[1]);

		*evidence = arena_printf(analysis->arena, "%s exposes %s to %s",
		                         name(analysis, call, 0), size_text(analysis->arena, bytes),
		                         name(analysis, call, 1));
		return bytes;
	}
	*evidence = arena_printf(analysis->arena, "%s exposes %s: %s", name(analysis, call, 0),
	                         size_text(analysis->arena, analysis->vms[vm].exposed_bytes),
	                         exposure_text(analysis, vm));
	return analysis->vms[vm].exposed_bytes;
}

static uint64_t fact_hardware(const struct analysis *analysis, const struct fact_call *call,
                              const char **evidence)
{
	const struct hardware *hardware = &analysis->vms[call->vms[0]].hardware;
	bool found = false;

	for (size_t i = 0; i < hardware->count; i++) {
		found |= call->text == NULL || hardware_is_named(&hardware->units[i], call->text);
	}
	*evidence = arena_printf(analysis->arena, "hardware of %s: %s", name(analysis, call, 0),
	                         hardware->count == 0
	                                 ? "none"
	                                 : words_hardware(analysis, call->vms[0], analysis->arena));
	return found;
}

static bool serves(const struct analysis *analysis, uint32_t device, uint32_t driver)
{
	const struct vm_analysis *row = &analysis->vms[device];
	bool found = false;

	for (size_t i = 0; i < row->served_count; i++) {
		found |= analysis->model->connections[row->served[i]].driver_vm == driver;
	}
	return found;
}

/* By what @by serves, or by what it may restart: @vm itself, or a VM that serves it. NULL: not. */
static const char *stopping(const struct analysis *analysis, uint32_t by, uint32_t vm)
{
	const struct vm *vms = analysis->model->vms;
	const char *from = vm_name_of(analysis, by);
	const char *to = vm_name_of(analysis, vm);

	if (serves(analysis, by, vm)) {
		return arena_printf(analysis->arena, "%s serves %s", from, to);
	}
	for (size_t i = 0; i < vms[by].may_restart_count; i++) {
		uint32_t stopped = (uint32_t)(vms[by].may_restart[i] - vms);

		if (stopped == vm) {
			return arena_printf(analysis->arena, "%s may restart %s", from, to);
		}
		if (serves(analysis, stopped, vm)) {
			return arena_printf(analysis->arena, "%s may restart %s, which serves %s",
			                    from, vm_name_of(analysis, stopped), to);
		}
	}
	return NULL;
}

/* By itself, or by a VM that comes with it at no cost. */
static uint64_t fact_stops(const struct analysis *analysis, const struct fact_call *call,
                           const char **evidence)
{
	struct shortest *held = shortest_new(analysis->graph, analysis->arena);
	uint32_t from = call->vms[0];
	uint32_t to = call->vms[1];

	*evidence = stopping(analysis, from, to);
	if (*evidence == NULL && from != to) {
		shortest_run(held, analysis->graph, &from, 1, 0);
	}
	for (uint32_t vm = 0; *evidence == NULL && from != to && vm < analysis->model->vm_count;
	     vm++) {
		if (held->to[vm].falls == 0) {
			const char *how =
				vm == to ? "which is all of it" : stopping(analysis, vm, to);

			*evidence = how == NULL ? NULL
			                        : arena_printf(analysis->arena,
			                                       "who holds %s holds %s, %s",
			                                       vm_name_of(analysis, from),
			                                       vm_name_of(analysis, vm), how);
		}
	}
	if (*evidence != NULL) {
		return true;
	}
	*evidence = arena_printf(analysis->arena, "%s does not serve %s, nor may restart it",
	                         vm_name_of(analysis, from), vm_name_of(analysis, to));
	return false;
}

static uint64_t fact_cut(const struct analysis *analysis, const struct fact_call *call,
                         const char **evidence)
{
	const char *from = name(analysis, call, 0);
	const char *to = name(analysis, call, 1);
	struct vm_list cut;

	if (!smallest_cut(analysis->graph, call->vms[0], call->vms[1], &cut, analysis->arena)) {
		*evidence =
			arena_printf(analysis->arena, "%s and %s are joined directly", from, to);
		return VALUE_NEVER;
	}
	*evidence =
		cut.count == 0
			? arena_printf(analysis->arena, "no way leads from %s to %s", from, to)
			: arena_printf(analysis->arena, "without %s no way leads from %s to %s",
	                               vm_list_text(analysis, &cut, ANALYSIS_WAYS_MAX), from, to);
	return cut.count;
}

static const struct fact facts[] = {
	{"compromises", "compromises([THROUGH,] TO)", 1, 2, 2, true, VALUE_NUMBER,
         fact_compromises},
	{"reach", "reach(FROM, TO)", 2, 2, 2, false, VALUE_TRUTH, fact_reach},
	{"path", "path(FROM, TO)", 2, 2, 2, false, VALUE_TRUTH, fact_path},
	{"exposure", "exposure(VM [, PEER])", 1, 2, 2, false, VALUE_NUMBER, fact_exposure},
	{"hardware", "hardware(VM [, \"DEVICE\"])", 1, 2, 1, false, VALUE_TRUTH, fact_hardware},
	{"stops", "stops(DEVICE_VM, DRIVER_VM)", 2, 2, 2, false, VALUE_TRUTH, fact_stops},
	{"cut", "cut(FROM, TO)", 2, 2, 2, false, VALUE_NUMBER, fact_cut},
};

const struct fact *fact_table(size_t *count)
{
	*count = ARRAY_COUNT(facts);
	return facts;
}
