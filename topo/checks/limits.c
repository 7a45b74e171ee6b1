/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of numbers: what the kernel's tables, a VMM and a virtual interrupt controller have room
 * for (abi/limits.h, abi/vmm.h), and processors.
 */
#include "abi/calls.h"
#include "abi/image.h"
#include "abi/vmm.h"
#include "topo/checks/internal.h"
#include "topo/model/device_options.h"

#define SPI_FIRST_FREE 16U                   /* docs/guest.md: SPIs before it are the UARTs' */
#define REFILLS_MAX 4U                       /* of all list registers, when all is pending */
#define EVENTS_MAX (64U - PV_EVENT_DOORBELL) /* connections that can wake a VMM */

static struct place vm_at(const struct topology *topology, size_t vm)
{
	return topology->model.vms[vm].place;
}

/* The VM in which a sum goes over its limit, model.vm_count if none does. */
static size_t first_beyond(const struct topology *topology, uint64_t limit,
                           uint64_t (*count)(const struct topology *topology, size_t vm),
                           uint64_t *sum)
{
	size_t beyond = topology->model.vm_count;

	*sum = 0;
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		*sum += count(topology, i);
		if (*sum > limit && beyond == topology->model.vm_count) {
			beyond = i;
		}
	}
	return beyond;
}

void check_limit_vms(struct rules *rules, const struct topology *topology)
{
	size_t count = topology->model.vm_count;

	if (count > PV_DOMAINS_MAX) {
		rule_report(rules, &rule_limit_vms, vm_at(topology, PV_DOMAINS_MAX),
		            "%zu VMs; the kernel has room for %u", count, PV_DOMAINS_MAX);
	}
}

RULE_TO_RUN(limit_vms, "limit-vms", WHOLE,
            "The kernel's tables hold a fixed number of VMs, since nothing is created after boot.",
            "a kernel with tables that are large enough");

static uint64_t vm_vcpus(const struct topology *topology, size_t vm)
{
	return topology->model.vms[vm].vcpu_count;
}

static void check_cpu_slots(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;
	size_t slots[PV_CPUS_MAX] = {0};

	for (size_t i = 0; i < model->vm_count; i++) {
		for (uint32_t j = 0; j < model->vms[i].vcpu_count; j++) {
			uint32_t cpu = (uint32_t)model->vms[i].affinity[j];

			if (cpu >= PV_CPUS_MAX || ++slots[cpu] != PV_CPU_SLOTS_MAX + 1) {
				continue;
			}
			if (rule_report(rules, &rule_limit_vcpus,
			                vm_place(topology, i, VM_AFFINITY),
			                "more than %u vCPUs are pinned to CPU %u", PV_CPU_SLOTS_MAX,
			                cpu)) {
				diag_help(rules->diag, "the topology uses %u CPUs",
				          model->cpu_count);
			}
		}
	}
}

void check_limit_vcpus(struct rules *rules, const struct topology *topology)
{
	uint64_t sum = 0;
	size_t beyond = first_beyond(topology, PV_VCPUS_MAX, vm_vcpus, &sum);

	if (beyond < topology->model.vm_count) {
		rule_report(rules, &rule_limit_vcpus, vm_place(topology, beyond, VM_NUM_VCPUS),
		            "%llu vCPUs of all VMs; the kernel has room for %u",
		            (unsigned long long)sum, PV_VCPUS_MAX);
	}
	check_cpu_slots(rules, topology);
}

/* Devices that the VM is given by all its connections. */
static size_t used_devices(const struct topology *topology, size_t vm)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	size_t sum = 0;

	for (size_t i = 0; i < origin->used_count; i++) {
		sum += topology->model.connections[origin->used[i]].device_count;
	}
	return sum;
}

void check_limit_connections(const struct check_vm *at)
{
	size_t devices = used_devices(at->topology, at->index);

	if (at->origin->used_count > PV_VMM_CONNECTIONS_MAX) {
		rule_report(
			at->rules, &rule_limit_connections,
			at->topology->model.connections[at->origin->used[PV_VMM_CONNECTIONS_MAX]]
				.place,
			"'%s' is the driver VM of %zu connections; its VMM has room "
			"for %u",
			at->vm->suffix, at->origin->used_count, PV_VMM_CONNECTIONS_MAX);
	} else if (devices > PV_VMM_DEVICES_MAX) {
		rule_report(at->rules, &rule_limit_connections, vm_at(at->topology, at->index),
		            "'%s' is given %zu devices; its VMM has room for %u", at->vm->suffix,
		            devices, PV_VMM_DEVICES_MAX);
	}
}

