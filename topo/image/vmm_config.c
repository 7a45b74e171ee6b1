/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes what a VMM knows of its VM, see topo/image/vmm_config.h. Numbers go in the build host's
 * byte order, which is asserted to be that of the format.
 */
#include "topo/image/vmm_config.h"

#include <stdio.h>
#include <string.h>

#include "abi/calls.h"
#include "abi/loader.h"
#include "abi/mux.h"
#include "abi/vmm.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tables are copied as they are");

uint32_t vmm_config_bytes(const struct layout *layout, uint32_t vm)
{
	const struct layout_vm *laid = &layout->vms[vm];

	return (uint32_t)(sizeof(struct pv_vmm_config) +
	                  laid->used_count * sizeof(struct pv_vmm_connection) +
	                  laid->used_device_count * sizeof(struct pv_vmm_device) +
	                  laid->function_count * sizeof(struct pv_vmm_function));
}

static struct pv_vmm_uart uart(const struct layout_vm *laid, uint64_t ipa, uint32_t spi,
                               uint32_t channel)
{
	return (struct pv_vmm_uart){
		.ipa = ipa,
		.intid = PV_SPI_FIRST + spi,
		.cap = laid->cap_console_first + channel,
		.event = PV_EVENT_CONSOLE(channel),
	};
}

static const uint32_t restarts[] = {
	[RESTART_ON_FAILURE] = PV_VMM_RESTART_ON_FAILURE,
	[RESTART_ALWAYS] = PV_VMM_RESTART_ALWAYS,
	[RESTART_NO] = PV_VMM_RESTART_NO,
};

static void fill_life(const struct layout *layout, uint32_t vm, struct pv_vmm_config *config)
{
	const struct vm *source = &layout->model->vms[vm];
	const struct pv_domain *domain = &layout->tables.domains[vm];

	config->entry = domain->entry;
	config->entry_arg = domain->entry_arg + PV_LOADS_AGAIN;
	config->flags = source->autostart ? PV_VMM_AUTOSTART : 0;
	config->restart = restarts[source->restart];
	config->restart_limit = source->restart_limit;
	config->restart_delay_ms = source->restart_delay_ms;
	config->watchdog_ms = source->watchdog_s * 1000;
	config->event_log = PV_EVENT_CONSOLE(PV_CONSOLE_VMM);
	if (layout->vms[vm].managed) {
		config->event_start = LAYOUT_EVENT_REQUEST(REQUEST_START);
		config->event_stop = LAYOUT_EVENT_REQUEST(REQUEST_STOP);
		config->event_restart = LAYOUT_EVENT_REQUEST(REQUEST_RESTART);
	}
}

static void fill_head(const struct layout *layout, uint32_t vm, struct pv_vmm_config *config)
{
	const struct vm *source = &layout->model->vms[vm];
	const struct layout_vm *laid = &layout->vms[vm];

	config->magic = PV_VMM_MAGIC;
	config->version = PV_VMM_VERSION;
	config->bytes = vmm_config_bytes(layout, vm);
	snprintf(config->name, sizeof(config->name), "%s", source->name);
	config->vcpu_count = source->vcpu_count;
	config->connection_count = laid->used_count;
	config->device_count = laid->used_device_count;
	config->cap_vcpu_first = laid->cap_vcpu_first;
	config->cap_vgic = laid->cap_vgic;
	config->cap_log = laid->cap_console_first + PV_CONSOLE_VMM;
	config->gicd_ipa = GUEST_GICD_IPA;
	config->gicr_ipa = layout_gicv3(layout) ? GUEST_GICR_IPA : 0;
	config->function_count = laid->function_count;
	config->hw_ecam_ipa = laid->hw_ecam_ipa;
	config->v2m_ipa = laid->v2m_count ? GUEST_V2M_IPA : 0;
	config->v2m_first = laid->v2m_count ? laid->v2m_first : 0;
	config->v2m_count = laid->v2m_count;
	config->uarts[0] = uart(laid, GUEST_UART_IPA, GUEST_UART_SPI, PV_CONSOLE_TTY);
	if (source->agent) {
		config->uarts[1] = uart(laid, GUEST_AGENT_IPA, GUEST_AGENT_SPI, PV_CONSOLE_AGENT);
	}
	fill_life(layout, vm, config);
}

