/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM can do other than by reaching memory, for topo verify: capabilities and doorbell pages.
 *
 * Each capability that follows from the topology has a place where its owner looks for it (a slot
 * that its VMM is told, an offset in a page that its guest is told). Those are claimed one by one
 * and must do what is expected there; a capability that nobody claimed is a right too much.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "abi/calls.h"
#include "abi/mux.h"
#include "topo/verify/memory.h"

/* The capabilities and doorbell pages of one domain, and which of them are claimed. */
struct hands {
	struct verify *v;
	const struct verified_vm *vm;
	struct pv_slice caps;
	struct pv_slice pages;
	bool *cap_claimed;
	bool *page_claimed;
};

/* What a doorbell should do. */
struct effect {
	uint32_t vm; /* index in the model */
	uint32_t kind;
	uint32_t number;
	const char *what; /* "the kick of queue 0 of connection a -> b" */
};

struct powers {
	struct verify *v;
	struct hands *hands;    /* like model.vms */
	struct effect *effects; /* all that follow from the topology, to give them names */
	size_t effect_count;
	uint32_t *role_of; /* of each doorbell: 1 + effect, 0 = none yet */
};

static const char *effect_text(const struct verify *v, uint32_t domain, uint32_t kind,
                               uint32_t number)
{
	const char *target = memory_who(v, domain, PV_SPACE_GUEST);

	if (kind == PV_DOORBELL_EVENT) {
		return arena_printf(v->arena, "set event %u of the VMM of %s", number, target);
	}
	if (kind != PV_DOORBELL_VIRQ) {
		return arena_printf(v->arena, "ring a doorbell of kind %u of %s", kind, target);
	}
	if (number == 0) {
		return arena_printf(v->arena, "raise the interrupt of %s that its VMM chooses",
		                    target);
	}
	return arena_printf(v->arena, "raise interrupt %u of %s", number, target);
}

/* What ringing doorbell @index does. */
static const char *doorbell_text(const struct powers *p, uint32_t index)
{
	const struct verify *v = p->v;

	if (index >= v->image->header.doorbells.count) {
		return "ring a doorbell that is not there";
	}
	const struct pv_doorbell *d = &v->image->doorbells[index];
	const char *text = effect_text(v, d->domain, d->kind, d->number);

	for (size_t i = 0; i < p->effect_count; i++) {
		const struct effect *e = &p->effects[i];

		if (p->role_of[index] == i + 1 || (e->number && v->vms[e->vm].domain == d->domain &&
		                                   e->kind == d->kind && e->number == d->number)) {
			return arena_printf(v->arena, "%s (%s)", text, e->what);
		}
	}
	return text;
}

static const char *vcpu_text(const struct verify *v, uint32_t index)
{
	if (index >= v->image->header.vcpus.count) {
		return "start a vCPU that is not there";
	}
	uint32_t domain = v->image->vcpus[index].domain;
	uint32_t first = domain < v->image->header.domains.count
	                         ? v->image->domains[domain].vcpus.first
	                         : index;

	return arena_printf(v->arena, "start vCPU %u of %s", index - first,
	                    memory_who(v, domain, PV_SPACE_GUEST));
}

/* What the owner of a capability can do with it. */
static const char *cap_text(const struct powers *p, const struct hands *h, const struct pv_cap *cap)
{
	struct arena *arena = p->v->arena;

	switch (cap->type) {
	case PV_CAP_VCPU:
		return vcpu_text(p->v, cap->object);
	case PV_CAP_VGIC:
		return arena_printf(arena, "raise any interrupt of %s",
		                    memory_who(p->v, cap->object, PV_SPACE_GUEST));
	case PV_CAP_DOORBELL_SEND:
		return doorbell_text(p, cap->object);
	case PV_CAP_DOORBELL_RECV:
		return arena_printf(arena, "choose the interrupt of a doorbell: %s",
		                    doorbell_text(p, cap->object));
	case PV_CAP_CONSOLE:
		return arena_printf(arena, "use console channel %" PRIu64,
		                    (uint64_t)p->v->image->domains[h->vm->domain].channel_first +
		                            cap->object);
	default:
		return arena_printf(arena, "do what capability type %u gives", cap->type);
	}
}

/* The capability in slot @slot, which is from now on explained. NULL = there is none. */
static const struct pv_cap *claim(struct hands *h, uint32_t slot)
{
	if (slot >= h->caps.count) {
		return NULL;
	}
	h->cap_claimed[slot] = true;
	return &h->v->image->caps[h->caps.first + slot];
}

