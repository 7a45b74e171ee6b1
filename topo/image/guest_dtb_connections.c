/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What connections add to a guest's device tree (docs/connection.md): in the driver VM a PCI host
 * bridge with its pool, in the device VM a node that the project's kernel module and daemon read. And
 * what else of a VM's memory is reserved, which stands in one node with the pools.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/agent.h"
#include "abi/backend.h"
#include "topo/image/guest_dtb_writer.h"
#include "topo/model/medium.h"
#include "topo/model/routes.h"

static const char *const network_names[] = {
	[NETWORK_BRIDGE] = "bridge",
	[NETWORK_NAT] = "nat",
	[NETWORK_ISOLATED] = "isolated",
	[NETWORK_ROUTED] = "routed",
};

static bool is_driver(const struct dtb *dtb, size_t connection)
{
	return dtb->layout->model->connections[connection].driver_vm == dtb->vm;
}

static void address_text(uint32_t address, uint32_t prefix, char text[24])
{
	snprintf(text, 24, "%u.%u.%u.%u/%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
	         address & 255, prefix);
}

/* The handle of the pool of the driver VM's connection @number. */
static uint32_t pool_phandle(uint32_t number)
{
	return DTB_PHANDLE_POOL + number;
}

static void open_reserved_memory(struct dtb *dtb, bool *open)
{
	if (!*open) {
		*open = true;
		dtb_begin(dtb, "reserved-memory");
		dtb_u32(dtb, "#address-cells", 2);
		dtb_u32(dtb, "#size-cells", 2);
		dtb_flag(dtb, "ranges");
	}
}

/* Part of RAM, so that it is no right of anybody's; reserved, so that the kernel has it for nothing else. */
static void add_agent_window(struct dtb *dtb)
{
	uint64_t ipa = layout_agent_window(&dtb->layout->model->vms[dtb->vm]);

	dtb_begin_at(dtb, "agent", ipa);
	dtb_string(dtb, "compatible", PV_AGENT_WINDOW_COMPATIBLE);
	dtb_reg(dtb, ipa, PV_AGENT_WINDOW_BYTES);
	dtb_end(dtb);
}

void dtb_add_reserved_memory(struct dtb *dtb)
{
	const struct model *model = dtb->layout->model;
	bool open = false;

	if (model->vms[dtb->vm].agent) {
		open_reserved_memory(dtb, &open);
		add_agent_window(dtb);
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct layout_connection *laid = &dtb->layout->connections[i];

		if (!is_driver(dtb, i) || !model->connections[i].swiotlb) {
			continue;
		}
		open_reserved_memory(dtb, &open);
		dtb_begin_at(dtb, "pool", laid->driver_memory_ipa);
		dtb_string(dtb, "compatible", "restricted-dma-pool");
		dtb_reg(dtb, laid->driver_memory_ipa, laid->memory_bytes);
		dtb_u32(dtb, "phandle", pool_phandle(laid->number));
		dtb_end(dtb);
	}
	if (open) {
		dtb_end(dtb);
	}
}

static void add_host_bridge(struct dtb *dtb, size_t index)
{
	const struct connection *connection = &dtb->layout->model->connections[index];
	const struct layout_connection *laid = &dtb->layout->connections[index];
	struct dtb_cells ranges = {.count = 0};

	dtb_add_window(&ranges, laid->bar_ipa,
	               connection->device_count * (uint64_t)PV_VMM_BAR_BYTES);
	dtb_add_window(&ranges, laid->notify_ipa, connection->device_count * (uint64_t)GUEST_PAGE);
	dtb_begin_host_bridge(dtb, laid->ecam_ipa, laid->number, &ranges);
	dtb_u32(dtb, "msi-parent", DTB_PHANDLE_V2M);
	if (connection->swiotlb) {
		dtb_u32(dtb, "memory-region", pool_phandle(laid->number));
	}
	dtb_string(dtb, "peervisor,peer", dtb->layout->model->vms[connection->device_vm].name);
	dtb_end(dtb);
}

/* From where packets may come by the device: its driver VM, and what lies behind that. */
static void add_sources(struct dtb *dtb, uint32_t driver_vm, const struct device *device)
{
	struct arena *arena = arena_new();
	size_t count = 0;
	const struct route *routes = routes_behind(dtb->layout->model, driver_vm, &count, arena);
	char address[24];

	address_text(device->address[1], 32, address);
	const char *text = arena_printf(arena, "%s", address);

	for (size_t i = 0; i < count; i++) {
		address_text(routes[i].address, routes[i].prefix, address);
		text = arena_printf(arena, "%s %s", text, address);
	}
	dtb_string(dtb, "peervisor,sources", text);
	arena_free(arena);
}

