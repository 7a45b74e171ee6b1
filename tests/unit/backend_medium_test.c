/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend/daemon/medium: which announcements of the kernel count, here those of a socket pair; and
 * what is no block device of the size that is wanted.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/log.c backend/daemon/loop.c backend/daemon/medium.c
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/daemon/medium.h"
#include "tests/unit/ordered_cmocka.h"

#define WORDS(text) text, sizeof(text)

static struct bench {
	struct loop loop;
	struct dt_device config;
	struct backend_env env;
	struct medium medium;
	int kernel; /* the other end */
	uint32_t changes;
	uint64_t sequence; /* of what is there by now */
} bench;

/* The kernel's answer. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list list;

	va_start(list, request);
	uint64_t *sequence = va_arg(list, uint64_t *);
	va_end(list);
	assert_true(fd >= 0);
	assert_int_equal(request, BLKGETDISKSEQ);
	*sequence = bench.sequence;
	return 0;
}

static void on_change(void *owner)
{
	struct bench *of = owner;

	of->changes++;
}

static int set_up(void **state)
{
	int pair[2];

	(void)state;
	memset(&bench, 0, sizeof(bench));
	assert_int_equal(loop_open(&bench.loop), OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	bench.env = (struct backend_env){
		.loop = &bench.loop, .peer = "driver", .config = &bench.config};
	bench.kernel = pair[1];
	medium_open(&bench.medium, &bench.env, pair[0], on_change, &bench);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	medium_close(&bench.medium);
	close(bench.kernel);
	close(bench.loop.epoll_fd);
	return 0;
}

static void announce(const char *words, size_t bytes)
{
	assert_int_equal(write(bench.kernel, words, bytes), bytes);
}

static void block_devices_are_looked_at_once(void **state)
{
	(void)state;
	announce(WORDS("add@/a\0ACTION=add\0SUBSYSTEM=block\0DEVNAME=sda"));
	announce(WORDS("add@/b\0ACTION=add\0SUBSYSTEM=tty"));
	announce(WORDS("add@/c\0ACTION=add\0SUBSYSTEM=block\0DEVNAME=sda1"));
	loop_turn(&bench.loop, 0);
	assert_int_equal(bench.changes, 1);
	loop_turn(&bench.loop, 0);
	assert_int_equal(bench.changes, 1);
}

static void others_are_not(void **state)
{
	(void)state;
	announce(WORDS("add@/b\0ACTION=add\0SUBSYSTEM=blocks"));
	announce(WORDS("add@/SUBSYSTEM=block\0ACTION=add\0SUBSYSTEM=tty"));
	announce("add@/b\0SUBSYSTEM=bloc", sizeof("add@/b\0SUBSYSTEM=bloc") - 1);
	loop_turn(&bench.loop, 0);
	assert_int_equal(bench.changes, 0);
	announce("add@/b\0SUBSYSTEM=block", sizeof("add@/b\0SUBSYSTEM=block") - 1);
	loop_turn(&bench.loop, 0);
	assert_int_equal(bench.changes, 1);
}

static void only_a_block_device_that_is_there_is_one(void **state)
{
	(void)state;
	strcpy(bench.config.disk, "/dev/none-of-that-name");
	bench.config.capacity = 4096;
	assert_int_equal(medium_check(&bench.medium), ERR_EMPTY);
	assert_string_equal(bench.medium.said, "is not there");
	strcpy(bench.config.disk, "/dev/null");
	assert_int_equal(medium_check(&bench.medium), ERR_EMPTY);
	assert_string_equal(bench.medium.said, "is no block device");
}

static void one_that_goes_is_gone_whatever_comes(void **state)
{
	(void)state;
	bench.sequence = 5;
	strcpy(bench.config.disk, "/dev/null");
	assert_false(medium_is_gone(&bench.medium));
	assert_false(medium_is_gone(&bench.medium));
	bench.sequence = 6;
	assert_true(medium_is_gone(&bench.medium));
	bench.sequence = 5;
	strcpy(bench.config.disk, "/dev/none-of-that-name");
	assert_true(medium_is_gone(&bench.medium));
}

/* Where the kernel gives no socket, all else goes on. */
static void without_announcements(void **state)
{
	struct medium medium;

	(void)state;
	medium_open(&medium, &bench.env, -1, on_change, &bench);
	assert_int_equal(medium.events.fd, -1);
	medium_close(&medium);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(block_devices_are_looked_at_once),
		TEST(others_are_not),
		TEST(only_a_block_device_that_is_there_is_one),
		TEST(one_that_goes_is_gone_whatever_comes),
		TEST(without_announcements),
	};
#undef TEST
	return cmocka_run_group_tests_name("backend_medium", tests, NULL, NULL);
}
