/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rights of a topology as facts, see topo/diff/diff.h. Keys are made of instance names and of
 * what identifies a thing for its users (an address, a function, type and id of a device), never of
 * its place in the file, so that moving lines around changes nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "topo/base/units.h"
#include "topo/diff/diff.h"
#include "topo/model/board.h"
#include "topo/model/device_options.h"
#include "topo/model/medium.h"
#include "topo/model/packages.h"
#include "topo/model/pci_models.h"
#include "topo/model/vm_attributes.h"

struct lister {
	struct facts *facts;
	const struct model *model;
	const struct strmap *others; /* keys of the VMs and connections of the other topology */
	bool all;
};

static const char *vm_key(struct arena *arena, const struct vm *vm)
{
	return arena_printf(arena, "VM %s", vm->instance);
}

static const char *connection_key(struct arena *arena, const struct model *model,
                                  const struct connection *c)
{
	return arena_printf(arena, "connection %s -> %s", model->vms[c->device_vm].instance,
	                    model->vms[c->driver_vm].instance);
}

/* Something that is there or not. */
static void add_right(struct lister *l, const char *about, const char *vm, const char *key,
                      const char *what, const char *value)
{
	struct facts *facts = l->facts;

	*ARENA_ADD(facts->arena, facts->list, facts->count) = (struct fact){
		.key = key,
		.about = about,
		.vm = vm,
		.what = what,
		.value = value,
	};
	strmap_set(&facts->by_key, key, (void *)(uintptr_t)facts->count);
}

/* Whether the other topology has the VM or connection @key too. The values of one that is new or
 * gone say nothing beside that, and two large topologies may have none in common. */
static bool has_details(const struct lister *l, const char *key)
{
	return strmap_get(l->others, key) != NULL;
}

/* A value of something that is a fact by itself, under the key @owner. */
static void add_detail(struct lister *l, const char *about, const char *vm, const char *owner,
                       const char *name, const char *value)
{
	struct arena *arena = l->facts->arena;

	add_right(l, about, vm, arena_printf(arena, "%s/%s", owner, name),
	          arena_printf(arena, "%s: %s", vm, name), value ? value : "none");
}

static const char *number(struct lister *l, uint64_t value)
{
	return arena_printf(l->facts->arena, "%" PRIu64, value);
}

static const char *address(struct lister *l, uint64_t value)
{
	return value ? arena_printf(l->facts->arena, "0x%" PRIx64, value) : "placed by topo";
}

static void add_hardware(struct lister *l, const struct vm *vm)
{
	struct arena *arena = l->facts->arena;

	for (size_t i = 0; i < vm->pci_count; i++) {
		const struct pci_function *f = &vm->pci[i];
		const char *place = arena_printf(arena, "%u:%u.%u", f->bus, f->device, f->function);

		add_right(l, "hardware", vm->instance,
		          arena_printf(arena, "%s/pci %s", vm->instance, place),
		          arena_printf(arena, "%s: PCI function %s", vm->instance, place),
		          f->irq ? arena_printf(arena, "%s, interrupt %u", f->name, f->irq)
		                 : f->name);
	}
	for (size_t i = 0; i < vm->mmio_count; i++) {
		const struct range *r = &vm->mmios[i];

		add_right(l, "hardware", vm->instance,
		          arena_printf(arena, "%s/mmio %" PRIx64, vm->instance, r->base),
		          arena_printf(arena, "%s: registers at 0x%" PRIx64, vm->instance, r->base),
		          size_text(arena, r->bytes));
	}
	for (size_t i = 0; i < vm->irq_count; i++) {
		add_right(l, "hardware", vm->instance,
		          arena_printf(arena, "%s/irq %u", vm->instance, vm->irqs[i]),
		          arena_printf(arena, "%s: interrupt %u", vm->instance, vm->irqs[i]), NULL);
	}
	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		add_right(l, "hardware", vm->instance,
		          arena_printf(arena, "%s/node %s", vm->instance, vm->dtb_nodes[i]),
		          arena_printf(arena, "%s: device %s", vm->instance, vm->dtb_nodes[i]),
		          NULL);
	}
}

