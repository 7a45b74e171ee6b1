/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections in the device trees of both sides (docs/connection.md), for topo verify. The node of
 * a connection is found by the name of its peer; the addresses in it are taken as they stand, to
 * be held against the rights, and everything else follows from the topology.
 */
#include <inttypes.h>
#include <string.h>

#include "abi/backend.h"
#include "topo/model/medium.h"
#include "topo/model/routes.h"
#include "topo/verify/guest.h"

#define PCI_MEMORY_32 0x02000000U /* PCI Bus Binding 2.2.1.1: not prefetchable */
#define EDGE 1U

/* docs/guest.md: at the end of a VM's RAM. */
#define AGENT_WINDOW_BYTES UINT64_C(0x10000)

/* The child of the root whose name begins with @kind and whose peer is @peer. */
static const char *find_node(const struct tree *tree, const char *kind, const char *peer)
{
	for (size_t i = 0; i < tree->count; i++) {
		const struct property *p = &tree->properties[i];

		if (strncmp(p->node + 1, kind, strlen(kind)) == 0 &&
		    strcmp(p->name, "peervisor,peer") == 0 && tree_is(p, peer) &&
		    !strchr(p->node + 1, '/')) {
			return p->node;
		}
	}
	return NULL;
}

/* Cell @at, unless the topology gives the value. */
static void learn64(uint64_t *value, const struct property *property, size_t at)
{
	if (*value == IPA_UNKNOWN && !tree_cell64(property, at, value)) {
		*value = IPA_UNKNOWN;
	}
}

static void learn_served(struct verify *v, uint32_t vm, struct wiring *wiring)
{
	const struct tree *tree = &v->vms[vm].tree;

	wiring->node =
		find_node(tree, "connection@", v->model->vms[wiring->source->driver_vm].name);
	if (!wiring->node) {
		return; /* the comparison says so */
	}
	const struct property *reg = tree_find(tree, wiring->node, "reg");
	const struct property *interrupts = tree_find(tree, wiring->node, "interrupts");

	learn64(&wiring->page_ipa[0], reg, 0);
	learn64(&wiring->page_ipa[1], reg, 4);
	learn64(&wiring->doorbell_ipa, reg, 8);
	learn64(&wiring->memory_ipa, reg, 12);
	learn64(&wiring->inflight_ipa, reg, 16);
	for (uint32_t i = 0; i <= wiring->queues; i++) {
		uint32_t spi;

		if (tree_cell(interrupts, 3 * (size_t)i + 1, &spi) &&
		    spi < PV_VIRQS - PV_SPI_FIRST) {
			wiring->intids[i] = PV_SPI_FIRST + spi;
		}
	}
}

/* The node of the pool that the host bridge @bridge refers to. */
static const char *find_pool(const struct tree *tree, const char *bridge)
{
	uint32_t reference;
	uint32_t phandle;

	if (!bridge || !tree_cell(tree_find(tree, bridge, "memory-region"), 0, &reference)) {
		return NULL;
	}
	for (size_t i = 0; i < tree->count; i++) {
		const struct property *p = &tree->properties[i];

		if (strcmp(p->name, "phandle") == 0 && tree_cell(p, 0, &phandle) &&
		    phandle == reference && strncmp(p->node, "/reserved-memory/", 17) == 0) {
			return p->node;
		}
	}
	return NULL;
}

static void learn_used(struct verify *v, uint32_t vm, struct wiring *wiring)
{
	const struct tree *tree = &v->vms[vm].tree;
	const char *bridge =
		find_node(tree, "pcie@", v->model->vms[wiring->source->device_vm].name);
	const char *pool = find_pool(tree, bridge);

	if (wiring->source->swiotlb && pool) {
		learn64(&wiring->pool_ipa, tree_find(tree, pool, "reg"), 0);
	}
}

/* A connection without devices has no host bridge, but a pool: one that no bridge refers to. */
static void learn_unused_pool(struct verify *v, uint32_t vm, struct wiring *wiring)
{
	const struct tree *tree = &v->vms[vm].tree;

	for (size_t i = 0; i < tree->count && wiring->pool_ipa == IPA_UNKNOWN; i++) {
		const struct property *p = &tree->properties[i];
		uint64_t base;
		bool taken = false;

		if (strncmp(p->node, "/reserved-memory/pool@", 22) != 0 ||
		    strcmp(p->name, "reg") != 0 || !tree_cell64(p, 0, &base)) {
			continue;
		}
		for (size_t j = 0; j < v->model->connection_count; j++) {
			taken = taken || (v->model->connections[j].driver_vm == vm &&
			                  v->wirings[j].pool_ipa == base);
		}
		if (!taken) {
			wiring->pool_ipa = base;
		}
	}
}

