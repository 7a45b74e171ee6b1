/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of virtio devices, see topo/image/personality.h. One row for each type; section numbers
 * are those of virtio 1.2.
 */
#include "topo/image/personality.h"

#include <stdbool.h>
#include <string.h>

#include "abi/backend.h"

#define FEATURE(bit) (1ULL << (bit))

/* 6 "Reserved Feature Bits": split queues, and DMA by the platform's rules, which is what makes a
 * Linux guest use its restricted pool. */
#define FEATURES_COMMON (FEATURE(32) | FEATURE(33))
/* Indirect descriptors and event indices: what the daemon serves itself goes without. */
#define RING_INDIRECT FEATURE(28)
#define FEATURES_RING (RING_INDIRECT | FEATURE(29))
/* Through a pool a table of indirect descriptors is one more thing that is bounced for a request.
 * A ring of this many holds three of the longest without: of 18 descriptors of a disk, of 19 of a
 * network interface. What an interface has sent and not got back is bounded by it, too. */
#define DIRECT_LEAST 64U

/* 5.1.3 "Feature bits": checksum and segmentation offload as vhost-net and a tap carry them. */
#define NET_CSUM FEATURE(0)
#define NET_GUEST_CSUM FEATURE(1)
#define NET_MAC FEATURE(5)
#define NET_GUEST_TSO (FEATURE(7) | FEATURE(8))
#define NET_HOST_TSO (FEATURE(11) | FEATURE(12))
#define NET_MRG_RXBUF FEATURE(15)
#define NET_STATUS FEATURE(16)
#define NET_CTRL_VQ FEATURE(17)
#define NET_MQ FEATURE(22)

/* 5.2.3 "Feature bits" */
#define BLK_SIZE_MAX FEATURE(1)
#define BLK_SEG_MAX FEATURE(2)
#define BLK_RO FEATURE(5)
#define BLK_BLK_SIZE FEATURE(6)
#define BLK_FLUSH FEATURE(9)
#define BLK_MQ FEATURE(12)
#define BLK_DISCARD FEATURE(13)
#define BLK_WRITE_ZEROES FEATURE(14)

/* What QEMU's vhost-user-blk export takes: segments in one request. */
#define BLK_SEGMENTS_MAX 126U
/* Through a pool every segment is bounced: requests stay small enough, 128 KiB, that a full queue
 * takes a part of the default pool only, also a short one of indirect descriptors: 4 of 8 MiB. */
#define BLK_POOL_SEGMENTS 16U
#define BLK_POOL_SEGMENT_BYTES 8192U
#define SECTOR_BYTES 512U

/* 5.10.3 "Feature bits" */
#define VSOCK_FEATURES (FEATURES_RING | FEATURE(1)) /* SEQPACKET */

#define FS_TAG_BYTES 36U /* 5.11.4 */

static void put(struct personality *p, uint32_t offset, uint32_t bytes, uint64_t value)
{
	for (uint32_t i = 0; i < bytes; i++) {
		p->config[offset + i] = (uint8_t)(value >> (8 * i));
	}
}

static void choose_descriptors(const struct device *device, bool pool, struct personality *p)
{
	if (pool && device->queue_size >= DIRECT_LEAST) {
		p->features &= ~RING_INDIRECT;
	}
}

/* 5.1.4: mac, status, max_virtqueue_pairs, mtu (not offered). Of several pairs the daemon serves the
 * queue of commands. */
static void fill_net(const struct device *device, bool pool, struct personality *p)
{
	uint32_t pairs = device->queue_pairs_or_queues;

	choose_descriptors(device, pool, p);
	memcpy(p->config, device->mac, sizeof(device->mac));
	put(p, 6, 2, 1); /* VIRTIO_NET_S_LINK_UP */
	put(p, 8, 2, pairs);
	p->queue_count = 2 * pairs;
	if (pairs > 1) {
		p->features |= NET_CTRL_VQ | NET_MQ;
		p->queue_count++;
	}
}

/* 5.2.4 */
static void fill_blk(const struct device *device, bool pool, struct personality *p)
{
	uint32_t queues = device->queue_pairs_or_queues;
	uint32_t segments = device->queue_size > 2 ? device->queue_size - 2 : 1;
	uint32_t segments_max = pool ? BLK_POOL_SEGMENTS : BLK_SEGMENTS_MAX;

	put(p, 0, 8, device->disk_bytes / SECTOR_BYTES);
	if (pool) {
		p->features |= BLK_SIZE_MAX;
		put(p, 8, 4, BLK_POOL_SEGMENT_BYTES);
	}
	choose_descriptors(device, pool, p);
	put(p, 12, 4, segments < segments_max ? segments : segments_max);
	put(p, 20, 4, SECTOR_BYTES);
	put(p, 34, 2, queues);
	p->queue_count = queues;
	p->features |= queues > 1 ? BLK_MQ : 0;
	if (device->readonly) {
		p->features |= BLK_RO;
		return;
	}
	p->features |= BLK_DISCARD | BLK_WRITE_ZEROES;
	put(p, 36, 4, PV_BACKEND_CLEAR_SECTORS_MAX);
	put(p, 40, 4, 1); /* max_discard_seg */
	put(p, 44, 4, 1); /* discard_sector_alignment */
	put(p, 48, 4, PV_BACKEND_CLEAR_SECTORS_MAX);
	put(p, 52, 4, 1); /* max_write_zeroes_seg */
	put(p, 56, 1, 1); /* write_zeroes_may_unmap */
}

