/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM can do other than by reaching memory, for topo verify: the capabilities and doorbell
 * pages that follow from the topology, claimed one by one by topo/verify/hands.h.
 */
#include <inttypes.h>

#include "abi/calls.h"
#include "abi/mux.h"
#include "topo/verify/hardware.h"
#include "topo/verify/life.h"

/* The doorbells of one connection, as roles. */
struct roles {
	uint32_t to_device; /* control doorbell of the device VM; the kicks follow */
	uint32_t to_driver; /* control doorbell of the driver VM; the calls follow */
};

static const char *queue_text(const struct verify *v, const char *what, uint32_t queue,
                              const struct wiring *wiring)
{
	return arena_printf(v->arena, "%s %u of connection %s", what, queue, wiring->name);
}

static struct roles add_roles(struct powers *p, const struct wiring *wiring)
{
	struct verify *v = p->v;
	const struct connection *c = wiring->source;
	bool own_tree = v->vms[c->device_vm].own_tree;
	struct roles roles;

	roles.to_device = hands_add_effect(
		p, c->device_vm, PV_DOORBELL_VIRQ, own_tree ? wiring->intids[0] : UINT32_MAX,
		arena_printf(v->arena, "control of connection %s, to its device side",
	                     wiring->name));
	for (uint32_t i = 0; i < wiring->queues; i++) {
		hands_add_effect(p, c->device_vm, PV_DOORBELL_VIRQ,
		                 own_tree ? wiring->intids[1 + i] : UINT32_MAX,
		                 queue_text(v, "the kick of queue", i, wiring));
	}
	roles.to_driver = hands_add_effect(
		p, c->driver_vm, PV_DOORBELL_EVENT,
		wiring->view ? wiring->view->event : UINT32_MAX - 1,
		arena_printf(v->arena, "control of connection %s, to its driver side",
	                     wiring->name));
	for (uint32_t i = 0; i < wiring->queues; i++) {
		hands_add_effect(p, c->driver_vm, PV_DOORBELL_VIRQ, 0,
		                 queue_text(v, "the call of queue", i, wiring));
	}
	return roles;
}

/* A doorbell page that nobody claimed yet with @count slots, for a guest whose device tree is the
 * user's: nothing of ours says where it looks. */
static uint64_t guess_page(const struct hands *h, uint32_t count)
{
	const struct verify *v = h->v;

	for (uint32_t i = 0; i < h->pages.count; i++) {
		if (!h->page_claimed[i] &&
		    v->image->doorbell_pages[h->pages.first + i].caps.count == count) {
			return (v->image->domains[h->vm->domain].doorbell_ipa_page + (uint64_t)i) *
			       PAGE;
		}
	}
	return IPA_UNKNOWN;
}

/* Returns the doorbells of the calls. */
static void check_device_side(struct powers *p, const struct wiring *wiring, struct roles roles)
{
	struct verify *v = p->v;
	struct hands *h = &p->hands[wiring->source->device_vm];
	uint64_t ipa = wiring->doorbell_ipa;

	if (h->vm->domain == DOMAIN_NONE) {
		return;
	}
	if (ipa == IPA_UNKNOWN && !h->vm->own_tree) {
		ipa = guess_page(h, 1 + wiring->queues);
	}
	uint32_t slot =
		hands_expect_page(p, h, ipa, 1 + wiring->queues,
	                          arena_printf(v->arena, "for connection %s", wiring->name));

	for (uint32_t i = 0; i <= wiring->queues && slot != UINT32_MAX; i++) {
		hands_expect_ring(p, h, slot + i, roles.to_driver + i, h->vm->who,
		                  hands_store_text(v, ipa, i));
	}
}

/* The calls of a device: the driver VM's VMM holds the receiving ends of the very doorbells that
 * the device VM rings. */
static void check_calls(struct powers *p, struct hands *h, const struct wiring_device *device,
                        uint32_t role)
{
	struct verify *v = p->v;

	for (uint32_t q = 0; q < device->virtio.queues; q++) {
		uint32_t slot = device->view->cap_recv_first + q;
		const struct pv_cap *cap = hands_claim(h, slot);
		const char *what = p->effects[role + q].what;

		if (cap && cap->type == PV_CAP_DOORBELL_RECV &&
		    hands_doorbell_is(p, cap->object, role + q)) {
			findings_power(v->report, h->vm->who_vmm, "can choose the interrupt of %s",
			               what);
			continue;
		}
		findings_add(v->report, FINDING_MISSING, h->vm->who, "doorbell",
		             "%s cannot choose the interrupt of %s, as the topology wants",
		             h->vm->who_vmm, what);
		if (cap && cap->type != PV_CAP_NONE) {
			findings_add(v->report, FINDING_EXTRA, h->vm->who, "doorbell",
			             "%s can %s instead: not in the topology", h->vm->who_vmm,
			             hands_cap_text(p, h, cap));
		}
	}
}

