/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPUs and their physical CPUs, priorities, console channels and the CPU interface of each VM,
 * for topo verify.
 */
#include <inttypes.h>

#include "abi/mux.h"
#include "topo/model/board.h"
#include "topo/verify/verify.h"

static void check_vcpus(struct verify *v, const struct verified_vm *vm,
                        const struct pv_domain *domain)
{
	struct pv_slice vcpus = decode_clip(domain->vcpus, v->image->header.vcpus.count);

	if (vcpus.count != vm->source->vcpu_count) {
		findings_add(v->report,
		             vcpus.count > vm->source->vcpu_count ? FINDING_EXTRA : FINDING_MISSING,
		             vm->who, "vCPU", "%s has %u vCPUs; the topology gives it %u", vm->who,
		             vcpus.count, vm->source->vcpu_count);
	}
	for (uint32_t i = 0; i < vcpus.count; i++) {
		const struct pv_vcpu *vcpu = &v->image->vcpus[vcpus.first + i];

		if (vcpu->domain != vm->domain) {
			findings_add(v->report, FINDING_BROKEN, vm->who, "vCPU",
			             "vCPU %u of %s is of another domain", i, vm->who);
		}
		if (i < vm->source->vcpu_count && vcpu->cpu != (uint32_t)vm->source->affinity[i]) {
			findings_add(v->report, FINDING_DIFFERENT, vm->who, "vCPU",
			             "vCPU %u of %s runs on physical CPU %u; by the topology on %d",
			             i, vm->who, vcpu->cpu, vm->source->affinity[i]);
		}
		findings_power(v->report, vm->who, "runs vCPU %u on physical CPU %u, priority %u",
		               i, vcpu->cpu, domain->priority);
	}
	if (domain->priority != vm->source->priority) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "vCPU",
		             "%s has priority %u; by the topology %u", vm->who, domain->priority,
		             vm->source->priority);
	}
	if (domain->budget_us != vm->source->budget_us ||
	    domain->period_us != vm->source->period_us) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "vCPU",
		             "%s has a budget of %u us in each %u us; by the topology %u in each "
		             "%u (0: no limit)",
		             vm->who, domain->budget_us, domain->period_us, vm->source->budget_us,
		             vm->source->period_us);
	}
}

/* VM number @index has channels of its own (docs/image.md). */
static void check_channels(struct verify *v, uint32_t index, const struct pv_domain *domain)
{
	const struct verified_vm *vm = &v->vms[index];
	uint32_t count = PV_CONSOLE_COUNT - (vm->source->agent ? 0 : 1);
	uint32_t first = 1 + PV_CONSOLE_COUNT * index;

	if (domain->channel_first != first || domain->channel_count != count) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "console",
		             "%s has console channels %u to %u; its own are %u to %u", vm->who,
		             domain->channel_first,
		             domain->channel_first + domain->channel_count - 1, first,
		             first + count - 1);
	}
}

void cpus_check(struct verify *v)
{
	for (uint32_t i = 0; i < v->model->vm_count; i++) {
		const struct verified_vm *vm = &v->vms[i];

		if (vm->domain == DOMAIN_NONE) {
			continue;
		}
		const struct pv_domain *domain = &v->image->domains[vm->domain];

		check_vcpus(v, vm, domain);
		check_channels(v, i, domain);
		const uint32_t gicc = v->model->board->gic_version == 3 ? 0 : GICC_IPA;

		if (domain->gicc_ipa_page != gicc / PAGE) {
			findings_add(v->report, FINDING_DIFFERENT, vm->who, "memory",
			             "%s finds its CPU interface at 0x%" PRIx64 ", not at 0x%x",
			             vm->who, domain->gicc_ipa_page * PAGE, gicc);
		}
		if (domain->flags != PV_DOMAIN_VMM_RESTARTS) {
			findings_add(v->report, FINDING_DIFFERENT, vm->who, "VMM",
			             "%s has the flags 0x%x, not 0x%x: a VMM that dies starts "
			             "again",
			             vm->who, domain->flags, PV_DOMAIN_VMM_RESTARTS);
		}
	}
}
