/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of kernel module and daemon on a real Linux, with a played driver VM (peer.h): run in the
 * guest that tests/backend/run boots. Prints a line for each test.
 *
 * Connection "driver" has net (queues 0 and 1) and blk (queue 2), connection "other" has blk.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "abi/backend.h"
#include "tests/backend/peer.h"
#include "tests/backend/queue.h"

#define NET 0U
#define BLK 1U
#define LINE_RX 1U
#define LINE_TX 2U
#define LINE_BLK 3U
#define OTHER_LINE_BLK 1U

#define F_VERSION_1 (1ULL << 32)
#define F_EVENT_IDX (1ULL << 29)
#define NET_F_MRG_RXBUF (1ULL << 15)

/* Places in memdev. */
#define RINGS_RX 0x000000U
#define RINGS_TX 0x010000U
#define RINGS_BLK 0x020000U
#define BUFFERS_NET 0x100000U
#define BUFFERS_BLK 0x200000U

#define BLOCK 4096U
#define SLOT (2 * BLOCK) /* of a request: data, then header and status */
#define SECTORS (BLOCK / 512U)
#define DISK_BLOCKS 2048U /* 8 MiB */

#define SECONDS 60U

static unsigned int passed;
static unsigned int failed;

static void result(const char *name, bool ok, const char *why)
{
	/* The shell's prompt may stand on the line. */
	printf("\n%s %s%s%s\n", ok ? "ok" : "FAIL", name, ok ? "" : " ", ok ? "" : why);
	fflush(stdout);
	passed += ok ? 1 : 0;
	failed += ok ? 0 : 1;
}

/* Sessions and devices. */

static bool is_up(void *arg)
{
	const struct peer *peer = arg;

	return peer->up;
}

struct device_ref {
	struct peer *peer;
	uint32_t device;
	uint32_t sequence;
};

static bool is_ready(void *arg)
{
	const struct device_ref *ref = arg;

	return ref->peer->up && ref->peer->devices[ref->device].ready;
}

static bool is_started(void *arg)
{
	const struct device_ref *ref = arg;

	return ref->peer->devices[ref->device].started == ref->sequence;
}

static bool is_stopped(void *arg)
{
	const struct device_ref *ref = arg;

	return ref->peer->devices[ref->device].stopped == ref->sequence;
}

static bool is_failed(void *arg)
{
	const struct device_ref *ref = arg;

	return ref->peer->devices[ref->device].failed == ref->sequence;
}

static bool wait_for(struct peer *peer, uint32_t device, uint32_t sequence, bool (*done)(void *))
{
	struct device_ref ref = {.peer = peer, .device = device, .sequence = sequence};

	return peer_wait(peer, done, &ref, SECONDS);
}

static bool send_start(struct peer *peer, uint32_t device, uint32_t sequence, uint64_t features,
                       const struct pv_ctl_queue *queues, uint32_t count)
{
	const struct pv_ctl_start start = {.features = features, .sequence = sequence};
	bool sent = true;

	for (uint32_t i = 0; i < count; i++) {
		sent = sent && peer_send(peer, PV_CTL_QUEUE, device, &queues[i], sizeof(*queues));
	}
	return sent && peer_send(peer, PV_CTL_START, device, &start, sizeof(start));
}

static bool send_stop(struct peer *peer, uint32_t device, uint32_t sequence)
{
	const struct pv_ctl_stop stop = {.sequence = sequence};

	return peer_send(peer, PV_CTL_STOP, device, &stop, sizeof(stop));
}

/* Block I/O with a known content: word w of block b in generation g is a function of all three. */

struct disk {
	struct peer *peer;
	uint32_t device;
	struct queue queue;
	uint32_t blocks[QUEUE_REQUESTS]; /* what each request is about */
	bool writes[QUEUE_REQUESTS];
	uint8_t generation[DISK_BLOCKS];
	bool busy[DISK_BLOCKS];
	uint32_t answered;
	uint32_t wrong;
	const char *why;
};

