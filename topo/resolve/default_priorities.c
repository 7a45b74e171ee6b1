/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/resolve/default_priorities.h"

#define PRIORITY_MAX 255U

/* An order of VMs in the making: who has nobody left to wait for comes next. */
struct order {
	struct topology *topology;
	size_t *waits; /* of each VM: for how many others */
	size_t *vms;
	size_t count;
	bool *placed; /* its priority is known */
	bool *upper;  /* it serves a cycle, and is in none */
};

static void come(struct order *order, size_t vm)
{
	order->vms[order->count++] = vm;
}

static uint32_t above_served(const struct order *order, size_t vm)
{
	const struct topology *topology = order->topology;
	const struct vm_origin *origin = &topology->vm_origins[vm];
	uint32_t priority = DEFAULT_PRIORITY;

	for (size_t i = 0; i < origin->served_count; i++) {
		size_t driver = topology->model.connections[origin->served[i]].driver_vm;
		uint32_t least = topology->model.vms[driver].priority + 1;

		if (order->placed[driver] && least > priority) {
			priority = least < PRIORITY_MAX ? least : PRIORITY_MAX;
		}
	}
	return priority;
}

static void place(struct order *order, size_t vm, uint32_t priority)
{
	if (!vm_read(&order->topology->vm_origins[vm], VM_PRIORITY)) {
		order->topology->model.vms[vm].priority = priority;
	}
	order->placed[vm] = true;
}

/* From those that serve nobody upwards, as far as no cycle keeps one waiting. */
static void place_below_cycles(struct order *order)
{
	const struct model *model = &order->topology->model;

	for (size_t i = 0; i < model->vm_count; i++) {
		order->waits[i] = order->topology->vm_origins[i].served_count;
		if (order->waits[i] == 0) {
			come(order, i);
		}
	}
	for (size_t next = 0; next < order->count; next++) {
		size_t vm = order->vms[next];
		const struct vm_origin *origin = &order->topology->vm_origins[vm];

		place(order, vm, above_served(order, vm));
		for (size_t i = 0; i < origin->used_count; i++) {
			size_t device = model->connections[origin->used[i]].device_vm;

			if (--order->waits[device] == 0) {
				come(order, device);
			}
		}
	}
}

/* Of the rest from those that nobody of it serves downwards, again up to the cycles. */
static void find_upper(struct order *order)
{
	const struct model *model = &order->topology->model;

	order->count = 0;
	for (size_t i = 0; i < model->vm_count; i++) {
		order->waits[i] = order->topology->vm_origins[i].used_count;
		if (order->waits[i] == 0 && !order->placed[i]) {
			come(order, i);
		}
	}
	for (size_t next = 0; next < order->count; next++) {
		size_t vm = order->vms[next];
		const struct vm_origin *origin = &order->topology->vm_origins[vm];

		order->upper[vm] = true;
		for (size_t i = 0; i < origin->served_count; i++) {
			size_t driver = model->connections[origin->served[i]].driver_vm;

			if (--order->waits[driver] == 0 && !order->placed[driver]) {
				come(order, driver);
			}
		}
	}
}