/* What the VMM counts of kicks is what its guest rings. */
static void check_kicks(const struct powers *p, const struct hands *h,
                        const struct wiring_device *device, uint32_t slot)
{
	if (slot != UINT32_MAX && device->view->cap_send_first != slot) {
		findings_add(p->v->report, FINDING_DIFFERENT, h->vm->who, "VMM configuration",
		             "%s is told cap_send_first = 0x%x; from the image follows 0x%x",
		             h->vm->who_vmm, device->view->cap_send_first, slot);
	}
}

static void check_driver_side(struct powers *p, const struct wiring *wiring, struct roles roles)
{
	struct verify *v = p->v;
	struct hands *h = &p->hands[wiring->source->driver_vm];

	if (h->vm->domain == DOMAIN_NONE || !wiring->view) {
		return;
	}
	if (wiring->view->event < PV_EVENT_DOORBELL || wiring->view->event > 63) {
		findings_add(v->report, FINDING_BROKEN, h->vm->who, "doorbell",
		             "%s waits for event %u for connection %s, which no doorbell can set",
		             h->vm->who_vmm, wiring->view->event, wiring->name);
	}
	hands_expect_ring(p, h, wiring->view->cap_ring, roles.to_device, h->vm->who_vmm, "");
	for (uint32_t i = 0; i < wiring->source->device_count; i++) {
		const struct wiring_device *device = &wiring->devices[i];

		if (!device->view) {
			continue;
		}
		uint64_t ipa = device->view->notify_ipa;
		uint32_t slot = hands_expect_page(
			p, h, ipa, device->virtio.queues,
			arena_printf(v->arena, "for device %u of connection %s", i, wiring->name));

		for (uint32_t q = 0; q < device->virtio.queues && slot != UINT32_MAX; q++) {
			hands_expect_ring(p, h, slot + q,
			                  roles.to_device + 1 + device->first_queue + q, h->vm->who,
			                  hands_store_text(v, ipa, q));
		}
		check_kicks(p, h, device, slot);
		check_calls(p, h, device, roles.to_driver + 1 + device->first_queue);
	}
}

/* vCPUs, interrupts and consoles of the VM itself. */
static void check_own(struct powers *p, struct hands *h)
{
	struct verify *v = p->v;
	const struct pv_domain *domain = &v->image->domains[h->vm->domain];
	const struct pv_vmm_config *config = &h->vm->config;

	if (!h->vm->has_config) {
		return;
	}
	for (uint32_t i = 0; i < h->vm->source->vcpu_count; i++) {
		hands_expect_cap(p, h, config->cap_vcpu_first + i, PV_CAP_VCPU,
		                 domain->vcpus.first + i,
		                 arena_printf(v->arena, "start vCPU %u of %s", i, h->vm->who));
	}
	hands_expect_cap(p, h, config->cap_vgic, PV_CAP_VGIC, h->vm->domain,
	                 "raise interrupts of its VM");
	hands_expect_cap(p, h, config->uarts[0].cap, PV_CAP_CONSOLE, PV_CONSOLE_TTY,
	                 "use the VM's console");
	hands_expect_cap(p, h, config->cap_log, PV_CAP_CONSOLE, PV_CONSOLE_VMM,
	                 "use its own console");
	if (h->vm->source->agent) {
		hands_expect_cap(p, h, config->uarts[1].cap, PV_CAP_CONSOLE, PV_CONSOLE_AGENT,
		                 "use the agent's console");
	}
}

void powers_check(struct verify *v)
{
	size_t vm_count = v->model->vm_count;
	struct powers p = {
		.v = v,
		.hands = arena_alloc(v->arena, (vm_count + 1) * sizeof(struct hands)),
		.role_of = arena_alloc(v->arena,
	                               (v->image->header.doorbells.count + 1) * sizeof(uint32_t)),
	};
	struct roles *roles =
		arena_alloc(v->arena, (v->model->connection_count + 1) * sizeof(*roles));

	for (uint32_t i = 0; i < vm_count; i++) {
		hands_open(&p, i);
	}
	for (size_t i = 0; i < v->model->connection_count; i++) {
		roles[i] = add_roles(&p, &v->wirings[i]);
	}
	life_add_roles(&p);
	for (uint32_t i = 0; i < vm_count; i++) {
		if (v->vms[i].domain != DOMAIN_NONE) {
			check_own(&p, &p.hands[i]);
			hardware_check_hands(&p, &p.hands[i], i);
		}
	}
	for (size_t i = 0; i < v->model->connection_count; i++) {
		/* First, since its receiving ends say which call is which. */
		check_driver_side(&p, &v->wirings[i], roles[i]);
	}
	for (size_t i = 0; i < v->model->connection_count; i++) {
		check_device_side(&p, &v->wirings[i], roles[i]);
	}
	life_check(&p);
	for (uint32_t i = 0; i < vm_count; i++) {
		hands_check_unclaimed(&p, &p.hands[i]);
	}
}