void guest_learn_connections(struct verify *v, uint32_t vm)
{
	for (size_t i = 0; i < v->model->connection_count; i++) {
		struct wiring *wiring = &v->wirings[i];

		if (wiring->source->device_vm == vm) {
			learn_served(v, vm, wiring);
		}
		if (wiring->source->driver_vm == vm) {
			learn_used(v, vm, wiring);
		}
	}
	for (size_t i = 0; i < v->model->connection_count; i++) {
		struct wiring *wiring = &v->wirings[i];

		if (wiring->source->driver_vm == vm && wiring->source->swiotlb &&
		    wiring->source->device_count == 0) {
			learn_unused_pool(v, vm, wiring);
		}
	}
}

/* Is region @region of the size of the pool, and mapped by exactly both guests, in the device VM
 * where it should be? Then @ipa is where the driver VM has it. */
static bool could_be_pool(const struct verify *v, const struct wiring *wiring, uint32_t region,
                          uint64_t *ipa)
{
	struct pv_slice slice = decode_mappings(v->image, region);
	uint32_t device = v->vms[wiring->source->device_vm].domain;
	uint32_t driver = v->vms[wiring->source->driver_vm].domain;
	bool device_there = false;
	bool driver_there = false;

	if (slice.count != 2 ||
	    v->image->regions[region].page_count != wiring->memory_bytes / PAGE) {
		return false;
	}
	for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
		const struct pv_mapping *m = &v->image->mappings[i];

		if (m->domain == device && m->space == PV_SPACE_GUEST &&
		    (wiring->memory_ipa == IPA_UNKNOWN ||
		     wiring->memory_ipa == m->ipa_page * PAGE)) {
			device_there = true;
		} else if (m->domain == driver && m->space == PV_SPACE_GUEST) {
			driver_there = true;
			*ipa = m->ipa_page * PAGE;
		}
	}
	return device_there && driver_there;
}

void guest_find_pools(struct verify *v)
{
	for (size_t i = 0; i < v->model->connection_count; i++) {
		struct wiring *wiring = &v->wirings[i];

		for (uint32_t r = 0; wiring->source->swiotlb && wiring->pool_ipa == IPA_UNKNOWN &&
		                     !v->vms[wiring->source->driver_vm].own_tree &&
		                     r < v->image->header.regions.count;
		     r++) {
			uint64_t ipa = IPA_UNKNOWN;

			if (could_be_pool(v, wiring, r, &ipa)) {
				wiring->pool_ipa = ipa;
			}
		}
	}
}

static void want_window(struct cells *ranges, uint64_t ipa, uint64_t bytes)
{
	cells_add(ranges, PCI_MEMORY_32);
	cells_add64(ranges, ipa);
	cells_add64(ranges, ipa);
	cells_add64(ranges, bytes);
}

static void want_reserved_memory(struct tree *wanted)
{
	if (!tree_find(wanted, "/reserved-memory", "")) {
		tree_want_node(wanted, "/reserved-memory");
		tree_want_u32(wanted, "/reserved-memory", "#address-cells", 2);
		tree_want_u32(wanted, "/reserved-memory", "#size-cells", 2);
		tree_want_flag(wanted, "/reserved-memory", "ranges");
	}
}

void guest_want_agent_window(const struct verified_vm *vm, struct tree *wanted)
{
	const uint64_t ipa = vm->source->ram_base + vm->source->ram_bytes - AGENT_WINDOW_BYTES;
	const char *node = arena_printf(wanted->arena, "/reserved-memory/agent@%" PRIx64, ipa);

	if (!vm->source->agent) {
		return;
	}
	want_reserved_memory(wanted);
	tree_want_node(wanted, node);
	tree_want_string(wanted, node, "compatible", "peervisor,agent-window");
	guest_want_reg(wanted, node, ipa, AGENT_WINDOW_BYTES);
}

static void want_pool(struct verify *v, uint32_t vm, const struct wiring *wiring,
                      struct tree *wanted, uint32_t *phandle)
{
	const char *node =
		arena_printf(v->arena, "/reserved-memory/pool@%" PRIx64, wiring->pool_ipa);
	struct cells reg = {.arena = v->arena};

	want_reserved_memory(wanted);
	*phandle = 0;
	(void)tree_cell(tree_find(&v->vms[vm].tree, node, "phandle"), 0, phandle);
	cells_add64(&reg, wiring->pool_ipa);
	cells_add64(&reg, wiring->memory_bytes);
	tree_want_node(wanted, node);
	tree_want_string(wanted, node, "compatible", "restricted-dma-pool");
	tree_want_cells(wanted, node, "reg", &reg);
	tree_want_u32(wanted, node, "phandle", *phandle);
}

