/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend/disk: each request and what is wrong with it, over indirect descriptors and event
 * indices too; then a whole session, the test being daemon and driver.
 * flags: -D_GNU_SOURCE
 * links: backend/disk/confine.c backend/disk/request.c backend/disk/session.c
 * links: backend/daemon/vring.c backend/daemon/ring.c
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/vmm.h"
#include "backend/daemon/vhost_user_message.h"
#include "backend/disk/confine.h"
#include "backend/disk/session.h"
#include "tests/unit/ordered_cmocka.h"

#define DRIVER_ADDRESS 0x48000000ULL
#define USER_ADDRESS 0x7f0000000000ULL
#define MEMORY_BYTES 0x40000U
#define QUEUE_SIZE 8U
#define DISK_BYTES 0x10000U
#define PATTERN(at) ((uint8_t)((at)*7U + (at) / 256U))
#define NEXT 1U
#define WRITES 2U
#define TABLE 4U

/* virtio 1.2, 5.2.6 */
enum { READ = 0, WRITE = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 };
enum { DONE = 0, IOERR = 1, UNSUPPORTED = 2, UNTOUCHED = 0xff };

/* Where things are in memory. */
enum { HEADER = 0x2000, STATUS = 0x2800, INDIRECT = 0x3000, DATA = 0x4000, DATA_BYTES = 0x8000 };

struct descriptor {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags;
	uint16_t next;
};

/* A queue as the driver sees it, with its event indices. */
struct driver_queue {
	struct descriptor descriptors[QUEUE_SIZE];
	uint16_t available_flags, available_index, available[QUEUE_SIZE], used_event;
	uint16_t pad[1];
	uint16_t used_flags, used_index;
	struct {
		uint32_t head, bytes;
	} used[QUEUE_SIZE];
	uint16_t available_event;
};

static struct bench {
	int memory_fd;
	uint8_t *memory;
	struct disk disk;
	int ours, its; /* the socket */
	int kick, call;
	size_t most;
	pthread_t thread;
} bench;

static struct driver_queue *queue(void)
{
	return (void *)bench.memory;
}

static struct pv_ctl_queue where(uint64_t base)
{
	return (struct pv_ctl_queue){
		.size = QUEUE_SIZE,
		.desc = base,
		.driver = base + offsetof(struct driver_queue, available_flags),
		.device = base + offsetof(struct driver_queue, used_flags),
	};
}

/* The kernel moves less than it is asked for, as it does of 2 GiB and more: no more than a part,
 * and @most bytes of it. */
static struct iovec shortened(const struct iovec *parts)
{
	struct iovec part = parts[0];

	part.iov_len = part.iov_len < bench.most ? part.iov_len : bench.most;
	return part;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's are reserved */
ssize_t preadv(int fd, const struct iovec *parts, int count, off_t offset)
{
	struct iovec part = shortened(parts);

	assert_true(count > 0);
	return pread(fd, part.iov_base, part.iov_len, offset);
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's are reserved */
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	struct iovec part = shortened(parts);

	assert_true(count > 0);
	return pwrite(fd, part.iov_base, part.iov_len, offset);
}

static int set_up(void **state)
{
	(void)state;
	bench.most = SIZE_MAX;
	bench.memory_fd = memfd_create("memory", MFD_CLOEXEC);
	bench.disk = (struct disk){
		.fd = memfd_create("disk", MFD_CLOEXEC),
		.writable = true,
		.bytes = DISK_BYTES,
	};
	assert_int_equal(ftruncate(bench.memory_fd, MEMORY_BYTES), 0);
	bench.memory =
		mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, bench.memory_fd, 0);
	assert_true(bench.memory != MAP_FAILED);
	/* The last sector is there in part. */
	for (size_t i = 0; i < DISK_BYTES - 100; i++) {
		uint8_t byte = PATTERN(i);
		assert_int_equal(pwrite(bench.disk.fd, &byte, 1, (off_t)i), 1);
	}
	bench.kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bench.call = eventfd(0, EFD_CLOEXEC);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	munmap(bench.memory, MEMORY_BYTES);
	close(bench.memory_fd);
	close(bench.disk.fd);
	close(bench.kick);
	close(bench.call);
	return 0;
}

