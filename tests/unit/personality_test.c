/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo/image/personality.c against the structures and feature numbers of Linux's own headers: a
 * driver reads the configuration space through these.
 */
/* links: topo/image/personality.c tests/unit/layout_fixture.c topo/image/payload.c */
/* links: topo/model/kernel_file.c */
/* links: topo/diag/diag.c topo/diag/print.c topo/diag/source.c topo/base/arena.c */
/* links: topo/base/strmap.c */
/* links: topo/base/utf8.c topo/base/say.c */
/* links: topo/model/medium.c */
/* libs: elf */
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_fs.h>
#include <linux/virtio_gpu.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_vsock.h>
#include <string.h>

#include "layout_fixture.h"
#include "lib/bits.h"
#include "topo/image/personality.h"

#define BIT(n) (1ULL << (n))
#define RING (BIT(VIRTIO_RING_F_INDIRECT_DESC) | BIT(VIRTIO_RING_F_EVENT_IDX))
#define COMMON (BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_ACCESS_PLATFORM) | RING)

static struct personality make(const struct device *device)
{
	struct diag *diag = diag_new();
	struct personality p;

	personality_make(device, false, diag, &p);
	assert_false(diag_failed(diag));
	diag_free(diag);
	assert_true(p.config_bytes <= sizeof(p.config));
	for (size_t i = p.config_bytes; i < sizeof(p.config); i++) {
		assert_int_equal(p.config[i], 0);
	}
	return p;
}

static void test_net(void **state)
{
	const struct device device = {.type = DEVICE_NET,
	                              .queue_pairs_or_queues = 1,
	                              .queue_size = 256,
	                              .mac = {2, 1, 2, 3, 4, 5}};
	struct personality p = make(&device);
	struct virtio_net_config config;

	(void)state;
	memcpy(&config, p.config, p.config_bytes);
	assert_int_equal(p.config_bytes, offsetof(struct virtio_net_config, speed));
	assert_int_equal(p.virtio_type, VIRTIO_ID_NET);
	assert_int_equal(p.queue_count, 2);
	assert_memory_equal(config.mac, device.mac, 6);
	assert_int_equal(config.status, VIRTIO_NET_S_LINK_UP);
	assert_int_equal(config.max_virtqueue_pairs, 1);
	assert_int_equal(p.features,
	                 COMMON | BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM) |
	                         BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_GUEST_TSO4) |
	                         BIT(VIRTIO_NET_F_GUEST_TSO6) | BIT(VIRTIO_NET_F_HOST_TSO4) |
	                         BIT(VIRTIO_NET_F_HOST_TSO6) | BIT(VIRTIO_NET_F_MRG_RXBUF) |
	                         BIT(VIRTIO_NET_F_STATUS));
}

/* Several pairs: the queue of commands is one more. */
static void test_net_of_several_pairs(void **state)
{
	const struct device device = {
		.type = DEVICE_NET, .queue_pairs_or_queues = 7, .queue_size = 256};
	struct personality p = make(&device);
	struct virtio_net_config config;

	(void)state;
	memcpy(&config, p.config, p.config_bytes);
	assert_int_equal(config.max_virtqueue_pairs, 7);
	assert_int_equal(p.queue_count, 15);
	assert_int_equal(p.features & (BIT(VIRTIO_NET_F_MQ) | BIT(VIRTIO_NET_F_CTRL_VQ)),
	                 BIT(VIRTIO_NET_F_MQ) | BIT(VIRTIO_NET_F_CTRL_VQ));
	assert_int_equal(p.features & BIT(VIRTIO_NET_F_CTRL_RX), 0);
}

static void test_blk(void **state)
{
	struct device device = {.type = DEVICE_BLK,
	                        .queue_pairs_or_queues = 2,
	                        .queue_size = 64,
	                        .disk_bytes = 0x100000200};
	struct personality p = make(&device);
	struct virtio_blk_config config = {0};

	(void)state;
	memcpy(&config, p.config, p.config_bytes);
	assert_int_equal(p.virtio_type, VIRTIO_ID_BLOCK);
	assert_int_equal(p.queue_count, 2);
	assert_int_equal(config.capacity, 0x800001);
	assert_int_equal(config.seg_max, 62);
	assert_int_equal(config.blk_size, 512);
	assert_int_equal(config.num_queues, 2);
	assert_int_equal(config.max_discard_sectors, 32768);
	assert_int_equal(config.max_discard_seg, 1);
	assert_int_equal(config.discard_sector_alignment, 1);
	assert_int_equal(config.max_write_zeroes_sectors, 32768);
	assert_int_equal(config.max_write_zeroes_seg, 1);
	assert_int_equal(config.write_zeroes_may_unmap, 1);
	assert_int_equal(p.features, COMMON | BIT(VIRTIO_BLK_F_SEG_MAX) |
	                                     BIT(VIRTIO_BLK_F_BLK_SIZE) | BIT(VIRTIO_BLK_F_FLUSH) |
	                                     BIT(VIRTIO_BLK_F_MQ) | BIT(VIRTIO_BLK_F_DISCARD) |
	                                     BIT(VIRTIO_BLK_F_WRITE_ZEROES));
	device.readonly = true;
	device.queue_pairs_or_queues = 1;
	device.queue_size = 1024;
	p = make(&device);
	memcpy(&config, p.config, p.config_bytes);
	assert_int_equal(config.seg_max, 126);
	assert_int_equal(config.max_discard_sectors, 0);
	assert_int_equal(p.features, COMMON | BIT(VIRTIO_BLK_F_SEG_MAX) |
	                                     BIT(VIRTIO_BLK_F_BLK_SIZE) | BIT(VIRTIO_BLK_F_FLUSH) |
	                                     BIT(VIRTIO_BLK_F_RO));
}

