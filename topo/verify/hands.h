/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capabilities and doorbell pages of the domains of an image, and what each lets its owner do.
 *
 * Each capability that follows from the topology has a place where its owner looks for it (a slot
 * that its VMM is told, an offset in a page that its guest is told). Those are claimed one by one
 * and must do what is expected there; a capability that nobody claimed is a right too much.
 */
#ifndef TOPO_VERIFY_HANDS_H
#define TOPO_VERIFY_HANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	uint32_t *request_roles; /* of VMs that others may restart: the first of three */
	uint32_t *role_of;       /* of each doorbell: 1 + effect, 0 = none yet */
};

/** The hands of VM @index, with nothing claimed. */
void hands_open(struct powers *p, uint32_t index);

/** What the owner of @cap can do with it. */
const char *hands_cap_text(const struct powers *p, const struct hands *h, const struct pv_cap *cap);

/** The capability in slot @slot, which is from now on explained. NULL = there is none. */
const struct pv_cap *hands_claim(struct hands *h, uint32_t slot);

/** Slot @slot must hold (@type, @object); @what is what that lets the VM do. */
void hands_expect_cap(struct powers *p, struct hands *h, uint32_t slot, uint32_t type,
                      uint32_t object, const char *what);

/** A new effect; returns its index in p->effects. */
uint32_t hands_add_effect(struct powers *p, uint32_t vm, uint32_t kind, uint32_t number,
                          const char *what);

/** Does doorbell @index do what @role says, and nothing else at the same time? */
bool hands_doorbell_is(struct powers *p, uint32_t index, uint32_t role);

/**
 * Slot @slot of @h must ring a doorbell with the effect @role; @who rings it, @how ("by a store to
 * 0x…", or "") says by what. Returns the doorbell, UINT32_MAX if it is another.
 */
uint32_t hands_expect_ring(struct powers *p, struct hands *h, uint32_t slot, uint32_t role,
                           const char *who, const char *how);

/** The doorbell page at @ipa must hold @count slots. Returns its first slot, UINT32_MAX = none. */
uint32_t hands_expect_page(struct powers *p, struct hands *h, uint64_t ipa, uint32_t count,
                           const char *what);

/** " by a store to 0x…": word @slot of the page at @ipa. */
const char *hands_store_text(const struct verify *v, uint64_t ipa, uint32_t slot);

/** Report what nobody claimed. */
void hands_check_unclaimed(struct powers *p, const struct hands *h);

#endif