static void describe(struct descriptor *to, uint64_t offset, uint32_t bytes, uint32_t flags,
                     uint16_t next)
{
	*to = (struct descriptor){DRIVER_ADDRESS + offset, bytes, (uint16_t)flags, next};
}

/* A request in three descriptors or, with no data, two; its header is there. */
static void make_chain(struct descriptor *chain, uint32_t type, uint64_t sector, uint32_t bytes)
{
	bool reads = type == READ || type == GET_ID;
	uint32_t words[4] = {type, 0, (uint32_t)sector, (uint32_t)(sector >> 32)};

	memcpy(bench.memory + HEADER, words, sizeof(words));
	bench.memory[STATUS] = UNTOUCHED;
	describe(&chain[0], HEADER, sizeof(words), NEXT, bytes > 0 ? 1 : 2);
	describe(&chain[1], DATA, bytes, NEXT | (reads ? WRITES : 0), 2);
	describe(&chain[2], STATUS, 1, WRITES, 0);
}

static void show(uint16_t head)
{
	struct driver_queue *q = queue();

	q->available[q->available_index % QUEUE_SIZE] = head;
	__atomic_store_n(&q->available_index, (uint16_t)(q->available_index + 1), __ATOMIC_RELEASE);
}

/* Serve the request at head 0 without a session; its status. */
static uint8_t serve(uint64_t features, uint32_t *written)
{
	struct ring_memory memory = {bench.memory, MEMORY_BYTES, DRIVER_ADDRESS, -1};
	struct pv_ctl_queue at = where(DRIVER_ADDRESS);
	struct vring_request request;
	struct vring ring;

	vring_open(&ring, &memory, &at, features);
	show(0);
	assert_int_equal(vring_peek(&ring, &request), VRING_TAKEN);
	*written = disk_serve(&bench.disk, &request);
	vring_answer(&ring, &request, *written);
	return bench.memory[STATUS];
}

static uint8_t ask(uint32_t type, uint64_t sector, uint32_t bytes, uint32_t *written)
{
	make_chain(queue()->descriptors, type, sector, bytes);
	return serve(0, written);
}

static void requests(void **state)
{
	static const struct {
		uint32_t type;
		uint64_t sector;
		uint32_t bytes;
		uint8_t status;
		uint32_t written;
	} cases[] = {
		{READ, 0, 4096, DONE, 4097},
		{READ, 127, 512, DONE, 513},
		{READ, 127, 1024, IOERR, 0},
		{READ, 0, 100, IOERR, 0},
		{READ, UINT64_MAX, 512, IOERR, 0},
		{READ, UINT64_MAX / 512, 512, IOERR, 0},
		{WRITE, 8, 4096, DONE, 1},
		{WRITE, 120, 4608, IOERR, 1},
		{FLUSH, 0, 0, DONE, 1},
		{GET_ID, 0, 20, DONE, 21},
		{GET_ID, 0, 4, DONE, 5},
		{GET_ID, 0, 64, DONE, 20}, /* a gap before the status */
		{99, 0, 0, UNSUPPORTED, 1},
	};
	uint32_t written = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		uint8_t status = ask(cases[i].type, cases[i].sector, cases[i].bytes, &written);

		assert_int_equal(status, cases[i].status);
		assert_int_equal(written, cases[i].written);
	}
	assert_string_equal((char *)bench.memory + DATA, "peervisor");
}

