/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend/daemon/dt: device trees as directories. A good one is read as it stands; each wrong
 * property is an error.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/dt.c backend/daemon/log.c
 */
/* cmocka.h takes these for granted. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/daemon/dt.h"
#include "lib/bits.h"

/* A property of a node below the root: bytes, or a string with its NUL if @bytes is 0. */
struct property {
	const char *node;
	const char *name;
	const char *value;
	size_t bytes;
};

#define CONNECTION "connection@30000000"
#define NET CONNECTION "/device@0"
#define BLK CONNECTION "/device@1"
#define CELL(n) "\0\0\0" n, 4
#define FEATURES "\0\0\0\3\x30\0\0\1", 8

/* Version 14 of clang-format crashes on these tables. */
/* clang-format off */
/* Two devices, those of a pair. What does not belong to us stands beside them. */
static const struct property good[] = {
	{"pl011@9000000", "compatible",            "arm,pl011",                   0},
	{CONNECTION,      "compatible",            "peervisor,connection",        0},
	{CONNECTION,      "peervisor,peer",        "driver",                      0},
	{NET,             "reg",                   CELL("\0")},
	{NET,             "peervisor,type",        "net",                         0},
	{NET,             "peervisor,first-queue", CELL("\0")},
	{NET,             "peervisor,queues",      CELL("\2")},
	{NET,             "peervisor,queue-size",  "\0\0\1\0",                    4},
	{NET,             "peervisor,features",    FEATURES},
	{NET,             "peervisor,tap",         "tap-driver0",                 0},
	{NET,             "peervisor,bridge",      "br0",                         0},
	{NET,             "peervisor,network",     "nat",                         0},
	{NET,             "peervisor,address",     "10.77.0.1/24",                0},
	{NET,             "peervisor,mac",         "\2\x70\x76\0\0\1",            6},
	{NET,             "peervisor,sources",     "10.77.0.2/32 10.78.0.0/16",   0},
	{BLK,             "reg",                   CELL("\1")},
	{BLK,             "peervisor,type",        "blk",                         0},
	{BLK,             "peervisor,first-queue", CELL("\2")},
	{BLK,             "peervisor,queues",      CELL("\1")},
	{BLK,             "peervisor,queue-size",  CELL("\100")},
	{BLK,             "peervisor,features",    FEATURES},
	{BLK,             "peervisor,disk",        "/var/lib/peervisor/d-0.raw",  0},
	{BLK,             "peervisor,format",      "raw",                         0},
	{BLK,             "peervisor,create",      "",                            0},
	{BLK,             "peervisor,capacity",    "\0\0\0\0\4\0\0\0",            8},
	{BLK,             "peervisor,reserve",     "\0\0\0\0\4\1\0\0",            8},
	{BLK,             "peervisor,inflight",    "\0\0\0\0\0\0\060\0",          8},
};

