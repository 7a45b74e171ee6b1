/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The course of topo verify, and what follows from the topology alone. See topo/verify/verify.h.
 */
#include "topo/verify/verify.h"

#include <string.h>

#include "abi/backend.h"
#include "topo/verify/hardware.h"

static void intend_connection(struct verify *v, uint32_t index)
{
	const struct connection *c = &v->model->connections[index];
	struct wiring *wiring = &v->wirings[index];
	struct verified_vm *driver = &v->vms[c->driver_vm];

	wiring->source = c;
	wiring->name = arena_printf(v->arena, "%s -> %s", v->model->vms[c->device_vm].name,
	                            v->model->vms[c->driver_vm].name);
	wiring->number = driver->used;
	wiring->memory_bytes = c->swiotlb ? c->pool_bytes : v->model->vms[c->driver_vm].ram_bytes;
	wiring->devices = arena_alloc(v->arena, (c->device_count + 1) * sizeof(*wiring->devices));
	for (size_t i = 0; i < c->device_count; i++) {
		wiring->devices[i].source = &c->devices[i];
		wiring->devices[i].virtio = virtio_of(&c->devices[i], c->swiotlb);
		wiring->devices[i].first_queue = wiring->queues;
		wiring->queues += wiring->devices[i].virtio.queues;
		if (c->devices[i].type == DEVICE_BLK) {
			wiring->inflight_bytes += PV_BACKEND_INFLIGHT_BYTES(
				wiring->devices[i].virtio.queues, c->devices[i].queue_size);
		}
	}
	wiring->page_ipa[0] = wiring->page_ipa[1] = IPA_UNKNOWN;
	wiring->doorbell_ipa = IPA_UNKNOWN;
	wiring->memory_ipa = IPA_UNKNOWN;
	wiring->inflight_ipa = IPA_UNKNOWN;
	wiring->pool_ipa = IPA_UNKNOWN;
	wiring->intids = arena_alloc(v->arena, (1 + wiring->queues) * sizeof(*wiring->intids));
	v->vms[c->device_vm].served++;
	driver->used++;
	driver->used_devices += (uint32_t)c->device_count;
	driver->vectors += wiring->queues + (uint32_t)c->device_count;
}

/* The domain with the VM's name; the first one if there are more. */
static uint32_t find_domain(const struct verify *v, const char *name)
{
	for (uint32_t i = 0; i < v->image->header.domains.count; i++) {
		char found[33];

		decode_name(&v->image->domains[i], found);
		if (strcmp(found, name) == 0) {
			return i;
		}
	}
	return DOMAIN_NONE;
}

static void intend_vm(struct verify *v, uint32_t index)
{
	const struct vm *source = &v->model->vms[index];
	struct verified_vm *vm = &v->vms[index];

	vm->source = source;
	vm->who = source->instance;
	vm->who_vmm = arena_printf(v->arena, "the VMM of %s", source->instance);
	vm->own_tree = v->files->vms[index].tree.count == 0;
	vm->initrd_ipa = IPA_UNKNOWN;
	vm->domain = find_domain(v, source->name);
	if (vm->domain == DOMAIN_NONE) {
		findings_add(v->report, FINDING_MISSING, vm->who, "VM",
		             "%s (\"%s\") is not in the image", vm->who, source->name);
	}
}

/* A domain that is no VM of the topology, or has the name of an earlier one. */
static void check_strangers(struct verify *v)
{
	for (uint32_t d = 0; d < v->image->header.domains.count; d++) {
		char name[33];
		bool known = false;

		for (size_t i = 0; i < v->model->vm_count; i++) {
			known = known || v->vms[i].domain == d;
		}
		if (!known) {
			decode_name(&v->image->domains[d], name);
			findings_add(v->report, FINDING_EXTRA, NULL, "VM",
			             "domain %u of the image, \"%s\", is no VM of the topology", d,
			             name);
		}
	}
}

void verify_image(struct arena *arena, const struct model *model, const struct files *files,
                  const struct decoded *image, struct findings *report)
{
	struct verify v = {
		.arena = arena,
		.model = model,
		.files = files,
		.image = image,
		.report = report,
		.vms = arena_alloc(arena, (model->vm_count + 1) * sizeof(struct verified_vm)),
		.wirings =
			arena_alloc(arena, (model->connection_count + 1) * sizeof(struct wiring)),
	};

	for (uint32_t i = 0; i < model->vm_count; i++) {
		intend_vm(&v, i);
	}
	for (uint32_t i = 0; i < model->connection_count; i++) {
		intend_connection(&v, i);
	}
	check_strangers(&v);
	v.given = given_list(&v);
	shape_check(&v);
	loads_read(&v);
	vmm_read_configs(&v);
	guest_read_trees(&v);
	hardware_check(&v);
	vmm_check_configs(&v);
	hardware_check_views(&v);
	guest_check_trees(&v);
	memory_check(&v);
	cpus_check(&v);
	powers_check(&v);
	contents_check(&v);
}