static void data_is_that_of_the_disk(void **state)
{
	uint8_t disk[1024];
	uint32_t written = 0;

	(void)state;
	assert_int_equal(ask(READ, 126, 1024, &written), DONE);
	for (uint32_t i = 0; i < 1024; i++) {
		uint32_t at = 126 * 512 + i;
		assert_int_equal(bench.memory[DATA + i], at < DISK_BYTES - 100 ? PATTERN(at) : 0);
	}
	memset(bench.memory + DATA, 0x5a, 1024);
	assert_int_equal(ask(WRITE, 2, 512, &written), DONE);
	assert_int_equal(pread(bench.disk.fd, disk, sizeof(disk), 1024), sizeof(disk));
	for (uint32_t i = 0; i < 1024; i++) {
		assert_int_equal(disk[i], i < 512 ? 0x5a : PATTERN(1024 + i));
	}
}

static void what_the_kernel_moves_by_halves_is_moved(void **state)
{
	uint8_t disk[1024];
	uint32_t written = 0;

	(void)state;
	bench.most = 300;
	memset(bench.memory + DATA, 0xff, 1024);
	assert_int_equal(ask(READ, 126, 1024, &written), DONE);
	assert_int_equal(written, 1025);
	for (uint32_t i = 0; i < 1024; i++) {
		uint32_t at = 126 * 512 + i;
		assert_int_equal(bench.memory[DATA + i], at < DISK_BYTES - 100 ? PATTERN(at) : 0);
	}
	memset(bench.memory + DATA, 0x5a, 1024);
	assert_int_equal(ask(WRITE, 2, 1024, &written), DONE);
	assert_int_equal(pread(bench.disk.fd, disk, sizeof(disk), 1024), sizeof(disk));
	for (uint32_t i = 0; i < 1024; i++) {
		assert_int_equal(disk[i], 0x5a);
	}
}

/* Only of the last sector may a part be missing: what else the file has not got is lost, not zero. */
static void what_is_missing_does_not_read_as_zero(void **state)
{
	uint32_t written = 0;

	(void)state;
	assert_int_equal(ftruncate(bench.disk.fd, 4096 + 100), 0);
	assert_int_equal(ask(READ, 7, 512, &written), DONE);
	assert_int_equal(ask(READ, 8, 512, &written), IOERR);
	assert_int_equal(ask(READ, 7, 4096, &written), IOERR);
	assert_int_equal(ask(READ, 127, 512, &written), IOERR);
	assert_int_equal(written, 0);
}

static void put_flagged_range(uint64_t sector, uint32_t sectors, uint32_t flags)
{
	memcpy(bench.memory + DATA, &sector, 8);
	memcpy(bench.memory + DATA + 8, &sectors, 4);
	memcpy(bench.memory + DATA + 12, &flags, 4);
}

static void put_range(uint64_t sector, uint32_t sectors)
{
	put_flagged_range(sector, sectors, 0);
}

/* virtio 1.2, 5.2.6.2: more than was offered is refused, and nothing is cleared. */
static void ranges_beyond_what_is_offered(void **state)
{
	uint32_t written = 0;
	uint8_t byte = 0;

	(void)state;
	bench.disk.bytes = 40000ULL * 512;
	put_range(0, 32769);
	assert_int_equal(ask(WRITE_ZEROES, 0, 16, &written), IOERR);
	assert_int_equal(ask(DISCARD, 0, 16, &written), IOERR);
	put_range(0, 1);
	memset(bench.memory + DATA + 16, 0, 16);
	assert_int_equal(ask(WRITE_ZEROES, 0, 32, &written), IOERR); /* two ranges */
	put_flagged_range(0, 1, 2);
	assert_int_equal(ask(WRITE_ZEROES, 0, 16, &written), UNSUPPORTED);
	put_flagged_range(0, 1, 1);
	assert_int_equal(ask(DISCARD, 0, 16, &written), UNSUPPORTED);
	assert_int_equal(pread(bench.disk.fd, &byte, 1, 1), 1);
	assert_int_equal(byte, PATTERN(1));
	assert_int_equal(ask(WRITE_ZEROES, 0, 16, &written), DONE);
	put_range(1, 32768);
	assert_int_equal(ask(WRITE_ZEROES, 0, 16, &written), DONE);
}

