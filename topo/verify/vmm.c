/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each VMM is told of its VM (abi/vmm.h), for topo verify. Numbers that are the builder's to
 * choose (addresses, capability slots) are taken as they stand and held against the rights by
 * topo/verify/memory*.c and powers.c; everything else follows from the topology.
 */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "abi/calls.h"
#include "abi/mux.h"
#include "lib/bits.h"
#include "topo/model/board.h"
#include "topo/verify/hardware.h"
#include "topo/verify/life.h"
#include "topo/verify/waits.h"

static void bad(struct verify *v, const struct verified_vm *vm, const char *what)
{
	findings_add(v->report, FINDING_BROKEN, vm->who, "VMM configuration",
	             "%s has no configuration: %s", vm->who_vmm, what);
}

/* Copies of the arrays behind the head, as many as there are bytes for. */
static void read_arrays(struct verify *v, struct verified_vm *vm, struct bytes bytes)
{
	const struct pv_vmm_config *c = &vm->config;
	uint64_t connections = (uint64_t)c->connection_count * sizeof(struct pv_vmm_connection);
	uint64_t devices = (uint64_t)c->device_count * sizeof(struct pv_vmm_device);
	uint64_t functions = (uint64_t)c->function_count * sizeof(struct pv_vmm_function);

	if (sizeof(*c) + connections + devices + functions != c->bytes ||
	    !rom_trim(bytes, c->bytes).data) {
		bad(v, vm, "its parts have another size than it says");
		return;
	}
	struct pv_vmm_connection *views = arena_alloc(v->arena, connections + 1);
	struct pv_vmm_device *device_views = arena_alloc(v->arena, devices + 1);
	struct pv_vmm_function *function_views = arena_alloc(v->arena, functions + 1);

	memcpy(views, bytes.data + sizeof(*c), connections);
	memcpy(device_views, bytes.data + sizeof(*c) + connections, devices);
	memcpy(function_views, bytes.data + sizeof(*c) + connections + devices, functions);
	vm->views = views;
	vm->device_views = device_views;
	vm->function_views = function_views;
	vm->has_config = true;
}

static void read_config(struct verify *v, struct verified_vm *vm)
{
	const struct pv_domain *domain = &v->image->domains[vm->domain];
	struct hit hit;
	struct bytes bytes = rom_at(v, vm->domain, PV_SPACE_VMM, domain->vmm_arg, &hit);

	if (bytes.count < sizeof(vm->config)) {
		bad(v, vm, "nothing lies where it looks for it");
		return;
	}
	memcpy(&vm->config, bytes.data, sizeof(vm->config));
	if (vm->config.magic != PV_VMM_MAGIC || vm->config.version != PV_VMM_VERSION) {
		bad(v, vm, "what lies there is none of this version");
		return;
	}
	read_arrays(v, vm, bytes);
}

/* The connection of the driver VM's configuration that has the device VM's name. */
static void find_view(struct verify *v, struct wiring *wiring)
{
	const struct verified_vm *vm = &v->vms[wiring->source->driver_vm];
	const char *peer = v->model->vms[wiring->source->device_vm].name;

	for (uint32_t i = 0; vm->has_config && i < vm->config.connection_count; i++) {
		const struct pv_vmm_connection *view = &vm->views[i];

		if (strncmp(view->peer, peer, sizeof(view->peer)) != 0) {
			continue;
		}
		wiring->view = view;
		for (uint32_t j = 0; j < wiring->source->device_count && j < view->device_count;
		     j++) {
			if ((uint64_t)view->device_first + j < vm->config.device_count) {
				wiring->devices[j].view = &vm->device_views[view->device_first + j];
			}
		}
		return;
	}
}

/* What its VMM is told of a function, the first time. */
static void find_function(struct verify *v, struct given_function *function)
{
	const struct verified_vm *vm = &v->vms[function->vm];

	for (uint32_t i = 0; vm->has_config && i < vm->config.function_count; i++) {
		if (vm->function_views[i].id == function->id) {
			function->view = &vm->function_views[i];
			return;
		}
	}
}