/* The addresses of registers and doorbells are those that the VM's own VMM is told. */
static void want_bridge(struct verify *v, const struct wiring *wiring, uint32_t v2m_phandle,
                        uint32_t pool_phandle, struct tree *wanted)
{
	const struct pv_vmm_device *first = wiring->devices[0].view;
	struct cells reg = {.arena = v->arena};
	struct cells buses = {.arena = v->arena};
	struct cells ranges = {.arena = v->arena};
	const char *node;

	if (!wiring->view || !first) {
		return; /* vmm.c says that the VMM does not know of it */
	}
	node = arena_printf(v->arena, "/pcie@%" PRIx64, wiring->view->ecam_ipa);
	cells_add64(&reg, wiring->view->ecam_ipa);
	cells_add64(&reg, ECAM_BYTES);
	cells_add64(&buses, 0);
	want_window(&ranges, first->bar_ipa,
	            wiring->source->device_count * (uint64_t)PV_VMM_BAR_BYTES);
	want_window(&ranges, first->notify_ipa, wiring->source->device_count * PAGE);
	tree_want_node(wanted, node);
	tree_want_string(wanted, node, "compatible", "pci-host-ecam-generic");
	tree_want_string(wanted, node, "device_type", "pci");
	tree_want_cells(wanted, node, "reg", &reg);
	tree_want_cells(wanted, node, "bus-range", &buses);
	tree_want_u32(wanted, node, "linux,pci-domain", wiring->number);
	tree_want_u32(wanted, node, "#address-cells", 3);
	tree_want_u32(wanted, node, "#size-cells", 2);
	tree_want_cells(wanted, node, "ranges", &ranges);
	tree_want_flag(wanted, node, "dma-coherent");
	tree_want_u32(wanted, node, "msi-parent", v2m_phandle);
	if (wiring->source->swiotlb) {
		tree_want_u32(wanted, node, "memory-region", pool_phandle);
	}
	tree_want_string(wanted, node, "peervisor,peer",
	                 v->model->vms[wiring->source->device_vm].name);
}

static const char *subnet_text(struct tree *wanted, uint32_t a, uint32_t prefix)
{
	return arena_printf(wanted->arena, "%u.%u.%u.%u/%u", a >> 24, a >> 16 & 255, a >> 8 & 255,
	                    a & 255, prefix);
}

/* The driver VM's address, and what lies behind that VM. */
static const char *sources_text(const struct model *model, uint32_t driver_vm, struct tree *wanted,
                                const struct device *device)
{
	size_t count = 0;
	const struct route *routes = routes_behind(model, driver_vm, &count, wanted->arena);
	const char *text = subnet_text(wanted, device->address[1], 32);

	for (size_t i = 0; i < count; i++) {
		text = arena_printf(wanted->arena, "%s %s", text,
		                    subnet_text(wanted, routes[i].address, routes[i].prefix));
	}
	return text;
}

static void want_net(const struct verify *v, uint32_t wiring, struct tree *wanted, const char *node,
                     const struct device *device)
{
	static const char *const networks[] = {
		[NETWORK_BRIDGE] = "bridge",
		[NETWORK_NAT] = "nat",
		[NETWORK_ISOLATED] = "isolated",
		[NETWORK_ROUTED] = "routed",
	};

	tree_want(wanted, node, "peervisor,mac", (struct bytes){device->mac, sizeof(device->mac)});
	tree_want_string(wanted, node, "peervisor,network", networks[device->network]);
	if (device->tap) {
		tree_want_string(wanted, node, "peervisor,tap", device->tap);
	}
	if (device->bridge) {
		tree_want_string(wanted, node, "peervisor,bridge", device->bridge);
	}
	if (device->address[0]) {
		tree_want_string(wanted, node, "peervisor,address",
		                 subnet_text(wanted, device->address[0], device->prefix));
	}
	if (device->address[1]) {
		tree_want_string(wanted, node, "peervisor,sources",
		                 sources_text(v->model, v->model->connections[wiring].driver_vm,
		                              wanted, device));
	}
}

static void want_options(struct verify *v, uint32_t wiring, uint32_t index, const char *node,
                         struct tree *wanted)
{
	const struct device *device = &v->model->connections[wiring].devices[index];

	if (device->type == DEVICE_NET) {
		want_net(v, wiring, wanted, node, device);
	} else if (device->type == DEVICE_BLK) {
		const char *medium = device_medium(device);

		tree_want_string(wanted, node, "peervisor,disk",
		                 medium ? medium : archive_disk_path(v, wiring, index));
		tree_want_string(wanted, node, "peervisor,format",
		                 device->format ? device->format : "raw");
		tree_want_u64(wanted, node, "peervisor,capacity", device->disk_bytes);
		if (!device->disk) {
			tree_want_flag(wanted, node, "peervisor,create");
		}
		if (medium) {
			tree_want_u64(wanted, node, "peervisor,offset", device->offset);
		}
		if (device->readonly) {
			tree_want_flag(wanted, node, "peervisor,readonly");
		} else if (!medium) {
			tree_want_u64(wanted, node, "peervisor,reserve", device->grown_bytes);
		}
	} else if (device->type == DEVICE_VSOCK) {
		tree_want_u64(wanted, node, "peervisor,cid", device->cid);
	} else if (device->type == DEVICE_FS) {
		tree_want_string(wanted, node, "peervisor,tag", device->tag ? device->tag : "");
	} else if (device->type == DEVICE_GPU) {
		tree_want_u32(wanted, node, "peervisor,width", device->width);
		tree_want_u32(wanted, node, "peervisor,height", device->height);
	}
}

