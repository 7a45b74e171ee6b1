/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's connection, link and blk back end as one, on the build host: the kernel module is
 * played (files in the place of its devices, ioctl() below), the driver VM's VMM is an iobuf of the
 * test, and the storage program is the real one, which answers a request for a sector. Modules that
 * lie or fall short are refused, with every file closed again.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/backend.c backend/daemon/backoff.c backend/daemon/blk.c backend/daemon/connection.c
 * links: backend/daemon/console.c backend/daemon/control.c backend/daemon/display.c
 * links: backend/daemon/filter.c backend/daemon/frame.c backend/daemon/fs.c backend/daemon/gpu.c
 * links: backend/daemon/inflight.c backend/daemon/interface.c backend/daemon/link.c
 * links: backend/daemon/log.c backend/daemon/loop.c backend/daemon/medium.c backend/daemon/net.c
 * links: backend/daemon/net_pair.c backend/daemon/program.c backend/daemon/ring.c backend/daemon/rng.c backend/daemon/screen.c
 * links: backend/daemon/served.c backend/daemon/socket.c backend/daemon/storage.c
 * links: backend/daemon/system.c backend/daemon/vhost.c backend/daemon/vhost_user.c backend/daemon/vring.c
 * links: backend/daemon/vsock.c backend/daemon/vsock_event.c lib/iobuf.c
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/daemon/connection.h"
#include "backend/daemon/storage.h"
#include "lib/bits.h"
#include "lib/iobuf.h"
#include "tests/unit/ordered_cmocka.h"

#define DRIVER_ADDRESS 0x48000000U
#define MEMORY_BYTES 0x10000U
#define PAGE_BYTES sizeof(struct pv_iobuf_page)
#define SECTOR_BYTES 512U
#define DISK_BYTES 0x10000U
#define LINES 3U /* the control channel and the only queue of each of two devices */
#define TURNS_MAX 1000
#define TURN_MS 10000

/* Where the test puts things in memdev; queue, then the request that it holds. */
enum { DESC = 0, AVAILABLE = 2048, USED = 4096, HEADER = 0x3000, DATA = 0x4000, STATUS = 0x5000 };

static struct module {
	struct pv_backend_info info;
	bool silent; /* GET_INFO fails */
	int kick[LINES];
	int call[LINES];
	uint32_t rings[LINES];
} module;

static struct bench {
	char top[64], dev[96], run[96], pid[128];
	struct dt_connection config;
	struct loop loop;
	struct connection *connection;
	struct pv_iobuf_page *pages; /* both of the control device */
	uint8_t *memory;             /* memdev */
	struct iobuf vmm;
	DIR *files; /* of this process */
} bench;

/* The module's answers. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list list;

	va_start(list, request);
	const uintptr_t argument = va_arg(list, uintptr_t);
	va_end(list);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): so does the real one */
	const struct pv_backend_eventfd *line = (const struct pv_backend_eventfd *)argument;

	assert_true(fd >= 0);
	if (request == PV_BACKEND_GET_INFO && !module.silent) {
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): so does the real one */
		memcpy((void *)argument, &module.info, sizeof(module.info));
		return 0;
	}
	if (request == PV_BACKEND_RING && argument < module.info.count) {
		module.rings[argument]++;
		return 0;
	}
	if (request == PV_BACKEND_SET_EVENT && line->number < LINES) {
		module.kick[line->number] = line->fd;
		return 0;
	}
	if (request == PV_BACKEND_SET_CALL && line->number < LINES) {
		module.call[line->number] = line->fd;
		return 0;
	}
	errno = EINVAL;
	return -1;
}

static void write_file(const char *directory, const char *name, const void *data, size_t bytes,
                       size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, bytes), bytes);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	close(fd);
}

static void *map_file(const char *name, size_t bytes)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/driver/%s", bench.dev, name);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(at != MAP_FAILED);
	close(fd);
	return at;
}

static uint32_t count_files(void)
{
	uint32_t count = 0;

	rewinddir(bench.files);
	while (readdir(bench.files) != NULL) {
		count++;
	}
	return count;
}

