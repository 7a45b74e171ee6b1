/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains, vCPUs, doorbells and capabilities, a part of layout_new(). Each capability has its line
 * below; nothing else is ever granted:
 *
 *   every VM                          its vCPUs, its interrupts, its console channels
 *   device VM, for each connection    ring the control doorbell of the driver VM (its VMM is told)
 *                                     and the call of each queue: its guest's doorbell page
 *   driver VM, for each connection    ring the control doorbell of the device VM (for its VMM)
 *                                     and the kick of each queue: a doorbell page for each device;
 *                                     bind the calls of its queues to interrupts of its own
 *   VM with may_restart               tell the VMM of each VM in it to start, stop, restart: one
 *                                     doorbell page for all of them
 *   VM with physical functions        of each, the window on its configuration space and its
 *                                     stream, for its VMM
 */
#include <stdio.h>

#include "abi/calls.h"
#include "abi/mux.h"
#include "topo/image/layout_parts.h"

static void add_cap(struct layout *layout, enum pv_cap_type type, uint32_t object)
{
	struct layout_tables *t = &layout->tables;
	uint32_t i = layout_take(layout, "capabilities", &t->cap_count, PV_CAPS_MAX);

	t->caps[i] = (struct pv_cap){(uint32_t)type, object};
}

static void add_caps(struct layout *layout, enum pv_cap_type type, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		add_cap(layout, type, first + i);
	}
}

static void add_doorbell(struct layout *layout, uint32_t domain, enum pv_doorbell_kind kind,
                         uint32_t number)
{
	struct layout_tables *t = &layout->tables;
	uint32_t i = layout_take(layout, "doorbells", &t->doorbell_count, PV_DOORBELLS_MAX);

	t->doorbells[i] = (struct pv_doorbell){domain, (uint16_t)kind, (uint16_t)number};
}

/* The next @count capabilities are those of the next page of the domain's doorbell window. */
static void add_doorbell_page(struct layout *layout, uint32_t domain, uint32_t count)
{
	struct layout_tables *t = &layout->tables;
	uint32_t i = layout_take(layout, "doorbell pages", &t->doorbell_page_count,
	                         PV_DOORBELL_PAGES_MAX);

	t->doorbell_pages[i] = (struct pv_doorbell_page){domain, {t->cap_count, count}, 0};
}

/* docs/connection.md, "Numbers": number 0 is control, then the queues; first the device VM's. */
static void add_connection_doorbells(struct layout *layout, uint32_t index)
{
	const struct connection *connection = &layout->model->connections[index];
	struct layout_connection *laid = &layout->connections[index];

	laid->doorbell_first = layout->tables.doorbell_count;
	laid->event = PV_EVENT_DOORBELL + laid->number;
	for (uint32_t i = 0; i < 1 + laid->queue_count; i++) {
		add_doorbell(layout, connection->device_vm, PV_DOORBELL_VIRQ,
		             laid->device_intid + i);
	}
	add_doorbell(layout, connection->driver_vm, PV_DOORBELL_EVENT, laid->event);
	for (uint32_t i = 0; i < laid->queue_count; i++) {
		add_doorbell(layout, connection->driver_vm, PV_DOORBELL_VIRQ, 0);
	}
}

static void grant_served(struct layout *layout, uint32_t index)
{
	const struct layout_connection *laid = &layout->connections[index];
	uint32_t count = 1 + laid->queue_count;

	add_doorbell_page(layout, layout->model->connections[index].device_vm, count);
	add_caps(layout, PV_CAP_DOORBELL_SEND, laid->doorbell_first + count, count);
}

static void grant_used(struct layout *layout, uint32_t index, uint32_t cap_first)
{
	const struct connection *connection = &layout->model->connections[index];
	struct layout_connection *laid = &layout->connections[index];
	uint32_t kicks = laid->doorbell_first + 1;
	uint32_t calls = kicks + laid->queue_count + 1;

	laid->cap_ring = layout->tables.cap_count - cap_first;
	add_cap(layout, PV_CAP_DOORBELL_SEND, laid->doorbell_first);
	for (size_t i = 0; i < connection->device_count; i++) {
		struct layout_device *device = &laid->devices[i];
		uint32_t queues = device->personality.queue_count;

		add_doorbell_page(layout, connection->driver_vm, queues);
		device->cap_send_first = layout->tables.cap_count - cap_first;
		add_caps(layout, PV_CAP_DOORBELL_SEND, kicks + device->first_queue, queues);
		device->cap_recv_first = layout->tables.cap_count - cap_first;
		add_caps(layout, PV_CAP_DOORBELL_RECV, calls + device->first_queue, queues);
	}
}

/* A VM that others may restart listens to three doorbells, whoever rings them. */
static void add_request_doorbells(struct layout *layout)
{
	const struct model *model = layout->model;

	for (uint32_t i = 0; i < model->vm_count; i++) {
		for (size_t j = 0; j < model->vms[i].may_restart_count; j++) {
			layout->vms[model->vms[i].may_restart[j] - model->vms].managed = true;
		}
	}
	for (uint32_t i = 0; i < model->vm_count; i++) {
		layout->vms[i].request_first = layout->tables.doorbell_count;
		for (uint32_t r = 0; layout->vms[i].managed && r < REQUEST_COUNT; r++) {
			add_doorbell(layout, i, PV_DOORBELL_EVENT, LAYOUT_EVENT_REQUEST(r));
		}
	}
}