static void ranges_are_cleared_or_left(void **state)
{
	uint8_t disk[1536];
	uint32_t written = 0;

	(void)state;
	put_range(3, 1);
	assert_int_equal(ask(DISCARD, 0, 16, &written), DONE);
	assert_int_equal(pread(bench.disk.fd, disk, sizeof(disk), 1024), sizeof(disk));
	assert_int_equal(disk[512], PATTERN(1536));
	put_range(3, 1);
	assert_int_equal(ask(WRITE_ZEROES, 0, 16, &written), DONE);
	assert_int_equal(pread(bench.disk.fd, disk, sizeof(disk), 1024), sizeof(disk));
	for (uint32_t i = 0; i < sizeof(disk); i++) {
		assert_int_equal(disk[i], i / 512 == 1 ? 0 : PATTERN(1024 + i));
	}
	put_range(127, 2);
	assert_int_equal(ask(WRITE_ZEROES, 0, 16, &written), IOERR);
	put_range(UINT64_MAX, 1);
	assert_int_equal(ask(DISCARD, 0, 16, &written), IOERR);
	assert_int_equal(ask(DISCARD, 0, 8, &written), IOERR);
}

static void what_must_not_be_written_is_not(void **state)
{
	uint32_t written = 0;
	uint8_t byte = 0;

	(void)state;
	bench.disk.writable = false;
	put_range(0, 1);
	assert_int_equal(ask(WRITE_ZEROES, 0, 16, &written), IOERR);
	assert_int_equal(ask(WRITE, 0, 512, &written), IOERR);
	assert_int_equal(pread(bench.disk.fd, &byte, 1, 1), 1);
	assert_int_equal(byte, PATTERN(1));
	assert_int_equal(ask(READ, 0, 512, &written), DONE);
	close(bench.disk.fd);
	bench.disk.fd = -1;
	assert_int_equal(ask(READ, 0, 512, &written), IOERR);
	assert_int_equal(ask(FLUSH, 0, 0, &written), IOERR);
}

static void no_room_for_a_status_or_no_header(void **state)
{
	struct descriptor *chain = queue()->descriptors;
	uint32_t written = 1;

	(void)state;
	make_chain(chain, WRITE, 0, 512);
	chain[1].flags = 0;
	assert_int_equal(serve(0, &written), UNTOUCHED);
	assert_int_equal(written, 0);
	make_chain(chain, READ, 0, 512);
	chain[2].bytes = 0;
	assert_int_equal(serve(0, &written), UNTOUCHED);
	assert_int_equal(written, 0);
	make_chain(chain, READ, 0, 512);
	chain[0].bytes = 15;
	assert_int_equal(serve(0, &written), UNTOUCHED);
	assert_int_equal(written, 0);
}

static enum vring_answer peek_indirect(struct descriptor at, uint64_t features)
{
	struct ring_memory memory = {bench.memory, MEMORY_BYTES, DRIVER_ADDRESS, -1};
	struct pv_ctl_queue place = where(DRIVER_ADDRESS);
	struct vring_request request;
	struct vring ring;

	memset(bench.memory, 0, sizeof(struct driver_queue));
	queue()->descriptors[0] = at;
	vring_open(&ring, &memory, &place, features);
	show(0);
	return vring_peek(&ring, &request);
}