static uint64_t word_of(uint32_t block, uint8_t generation, uint32_t word)
{
	if (generation == 0) {
		return 0;
	}
	return (uint64_t)block << 40 | (uint64_t)generation << 32 | word * 2654435761U;
}

static volatile uint64_t *data_of(const struct disk *disk, uint32_t request)
{
	return (volatile uint64_t *)(disk->peer->memory + BUFFERS_BLK + request * SLOT);
}

static void disk_open(struct disk *disk, struct peer *peer, uint32_t device, uint32_t line)
{
	*disk = (struct disk){.peer = peer, .device = device};
	queue_open(&disk->queue, peer, line, RINGS_BLK);
}

static bool disk_start(struct disk *disk, uint32_t sequence)
{
	struct pv_ctl_queue message = queue_message(&disk->queue, 0);

	return send_start(disk->peer, disk->device, sequence, F_VERSION_1, &message, 1);
}

static void disk_submit(struct disk *disk, uint32_t request, uint32_t block, bool write)
{
	uint64_t place = BUFFERS_BLK + (uint64_t)request * SLOT;
	volatile uint32_t *header = (volatile uint32_t *)(disk->peer->memory + place + BLOCK);
	const struct queue_part parts[] = {
		{place + BLOCK,      16,    false },
		{place,              BLOCK, !write},
		{place + BLOCK + 16, 1,     true  },
	};

	header[0] = write ? 1 : 0; /* VIRTIO_BLK_T_OUT, _IN */
	header[1] = 0;
	header[2] = block * SECTORS;
	header[3] = 0;
	header[4] = 0xff;
	if (write) {
		disk->generation[block]++;
	}
	for (uint32_t w = 0; w < BLOCK / 8; w++) {
		data_of(disk, request)[w] =
			write ? word_of(block, disk->generation[block], w) : ~UINT64_C(0);
	}
	disk->blocks[request] = block;
	disk->writes[request] = write;
	disk->busy[block] = true;
	queue_add(&disk->queue, request, parts, 3);
}

static void disk_check(struct disk *disk, uint32_t request)
{
	uint32_t block = disk->blocks[request];
	const volatile uint8_t *status =
		(const volatile uint8_t *)data_of(disk, request) + BLOCK + 16;

	disk->answered++;
	disk->busy[block] = false;
	if (*status != 0) {
		disk->wrong++;
		disk->why = "status is not OK";
		return;
	}
	for (uint32_t w = 0; w < BLOCK / 8; w++) {
		if (data_of(disk, request)[w] != word_of(block, disk->generation[block], w)) {
			disk->wrong++;
			disk->why = "data is wrong";
			return;
		}
	}
}

/* Take all answers that are there. */
static void disk_reap(struct disk *disk)
{
	uint32_t bytes;
	int request;

	while ((request = queue_take(&disk->queue, &bytes)) != -1) {
		if (request < 0) {
			disk->wrong++;
			disk->why = "a request that was not out is answered";
		} else {
			disk_check(disk, (uint32_t)request);
		}
	}
}

static bool is_drained(void *arg)
{
	struct disk *disk = arg;

	disk_reap(disk);
	return disk->queue.out_count == 0 || disk->wrong != 0;
}

