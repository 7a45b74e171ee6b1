/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of kernel module and daemon on a real Linux, with a played driver VM (peer.h): run in the
 * guest that tests/backend/run boots. Prints a line for each test.
 *
 * Connection "driver" has net (queues 0 and 1) and blk (queue 2), connection "other" has blk.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/backend/check.h"
#include "tests/backend/crash.h"
#include "tests/backend/disk.h"
#include "tests/backend/peer.h"
#include "tests/backend/queue.h"

#define NET 0U
#define BLK 1U
#define LINE_RX 1U
#define LINE_TX 2U
#define LINE_BLK 3U
#define OTHER_LINE_BLK 1U

#define NET_F_MRG_RXBUF (1ULL << 15)

/* Places in memdev. */
#define RINGS_RX 0x000000U
#define RINGS_TX 0x010000U
#define BUFFERS_NET 0x100000U

static bool is_up(void *arg)
{
	const struct peer *peer = arg;

	return peer->up;
}

/* Tests of the daemon. */

static void test_blk(struct peer *peer, const char *name, uint32_t device, uint32_t line)
{
	static struct disk disk;
	char test[64];

	disk_open(&disk, peer, device, line, MEMORY_PROGRAM);
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
	queue_open(&disk.queue, peer, line, DISK_RINGS);
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

static bool shell(const char *command)
{
	return system(command) == 0; /* NOLINT(cert-env33-c): the test's own words */
}

/* What the program that serves a disk in memory keeps for itself, and what it gives up. */
static void test_disk_program(void)
{
#define STATUS(pattern) "grep -Eq '^" pattern "$' /proc/$(pidof " MEMORY_PROGRAM ")/status"
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int fd = open("/tmp/new/disk.raw", O_RDONLY | O_CLOEXEC);

	result("disk-has-one-program", fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) < 0,
	       "another may open it");
	close(fd);
	result("disk-program-is-not-root",
	       shell(STATUS("Uid:\\s+[1-9].*")) && shell(STATUS("Gid:\\s+[1-9].*")) &&
	               shell(STATUS("Groups:\\s*")) && shell(STATUS("CapEff:\\s+0+")),
	       "it has rights of root");
	result("disk-program-makes-few-calls",
	       shell(STATUS("Seccomp:\\s+2")) && shell(STATUS("NoNewPrivs:\\s+1")),
	       "it has no filter");
	result("disk-program-ends-without-sockets",
	       shell("echo > /tmp/none; timeout 60 " MEMORY_PROGRAM
	             " rw 512 /tmp/none 3<&- 4<&-; [ $? = 1 ]"),
	       "it runs on");
#undef STATUS
}

/* Waits for the @count-th session of @peer. */
struct follow {
	struct peer *peer;
	uint32_t count;
};

static bool has_followed(void *arg)
{
	const struct follow *follow = arg;

	peer_serve(follow->peer);
	return follow->peer->up && follow->peer->sessions == follow->count;
}

/*
 * The storage program stops in the middle of its requests, the daemon dies, the guest resets the
 * disk: neither STOPPED nor a new epoch may come before the program is at rest. That @other has a
 * new session proves that the new daemon has seen to all connections.
 */
static void test_reset(struct peer *peer, struct peer *other)
{
	static struct disk disk;
	struct follow first = {other, other->sessions + 1};
	struct follow second = {other, other->sessions + 2};
	struct follow next = {peer, peer->sessions + 1};
	uint32_t epoch = peer->in->epoch;

	send_stop(peer, BLK, 40);
	wait_for(peer, BLK, 40, is_stopped);
	disk_open(&disk, peer, BLK, LINE_BLK, MEMORY_PROGRAM);
	peer_greet(other);
	bool ready = peer_wait(peer, has_followed, &first, SECONDS) && disk_start(&disk, 41) &&
	             wait_for(peer, BLK, 41, is_started);
	ready = ready && signal_all(MEMORY_PROGRAM, "/new/", SIGSTOP) == 1;
	disk_fill(&disk);
	ready = ready && signal_all("peervisord", "", SIGKILL) == 1 && send_stop(peer, BLK, 42) &&
	        peer_wait(peer, has_followed, &second, SECONDS);
	result("reset-waits-for-the-storage-program",
	       ready && peer->in->epoch == epoch && peer->devices[BLK].stopped != 42,
	       "the driver VM is told that the disk rests");
	signal_all(MEMORY_PROGRAM, "/new/", SIGCONT);
	result("session-follows-when-it-rests", peer_wait(peer, has_followed, &next, SECONDS),
	       "no new session");
}

