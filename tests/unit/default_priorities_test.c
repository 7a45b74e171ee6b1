/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who goes first on a CPU where a topology says nothing: random small topologies, cycles and given
 * priorities among them, against what docs/language.md says of each connection and each CPU.
 *
 * libs: z lzma zstd lz4 json-c crypto
 * links: topo/base topo/diag topo/rules topo/language topo/model topo/rootfs topo/resolve topo/checks topo/front
 * flags: -D_GNU_SOURCE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ordered_cmocka.h"
#include "topo/diag/source.h"
#include "topo/front/load.h"
#include "topo/model/topology.h"

#define ROUNDS 1500U
#define VMS 7U

struct world {
	uint32_t count;
	bool serves[VMS][VMS]; /* directly */
	bool below[VMS][VMS];  /* by any number of connections */
	bool cyclic[VMS];      /* in a cycle, or between two */
	char text[4096];
	struct diag *diag;
	struct model *model;
};

static uint64_t random_state = 88172645463325252U;

static uint32_t any(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

static void add(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct world *w, const char *format, ...)
{
	size_t length = strlen(w->text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(w->text + length, sizeof(w->text) - length, format, arguments);
	va_end(arguments);
}

static void write_text(struct world *w)
{
	uint32_t density = 2 + any(6);

	add(w, "assembly { composition { ");
	for (uint32_t i = 0; i < w->count; i++) {
		add(w, "component VM vm%u; ", i);
	}
	for (uint32_t i = 0; i < w->count; i++) {
		for (uint32_t j = 0; j < w->count; j++) {
			w->serves[i][j] = i != j && any(density) == 0;
			if (w->serves[i][j]) {
				add(w, "VIRTIO_COMPOSITION_DEF(%u, %u) ", i, j);
			}
		}
	}
	add(w, "} configuration { system.cpus = %u; ", 1 + any(4));
	for (uint32_t i = 0; i < w->count; i++) {
		if (any(5) == 0) {
			add(w, "vm%u._priority = %u; ", i, any(256));
		}
		if (any(6) == 0) {
			add(w, "vm%u._budget = 300; vm%u._period = 1000; ", i, i);
		}
		add(w, "vm%u.num_vcpus = %u; ", i, 1 + any(2));
	}
	add(w, "} }");
}

static void close_over(struct world *w)
{
	memcpy(w->below, w->serves, sizeof(w->below));
	for (uint32_t k = 0; k < w->count; k++) {
		for (uint32_t i = 0; i < w->count; i++) {
			for (uint32_t j = 0; j < w->count; j++) {
				w->below[i][j] |= w->below[i][k] && w->below[k][j];
			}
		}
	}
	for (uint32_t i = 0; i < w->count; i++) {
		bool above = w->below[i][i];
		bool under = w->below[i][i];

		for (uint32_t j = 0; j < w->count; j++) {
			above |= w->below[i][j] && w->below[j][j];
			under |= w->below[j][i] && w->below[j][j];
		}
		w->cyclic[i] = above && under;
	}
}

static bool given(const struct world *w, uint32_t vm, enum vm_attribute attribute)
{
	return vm_given(&topology_of(w->model)->vm_origins[vm], attribute);
}

/* One more than the highest that @vm serves, those of the cycles not counted if it is in them. */
static uint32_t least(const struct world *w, uint32_t vm)
{
	uint32_t priority = 100;

	for (uint32_t i = 0; i < w->count; i++) {
		uint32_t above = w->model->vms[i].priority + 1;

		if (w->serves[vm][i] && !(w->cyclic[vm] && w->cyclic[i]) && above > priority) {
			priority = above < 255 ? above : 255;
		}
	}
	return priority;
}

static void compare_priorities(const struct world *w)
{
	uint32_t of_cycles = 100;

	for (uint32_t i = 0; i < w->count; i++) {
		if (w->cyclic[i] && least(w, i) > of_cycles) {
			of_cycles = least(w, i);
		}
	}
	for (uint32_t i = 0; i < w->count; i++) {
		if (!given(w, i, VM_PRIORITY)) {
			assert_int_equal(w->model->vms[i].priority,
			                 w->cyclic[i] ? of_cycles : least(w, i));
		}
	}
}

/* How many vCPUs of @vm are on @cpu. */
static uint32_t on(const struct vm *vm, uint32_t cpu)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		count += (uint32_t)vm->affinity[i] == cpu ? 1 : 0;
	}
	return count;
}

/* Thousandths of @cpu that VM @index has as its budget. */
static uint64_t share_of(const struct world *w, uint32_t index, uint32_t cpu)
{
	const struct vm *vm = &w->model->vms[index];

	return vm->period_us == 0 ? 0 : 1000ULL * vm->budget_us * on(vm, cpu) / vm->period_us;
}

static uint64_t stated_on(const struct world *w, uint32_t cpu)
{
	uint64_t stated = 0;

	for (uint32_t i = 0; i < w->count; i++) {
		stated += given(w, i, VM_BUDGET) ? share_of(w, i, cpu) : 0;
	}
	return stated;
}

/* Whether somebody is below @vm on a CPU. */
static bool has_lower(const struct world *w, const struct vm *vm)
{
	bool found = false;

	for (uint32_t cpu = 0; cpu < w->model->cpu_count; cpu++) {
		for (uint32_t i = 0; i < w->count && on(vm, cpu) != 0; i++) {
			const struct vm *other = &w->model->vms[i];

			found |= on(other, cpu) != 0 && other->priority < vm->priority;
		}
	}
	return found;
}

/* Whether the topology's own budgets leave a tenth on no less than every CPU of @vm. */
static bool has_room(const struct world *w, const struct vm *vm)
{
	bool room = true;

	for (uint32_t cpu = 0; cpu < w->model->cpu_count; cpu++) {
		room &= on(vm, cpu) == 0 || stated_on(w, cpu) < 900;
	}
	return room;
}

static void compare_budgets(const struct world *w)
{
	for (uint32_t i = 0; i < w->count; i++) {
		const struct vm *vm = &w->model->vms[i];
		bool serves = topology_of(w->model)->vm_origins[i].served_count != 0;
		bool limited =
			serves && has_lower(w, vm) && has_room(w, vm) && !given(w, i, VM_PRIORITY);

		if (!given(w, i, VM_BUDGET)) {
			assert_int_equal(vm->period_us != 0, limited);
		}
	}
	for (uint32_t cpu = 0; cpu < w->model->cpu_count; cpu++) {
		uint64_t total = 0;

		for (uint32_t i = 0; i < w->count; i++) {
			total += share_of(w, i, cpu);
		}
		assert_true(total <= 900 || total == stated_on(w, cpu));
	}
}

static void random_topologies(void **state)
{
	struct load_options options = {.board = NULL};
	uint32_t cycles = 0;

	(void)state;
	setenv("PEERVISOR_SHARE", "topo", 1);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct world w = {.count = 1 + any(VMS)};

		write_text(&w);
		close_over(&w);
		w.diag = diag_new();
		w.model = model_load_source(
			source_add_text(diag_sources(w.diag), "t", w.text, strlen(w.text)),
			&options, w.diag);
		/* Budgets of the topology's own may be more than a CPU has. */
		if (w.model != NULL) {
			compare_priorities(&w);
			compare_budgets(&w);
			cycles += w.below[0][0] ? 1 : 0;
		}
		model_free(w.model);
		diag_free(w.diag);
	}
	assert_true(cycles > ROUNDS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_topologies)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
