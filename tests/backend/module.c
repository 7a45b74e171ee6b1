/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the kernel module's devices: what can be mapped, what the ioctls take, which way signals
 * go, and that nothing is left when the control device is closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/backend.h"
#include "tests/backend/check.h"

static void test_memory_device(const struct peer *peer)
{
	struct pv_backend_info info = {0};
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

static void test_info(const struct peer *peer, int fd)
{
	struct pv_backend_info info = {0};

	result("info",
	       ioctl(fd, PV_BACKEND_GET_INFO, &info) == 0 && info.count == 2 &&
	               info.driver_address == peer->driver_address &&
	               info.memory_bytes == peer->memory_bytes && strcmp(info.peer, "third") == 0,
	       "it is wrong");
}

static void test_pages(int fd)
{
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
	munmap(in, 4096);
}

static void test_bad_arguments(int fd)
{
	struct pv_backend_eventfd beyond = {.number = 2, .fd = -1};
	struct pv_backend_eventfd no_file = {.number = 1, .fd = 0};

	result("line-beyond",
	       ioctl(fd, PV_BACKEND_SET_EVENT, &beyond) < 0 &&
	               ioctl(fd, PV_BACKEND_SET_CALL, &beyond) < 0 &&
	               ioctl(fd, PV_BACKEND_RING, 2UL) < 0 && ioctl(fd, PV_BACKEND_RING, ~0UL) < 0,
	       "it is taken");
	result("no-eventfd",
	       ioctl(fd, PV_BACKEND_SET_EVENT, &no_file) < 0 &&
	               ioctl(fd, PV_BACKEND_SET_CALL, &no_file) < 0,
	       "standard input is taken for one");
}

static void test_kicks(const struct peer *peer, int fd)
{
	struct pv_backend_eventfd line = {.number = 1, .fd = eventfd(0, EFD_NONBLOCK)};

	peer_kick(peer, 1);
	result("interrupt-is-remembered",
	       ioctl(fd, PV_BACKEND_SET_EVENT, &line) == 0 && is_signalled(line.fd),
	       "the event was not signalled");
	peer_kick(peer, 1);
	result("interrupt-signals", is_signalled(line.fd), "it does not");
	close(line.fd);
}

/* Ends with a call that outlives @fd. */
static int test_calls(const struct peer *peer, int fd)
{
	struct pv_backend_eventfd line = {.number = 1, .fd = eventfd(1, EFD_NONBLOCK)};

	result("signalled-call-rings-at-once",
	       !peer_heard(peer, 1) && ioctl(fd, PV_BACKEND_SET_CALL, &line) == 0 &&
	               peer_heard(peer, 1),
	       "the doorbell is silent");
	result("call-rings", eventfd_write(line.fd, 1) == 0 && peer_heard(peer, 1), "it is silent");
	result("call-rings-its-own", !peer_heard(peer, 0), "doorbell 0 rang");
	result("ring", ioctl(fd, PV_BACKEND_RING, 0UL) == 0 && peer_heard(peer, 0), "it is silent");
	return line.fd;
}

/* "third" has no daemon: its node lies where only the kernel looks. */
static void test_control_device(void)
{
	int fd = open("/dev/peervisor/third/control", O_RDWR | O_CLOEXEC);
	struct peer peer;

	peer_open(&peer, "third");
	test_info(&peer, fd);
	test_pages(fd);
	test_bad_arguments(fd);
	test_kicks(&peer, fd);
	int call = test_calls(&peer, fd);
	close(fd);
	eventfd_write(call, 1);
	result("close-detaches", !peer_heard(&peer, 1), "the doorbell rang after close");
	close(call);
	fd = open("/dev/peervisor/third/control", O_RDWR | O_CLOEXEC);
	result("control-reopens", fd >= 0, "EBUSY after close");
	close(fd);
}

void test_module(const struct peer *peer)
{
	test_memory_device(peer);
	test_control_device();
}