/* What it may do to the life of others. */
static void add_managed(struct lister *l, const struct vm *vm)
{
	struct arena *arena = l->facts->arena;

	for (size_t i = 0; i < vm->may_restart_count; i++) {
		const char *managed = vm->may_restart[i]->instance;

		add_right(l, "life", vm->instance,
		          arena_printf(arena, "%s/restarts %s", vm->instance, managed),
		          arena_printf(arena, "%s may start, stop and restart %s", vm->instance,
		                       managed),
		          NULL);
	}
}

static const char *affinity_text(struct lister *l, const struct vm *vm)
{
	const char *text = "";

	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		text = arena_printf(l->facts->arena, "%s%s%d", text, i ? ", " : "",
		                    vm->affinity[i]);
	}
	return text;
}

static const char *files_text(struct lister *l, const struct vm *vm)
{
	const char *text = "";

	for (size_t i = 0; i < vm->file_count; i++) {
		text = arena_printf(l->facts->arena, "%s%s%s from %s", text, i ? ", " : "",
		                    vm->files[i].to, vm->files[i].from);
	}
	return text[0] ? text : "none";
}

static const char *words_text(struct lister *l, const char *const *words, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++) {
		text = arena_printf(l->facts->arena, "%s%s%s", text, i ? " " : "", words[i]);
	}
	return text[0] ? text : "none";
}

static const char *budget_text(struct lister *l, const struct vm *vm)
{
	return vm->budget_us ? arena_printf(l->facts->arena, "%u us in each %u us", vm->budget_us,
	                                    vm->period_us)
	                     : "no limit";
}

static void add_boot(struct lister *l, const struct vm *vm, const char *key)
{
	const struct vm_image *image = &vm->image;
	const char *who = vm->instance;

	add_detail(l, "boot", who, key, "kernel",
	           image->own_kernel ? "the project's own" : image->kernel);
	add_detail(l, "boot", who, key, "root file system",
	           image->own_rootfs ? "the project's own"
	                             : packages_or_path(l->facts->arena, image));
	add_detail(l, "boot", who, key, "device tree", image->dtb ? image->dtb : "generated");
	add_detail(l, "boot", who, key, "command line", image->cmdline);
}

static const char *health_text(struct lister *l, const struct vm_health *health)
{
	return health->word_count == 0
	               ? "none"
	               : arena_printf(l->facts->arena, "%s, each %u ms, unhealthy after %u",
	                              words_text(l, health->words, health->word_count),
	                              health->interval_ms, health->retries);
}

static const char *attribute_text(struct lister *l, enum vm_attribute attribute,
                                  const struct vm *vm)
{
	if (attribute == VM_AFFINITY) {
		return affinity_text(l, vm);
	}
	if (attribute == VM_FILES) {
		return files_text(l, vm);
	}
	if (attribute == VM_COMMAND) {
		return words_text(l, vm->command.words, vm->command.word_count);
	}
	if (attribute == VM_ENV) {
		return words_text(l, vm->command.env, vm->command.env_count);
	}
	if (attribute == VM_HEALTH) {
		return health_text(l, &vm->health);
	}
	if (attribute == VM_BUDGET) {
		return budget_text(l, vm);
	}
	switch (vm_attribute_row(attribute)->kind) {
	case ATTRIBUTE_NUMBER:
		return number(l, vm_attribute_number(attribute, vm));
	case ATTRIBUTE_ADDRESS:
		return address(l, vm_attribute_number(attribute, vm));
	case ATTRIBUTE_SIZE:
		return size_text(l->facts->arena, vm_attribute_number(attribute, vm));
	case ATTRIBUTE_TRUTH:
		return vm_attribute_number(attribute, vm) ? "yes" : "no";
	case ATTRIBUTE_STRING:
	case ATTRIBUTE_WORD:
		return vm_attribute_text(attribute, vm);
	case ATTRIBUTE_OWN:
		break;
	}
	return NULL;
}

