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

void check_cpu_shared(const struct check_vm *at)
{
	uint32_t distinct = (uint32_t)__builtin_popcount(cpu_mask(at->vm));

	if (distinct != 0 && distinct < at->vm->vcpu_count) {
		rule_report(at->rules, &rule_cpu_shared, check_vm_place(at, VM_AFFINITY),
		            "the %u vCPUs of '%s' share %u physical CPU%s", at->vm->vcpu_count,
		            at->vm->suffix, distinct, distinct == 1 ? "" : "s");
	}
}

RULE(cpu_shared, "cpu-shared", ADVICE, EACH,
     "Two vCPUs of one VM are pinned to one physical CPU. They never run at the same moment, "
     "and a lock that one holds keeps the other spinning.");

void check_cpu_idle(struct rules *rules, const struct topology *topology)
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

			rule_report(rules, &rule_cpu_idle, place,
			            "the system takes CPU %u, and no vCPU is pinned to it", cpu);
		}
	}
}

RULE(cpu_idle, "cpu-idle", ADVICE, WHOLE,
     "The system takes a physical CPU to which no vCPU is pinned: it does nothing.");

void check_cpu_uneven(struct rules *rules, const struct topology *topology)
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
		rule_report(rules, &rule_cpu_uneven, vm_place(topology, given[most], VM_AFFINITY),
		            "CPU %u has %zu vCPUs, and CPU %u has %zu", most, loads[most], least,
		            loads[least]);
	}
}

RULE(cpu_uneven, "cpu-uneven", ADVICE, WHOLE,
     "By _affinity one CPU has at least two vCPUs more than another one of the system.");

void check_priority_serving(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		const struct vm *device = &topology->model.vms[connection->device_vm];
		const struct vm *driver = &topology->model.vms[connection->driver_vm];

		if (device->priority < driver->priority &&
		    (cpu_mask(device) & cpu_mask(driver)) != 0) {
			rule_report(rules, &rule_priority_serving,
			            vm_place(topology, connection->device_vm, VM_PRIORITY),
			            "'%s' serves '%s' with a lower priority, %u under %u, on the "
			            "same CPU",
			            device->suffix, driver->suffix, device->priority,
			            driver->priority);
		}
	}
}

RULE(priority_serving, "priority-serving", ADVICE, EACH,
     "A device VM has a lower priority than a VM that it serves, and they share a CPU: requests "
     "wait until the driver VM sleeps.");

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

void check_priority_starved(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;

	for (uint32_t cpu = 0; cpu < cpu_count(topology); cpu++) {
		size_t high = highest_unlimited(topology, cpu);

		for (size_t i = 0; i < model->vm_count && high < model->vm_count; i++) {
			const struct vm *vm = &model->vms[i];

			if ((cpu_mask(vm) & 1U << cpu) != 0 &&
			    vm->priority < model->vms[high].priority) {
				rule_report(rules, &rule_priority_starved,
				            vm_place(topology, i, VM_PRIORITY),
				            "'%s' runs on CPU %u only while '%s' sleeps, which "
				            "has no budget",
				            vm->suffix, cpu, model->vms[high].suffix);
			}
		}
	}
}

RULE(priority_starved, "priority-starved", ADVICE, WHOLE,
     "On one CPU a VM of higher priority has no budget: those of lower priority run only while "
     "it sleeps, perhaps never.");

void check_period_short(const struct check_vm *at)
{
	if (at->vm->period_us != 0 && at->vm->period_us < PERIOD_LEAST_US) {
		rule_report(at->rules, &rule_period_short, check_vm_place(at, VM_PERIOD),
		            "'%s' has a period of %u us; %u or more leave time to work",
		            at->vm->suffix, at->vm->period_us, PERIOD_LEAST_US);
	}
}

RULE(period_short, "period-short", ADVICE, EACH,
     "A period under one millisecond: the CPU switches between VMs so often that it does little "
     "else.");

