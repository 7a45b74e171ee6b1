/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What VMMs are told of their physical functions, and the capabilities by which they reach them, for
 * topo verify.
 */
#include <inttypes.h>
#include <stddef.h>

#include "topo/verify/hardware.h"

/* The place that a VMM is told for an address register, against that which the register can say. */
static void check_view_bar(struct verify *v, const struct given_function *f, uint32_t bar)
{
	const struct verified_vm *vm = &v->vms[f->vm];
	const struct pv_vmm_bar *told = &f->view->bars[bar];
	const struct aperture *a = &f->apertures[bar];
	const struct pv_device *d =
		a->bytes ? hardware_device_at(v, vm->domain, a->base / PAGE) : NULL;
	uint64_t ipa = d ? (d->ipa_page + (a->base / PAGE - d->page)) * PAGE : 0;

	if (told->ipa != ipa || told->bus != a->base || told->bytes != a->bytes) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "VMM configuration",
		             "%s is told that BAR %u of %s is 0x%" PRIx64 " bytes at 0x%" PRIx64
		             ", by the register at 0x%" PRIx64 "; 0x%" PRIx64 ", 0x%" PRIx64
		             ", 0x%" PRIx64 " would be right",
		             vm->who_vmm, bar, f->what, told->bytes, told->ipa, told->bus, a->bytes,
		             ipa, a->base);
	}
}

/* The interrupt that the function's pin is, 0 = it has no use of that. */
static uint32_t pin_of(const struct verify *v, const struct given_function *f)
{
	for (uint32_t i = 0; i < v->image->header.irqs.count && given_has_pin(f); i++) {
		const struct pv_irq *irq = &v->image->irqs[i];

		if (irq->intid == f->irq && irq->domain == given_domain(v, f->vm)) {
			return irq->virq;
		}
	}
	return 0;
}

static void check_view(struct verify *v, const struct given_function *f)
{
	const struct verified_vm *vm = &v->vms[f->vm];

	if (f->view->intx != pin_of(v, f) || f->view->reserved ||
	    f->view->slot != f->view - vm->function_views) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "VMM configuration",
		             "%s is told that %s is in slot %u and interrupts by its pin as %u; "
		             "%td and %u would be right",
		             vm->who_vmm, f->what, f->view->slot, f->view->intx,
		             f->view - vm->function_views, pin_of(v, f));
	}
	for (uint32_t bar = 0; bar < PV_VMM_BARS; bar++) {
		check_view_bar(v, f, bar);
	}
}

void hardware_check_views(struct verify *v)
{
	for (size_t i = 0; i < v->given->function_count; i++) {
		const struct given_function *f = &v->given->functions[i];
		const struct verified_vm *vm = &v->vms[f->vm];

		if (f->view) {
			check_view(v, f);
		} else if (vm->has_config) {
			findings_add(v->report, FINDING_MISSING, vm->who, "VMM configuration",
			             "%s is not told of %s", vm->who_vmm, f->what);
		}
	}
}

void hardware_check_hands(struct powers *p, struct hands *h, uint32_t vm)
{
	const struct verify *v = p->v;

	for (size_t i = 0; i < v->given->function_count; i++) {
		const struct given_function *f = &v->given->functions[i];
		uint32_t stream = hardware_stream_of(v, f);

		if (f->vm != vm || !f->view) {
			continue;
		}
		hands_expect_cap(
			p, h, f->view->cap_window, PV_CAP_WINDOW, f->window,
			arena_printf(v->arena, "reach the configuration space of %s", f->what));
		if (stream != NOT_FOUND || f->view->cap_stream != PV_VMM_NO_STREAM) {
			hands_expect_cap(p, h, f->view->cap_stream, PV_CAP_STREAM, stream,
			                 arena_printf(v->arena, "let %s reach memory", f->what));
		}
	}
}
