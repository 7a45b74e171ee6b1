/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device as its driver sees it (virtio 1.2, 2 and 3), apart from any transport: status,
 * feature negotiation, queue set-up. It answers everything from the topology and moves no data.
 * It neither calls nor waits for anybody: connection.c compares what it wants (running, reset)
 * with what the backend has been told.
 */
#ifndef VMM_VIRTIO_VIRTIO_H
#define VMM_VIRTIO_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/vmm.h"

/* Device status (2.1). */
#define VIRTIO_ACKNOWLEDGE 0x01U
#define VIRTIO_DRIVER 0x02U
#define VIRTIO_DRIVER_OK 0x04U
#define VIRTIO_FEATURES_OK 0x08U
#define VIRTIO_NEEDS_RESET 0x40U
#define VIRTIO_FAILED 0x80U

#define VIRTIO_F_VERSION_1 (UINT64_C(1) << 32)
#define VIRTIO_F_ACCESS_PLATFORM (UINT64_C(1) << 33)

#define VIRTIO_NO_VECTOR 0xffffU

struct virtqueue {
	uint64_t desc; /* guest-physical, as the driver gave them: the backend checks bounds */
	uint64_t driver;
	uint64_t device;
	uint16_t size;   /* power of two, <= the topology's */
	uint16_t vector; /* < number of vectors, or VIRTIO_NO_VECTOR */
	bool enabled;    /* then nothing of it changes but the vector */
};

struct virtio {
	const struct pv_vmm_device *config; /* constant */

	uint64_t driver_features;
	uint8_t status;
	bool is_resetting; /* the driver asked for reset and does not see it done yet */
	uint16_t config_vector;
	struct virtqueue queues[PV_VMM_QUEUES_MAX];
};

/** Reset state. */
void virtio_init(struct virtio *virtio, const struct pv_vmm_device *config);

/** The driver writes device status; 0 asks for a reset, which virtio_finish_reset() ends. */
void virtio_write_status(struct virtio *virtio, uint8_t status);

/** The driver writes word @select of its features; too late ones and further words are ignored. */
void virtio_write_features(struct virtio *virtio, uint32_t select, uint32_t value);

/** Word @select of the offered features. */
uint32_t virtio_offered(const struct virtio *virtio, uint32_t select);

/** The queue with that number, or NULL if the device has none. */
struct virtqueue *virtio_queue(struct virtio *virtio, uint32_t number);

/** Whether the driver may still change the set-up of @queue. */
bool virtio_may_set_up(const struct virtio *virtio, const struct virtqueue *queue);

/** The driver writes queue_size; a size that the device cannot have is ignored. */
void virtio_write_queue_size(struct virtio *virtio, struct virtqueue *queue, uint32_t size);

/** The driver enables a queue. A queue that is not set up as 2.7 demands stays disabled. */
void virtio_enable_queue(struct virtio *virtio, struct virtqueue *queue);

/** Whether the driver runs the device: DRIVER_OK and no reset under way. */
bool virtio_is_running(const struct virtio *virtio);

/** The backend has let go: back to reset state. */
void virtio_finish_reset(struct virtio *virtio);

#endif
