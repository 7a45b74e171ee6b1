/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio devices as structures of the specification, see topo/verify/virtio.h. Sections are those
 * of virtio 1.2.
 */
#include "topo/verify/virtio.h"

#include <string.h>

#define BIT(n) (UINT64_C(1) << (n))

/* 6: VERSION_1, ACCESS_PLATFORM. The last one makes the driver use its pool: without it the backend
 * would be asked to reach private memory. */
#define TRANSPORT_FEATURES (BIT(32) | BIT(33))
/* 6: INDIRECT_DESC, EVENT_IDX; not of what the daemon serves itself. */
static uint64_t ring_features(const struct device *device, bool pool)
{
	enum device_type type = device->type;

	if (type == DEVICE_CONSOLE || type == DEVICE_RNG) {
		return 0;
	}
	/* Tables of a disk's or an interface's descriptors are not worth being copied into a pool. */
	bool direct = pool && device->queue_size > 63 && (type == DEVICE_BLK || type == DEVICE_NET);
	return direct ? BIT(29) : BIT(28) | BIT(29);
}

/* 5.1.4 */
struct net_config {
	uint8_t mac[6];
	uint16_t status;
	uint16_t max_virtqueue_pairs;
	uint16_t mtu;
} __attribute__((packed));

/* 5.2.4 */
struct blk_config {
	uint64_t capacity; /* sectors of 512 bytes */
	uint32_t size_max;
	uint32_t seg_max;
	uint16_t cylinders;
	uint8_t heads;
	uint8_t sectors;
	uint32_t blk_size;
	uint8_t physical_block_exp;
	uint8_t alignment_offset;
	uint16_t min_io_size;
	uint32_t opt_io_size;
	uint8_t writeback;
	uint8_t unused0;
	uint16_t num_queues;
	uint32_t max_discard_sectors;
	uint32_t max_discard_seg;
	uint32_t discard_sector_alignment;
	uint32_t max_write_zeroes_sectors;
	uint32_t max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap;
	uint8_t unused1[3];
} __attribute__((packed));

/* 5.11.4 */
struct fs_config {
	char tag[36];
	uint32_t num_request_queues;
} __attribute__((packed));

_Static_assert(sizeof(struct net_config) == 12, "5.1.4 up to mtu");
_Static_assert(sizeof(struct blk_config) == 60, "5.2.4 up to write zeroes");
_Static_assert(sizeof(struct fs_config) == 40, "5.11.4 up to num_request_queues");

static void keep(struct virtio *v, const void *config, uint32_t bytes)
{
	memcpy(v->config, config, bytes);
	v->config_bytes = bytes;
}

/* CSUM GUEST_CSUM MAC GUEST_TSO4 GUEST_TSO6 HOST_TSO4 HOST_TSO6 MRG_RXBUF STATUS; with several pairs
 * CTRL_VQ (17) and MQ (22), and the daemon serves a queue. */
static void make_net(const struct device *device, struct virtio *v)
{
	uint16_t pairs = (uint16_t)device->queue_pairs_or_queues;
	struct net_config config = {.status = 1, .max_virtqueue_pairs = pairs};

	memcpy(config.mac, device->mac, sizeof(config.mac));
	v->queues = pairs > 1 ? 2U * pairs + 1 : 2;
	v->features = BIT(0) | BIT(1) | BIT(5) | BIT(7) | BIT(8) | BIT(11) | BIT(12) | BIT(15) |
	              BIT(16) | (pairs > 1 ? BIT(17) | BIT(22) : 0);
	keep(v, &config, sizeof(config));
}

/* SEG_MAX BLK_SIZE FLUSH; SIZE_MAX (1); MQ (12); RO (5), or DISCARD (13) and WRITE_ZEROES (14).
 * Through a pool a request is 128 KiB at most, so that a full queue of them fits. */
static void make_blk(const struct device *device, bool pool, struct virtio *v)
{
	uint32_t queues = device->queue_pairs_or_queues;
	uint32_t segments = device->queue_size > 2 ? device->queue_size - 2 : 1;
	uint32_t most = pool ? 16 : 126;
	struct blk_config config = {
		.capacity = device->disk_bytes / 512,
		.size_max = pool ? 8192 : 0,
		.seg_max = segments > most ? most : segments,
		.blk_size = 512,
		.num_queues = (uint16_t)queues,
	};

	v->queues = queues;
	v->features = BIT(2) | BIT(6) | BIT(9) | (pool ? BIT(1) : 0) | (queues > 1 ? BIT(12) : 0);
	if (device->readonly) {
		v->features |= BIT(5);
	} else {
		v->features |= BIT(13) | BIT(14);
		config.max_discard_sectors = 32768;
		config.max_discard_seg = 1;
		config.discard_sector_alignment = 1;
		config.max_write_zeroes_sectors = 32768;
		config.max_write_zeroes_seg = 1;
		config.write_zeroes_may_unmap = 1;
	}
	keep(v, &config, sizeof(config));
}

static void make_fs(const struct device *device, struct virtio *v)
{
	struct fs_config config = {.num_request_queues = device->queue_pairs_or_queues};
	size_t length = device->tag ? strlen(device->tag) : 0;

	memcpy(config.tag, device->tag ? device->tag : "",
	       length < sizeof(config.tag) ? length : sizeof(config.tag));
	v->queues = device->queue_pairs_or_queues + 1;
	keep(v, &config, sizeof(config));
}

struct virtio virtio_of(const struct device *device, bool pool)
{
	static const struct {
		const char *type;
		uint32_t number;
		uint32_t queues;
	} rows[DEVICE_TYPE_COUNT] = {
		[DEVICE_NET] = {"net", 1, 2},         [DEVICE_BLK] = {"blk", 2, 1},
		[DEVICE_GPU] = {"gpu", 16, 2},        [DEVICE_VSOCK] = {"vsock", 19, 3},
		[DEVICE_CONSOLE] = {"console", 3, 2}, [DEVICE_RNG] = {"rng", 4, 1},
		[DEVICE_FS] = {"fs", 26, 2},
	};
	const uint32_t gpu[] = {0, 0, 1, 0};  /* 5.7.4: one scanout */
	const uint32_t console[] = {0, 1, 0}; /* 5.3.4: one port */
	struct virtio v = {
		.type = rows[device->type].type,
		.number = rows[device->type].number,
		.queues = rows[device->type].queues,
	};

	if (device->type == DEVICE_NET) {
		make_net(device, &v);
	} else if (device->type == DEVICE_BLK) {
		make_blk(device, pool, &v);
	} else if (device->type == DEVICE_FS) {
		make_fs(device, &v);
	} else if (device->type == DEVICE_GPU) {
		keep(&v, gpu, sizeof(gpu));
	} else if (device->type == DEVICE_CONSOLE) {
		keep(&v, console, sizeof(console));
	} else if (device->type == DEVICE_VSOCK) {
		v.features = BIT(1); /* 5.10.3: SEQPACKET */
		keep(&v, &device->cid, 8);
	}
	v.features |= TRANSPORT_FEATURES | ring_features(device, pool);
	return v;
}
