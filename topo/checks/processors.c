/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of who shares a physical CPU with whom, and of the time that each gets of it.
 */
#include "topo/checks/internal.h"

#define PERIOD_LEAST_US 1000U
#define PERIOD_MOST_US 1000000U
#define BUDGET_LEAST_US 100U

/* The physical CPUs of a VM, a bit each; those that do not exist are left out. */
static uint32_t cpu_mask(const struct vm *vm)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		if ((uint32_t)vm->affinity[i] < PV_CPUS_MAX) {
			mask |= 1U << (uint32_t)vm->affinity[i];
		}
	}
	return mask;
}

static uint32_t cpu_count(const struct topology *topology)
{
	uint32_t count = topology->model.cpu_count;

	return count < PV_CPUS_MAX ? count : PV_CPUS_MAX;
}

void check_cpu_shared(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];
		uint32_t distinct = (uint32_t)__builtin_popcount(cpu_mask(vm));

		if (distinct != 0 && distinct < vm->vcpu_count) {
			check_report(checks, CHECK_CPU_SHARED, vm_place(topology, i, VM_AFFINITY),
			             "the %u vCPUs of '%s' share %u physical CPU%s", vm->vcpu_count,
			             vm->suffix, distinct, distinct == 1 ? "" : "s");
		}
	}
}

void check_cpu_idle(struct checks *checks, const struct topology *topology)
{
	const struct model *model = &topology->model;
	uint32_t used = 0;

	for (size_t i = 0; i < model->vm_count; i++) {
		used |= cpu_mask(&model->vms[i]);
	}
	for (uint32_t cpu = 0; cpu < cpu_count(topology) && model->vm_count != 0; cpu++) {
		if ((used & 1U << cpu) == 0) {
			struct place place = topology->cpus_given.file != NULL
			                             ? topology->cpus_given
			                             : model->vms[0].place;

			check_report(checks, CHECK_CPU_IDLE, place,
			             "the system takes CPU %u, and no vCPU is pinned to it", cpu);
		}
	}
}

void check_cpu_uneven(struct checks *checks, const struct topology *topology)
{
	const struct model *model = &topology->model;
	size_t loads[PV_CPUS_MAX] = {0};
	size_t given[PV_CPUS_MAX] = {0};
	uint32_t least = 0;
	uint32_t most = 0;

	for (size_t i = 0; i < model->vm_count; i++) {
		for (uint32_t j = 0; j < model->vms[i].vcpu_count; j++) {
			uint32_t cpu = (uint32_t)model->vms[i].affinity[j];

			if (cpu < PV_CPUS_MAX) {
				loads[cpu]++;
				given[cpu] = i;
			}
		}
	}
	for (uint32_t cpu = 1; cpu < cpu_count(topology); cpu++) {
		least = loads[cpu] < loads[least] ? cpu : least;
		most = loads[cpu] > loads[most] ? cpu : most;
	}
	if (loads[most] >= loads[least] + 2 &&
	    vm_given(&topology->vm_origins[given[most]], VM_AFFINITY)) {
		check_report(checks, CHECK_CPU_UNEVEN, vm_place(topology, given[most], VM_AFFINITY),
		             "CPU %u has %zu vCPUs, and CPU %u has %zu", most, loads[most], least,
		             loads[least]);
	}
}

void check_priority_serving(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		const struct vm *device = &topology->model.vms[connection->device_vm];
		const struct vm *driver = &topology->model.vms[connection->driver_vm];

		if (device->priority < driver->priority &&
		    (cpu_mask(device) & cpu_mask(driver)) != 0) {
			check_report(checks, CHECK_PRIORITY_SERVING,
			             vm_place(topology, connection->device_vm, VM_PRIORITY),
			             "'%s' serves '%s' with a lower priority, %u under %u, on the "
			             "same CPU",
			             device->suffix, driver->suffix, device->priority,
			             driver->priority);
		}
	}
}

/* Of the VMs on @cpu that nothing limits the one with the highest priority; vm_count for none. */
static size_t highest_unlimited(const struct topology *topology, uint32_t cpu)
{
	const struct model *model = &topology->model;
	size_t highest = model->vm_count;

	for (size_t i = 0; i < model->vm_count; i++) {
		const struct vm *vm = &model->vms[i];

		if ((cpu_mask(vm) & 1U << cpu) != 0 && vm->period_us == 0 &&
		    (highest == model->vm_count || vm->priority > model->vms[highest].priority)) {
			highest = i;
		}
	}
	return highest;
}

