/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BAR0 of a virtio-pci function (virtio_pci.h), after virtio 1.2, 4.1.4. Registers that the
 * specification calls per-queue act on the queue that queue_select names; without such a queue
 * they read 0 and ignore writes.
 *
 * Interrupts of queues never pass through here: the kernel raises the bound SPI when the backend
 * rings, and keeps a ring that comes while nothing is bound until something is. So masking a
 * vector is binding 0, and the pending bits of queue vectors read as 0.
 */
#include "vmm/virtio/virtio_pci.h"

#include <stddef.h>

#include "vmm/calls.h"

#define ISR_CONFIG 2U /* 4.1.4.5: device configuration interrupt */

static uint32_t clip_vector(const struct virtio_pci *function, uint64_t vector)
{
	return vector < function->msix.vectors ? (uint32_t)vector : VIRTIO_NO_VECTOR;
}

void virtio_pci_bind(struct virtio_pci *function)
{
	const struct virtio *virtio = &function->virtio;

	for (uint32_t i = 0; i < virtio->config->queue_count; i++) {
		uint32_t intid = msix_intid(&function->msix, virtio->queues[i].vector);
		if (intid != function->bound[i]) {
			function->bound[i] = (uint16_t)intid; /* < PV_VIRQS */
			(void)!call_doorbell_bind(virtio->config->cap_recv_first + i, intid);
		}
	}
	if (function->config_pending && msix_raise(&function->msix, virtio->config_vector)) {
		function->config_pending = false;
	}
}

/* The configuration interrupt, by its vector or by ISR. */
static void interrupt(struct virtio_pci *function)
{
	if (function->msix.enabled) {
		function->config_pending = function->virtio.config_vector != VIRTIO_NO_VECTOR;
	} else {
		function->isr |= ISR_CONFIG;
	}
	virtio_pci_bind(function);
}

void virtio_pci_break(struct virtio_pci *function)
{
	struct virtio *virtio = &function->virtio;

	if ((virtio->status & VIRTIO_NEEDS_RESET) == 0 && virtio_is_running(virtio)) {
		virtio->status |= VIRTIO_NEEDS_RESET;
		interrupt(function);
	}
}

/* A driver may have read the capacity as soon as it has set its vectors. */
void virtio_pci_serve(struct virtio_pci *function)
{
	bool is_news =
		!function->is_served && (function->virtio.config->flags & PV_VMM_DEVICE_LATE) != 0;

	function->is_served = true;
	if (is_news) {
		function->generation++;
		interrupt(function);
	}
}

void virtio_pci_finish_reset(struct virtio_pci *function)
{
	virtio_finish_reset(&function->virtio);
	function->device_feature_select = 0;
	function->driver_feature_select = 0;
	function->queue_select = 0;
	function->isr = 0;
	function->config_pending = false;
	virtio_pci_bind(function);
}

/* The queue that the guest has selected, or NULL. */
static struct virtqueue *selected(struct virtio_pci *function)
{
	return virtio_queue(&function->virtio, function->queue_select);
}

static uint64_t read_device_feature_select(void *device, const struct access *access)
{
	const struct virtio_pci *function = device;

	(void)access;
	return function->device_feature_select;
}

static void write_device_feature_select(void *device, const struct access *access)
{
	struct virtio_pci *function = device;

	function->device_feature_select = (uint32_t)access->value;
}

static uint64_t read_device_feature(void *device, const struct access *access)
{
	const struct virtio_pci *function = device;

	(void)access;
	return virtio_offered(&function->virtio, function->device_feature_select);
}

static uint64_t read_driver_feature_select(void *device, const struct access *access)
{
	const struct virtio_pci *function = device;

	(void)access;
	return function->driver_feature_select;
}

static void write_driver_feature_select(void *device, const struct access *access)
{
	struct virtio_pci *function = device;

	function->driver_feature_select = (uint32_t)access->value;
}

static uint64_t read_driver_feature(void *device, const struct access *access)
{
	const struct virtio_pci *function = device;
	uint32_t select = function->driver_feature_select;

	(void)access;
	return select > 1 ? 0 : function->virtio.driver_features >> (32 * select);
}

static void write_driver_feature(void *device, const struct access *access)
{
	struct virtio_pci *function = device;

	virtio_write_features(&function->virtio, function->driver_feature_select,
	                      (uint32_t)access->value);
}

