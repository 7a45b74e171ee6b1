/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts of VMs for people who operate a system, see topo/image/facts.h. */
#include "topo/image/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/base/arena.h"
#include "topo/base/units.h"
#include "topo/image/digest.h"
#include "topo/model/model.h"
#include "topo/model/packages.h"
#include "topo/model/pci.h"
#include "topo/model/pci_models.h"

struct facts {
	struct arena *arena;
	struct system_vm *out;
};

/* The process ends when there is no memory. */
static void *must(void *memory)
{
	if (!memory) {
		fprintf(stderr, "topo: no memory\n");
		exit(3);
	}
	return memory;
}

static void add(struct facts *facts, enum system_fact_kind kind, const char *name, const char *text,
                const char *digest)
{
	struct system_vm *out = facts->out;

	out->facts = must(realloc(out->facts, (out->fact_count + 1) * sizeof(*out->facts)));
	out->facts[out->fact_count++] = (struct system_fact){
		.kind = kind,
		.name = must(strdup(name)),
		.text = must(strdup(text)),
		.digest = digest ? must(strdup(digest)) : NULL,
	};
}

/* @side: 0 the device VM's, 1 the driver VM's. */
static void add_address(struct facts *facts, const struct device *device, int side,
                        const char *peer)
{
	const uint32_t address = device->address[side];

	if (address != 0) {
		add(facts, SYSTEM_FACT_ADDRESS,
		    arena_printf(facts->arena, "net %u %s %s", device->id, side ? "of" : "to",
		                 peer),
		    arena_printf(facts->arena, "%u.%u.%u.%u/%u", address >> 24,
		                 address >> 16 & 0xff, address >> 8 & 0xff, address & 0xff,
		                 device->prefix),
		    NULL);
	}
}

static void add_ports(struct facts *facts, const struct machine_slot *slot, const char *name)
{
	const int bytes = (int)strcspn(PCI_NET_ADDRESS, "/");

	for (size_t i = 0; i < slot->forward_count; i++) {
		add(facts, SYSTEM_FACT_PORT, name,
		    arena_printf(facts->arena, "127.0.0.1:%u -> %.*s:%u", slot->forwards[i].host,
		                 bytes, PCI_NET_ADDRESS, slot->forwards[i].guest),
		    NULL);
	}
}

/* Its network functions. QEMU gives each the same address, and the VM has it on the first. */
static void add_cards(struct facts *facts, const struct model *model, const struct vm *vm)
{
	bool first = true;

	for (size_t i = 0; i < vm->pci_count; i++) {
		const struct pci_function *function = &vm->pci[i];
		const struct machine_slot *slot = pci_slot_of(model, function);

		if (slot == NULL || slot->model->back != PCI_BACK_NET) {
			continue;
		}
		const char *name =
			arena_printf(facts->arena, "%s in slot %u:%u.%u", slot->model->name,
		                     function->bus, function->device, function->function);

		if (first) {
			add(facts, SYSTEM_FACT_ADDRESS, name, PCI_NET_ADDRESS, NULL);
		}
		add_ports(facts, slot, name);
		first = false;
	}
}

static void add_disk(struct facts *facts, const struct device *device, const char *peer)
{
	add(facts, SYSTEM_FACT_DISK, arena_printf(facts->arena, "blk %u of %s", device->id, peer),
	    arena_printf(facts->arena, "%s, %s%s%s%s", size_text(facts->arena, device->disk_bytes),
	                 device->format, device->disk ? " of " : ", empty at the start",
	                 device->disk ? device->disk : "", device->readonly ? ", read-only" : ""),
	    NULL);
}

static void add_connection(struct facts *facts, const struct model *model,
                           const struct connection *connection, uint32_t vm)
{
	const int side = connection->driver_vm == vm ? 1 : 0;
	const uint32_t other = side ? connection->device_vm : connection->driver_vm;

	for (size_t i = 0; i < connection->device_count; i++) {
		const struct device *device = &connection->devices[i];

		if (device->type == DEVICE_NET) {
			add_address(facts, device, side, model->vms[other].name);
		} else if (device->type == DEVICE_BLK && side) {
			add_disk(facts, device, model->vms[other].name);
		}
	}
}

static void add_image(struct facts *facts, const char *name, const char *path,
                      const struct blob *blobs, size_t count, bool digested)
{
	struct digest_part parts[INITRD_PARTS_MAX] = {{NULL, 0}};
	char digest[DIGEST_TEXT_BYTES];

	for (size_t i = 0; digested && i < count; i++) {
		parts[i] = (struct digest_part){blobs[i].data, blobs[i].bytes};
	}
	if (digested) {
		digest_parts(parts, count, digest);
	}
	if (count != 0) {
		add(facts, SYSTEM_FACT_IMAGE, name, path ? path : "the project's own",
		    digested ? digest : NULL);
	}
}

void facts_describe(const struct model *model, const struct payloads *payloads, uint32_t vm,
                    enum system_use use, struct system_vm *out)
{
	struct facts facts = {.arena = arena_new(), .out = out};
	const struct vm_image *image = &model->vms[vm].image;
	const struct vm_payload *payload = &payloads->vms[vm];
	const bool digested = use == SYSTEM_FOR_RUN;

	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		if (connection->device_vm == vm || connection->driver_vm == vm) {
			add_connection(&facts, model, connection, vm);
		}
	}
	add_cards(&facts, model, &model->vms[vm]);
	add_image(&facts, "kernel", image->kernel, &payload->kernel, 1, digested);
	add_image(&facts, "root file system", packages_or_path(facts.arena, image), payload->initrd,
	          payload->initrd_count, digested);
	add_image(&facts, "device tree", image->dtb, &payload->dtb, payload->dtb.data ? 1 : 0,
	          digested);
	arena_free(facts.arena);
}

void facts_free(struct system_vm *vm)
{
	for (size_t i = 0; i < vm->fact_count; i++) {
		free(vm->facts[i].name);
		free(vm->facts[i].text);
		free(vm->facts[i].digest);
	}
	free(vm->facts);
}