static uint32_t random_number(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

/* Keep the queue full until @count requests have been sent; call @event in the middle. */
static bool disk_run(struct disk *disk, uint32_t count, uint32_t seed, void (*event)(struct disk *))
{
	time_t end = time(NULL) + SECONDS;
	uint32_t sent = 0;

	while (sent < count && disk->wrong == 0 && time(NULL) < end) {
		peer_serve(disk->peer);
		disk_reap(disk);
		for (uint32_t r = 0; r < QUEUE_REQUESTS && sent < count; r++) {
			uint32_t block = random_number(&seed) % DISK_BLOCKS;
			if (!disk->queue.out[r] && !disk->busy[block]) {
				disk_submit(disk, r, block, random_number(&seed) % 2 != 0);
				sent++;
			}
		}
		if (event != NULL && sent >= count / 2) {
			event(disk);
			event = NULL;
		}
		peer_pause();
	}
	if (!peer_wait(disk->peer, is_drained, disk, SECONDS)) {
		disk->why = "requests are not answered";
		return false;
	}
	return sent == count && disk->wrong == 0;
}

/* Tests of the module's devices. */

static void test_module(const struct peer *peer)
{
	struct pv_backend_info info;
	int control = open("/dev/peervisor/driver/control", O_RDWR | O_CLOEXEC);
	int memory = open("/dev/peervisor/driver/memory", O_RDWR | O_CLOEXEC);
	long page = 4096;

	result("control-has-one-opener", control < 0 && errno == EBUSY, "it was opened twice");
	result("memory-tells-its-size",
	       memory >= 0 && lseek(memory, 0, SEEK_END) == (off_t)peer->memory_bytes, "lseek");
	result("memory-maps-to-its-end",
	       mmap(NULL, (size_t)page, PROT_READ, MAP_SHARED, memory,
	            (off_t)peer->memory_bytes - page) != MAP_FAILED,
	       "mmap of the last page");
	result("memory-maps-no-further",
	       mmap(NULL, (size_t)(2 * page), PROT_READ, MAP_SHARED, memory,
	            (off_t)peer->memory_bytes - page) == MAP_FAILED,
	       "mmap beyond the end");
	result("memory-is-shared-only",
	       mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE, memory, 0) ==
	               MAP_FAILED,
	       "a private mapping");
	result("memory-has-no-ioctl", ioctl(memory, PV_BACKEND_GET_INFO, &info) < 0, "it has one");
	close(memory);
}

/* Interrupts come when they come. */
static bool is_signalled(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	eventfd_t count = 0;

	return poll(&poll_fd, 1, (int)SECONDS * 1000) == 1 && eventfd_read(fd, &count) == 0 &&
	       count == 1;
}

/* "third" has no daemon: its node lies where only the kernel looks. */
static void test_control_device(void)
{
	struct peer peer;
	struct pv_backend_info info = {0};
	struct pv_backend_eventfd beyond = {.number = 2, .fd = -1};
	struct pv_backend_eventfd no_file = {.number = 1, .fd = 0};
	struct pv_backend_eventfd line = {.number = 1, .fd = eventfd(0, EFD_NONBLOCK)};
	int fd = open("/dev/peervisor/third/control", O_RDWR | O_CLOEXEC);

	peer_open(&peer, "third");
	result("info",
	       ioctl(fd, PV_BACKEND_GET_INFO, &info) == 0 && info.count == 2 &&
	               info.driver_address == peer.driver_address &&
	               info.memory_bytes == peer.memory_bytes && strcmp(info.peer, "third") == 0,
	       "it is wrong");
	void *in = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, PV_BACKEND_PAGE_IN);
	result("page-in-is-readable", in != MAP_FAILED, "mmap");
	result("page-in-is-read-only",
	       mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PV_BACKEND_PAGE_IN) ==
	               MAP_FAILED,
	       "it can be mapped to write");
	result("page-in-stays-read-only", mprotect(in, 4096, PROT_READ | PROT_WRITE) < 0,
	       "mprotect makes it writable");
	result("no-third-page",
	       mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 8192) == MAP_FAILED &&
	               mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED,
	       "more than two pages");
	result("line-beyond",
	       ioctl(fd, PV_BACKEND_SET_EVENT, &beyond) < 0 &&
	               ioctl(fd, PV_BACKEND_SET_CALL, &beyond) < 0 &&
	               ioctl(fd, PV_BACKEND_RING, 2UL) < 0 && ioctl(fd, PV_BACKEND_RING, ~0UL) < 0,
	       "it is taken");
	result("no-eventfd",
	       ioctl(fd, PV_BACKEND_SET_EVENT, &no_file) < 0 &&
	               ioctl(fd, PV_BACKEND_SET_CALL, &no_file) < 0,
	       "standard input is taken for one");

	peer_kick(&peer, 1);
	result("interrupt-is-remembered",
	       ioctl(fd, PV_BACKEND_SET_EVENT, &line) == 0 && is_signalled(line.fd),
	       "the event was not signalled");
	peer_kick(&peer, 1);
	result("interrupt-signals", is_signalled(line.fd), "it does not");

	int call = eventfd(1, EFD_NONBLOCK);
	line.fd = call;
	result("signalled-call-rings-at-once",
	       !peer_heard(&peer, 1) && ioctl(fd, PV_BACKEND_SET_CALL, &line) == 0 &&
	               peer_heard(&peer, 1),
	       "the doorbell is silent");
	result("call-rings", eventfd_write(call, 1) == 0 && peer_heard(&peer, 1), "it is silent");
	result("call-rings-its-own", !peer_heard(&peer, 0), "doorbell 0 rang");
	result("ring", ioctl(fd, PV_BACKEND_RING, 0UL) == 0 && peer_heard(&peer, 0),
	       "it is silent");
	munmap(in, 4096);
	close(fd);
	eventfd_write(call, 1);
	result("close-detaches", !peer_heard(&peer, 1), "the doorbell rang after close");
	fd = open("/dev/peervisor/third/control", O_RDWR | O_CLOEXEC);
	result("control-reopens", fd >= 0, "EBUSY after close");
	close(fd);
	close(call);
}