static void add_attributes(struct lister *l, const struct vm *vm, const char *key)
{
	for (enum vm_attribute i = 0; i < VM_ATTRIBUTE_COUNT; i++) {
		const struct vm_attribute_row *row = vm_attribute_row(i);

		if (i == VM_IMAGE) {
			add_boot(l, vm, key);
		} else if (row->diff && (l->all || !row->tuning)) {
			add_detail(l, row->tuning ? "tuning" : "VM", vm->instance, key, row->diff,
			           attribute_text(l, i, vm));
		}
	}
}

static void add_vm(struct lister *l, const struct vm *vm)
{
	const char *key = vm_key(l->facts->arena, vm);

	add_right(l, "VM", vm->instance, key, key, NULL);
	if (has_details(l, key)) {
		add_attributes(l, vm, key);
	}
	add_hardware(l, vm);
	add_managed(l, vm);
}

static const char *dotted(struct lister *l, uint32_t a)
{
	return arena_printf(l->facts->arena, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255,
	                    a & 255);
}

static const char *net_text(struct lister *l, const struct device *d)
{
	struct arena *arena = l->facts->arena;
	const char *text =
		arena_printf(arena, "%02x:%02x:%02x:%02x:%02x:%02x, %s", d->mac[0], d->mac[1],
	                     d->mac[2], d->mac[3], d->mac[4], d->mac[5], network_name(d->network));

	if (d->bridge) {
		text = arena_printf(arena, "%s on %s", text, d->bridge);
	}
	if (d->tap) {
		text = arena_printf(arena, "%s by %s", text, d->tap);
	}
	if (d->address[1]) {
		text = arena_printf(arena, "%s, %s/%u", text, dotted(l, d->address[1]), d->prefix);
	}
	if (d->address[0]) {
		text = arena_printf(arena, "%s behind %s", text, dotted(l, d->address[0]));
	}
	return text;
}

static const char *device_text(struct lister *l, const struct device *d)
{
	struct arena *arena = l->facts->arena;
	const char *text = "";

	if (d->type == DEVICE_NET) {
		text = net_text(l, d);
	} else if (d->type == DEVICE_BLK) {
		text = d->disk ? arena_printf(arena, "%s, %s", d->disk, d->format)
		               : "an empty disk";
		if (device_medium(d) != NULL) {
			text = arena_printf(arena, "%s from %" PRIu64, d->disk, d->offset);
		}
		text = arena_printf(arena, "%s, %s%s", text, size_text(arena, d->disk_bytes),
		                    d->readonly ? ", read-only" : "");
	} else if (d->type == DEVICE_VSOCK) {
		text = arena_printf(arena, "CID %" PRIu64, d->cid);
	} else if (d->type == DEVICE_FS) {
		text = arena_printf(arena, "tag %s, directory %s", d->tag ? d->tag : "none",
		                    d->dir ? d->dir : "of its own");
	} else if (d->type == DEVICE_GPU) {
		text = arena_printf(arena, "%u x %u pixels", d->width, d->height);
	}
	return arena_printf(arena, "%s%s%u queue%s of %u", text, text[0] ? ", " : "",
	                    d->queue_pairs_or_queues, d->queue_pairs_or_queues == 1 ? "" : "s",
	                    d->queue_size);
}