static void test_others(void **state)
{
	struct device device = {.queue_pairs_or_queues = 1, .queue_size = 64, .cid = 0x300000005};
	struct personality p;
	struct virtio_vsock_config vsock;
	struct virtio_fs_config fs;
	struct virtio_gpu_config gpu;

	(void)state;
	device.type = DEVICE_VSOCK;
	p = make(&device);
	memcpy(&vsock, p.config, sizeof(vsock));
	assert_int_equal(p.config_bytes, sizeof(vsock));
	assert_int_equal(p.virtio_type, VIRTIO_ID_VSOCK);
	assert_int_equal(p.queue_count, 3);
	assert_true(vsock.guest_cid == 0x300000005);
	assert_int_equal(p.features, COMMON | BIT(VIRTIO_VSOCK_F_SEQPACKET));
	device.type = DEVICE_FS;
	device.tag = "share";
	p = make(&device);
	memcpy(&fs, p.config, sizeof(fs));
	assert_int_equal(p.config_bytes, sizeof(fs));
	assert_int_equal(p.virtio_type, VIRTIO_ID_FS);
	assert_int_equal(p.queue_count, 2);
	assert_string_equal((const char *)fs.tag, "share");
	assert_int_equal(fs.num_request_queues, 1);
	device.type = DEVICE_GPU;
	p = make(&device);
	memcpy(&gpu, p.config, sizeof(gpu));
	assert_int_equal(p.config_bytes, sizeof(gpu));
	assert_int_equal(p.virtio_type, VIRTIO_ID_GPU);
	assert_int_equal(gpu.num_scanouts, 1);
	device.type = DEVICE_CONSOLE;
	p = make(&device);
	assert_int_equal(p.config_bytes, sizeof(struct virtio_console_config));
	assert_int_equal(p.virtio_type, VIRTIO_ID_CONSOLE);
	assert_int_equal(p.features, COMMON & ~RING);
	device.type = DEVICE_RNG;
	p = make(&device);
	assert_int_equal(p.features, COMMON & ~RING);
	assert_int_equal(p.config_bytes, 0);
	assert_int_equal(p.virtio_type, VIRTIO_ID_RNG);
	assert_int_equal(p.queue_count, 1);
}

static void test_blk_through_a_pool(void **state)
{
	struct device device = {.type = DEVICE_BLK,
	                        .queue_pairs_or_queues = 1,
	                        .queue_size = 32,
	                        .disk_bytes = 1 << 20};
	struct virtio_blk_config config;
	struct personality p;
	struct fixture f;

	(void)state;
	fixture_start(&f);
	personality_make(&device, true, f.diag, &p);
	memcpy(&config, p.config, p.config_bytes);
	assert_true(p.features & BIT(VIRTIO_BLK_F_SIZE_MAX));
	/* A full queue of such requests takes no more than half of 8 MiB. */
	assert_int_equal(32U * config.seg_max * config.size_max, 4U << 20);
	fixture_end(&f);
}

/* A disk or an interface with a pool and a queue that is long enough without: no indirect descriptors. */
static void test_indirect(void **state)
{
	static const struct {
		enum device_type type;
		bool pool;
		uint32_t queue_size;
		bool indirect;
	} cases[] = {
		{DEVICE_BLK, true, 128, false},  {DEVICE_BLK, true, 64, false},
		{DEVICE_BLK, true, 32, true},    {DEVICE_BLK, false, 128, true},
		{DEVICE_NET, true, 256, false},  {DEVICE_NET, true, 64, false},
		{DEVICE_NET, true, 32, true},    {DEVICE_NET, false, 256, true},
		{DEVICE_VSOCK, true, 256, true},
	};
	struct fixture f;

	(void)state;
	fixture_start(&f);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct device device = {.type = cases[i].type,
		                        .queue_pairs_or_queues = 1,
		                        .queue_size = cases[i].queue_size,
		                        .disk_bytes = 1 << 20};
		struct personality p;

		personality_make(&device, cases[i].pool, f.diag, &p);
		assert_int_equal((p.features & BIT(VIRTIO_RING_F_INDIRECT_DESC)) != 0,
		                 cases[i].indirect);
		assert_true(p.features & BIT(VIRTIO_RING_F_EVENT_IDX));
	}
	fixture_end(&f);
}

static void test_refused(void **state)
{
	struct fixture f;
	struct personality p;
	struct device device = {.type = DEVICE_FS,
	                        .queue_pairs_or_queues = 1,
	                        .queue_size = 64,
	                        .tag = "a tag of thirty-seven characters, all"};

	(void)state;
	fixture_start(&f);
	personality_make(&device, true, f.diag, &p);
	assert_true(fixture_said(&f, "the tag of an fs device has at most 36 bytes"));
	device.queue_pairs_or_queues = 16;
	device.tag = "t";
	personality_make(&device, true, f.diag, &p);
	assert_true(fixture_said(&f, "a fs device with 17 queues; it has 1 to 16"));
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_net),
		cmocka_unit_test(test_net_of_several_pairs),
		cmocka_unit_test(test_blk),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_blk_through_a_pool),
		cmocka_unit_test(test_indirect),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