static void check_queue(struct rules *rules, const struct device *device)
{
	uint32_t queues = device_queue_count(device);
	uint32_t size = device->queue_size;

	if (queues > PV_VMM_QUEUES_MAX) {
		rule_report(rules, &rule_limit_queues, device_place(device, "queues"),
		            "this device has %u queues; a device has at most %u", queues,
		            PV_VMM_QUEUES_MAX);
	}
	if ((size & (size - 1)) != 0) {
		if (rule_report(rules, &rule_limit_queues, device_place(device, "queue_size"),
		                "queue_size is a power of two, not %u", size)) {
			diag_help(rules->diag, "the default is 256");
		}
	}
}

void check_limit_queues(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		for (size_t j = 0; j < connection->device_count; j++) {
			check_queue(rules, &connection->devices[j]);
		}
	}
}

/* Queues of a connection, and one vector for the configuration of each device. */
static uint64_t connection_queues(const struct connection *connection)
{
	uint64_t queues = 0;

	for (size_t i = 0; i < connection->device_count; i++) {
		queues += device_queue_count(&connection->devices[i]);
	}
	return queues;
}

/* Interrupts that the connections of VM @vm take there. */
static uint64_t connection_interrupts(const struct topology *topology, size_t vm)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	const struct connection *connections = topology->model.connections;
	uint64_t sum = 0;

	for (size_t i = 0; i < origin->served_count; i++) {
		sum += 1 + connection_queues(&connections[origin->served[i]]);
	}
	for (size_t i = 0; i < origin->used_count; i++) {
		sum += connection_queues(&connections[origin->used[i]]) +
		       connections[origin->used[i]].device_count;
	}
	return sum;
}

void check_limit_interrupts(struct rules *rules, const struct topology *topology)
{
	uint64_t limit = PV_VIRQS - PV_SPI_FIRST - SPI_FIRST_FREE;

	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm_origin *origin = &topology->vm_origins[i];
		uint64_t needed = connection_interrupts(topology, i);

		if (needed > limit) {
			rule_report(rules, &rule_limit_interrupts, vm_at(topology, i),
			            "the connections of '%s' need %llu interrupts; a VM has room "
			            "for %llu",
			            topology->model.vms[i].suffix, (unsigned long long)needed,
			            (unsigned long long)limit);
		}
		if (origin->used_count > EVENTS_MAX) {
			rule_report(rules, &rule_limit_interrupts, vm_at(topology, i),
			            "the VMM of '%s' has events for %u connections, not %zu",
			            topology->model.vms[i].suffix, EVENTS_MAX, origin->used_count);
		}
	}
}

RULE_TO_RUN(limit_interrupts, "limit-interrupts", WHOLE,
            "Each connection that a VM serves takes an interrupt of it, and one more for each "
            "queue; each device that it uses takes one for each queue and one for its "
            "configuration. A virtual GICv2 has room for a fixed number of them.",
            "an interrupt controller with interrupts enough");

void check_list_registers(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;
	uint32_t registers = model->board->list_registers;

	for (size_t i = 0; i < model->vm_count; i++) {
		uint64_t interrupts = connection_interrupts(topology, i) + model->vms[i].irq_count;

		/* Those of one VM go to its first vCPU unless the guest spreads them. */
		if (interrupts > (uint64_t)REFILLS_MAX * registers) {
			rule_report(rules, &rule_list_registers, vm_at(topology, i),
			            "'%s' has %llu interrupts, and a CPU of the board %s has %u "
			            "list registers",
			            model->vms[i].suffix, (unsigned long long)interrupts,
			            model->board->name, registers);
		}
	}
}

RULE(list_registers, "list-registers", ADVICE, WHOLE,
     "A CPU shows a guest as many interrupts at a time as it has list registers. A VM with more "
     "than four times as many is stopped again and again to refill them: divide its connections "
     "among VMs, or use fewer queues.");

/* Three doorbells of each VM that others may restart, a page of each that may. */
static void count_requests(const struct model *model, uint64_t *doorbells, uint64_t *pages)
{
	for (size_t i = 0; i < model->vm_count; i++) {
		bool managed = false;

		for (size_t j = 0; j < model->vm_count && !managed; j++) {
			for (size_t k = 0; k < model->vms[j].may_restart_count; k++) {
				managed = managed || model->vms[j].may_restart[k] == &model->vms[i];
			}
		}
		*doorbells += managed ? 3 : 0;
		*pages += model->vms[i].may_restart_count != 0 ? 1 : 0;
	}
}

void check_limit_doorbells(struct rules *rules, const struct topology *topology)
{
	uint64_t doorbells = 0;
	uint64_t pages = 0;

	count_requests(&topology->model, &doorbells, &pages);

	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		doorbells += 2 + 2 * connection_queues(connection);
		pages += 1 + connection->device_count;
		if (doorbells > PV_DOORBELLS_MAX || pages > PV_DOORBELL_PAGES_MAX) {
			rule_report(rules, &rule_limit_doorbells, connection->place,
			            "the kernel's tables of %u doorbells on %u pages have no room "
			            "for this connection",
			            PV_DOORBELLS_MAX, PV_DOORBELL_PAGES_MAX);
			return;
		}
	}
}