static void add_net(struct dtb *dtb, uint32_t driver_vm, const struct device *device)
{
	dtb_bytes(dtb, "peervisor,mac", device->mac, sizeof(device->mac));
	if (device->tap) {
		dtb_string(dtb, "peervisor,tap", device->tap);
	}
	if (device->bridge) {
		dtb_string(dtb, "peervisor,bridge", device->bridge);
	}
	dtb_string(dtb, "peervisor,network", network_names[device->network]);
	if (device->address[0]) {
		char text[24];

		address_text(device->address[0], device->prefix, text);
		dtb_string(dtb, "peervisor,address", text);
	}
	if (device->address[1]) {
		add_sources(dtb, driver_vm, device);
	}
}

static void add_blk(struct dtb *dtb, const struct connection *connection,
                    const struct device *device)
{
	char name[DISK_NAME_BYTES];
	char path[sizeof(PV_BACKEND_DIRECTORY) + 1 + DISK_NAME_BYTES];
	const char *medium = device_medium(device);

	if (!medium) {
		disk_name(dtb->layout->model, connection, device, name);
		snprintf(path, sizeof(path), "%s/%s", PV_BACKEND_DIRECTORY, name);
	}
	dtb_string(dtb, "peervisor,disk", medium ? medium : path);
	dtb_string(dtb, "peervisor,format", device->format ? device->format : "raw");
	if (!device->disk) {
		dtb_flag(dtb, "peervisor,create");
	}
	dtb_u64(dtb, "peervisor,capacity", device->disk_bytes);
	if (medium) {
		dtb_u64(dtb, "peervisor,offset", device->offset);
	}
	if (device->readonly) {
		dtb_flag(dtb, "peervisor,readonly");
	} else if (!medium) {
		dtb_u64(dtb, "peervisor,reserve", device->grown_bytes);
	}
}

static void add_device(struct dtb *dtb, const struct connection *connection,
                       const struct layout_connection *laid, uint32_t index)
{
	const struct device *device = &connection->devices[index];
	const struct layout_device *numbers = &laid->devices[index];

	dtb_begin_at(dtb, "device", index);
	dtb_u32(dtb, "reg", index);
	dtb_string(dtb, "peervisor,type", personality_type_name(device->type));
	dtb_u32(dtb, "peervisor,first-queue", numbers->first_queue);
	dtb_u32(dtb, "peervisor,queues", numbers->personality.queue_count);
	dtb_u32(dtb, "peervisor,queue-size", device->queue_size);
	dtb_u64(dtb, "peervisor,features", numbers->personality.features);
	if (device->type == DEVICE_NET) {
		add_net(dtb, connection->driver_vm, device);
	} else if (device->type == DEVICE_BLK) {
		add_blk(dtb, connection, device);
		dtb_u64(dtb, "peervisor,inflight", numbers->inflight_at);
	} else if (device->type == DEVICE_VSOCK) {
		dtb_u64(dtb, "peervisor,cid", device->cid);
	} else if (device->type == DEVICE_FS) {
		dtb_string(dtb, "peervisor,tag", device->tag ? device->tag : "");
		if (device->dir) {
			dtb_string(dtb, "peervisor,dir", device->dir);
		}
	} else if (device->type == DEVICE_GPU) {
		dtb_u32(dtb, "peervisor,width", device->width);
		dtb_u32(dtb, "peervisor,height", device->height);
	}
	dtb_end(dtb);
}

static void add_served(struct dtb *dtb, size_t index)
{
	const struct connection *connection = &dtb->layout->model->connections[index];
	const struct layout_connection *laid = &dtb->layout->connections[index];
	struct dtb_cells reg = {.count = 0};
	struct dtb_cells interrupts = {.count = 0};

	dtb_add_range(&reg, laid->device_iobuf_ipa, GUEST_PAGE);
	dtb_add_range(&reg, laid->device_iobuf_ipa + GUEST_PAGE, GUEST_PAGE);
	dtb_add_range(&reg, laid->device_doorbell_ipa, GUEST_PAGE);
	dtb_add_range(&reg, laid->device_memory_ipa, laid->memory_bytes);
	for (uint32_t i = 0; i < 1 + laid->queue_count; i++) {
		dtb_add_u32(&interrupts, DTB_IRQ_SPI);
		dtb_add_u32(&interrupts, laid->device_intid + i - PV_SPI_FIRST);
		dtb_add_u32(&interrupts, DTB_IRQ_EDGE);
	}
	if (laid->inflight_bytes) {
		dtb_add_range(&reg, laid->device_inflight_ipa, laid->inflight_bytes);
	}
	dtb_begin_at(dtb, "connection", laid->device_iobuf_ipa);
	dtb_string(dtb, "compatible", "peervisor,connection");
	dtb_string(dtb, "peervisor,peer", dtb->layout->model->vms[connection->driver_vm].name);
	dtb_strings(dtb, "reg-names",
	            (const char *const[]){"control-in", "control-out", "doorbells", "memory",
	                                  laid->inflight_bytes ? "inflight" : NULL, NULL});
	dtb_cells(dtb, "reg", &reg);
	dtb_cells(dtb, "interrupts", &interrupts);
	dtb_u64(dtb, "peervisor,driver-address", laid->driver_memory_ipa);
	dtb_u32(dtb, "#address-cells", 1);
	dtb_u32(dtb, "#size-cells", 0);
	for (uint32_t i = 0; i < connection->device_count; i++) {
		add_device(dtb, connection, laid, i);
	}
	dtb_end(dtb);
}