static void indirect_tables(void **state)
{
	const uint64_t at = DRIVER_ADDRESS + INDIRECT;
	const uint64_t features = VRING_FEATURE_INDIRECT;
	uint32_t written = 0;

	(void)state;
	make_chain((void *)(bench.memory + INDIRECT), READ, 0, 512);
	queue()->descriptors[0] = (struct descriptor){at, 48, TABLE, 0};
	assert_int_equal(serve(features, &written), DONE);
	assert_int_equal(bench.memory[DATA + 5], PATTERN(5));

	assert_int_equal(peek_indirect((struct descriptor){at, 48, TABLE, 0}, features),
	                 VRING_TAKEN);
	/* Not negotiated; the chain leaves the table; outside; wraps; unaligned; more behind it. */
	assert_int_equal(peek_indirect((struct descriptor){at, 48, TABLE, 0}, 0), VRING_BROKEN);
	assert_int_equal(peek_indirect((struct descriptor){at, 47, TABLE, 0}, features),
	                 VRING_BROKEN);
	assert_int_equal(peek_indirect((struct descriptor){at, 0, TABLE, 0}, features),
	                 VRING_BROKEN);
	assert_int_equal(
		peek_indirect((struct descriptor){DRIVER_ADDRESS + MEMORY_BYTES - 16, 48, TABLE, 0},
	                      features),
		VRING_BROKEN);
	assert_int_equal(
		peek_indirect((struct descriptor){UINT64_MAX - 15, 48, TABLE, 0}, features),
		VRING_BROKEN);
	assert_int_equal(peek_indirect((struct descriptor){at + 1, 48, TABLE, 0}, features),
	                 VRING_BROKEN);
	assert_int_equal(peek_indirect((struct descriptor){at, 48, TABLE | NEXT, 1}, features),
	                 VRING_BROKEN);
	/* A table in a table. */
	describe((void *)(bench.memory + INDIRECT), INDIRECT, 48, TABLE, 0);
	assert_int_equal(peek_indirect((struct descriptor){at, 48, TABLE, 0}, features),
	                 VRING_BROKEN);
}

static void event_indices(void **state)
{
	struct ring_memory memory = {bench.memory, MEMORY_BYTES, DRIVER_ADDRESS, -1};
	struct pv_ctl_queue place = where(DRIVER_ADDRESS);
	struct vring_request request;
	struct vring ring;

	(void)state;
	queue()->used_index = 65534; /* so that they wrap */
	queue()->available_index = 65534;
	queue()->used_event = 65535; /* call for the second */
	vring_open(&ring, &memory, &place, VRING_FEATURE_EVENT_INDEX);
	make_chain(queue()->descriptors, FLUSH, 0, 0);
	assert_false(vring_listen(&ring));
	assert_int_equal(queue()->available_event, 65534);
	for (uint32_t i = 0; i < 4; i++) {
		show(0);
		assert_true(vring_listen(&ring));
		assert_int_equal(vring_peek(&ring, &request), VRING_TAKEN);
		vring_answer(&ring, &request, 0);
		assert_int_equal(vring_wants_call(&ring), i == 1);
	}
	assert_false(vring_listen(&ring));
	assert_int_equal(queue()->available_event, 2);
	/* Several at once: the one that it waits for is among them. */
	queue()->used_event = 3;
	for (uint32_t i = 0; i < 3; i++) {
		show(0);
		assert_int_equal(vring_peek(&ring, &request), VRING_TAKEN);
		vring_answer(&ring, &request, 0);
	}
	assert_true(vring_wants_call(&ring));
}

/* The daemon's part. */

static void *serve_thread(void *unused)
{
	(void)unused;
	session_serve(&bench.disk, bench.its);
	return NULL;
}

/* Send a request that is to be answered, and take the answer: a status, or what it says. */
static uint64_t say(uint32_t request, const void *payload, uint32_t bytes, int fd)
{
	struct vhost_user_message message = {
		.request = request,
		.flags = VHOST_USER_VERSION | VHOST_USER_NEED_REPLY,
		.bytes = bytes,
	};
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec iov = {&message, VHOST_USER_HEADER_BYTES + bytes};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	uint64_t result = 0;

	memcpy(message.payload, payload, bytes);
	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	assert_int_equal(sendmsg(bench.ours, &msg, 0), iov.iov_len);
	if (recv(bench.ours, &message, VHOST_USER_HEADER_BYTES, MSG_WAITALL) !=
	    (ssize_t)VHOST_USER_HEADER_BYTES) {
		return UINT64_MAX;
	}
	assert_int_equal(message.request, request);
	assert_true(message.flags & VHOST_USER_REPLY);
	assert_int_equal(recv(bench.ours, message.payload, message.bytes, MSG_WAITALL),
	                 message.bytes);
	memcpy(&result, message.payload, sizeof(result));
	return result;
}

