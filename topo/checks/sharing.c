/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of the memory that two VMs share by a connection: where it lies, and how much of the
 * driver VM it shows.
 */
#include <inttypes.h>

#include "topo/checks/internal.h"
#include "topo/model/defaults.h"

#define GUEST_END ((uint64_t)1 << PV_IPA_BITS)
#define IOBUF_BYTES (2 * (uint64_t)PV_PAGE_BYTES)

static uint64_t memdev_bytes(const struct topology *topology, const struct connection *connection)
{
	return connection->swiotlb ? connection->pool_bytes
	                           : topology->model.vms[connection->driver_vm].ram_bytes;
}

void check_memdev_align(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		uint64_t bases = connection->device_data_base | connection->driver_data_base;

		if (bases % PV_PAGE_BYTES != 0) {
			check_report(checks, CHECK_MEMDEV_ALIGN, connection->place,
			             "the memory of this connection is placed at 0x%" PRIx64
			             " and 0x%" PRIx64 ", not both a multiple of 4 KiB",
			             connection->device_data_base, connection->driver_data_base);
		}
	}
}

void check_memdev_block(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		uint64_t bases = connection->device_data_base | connection->driver_data_base;

		if (bases % PV_PAGE_BYTES == 0 && bases % RAM_BLOCK_BYTES != 0) {
			check_report(checks, CHECK_MEMDEV_BLOCK, connection->place,
			             "the memory of this connection does not begin at a multiple "
			             "of 2 MiB in both VMs");
		}
	}
}

static bool beyond(uint64_t base, uint64_t bytes)
{
	return base != 0 && (base >= GUEST_END || bytes > GUEST_END - base);
}

void check_memdev_range(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		uint64_t bytes = memdev_bytes(topology, connection);

		if (beyond(connection->device_data_base, bytes) ||
		    beyond(connection->driver_data_base, bytes)) {
			check_report(checks, CHECK_MEMDEV_RANGE, connection->place,
			             "the memory of this connection ends above a guest's address "
			             "space of %u bits",
			             PV_IPA_BITS);
		}
	}
}

void check_iobuf_align(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		if (connection->device_ctrl_base % PV_PAGE_BYTES != 0) {
			check_report(checks, CHECK_IOBUF_ALIGN, connection->place,
			             "the iobuf of this connection at 0x%" PRIx64
			             " does not begin at a page",
			             connection->device_ctrl_base);
		}
	}
}

void check_iobuf_range(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		if (beyond(connection->device_ctrl_base, IOBUF_BYTES)) {
			check_report(checks, CHECK_IOBUF_RANGE, connection->place,
			             "the iobuf of this connection lies above a guest's address "
			             "space of %u bits",
			             PV_IPA_BITS);
		}
	}
}

void check_pool_large(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		const struct vm *driver = &topology->model.vms[connection->driver_vm];

		if (connection->swiotlb && connection->pool_bytes >= driver->ram_bytes) {
			check_report(checks, CHECK_POOL_LARGE,
			             topology->connection_origins[i].pool_bytes,
			             "this pool is as large as all RAM of '%s'", driver->suffix);
		}
	}
}

void check_swiotlb_mixed(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.vm_count; i++) {
		const struct vm_origin *origin = &topology->vm_origins[i];
		size_t open = 0;

		for (size_t j = 0; j < origin->used_count; j++) {
			open += topology->model.connections[origin->used[j]].swiotlb ? 0 : 1;
		}
		if (open != 0 && open < origin->used_count) {
			check_report(checks, CHECK_SWIOTLB_MIXED, topology->model.vms[i].place,
			             "%zu of the %zu connections that '%s' uses show all its RAM, "
			             "and the others a pool",
			             open, origin->used_count, check_suffix(topology, i));
		}
	}
}

void check_swiotlb_asset(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		const struct vm *driver = &topology->model.vms[connection->driver_vm];

		if (!connection->swiotlb && driver->asset != NULL) {
			check_report(checks, CHECK_SWIOTLB_ASSET, connection->place,
			             "'%s' can read %s in the RAM of '%s'",
			             check_suffix(topology, connection->device_vm), driver->asset,
			             driver->suffix);
		}
	}
}

void check_swiotlb_exposed(struct checks *checks, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		const struct vm *device = &topology->model.vms[connection->device_vm];

		if (!connection->swiotlb && device->exposed) {
			check_report(checks, CHECK_SWIOTLB_EXPOSED, connection->place,
			             "'%s' is exposed and has all RAM of '%s'", device->suffix,
			             check_suffix(topology, connection->driver_vm));
		}
	}
}
