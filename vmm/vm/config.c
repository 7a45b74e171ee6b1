/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of the configuration (config.h). topo writes it and is believed in what a device is; what
 * is checked is what the VMM's own memory safety and the rules of PCI and virtio rest on.
 */
#include "vmm/vm/config.h"

#include <stdbool.h>
#include <stddef.h>

#include "abi/limits.h"
#include "lib/bits.h"
#include "lib/range.h"
#include "vmm/gic/gicd.h"
#include "vmm/pci/pci_bus.h"
#include "vmm/virtio/virtio.h"

#define EVENTS 64U
#define QUEUE_SIZE_MAX 32768U /* virtio 1.2, 2.7 */
#define TYPE_BLK 2U           /* virtio 1.2, 5 */

static bool is_name(const char name[32])
{
	for (uint32_t i = 0; i < 32; i++) {
		if (name[i] == '\0') {
			return i > 0;
		}
		if (name[i] < 0x20 || name[i] > 0x7e) {
			return false;
		}
	}
	return false;
}

static bool is_page(uint64_t address)
{
	return is_aligned(address, PV_PAGE_BYTES) &&
	       range_fits(address, PV_PAGE_BYTES, BIT64(PV_IPA_BITS));
}

static bool gicr_is_good(const struct pv_vmm_config *vm)
{
	return is_aligned(vm->gicr_ipa, GICR_BYTES) &&
	       range_fits(vm->gicr_ipa, vm->vcpu_count * (uint64_t)GICR_BYTES, BIT64(PV_IPA_BITS));
}

static bool is_spi(uint32_t intid)
{
	return intid >= PV_SPI_FIRST && intid < PV_VIRQS;
}

static bool uart_is_good(const struct pv_vmm_uart *uart)
{
	return uart->ipa == 0 ||
	       (is_page(uart->ipa) && is_spi(uart->intid) && uart->event < EVENTS);
}

static bool v2m_is_good(const struct pv_vmm_config *vm)
{
	return vm->v2m_ipa == 0 || (is_page(vm->v2m_ipa) && vm->v2m_first >= PV_SPI_FIRST &&
	                            pages_fit(vm->v2m_first, vm->v2m_count, PV_VIRQS));
}

static bool life_is_good(const struct pv_vmm_config *vm)
{
	return (vm->flags & ~PV_VMM_AUTOSTART) == 0 && vm->restart < PV_VMM_RESTART_COUNT &&
	       vm->restart_delay_ms <= PV_VMM_DELAY_MS_MAX;
}

static bool requests_are_good(const struct pv_vmm_config *vm)
{
	return vm->event_log < EVENTS && vm->event_start < EVENTS && vm->event_stop < EVENTS &&
	       vm->event_restart < EVENTS;
}

static bool is_ecam(uint64_t ipa)
{
	return is_aligned(ipa, ECAM_BYTES) && range_fits(ipa, ECAM_BYTES, BIT64(PV_IPA_BITS));
}

static bool functions_are_good(const struct pv_vmm_config *vm)
{
	return vm->function_count <= PV_VMM_FUNCTIONS_MAX && is_ecam(vm->hw_ecam_ipa) &&
	       (vm->hw_ecam_ipa != 0 || vm->function_count == 0);
}

static uint64_t bytes_of(const struct pv_vmm_config *vm)
{
	return sizeof(*vm) + vm->connection_count * (uint64_t)sizeof(struct pv_vmm_connection) +
	       vm->device_count * (uint64_t)sizeof(struct pv_vmm_device) +
	       vm->function_count * (uint64_t)sizeof(struct pv_vmm_function);
}

static const char *vm_fault(const struct pv_vmm_config *vm)
{
	/* clang-format off */
	const struct {
		bool good;
		const char *fault;
	} checks[] = {
		{ is_name(vm->name),                                            "name" },
		{ vm->vcpu_count >= 1 && vm->vcpu_count <= PV_DOMAIN_VCPUS_MAX, "vcpu_count" },
		{ vm->connection_count <= PV_VMM_CONNECTIONS_MAX,               "connection_count" },
		{ vm->device_count <= PV_VMM_DEVICES_MAX,                       "device_count" },
		{ functions_are_good(vm),                                       "function_count" },
		{ bytes_of(vm) <= vm->bytes,                                    "bytes" },
		{ is_page(vm->gicd_ipa),                                        "gicd_ipa" },
		{ gicr_is_good(vm),                                             "gicr_ipa" },
		{ v2m_is_good(vm),                                              "v2m" },
		{ uart_is_good(&vm->uarts[0]) && uart_is_good(&vm->uarts[1]),   "uarts" },
		{ life_is_good(vm),                                             "life" },
		{ requests_are_good(vm),                                        "requests" },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_COUNT(checks); i++) {
		if (!checks[i].good) {
			return checks[i].fault;
		}
	}
	return NULL;
}