static uint64_t say_number(uint32_t request, uint64_t number, int fd)
{
	return say(request, &number, sizeof(number), fd);
}

static uint64_t say_state(uint32_t request, uint32_t index, uint32_t number)
{
	struct vring_state vring = {index, number};

	return say(request, &vring, sizeof(vring), -1);
}

static uint64_t say_address(uint32_t index, uint64_t offset)
{
	struct pv_ctl_queue at = where(USER_ADDRESS + offset);
	struct vring_address address = {
		.index = index,
		.desc = at.desc,
		.used = at.device,
		.available = at.driver,
	};

	return say(SET_VRING_ADDR, &address, sizeof(address), -1);
}

static uint64_t say_memory(void)
{
	struct memory_table table = {
		.count = 1,
		.guest_address = DRIVER_ADDRESS,
		.bytes = MEMORY_BYTES,
		.user_address = USER_ADDRESS,
	};

	return say(SET_MEM_TABLE, &table, sizeof(table), bench.memory_fd);
}

static void begin(uint64_t features)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	bench.ours = pair[0];
	bench.its = pair[1];
	assert_int_equal(pthread_create(&bench.thread, NULL, serve_thread, NULL), 0);
	assert_int_equal(say_number(SET_FEATURES, features, -1), 0);
}

static void start(void)
{
	assert_int_equal(say_memory(), 0);
	assert_int_equal(say_state(SET_VRING_NUM, 0, QUEUE_SIZE), 0);
	assert_int_equal(say_address(0, 0), 0);
	assert_int_equal(say_number(SET_VRING_CALL, 0, bench.call), 0);
	assert_int_equal(say_number(SET_VRING_KICK, 0, bench.kick), 0);
	assert_int_equal(say_state(SET_VRING_ENABLE, 0, 1), 0);
}

/* The session ends because we hang up, or has ended. */
static void end(void)
{
	close(bench.ours);
	assert_int_equal(pthread_join(bench.thread, NULL), 0);
}

static void request_over_session(uint64_t sector)
{
	eventfd_t calls = 0;

	make_chain(queue()->descriptors, READ, sector, 512);
	show(0);
	assert_int_equal(eventfd_write(bench.kick, 1), 0);
	assert_int_equal(eventfd_read(bench.call, &calls), 0); /* waits */
	assert_int_equal(queue()->used_index, queue()->available_index);
	assert_int_equal(bench.memory[STATUS], DONE);
	assert_int_equal(bench.memory[DATA + 3], PATTERN(sector * 512 + 3));
}

static void session(void **state)
{
	struct inflight_payload inflight = {.queue_count = 1, .queue_size = QUEUE_SIZE};
	uint16_t version = 0;
	eventfd_t calls = 0;

	(void)state;
	begin(BIT64(32));
	assert_true((say(GET_FEATURES, "", 0, -1) & VHOST_USER_FEATURE_PROTOCOL) != 0);
	inflight.bytes = say(GET_INFLIGHT_FD, &inflight, sizeof(inflight), -1);
	assert_int_equal(inflight.bytes, 4096);
	inflight.offset = 0x20000;
	assert_int_equal(say(SET_INFLIGHT_FD, &inflight, sizeof(inflight), bench.memory_fd), 0);
	memcpy(&version, bench.memory + 0x20000 + 8, 2);
	assert_int_equal(version, 1);
	start();
	for (uint64_t i = 0; i < 20; i++) {
		request_over_session(i);
	}
	end();
	/* What came meanwhile is found without a kick, and nothing twice. */
	make_chain(queue()->descriptors, READ, 9, 512);
	show(0);
	begin(BIT64(32));
	start();
	assert_int_equal(eventfd_read(bench.call, &calls), 0);
	assert_int_equal(queue()->used_index, 21);
	request_over_session(5);
	end();
}