/* The storage program outlives the daemon: this one says who it is, and does not live for long. */
static void put_program(void)
{
	char script[512];

	snprintf(script, sizeof(script),
	         "#!/bin/sh\necho $$ > %s\nexec timeout 100 /usr/bin/qemu-storage-daemon \"$@\"\n",
	         bench.pid);
	write_file(bench.top, "qemu-storage-daemon", script, strlen(script), strlen(script));
	snprintf(script, sizeof(script), "%s:%s", bench.top, getenv("PATH"));
	assert_int_equal(setenv("PATH", script, 1), 0);
}

static void put_devices(size_t memory_bytes)
{
	char directory[128];

	snprintf(directory, sizeof(directory), "%s/driver", bench.dev);
	write_file(directory, "control", "", 0, 2 * PAGE_BYTES);
	write_file(directory, "memory", "", 0, memory_bytes);
}

static int set_up_all(void **state)
{
	uint8_t disk[SECTOR_BYTES];
	char directory[128];

	(void)state;
	strcpy(bench.top, "/tmp/backend-storage.XXXXXX");
	assert_non_null(mkdtemp(bench.top));
	snprintf(bench.dev, sizeof(bench.dev), "%s/dev", bench.top);
	snprintf(bench.run, sizeof(bench.run), "%s/run", bench.top);
	snprintf(bench.pid, sizeof(bench.pid), "%s/pid", bench.top);
	snprintf(directory, sizeof(directory), "%s/driver", bench.dev);
	assert_int_equal(mkdir(bench.dev, 0700) | mkdir(directory, 0700) | mkdir(bench.run, 0700),
	                 0);
	put_program();
	for (size_t i = 0; i < sizeof(disk); i++) {
		disk[i] = (uint8_t)(i * 7 + 1);
	}
	write_file(bench.top, "disk.raw", disk, sizeof(disk), DISK_BYTES);
	bench.files = opendir("/proc/self/fd");
	assert_non_null(bench.files);
	return 0;
}

static int tear_down_all(void **state)
{
	char command[128];

	(void)state;
	closedir(bench.files);
	snprintf(command, sizeof(command), "rm -rf %s", bench.top);
	return system(command); /* NOLINT(cert-env33-c): of our own making */
}

static void make_config(void)
{
	bench.config = (struct dt_connection){
		.peer = "driver",
		.queue_count = 2,
		.device_count = 2,
		.devices = {{.type = "blk",
	                     .queue_count = 1,
	                     .queue_size = 64,
	                     .features = BIT64(32),
	                     .format = "raw",
	                     .capacity = DISK_BYTES},
	                    {.index = 1,
	                     .type = "unknown",
	                     .first_queue = 1,
	                     .queue_count = 1,
	                     .queue_size = 64,
	                     .features = BIT64(32)}},
	};
	snprintf(bench.config.devices[0].disk, sizeof(bench.config.devices[0].disk), "%s/disk.raw",
	         bench.top);
}

static int set_up(void **state)
{
	(void)state;
	module = (struct module){
		.info = {.version = PV_BACKEND_VERSION,
	                 .count = LINES,
	                 .memory_bytes = MEMORY_BYTES,
	                 .driver_address = DRIVER_ADDRESS,
	                 .peer = "driver"},
	};
	make_config();
	put_devices(MEMORY_BYTES);
	bench.pages = map_file("control", 2 * PAGE_BYTES);
	bench.memory = map_file("memory", MEMORY_BYTES);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	munmap(bench.pages, 2 * PAGE_BYTES);
	munmap(bench.memory, MEMORY_BYTES);
	return 0;
}