/* A property of the good tree replaced, added, or (value NULL) taken away; and what comes of it. */
static const struct {
	struct property property;
	err_t err;
} bad[] = {
	{{CONNECTION, "peervisor,peer", NULL, 0},                       ERR_ARG },
	{{CONNECTION, "peervisor,peer", "a/b", 0},                      ERR_ARG },
	{{CONNECTION, "peervisor,peer", "..", 0},                       ERR_ARG },
	{{CONNECTION, "peervisor,peer", "a", 1},                        ERR_ARG },
	{{CONNECTION, "peervisor,peer", "a\0b", 4},                     ERR_ARG },
	{{CONNECTION, "peervisor,peer", "abcdefghijklmnopqrstuvwxyzabcdef", 0}, ERR_ARG },
	{{NET, "reg", NULL, 0},                                         ERR_ARG },
	{{NET, "reg", CELL("\1")},                                      ERR_ARG },
	{{NET, "reg", CELL("\2")},                                      ERR_ARG },
	{{NET, "reg", CELL("\200")},                                    ERR_FULL},
	{{NET, "reg", "\0\0\0\0\0", 5},                                 ERR_ARG },
	{{NET, "reg", "\0\0\0", 3},                                     ERR_ARG },
	{{NET, "peervisor,type", NULL, 0},                              ERR_ARG },
	{{NET, "peervisor,first-queue", CELL("\1")},                    ERR_ARG },
	{{NET, "peervisor,queues", CELL("\0")},                         ERR_ARG },
	{{NET, "peervisor,queues", CELL("\3")},                         ERR_ARG },
	{{NET, "peervisor,queues", CELL("\21")},                        ERR_ARG },
	{{NET, "peervisor,queue-size", CELL("\0")},                     ERR_ARG },
	{{NET, "peervisor,queue-size", CELL("\3")},                     ERR_ARG },
	{{NET, "peervisor,queue-size", "\0\1\0\0", 4},                  ERR_ARG },
	{{NET, "peervisor,features", CELL("\1")},                       ERR_ARG },
	{{NET, "peervisor,tap", NULL, 0},                               ERR_ARG },
	{{NET, "peervisor,tap", "sixteen-letters-", 0},                 ERR_ARG },
	{{NET, "peervisor,tap", "", 1},                                 ERR_ARG },
	{{NET, "peervisor,tap", "quoted\"name", 0},                      ERR_ARG },
	{{NET, "peervisor,tap", "every*", 0},                           ERR_ARG },
	{{NET, "peervisor,bridge", "a\nb", 0},                          ERR_ARG },
	{{NET, "peervisor,mac", NULL, 0},                               ERR_ARG },
	{{NET, "peervisor,mac", "\2\x70\x76\0\0", 5},                    ERR_ARG },
	{{NET, "peervisor,mac", "\2\x70\x76\0\0\1\0", 7},                ERR_ARG },
	{{NET, "peervisor,sources", "10.77.0.2", 0},                    ERR_ARG },
	{{NET, "peervisor,sources", "10.77.0.2/32, 10.78.0.0/16", 0},   ERR_ARG },
	{{NET, "peervisor,sources", "0.0.0.0/0 }", 0},                  ERR_ARG },
	{{NET, "peervisor,network", "open", 0},                         ERR_ARG },
	{{NET, "peervisor,address", "10.77.0.1", 0},                    ERR_ARG },
	{{NET, "peervisor,address", "10.77.0.1/33", 0},                 ERR_ARG },
	{{NET, "peervisor,address", "10.77.0.1/", 0},                   ERR_ARG },
	{{NET, "peervisor,address", "10.77.0/24", 0},                   ERR_ARG },
	{{BLK, "peervisor,disk", NULL, 0},                              ERR_ARG },
	{{BLK, "peervisor,format", "vmdk", 0},                          ERR_ARG },
	{{BLK, "peervisor,format", "qcow2", 0},                         ERR_ARG },
	{{BLK, "peervisor,capacity", NULL, 0},                          ERR_ARG },
	{{BLK, "peervisor,capacity", "\200\0\0\0\0\0\0\0", 8},          ERR_RANGE},
	{{BLK, "peervisor,reserve", NULL, 0},                           OK      },
	{{BLK, "peervisor,reserve", "\4\1\0\0", 4},                     ERR_ARG },
	{{BLK, "peervisor,reserve", "\200\0\0\0\0\0\0\0", 8},           ERR_RANGE},
	{{BLK, "peervisor,offset", "\0\0\0\0\0\1\0\0", 8},            ERR_ARG },
	{{BLK, "peervisor,first-queue", CELL("\3")},                    ERR_ARG },
	{{BLK, "peervisor,first-queue", CELL("\0")},                    ERR_ARG },
};

/* clang-format on */

static char root[] = "/tmp/backend-dt-XXXXXX";

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *where)
{
	(void)stat;
	(void)type;
	(void)where;
	return remove(path);
}

static void put(const struct property *property)
{
	char path[300];
	size_t bytes = property->bytes;

	snprintf(path, sizeof(path), "%s/%s", root, property->node);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/%s", root, property->node, property->name);
	if (property->value == NULL) {
		unlink(path);
		return;
	}
	if (bytes == 0 && property->value[0] != '\0') {
		bytes = strlen(property->value) + 1;
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, property->value, bytes), bytes);
	close(fd);
}

static int make_tree(void **state)
{
	(void)state;
	memset(root + strlen(root) - 6, 'X', 6);
	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
		put(&good[i]);
	}
	return 0;
}