/* Ethernet, ARP (RFC 826) and the header of virtio 1.2, 5.1.6. */
static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x42};

struct net {
	struct peer *peer;
	struct queue rx;
	struct queue tx;
	bool answered;
	uint64_t answerer; /* hardware address, as a number */
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

	while (queue_take(&net->tx, &bytes) >= 0) {
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
		if (same) {
			net->answered = true;
			net->answerer = 0;
			for (size_t i = 6; i < 12; i++) {
				net->answerer = net->answerer << 8 | eth[i];
			}
		}
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
	uint64_t answerer = net.answerer;
	signal_all("peervisord", "", SIGKILL);
	while (peer->sessions == sessions) {
		peer_serve(peer);
		peer_pause();
	}
	result("net-survives-the-daemon",
	       net_start(&net, 11) && wait_for(peer, NET, 11, is_started) && net_exchange(&net),
	       "no answer to ARP");
	result("net-looks-the-same", net.answerer == answerer && answerer != 0,
	       "its neighbour has another hardware address");
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
		{"rings-before-memdev", (uint64_t)-4096},
		{"rings-behind-memdev", peer->memory_bytes},
		{"rings-across-the-end", peer->memory_bytes - 64},
		{"rings-that-wrap", (uint64_t)-peer->driver_address - 4096},
		{"rings-unaligned", 1},
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
		{"unknown-kind", 99, 0, {0}},
		{"kind-of-the-other-side", PV_CTL_STARTED, 0, {0}},
		{"no-such-device", PV_CTL_STOP, 7, {0}},
		{"largest-device", PV_CTL_STOP, UINT32_MAX, {0}},
		{"no-such-queue", PV_CTL_QUEUE, 0, {.queue = 1, .size = 64}},
		{"largest-queue", PV_CTL_QUEUE, 0, {.queue = UINT32_MAX, .size = 64}},
		{"size-zero", PV_CTL_QUEUE, 0, {.queue = 0, .size = 0}},
		{"size-odd", PV_CTL_QUEUE, 0, {.queue = 0, .size = 63}},
		{"size-beyond", PV_CTL_QUEUE, 0, {.queue = 0, .size = 32768}},
		{"features-not-offered",
	         PV_CTL_START,
	         0,
	         {.queue = UINT32_MAX, .size = UINT32_MAX}},
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
	disk_open(&disk, hostile, 0, OTHER_LINE_BLK, STORED_PROGRAM);
	result("hostile-peer-may-come-back",
	       wait_for(hostile, 0, 0, is_ready) && disk_start(&disk, 31) &&
	               wait_for(hostile, 0, 31, is_started) && disk_run(&disk, 200, 99, NULL),
	       disk.why);
	result("hostile-peer-may-stop",
	       send_stop(hostile, 0, 32) && wait_for(hostile, 0, 32, is_stopped), "no STOPPED");
}

int main(void)
{
	static struct peer driver;
	static struct peer other;

	peer_open(&driver, "driver");
	peer_open(&other, "other");
	peer_greet(&driver);
	result("session-comes-up", peer_wait(&driver, is_up, &driver, SECONDS), "it does not");
	test_module(&driver);
	test_net(&driver);
	test_bad_rings(&driver);
	test_blk(&driver, "raw", BLK, LINE_BLK);
	test_disk_program();
	test_reset(&driver, &other);
	test_hostile(&other, &driver);
	test_crash(&other, 0, OTHER_LINE_BLK, STORED_PROGRAM);
	test_crash(&driver, BLK, LINE_BLK, MEMORY_PROGRAM);
	return closing_line();
}