static void want_device(struct verify *v, uint32_t index, uint32_t number, const char *parent,
                        struct tree *wanted, uint64_t *inflight)
{
	const struct wiring_device *device = &v->wirings[index].devices[number];
	const char *node = arena_printf(v->arena, "%s/device@%x", parent, number);

	tree_want_node(wanted, node);
	tree_want_u32(wanted, node, "reg", number);
	tree_want_string(wanted, node, "peervisor,type", device->virtio.type);
	tree_want_u32(wanted, node, "peervisor,first-queue", device->first_queue);
	tree_want_u32(wanted, node, "peervisor,queues", device->virtio.queues);
	tree_want_u32(wanted, node, "peervisor,queue-size", device->source->queue_size);
	tree_want_u64(wanted, node, "peervisor,features", device->virtio.features);
	want_options(v, index, number, node, wanted);
	if (device->source->type == DEVICE_BLK) {
		tree_want_u64(wanted, node, "peervisor,inflight", *inflight);
		*inflight += PV_BACKEND_INFLIGHT_BYTES(device->virtio.queues,
		                                       device->source->queue_size);
	}
}

/* Interrupts are wanted as the tree has them, one edge-triggered SPI for each number; powers.c
 * looks whether the doorbells raise these. */
static void want_served(struct verify *v, uint32_t index, struct tree *wanted)
{
	const struct wiring *wiring = &v->wirings[index];
	const char *node = arena_printf(v->arena, "/connection@%" PRIx64, wiring->page_ipa[0]);
	struct cells reg = {.arena = v->arena};
	struct cells interrupts = {.arena = v->arena};
	uint64_t inflight = 0; /* bytes of the devices so far */

	cells_add64(&reg, wiring->page_ipa[0]);
	cells_add64(&reg, PAGE);
	cells_add64(&reg, wiring->page_ipa[1]);
	cells_add64(&reg, PAGE);
	cells_add64(&reg, wiring->doorbell_ipa);
	cells_add64(&reg, PAGE);
	cells_add64(&reg, wiring->memory_ipa);
	cells_add64(&reg, wiring->memory_bytes);
	if (wiring->inflight_bytes) {
		cells_add64(&reg, wiring->inflight_ipa);
		cells_add64(&reg, wiring->inflight_bytes);
	}
	for (uint32_t i = 0; i <= wiring->queues; i++) {
		cells_add(&interrupts, 0);
		cells_add(&interrupts, wiring->intids[i] - PV_SPI_FIRST);
		cells_add(&interrupts, EDGE);
	}
	tree_want_node(wanted, node);
	tree_want_string(wanted, node, "compatible", "peervisor,connection");
	tree_want_string(wanted, node, "peervisor,peer",
	                 v->model->vms[wiring->source->driver_vm].name);
	tree_want_strings(wanted, node, "reg-names",
	                  (const char *const[]){"control-in", "control-out", "doorbells", "memory",
	                                        wiring->inflight_bytes ? "inflight" : NULL, NULL});
	tree_want_cells(wanted, node, "reg", &reg);
	tree_want_cells(wanted, node, "interrupts", &interrupts);
	tree_want_u64(wanted, node, "peervisor,driver-address", wiring->pool_ipa);
	tree_want_u32(wanted, node, "#address-cells", 1);
	tree_want_u32(wanted, node, "#size-cells", 0);
	for (uint32_t i = 0; i < wiring->source->device_count; i++) {
		want_device(v, index, i, node, wanted, &inflight);
	}
}

void guest_want_connections(struct verify *v, uint32_t vm, uint32_t v2m_phandle,
                            struct tree *wanted)
{
	for (uint32_t i = 0; i < v->model->connection_count; i++) {
		const struct wiring *wiring = &v->wirings[i];
		uint32_t pool_phandle = 0;

		if (wiring->source->driver_vm == vm && wiring->source->swiotlb) {
			want_pool(v, vm, wiring, wanted, &pool_phandle);
		}
		if (wiring->source->driver_vm == vm && wiring->source->device_count) {
			want_bridge(v, wiring, v2m_phandle, pool_phandle, wanted);
		}
		if (wiring->source->device_vm == vm) {
			want_served(v, i, wanted);
		}
	}
}