/* Slot @slot must hold (@type, @object); @what is what that lets the VM do. */
static void expect_cap(struct powers *p, struct hands *h, uint32_t slot, uint32_t type,
                       uint32_t object, const char *what)
{
	const struct pv_cap *cap = claim(h, slot);

	if (cap && cap->type == type && cap->object == object) {
		findings_power(p->v->report, h->vm->who_vmm, "can %s", cap_text(p, h, cap));
		return;
	}
	findings_add(p->v->report, FINDING_MISSING, h->vm->who, "capability",
	             "%s cannot %s, as the topology wants", h->vm->who_vmm, what);
	if (cap && cap->type != PV_CAP_NONE) {
		findings_add(p->v->report, FINDING_EXTRA, h->vm->who, "capability",
		             "%s can %s instead: not in the topology", h->vm->who_vmm,
		             cap_text(p, h, cap));
	}
}

static uint32_t add_effect(struct powers *p, uint32_t vm, uint32_t kind, uint32_t number,
                           const char *what)
{
	*ARENA_ADD(p->v->arena, p->effects, p->effect_count) =
		(struct effect){vm, kind, number, what};
	return (uint32_t)(p->effect_count - 1);
}

/* Does doorbell @index do what @role says, and nothing else at the same time? */
static bool doorbell_is(struct powers *p, uint32_t index, uint32_t role)
{
	const struct verify *v = p->v;
	const struct effect *e = &p->effects[role];

	if (index >= v->image->header.doorbells.count) {
		return false;
	}
	const struct pv_doorbell *d = &v->image->doorbells[index];

	if (d->domain != v->vms[e->vm].domain || d->kind != e->kind) {
		return false;
	}
	/* With a device tree of the user's nobody says which interrupt it must be. */
	if (d->number != e->number && !(e->kind == PV_DOORBELL_VIRQ && e->number == UINT32_MAX)) {
		return false;
	}
	if (p->role_of[index] && p->role_of[index] != role + 1) {
		return false;
	}
	p->role_of[index] = role + 1;
	return true;
}

/*
 * Slot @slot of @h must ring a doorbell with the effect @role; @who rings it, @how ("by a store to
 * 0x…", or "") says by what. Returns the doorbell, UINT32_MAX if it is another.
 */
static uint32_t expect_ring(struct powers *p, struct hands *h, uint32_t slot, uint32_t role,
                            const char *who, const char *how)
{
	struct verify *v = p->v;
	const struct pv_cap *cap = claim(h, slot);

	if (cap && cap->type == PV_CAP_DOORBELL_SEND && doorbell_is(p, cap->object, role)) {
		findings_power(v->report, who, "can %s%s", doorbell_text(p, cap->object), how);
		return cap->object;
	}
	const struct effect *e = &p->effects[role];

	findings_add(v->report, FINDING_MISSING, h->vm->who, "doorbell",
	             "%s cannot %s (%s)%s, as the topology wants", who,
	             effect_text(v, v->vms[e->vm].domain, e->kind, e->number), e->what, how);
	if (cap && cap->type != PV_CAP_NONE) {
		findings_add(v->report, FINDING_EXTRA, h->vm->who, "doorbell",
		             "%s can %s%s: not in the topology", who, cap_text(p, h, cap), how);
	}
	return UINT32_MAX;
}

/* The doorbell page at @ipa must hold @count slots. Returns its first slot, UINT32_MAX = none. */
static uint32_t expect_page(struct powers *p, struct hands *h, uint64_t ipa, uint32_t count,
                            const char *what)
{
	struct verify *v = p->v;
	const struct pv_domain *domain = &v->image->domains[h->vm->domain];
	uint64_t index = ipa / PAGE - domain->doorbell_ipa_page;

	if (ipa % PAGE || ipa / PAGE < domain->doorbell_ipa_page || index >= h->pages.count) {
		findings_add(v->report, FINDING_MISSING, h->vm->who, "doorbell",
		             "%s finds no doorbells %s at 0x%" PRIx64, h->vm->who, what, ipa);
		return UINT32_MAX;
	}
	const struct pv_doorbell_page *page = &v->image->doorbell_pages[h->pages.first + index];

	if (h->page_claimed[index] || page->domain != h->vm->domain || page->reserved ||
	    page->caps.first < h->caps.first || page->caps.count > h->caps.count ||
	    page->caps.first - h->caps.first > h->caps.count - page->caps.count) {
		findings_add(v->report, FINDING_BROKEN, h->vm->who, "doorbell",
		             "the doorbell page of %s at 0x%" PRIx64 " is not its own", h->vm->who,
		             ipa);
		return UINT32_MAX;
	}
	h->page_claimed[index] = true;
	if (page->caps.count < count) {
		findings_add(v->report, FINDING_MISSING, h->vm->who, "doorbell",
		             "%s has %u doorbells %s; the topology wants %u", h->vm->who,
		             page->caps.count, what, count);
	}
	for (uint32_t i = count; i < page->caps.count; i++) {
		const struct pv_cap *cap = &v->image->caps[page->caps.first + i];

		if (cap->type != PV_CAP_NONE) {
			findings_add(v->report, FINDING_EXTRA, h->vm->who, "doorbell",
			             "%s can %s by a store to 0x%" PRIx64 ": not in the topology",
			             h->vm->who, cap_text(p, h, cap), ipa + 4 * (uint64_t)i);
		}
	}
	return page->caps.first - h->caps.first;
}