static int remove_tree(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void test_good(void **state)
{
	struct dt dt;

	(void)state;
	assert_int_equal(dt_read(root, &dt), OK);
	assert_int_equal(dt.count, 1);
	const struct dt_connection *connection = &dt.connections[0];
	assert_string_equal(connection->peer, "driver");
	assert_int_equal(connection->device_count, 2);
	assert_int_equal(connection->queue_count, 3);
	const struct dt_device *net = &connection->devices[0];
	assert_string_equal(net->type, "net");
	assert_int_equal(net->queue_count, 2);
	assert_int_equal(net->queue_size, 256);
	assert_true(net->features == 0x330000001);
	assert_string_equal(net->tap, "tap-driver0");
	assert_string_equal(net->bridge, "br0");
	assert_int_equal(net->network, DT_NETWORK_NAT);
	assert_int_equal(net->own.address.s_addr, htonl(0x0a4d0001));
	assert_int_equal(net->own.prefix, 24);
	assert_memory_equal(net->mac, "\2\x70\x76\0\0\1", 6);
	assert_int_equal(net->source_count, 2);
	assert_int_equal(net->sources[0].address.s_addr, htonl(0x0a4d0002));
	assert_int_equal(net->sources[0].prefix, 32);
	assert_int_equal(net->sources[1].address.s_addr, htonl(0x0a4e0000));
	assert_int_equal(net->sources[1].prefix, 16);
	const struct dt_device *blk = &connection->devices[1];
	assert_int_equal(blk->first_queue, 2);
	assert_string_equal(blk->disk, "/var/lib/peervisor/d-0.raw");
	assert_string_equal(blk->format, "raw");
	assert_true(blk->create);
	assert_false(blk->readonly);
	assert_int_equal(blk->capacity, 0x4000000);
	assert_int_equal(blk->reserve, 0x4010000);
	assert_int_equal(blk->inflight, 0x3000);
	dt_free(&dt);
}

/* A disk on a block device has a place there, and nothing that only files have. */
static void test_medium(void **state)
{
	static const struct property medium[] = {
		{BLK, "peervisor,disk", "/dev/nvme0n1", 0},
		{BLK, "peervisor,offset", "\0\0\0\1\0\0\x10\0", 8},
		{BLK, "peervisor,create", NULL, 0},
		{BLK, "peervisor,reserve", NULL, 0},
	};
	static const struct property wrong[] = {
		{BLK, "peervisor,offset", "\x7f\xff\xff\xff\xff\xff\xff\xff", 8},
		{BLK, "peervisor,offset", "\0\0\0\0", 4},
	};
	struct dt dt;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(medium); i++) {
		put(&medium[i]);
	}
	assert_int_equal(dt_read(root, &dt), OK);
	assert_true(dt.connections[0].devices[1].on_medium);
	assert_true(dt.connections[0].devices[1].offset == 0x100001000);
	dt_free(&dt);
	put(&wrong[0]);
	assert_int_equal(dt_read(root, &dt), ERR_RANGE);
	dt_free(&dt);
	put(&wrong[1]);
	assert_int_equal(dt_read(root, &dt), ERR_ARG);
	dt_free(&dt);
}

/* A gpu has a display of a size that there is room for. */
static void test_display(void **state)
{
	static const struct property gpu[] = {
		{BLK, "peervisor,type", "gpu", 0},
		{BLK, "peervisor,queues", CELL("\2")},
		{BLK, "peervisor,width", "\0\0\x5\0", 4},
		{BLK, "peervisor,height", "\0\0\x2\xd0", 4},
	};
	static const struct property wrong[] = {
		{BLK, "peervisor,width", "\0\0\x10\1", 4},
		{BLK, "peervisor,width", CELL("\77")},
		{BLK, "peervisor,width", NULL, 0},
		{BLK, "peervisor,height", "\1\0\2\xd0", 4},
		{BLK, "peervisor,height", NULL, 0},
	};
	struct dt dt;

	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
		for (size_t j = 0; j < ARRAY_COUNT(gpu); j++) {
			put(&gpu[j]);
		}
		assert_int_equal(dt_read(root, &dt), OK);
		assert_int_equal(dt.connections[0].devices[1].width, 1280);
		assert_int_equal(dt.connections[0].devices[1].height, 720);
		dt_free(&dt);
		put(&wrong[i]);
		assert_int_equal(dt_read(root, &dt), ERR_ARG);
		dt_free(&dt);
		remove_tree(state);
		make_tree(state);
	}
}