static void rings_that_make_no_sense_end_it(void **state)
{
	char byte;

	(void)state;
	begin(BIT64(32));
	start();
	queue()->available[0] = QUEUE_SIZE;
	queue()->available_index = 1;
	assert_int_equal(eventfd_write(bench.kick, 1), 0);
	assert_int_equal(recv(bench.ours, &byte, 1, 0), 0);
	end();
}

static void refusals(void **state)
{
	static const uint8_t nothing[VHOST_USER_PAYLOAD_MAX];

	(void)state;
	begin(BIT64(32));
	assert_int_equal(say_number(SET_FEATURES, BIT64(40), -1), 1);
	assert_int_equal(say(99, nothing, 8, -1), 1);
	assert_int_equal(say_state(SET_VRING_ENABLE, 0, 1), 1);
	assert_int_equal(say(SET_MEM_TABLE, nothing, 40, -1), 1);
	assert_int_equal(say_memory(), 0);
	assert_int_equal(say_memory(), 1);
	assert_int_equal(say_state(SET_VRING_NUM, 0, 0), 1);
	assert_int_equal(say_state(SET_VRING_NUM, 0, 3), 1);
	assert_int_equal(say_state(SET_VRING_NUM, 0, 65536), 1);
	assert_int_equal(say_state(SET_VRING_NUM, PV_VMM_QUEUES_MAX, 8), 1);
	assert_int_equal(say_state(SET_VRING_NUM, 0, 8), 0);
	assert_int_equal(say_number(SET_VRING_CALL, 0, -1), 1);
	assert_int_equal(say_number(SET_VRING_CALL, 200, bench.call), 1);
	assert_int_equal(say_number(SET_VRING_CALL, 0, bench.call), 0);
	assert_int_equal(say_number(SET_VRING_CALL, 0, bench.call), 1);
	assert_int_equal(say_number(SET_VRING_KICK, 0, bench.kick), 0);
	assert_int_equal(say_address(0, MEMORY_BYTES - 64), 0);
	assert_int_equal(say_state(SET_VRING_ENABLE, 0, 1), 1); /* outside of memory */
	assert_int_equal(say_address(0, 0), 0);
	assert_int_equal(say_state(SET_VRING_ENABLE, 0, 1), 0);
	assert_int_equal(say_address(0, 0), 1);
	assert_int_equal(say(SET_VRING_NUM, nothing, 4, -1), 1);
	end();
}

/* How a child ends that makes a call when it has given up all but a few. */
static int end_of_call(long call, long a, long b, long c, long d, long e)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		bool ready = confine_calls();

		/* _exit() of a sanitized program makes calls of its own. */
		syscall(SYS_exit_group, !ready || syscall(call, a, b, c, d, e, 0) < 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void other_calls_end_it(void **state)
{
	const long map[] = {PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS};
	const long calls[] = {SYS_openat, SYS_socket, SYS_execve,   SYS_kill,    SYS_ptrace,
	                      SYS_ioctl,  SYS_clone,  SYS_mprotect, SYS_connect, SYS_prctl,
	                      SYS_fcntl,  SYS_read,   SYS_mount,    SYS_setuid,  SYS_ftruncate};

	(void)state;
	assert_int_equal(end_of_call(SYS_fdatasync, bench.disk.fd, 0, 0, 0, 0), 0);
	assert_int_equal(end_of_call(SYS_mmap, 0, 4096, map[0], map[1], -1), 0);
	int status = end_of_call(SYS_mmap, 0, 4096, map[0] | PROT_EXEC, map[1], -1);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	for (size_t i = 0; i < ARRAY_COUNT(calls); i++) {
		status = end_of_call(calls[i], -1, 0, 0, 0, 0);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(requests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(data_is_that_of_the_disk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_the_kernel_moves_by_halves_is_moved, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(what_is_missing_does_not_read_as_zero, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(ranges_are_cleared_or_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ranges_beyond_what_is_offered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_must_not_be_written_is_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_room_for_a_status_or_no_header, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(other_calls_end_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(indirect_tables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(event_indices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(session, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rings_that_make_no_sense_end_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refusals, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
