/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start and end of domains.
 */
#include "kernel/core/domain.h"

#include "kernel/core/arch.h"
#include "kernel/core/log.h"
#include "kernel/core/vcpu.h"
#include "kernel/core/vgic.h"

void domain_start(struct domain *d, const struct pv_domain *from)
{
	arch_vmm_reset(d, from->vmm_entry, from->vmm_stack, from->vmm_arg);
	lock_acquire(&d->lock);
	vgic_reset_locked(d);
	d->alive = true;
	d->serving = SERVING_NOTHING;
	d->vmm_owner = d->vcpu_first; /* the VMM starts in the place of vCPU 0 */
	vcpu_start_locked(&kernel.vcpus[d->vcpu_first], from->entry, from->entry_arg);
	lock_release(&d->lock);
}

static const char *const stop_texts[] = {
	[PV_STOP_POWEROFF] = "poweroff",
	[PV_STOP_RESET] = "reset",
	[PV_STOP_FAULT] = "fault",
	[PV_STOP_VMM] = "vmm",
};

void domain_stop(struct domain *d, enum pv_stop reason, const char *detail)
{
	lock_acquire(&d->lock);
	bool was_alive = d->alive;

	__atomic_store_n(&d->alive, false, __ATOMIC_RELAXED);
	for (uint32_t n = 0; n < PV_DOMAIN_VCPUS_MAX && n < d->vcpu_count; n++) {
		vcpu_poke(&kernel.vcpus[d->vcpu_first + n]);
	}
	lock_release(&d->lock);
	if (!was_alive) {
		return;
	}
	struct log_line line;

	log_begin(&line, "domain ");
	log_text(&line, d->name);
	log_text(&line, " stopped: ");
	log_text(&line, stop_texts[reason]);
	log_text(&line, detail);
	log_end(&line);
	if (__atomic_sub_fetch(&kernel.domains_alive, 1, __ATOMIC_RELAXED) == 0) {
		log_begin(&line, "all domains have stopped");
		log_end(&line);
		arch_power_off();
	}
}

void domain_abort(struct domain *d)
{
	domain_stop(d, PV_STOP_FAULT, ", an asynchronous abort");
}