/* docs/guest.md, "Other VMs' lives": three words for each VM, in the order of may_restart. */
static void grant_requests(struct layout *layout, uint32_t vm)
{
	const struct vm *vms = layout->model->vms;
	uint32_t count = (uint32_t)vms[vm].may_restart_count;

	if (count != 0) {
		add_doorbell_page(layout, vm, REQUEST_COUNT * count);
	}
	for (uint32_t i = 0; i < count; i++) {
		add_caps(layout, PV_CAP_DOORBELL_SEND,
		         layout->vms[vms[vm].may_restart[i] - vms].request_first, REQUEST_COUNT);
	}
}

/* What the VMM has of the VM's physical functions. */
static void grant_functions(struct layout *layout, uint32_t vm, uint32_t cap_first)
{
	struct layout_hardware *hardware = &layout->hardware;
	const struct layout_tables *t = &layout->tables;

	for (uint32_t i = 0; i < hardware->function_count; i++) {
		struct layout_function *function = &hardware->functions[i];
		uint64_t page = board_config_page(layout->model->board) + function->id;

		for (uint32_t w = 0; function->vm == vm && w < t->window_count; w++) {
			if (t->windows[w].page == page) {
				function->cap_window = t->cap_count - cap_first;
				add_cap(layout, PV_CAP_WINDOW, w);
			}
		}
		for (uint32_t s = 0; function->vm == vm && s < t->stream_count; s++) {
			if (t->streams[s].id == function->id) {
				function->cap_stream = t->cap_count - cap_first;
				add_cap(layout, PV_CAP_STREAM, s);
			}
		}
	}
}

/* The own capabilities of a domain, then those of its connections, then those over other VMs. */
static void grant(struct layout *layout, uint32_t vm, struct pv_domain *domain)
{
	const struct model *model = layout->model;
	struct layout_vm *laid = &layout->vms[vm];
	uint32_t first = layout->tables.cap_count;

	laid->cap_vcpu_first = 0;
	add_caps(layout, PV_CAP_VCPU, domain->vcpus.first, domain->vcpus.count);
	laid->cap_vgic = layout->tables.cap_count - first;
	add_cap(layout, PV_CAP_VGIC, vm);
	laid->cap_console_first = layout->tables.cap_count - first;
	add_caps(layout, PV_CAP_CONSOLE, 0, domain->channel_count);
	for (uint32_t i = 0; i < model->connection_count; i++) {
		if (model->connections[i].device_vm == vm) {
			grant_served(layout, i);
		}
	}
	for (uint32_t i = 0; i < model->connection_count; i++) {
		if (model->connections[i].driver_vm == vm) {
			grant_used(layout, i, first);
		}
	}
	grant_requests(layout, vm);
	grant_functions(layout, vm, first);
	domain->caps = (struct pv_slice){first, layout->tables.cap_count - first};
}

static void add_vcpus(struct layout *layout, uint32_t vm, struct pv_domain *domain)
{
	const struct vm *source = &layout->model->vms[vm];
	struct layout_tables *t = &layout->tables;

	domain->vcpus = (struct pv_slice){t->vcpu_count, source->vcpu_count};
	for (uint32_t i = 0; i < source->vcpu_count; i++) {
		uint32_t at = layout_take(layout, "vCPUs", &t->vcpu_count, PV_VCPUS_MAX);

		t->vcpus[at] = (struct pv_vcpu){vm, (uint32_t)source->affinity[i]};
	}
}

static void add_domain(struct layout *layout, uint32_t vm)
{
	const struct vm *source = &layout->model->vms[vm];
	struct layout_tables *t = &layout->tables;
	uint32_t page_first = t->doorbell_page_count;
	struct pv_domain *domain =
		&t->domains[layout_take(layout, "VMs", &t->domain_count, PV_DOMAINS_MAX)];

	snprintf(domain->name, sizeof(domain->name), "%s", source->name);
	domain->flags = PV_DOMAIN_VMM_RESTARTS; /* it has the policy of its VM */
	domain->gicc_ipa_page = layout_gicv3(layout) ? 0 : GUEST_GICC_IPA >> PV_PAGE_SHIFT;
	domain->doorbell_ipa_page = (uint32_t)(layout->vms[vm].doorbell_ipa >> PV_PAGE_SHIFT);
	domain->priority = source->priority;
	domain->budget_us = source->budget_us;
	domain->period_us = source->period_us;
	domain->channel_first = 1 + PV_CONSOLE_COUNT * vm;
	domain->channel_count = source->agent ? PV_CONSOLE_COUNT : PV_CONSOLE_COUNT - 1;
	if (layout->vms[vm].msis_physical) {
		domain->msi_ipa_page = GUEST_V2M_IPA >> PV_PAGE_SHIFT;
		domain->msi_first = layout->vms[vm].v2m_first;
		domain->msi_count = layout->vms[vm].v2m_count;
	}
	add_vcpus(layout, vm, domain);
	grant(layout, vm, domain);
	domain->doorbell_pages = (struct pv_slice){page_first, t->doorbell_page_count - page_first};
}

_Static_assert(PV_CONSOLE_AGENT == PV_CONSOLE_COUNT - 1, "the channel that not all VMs have");
_Static_assert(1 + PV_CONSOLE_COUNT * PV_DOMAINS_MAX <= PV_CHANNELS_MAX, "channels");
_Static_assert(LAYOUT_EVENT_REQUEST(REQUEST_COUNT) <= 64, "event bits");
_Static_assert(REQUEST_COUNT *PV_DOMAINS_MAX <= PV_PAGE_BYTES / 4, "words of a doorbell page");

void layout_rights(struct layout *layout)
{
	for (uint32_t i = 0; i < layout->model->connection_count; i++) {
		layout->tables.filled_by = layout->model->connections[i].place;
		add_connection_doorbells(layout, i);
	}
	add_request_doorbells(layout);
	for (uint32_t i = 0; i < layout->model->vm_count; i++) {
		layout->tables.filled_by = layout->model->vms[i].place;
		add_domain(layout, i);
	}
}