static void add_connection(struct lister *l, const struct connection *c)
{
	struct arena *arena = l->facts->arena;
	const char *device = l->model->vms[c->device_vm].instance;
	const char *driver = l->model->vms[c->driver_vm].instance;
	const char *key = connection_key(arena, l->model, c);
	uint64_t bytes = c->swiotlb ? c->pool_bytes : l->model->vms[c->driver_vm].ram_bytes;

	add_right(l, "connection", device, key, key, NULL);
	add_right(l, "memory", device, arena_printf(arena, "%s/memory", key),
	          arena_printf(arena, "%s can read and write", device),
	          arena_printf(arena, c->swiotlb ? "a pool of %s, %s" : "all RAM of %s, %s", driver,
	                       size_text(arena, bytes)));
	for (size_t i = 0; i < c->device_count; i++) {
		const struct device *d = &c->devices[i];
		const char *type = device_type_name(d->type);

		add_right(l, "device", device, arena_printf(arena, "%s/%s %u", key, type, d->id),
		          arena_printf(arena, "%s serves %s the device %s %u", device, driver, type,
		                       d->id),
		          device_text(l, d));
	}
	if (l->all && has_details(l, key)) {
		add_detail(l, "tuning", key, key, "memory at, in the device VM",
		           address(l, c->device_data_base));
		add_detail(l, "tuning", key, key, "iobuf at, in the device VM",
		           address(l, c->device_ctrl_base));
		add_detail(l, "tuning", key, key, "memory at, in the driver VM",
		           address(l, c->driver_data_base));
	}
}

/* Of a function that topo has no row for: what the topology says of it. */
static const char *own_text(struct lister *l, const struct pci_model *model)
{
	const char *text = "";

	for (size_t i = 0; i < PCI_BARS_MAX; i++) {
		if (model->bars[i].bytes != 0) {
			text = arena_printf(l->facts->arena, "%s, BAR %zu of %s", text, i,
			                    size_text(l->facts->arena, model->bars[i].bytes));
		}
	}
	return arena_printf(l->facts->arena, "%s, vectors: %u, DMA %s", text, model->vectors,
	                    model->unknown ? "unknown" : "through the SMMU");
}

static const char *slot_text(struct lister *l, const struct machine_slot *slot)
{
	struct arena *arena = l->facts->arena;
	const char *text = slot->model->name;

	if (slot->file != NULL) {
		text = arena_printf(arena, "%s, %s", text, slot->file);
	}
	if (slot->file_bytes != 0) {
		text = arena_printf(arena, "%s, %s", text, size_text(arena, slot->file_bytes));
	}
	for (size_t i = 0; i < slot->forward_count; i++) {
		text = arena_printf(arena, "%s, the build host's port %u leads to %u", text,
		                    slot->forwards[i].host, slot->forwards[i].guest);
	}
	text = slot->restricted ? arena_printf(arena, "%s, its network leads nowhere", text) : text;
	return pci_model_find(slot->model->name) != NULL
	               ? text
	               : arena_printf(arena, "%s%s", text, own_text(l, slot->model));
}

/* What the rights of VMs are rights to: it is no VM's. */
static void add_machine(struct lister *l)
{
	struct arena *arena = l->facts->arena;

	add_right(l, "machine", NULL, "board", "board", l->model->board->name);
	if (l->all) {
		add_right(l, "tuning", NULL, "CPUs", "physical CPUs",
		          number(l, l->model->cpu_count));
	}
	for (size_t i = 0; i < l->model->slot_count; i++) {
		const struct machine_slot *slot = &l->model->slots[i];
		const char *key = arena_printf(arena, "slot 0:%u.0", slot->device);

		add_right(l, "machine", NULL, key, arena_printf(arena, "machine: %s", key),
		          slot_text(l, slot));
	}
}

static struct strmap keys_of(struct arena *arena, const struct model *model)
{
	struct strmap keys;

	strmap_init(&keys, arena);
	for (size_t i = 0; i < model->vm_count; i++) {
		strmap_set(&keys, vm_key(arena, &model->vms[i]), &model->vms[i]);
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *c = &model->connections[i];

		strmap_set(&keys, connection_key(arena, model, c), &model->connections[i]);
	}
	return keys;
}

void diff_facts(struct arena *arena, const struct model *model, const struct model *other, bool all,
                struct facts *out)
{
	const struct strmap others = keys_of(arena, other);
	struct lister l = {.facts = out, .model = model, .others = &others, .all = all};

	*out = (struct facts){.arena = arena};
	strmap_init(&out->by_key, arena);
	add_machine(&l);
	for (size_t i = 0; i < model->vm_count; i++) {
		add_vm(&l, &model->vms[i]);
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		add_connection(&l, &model->connections[i]);
	}
}