void vmm_read_configs(struct verify *v)
{
	for (size_t i = 0; i < v->model->vm_count; i++) {
		if (v->vms[i].domain != DOMAIN_NONE) {
			read_config(v, &v->vms[i]);
		}
	}
	for (size_t i = 0; i < v->model->connection_count; i++) {
		find_view(v, &v->wirings[i]);
	}
	for (size_t i = 0; i < v->given->function_count; i++) {
		find_function(v, &v->given->functions[i]);
	}
}

/* A field of a structure, for a comparison that can name it. */
struct field {
	const char *name;
	size_t offset;
	size_t bytes;
};

#define FIELD(type, member)                                                                        \
	{                                                                                          \
#member, offsetof(struct type, member), sizeof(((struct type *)0)->member)         \
	}

static const struct field config_fields[] = {
	FIELD(pv_vmm_config, name),
	FIELD(pv_vmm_config, vcpu_count),
	FIELD(pv_vmm_config, connection_count),
	FIELD(pv_vmm_config, device_count),
	FIELD(pv_vmm_config, gicd_ipa),
	FIELD(pv_vmm_config, gicr_ipa),
	FIELD(pv_vmm_config, v2m_ipa),
	FIELD(pv_vmm_config, v2m_first),
	FIELD(pv_vmm_config, v2m_count),
	FIELD(pv_vmm_config, uarts[0].ipa),
	FIELD(pv_vmm_config, uarts[0].intid),
	FIELD(pv_vmm_config, uarts[0].event),
	FIELD(pv_vmm_config, uarts[0].reserved),
	FIELD(pv_vmm_config, uarts[1].ipa),
	FIELD(pv_vmm_config, uarts[1].intid),
	FIELD(pv_vmm_config, uarts[1].cap),
	FIELD(pv_vmm_config, uarts[1].event),
	FIELD(pv_vmm_config, uarts[1].reserved),
	FIELD(pv_vmm_config, entry),
	FIELD(pv_vmm_config, entry_arg),
	FIELD(pv_vmm_config, flags),
	FIELD(pv_vmm_config, restart),
	FIELD(pv_vmm_config, restart_limit),
	FIELD(pv_vmm_config, restart_delay_ms),
	FIELD(pv_vmm_config, watchdog_ms),
	FIELD(pv_vmm_config, event_log),
	FIELD(pv_vmm_config, event_start),
	FIELD(pv_vmm_config, event_stop),
	FIELD(pv_vmm_config, event_restart),
	FIELD(pv_vmm_config, function_count),
	FIELD(pv_vmm_config, hw_ecam_ipa),
	FIELD(pv_vmm_config, kept),
};

static const struct field connection_fields[] = {
	FIELD(pv_vmm_connection, peer),
	FIELD(pv_vmm_connection, device_first),
	FIELD(pv_vmm_connection, device_count),
};

static const struct field device_fields[] = {
	FIELD(pv_vmm_device, connection),   FIELD(pv_vmm_device, index),
	FIELD(pv_vmm_device, slot),         FIELD(pv_vmm_device, type),
	FIELD(pv_vmm_device, queue_count),  FIELD(pv_vmm_device, queue_size),
	FIELD(pv_vmm_device, config_bytes), FIELD(pv_vmm_device, flags),
	FIELD(pv_vmm_device, features),     FIELD(pv_vmm_device, bar_ipa),
	FIELD(pv_vmm_device, notify_ipa),   FIELD(pv_vmm_device, config),
};

/* A field's bytes, as a number when it is one. */
static const char *field_text(struct arena *arena, const uint8_t *bytes, size_t count)
{
	const char *text = "";
	uint64_t number = 0;

	if (count <= sizeof(number)) {
		memcpy(&number, bytes, count);
		return arena_printf(arena, "0x%" PRIx64, number);
	}
	for (size_t i = 0; i < count; i++) {
		text = arena_printf(arena, "%s%02x", text, bytes[i]);
	}
	return text;
}

/* A structure to compare, as a table of its fields. */
struct form {
	const struct field *fields;
	size_t count;
};

static const struct form config_form = {config_fields, ARRAY_COUNT(config_fields)};
static const struct form connection_form = {connection_fields, ARRAY_COUNT(connection_fields)};
static const struct form device_form = {device_fields, ARRAY_COUNT(device_fields)};