/* Tests of the daemon. */

static void kill_daemon(struct disk *disk)
{
	uint32_t sessions = disk->peer->sessions;

	if (kill_all("peervisord") == 0) {
		disk->wrong++;
		disk->why = "there was no daemon to kill";
	}
	/* As a VMM does: when the new session is up, what runs is said again. */
	while (disk->peer->sessions == sessions) {
		peer_serve(disk->peer);
		disk_reap(disk);
		peer_pause();
	}
	disk_start(disk, 3);
}

static void kill_storage(struct disk *disk)
{
	if (kill_all("qemu-storage-daemon") == 0) {
		disk->wrong++;
		disk->why = "there was no storage daemon to kill";
	}
}

static void test_blk(struct peer *peer, const char *name, uint32_t device, uint32_t line)
{
	static struct disk disk;
	char test[64];

	disk_open(&disk, peer, device, line);
	snprintf(test, sizeof(test), "%s-starts", name);
	result(test,
	       wait_for(peer, device, 0, is_ready) && disk_start(&disk, 1) &&
	               wait_for(peer, device, 1, is_started),
	       "no STARTED");
	snprintf(test, sizeof(test), "%s-reads-and-writes", name);
	result(test, disk_run(&disk, 2000, 1, NULL), disk.why);
	snprintf(test, sizeof(test), "%s-calls", name);
	result(test, peer_heard(peer, line), "its doorbell never rang");

	snprintf(test, sizeof(test), "%s-stops", name);
	result(test, send_stop(peer, device, 2) && wait_for(peer, device, 2, is_stopped),
	       "no STOPPED");
	queue_open(&disk.queue, peer, line, RINGS_BLK);
	snprintf(test, sizeof(test), "%s-starts-again", name);
	result(test,
	       disk_start(&disk, 3) && wait_for(peer, device, 3, is_started) &&
	               disk_run(&disk, 500, 2, NULL),
	       disk.why);
	for (uint32_t i = 0; i < 3; i++) {
		snprintf(test, sizeof(test), "%s-survives-its-program-%u", name, i);
		result(test, disk_run(&disk, 1000, 3 + i, kill_storage), disk.why);
		snprintf(test, sizeof(test), "%s-survives-the-daemon-%u", name, i);
		result(test, disk_run(&disk, 1000, 7 + i, kill_daemon), disk.why);
	}
}

/* Ethernet, ARP (RFC 826) and the header of virtio 1.2, 5.1.6. */
static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x42};

struct net {
	struct peer *peer;
	struct queue rx;
	struct queue tx;
	bool answered;
};

static void put_bytes(volatile uint8_t *to, const void *from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		to[i] = ((const uint8_t *)from)[i];
	}
}

static uint64_t rx_place(uint32_t request)
{
	return BUFFERS_NET + 4096U * (1 + request);
}