/* 5.7.4: events_read, events_clear, num_scanouts, num_capsets. */
static void fill_gpu(const struct device *device, bool pool, struct personality *p)
{
	(void)device;
	(void)pool;
	put(p, 8, 4, 1);
}

/* 5.10.4 */
static void fill_vsock(const struct device *device, bool pool, struct personality *p)
{
	(void)pool;
	put(p, 0, 8, device->cid);
}

/* 5.3.4: cols, rows, max_nr_ports; neither SIZE nor MULTIPORT is offered. */
static void fill_console(const struct device *device, bool pool, struct personality *p)
{
	(void)device;
	(void)pool;
	put(p, 4, 4, 1);
}

/* 5.4.4: no configuration. */
static void fill_rng(const struct device *device, bool pool, struct personality *p)
{
	(void)device;
	(void)pool;
	(void)p;
}

/* 5.11.4: tag, num_request_queues. Queue 0 is the high-priority one. */
static void fill_fs(const struct device *device, bool pool, struct personality *p)
{
	(void)pool;
	size_t length = device->tag ? strlen(device->tag) : 0;

	memcpy(p->config, device->tag ? device->tag : "",
	       length < FS_TAG_BYTES ? length : FS_TAG_BYTES);
	put(p, FS_TAG_BYTES, 4, device->queue_pairs_or_queues);
	p->queue_count = device->queue_pairs_or_queues + 1;
}

struct type_row {
	const char *name;
	uint32_t virtio_type;
	uint32_t queue_count; /* unless fill says otherwise */
	uint32_t config_bytes;
	uint64_t features; /* besides FEATURES_COMMON */
	void (*fill)(const struct device *device, bool pool, struct personality *p);
};

#define NET_FEATURES                                                                               \
	(FEATURES_RING | NET_CSUM | NET_GUEST_CSUM | NET_MAC | NET_GUEST_TSO | NET_HOST_TSO |      \
	 NET_MRG_RXBUF | NET_STATUS)
#define BLK_FEATURES (FEATURES_RING | BLK_SEG_MAX | BLK_BLK_SIZE | BLK_FLUSH)

/* In the order of struct type_row; the section is that of virtio 1.2. */
static const struct type_row type_rows[DEVICE_TYPE_COUNT] = {
	[DEVICE_NET] = {"net", 1, 2, 12, NET_FEATURES, fill_net},         /* 5.1 */
	[DEVICE_BLK] = {"blk", 2, 1, 60, BLK_FEATURES, fill_blk},         /* 5.2 */
	[DEVICE_GPU] = {"gpu", 16, 2, 16, FEATURES_RING, fill_gpu},       /* 5.7 */
	[DEVICE_VSOCK] = {"vsock", 19, 3, 8, VSOCK_FEATURES, fill_vsock}, /* 5.10 */
	[DEVICE_CONSOLE] = {"console", 3, 2, 12, 0, fill_console},        /* 5.3 */
	[DEVICE_RNG] = {"rng", 4, 1, 0, 0, fill_rng},                     /* 5.4 */
	[DEVICE_FS] = {"fs", 26, 2, 40, FEATURES_RING, fill_fs},          /* 5.11 */
};

_Static_assert(PV_VMM_CONFIG_BYTES >= 60, "the longest configuration space, of blk");

const char *personality_type_name(enum device_type type)
{
	return type_rows[type].name;
}

/* What the rows cannot carry. */
static void check_options(const struct device *device, const struct personality *p,
                          struct diag *diag)
{
	const char *name = type_rows[device->type].name;

	if (device->type == DEVICE_FS && device->tag && strlen(device->tag) > FS_TAG_BYTES) {
		diag_error(diag, device->place, "the tag of an fs device has at most %u bytes",
		           FS_TAG_BYTES);
	}
	if (p->queue_count == 0 || p->queue_count > PV_VMM_QUEUES_MAX) {
		diag_error(diag, device->place, "a %s device with %u queues; it has 1 to %u", name,
		           p->queue_count, PV_VMM_QUEUES_MAX);
	}
}

void personality_make(const struct device *device, bool pool, struct diag *diag,
                      struct personality *out)
{
	const struct type_row *row = &type_rows[device->type];

	memset(out, 0, sizeof(*out));
	out->virtio_type = row->virtio_type;
	out->queue_count = row->queue_count;
	out->config_bytes = row->config_bytes;
	out->features = FEATURES_COMMON | row->features;
	row->fill(device, pool, out);
	check_options(device, out, diag);
}