/* @where says which structure of its kind it is: " for connection a -> b". */
static void compare(struct verify *v, const struct verified_vm *vm, const char *where,
                    const struct form *form, const void *found, const void *wanted)
{
	const struct field *fields = form->fields;

	for (size_t i = 0; i < form->count; i++) {
		const uint8_t *is = (const uint8_t *)found + fields[i].offset;
		const uint8_t *should = (const uint8_t *)wanted + fields[i].offset;

		if (memcmp(is, should, fields[i].bytes) != 0) {
			findings_add(v->report, FINDING_DIFFERENT, vm->who, "VMM configuration",
			             "%s is told %s = %s%s; from the topology follows %s",
			             vm->who_vmm, fields[i].name,
			             field_text(v->arena, is, fields[i].bytes), where,
			             field_text(v->arena, should, fields[i].bytes));
		}
	}
}

bool vmm_has_frame(const struct verify *v, uint32_t vm)
{
	return v->vms[vm].vectors || given_vm_has_msis(v, vm);
}

/* Numbers of the MSI frame: one for each vector of a virtio device; of a physical function as many as
 * it has, but no more than one for each direction of a CPU, and two. */
static uint32_t frame_count(const struct verify *v, uint32_t index)
{
	const struct verified_vm *vm = &v->vms[index];
	uint32_t most = 2 * vm->source->vcpu_count + 2;
	uint32_t count = vm->vectors;
	bool known = true;

	for (size_t i = 0; i < v->given->function_count; i++) {
		const struct given_function *f = &v->given->functions[i];

		if (f->vm != index || !given_has_msis(f)) {
			continue;
		}
		known = known && f->model;
		count += !f->model ? 1 : f->model->vectors < most ? f->model->vectors : most;
	}
	return known || vm->config.v2m_count < count ? count : vm->config.v2m_count;
}

static void check_head(struct verify *v, uint32_t index)
{
	const struct verified_vm *vm = &v->vms[index];
	const struct pv_vmm_config *found = &vm->config;
	bool msis = vmm_has_frame(v, index);
	struct pv_vmm_config wanted = {
		.vcpu_count = vm->source->vcpu_count,
		.connection_count = vm->used,
		.device_count = vm->used_devices,
		.gicd_ipa = GICD_IPA,
		.gicr_ipa = v->model->board->gic_version == 3 ? GICR_IPA : 0,
		.v2m_ipa = msis ? V2M_IPA : 0,
		.v2m_first = msis ? found->v2m_first : 0,
		.v2m_count = frame_count(v, index),
		.uarts[0] = {UART_IPA, UART_INTID, 0, PV_EVENT_CONSOLE(PV_CONSOLE_TTY), 0},
		.function_count = given_count(v, index),
		.hw_ecam_ipa = given_count(v, index) ? found->hw_ecam_ipa : 0,
	};

	if (vm->source->agent) {
		wanted.uarts[1] = (struct pv_vmm_uart){AGENT_IPA, AGENT_INTID, found->uarts[1].cap,
		                                       PV_EVENT_CONSOLE(PV_CONSOLE_AGENT), 0};
	}
	life_want_config(v, vm, &wanted);
	strncpy(wanted.name, vm->source->name, sizeof(wanted.name) - 1);
	compare(v, vm, "", &config_form, found, &wanted);
	if (memcmp(found->seed, wanted.seed, sizeof(found->seed)) != 0) {
		/* Of a run's own copy; what it is, is nobody's business. */
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "VMM configuration",
		             "%s has a seed in the file: whoever has read it can foretell the "
		             "random numbers of %s",
		             vm->who_vmm, vm->who);
	}
}