/* The directory of a file system, if it is not one of its own. */
static void test_directory(void **state)
{
	static const struct property fs[] = {
		{BLK, "peervisor,type", "fs", 0},
		{BLK, "peervisor,queues", CELL("\2")},
	};
	static const struct property given = {BLK, "peervisor,dir", "/srv/data", 0};
	static const struct property wrong = {BLK, "peervisor,dir", "/srv/data", 9};
	struct dt dt;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(fs); i++) {
		put(&fs[i]);
	}
	assert_int_equal(dt_read(root, &dt), OK);
	assert_string_equal(dt.connections[0].devices[1].directory, "");
	dt_free(&dt);
	put(&given);
	assert_int_equal(dt_read(root, &dt), OK);
	assert_string_equal(dt.connections[0].devices[1].directory, "/srv/data");
	dt_free(&dt);
	put(&wrong);
	assert_int_equal(dt_read(root, &dt), ERR_ARG);
	dt_free(&dt);
}

static void test_bad(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		struct dt dt;
		put(&bad[i].property);
		if (dt_read(root, &dt) != bad[i].err) {
			fail_msg("%s of %s, case %zu", bad[i].property.name, bad[i].property.node,
			         i);
		}
		dt_free(&dt);
		remove_tree(state);
		make_tree(state);
	}
}

static void test_device_twice(void **state)
{
	static const struct property twin[] = {
		{CONNECTION "/device@2", "reg", CELL("\0")},
		{CONNECTION "/device@2", "peervisor,type", "rng", 0},
		{CONNECTION "/device@2", "peervisor,first-queue", CELL("\3")},
		{CONNECTION "/device@2", "peervisor,queues", CELL("\1")},
		{CONNECTION "/device@2", "peervisor,queue-size", CELL("\1")},
		{CONNECTION "/device@2", "peervisor,features", FEATURES},
	};
	static const struct property index = {CONNECTION "/device@2", "reg", CELL("\2")};
	struct dt dt;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(twin); i++) {
		put(&twin[i]);
	}
	assert_int_equal(dt_read(root, &dt), ERR_ARG);
	dt_free(&dt);
	/* At an index of its own it is a third device, of a type without options. */
	put(&index);
	assert_int_equal(dt_read(root, &dt), OK);
	assert_int_equal(dt.connections[0].device_count, 3);
	dt_free(&dt);
}

/* Not in the order in which a file system lists them: who has the first screen must not change. */
static void test_order(void **state)
{
	static const char *const peers[] = {"m", "alpha", "zeta", "b", "driver2", "a", "y", "c"};
	struct dt dt;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(peers); i++) {
		char node[32];

		snprintf(node, sizeof(node), "connection@%zu", 9 - i);
		put(&(struct property){node, "compatible", "peervisor,connection", 0});
		put(&(struct property){node, "peervisor,peer", peers[i], 0});
	}
	assert_int_equal(dt_read(root, &dt), OK);
	assert_int_equal(dt.count, ARRAY_COUNT(peers) + 1);
	for (size_t i = 1; i < dt.count; i++) {
		assert_true(strcmp(dt.connections[i - 1].peer, dt.connections[i].peer) < 0);
	}
	dt_free(&dt);
}

static void test_nothing_to_serve(void **state)
{
	static const struct property other = {CONNECTION, "compatible", "else", 0};
	struct dt dt;

	(void)state;
	put(&other);
	assert_int_equal(dt_read(root, &dt), OK);
	assert_int_equal(dt.count, 0);
	dt_free(&dt);
	assert_int_equal(dt_read("/nowhere", &dt), ERR_STATE);
	dt_free(&dt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(test_medium, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(test_display, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(test_directory, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(test_bad, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(test_device_twice, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(test_order, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(test_nothing_to_serve, make_tree, remove_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