static uint64_t read_config_vector(void *device, const struct access *access)
{
	const struct virtio_pci *function = device;

	(void)access;
	return function->virtio.config_vector;
}

static void write_config_vector(void *device, const struct access *access)
{
	struct virtio_pci *function = device;

	if (!function->virtio.is_resetting) {
		function->virtio.config_vector = (uint16_t)clip_vector(function, access->value);
		virtio_pci_bind(function);
	}
}

static uint64_t read_num_queues(void *device, const struct access *access)
{
	const struct virtio_pci *function = device;

	(void)access;
	return function->virtio.config->queue_count;
}

static uint64_t read_status(void *device, const struct access *access)
{
	const struct virtio_pci *function = device;

	(void)access;
	return function->virtio.status;
}

static void write_status(void *device, const struct access *access)
{
	struct virtio_pci *function = device;

	virtio_write_status(&function->virtio, (uint8_t)access->value);
}

static uint64_t read_queue_select(void *device, const struct access *access)
{
	const struct virtio_pci *function = device;

	(void)access;
	return function->queue_select;
}

static void write_queue_select(void *device, const struct access *access)
{
	struct virtio_pci *function = device;

	function->queue_select = (uint16_t)access->value;
}

static uint64_t read_queue_size(void *device, const struct access *access)
{
	const struct virtqueue *queue = selected(device);

	(void)access;
	return queue == NULL ? 0 : queue->size;
}

static void write_queue_size(void *device, const struct access *access)
{
	struct virtio_pci *function = device;
	struct virtqueue *queue = selected(function);

	if (queue != NULL) {
		virtio_write_queue_size(&function->virtio, queue, (uint32_t)access->value);
	}
}

static uint64_t read_queue_vector(void *device, const struct access *access)
{
	const struct virtqueue *queue = selected(device);

	(void)access;
	return queue == NULL ? VIRTIO_NO_VECTOR : queue->vector;
}

static void write_queue_vector(void *device, const struct access *access)
{
	struct virtio_pci *function = device;
	struct virtqueue *queue = selected(function);

	if (queue != NULL && !function->virtio.is_resetting) {
		queue->vector = (uint16_t)clip_vector(function, access->value);
		virtio_pci_bind(function);
	}
}

static uint64_t read_queue_enable(void *device, const struct access *access)
{
	const struct virtqueue *queue = selected(device);

	(void)access;
	return queue != NULL && queue->enabled ? 1 : 0;
}

static void write_queue_enable(void *device, const struct access *access)
{
	struct virtio_pci *function = device;
	struct virtqueue *queue = selected(function);

	if (queue != NULL && access->value == 1) {
		virtio_enable_queue(&function->virtio, queue);
	}
}

/* Queue q rings at offset 4 * q of BAR2: the multiplier of the notify capability is 4. */
static uint64_t read_queue_notify_off(void *device, const struct access *access)
{
	const struct virtio_pci *function = device;

	(void)access;
	return selected(device) == NULL ? 0 : function->queue_select;
}

/* queue_desc, queue_driver and queue_device follow each other, 8 bytes each. */
static uint64_t *queue_address(struct virtqueue *queue, uint32_t offset)
{
	switch (offset / 8) {
	case 0:
		return &queue->desc;
	case 1:
		return &queue->driver;
	default:
		return &queue->device;
	}
}

static uint64_t read_queue_address(void *device, const struct access *access)
{
	struct virtqueue *queue = selected(device);

	return queue == NULL ? 0
	                     : *queue_address(queue, access->offset) >> (access->offset % 8 * 8);
}

static void write_queue_address(void *device, const struct access *access)
{
	struct virtio_pci *function = device;
	struct virtqueue *queue = selected(function);
	uint32_t shift = access->offset % 8 * 8;
	uint64_t mask = access->bytes == W64 ? UINT64_MAX : (uint64_t)UINT32_MAX << shift;

	if (queue != NULL && virtio_may_set_up(&function->virtio, queue)) {
		uint64_t *address = queue_address(queue, access->offset);

		*address = (*address & ~mask) | access->value << shift;
	}
}

static uint64_t read_isr(void *device, const struct access *access)
{
	struct virtio_pci *function = device;
	uint8_t isr = function->isr;

	(void)access;
	function->isr = 0; /* 4.1.4.5: reading clears */
	return isr;
}

static uint64_t read_config_generation(void *device, const struct access *access)
{
	const struct virtio_pci *function = device;

	(void)access;
	return function->generation;
}