void check_priority_starved(struct checks *checks, const struct topology *topology)
{
	const struct model *model = &topology->model;

	for (uint32_t cpu = 0; cpu < cpu_count(topology); cpu++) {
		size_t high = highest_unlimited(topology, cpu);

		for (size_t i = 0; i < model->vm_count && high < model->vm_count; i++) {
			const struct vm *vm = &model->vms[i];

			if ((cpu_mask(vm) & 1U << cpu) != 0 &&
			    vm->priority < model->vms[high].priority) {
				check_report(checks, CHECK_PRIORITY_STARVED,
				             vm_place(topology, i, VM_PRIORITY),
				             "'%s' runs on CPU %u only while '%s' sleeps, which "
				             "has no budget",
				             vm->suffix, cpu, model->vms[high].suffix);
			}
		}
	}
}

void check_period_short(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (vm->period_us != 0 && vm->period_us < PERIOD_LEAST_US) {
			check_report(checks, CHECK_PERIOD_SHORT, vm_place(topology, i, VM_PERIOD),
			             "'%s' has a period of %u us; %u or more leave time to work",
			             vm->suffix, vm->period_us, PERIOD_LEAST_US);
		}
	}
}

void check_period_long(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (vm->period_us > PERIOD_MOST_US && vm->budget_us < vm->period_us) {
			check_report(checks, CHECK_PERIOD_LONG, vm_place(topology, i, VM_PERIOD),
			             "'%s' can stand still for %u ms of each period", vm->suffix,
			             (vm->period_us - vm->budget_us) / 1000);
		}
	}
}

void check_budget_short(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (vm->budget_us != 0 && vm->budget_us < BUDGET_LEAST_US) {
			check_report(checks, CHECK_BUDGET_SHORT, vm_place(topology, i, VM_BUDGET),
			             "a budget of %u us is too short for '%s' to handle an "
			             "interrupt",
			             vm->budget_us, vm->suffix);
		}
	}
}

void check_budget_full(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (vm->budget_us != 0 && vm->budget_us == vm->period_us) {
			check_report(checks, CHECK_BUDGET_FULL, vm_place(topology, i, VM_BUDGET),
			             "the budget of '%s' is its whole period", vm->suffix);
		}
	}
}

/* CPUs on which more than one VM runs. */
static uint32_t shared_cpus(const struct topology *topology)
{
	uint32_t once = 0;
	uint32_t twice = 0;

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		uint32_t mask = cpu_mask(&topology->model.vms[i]);

		twice |= once & mask;
		once |= mask;
	}
	return twice;
}

void check_budget_exposed(struct checks *checks, const struct topology *topology)
{
	uint32_t shared = shared_cpus(topology);

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (vm->exposed && vm->period_us == 0 && (cpu_mask(vm) & shared) != 0) {
			check_report(
				checks, CHECK_BUDGET_EXPOSED, vm_place(topology, i, VM_EXPOSED),
				"'%s' is exposed, shares a CPU, and has no budget", vm->suffix);
		}
	}
}

static bool is_high(const struct vm *vm)
{
	return vm->trust == TRUST_HIGH;
}

static bool is_low(const struct vm *vm)
{
	return vm->trust == TRUST_LOW;
}

static bool has_asset(const struct vm *vm)
{
	return vm->asset != NULL;
}

static bool is_exposed(const struct vm *vm)
{
	return vm->exposed;
}

/* The first VM on @cpu that is @kind and not @except; vm_count for none. */
static size_t first_on(const struct topology *topology, uint32_t cpu, size_t except,
                       bool (*kind)(const struct vm *vm))
{
	const struct model *model = &topology->model;
	size_t i = 0;

	while (i < model->vm_count && (i == except || (cpu_mask(&model->vms[i]) & 1U << cpu) == 0 ||
	                               !kind(&model->vms[i]))) {
		i++;
	}
	return i;
}

void check_trust_cpu(struct checks *checks, const struct topology *topology)
{
	size_t none = topology->model.vm_count;

	for (uint32_t cpu = 0; cpu < cpu_count(topology); cpu++) {
		size_t high = first_on(topology, cpu, none, is_high);
		size_t low = first_on(topology, cpu, none, is_low);

		if (high != none && low != none) {
			check_report(checks, CHECK_TRUST_CPU, vm_place(topology, low, VM_AFFINITY),
			             "'%s', of low trust, shares CPU %u with '%s', of high trust",
			             check_suffix(topology, low), cpu,
			             check_suffix(topology, high));
		}
	}
}

void check_asset_cpu(struct checks *checks, const struct topology *topology)
{
	size_t none = topology->model.vm_count;

	for (uint32_t cpu = 0; cpu < cpu_count(topology); cpu++) {
		size_t asset = first_on(topology, cpu, none, has_asset);
		size_t exposed = first_on(topology, cpu, asset, is_exposed);

		if (asset != none && exposed != none) {
			check_report(
				checks, CHECK_ASSET_CPU, vm_place(topology, exposed, VM_AFFINITY),
				"'%s', which is exposed, shares CPU %u with '%s', which holds "
				"%s",
				check_suffix(topology, exposed), cpu, check_suffix(topology, asset),
				topology->model.vms[asset].asset);
		}
	}
}
