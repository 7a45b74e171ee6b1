/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Status, features and queues of a virtio device (virtio.h), after virtio 1.2. What a driver does
 * against the rules is ignored, so that reading back shows it that it had no effect.
 *
 * Status:  0 => ACKNOWLEDGE, DRIVER => FEATURES_OK => DRIVER_OK; FAILED at any time; a bit once set
 * stays until reset. While a reset is under way the old status stands and all writes are ignored.
 */
#include "vmm/virtio/virtio.h"

#include <stddef.h>

#include "lib/bits.h"

/* Alignment of the parts of a split virtqueue (2.7). */
#define DESC_ALIGN 16U
#define DRIVER_ALIGN 2U
#define DEVICE_ALIGN 4U

void virtio_init(struct virtio *virtio, const struct pv_vmm_device *config)
{
	*virtio = (struct virtio){.config = config, .config_vector = VIRTIO_NO_VECTOR};
	for (uint32_t i = 0; i < config->queue_count; i++) {
		virtio->queues[i].size = (uint16_t)config->queue_size; /* <= 32768: config.c */
		virtio->queues[i].vector = VIRTIO_NO_VECTOR;
	}
}

/* Features that the driver took are offered, and those that it must take are among them. */
static bool features_are_good(const struct virtio *virtio)
{
	uint64_t offered = virtio->config->features;
	uint64_t needed = VIRTIO_F_VERSION_1 | (offered & VIRTIO_F_ACCESS_PLATFORM);

	return (virtio->driver_features & ~offered) == 0 &&
	       (virtio->driver_features & needed) == needed;
}

void virtio_write_status(struct virtio *virtio, uint8_t status)
{
	uint8_t now = virtio->status;

	if (virtio->is_resetting) {
		return;
	}
	if (status == 0) {
		virtio->is_resetting = true;
		return;
	}
	now |= (uint8_t)(status & (VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FAILED));
	if ((status & VIRTIO_FEATURES_OK) != 0 && features_are_good(virtio)) {
		now |= VIRTIO_FEATURES_OK;
	}
	if ((status & VIRTIO_DRIVER_OK) != 0 && (now & VIRTIO_FEATURES_OK) != 0) {
		now |= VIRTIO_DRIVER_OK;
	}
	virtio->status = now;
}

void virtio_write_features(struct virtio *virtio, uint32_t select, uint32_t value)
{
	uint32_t shift = 32 * select;

	if (select > 1 || virtio->is_resetting || (virtio->status & VIRTIO_FEATURES_OK) != 0) {
		return;
	}
	virtio->driver_features &= ~((uint64_t)UINT32_MAX << shift);
	virtio->driver_features |= (uint64_t)value << shift;
}

uint32_t virtio_offered(const struct virtio *virtio, uint32_t select)
{
	return select > 1 ? 0 : (uint32_t)(virtio->config->features >> (32 * select));
}

struct virtqueue *virtio_queue(struct virtio *virtio, uint32_t number)
{
	return number < virtio->config->queue_count ? &virtio->queues[number] : NULL;
}

bool virtio_may_set_up(const struct virtio *virtio, const struct virtqueue *queue)
{
	return !virtio->is_resetting && !queue->enabled && (virtio->status & VIRTIO_DRIVER_OK) == 0;
}

void virtio_write_queue_size(struct virtio *virtio, struct virtqueue *queue, uint32_t size)
{
	if (virtio_may_set_up(virtio, queue) && is_power_of_two(size) &&
	    size <= virtio->config->queue_size) {
		queue->size = (uint16_t)size;
	}
}

void virtio_enable_queue(struct virtio *virtio, struct virtqueue *queue)
{
	if (virtio_may_set_up(virtio, queue) && (virtio->status & VIRTIO_FEATURES_OK) != 0 &&
	    is_aligned(queue->desc, DESC_ALIGN) && is_aligned(queue->driver, DRIVER_ALIGN) &&
	    is_aligned(queue->device, DEVICE_ALIGN)) {
		queue->enabled = true;
	}
}

bool virtio_is_running(const struct virtio *virtio)
{
	return (virtio->status & VIRTIO_DRIVER_OK) != 0 && !virtio->is_resetting;
}

void virtio_finish_reset(struct virtio *virtio)
{
	virtio_init(virtio, virtio->config);
}