/* Bytes of the configuration space that the driver does not see yet: virtio 1.2, 5.2.4, capacity. */
static uint32_t hidden_bytes(const struct virtio_pci *function)
{
	bool is_late = (function->virtio.config->flags & PV_VMM_DEVICE_LATE) != 0;

	return is_late && !function->is_served ? sizeof(uint64_t) : 0;
}

static uint64_t read_config(void *device, const struct access *access)
{
	const struct virtio_pci *function = device;
	const struct pv_vmm_device *config = function->virtio.config;
	uint64_t value = 0;

	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t offset = access->offset + i;

		if (offset >= hidden_bytes(function) && offset < config->config_bytes) {
			value |= (uint64_t)config->config[offset] << (8 * i);
		}
	}
	return value;
}

static uint64_t read_msix(void *device, const struct access *access)
{
	return msix_read(&((const struct virtio_pci *)device)->msix, access);
}

static void write_msix(void *device, const struct access *access)
{
	struct virtio_pci *function = device;

	msix_write(&function->msix, access);
	virtio_pci_bind(function);
}

/* Pending bits: of the configuration vector alone, see above. */
static uint64_t read_pba(void *device, const struct access *access)
{
	const struct virtio_pci *function = device;
	uint32_t vector = function->virtio.config_vector;
	uint64_t bits = function->config_pending && vector < 64 ? UINT64_C(1) << vector : 0;

	return bits >> (8 * access->offset);
}

/*
 * virtio 1.2, 4.1.4.3 (common configuration: each field has one width, 64-bit ones are accessed
 * by halves or whole), 4.1.4.5, 4.1.4.6; PCI Local Bus 3.0, 6.8.2.
 */
#define COMMON(offset) (PV_VMM_BAR_COMMON + (offset))
#define ALL (W8 | W16 | W32 | W64)
static const struct reg rows[] = {
	{COMMON(0x00), 4, W32, read_device_feature_select, write_device_feature_select},
	{COMMON(0x04), 4, W32, read_device_feature, NULL},
	{COMMON(0x08), 4, W32, read_driver_feature_select, write_driver_feature_select},
	{COMMON(0x0c), 4, W32, read_driver_feature, write_driver_feature},
	{COMMON(0x10), 2, W16, read_config_vector, write_config_vector},
	{COMMON(0x12), 2, W16, read_num_queues, NULL},
	{COMMON(0x14), 1, W8, read_status, write_status},
	{COMMON(0x15), 1, W8, read_config_generation, NULL},
	{COMMON(0x16), 2, W16, read_queue_select, write_queue_select},
	{COMMON(0x18), 2, W16, read_queue_size, write_queue_size},
	{COMMON(0x1a), 2, W16, read_queue_vector, write_queue_vector},
	{COMMON(0x1c), 2, W16, read_queue_enable, write_queue_enable},
	{COMMON(0x1e), 2, W16, read_queue_notify_off, NULL},
	{COMMON(0x20), 24, W32 | W64, read_queue_address, write_queue_address},
	{PV_VMM_BAR_ISR, 1, W8, read_isr, NULL},
	{PV_VMM_BAR_DEVICE, PV_VMM_CONFIG_BYTES, ALL, read_config, NULL},
	{PV_VMM_BAR_MSIX, MSIX_TABLE_BYTES, W32 | W64, read_msix, write_msix},
	{PV_VMM_BAR_PBA, 8, W32 | W64, read_pba, NULL},
};
const struct reg_table virtio_pci_registers = REG_TABLE(rows);

void virtio_pci_init(struct virtio_pci *function, const struct msi_target *msi,
                     const struct pv_vmm_device *config)
{
	*function = (struct virtio_pci){0};
	virtio_init(&function->virtio, config);
	msix_init(&function->msix, msi, config->queue_count + 1);
}

void virtio_pci_reset(struct virtio_pci *function)
{
	const struct pv_vmm_device *config = function->virtio.config;
	const struct msi_target msi = function->msix.target;

	virtio_pci_init(function, &msi, config);
	for (uint32_t i = 0; i < config->queue_count; i++) {
		(void)!call_doorbell_bind(config->cap_recv_first + i, 0);
	}
}

uint64_t virtio_pci_read(struct virtio_pci *function, const struct access *access)
{
	return regs_read(&virtio_pci_registers, function, access);
}

void virtio_pci_write(struct virtio_pci *function, const struct access *access)
{
	regs_write(&virtio_pci_registers, function, access);
}