static void fill_device(const struct layout_connection *connection, uint32_t index,
                        const struct device *source, struct pv_vmm_device *out)
{
	const struct layout_device *device = &connection->devices[index];
	const struct personality *personality = &device->personality;

	*out = (struct pv_vmm_device){
		.connection = connection->number,
		.index = index,
		.slot = index,
		.type = personality->virtio_type,
		.queue_count = personality->queue_count,
		.queue_size = source->queue_size,
		.cap_recv_first = device->cap_recv_first,
		.config_bytes = personality->config_bytes,
		.cap_send_first = device->cap_send_first,
		.flags = connection->is_late && source->type == DEVICE_BLK ? PV_VMM_DEVICE_LATE : 0,
		.features = personality->features,
		.bar_ipa = device->bar_ipa,
		.notify_ipa = device->notify_ipa,
	};
	memcpy(out->config, personality->config, sizeof(out->config));
}

static void fill_connection(const struct layout *layout, uint32_t index, uint32_t device_first,
                            struct pv_vmm_connection *out)
{
	const struct connection *source = &layout->model->connections[index];
	const struct layout_connection *laid = &layout->connections[index];

	*out = (struct pv_vmm_connection){
		.ecam_ipa = laid->ecam_ipa,
		.page_out = laid->page_out_va,
		.page_in = laid->page_in_va,
		.cap_ring = laid->cap_ring,
		.event = laid->event,
		.device_first = device_first,
		.device_count = (uint32_t)source->device_count,
	};
	snprintf(out->peer, sizeof(out->peer), "%s", layout->model->vms[source->device_vm].name);
}

static void fill_function(const struct layout_function *function, struct pv_vmm_function *out)
{
	*out = (struct pv_vmm_function){
		.cap_window = function->cap_window,
		.cap_stream = function->cap_stream,
		.id = function->id,
		.slot = function->slot,
		.intx = function->virq,
	};
	for (uint32_t b = 0; b < PV_VMM_BARS; b++) {
		const struct layout_bar *bar = &function->bars[b];

		if (bar->bytes != 0) {
			out->bars[b] = (struct pv_vmm_bar){bar->ipa, bar->bus, bar->bytes};
		}
	}
}

static void write_functions(const struct layout *layout, uint32_t vm, uint8_t *out)
{
	for (uint32_t i = 0; i < layout->hardware.function_count; i++) {
		struct pv_vmm_function function;

		if (layout->hardware.functions[i].vm == vm) {
			fill_function(&layout->hardware.functions[i], &function);
			memcpy(out, &function, sizeof(function));
			out += sizeof(function);
		}
	}
}

void vmm_config_write(const struct layout *layout, uint32_t vm, uint8_t *out)
{
	const struct model *model = layout->model;
	struct pv_vmm_config config = {0};
	uint8_t *connections = out + sizeof(config);
	uint8_t *devices =
		connections + layout->vms[vm].used_count * sizeof(struct pv_vmm_connection);
	uint32_t device_first = 0;

	fill_head(layout, vm, &config);
	memcpy(out, &config, sizeof(config));
	for (uint32_t i = 0; i < model->connection_count; i++) {
		const struct connection *source = &model->connections[i];
		struct pv_vmm_connection connection;

		if (source->driver_vm != vm) {
			continue;
		}
		fill_connection(layout, i, device_first, &connection);
		memcpy(connections, &connection, sizeof(connection));
		connections += sizeof(connection);
		for (uint32_t j = 0; j < source->device_count; j++) {
			struct pv_vmm_device device;

			fill_device(&layout->connections[i], j, &source->devices[j], &device);
			memcpy(devices, &device, sizeof(device));
			devices += sizeof(device);
		}
		device_first += (uint32_t)source->device_count;
	}
	write_functions(layout, vm, devices);
}
