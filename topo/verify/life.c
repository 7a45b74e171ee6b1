/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of VMs, see topo/verify/life.h. A VM with may_restart has one doorbell page, the last of
 * its window; three words in it are for each VM that it names: start, stop, restart.
 */
#include "topo/verify/life.h"

#include <inttypes.h>

#include "abi/calls.h"
#include "abi/mux.h"
#include "lib/bits.h"

#define REQUESTS 3U

static const char *const request_names[REQUESTS] = {"start", "stop", "restart"};

static bool is_managed(const struct verify *v, const struct vm *vm)
{
	for (size_t i = 0; i < v->model->vm_count; i++) {
		const struct vm *manager = &v->model->vms[i];

		for (size_t j = 0; j < manager->may_restart_count; j++) {
			if (manager->may_restart[j] == vm) {
				return true;
			}
		}
	}
	return false;
}

static uint32_t request_event(const struct pv_vmm_config *config, uint32_t request)
{
	const uint32_t events[REQUESTS] = {config->event_start, config->event_stop,
	                                   config->event_restart};

	return events[request];
}

static uint32_t restart_number(enum restart restart)
{
	return restart == RESTART_NO       ? PV_VMM_RESTART_NO
	       : restart == RESTART_ALWAYS ? PV_VMM_RESTART_ALWAYS
	                                   : PV_VMM_RESTART_ON_FAILURE;
}

void life_want_config(const struct verify *v, const struct verified_vm *vm,
                      struct pv_vmm_config *wanted)
{
	const struct pv_domain *domain = &v->image->domains[vm->domain];
	const struct vm *source = vm->source;

	wanted->entry = domain->entry;
	wanted->entry_arg = domain->entry_arg + PV_LOADS_AGAIN;
	wanted->flags = source->autostart ? PV_VMM_AUTOSTART : 0;
	wanted->restart = restart_number(source->restart);
	wanted->restart_limit = source->restart_limit;
	wanted->restart_delay_ms = source->restart_delay_ms;
	wanted->watchdog_ms = 1000 * source->watchdog_s;
	wanted->event_log = PV_EVENT_CONSOLE(PV_CONSOLE_VMM);
	if (is_managed(v, source)) {
		wanted->event_start = vm->config.event_start;
		wanted->event_stop = vm->config.event_stop;
		wanted->event_restart = vm->config.event_restart;
	}
}

static uint64_t requests_ipa(const struct verify *v, const struct verified_vm *vm)
{
	return (v->image->domains[vm->domain].doorbell_ipa_page + (uint64_t)vm->served +
	        vm->used_devices) *
	       PAGE;
}

void life_want_nodes(const struct verify *v, uint32_t index, struct tree *wanted)
{
	const struct verified_vm *vm = &v->vms[index];
	const struct vm *source = vm->source;
	const char **names = NULL;
	size_t count = 0;

	if (source->watchdog_s != 0) {
		tree_want_node(wanted, "/watchdog");
		tree_want_string(wanted, "/watchdog", "compatible", "arm,smc-wdt");
		tree_want_u32(wanted, "/watchdog", "arm,smc-id", PV_VMM_WATCHDOG_CALL);
		tree_want_u32(wanted, "/watchdog", "timeout-sec", source->watchdog_s);
	}
	if (source->may_restart_count == 0) {
		return;
	}
	for (size_t i = 0; i < source->may_restart_count; i++) {
		*ARENA_ADD(v->arena, names, count) = source->may_restart[i]->name;
	}
	*ARENA_ADD(v->arena, names, count) = NULL;
	struct cells reg = {.arena = v->arena};
	const uint64_t ipa = requests_ipa(v, vm);
	const char *node = arena_printf(v->arena, "/requests@%" PRIx64, ipa);

	cells_add64(&reg, ipa);
	cells_add64(&reg, PAGE);
	tree_want_node(wanted, node);
	tree_want_string(wanted, node, "compatible", "peervisor,requests");
	tree_want_cells(wanted, node, "reg", &reg);
	tree_want_strings(wanted, node, "peervisor,vms", names);
}

/* An event that means a request must mean nothing else to the VMM, or a peer could ask for it. */
static void check_events(struct verify *v, const struct verified_vm *vm)
{
	const struct pv_vmm_config *config = &vm->config;

	for (uint32_t r = 0; r < REQUESTS; r++) {
		uint32_t event = request_event(config, r);
		bool taken = event < PV_EVENT_DOORBELL || event > 63;

		for (uint32_t i = 0; i < r; i++) {
			taken = taken || request_event(config, i) == event;
		}
		for (uint32_t i = 0; i < config->connection_count; i++) {
			taken = taken || vm->views[i].event == event;
		}
		if (taken) {
			findings_add(v->report, FINDING_BROKEN, vm->who, "doorbell",
			             "%s takes event %u for a request to %s, which no doorbell of "
			             "its own can set",
			             vm->who_vmm, event, request_names[r]);
		}
	}
}

/* The roles of the requests to VM @index: the first of three. */
static uint32_t add_roles(struct powers *p, uint32_t index)
{
	const struct verified_vm *vm = &p->v->vms[index];
	uint32_t first = 0;

	for (uint32_t r = 0; r < REQUESTS; r++) {
		uint32_t role = hands_add_effect(
			p, index, PV_DOORBELL_EVENT, request_event(&vm->config, r),
			arena_printf(p->v->arena, "a request to %s it", request_names[r]));

		first = r == 0 ? role : first;
	}
	return first;
}

static void check_page(struct powers *p, uint32_t manager)
{
	struct verify *v = p->v;
	const struct vm *source = v->vms[manager].source;
	struct hands *h = &p->hands[manager];
	uint64_t ipa = requests_ipa(v, &v->vms[manager]);
	uint32_t slot = hands_expect_page(p, h, ipa, REQUESTS * (uint32_t)source->may_restart_count,
	                                  "for requests");

	for (uint32_t i = 0; slot != UINT32_MAX && i < source->may_restart_count; i++) {
		size_t managed = (size_t)(source->may_restart[i] - v->model->vms);

		for (uint32_t r = 0; r < REQUESTS; r++) {
			uint32_t word = REQUESTS * i + r;

			hands_expect_ring(p, h, slot + word, p->request_roles[managed] + r,
			                  h->vm->who, hands_store_text(v, ipa, word));
		}
	}
}

void life_add_roles(struct powers *p)
{
	struct verify *v = p->v;

	p->request_roles =
		arena_alloc(v->arena, (v->model->vm_count + 1) * sizeof(*p->request_roles));
	for (uint32_t i = 0; i < v->model->vm_count; i++) {
		if (is_managed(v, v->vms[i].source)) {
			p->request_roles[i] = add_roles(p, i);
		}
	}
}

void life_check(struct powers *p)
{
	struct verify *v = p->v;

	for (uint32_t i = 0; i < v->model->vm_count; i++) {
		const struct verified_vm *vm = &v->vms[i];

		if (vm->has_config && is_managed(v, vm->source)) {
			check_events(v, vm);
		}
		if (vm->domain != DOMAIN_NONE && vm->source->may_restart_count != 0) {
			check_page(p, i);
		}
	}
}