static void net_give(struct net *net, uint32_t request)
{
	const struct queue_part part = {rx_place(request), 2048, true};

	queue_add(&net->rx, request, &part, 1);
}

static void net_ask(struct net *net)
{
	static const uint8_t arp[] = {0, 1, 8, 0, 6, 4, 0, 1};
	static const uint8_t own_ip[] = {10, 77, 0, 2};
	static const uint8_t asked_ip[] = {10, 77, 0, 1};
	const struct queue_part part = {BUFFERS_NET, 12 + 60, false};
	uint8_t frame[12 + 60] = {0};
	uint8_t *eth = frame + 12;

	memset(eth, 0xff, 6);
	memcpy(eth + 6, mac, 6);
	eth[12] = 8;
	eth[13] = 6;
	memcpy(eth + 14, arp, 8);
	memcpy(eth + 22, mac, 6);
	memcpy(eth + 28, own_ip, 4);
	memcpy(eth + 38, asked_ip, 4);
	put_bytes(net->peer->memory + BUFFERS_NET, frame, sizeof(frame));
	queue_add(&net->tx, 0, &part, 1);
}

static bool is_answered(void *arg)
{
	static const uint8_t answer[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 2};
	struct net *net = arg;
	uint32_t bytes;
	int request;

	while ((request = queue_take(&net->tx, &bytes)) >= 0) {
	}
	while ((request = queue_take(&net->rx, &bytes)) >= 0) {
		const volatile uint8_t *eth = net->peer->memory + rx_place((uint32_t)request) + 12;
		bool same = bytes >= 12 + 42;
		for (size_t i = 0; same && i < 6; i++) {
			same = eth[i] == mac[i];
		}
		for (size_t i = 0; same && i < sizeof(answer); i++) {
			same = eth[12 + i] == answer[i];
		}
		net->answered = net->answered || same;
		net_give(net, (uint32_t)request);
	}
	return net->answered;
}

static bool net_start(struct net *net, uint32_t sequence)
{
	const struct pv_ctl_queue queues[] = {queue_message(&net->rx, 0),
	                                      queue_message(&net->tx, 1)};

	return send_start(net->peer, NET, sequence, F_VERSION_1 | NET_F_MRG_RXBUF, queues, 2);
}

static bool net_exchange(struct net *net)
{
	net->answered = false;
	net_ask(net);
	return peer_wait(net->peer, is_answered, net, SECONDS);
}

static void test_net(struct peer *peer)
{
	struct net net = {.peer = peer};
	uint32_t sessions;

	queue_open(&net.rx, peer, LINE_RX, RINGS_RX);
	queue_open(&net.tx, peer, LINE_TX, RINGS_TX);
	for (uint32_t r = 0; r < QUEUE_REQUESTS; r++) {
		net_give(&net, r);
	}
	result("net-starts",
	       wait_for(peer, NET, 0, is_ready) && net_start(&net, 11) &&
	               wait_for(peer, NET, 11, is_started),
	       "no STARTED");
	result("net-answers", net_exchange(&net), "no answer to ARP");
	result("net-calls", peer_heard(peer, LINE_RX),
	       "the doorbell of its receive queue is silent");

	sessions = peer->sessions;
	kill_all("peervisord");
	while (peer->sessions == sessions) {
		peer_serve(peer);
		peer_pause();
	}
	result("net-survives-the-daemon",
	       net_start(&net, 11) && wait_for(peer, NET, 11, is_started) && net_exchange(&net),
	       "no answer to ARP");
	result("net-stops", send_stop(peer, NET, 12) && wait_for(peer, NET, 12, is_stopped),
	       "no STOPPED");
}

