/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame of the layout, see topo/image/layout.h: checks what the later parts rely on (limits of
 * abi/limits.h and abi/vmm.h), then runs them. The limits are those of one built system; a
 * topology that breaks one may still be checked and analysed.
 */
#include "topo/image/layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/image/layout_parts.h"
#include "topo/model/board.h"

/* The process ends when there is no memory: nothing could be said in a useful way. */
static void *allocate(size_t count, size_t bytes)
{
	void *memory = calloc(count ? count : 1, bytes);

	if (!memory) {
		fprintf(stderr, "topo: no memory for the layout\n");
		exit(3);
	}
	return memory;
}

uint32_t layout_take(struct layout *layout, const char *name, uint32_t *count, uint32_t limit)
{
	if (*count == limit) {
		if (layout->tables.full == NULL) {
			layout->tables.full = name;
			layout->tables.full_at = limit;
			layout->tables.full_before = layout->tables.filled_by;
		}
		return limit - 1;
	}
	return (*count)++;
}

bool layout_complete(const struct layout *layout, struct diag *diag)
{
	const struct layout_tables *t = &layout->tables;

	if (t->full != NULL) {
		diag_error(diag, t->full_before, "the kernel's table of %u %s has no room for this",
		           t->full_at, t->full);
		diag_help(diag, "a system of fewer VMs, connections or devices has room");
	}
	return t->full == NULL;
}

static void check_name(const struct vm *vm, struct diag *diag)
{
	struct pv_domain domain;

	if (strlen(vm->name) >= sizeof(domain.name)) {
		diag_error(diag, vm->place, "the name '%s' is longer than %zu bytes", vm->name,
		           sizeof(domain.name) - 1);
	}
	for (const char *c = vm->name; *c; c++) {
		if (*c <= ' ' || *c > '~') {
			diag_error(diag, vm->place,
			           "the name '%s' has a character that is not printable ASCII",
			           vm->name);
			break;
		}
	}
}

static void check_vm(const struct layout *layout, const struct vm *vm, uint32_t *slots,
                     struct diag *diag)
{
	check_name(vm, diag);
	if (vm->vcpu_count == 0 || vm->vcpu_count > PV_DOMAIN_VCPUS_MAX) {
		diag_error(diag, vm->place, "'%s' has %u vCPUs; a VM has 1 to %u", vm->name,
		           vm->vcpu_count, PV_DOMAIN_VCPUS_MAX);
		return;
	}
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		uint32_t cpu = (uint32_t)vm->affinity[i];

		if (cpu >= layout->model->cpu_count) {
			diag_error(diag, vm->place,
			           "vCPU %u of '%s' is pinned to CPU %d; there are CPU 0 to %u", i,
			           vm->name, vm->affinity[i], layout->model->cpu_count - 1);
			continue;
		}
		slots[cpu]++;
		if (slots[cpu] == PV_CPU_SLOTS_MAX + 1) {
			diag_error(diag, vm->place, "more than %u vCPUs are pinned to CPU %u",
			           PV_CPU_SLOTS_MAX, cpu);
		}
	}
}

static void count_connection(struct layout *layout, const struct connection *connection,
                             struct diag *diag)
{
	struct layout_vm *driver = &layout->vms[connection->driver_vm];

	layout->vms[connection->device_vm].served_count++;
	driver->used_count++;
	driver->used_device_count += (uint32_t)connection->device_count;
	if (driver->used_count == PV_VMM_CONNECTIONS_MAX + 1) {
		diag_error(diag, connection->place, "'%s' is driver VM of more than %u connections",
		           layout->model->vms[connection->driver_vm].name, PV_VMM_CONNECTIONS_MAX);
	}
	if (driver->used_device_count > PV_VMM_DEVICES_MAX &&
	    driver->used_device_count - connection->device_count <= PV_VMM_DEVICES_MAX) {
		diag_error(diag, connection->place, "'%s' has more than %u virtio devices",
		           layout->model->vms[connection->driver_vm].name, PV_VMM_DEVICES_MAX);
	}
	if (connection->swiotlb &&
	    (connection->pool_bytes == 0 || !is_aligned(connection->pool_bytes, PV_PAGE_BYTES))) {
		diag_error(diag, connection->place,
		           "the pool has %" PRIu64 " bytes; it must be a multiple of %u",
		           connection->pool_bytes, PV_PAGE_BYTES);
	}
}

