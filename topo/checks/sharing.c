/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of the memory that two VMs share by a connection: where it lies, and how much of the
 * driver VM it shows.
 */
#include <inttypes.h>

#include "topo/checks/internal.h"
#include "topo/resolve/defaults.h"

#define GUEST_END ((uint64_t)1 << PV_IPA_BITS)
#define IOBUF_BYTES (2 * (uint64_t)PV_PAGE_BYTES)

static uint64_t memdev_bytes(const struct topology *topology, const struct connection *connection)
{
	return connection->swiotlb ? connection->pool_bytes
	                           : topology->model.vms[connection->driver_vm].ram_bytes;
}

/* Where memdev lies in the VMs of a connection, and where each was given. */
struct memdev_side {
	uint64_t base;
	uint64_t bytes;
	struct place place;
	const char *vm;
};

typedef void side_visit(struct rules *rules, const struct memdev_side *side);

/* Call @visit for each address of memdev that the topology gives. */
static void each_side(struct rules *rules, const struct topology *topology, side_visit *visit)
{
	const struct vm *vms = topology->model.vms;

	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		const struct connection_origin *origin = &topology->connection_origins[i];
		uint64_t bytes = memdev_bytes(topology, connection);
		const struct memdev_side sides[] = {
			{connection->device_data_base, bytes, origin->device_data_base,
		         vms[connection->device_vm].suffix},
			{connection->driver_data_base, bytes, origin->driver_data_base,
		         vms[connection->driver_vm].suffix},
		};

		for (size_t j = 0; j < 2; j++) {
			if (sides[j].base != 0) {
				visit(rules, &sides[j]);
			}
		}
	}
}

static void visit_align(struct rules *rules, const struct memdev_side *side)
{
	if (side->base % PV_PAGE_BYTES != 0) {
		rule_report(rules, &rule_memdev_align, side->place,
		            "the memory of this connection is placed at 0x%" PRIx64
		            " in '%s', which is not a multiple of 4 KiB",
		            side->base, side->vm);
	}
}

void check_memdev_align(struct rules *rules, const struct topology *topology)
{
	each_side(rules, topology, visit_align);
}

RULE(memdev_align, "memdev-align", ERROR, EACH,
     "The memory of a connection is placed at an address that is no multiple of 4 KiB: memory "
     "is mapped by pages.");

static void visit_block(struct rules *rules, const struct memdev_side *side)
{
	if (side->base % PV_PAGE_BYTES == 0 && side->base % RAM_BLOCK_BYTES != 0) {
		rule_report(rules, &rule_memdev_block, side->place,
		            "the memory of this connection does not begin at a multiple of 2 MiB "
		            "in '%s'",
		            side->vm);
	}
}

void check_memdev_block(struct rules *rules, const struct topology *topology)
{
	each_side(rules, topology, visit_block);
}

RULE(memdev_block, "memdev-block", ADVICE, EACH,
     "The memory of a connection is placed at an address that is no multiple of 2 MiB: it takes "
     "many small pages and more of the kernel's tables.");

static bool beyond(uint64_t base, uint64_t bytes)
{
	return base != 0 && (base >= GUEST_END || bytes > GUEST_END - base);
}

static void visit_range(struct rules *rules, const struct memdev_side *side)
{
	if (beyond(side->base, side->bytes)) {
		rule_report(rules, &rule_memdev_range, side->place,
		            "the memory of this connection ends above the address space of '%s', "
		            "of %u bits",
		            side->vm, PV_IPA_BITS);
	}
}

void check_memdev_range(struct rules *rules, const struct topology *topology)
{
	each_side(rules, topology, visit_range);
}

RULE(memdev_range, "memdev-range", ERROR, EACH,
     "The memory of a connection is placed above what a guest can address.");

void check_iobuf_align(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		if (connection->device_ctrl_base % PV_PAGE_BYTES != 0) {
			rule_report(rules, &rule_iobuf_align,
			            topology->connection_origins[i].device_ctrl_base,
			            "the iobuf of this connection at 0x%" PRIx64
			            " does not begin at a page",
			            connection->device_ctrl_base);
		}
	}
}

RULE(iobuf_align, "iobuf-align", ERROR, EACH,
     "The control pages of a connection are placed at an address that is no multiple of 4 KiB.");

void check_iobuf_range(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		if (beyond(connection->device_ctrl_base, IOBUF_BYTES)) {
			rule_report(rules, &rule_iobuf_range,
			            topology->connection_origins[i].device_ctrl_base,
			            "the iobuf of this connection lies above a guest's address "
			            "space of %u bits",
			            PV_IPA_BITS);
		}
	}
}

RULE(iobuf_range, "iobuf-range", ERROR, EACH,
     "The control pages of a connection are placed above what a guest can address.");

void check_pool_large(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		const struct vm *driver = &topology->model.vms[connection->driver_vm];

		if (connection->swiotlb && connection->pool_bytes >= driver->ram_bytes) {
			rule_report(rules, &rule_pool_large,
			            topology->connection_origins[i].pool_bytes,
			            "this pool is as large as all RAM of '%s'", driver->suffix);
		}
	}
}

RULE(pool_large, "pool-large", ADVICE, EACH,
     "A pool is at least as large as all RAM of the driver VM, which cannot fill it.");

void check_swiotlb_mixed(const struct check_vm *at)
{
	size_t open = 0;

	for (size_t j = 0; j < at->origin->used_count; j++) {
		open += at->topology->model.connections[at->origin->used[j]].swiotlb ? 0 : 1;
	}
	if (open != 0 && open < at->origin->used_count) {
		rule_report(at->rules, &rule_swiotlb_mixed, at->vm->place,
		            "%zu of the %zu connections that '%s' uses show all its RAM, "
		            "and the others a pool",
		            open, at->origin->used_count, at->vm->suffix);
	}
}

RULE(swiotlb_mixed, "swiotlb-mixed", ADVICE, WHOLE,
     "Of the connections that a VM uses some show a pool and others all its RAM: one device VM "
     "that has all of it makes the others' pools useless.");

void check_swiotlb_asset(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		const struct vm *driver = &topology->model.vms[connection->driver_vm];

		if (!connection->swiotlb && driver->asset != NULL) {
			rule_report(rules, &rule_swiotlb_asset, connection->place,
			            "'%s' can read %s in the RAM of '%s'",
			            check_suffix(topology, connection->device_vm), driver->asset,
			            driver->suffix);
		}
	}
}

RULE(swiotlb_asset, "swiotlb-asset", ADVICE, EACH,
     "With VMSWIOTLB=0 a device VM can read the RAM of a VM that holds an asset, and the asset "
     "in it.");

void check_swiotlb_exposed(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		const struct vm *device = &topology->model.vms[connection->device_vm];

		if (!connection->swiotlb && device->exposed) {
			rule_report(rules, &rule_swiotlb_exposed, connection->place,
			            "'%s' is exposed and has all RAM of '%s'", device->suffix,
			            check_suffix(topology, connection->driver_vm));
		}
	}
}

RULE(swiotlb_exposed, "swiotlb-exposed", ADVICE, EACH,
     "With VMSWIOTLB=0 an exposed device VM has all RAM of its driver VM: who takes over the "
     "one has the other without another attack.");