static void place_cycles(struct order *order)
{
	const size_t count = order->topology->model.vm_count;
	uint32_t priority = DEFAULT_PRIORITY;

	for (size_t i = 0; i < count; i++) {
		if (!order->placed[i] && !order->upper[i]) {
			uint32_t least = above_served(order, i);

			priority = least > priority ? least : priority;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (!order->placed[i] && !order->upper[i]) {
			place(order, i, priority);
		}
	}
}

void default_priorities(struct topology *topology)
{
	const size_t count = topology->model.vm_count;
	struct arena *arena = arena_new();
	struct order order = {
		.topology = topology,
		.waits = arena_alloc(arena, (count + 1) * sizeof(size_t)),
		.vms = arena_alloc(arena, (count + 1) * sizeof(size_t)),
		.placed = arena_alloc(arena, (count + 1) * sizeof(bool)),
		.upper = arena_alloc(arena, (count + 1) * sizeof(bool)),
	};

	place_below_cycles(&order);
	find_upper(&order);
	place_cycles(&order);
	while (order.count != 0) {
		size_t vm = order.vms[--order.count];

		place(&order, vm, above_served(&order, vm));
	}
	arena_free(arena);
}

/* What is on a physical CPU. */
struct cpu_share {
	uint32_t lowest;  /* priority */
	uint64_t percent; /* of its time, that the topology gave away */
	uint32_t limited; /* vCPUs that share the rest */
};

/* The CPU of a vCPU; NULL if there is none. */
static struct cpu_share *cpu_of(struct cpu_share *cpus, const struct vm *vm, uint32_t vcpu)
{
	uint32_t cpu = (uint32_t)vm->affinity[vcpu];

	return vcpu < vm->vcpu_count && cpu < PV_CPUS_MAX ? &cpus[cpu] : NULL;
}

/* Whether VM @index is to leave time to those below it, and nothing was said of how much. */
static bool is_limited(const struct topology *topology, size_t index, struct cpu_share *cpus)
{
	const struct vm_origin *origin = &topology->vm_origins[index];
	const struct vm *vm = &topology->model.vms[index];
	bool is_above = false;

	for (uint32_t i = 0; i < PV_DOMAIN_VCPUS_MAX; i++) {
		const struct cpu_share *cpu = cpu_of(cpus, vm, i);

		is_above = is_above || (cpu != NULL && vm->priority > cpu->lowest);
	}
	return is_above && origin->served_count != 0 && !vm_given(origin, VM_PRIORITY) &&
	       !vm_given(origin, VM_BUDGET) && !vm_given(origin, VM_PERIOD);
}

static void find_lowest(const struct vm *vm, struct cpu_share *cpus)
{
	for (uint32_t i = 0; i < PV_DOMAIN_VCPUS_MAX; i++) {
		struct cpu_share *cpu = cpu_of(cpus, vm, i);

		if (cpu != NULL && vm->priority < cpu->lowest) {
			cpu->lowest = vm->priority;
		}
	}
}

static void take_share(const struct vm *vm, bool limited, struct cpu_share *cpus)
{
	for (uint32_t i = 0; i < PV_DOMAIN_VCPUS_MAX; i++) {
		struct cpu_share *cpu = cpu_of(cpus, vm, i);

		if (cpu != NULL && limited) {
			cpu->limited++;
		} else if (cpu != NULL && vm->period_us != 0) {
			cpu->percent +=
				(100ULL * vm->budget_us + vm->period_us - 1) / vm->period_us;
		}
	}
}

/* The least that a CPU has for a vCPU of @vm; none at all where one of them is given away. */
static void limit(struct vm *vm, struct cpu_share *cpus)
{
	uint64_t budget = DEFAULT_PERIOD_US;

	for (uint32_t i = 0; i < PV_DOMAIN_VCPUS_MAX; i++) {
		const struct cpu_share *cpu = cpu_of(cpus, vm, i);

		if (cpu != NULL) {
			uint64_t left = cpu->percent < DEFAULT_SERVING_PERCENT
			                        ? DEFAULT_SERVING_PERCENT - cpu->percent
			                        : 0;
			uint64_t share = left * (DEFAULT_PERIOD_US / 100) / cpu->limited;

			budget = share < budget ? share : budget;
		}
	}
	vm->budget_us = (uint32_t)budget;
	vm->period_us = budget == 0 ? 0 : DEFAULT_PERIOD_US;
}

void default_budgets(struct topology *topology)
{
	struct model *model = &topology->model;
	struct cpu_share cpus[PV_CPUS_MAX];

	for (size_t i = 0; i < PV_CPUS_MAX; i++) {
		cpus[i] = (struct cpu_share){.lowest = PRIORITY_MAX};
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		find_lowest(&model->vms[i], cpus);
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		take_share(&model->vms[i], is_limited(topology, i, cpus), cpus);
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		if (is_limited(topology, i, cpus)) {
			limit(&model->vms[i], cpus);
		}
	}
}
