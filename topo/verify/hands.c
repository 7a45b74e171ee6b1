/* SPDX-License-Identifier: BSD-2-Clause */
/* What a domain holds against what it should, see topo/verify/hands.h. */
#include "topo/verify/hands.h"

#include <inttypes.h>

#include "abi/mux.h"
#include "topo/verify/windows.h"

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

static const char *stream_text(const struct verify *v, uint32_t index)
{
	if (index >= v->image->header.streams.count) {
		return "let a stream that is not there reach memory";
	}
	uint32_t id = v->image->streams[index].id;

	return arena_printf(v->arena, "let function %u:%u.%u reach memory", id >> 8, id >> 3 & 31,
	                    id & 7);
}

const char *hands_cap_text(const struct powers *p, const struct hands *h, const struct pv_cap *cap)
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
	case PV_CAP_STREAM:
		return stream_text(p->v, cap->object);
	case PV_CAP_WINDOW:
		return arena_printf(arena, "reach the configuration space of %s",
		                    windows_text(p->v, cap->object));
	default:
		return arena_printf(arena, "do what capability type %u gives", cap->type);
	}
}

const struct pv_cap *hands_claim(struct hands *h, uint32_t slot)
{
	if (slot >= h->caps.count) {
		return NULL;
	}
	h->cap_claimed[slot] = true;
	return &h->v->image->caps[h->caps.first + slot];
}

void hands_expect_cap(struct powers *p, struct hands *h, uint32_t slot, uint32_t type,
                      uint32_t object, const char *what)
{
	const struct pv_cap *cap = hands_claim(h, slot);

	if (cap && cap->type == type && cap->object == object) {
		findings_power(p->v->report, h->vm->who_vmm, "can %s", hands_cap_text(p, h, cap));
		return;
	}
	findings_add(p->v->report, FINDING_MISSING, h->vm->who, "capability",
	             "%s cannot %s, as the topology wants", h->vm->who_vmm, what);
	if (cap && cap->type != PV_CAP_NONE) {
		findings_add(p->v->report, FINDING_EXTRA, h->vm->who, "capability",
		             "%s can %s instead: not in the topology", h->vm->who_vmm,
		             hands_cap_text(p, h, cap));
	}
}

uint32_t hands_add_effect(struct powers *p, uint32_t vm, uint32_t kind, uint32_t number,
                          const char *what)
{
	*ARENA_ADD(p->v->arena, p->effects, p->effect_count) =
		(struct effect){vm, kind, number, what};
	return (uint32_t)(p->effect_count - 1);
}

bool hands_doorbell_is(struct powers *p, uint32_t index, uint32_t role)
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
uint32_t hands_expect_ring(struct powers *p, struct hands *h, uint32_t slot, uint32_t role,
                           const char *who, const char *how)
{
	struct verify *v = p->v;
	const struct pv_cap *cap = hands_claim(h, slot);

	if (cap && cap->type == PV_CAP_DOORBELL_SEND && hands_doorbell_is(p, cap->object, role)) {
		findings_power(v->report, who, "can %s%s", doorbell_text(p, cap->object), how);
		return cap->object;
	}
	const struct effect *e = &p->effects[role];

	findings_add(v->report, FINDING_MISSING, h->vm->who, "doorbell",
	             "%s cannot %s (%s)%s, as the topology wants", who,
	             effect_text(v, v->vms[e->vm].domain, e->kind, e->number), e->what, how);
	if (cap && cap->type != PV_CAP_NONE) {
		findings_add(v->report, FINDING_EXTRA, h->vm->who, "doorbell",
		             "%s can %s%s: not in the topology", who, hands_cap_text(p, h, cap),
		             how);
	}
	return UINT32_MAX;
}

/* The doorbell page at @ipa must hold @count slots. Returns its first slot, UINT32_MAX = none. */
uint32_t hands_expect_page(struct powers *p, struct hands *h, uint64_t ipa, uint32_t count,
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
			             h->vm->who, hands_cap_text(p, h, cap), ipa + 4 * (uint64_t)i);
		}
	}
	return page->caps.first - h->caps.first;
}

const char *hands_store_text(const struct verify *v, uint64_t ipa, uint32_t slot)
{
	return arena_printf(v->arena, " by a store to 0x%" PRIx64, ipa + 4 * (uint64_t)slot);
}

void hands_check_unclaimed(struct powers *p, const struct hands *h)
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
			             hands_cap_text(p, h, cap));
		}
	}
}

void hands_open(struct powers *p, uint32_t index)
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