/* All counts that the later parts take for granted. */
static void check_limits(struct layout *layout, struct diag *diag)
{
	const struct model *model = layout->model;
	uint32_t slots[PV_CPUS_MAX] = {0};
	uint32_t vcpus = 0;

	(void)payloads_board_runs(model->board, diag);
	if (model->vm_count == 0 || model->vm_count > PV_DOMAINS_MAX) {
		diag_error(diag, PLACE_NONE, "the topology has %zu VMs; a system has 1 to %u",
		           model->vm_count, PV_DOMAINS_MAX);
	}
	if (model->cpu_count == 0 || model->cpu_count > PV_CPUS_MAX) {
		diag_error(diag, PLACE_NONE, "a system uses 1 to %u physical CPUs, not %u",
		           PV_CPUS_MAX, model->cpu_count);
		return;
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		check_vm(layout, &model->vms[i], slots, diag);
		vcpus += model->vms[i].vcpu_count;
	}
	if (vcpus > PV_VCPUS_MAX) {
		diag_error(diag, PLACE_NONE, "the VMs have %u vCPUs; a system has %u at most",
		           vcpus, PV_VCPUS_MAX);
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		count_connection(layout, &model->connections[i], diag);
	}
}

static struct layout *allocate_layout(const struct model *model, const struct payloads *payloads)
{
	struct layout *layout = allocate(1, sizeof(*layout));

	layout->model = model;
	layout->payloads = payloads;
	layout->vms = allocate(model->vm_count, sizeof(*layout->vms));
	for (size_t i = 0; i < model->vm_count; i++) {
		layout->vms[i].config_rom = layout->vms[i].loads_rom = NO_ROM;
		for (uint32_t j = 0; j < VMM_SEGMENTS_MAX; j++) {
			layout->vms[i].segment_roms[j] = NO_ROM;
		}
	}
	layout->connections = allocate(model->connection_count, sizeof(*layout->connections));
	for (size_t i = 0; i < model->connection_count; i++) {
		layout->connections[i].devices =
			allocate(model->connections[i].device_count, sizeof(struct layout_device));
	}
	return layout;
}

/* All of layout_new() but what gives the layout back. Returns whether the topology fits. */
static bool lay_out(struct layout *layout, struct diag *diag)
{
	size_t errors = diag_count(diag, SEVERITY_ERROR);

	check_limits(layout, diag);
	if (diag_count(diag, SEVERITY_ERROR) == errors) {
		layout_queues(layout, diag);
		layout_hardware(layout, diag);
		(void)layout_complete(layout, diag);
	}
	if (diag_count(diag, SEVERITY_ERROR) == errors) {
		layout_guests(layout, diag);
	}
	if (diag_count(diag, SEVERITY_ERROR) == errors) {
		layout_hardware_tables(layout);
		layout_rights(layout);
		(void)layout_complete(layout, diag);
	}
	return diag_count(diag, SEVERITY_ERROR) == errors;
}

struct layout *layout_new(const struct model *model, const struct payloads *payloads,
                          struct diag *diag)
{
	struct layout *layout = allocate_layout(model, payloads);

	if (!lay_out(layout, diag)) {
		layout_free(layout);
		return NULL;
	}
	return layout;
}

/* Pieces of the image: its VMM's data and configuration, what is loaded, the device tree. */
#define ROMS_OF_A_VM 4U

bool layout_fits(const struct model *model, struct diag *diag)
{
	struct payloads nothing = {.vms = NULL};
	struct layout *layout = allocate_layout(model, &nothing);
	struct diag *unsaid = diag_new();

	if (lay_out(layout, unsaid)) {
		/* Those that each VM has, whatever it boots: image.c adds them by their contents. */
		for (size_t i = 0; i < ROMS_OF_A_VM * model->vm_count; i++) {
			(void)layout_add_rom(layout, PV_PAGE_BYTES);
		}
		layout_memory(layout);
	}
	bool fits = layout_complete(layout, diag);

	diag_free(unsaid);
	layout_free(layout);
	return fits;
}

bool layout_gicv3(const struct layout *layout)
{
	return layout->model->board->gic_version == 3;
}

void layout_free(struct layout *layout)
{
	if (!layout) {
		return;
	}
	for (size_t i = 0; i < layout->model->connection_count; i++) {
		free(layout->connections[i].devices);
	}
	free(layout->connections);
	free(layout->vms);
	free(layout);
}