/* What a guest behind an honest VMM can do: it is told, and nothing else happens. */
static void test_bad_rings(struct peer *peer)
{
	const struct {
		const char *name;
		uint64_t offset;
	} rings[] = {
		{"rings-before-memdev",  (uint64_t)-4096                       },
		{"rings-behind-memdev",  peer->memory_bytes                    },
		{"rings-across-the-end", peer->memory_bytes - 64               },
		{"rings-that-wrap",      (uint64_t)-peer->driver_address - 4096},
		{"rings-unaligned",      1				     },
	};
	uint32_t sequence = 21;

	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++, sequence += 2) {
		uint64_t base = peer->driver_address + rings[i].offset;
		const struct pv_ctl_queue queues[] = {
			{.queue = 0, .size = 64, .desc = base, .driver = base, .device = base},
			{.queue = 1, .size = 64, .desc = base, .driver = base, .device = base},
		};
		result(rings[i].name,
		       send_start(peer, NET, sequence, F_VERSION_1, queues, 2) &&
		               wait_for(peer, NET, sequence, is_failed) &&
		               send_stop(peer, NET, sequence + 1) &&
		               wait_for(peer, NET, sequence + 1, is_stopped),
		       "no FAILED and STOPPED");
	}
}

static bool has_taken(void *arg)
{
	const struct peer *peer = arg;

	return peer->in->consumed != 0;
}

/* What only a VMM that lies can do: its session is over, "driver" goes on, and so does a new one. */
static void test_hostile(struct peer *hostile, struct peer *bystander)
{
	const struct {
		const char *name;
		uint32_t kind;
		uint32_t device;
		struct pv_ctl_queue payload;
	} messages[] = {
		{"unknown-kind",           99,             0,          {0}                              },
		{"kind-of-the-other-side", PV_CTL_STARTED, 0,          {0}                              },
		{"no-such-device",         PV_CTL_STOP,    7,          {0}                              },
		{"largest-device",         PV_CTL_STOP,    UINT32_MAX, {0}                              },
		{"no-such-queue",          PV_CTL_QUEUE,   0,          {.queue = 1, .size = 64}         },
		{"largest-queue",          PV_CTL_QUEUE,   0,          {.queue = UINT32_MAX, .size = 64}},
		{"size-zero",              PV_CTL_QUEUE,   0,          {.queue = 0, .size = 0}          },
		{"size-odd",               PV_CTL_QUEUE,   0,          {.queue = 0, .size = 63}         },
		{"size-beyond",            PV_CTL_QUEUE,   0,          {.queue = 0, .size = 32768}      },
		{"features-not-offered",
	         PV_CTL_START,	                     0,
	         {.queue = UINT32_MAX, .size = UINT32_MAX}                                              },
	};
	static struct disk disk;
	uint32_t sequence = 1000;

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		peer_greet(hostile);
		bool up = peer_wait(hostile, is_up, hostile, SECONDS);
		bool sent = peer_send(hostile, messages[i].kind, messages[i].device,
		                      &messages[i].payload, sizeof(messages[i].payload));
		/* A STOP is always answered, but not to one who is not listened to. Two answers
		 * for the bystander show that the daemon has seen it. */
		bool taken = peer_wait(hostile, has_taken, hostile, SECONDS);
		send_stop(hostile, 0, 77);
		for (int turn = 0; turn < 2; turn++, sequence++) {
			taken = taken && send_stop(bystander, NET, sequence) &&
			        wait_for(bystander, NET, sequence, is_stopped);
		}
		peer_serve(hostile);
		result(messages[i].name, up && sent && taken && hostile->devices[0].stopped != 77,
		       "the session goes on, or the other one does not");
	}
	peer_greet(hostile);
	disk_open(&disk, hostile, 0, OTHER_LINE_BLK);
	result("hostile-peer-may-come-back",
	       wait_for(hostile, 0, 0, is_ready) && disk_start(&disk, 31) &&
	               wait_for(hostile, 0, 31, is_started) && disk_run(&disk, 200, 99, NULL),
	       disk.why);
}

int main(void)
{
	static struct peer driver;
	static struct peer other;

	peer_open(&driver, "driver");
	peer_open(&other, "other");
	test_control_device();
	peer_greet(&driver);
	result("session-comes-up", peer_wait(&driver, is_up, &driver, SECONDS), "it does not");
	test_module(&driver);
	test_net(&driver);
	test_bad_rings(&driver);
	test_blk(&driver, "raw", BLK, LINE_BLK);
	test_hostile(&other, &driver);
	printf("%u passed, %u failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}