RULE_TO_RUN(limit_doorbells, "limit-doorbells", WHOLE,
            "Every queue takes two doorbells, every connection two more, and every VM that others "
            "may restart three; the kernel's tables "
            "of doorbells and of the pages that ring them have a fixed size.",
            "a kernel with tables that are large enough");

static void check_cpu_count(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;

	if (model->cpu_count > model->board->cpu_max) {
		rule_report(rules, &rule_cpu_missing, topology->cpus_given,
		            "%u CPUs; the board %s has %u", model->cpu_count, model->board->name,
		            model->board->cpu_max);
	}
	if (topology->cpus_given.file != NULL && model->cpu_count == 0) {
		rule_report(rules, &rule_cpu_missing, topology->cpus_given, "a system needs a CPU");
	}
}

void check_cpu_missing(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;

	check_cpu_count(rules, topology);
	for (size_t i = 0; i < model->vm_count; i++) {
		const struct vm *vm = &model->vms[i];

		for (uint32_t j = 0; j < vm->vcpu_count; j++) {
			if (vm->affinity[j] < (int32_t)model->cpu_count) {
				continue;
			}
			if (rule_report(rules, &rule_cpu_missing,
			                vm_place(topology, i, VM_AFFINITY),
			                "vCPU %u of '%s' is pinned to CPU %d, and the system uses "
			                "CPUs 0 to %u",
			                j, vm->suffix, vm->affinity[j], model->cpu_count - 1)) {
				diag_help(rules->diag,
				          "say how many by system.cpus, or --cpus; "
				          "the board %s has %u",
				          model->board->name, model->board->cpu_max);
			}
			break;
		}
	}
}

RULE(cpu_missing, "cpu-missing", ERROR, EACH,
     "A vCPU is pinned to a physical CPU that the system does not use, or more CPUs are asked "
     "for than the board has.");

void check_budget_range(const struct check_vm *at)
{
	if ((at->vm->budget_us == 0) != (at->vm->period_us == 0)) {
		enum vm_attribute given = at->vm->budget_us != 0 ? VM_BUDGET : VM_PERIOD;

		if (rule_report(at->rules, &rule_budget_range, check_vm_place(at, given),
		                "'%s' has a %s and no %s", at->vm->suffix,
		                at->vm->budget_us != 0 ? "_budget" : "_period",
		                at->vm->budget_us != 0 ? "_period" : "_budget")) {
			diag_help(at->rules->diag,
			          "both are in microseconds: _budget in each _period");
		}
	} else if (at->vm->budget_us > at->vm->period_us) {
		if (rule_report(at->rules, &rule_budget_range, check_vm_place(at, VM_BUDGET),
		                "the budget of '%s', %u us, is longer than its period, %u us",
		                at->vm->suffix, at->vm->budget_us, at->vm->period_us)) {
			diag_note(at->rules->diag, check_vm_place(at, VM_PERIOD), "the period");
		}
	} else if (at->vm->period_us != 0 && at->vm->period_us < PV_PERIOD_US_MIN) {
		rule_report(at->rules, &rule_budget_range, check_vm_place(at, VM_PERIOD),
		            "the period of '%s' is %u us; the kernel takes %u and more",
		            at->vm->suffix, at->vm->period_us, PV_PERIOD_US_MIN);
	}
}

RULE(budget_range, "budget-range", ERROR, WHOLE,
     "_budget is the CPU time in each _period: it cannot be longer than the period, and one of "
     "the two alone says nothing.");

void check_budget_sum(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;
	double loads[PV_CPUS_MAX] = {0};
	bool full[PV_CPUS_MAX] = {false};

	for (size_t i = 0; i < model->vm_count; i++) {
		const struct vm *vm = &model->vms[i];

		/* One that is longer than its period was said. */
		if (vm->period_us == 0 || vm->budget_us > vm->period_us) {
			continue;
		}
		for (uint32_t j = 0; j < vm->vcpu_count; j++) {
			uint32_t cpu = (uint32_t)vm->affinity[j];

			if (cpu >= PV_CPUS_MAX || full[cpu]) {
				continue;
			}
			loads[cpu] += (double)vm->budget_us / (double)vm->period_us;
			/* A sum of fractions that make one whole may miss it by a rounding. */
			if (loads[cpu] > 1.000001) {
				full[cpu] = true;
				rule_report(rules, &rule_budget_sum,
				            vm_place(topology, i, VM_BUDGET),
				            "with '%s' the budgets on CPU %u come to more than all "
				            "of its time",
				            vm->suffix, cpu);
			}
		}
	}
}

RULE(budget_sum, "budget-sum", ERROR, WHOLE,
     "The budgets of the vCPUs that are pinned to one physical CPU, each divided by its period, "
     "come to more than the whole CPU: they cannot all be kept.");
