/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * may_restart: which VMs a VM may start, stop and restart. Its list may name VMs that are declared or
 * named further down, so it is read when all settings are.
 */
#include "topo/resolve/resolve_internal.h"

static bool is_managed(const struct vm *manager, const struct vm *managed)
{
	for (size_t i = 0; i < manager->may_restart_count; i++) {
		if (manager->may_restart[i] == managed) {
			return true;
		}
	}
	return false;
}

static void add_managed(struct resolver *resolver, struct vm *manager, const struct value *item)
{
	const struct vm *vms = resolver->topology->model.vms;
	const char *name = NULL;

	if (!value_string(&resolver->evaluator, item, "an entry of may_restart", &name)) {
		return;
	}
	size_t vm = resolve_find_vm(resolver, name);

	if (vm == NOT_A_VM) {
		if (rule_report(resolver->rules, &rule_target_unknown, item->place,
		                "there is no VM '%s' to restart", name)) {
			resolve_suggest_instance(resolver, name, manager->instance);
		}
		return;
	}
	if (&vms[vm] == manager) {
		diag_error(resolver->diag, item->place,
		           "'%s' needs no right to restart itself: it resets", manager->suffix);
		return;
	}
	if (is_managed(manager, &vms[vm])) {
		diag_error(resolver->diag, item->place, "may_restart names '%s' twice",
		           vms[vm].suffix);
		return;
	}
	*ARENA_ADD(resolver->arena, manager->may_restart, manager->may_restart_count) = &vms[vm];
}

void resolve_may_restart(struct resolver *resolver, size_t vm, const struct value *value)
{
	if (value->kind != VALUE_LIST) {
		diag_error(resolver->diag, value->place, "may_restart is a list, not %s",
		           value_kind_name(value->kind));
		diag_help(resolver->diag, "[\"NAME\"]");
		return;
	}
	resolver->managed_lists[vm] = *value;
}

void resolve_managed(struct resolver *resolver)
{
	struct model *model = &resolver->topology->model;

	for (size_t i = 0; i < model->vm_count; i++) {
		const struct value *list = &resolver->managed_lists[i];

		for (size_t j = 0; list->kind == VALUE_LIST && j < list->of.list.count; j++) {
			add_managed(resolver, &model->vms[i], &list->of.list.items[j]);
		}
	}
}