/* End the storage program, if one was started, and forget its socket. */
static void end_program(void)
{
	char line[16] = "";
	FILE *file = fopen(bench.pid, "re");

	if (file != NULL) {
		assert_non_null(fgets(line, sizeof(line), file));
		fclose(file);
		const pid_t pid = (pid_t)strtol(line, NULL, 10);

		assert_true(pid > 1);
		assert_int_equal(kill(pid, SIGTERM), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		unlink(bench.pid);
	}
}

static err_t open_connection(void)
{
	const struct connection_places places = {.dev_dir = bench.dev, .run_dir = bench.run};

	return connection_open(&bench.config, &places, &bench.loop, &bench.connection);
}

/* The next message of the daemon, which is let run until there is one. */
static struct pv_iobuf_message next_message(void)
{
	struct pv_iobuf_message message;

	for (int turn = 0; turn < TURNS_MAX; turn++) {
		while (iobuf_poll_session(&bench.vmm) != IOBUF_NONE) {
			eventfd_write(module.kick[PV_CONNECTION_CONTROL], 1);
		}
		if (iobuf_receive(&bench.vmm, &message) == OK) {
			return message;
		}
		loop_turn(&bench.loop, TURN_MS);
	}
	fail_msg("no message in %d turns", TURNS_MAX);
	return message;
}

static void expect(uint32_t kind, uint32_t device, uint32_t first_word)
{
	const struct pv_iobuf_message message = next_message();
	uint32_t got;

	memcpy(&got, message.payload, sizeof(got));
	assert_int_equal(message.kind, kind);
	assert_int_equal(message.device, device);
	assert_int_equal(got, first_word);
}

/* Both devices are ready, whichever is first. Returns the identity of the disk. */
static uint64_t expect_both_ready(void)
{
	uint32_t ready = 0;
	uint64_t identity = 0;

	for (int i = 0; i < 2; i++) {
		const struct pv_iobuf_message message = next_message();

		assert_int_equal(message.kind, PV_CTL_READY);
		assert_in_range(message.device, 0, 1);
		ready |= 1U << message.device;
		if (message.device == 0) {
			memcpy(&identity, message.payload, sizeof(identity));
		}
	}
	assert_int_equal(ready, 3);
	return identity;
}

static void say(uint32_t kind, uint32_t device, const void *payload, size_t bytes)
{
	struct pv_iobuf_message message = {.kind = kind, .device = device};

	memcpy(message.payload, payload, bytes);
	assert_int_equal(iobuf_send(&bench.vmm, &message), OK);
	eventfd_write(module.kick[PV_CONNECTION_CONTROL], 1);
}

static void say_start_over(uint32_t device, uint32_t sequence, uint64_t identity)
{
	const struct pv_ctl_queue queue = {.size = 64,
	                                   .desc = DRIVER_ADDRESS + DESC,
	                                   .driver = DRIVER_ADDRESS + AVAILABLE,
	                                   .device = DRIVER_ADDRESS + USED};
	const struct pv_ctl_start start = {
		.features = BIT64(32), .sequence = sequence, .identity = identity};

	say(PV_CTL_QUEUE, device, &queue, sizeof(queue));
	say(PV_CTL_START, device, &start, sizeof(start));
}

static void say_start(uint32_t device, uint32_t sequence)
{
	say_start_over(device, sequence, 0);
}

static void put_descriptor(uint32_t index, uint32_t offset, uint32_t bytes, uint16_t flags)
{
	/* virtio 1.2, 2.7.5 */
	const struct {
		uint64_t address;
		uint32_t bytes;
		uint16_t flags;
		uint16_t next;
	} descriptor = {DRIVER_ADDRESS + offset, bytes, flags, (uint16_t)(index + 1)};

	memcpy(bench.memory + DESC + (size_t)16 * index, &descriptor, sizeof(descriptor));
}

/* Ask for sector 0: virtio 1.2, 5.2.6; type 0 is a read. */
static void put_request(void)
{
	const uint16_t available[] = {0, 1, 0};

	memset(bench.memory, 0, MEMORY_BYTES);
	bench.memory[STATUS] = 0xff;
	put_descriptor(0, HEADER, 16, 1);
	put_descriptor(1, DATA, SECTOR_BYTES, 3);
	put_descriptor(2, STATUS, 1, 2);
	memcpy(bench.memory + AVAILABLE, available, sizeof(available));
}

static void expect_answer(uint8_t status)
{
	eventfd_t calls = 0;
	struct pollfd poll_call = {.fd = module.call[1], .events = POLLIN};

	/* The program also calls when it gets the eventfd. */
	while (__atomic_load_n(&bench.memory[USED + 2], __ATOMIC_ACQUIRE) == 0) {
		assert_int_equal(poll(&poll_call, 1, TURN_MS), 1);
		assert_int_equal(eventfd_read(module.call[1], &calls), 0);
	}
	assert_int_equal(bench.memory[USED + 2], 1);
	assert_int_equal(bench.memory[STATUS], status);
}

static void expect_sector(void)
{
	expect_answer(0);
	for (uint32_t i = 0; i < SECTOR_BYTES; i++) {
		assert_int_equal(bench.memory[DATA + i], (uint8_t)(i * 7 + 1));
	}
}

/* From nothing to a sector of the disk and back, twice over: the program lives on between. */
static void test_blk_serves_a_sector(void **state)
{
	(void)state;
	const uint32_t files = count_files();

	for (uint32_t life = 1; life <= 2; life++) {
		assert_int_equal(loop_open(&bench.loop), OK);
		assert_int_equal(open_connection(), OK);
		assert_int_equal(module.call[PV_CONNECTION_CONTROL], -1);
		iobuf_start(&bench.vmm, &bench.pages[0], &bench.pages[1]);
		expect_both_ready();

		put_request();
		say_start(0, 10 * life);
		expect(PV_CTL_STARTED, 0, 10 * life);
		assert_true(module.rings[1] > 0);
		expect_sector();

		const struct pv_ctl_stop stop = {.sequence = 10 * life + 1};

		say(PV_CTL_STOP, 0, &stop, sizeof(stop));
		expect(PV_CTL_STOPPED, 0, 10 * life + 1);
		connection_close(bench.connection);
		close(bench.loop.epoll_fd);
		assert_int_equal(count_files(), files);
	}
	end_program();
}

static void start_daemon(void)
{
	assert_int_equal(loop_open(&bench.loop), OK);
	assert_int_equal(open_connection(), OK);
	iobuf_start(&bench.vmm, &bench.pages[0], &bench.pages[1]);
}

static void end_daemon(void)
{
	connection_close(bench.connection);
	close(bench.loop.epoll_fd);
}

/* The disk and all that the device VM knew are gone, as after its restart. */
static void lose_disk(void)
{
	char path[DT_PATH_BYTES + 16];

	end_program();
	snprintf(path, sizeof(path), "%s/driver-0.inflight", bench.run);
	unlink(path);
	unlink(bench.config.devices[0].disk);
	snprintf(path, sizeof(path), "%s.identity", bench.config.devices[0].disk);
	unlink(path);
}

/* The program that is found by its socket, though a daemon that is no more has started it, dies. */
static void test_a_program_is_killed_by_its_socket(void **state)
{
	char socket[128];
	int status = 0;

	(void)state;
	snprintf(socket, sizeof(socket), "%s/driver-0.sock", bench.run);
	assert_false(storage_kill(socket));
	start_daemon();
	expect_both_ready();
	end_daemon();
	assert_true(storage_kill(socket));
	/* What ends with the program is what started it here. */
	assert_true(wait(&status) > 0);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_false(storage_kill(socket));
	unlink(bench.pid);
}

/* Rings go on over another disk: each request fails, until the device is reset. */
static void test_a_lost_disk_fails(void **state)
{
	struct dt_device *device = &bench.config.devices[0];
	const struct pv_ctl_stop stop = {.sequence = 2};

	(void)state;
	snprintf(device->disk, sizeof(device->disk), "%s/ram.raw", bench.top);
	device->create = true;
	start_daemon();
	const uint64_t identity = expect_both_ready();
	assert_true(identity > 1);
	end_daemon();
	start_daemon();
	assert_true(expect_both_ready() == identity);
	put_request();
	say_start(0, 1);
	expect(PV_CTL_STARTED, 0, 1);
	expect_answer(0);
	end_daemon();
	lose_disk();

	start_daemon();
	assert_true(expect_both_ready() != identity);
	put_request();
	say_start_over(0, 1, identity);
	expect(PV_CTL_LOST, 0, 1);
	expect_answer(1); /* VIRTIO_BLK_S_IOERR */
	say(PV_CTL_STOP, 0, &stop, sizeof(stop));
	expect(PV_CTL_STOPPED, 0, 2);
	put_request();
	say_start(0, 3);
	expect(PV_CTL_STARTED, 0, 3);
	expect_answer(0);
	end_daemon();
	lose_disk();
}

/* What stands beside the disk says which it is, and no other disk at the same place. */
static void test_identity(void **state)
{
	struct dt_device *device = &bench.config.devices[0];
	char path[256];

	(void)state;
	snprintf(device->disk, sizeof(device->disk), "%s/id.raw", bench.top);
	assert_int_equal(storage_identity(device), 0);
	write_file(bench.top, "id.raw", "", 0, DISK_BYTES);
	const uint64_t first = storage_identity(device);
	assert_true(first > 1 && storage_identity(device) == first);
	write_file(bench.top, "other.raw", "", 0, DISK_BYTES);
	snprintf(path, sizeof(path), "%s/other.raw", bench.top);
	assert_int_equal(rename(path, device->disk), 0);
	const uint64_t second = storage_identity(device);
	assert_true(second > 1 && second != first && storage_identity(device) == second);
	write_file(bench.top, "id.raw.identity", "short", 5, 5);
	const uint64_t third = storage_identity(device);
	assert_true(third > 1 && third != second);
	device->readonly = true;
	assert_int_equal(storage_identity(device), 1);
}

static void test_unknown_type_refuses_to_start(void **state)
{
	(void)state;
	bench.config.device_count = 2;
	strcpy(bench.config.devices[0].type, "strange");
	assert_int_equal(loop_open(&bench.loop), OK);
	assert_int_equal(open_connection(), OK);
	iobuf_start(&bench.vmm, &bench.pages[0], &bench.pages[1]);
	expect_both_ready();
	say_start(1, 5);
	expect(PV_CTL_FAILED, 1, 5);
	connection_close(bench.connection);
	close(bench.loop.epoll_fd);
}

static void expect_no_connection(err_t wanted)
{
	const uint32_t files = count_files();

	bench.connection = (struct connection *)&bench;
	assert_int_equal(open_connection(), wanted);
	assert_null(bench.connection);
	assert_int_equal(count_files(), files);
}

static void test_modules_that_fall_short_are_refused(void **state)
{
	(void)state;
	assert_int_equal(loop_open(&bench.loop), OK);
	module.info.version++;
	expect_no_connection(ERR_VERSION);
	module.info.version--;
	module.info.count--;
	expect_no_connection(ERR_VERSION);
	module.info.count += 2; /* a line more than the module then ties */
	bench.config.queue_count++;
	expect_no_connection(ERR_RANGE);
	bench.config.queue_count--;
	module.info.count--;
	module.silent = true;
	expect_no_connection(ERR_STATE);
	module.silent = false;
	module.info.memory_bytes = UINT64_MAX / 2; /* more than can be mapped */
	expect_no_connection(ERR_STATE);
	strcpy(bench.config.peer, "nobody"); /* no such device */
	expect_no_connection(ERR_STATE);
	close(bench.loop.epoll_fd);
}

/* What a disk may grow to is taken first; one that cannot have it is not served. */
static void test_room_is_reserved(void **state)
{
	struct dt_device *device = &bench.config.devices[0];
	const struct backend_env env = {.peer = "driver", .run_dir = bench.run, .config = device};
	const char *socket =
		"/a/path/that/is/too/long/for/a/socket/so/that/no/program/is/started/by"
		"/this/test/which/wants/none/of/that";
	struct stat status;

	(void)state;
	snprintf(device->disk, sizeof(device->disk), "%s/reserve.raw", bench.top);
	device->create = true;
	device->reserve = (uint64_t)1 << 60;
	assert_int_equal(storage_spawn(&env, socket, socket), ERR_FULL);
	device->reserve = (uint64_t)4 * DISK_BYTES;
	assert_int_equal(storage_spawn(&env, socket, socket), ERR_STATE);
	assert_int_equal(stat(device->disk, &status), 0);
	assert_int_equal(status.st_size, DISK_BYTES);
	assert_in_range(status.st_blocks * 512, (uintmax_t)4 * DISK_BYTES, UINTMAX_MAX);
	unlink(device->disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_blk_serves_a_sector, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_program_is_killed_by_its_socket, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_a_lost_disk_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_identity, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unknown_type_refuses_to_start, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_room_is_reserved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_modules_that_fall_short_are_refused, set_up,
	                                        tear_down),
	};

	return cmocka_run_group_tests_name("backend_storage", tests, set_up_all, tear_down_all);
}