/* Capacities are those of disks. */
static bool flags_are_good(const struct pv_vmm_device *device)
{
	return device->flags == 0 ||
	       (device->flags == PV_VMM_DEVICE_LATE && device->type == TYPE_BLK &&
	        device->config_bytes >= sizeof(uint64_t));
}

static bool device_is_good(const struct pv_vmm_device *device)
{
	return device->slot < PCI_SLOTS && device->type >= 1 && device->type < 0x40 &&
	       device->queue_count >= 1 && device->queue_count <= PV_VMM_QUEUES_MAX &&
	       is_power_of_two(device->queue_size) && device->queue_size <= QUEUE_SIZE_MAX &&
	       device->config_bytes <= PV_VMM_CONFIG_BYTES && flags_are_good(device) &&
	       (device->features & VIRTIO_F_VERSION_1) != 0 &&
	       /* 32-bit base address registers */
	       is_aligned(device->bar_ipa, PV_VMM_BAR_BYTES) &&
	       range_fits(device->bar_ipa, PV_VMM_BAR_BYTES, BIT64(32)) &&
	       is_page(device->notify_ipa) &&
	       range_fits(device->notify_ipa, PV_PAGE_BYTES, BIT64(32));
}

/* Devices of a connection: in order, each in a slot of its own. */
static const char *connection_fault(const struct config *config, uint32_t number)
{
	const struct pv_vmm_connection *connection = &config->connections[number];
	uint32_t slots = 0;

	if (!is_name(connection->peer)) {
		return "connection peer";
	}
	if (!is_ecam(connection->ecam_ipa)) {
		return "connection ecam_ipa";
	}
	if (!is_aligned(connection->page_out, PV_PAGE_BYTES) ||
	    !is_aligned(connection->page_in, PV_PAGE_BYTES) || connection->event >= EVENTS) {
		return "connection pages or event";
	}
	for (uint32_t i = 0; i < connection->device_count; i++) {
		const struct pv_vmm_device *device = &config->devices[connection->device_first + i];

		if (device->connection != number || device->index != i || !device_is_good(device) ||
		    (slots & BIT32(device->slot)) != 0) {
			return "device";
		}
		slots |= BIT32(device->slot);
	}
	return NULL;
}

/* A place that a 32-bit base address register can name. */
static bool is_place(uint64_t address, uint64_t bytes)
{
	return is_aligned(address, bytes) && range_fits(address, bytes, BIT64(32));
}

static bool function_is_good(const struct pv_vmm_function *function)
{
	if (function->slot >= PCI_SLOTS || (function->intx != 0 && !is_spi(function->intx))) {
		return false;
	}
	for (uint32_t i = 0; i < PV_VMM_BARS; i++) {
		const struct pv_vmm_bar *bar = &function->bars[i];

		if (bar->bytes != 0 &&
		    (!is_power_of_two(bar->bytes) || bar->bytes < PV_PAGE_BYTES ||
		     !is_place(bar->ipa, bar->bytes) || !is_place(bar->bus, bar->bytes))) {
			return false;
		}
	}
	return true;
}

/* Physical functions: each in a slot of its own. */
static const char *functions_fault(const struct config *config)
{
	uint32_t slots = 0;

	for (uint32_t i = 0; i < config->vm->function_count; i++) {
		const struct pv_vmm_function *function = &config->functions[i];

		if (!function_is_good(function) || (slots & BIT32(function->slot)) != 0) {
			return "function";
		}
		slots |= BIT32(function->slot);
	}
	return NULL;
}

/* The connections' slices of the device table: in order, disjoint, and all of it. */
static bool slices_are_good(const struct config *config)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < config->vm->connection_count; i++) {
		const struct pv_vmm_connection *connection = &config->connections[i];

		if (connection->device_first != next ||
		    connection->device_count > config->vm->device_count - next) {
			return false;
		}
		next += connection->device_count;
	}
	return next == config->vm->device_count;
}

err_t config_open(const struct pv_vmm_config *vm, struct config *config, const char **fault)
{
	if (vm->magic != PV_VMM_MAGIC || vm->version != PV_VMM_VERSION) {
		*fault = "magic or version";
		return ERR_VERSION;
	}
	*fault = vm_fault(vm);
	if (*fault != NULL) {
		return ERR_RANGE;
	}
	config->vm = vm;
	config->connections = (const struct pv_vmm_connection *)(vm + 1);
	config->devices =
		(const struct pv_vmm_device *)(config->connections + vm->connection_count);
	config->functions = (const struct pv_vmm_function *)(config->devices + vm->device_count);
	*fault = slices_are_good(config) ? NULL : "device slices";
	for (uint32_t i = 0; i < vm->connection_count && *fault == NULL; i++) {
		*fault = connection_fault(config, i);
	}
	if (*fault == NULL) {
		*fault = functions_fault(config);
	}
	return *fault == NULL ? OK : ERR_RANGE;
}