void dtb_add_connections(struct dtb *dtb)
{
	const struct model *model = dtb->layout->model;

	for (size_t i = 0; i < model->connection_count; i++) {
		if (is_driver(dtb, i) && model->connections[i].device_count > 0) {
			add_host_bridge(dtb, i);
		}
		if (model->connections[i].device_vm == dtb->vm) {
			add_served(dtb, i);
		}
	}
}

/* "MAC=ADDRESS/PREFIX", and behind it ",GATEWAY" if the default route leads there. */
static const char *network_entry(struct arena *arena, const struct device *d, bool way_out)
{
	char address[24];

	address_text(d->address[1], d->prefix, address);
	const char *text =
		arena_printf(arena, "%02x:%02x:%02x:%02x:%02x:%02x=%s", d->mac[0], d->mac[1],
	                     d->mac[2], d->mac[3], d->mac[4], d->mac[5], address);

	if (way_out) {
		address_text(d->address[0], 32, address);
		*strchr(address, '/') = '\0';
		text = arena_printf(arena, "%s,%s", text, address);
	}
	return text;
}

/* An entry for each net device that the VM uses and for its network card, separated by blanks. */
void dtb_add_network(struct dtb *dtb)
{
	const struct model *model = dtb->layout->model;
	const struct device *way_out = routes_default(model, dtb->vm);
	struct arena *arena = arena_new();
	const char *text = "";

	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		for (size_t j = 0; j < connection->device_count && is_driver(dtb, i); j++) {
			const struct device *d = &connection->devices[j];

			if (d->type == DEVICE_NET && d->address[1]) {
				text = arena_printf(arena, "%s%s%s", text, text[0] ? " " : "",
				                    network_entry(arena, d, d == way_out));
			}
		}
	}
	const char *card = dtb_card_entry(dtb, way_out == NULL, arena);
	if (card) {
		text = arena_printf(arena, "%s%s%s", text, text[0] ? " " : "", card);
	}
	if (text[0]) {
		dtb_string(dtb, "peervisor,network", text);
	}
	arena_free(arena);
}

/* "NAME=ADDRESS" of each VM that this one reaches by a network, separated by blanks. */
void dtb_add_hosts(struct dtb *dtb)
{
	const struct model *model = dtb->layout->model;
	struct arena *arena = arena_new();
	size_t count = 0;
	const struct neighbour *list = routes_neighbours(model, dtb->vm, &count, arena);
	const char *text = "";

	for (size_t i = 0; i < count; i++) {
		char address[24];

		address_text(list[i].address, 32, address);
		*strchr(address, '/') = '\0';
		text = arena_printf(arena, "%s%s%s=%s", text, i == 0 ? "" : " ",
		                    model->vms[list[i].vm].name, address);
	}
	if (count != 0) {
		dtb_string(dtb, "peervisor,hosts", text);
	}
	arena_free(arena);
}

/* The disks that /init waits for, as PCI functions, separated by blanks. */
void dtb_add_disks(struct dtb *dtb)
{
	const struct model *model = dtb->layout->model;
	struct arena *arena = arena_new();
	const char *text = "";

	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];
		const struct layout_connection *laid = &dtb->layout->connections[i];

		for (size_t j = 0; j < connection->device_count; j++) {
			if (is_driver(dtb, i) && laid->is_awaited &&
			    connection->devices[j].type == DEVICE_BLK) {
				text = arena_printf(arena, "%s%s%04x:00:%02zx.0", text,
				                    text[0] ? " " : "", laid->number, j);
			}
		}
	}
	if (text[0]) {
		dtb_string(dtb, "peervisor,disks", text);
	}
	arena_free(arena);
}