void check_period_long(const struct check_vm *at)
{
	if (at->vm->period_us > PERIOD_MOST_US && at->vm->budget_us < at->vm->period_us) {
		rule_report(at->rules, &rule_period_long, check_vm_place(at, VM_PERIOD),
		            "'%s' can stand still for %u ms of each period", at->vm->suffix,
		            (at->vm->period_us - at->vm->budget_us) / 1000);
	}
}

RULE(period_long, "period-long", ADVICE, EACH,
     "A period over one second: a VM that has spent its budget stands still for so long that "
     "its peers see time-outs.");

void check_budget_short(const struct check_vm *at)
{
	if (at->vm->budget_us != 0 && at->vm->budget_us < BUDGET_LEAST_US) {
		rule_report(at->rules, &rule_budget_short, check_vm_place(at, VM_BUDGET),
		            "a budget of %u us is too short for '%s' to handle an "
		            "interrupt",
		            at->vm->budget_us, at->vm->suffix);
	}
}

RULE(budget_short, "budget-short", ADVICE, EACH,
     "A budget under 100 microseconds is spent before a guest has handled an interrupt.");

void check_budget_full(const struct check_vm *at)
{
	if (at->vm->budget_us != 0 && at->vm->budget_us == at->vm->period_us) {
		rule_report(at->rules, &rule_budget_full, check_vm_place(at, VM_BUDGET),
		            "the budget of '%s' is its whole period", at->vm->suffix);
	}
}

RULE(budget_full, "budget-full", ADVICE, EACH, "A budget as long as its period limits nothing.");

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

void check_budget_exposed(struct rules *rules, const struct topology *topology)
{
	uint32_t shared = shared_cpus(topology);

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm *vm = &topology->model.vms[i];

		if (vm->exposed && vm->period_us == 0 && (cpu_mask(vm) & shared) != 0) {
			rule_report(rules, &rule_budget_exposed, vm_place(topology, i, VM_EXPOSED),
			            "'%s' is exposed, shares a CPU, and has no budget", vm->suffix);
		}
	}
}

RULE(budget_exposed, "budget-exposed", ADVICE, WHOLE,
     "An exposed VM shares a CPU with another one and has no budget: who takes it over can keep "
     "the CPU busy.");

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

void check_trust_cpu(struct rules *rules, const struct topology *topology)
{
	size_t none = topology->model.vm_count;

	for (uint32_t cpu = 0; cpu < cpu_count(topology); cpu++) {
		size_t high = first_on(topology, cpu, none, is_high);
		size_t low = first_on(topology, cpu, none, is_low);

		if (high != none && low != none) {
			rule_report(rules, &rule_trust_cpu, vm_place(topology, low, VM_AFFINITY),
			            "'%s', of low trust, shares CPU %u with '%s', of high trust",
			            check_suffix(topology, low), cpu, check_suffix(topology, high));
		}
	}
}

RULE(trust_cpu, "trust-cpu", ADVICE, EACH,
     "VMs of high and of low trust share a physical CPU, and with it its caches and predictors, "
     "through which one can observe the other.");

void check_asset_cpu(struct rules *rules, const struct topology *topology)
{
	size_t none = topology->model.vm_count;

	for (uint32_t cpu = 0; cpu < cpu_count(topology); cpu++) {
		size_t asset = first_on(topology, cpu, none, has_asset);
		size_t exposed = first_on(topology, cpu, asset, is_exposed);

		if (asset != none && exposed != none) {
			rule_report(
				rules, &rule_asset_cpu, vm_place(topology, exposed, VM_AFFINITY),
				"'%s', which is exposed, shares CPU %u with '%s', which holds "
				"%s",
				check_suffix(topology, exposed), cpu, check_suffix(topology, asset),
				topology->model.vms[asset].asset);
		}
	}
}

RULE(asset_cpu, "asset-cpu", ADVICE, EACH,
     "A VM with an asset shares a physical CPU with an exposed VM, which can observe it through "
     "the caches.");
