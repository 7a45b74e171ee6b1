/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend/daemon/vsock: a back end that follows one whose streams died tells the driver so by an
 * event, in a ring that the test writes; the kernel's vhost is played.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/vsock.c backend/daemon/vsock_event.c backend/daemon/vring.c
 * links: backend/daemon/ring.c backend/daemon/log.c
 */
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/vhost.h"
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"

#define DRIVER_ADDRESS 0x48000000U
#define EVENT_QUEUE 2U
#define SIZE 4U

/* The event queue and its one buffer, as memdev. */
static struct memory {
	struct {
		uint64_t address;
		uint32_t bytes;
		uint16_t flags, next;
	} descriptors[SIZE];
	uint16_t available_flags, available_index, available[SIZE + 1];
	uint16_t pad[1];
	uint16_t used_flags, used_index;
	struct {
		uint32_t head, bytes;
	} used[SIZE];
	uint32_t event;
} memory;

static enum backend_event told;
static int calls[3];

err_t vhost_open(const struct backend_env *env, const struct vhost_kind *kind,
                 const struct control_setup *setup, int *fd)
{
	(void)env;
	(void)setup;
	assert_int_equal(kind->first_queue, 0);
	assert_int_equal(kind->queue_count, EVENT_QUEUE);
	*fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return OK;
}

/* The kernel's answer to all that is asked of vhost. */
int ioctl(int fd, unsigned long request, ...)
{
	(void)fd;
	(void)request;
	return 0;
}

void backend_tell(const struct backend_env *env, enum backend_event event, err_t err)
{
	(void)env;
	(void)err;
	told = event;
}

/* Start the device with one buffer of @bytes in its event queue; was the driver called? */
static bool is_told(bool again, uint32_t bytes)
{
	const struct dt_device config = {.queue_count = 3, .cid = 3};
	const struct ring_memory ring_memory = {
		.base = &memory, .bytes = sizeof(memory), .driver_address = DRIVER_ADDRESS};
	const struct control_setup setup = {
		.again = again,
		.given = 7,
		.queues = {
			[EVENT_QUEUE] = {
				.size = SIZE,
				.desc = DRIVER_ADDRESS,
				.driver = DRIVER_ADDRESS + offsetof(struct memory, available_flags),
				.device = DRIVER_ADDRESS + offsetof(struct memory, used_flags),
			}}};
	const struct backend_env env = {
		.peer = "driver", .config = &config, .memory = &ring_memory, .call_fds = calls};
	eventfd_t count = 0;

	memset(&memory, 0, sizeof(memory));
	memory.event = UINT32_MAX;
	memory.descriptors[1].address = DRIVER_ADDRESS + offsetof(struct memory, event);
	memory.descriptors[1].bytes = bytes;
	memory.descriptors[1].flags = 2; /* for the device to write */
	memory.available[0] = 1;
	memory.available_index = bytes != 0 ? 1 : 0;
	calls[EVENT_QUEUE] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	void *vsock = backend_vsock.open(&env);
	assert_non_null(vsock);
	backend_vsock.start(vsock, &setup);
	assert_int_equal(told, BACKEND_STARTED);
	backend_vsock.close(vsock);
	bool called = eventfd_read(calls[EVENT_QUEUE], &count) == 0;
	close(calls[EVENT_QUEUE]);
	return called;
}

static void a_first_start_says_nothing(void **state)
{
	(void)state;
	assert_false(is_told(false, sizeof(memory.event)));
	assert_int_equal(memory.used_index, 0);
}

static void streams_that_ended_are_told(void **state)
{
	(void)state;
	assert_true(is_told(true, sizeof(memory.event)));
	assert_int_equal(memory.event, 0); /* VIRTIO_VSOCK_EVENT_TRANSPORT_RESET */
	assert_int_equal(memory.used_index, 1);
	assert_int_equal(memory.used[0].head, 1);
	assert_int_equal(memory.used[0].bytes, sizeof(memory.event));
}

static void a_driver_without_room_is_served_as_well(void **state)
{
	(void)state;
	assert_false(is_told(true, 0));
	assert_false(is_told(true, 2));
	assert_int_equal(memory.event, UINT32_MAX);
	assert_int_equal(memory.used_index, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_start_says_nothing),
		cmocka_unit_test(streams_that_ended_are_told),
		cmocka_unit_test(a_driver_without_room_is_served_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