static void check_device(struct verify *v, const struct wiring *wiring, uint32_t index,
                         const struct pv_vmm_device *first)
{
	const struct verified_vm *vm = &v->vms[wiring->source->driver_vm];
	const struct wiring_device *device = &wiring->devices[index];
	const struct virtio *virtio = &device->virtio;
	struct pv_vmm_device wanted = {
		.connection = (uint32_t)(wiring->view - vm->views),
		.index = index,
		.slot = index,
		.type = virtio->number,
		.queue_count = virtio->queues,
		.queue_size = device->source->queue_size,
		.config_bytes = virtio->config_bytes,
		/* The capacity of a disk is 0 until it is served, where the kernel does not wait. */
		.flags = device->source->type == DEVICE_BLK &&
	                 (waits_may_be_off(v, wiring->source) || waits_in_init(v, wiring->source)),
		.features = virtio->features,
		.bar_ipa = first->bar_ipa + (uint64_t)index * PV_VMM_BAR_BYTES,
		.notify_ipa = first->notify_ipa + index * PAGE,
	};

	memcpy(wanted.config, virtio->config, sizeof(wanted.config));
	compare(v, vm,
	        arena_printf(v->arena, " for device %u (%s) of connection %s", index, virtio->type,
	                     wiring->name),
	        &device_form, device->view, &wanted);
}

static void check_connection(struct verify *v, const struct wiring *wiring, uint32_t *device_first)
{
	const struct verified_vm *vm = &v->vms[wiring->source->driver_vm];
	struct pv_vmm_connection wanted = {
		.device_first = *device_first,
		.device_count = (uint32_t)wiring->source->device_count,
	};

	*device_first += wanted.device_count;
	if (!vm->has_config) {
		return;
	}
	if (!wiring->view) {
		findings_add(v->report, FINDING_MISSING, vm->who, "VMM configuration",
		             "%s is not told of connection %s", vm->who_vmm, wiring->name);
		return;
	}
	strncpy(wanted.peer, v->model->vms[wiring->source->device_vm].name,
	        sizeof(wanted.peer) - 1);
	compare(v, vm, arena_printf(v->arena, " for connection %s", wiring->name), &connection_form,
	        wiring->view, &wanted);
	for (uint32_t i = 0; i < wiring->source->device_count; i++) {
		if (wiring->devices[0].view && wiring->devices[i].view) {
			check_device(v, wiring, i, wiring->devices[0].view);
		}
	}
}

/* An address range or a range of interrupts that one guest's emulated machine uses. */
struct use {
	const char *what;
	uint64_t base;
	uint64_t count;
};

static void check_disjoint(struct verify *v, const struct verified_vm *vm, const struct use *uses,
                           size_t count, const char *unit)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			uint64_t end = uses[i].base + uses[i].count;
			uint64_t other_end = uses[j].base + uses[j].count;

			if (uses[i].count && uses[j].count && uses[i].base < other_end &&
			    uses[j].base < end) {
				findings_add(
					v->report, FINDING_BROKEN, vm->who, "VMM configuration",
					"in %s, %s and %s have the same %s, from 0x%" PRIx64,
					vm->who, uses[j].what, uses[i].what, unit,
					uses[i].base > uses[j].base ? uses[i].base : uses[j].base);
			}
		}
	}
}

/* Add what memory and registers the guest finds mapped. */
static void add_mapped(const struct verify *v, const struct verified_vm *vm, struct use **uses,
                       size_t *count)
{
	uint64_t page = decode_next_mapped(v->image, vm->domain, PV_SPACE_GUEST, 0);
	struct hit hit;

	while (page != UINT64_MAX &&
	       decode_translate(v->image, vm->domain, PV_SPACE_GUEST, page, &hit)) {
		*ARENA_ADD(v->arena, *uses, *count) =
			(struct use){"memory", page * PAGE, hit.run * PAGE};
		page = decode_next_mapped(v->image, vm->domain, PV_SPACE_GUEST, page + hit.run);
	}
	for (uint32_t i = 0; i < v->image->header.devices.count; i++) {
		const struct pv_device *d = &v->image->devices[i];

		if (d->domain == vm->domain && d->space == PV_SPACE_GUEST) {
			*ARENA_ADD(v->arena, *uses, *count) =
				(struct use){"registers", d->ipa_page * PAGE, d->page_count * PAGE};
		}
	}
}

