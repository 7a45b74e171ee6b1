/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of VMs: what they mean, and what was meant by one that means nothing. A suggestion is
 * taken by copying it, so none leads to another VM than the one that was most likely meant: names
 * that are told apart by their last letter or number are never taken for each other, and a device
 * is suggested no VM that is not connected with its own.
 */
#include <string.h>

#include "topo/base/suggest.h"
#include "topo/resolve/resolve_internal.h"

#define PEERS_SHOWN_MAX 8U

const char *resolve_bare_name(const char *instance)
{
	if (instance[2] == '\0') {
		return instance;
	}
	return instance[2] == '_' ? instance + 3 : instance + 2;
}

/* The same of any text. */
static const char *bare_name(const char *text)
{
	return strncmp(text, "vm", 2) == 0 ? resolve_bare_name(text) : text;
}

/* Does the runner begin lines of system.log so that are of no VM? */
static bool writes_log(const char *name)
{
	const size_t bytes = strlen(name);

	return strcmp(name, "kernel") == 0 || strcmp(name, "topo") == 0 ||
	       strcmp(name, "qemu") == 0 || (bytes >= 4 && strcmp(name + bytes - 4, ".vmm") == 0);
}

void resolve_check_log_name(const struct resolver *resolver, size_t vm)
{
	const struct topology *topology = resolver->topology;
	const char *name = topology->model.vms[vm].name;

	if (!writes_log(name)) {
		return;
	}
	rule_report(resolver->rules, &rule_vm_name_form, vm_place(topology, vm, VM_NAME),
	            "'%s' cannot be the name of a VM", name);
	diag_help(resolver->diag, "in the system's log, lines of kernel, topo, qemu and NAME.vmm "
	                          "are not of a VM");
}

struct instance *resolve_find_instance(const struct resolver *resolver, const char *name)
{
	struct instance *instance = strmap_get(&resolver->by_name, name);

	if (instance == NULL && strncmp(name, "vm", 2) == 0 && name[2] != '_') {
		const char *spelled = arena_printf(resolver->arena, "vm_%s", name + 2);

		instance = strmap_get(&resolver->by_name, spelled);
	}
	return instance;
}

size_t resolve_find_vm(const struct resolver *resolver, const char *text)
{
	const struct instance *instance = resolve_find_instance(resolver, text);

	if (instance == NULL) {
		instance = resolve_find_instance(resolver,
		                                 arena_printf(resolver->arena, "vm%s", text));
	}
	if (instance != NULL) {
		return instance->vm;
	}
	const struct model *model = &resolver->topology->model;
	const struct vm *vm = strmap_get(&resolver->vm_names, text);

	return vm == NULL ? NOT_A_VM : (size_t)(vm - model->vms);
}

bool resolve_first_unknown(struct resolver *resolver, const char *name)
{
	const char *bare = bare_name(name);
	void **slot = strmap_slot(&resolver->unknown, bare, strlen(bare));
	bool first = *slot == NULL;

	*slot = resolver;
	return first;
}

/* "tenant_a" and "tenant_b", "vm1" and "vm12": two VMs of one kind, not two spellings of one. */
static bool are_siblings(const char *a, const char *b)
{
	size_t same = 0;

	while (a[same] != '\0' && a[same] == b[same]) {
		same++;
	}
	while (same > 0 && a[same - 1] >= '0' && a[same - 1] <= '9') {
		same--;
	}
	size_t a_digits = strspn(a + same, "0123456789");
	size_t b_digits = strspn(b + same, "0123456789");
	bool numbers = a[same + a_digits] == '\0' && b[same + b_digits] == '\0';
	bool letters = same > 0 && strchr("_-.", a[same - 1]) != NULL && strlen(a + same) <= 1 &&
	               strlen(b + same) <= 1;

	return numbers || letters;
}

static void consider(struct suggest *suggest, const char *name)
{
	if (strcmp(suggest->wrong, name) == 0 || !are_siblings(suggest->wrong, name)) {
		suggest_consider(suggest, name);
	}
}

bool resolve_is_near_instance(const struct resolver *resolver, const char *name)
{
	struct suggest suggest = suggest_start(bare_name(name));

	for (size_t i = 0; i < resolver->instance_count && suggest.best == NULL; i++) {
		consider(&suggest, bare_name(resolver->instances[i].ast->name.text));
	}
	return suggest.best != NULL;
}

void resolve_suggest_instance(struct resolver *resolver, const char *wrong, const char *other)
{
	const struct instance *meant = NULL;
	struct suggest suggest = suggest_start(bare_name(wrong));

	if (resolver->instance_count == 0) {
		diag_help(resolver->diag, "declare it: component VM vm_%s;", bare_name(wrong));
	}
	for (size_t i = 0; i < resolver->instance_count && diag_shows(resolver->diag); i++) {
		const struct instance *instance = &resolver->instances[i];
		const char *before = suggest.best;
		const char *name = bare_name(instance->ast->name.text);

		if (other == NULL || strcmp(bare_name(other), name) != 0) {
			consider(&suggest, name);
		}
		meant = suggest.best == before ? meant : instance;
	}
	if (meant != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", meant->ast->name.text);
		diag_note(resolver->diag, meant->ast->name.place, "it is declared here");
	}
}

/* Peer number @index of @vm on that side, NOT_A_VM behind the last. */
static size_t peer_at(const struct resolver *resolver, size_t vm, bool served, size_t index)
{
	const struct vm_origin *origin = &resolver->topology->vm_origins[vm];

	if (index >= (served ? origin->served_count : origin->used_count)) {
		return NOT_A_VM;
	}
	const struct pairing *pairing =
		resolver->pairings[served ? origin->served[index] : origin->used[index]];

	return served ? pairing->driver_vm : pairing->device_vm;
}

void resolve_suggest_peer(struct resolver *resolver, const char *wrong, size_t vm, bool served)
{
	const struct vm *vms = resolver->topology->model.vms;
	struct suggest suggest = suggest_start(bare_name(wrong));
	size_t peer = peer_at(resolver, vm, served, 0);

	for (size_t i = 0; peer != NOT_A_VM && diag_shows(resolver->diag); i++) {
		consider(&suggest, vms[peer].suffix);
		peer = peer_at(resolver, vm, served, i + 1);
	}
	if (suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	}
}

bool resolve_list_peers(struct resolver *resolver, size_t vm, bool served)
{
	const struct vm *vms = resolver->topology->model.vms;
	const char *names = "";
	size_t peer = peer_at(resolver, vm, served, 0);

	for (size_t i = 0; peer != NOT_A_VM && i < PEERS_SHOWN_MAX; i++) {
		names = arena_printf(resolver->arena, "%s%s%s", names, i == 0 ? "" : ", ",
		                     vms[peer].suffix);
		peer = peer_at(resolver, vm, served, i + 1);
	}
	if (names[0] == '\0') {
		return false;
	}
	diag_help(resolver->diag, served ? "'%s' serves: %s%s" : "'%s' is served by: %s%s",
	          vms[vm].suffix, names, peer == NOT_A_VM ? "" : ", ...");
	return true;
}