static const char *store_text(const struct verify *v, uint64_t ipa, uint32_t slot)
{
	return arena_printf(v->arena, " by a store to 0x%" PRIx64, ipa + 4 * (uint64_t)slot);
}

/* The doorbells of one connection, as roles. */
struct roles {
	uint32_t to_device; /* control doorbell of the device VM; the kicks follow */
	uint32_t to_driver; /* control doorbell of the driver VM; the calls follow */
};

static const char *queue_text(const struct verify *v, const char *what, uint32_t queue,
                              const struct link *link)
{
	return arena_printf(v->arena, "%s %u of connection %s", what, queue, link->name);
}

static struct roles add_roles(struct powers *p, const struct link *link)
{
	struct verify *v = p->v;
	const struct connection *c = link->source;
	bool own_tree = v->vms[c->device_vm].own_tree;
	struct roles roles;

	roles.to_device = add_effect(
		p, c->device_vm, PV_DOORBELL_VIRQ, own_tree ? link->intids[0] : UINT32_MAX,
		arena_printf(v->arena, "control of connection %s, to its device side", link->name));
	for (uint32_t i = 0; i < link->queues; i++) {
		add_effect(p, c->device_vm, PV_DOORBELL_VIRQ,
		           own_tree ? link->intids[1 + i] : UINT32_MAX,
		           queue_text(v, "the kick of queue", i, link));
	}
	roles.to_driver = add_effect(
		p, c->driver_vm, PV_DOORBELL_EVENT, link->view ? link->view->event : UINT32_MAX - 1,
		arena_printf(v->arena, "control of connection %s, to its driver side", link->name));
	for (uint32_t i = 0; i < link->queues; i++) {
		add_effect(p, c->driver_vm, PV_DOORBELL_VIRQ, 0,
		           queue_text(v, "the call of queue", i, link));
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
static void check_device_side(struct powers *p, const struct link *link, struct roles roles)
{
	struct verify *v = p->v;
	struct hands *h = &p->hands[link->source->device_vm];
	uint64_t ipa = link->doorbell_ipa;

	if (h->vm->domain == DOMAIN_NONE) {
		return;
	}
	if (ipa == IPA_UNKNOWN && !h->vm->own_tree) {
		ipa = guess_page(h, 1 + link->queues);
	}
	uint32_t slot = expect_page(p, h, ipa, 1 + link->queues,
	                            arena_printf(v->arena, "for connection %s", link->name));

	for (uint32_t i = 0; i <= link->queues && slot != UINT32_MAX; i++) {
		expect_ring(p, h, slot + i, roles.to_driver + i, h->vm->who, store_text(v, ipa, i));
	}
}

/* The calls of a device: the driver VM's VMM holds the receiving ends of the very doorbells that
 * the device VM rings. */
static void check_calls(struct powers *p, struct hands *h, const struct link_device *device,
                        uint32_t role)
{
	struct verify *v = p->v;

	for (uint32_t q = 0; q < device->virtio.queues; q++) {
		uint32_t slot = device->view->cap_recv_first + q;
		const struct pv_cap *cap = claim(h, slot);
		const char *what = p->effects[role + q].what;

		if (cap && cap->type == PV_CAP_DOORBELL_RECV &&
		    doorbell_is(p, cap->object, role + q)) {
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
			             cap_text(p, h, cap));
		}
	}
}

static void check_driver_side(struct powers *p, const struct link *link, struct roles roles)
{
	struct verify *v = p->v;
	struct hands *h = &p->hands[link->source->driver_vm];

	if (h->vm->domain == DOMAIN_NONE || !link->view) {
		return;
	}
	if (link->view->event < PV_EVENT_DOORBELL || link->view->event > 63) {
		findings_add(v->report, FINDING_BROKEN, h->vm->who, "doorbell",
		             "%s waits for event %u for connection %s, which no doorbell can set",
		             h->vm->who_vmm, link->view->event, link->name);
	}
	expect_ring(p, h, link->view->cap_ring, roles.to_device, h->vm->who_vmm, "");
	for (uint32_t i = 0; i < link->source->device_count; i++) {
		const struct link_device *device = &link->devices[i];

		if (!device->view) {
			continue;
		}
		uint64_t ipa = device->view->notify_ipa;
		uint32_t slot = expect_page(
			p, h, ipa, device->virtio.queues,
			arena_printf(v->arena, "for device %u of connection %s", i, link->name));

		for (uint32_t q = 0; q < device->virtio.queues && slot != UINT32_MAX; q++) {
			expect_ring(p, h, slot + q, roles.to_device + 1 + device->first_queue + q,
			            h->vm->who, store_text(v, ipa, q));
		}
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
		expect_cap(p, h, config->cap_vcpu_first + i, PV_CAP_VCPU, domain->vcpus.first + i,
		           arena_printf(v->arena, "start vCPU %u of %s", i, h->vm->who));
	}
	expect_cap(p, h, config->cap_vgic, PV_CAP_VGIC, h->vm->domain,
	           "raise interrupts of its VM");
	expect_cap(p, h, config->uarts[0].cap, PV_CAP_CONSOLE, PV_CONSOLE_TTY,
	           "use the VM's console");
	expect_cap(p, h, config->cap_log, PV_CAP_CONSOLE, PV_CONSOLE_VMM, "use its own console");
	if (h->vm->source->agent) {
		expect_cap(p, h, config->uarts[1].cap, PV_CAP_CONSOLE, PV_CONSOLE_AGENT,
		           "use the agent's console");
	}
}

static void check_unclaimed(struct powers *p, const struct hands *h)
{
	struct verify *v = p->v;

	for (uint32_t i = 0; i < h->pages.count; i++) {
		if (!h->page_claimed[i]) {
			findings_add(
				v->report, FINDING_EXTRA, h->vm->who, "doorbell",
				"%s has a doorbell page at 0x%" PRIx64
				" that is not in the topology",
				h->vm->who,
				(v->image->domains[h->vm->domain].doorbell_ipa_page + (uint64_t)i) *
					PAGE);
		}
	}
	for (uint32_t i = 0; i < h->caps.count; i++) {
		const struct pv_cap *cap = &v->image->caps[h->caps.first + i];

		if (!h->cap_claimed[i] && cap->type != PV_CAP_NONE) {
			findings_add(v->report, FINDING_EXTRA, h->vm->who, "capability",
			             "%s can %s: not in the topology", h->vm->who_vmm,
			             cap_text(p, h, cap));
		}
	}
}

static void open_hands(struct powers *p, uint32_t index)
{
	struct verify *v = p->v;
	struct hands *h = &p->hands[index];

	*h = (struct hands){.v = v, .vm = &v->vms[index]};
	if (h->vm->domain != DOMAIN_NONE) {
		const struct pv_domain *domain = &v->image->domains[h->vm->domain];

		h->caps = decode_clip(domain->caps, v->image->header.caps.count);
		h->pages =
			decode_clip(domain->doorbell_pages, v->image->header.doorbell_pages.count);
	}
	h->cap_claimed = arena_alloc(v->arena, h->caps.count + 1);
	h->page_claimed = arena_alloc(v->arena, h->pages.count + 1);
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
		open_hands(&p, i);
	}
	for (size_t i = 0; i < v->model->connection_count; i++) {
		roles[i] = add_roles(&p, &v->links[i]);
	}
	for (uint32_t i = 0; i < vm_count; i++) {
		if (v->vms[i].domain != DOMAIN_NONE) {
			check_own(&p, &p.hands[i]);
		}
	}
	for (size_t i = 0; i < v->model->connection_count; i++) {
		/* First, since its receiving ends say which call is which. */
		check_driver_side(&p, &v->links[i], roles[i]);
	}
	for (size_t i = 0; i < v->model->connection_count; i++) {
		check_device_side(&p, &v->links[i], roles[i]);
	}
	for (uint32_t i = 0; i < vm_count; i++) {
		check_unclaimed(&p, &p.hands[i]);
	}
}