/* Emulated registers must lie where the guest finds nothing else: there they would not trap. */
static void check_windows(struct verify *v, uint32_t index)
{
	const struct verified_vm *vm = &v->vms[index];
	const struct pv_domain *domain = &v->image->domains[vm->domain];
	struct use *uses = NULL;
	size_t count = 0;

	add_mapped(v, vm, &uses, &count);
	const bool v3 = v->model->board->gic_version == 3;

	*ARENA_ADD(v->arena, uses, count) =
		(struct use){"the distributor", GICD_IPA, v3 ? GICV3_BYTES : PAGE};
	*ARENA_ADD(v->arena, uses, count) =
		(struct use){"the CPU interface", GICC_IPA, v3 ? 0 : PV_GICC_PAGES * PAGE};
	*ARENA_ADD(v->arena, uses, count) = (struct use){
		"the redistributors", GICR_IPA, v3 ? vm->source->vcpu_count * GICR_BYTES : 0};
	*ARENA_ADD(v->arena, uses, count) =
		(struct use){"the MSI frame", V2M_IPA, vmm_has_frame(v, index) ? PAGE : 0};
	*ARENA_ADD(v->arena, uses, count) = (struct use){"the console", UART_IPA, PAGE};
	*ARENA_ADD(v->arena, uses, count) =
		(struct use){"the agent's channel", AGENT_IPA, vm->source->agent ? PAGE : 0};
	*ARENA_ADD(v->arena, uses, count) =
		(struct use){"the PCI configuration space of its hardware", vm->config.hw_ecam_ipa,
	                     given_count(v, index) ? ECAM_BYTES : 0};
	*ARENA_ADD(v->arena, uses, count) =
		(struct use){"the doorbell window", domain->doorbell_ipa_page * PAGE,
	                     domain->doorbell_pages.count * PAGE};
	for (size_t i = 0; i < v->model->connection_count; i++) {
		const struct wiring *wiring = &v->wirings[i];

		if (wiring->source->driver_vm != index || !wiring->view) {
			continue;
		}
		*ARENA_ADD(v->arena, uses, count) = (struct use){
			arena_printf(v->arena, "the PCI configuration space of %s", wiring->name),
			wiring->view->ecam_ipa, ECAM_BYTES};
		for (size_t j = 0; j < wiring->source->device_count; j++) {
			if (wiring->devices[j].view) {
				*ARENA_ADD(v->arena, uses, count) = (struct use){
					arena_printf(v->arena, "the registers of device %zu of %s",
				                     j, wiring->name),
					wiring->devices[j].view->bar_ipa, PV_VMM_BAR_BYTES};
			}
		}
	}
	check_disjoint(v, vm, uses, count, "addresses");
}

/* Interrupts of one guest: UARTs, kicks of the connections served, MSIs. */
static void check_interrupts(struct verify *v, uint32_t index)
{
	const struct verified_vm *vm = &v->vms[index];
	struct use *uses = NULL;
	size_t count = 0;

	*ARENA_ADD(v->arena, uses, count) = (struct use){"the console", UART_INTID, 1};
	*ARENA_ADD(v->arena, uses, count) =
		(struct use){"the agent's channel", AGENT_INTID, vm->source->agent ? 1 : 0};
	*ARENA_ADD(v->arena, uses, count) =
		(struct use){"the MSI frame", vm->config.v2m_first, vm->config.v2m_count};
	*ARENA_ADD(v->arena, uses, count) = (struct use){"what no SPI has", 0, PV_SPI_FIRST};
	*ARENA_ADD(v->arena, uses, count) = (struct use){"what no VM has", PV_VIRQS, UINT32_MAX};
	for (size_t i = 0; i < v->model->connection_count; i++) {
		const struct wiring *wiring = &v->wirings[i];

		for (uint32_t n = 0; wiring->source->device_vm == index && n <= wiring->queues;
		     n++) {
			if (wiring->intids[n]) {
				*ARENA_ADD(v->arena, uses, count) = (struct use){
					arena_printf(v->arena, "number %u of connection %s", n,
				                     wiring->name),
					wiring->intids[n], 1};
			}
		}
	}
	check_disjoint(v, vm, uses, count, "interrupts");
}

void vmm_check_configs(struct verify *v)
{
	for (uint32_t i = 0; i < v->model->vm_count; i++) {
		uint32_t device_first = 0;

		for (size_t j = 0; j < v->model->connection_count; j++) {
			if (v->model->connections[j].driver_vm == i) {
				check_connection(v, &v->wirings[j], &device_first);
			}
		}
		if (v->vms[i].has_config) {
			check_head(v, i);
			check_windows(v, i);
			check_interrupts(v, i);
		}
	}
}
