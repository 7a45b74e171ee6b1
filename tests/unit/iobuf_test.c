/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/iobuf.c, both ends over two pages: sessions and their restarts, full and empty rings, the
 * wrap of the indices, and a peer that writes anything at any time, from another thread too. Each
 * end sees the other's page through a read-only mapping, so a write to it ends the test.
 */
/* links: lib/iobuf.c */
#define _GNU_SOURCE /* memfd_create */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/iobuf.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/steady_random.h"

#define POLLS_MAX 3U /* changes in a row that an honest peer causes, lib/iobuf.h */
#define PAGE_BYTES sizeof(struct pv_iobuf_page)

struct pair {
	volatile struct pv_iobuf_page *pages[2];      /* for the end that owns it, and the test */
	const volatile struct pv_iobuf_page *seen[2]; /* the same, as the other end has it */
	struct iobuf ends[2];
};

static struct pair pair;

/* A page twice: writable, and read-only. */
static void map_page(uint32_t i)
{
	int fd = memfd_create("iobuf", 0);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, PAGE_BYTES), 0);
	void *writable = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	void *readable = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(writable != MAP_FAILED && readable != MAP_FAILED);
	close(fd);
	pair.pages[i] = writable;
	pair.seen[i] = readable;
}

static int map_pages(void **state)
{
	(void)state;
	map_page(0);
	map_page(1);
	return 0;
}

static int clear_pages(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct pv_iobuf_page empty = {0};
		*pair.pages[i] = empty;
	}
	random_start(1);
	return 0;
}

static void start(uint32_t i)
{
	iobuf_start(&pair.ends[i], pair.pages[i], pair.seen[1 - i]);
}

/* Poll end @i until nothing changes; tells the last change. */
static enum iobuf_change settle_end(uint32_t i)
{
	enum iobuf_change last = IOBUF_NONE;

	for (uint32_t n = 0; n <= POLLS_MAX; n++) {
		enum iobuf_change change = iobuf_poll_session(&pair.ends[i]);

		if (change == IOBUF_NONE) {
			return last;
		}
		last = change;
	}
	fail_msg("end %u changes for ever", i);
	return last;
}

static void settle(void)
{
	for (uint32_t n = 0; n < 4; n++) {
		settle_end(n & 1);
	}
	assert_int_equal(pair.ends[0].state, IOBUF_STATE_UP);
	assert_int_equal(pair.ends[1].state, IOBUF_STATE_UP);
}

static void start_pair(void)
{
	start(0);
	start(1);
	settle();
}

static struct pv_iobuf_message message_of(uint32_t number)
{
	struct pv_iobuf_message message = {.kind = number, .device = ~number};

	for (uint32_t i = 0; i < PV_IOBUF_PAYLOAD; i++) {
		message.payload[i] = (uint8_t)(number * 31 + i);
	}
	return message;
}

static err_t send_number(uint32_t end, uint32_t number)
{
	struct pv_iobuf_message message = message_of(number);

	return iobuf_send(&pair.ends[end], &message);
}

static void expect_number(uint32_t end, uint32_t number)
{
	struct pv_iobuf_message wanted = message_of(number);
	struct pv_iobuf_message message;

	assert_int_equal(iobuf_receive(&pair.ends[end], &message), OK);
	assert_memory_equal(&message, &wanted, sizeof(wanted));
}

static err_t receive(uint32_t end)
{
	struct pv_iobuf_message message;

	return iobuf_receive(&pair.ends[end], &message);
}

/* The order of changes that both sides see, one poll at a time. */
static void test_session_comes_up(void **state)
{
	(void)state;
	start(0);
	assert_int_equal(iobuf_poll_session(&pair.ends[0]), IOBUF_NONE);
	assert_int_equal(send_number(0, 1), ERR_STATE);
	assert_int_equal(receive(0), ERR_STATE);
	start(1);
	assert_int_equal(iobuf_poll_session(&pair.ends[1]), IOBUF_GREETED);
	assert_int_equal(iobuf_poll_session(&pair.ends[1]), IOBUF_NONE);
	assert_int_equal(iobuf_poll_session(&pair.ends[0]), IOBUF_GREETED);
	assert_int_equal(iobuf_poll_session(&pair.ends[0]), IOBUF_UP);
	assert_int_equal(iobuf_poll_session(&pair.ends[0]), IOBUF_NONE);
	assert_int_equal(iobuf_poll_session(&pair.ends[1]), IOBUF_UP);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(pair.pages[i]->magic, PV_IOBUF_MAGIC);
		assert_int_equal(pair.pages[i]->version, PV_IOBUF_VERSION);
		assert_int_not_equal(pair.pages[i]->epoch, 0);
		assert_int_equal(pair.pages[i]->peer_epoch, pair.pages[1 - i]->epoch);
		assert_int_equal(receive(i), ERR_EMPTY);
	}
}

static void test_full_ring_and_drain(void **state)
{
	(void)state;
	start_pair();
	for (uint32_t end = 0; end < 2; end++) {
		for (uint32_t n = 0; n < PV_IOBUF_SLOTS; n++) {
			assert_int_equal(send_number(end, n), OK);
		}
		assert_int_equal(send_number(end, 99), ERR_FULL);
		expect_number(1 - end, 0);
		assert_int_equal(send_number(end, PV_IOBUF_SLOTS), OK);
		assert_int_equal(send_number(end, 99), ERR_FULL);
		for (uint32_t n = 1; n <= PV_IOBUF_SLOTS; n++) {
			expect_number(1 - end, n);
		}
		assert_int_equal(receive(1 - end), ERR_EMPTY);
	}
}

/* Both rings at a place that only 2^32 messages reach. */
static void turn_rings_to(uint32_t index)
{
	for (uint32_t i = 0; i < 2; i++) {
		pair.ends[i].produced = pair.ends[i].consumed = index;
		pair.pages[i]->produced = pair.pages[i]->consumed = index;
	}
}

/* Random traffic both ways, over the wrap of the indices, against two counters. */
static void test_traffic_over_the_wrap(void **state)
{
	(void)state;
	uint32_t sent[2] = {0};
	uint32_t received[2] = {0}; /* by the end, from the other */

	start_pair();
	turn_rings_to(0U - 1000U);
	for (uint32_t n = 0; n < 20000; n++) {
		uint32_t end = random_next() >> 16 & 1;
		uint32_t in_flight = sent[end] - received[1 - end];
		uint32_t waiting = sent[1 - end] - received[end];

		/* One end is mostly faster than the other, and they take turns at it. */
		if (random_next() >> 16 & (n >> 9 & 1) + 1) {
			err_t err = send_number(end, sent[end]);
			assert_int_equal(err, in_flight == PV_IOBUF_SLOTS ? ERR_FULL : OK);
			sent[end] += err == OK;
		} else if (waiting == 0) {
			assert_int_equal(receive(end), ERR_EMPTY);
		} else {
			expect_number(end, received[end]++);
		}
		assert_int_equal(iobuf_poll_session(&pair.ends[end]), IOBUF_NONE);
	}
	assert_true(pair.ends[0].produced < 100000 && sent[0] > 2000);
	assert_true(pair.ends[1].produced < 100000 && sent[1] > 2000);
}

/* Either end dies with messages under way, and comes back: nothing old arrives. */
static void test_restart_of_either_end(void **state)
{
	(void)state;
	start_pair();
	for (uint32_t round = 0; round < 64; round++) {
		uint32_t end = round & 1;
		uint32_t epoch = pair.ends[end].epoch;

		for (uint32_t n = 0; n < round % (PV_IOBUF_SLOTS + 1); n++) {
			assert_int_equal(send_number(0, n), OK);
			assert_int_equal(send_number(1, n), OK);
		}
		start(end);
		assert_int_not_equal(pair.ends[end].epoch, epoch);
		/* The other end may touch the rings before it looks at the session. */
		err_t err = round & 2 ? receive(1 - end) : send_number(1 - end, 7);
		assert_true(err == OK || err == ERR_EMPTY || err == ERR_STATE || err == ERR_FULL);
		assert_int_equal(pair.ends[1 - end].state, IOBUF_STATE_UP);
		assert_int_equal(iobuf_poll_session(&pair.ends[1 - end]), IOBUF_DOWN);
		assert_int_equal(receive(1 - end), ERR_STATE);
		settle();
		assert_int_equal(receive(0), ERR_EMPTY);
		assert_int_equal(receive(1), ERR_EMPTY);
		assert_int_equal(send_number(end, 55), OK);
		expect_number(1 - end, 55);
	}
}

static void test_epoch_is_never_zero(void **state)
{
	(void)state;
	start_pair();
	pair.pages[0]->epoch = UINT32_MAX;
	start(0);
	assert_int_equal(pair.ends[0].epoch, 1);
	settle();
}

/* Dead: nothing works, whatever the page says, until it shows another epoch. */
static void expect_dead(uint32_t end)
{
	volatile struct pv_iobuf_page *peer = pair.pages[1 - end];

	assert_int_equal(pair.ends[end].state, IOBUF_STATE_DEAD);
	assert_int_equal(pair.pages[end]->peer_epoch, 0);
	assert_int_equal(iobuf_poll_session(&pair.ends[end]), IOBUF_DOWN);
	peer->produced = pair.ends[end].consumed;
	peer->consumed = pair.ends[end].produced;
	peer->peer_epoch = pair.ends[end].epoch;
	assert_int_equal(iobuf_poll_session(&pair.ends[end]), IOBUF_NONE);
	assert_int_equal(send_number(end, 1), ERR_STATE);
	assert_int_equal(receive(end), ERR_STATE);
	assert_int_equal(pair.pages[end]->peer_epoch, 0);
}

static void test_bad_index_kills_the_session(void **state)
{
	(void)state;
	static const uint32_t distances[] = {PV_IOBUF_SLOTS + 1, PV_IOBUF_SLOTS * 2, 1U << 31,
	                                     UINT32_MAX};

	start_pair();
	for (uint32_t round = 0; round < 16; round++) {
		uint32_t end = round & 1;
		struct iobuf *iobuf = &pair.ends[end];
		uint32_t distance = distances[round / 4];

		if (round & 2) {
			pair.pages[1 - end]->produced = iobuf->consumed + distance;
			assert_int_equal(receive(end), ERR_PEER);
		} else {
			pair.pages[1 - end]->consumed = iobuf->produced - distance;
			assert_int_equal(send_number(end, 1), ERR_PEER);
		}
		expect_dead(end);
		start(1 - end);
		settle();
		assert_int_equal(send_number(1 - end, round), OK);
		expect_number(end, round);
	}
}

static void test_withdrawn_session_is_dead(void **state)
{
	(void)state;
	start_pair();
	pair.pages[1]->peer_epoch = 0;
	assert_int_equal(iobuf_poll_session(&pair.ends[0]), IOBUF_DOWN);
	assert_int_equal(pair.ends[0].state, IOBUF_STATE_DEAD);
	pair.pages[1]->peer_epoch = pair.ends[0].epoch;
	assert_int_equal(iobuf_poll_session(&pair.ends[0]), IOBUF_NONE);
	assert_int_equal(send_number(0, 1), ERR_STATE);
	start(1);
	settle();
}

/* An index that makes no sense beside a new epoch is a restart and no breach. */
static void test_restart_under_the_index(void **state)
{
	(void)state;
	start_pair();
	for (uint32_t n = 0; n < 5; n++) {
		assert_int_equal(send_number(0, n), OK);
		expect_number(1, n);
		assert_int_equal(send_number(1, n), OK);
		expect_number(0, n);
	}
	start(1); /* its indices are 0 again, ours are 5 */
	assert_int_equal(receive(0), ERR_STATE);
	assert_int_equal(pair.ends[0].state, IOBUF_STATE_UP);
	settle();
}

static void test_foreign_version_is_absent(void **state)
{
	(void)state;
	start_pair();
	pair.pages[1]->version = PV_IOBUF_VERSION + 1;
	assert_int_equal(settle_end(0), IOBUF_DOWN);
	assert_int_equal(pair.ends[0].state, IOBUF_STATE_DOWN);
	pair.pages[1]->version = PV_IOBUF_VERSION;
	pair.pages[1]->magic ^= 1;
	assert_int_equal(settle_end(0), IOBUF_NONE);
	pair.pages[1]->magic ^= 1;
	settle();
}

/* What is published is never read back: whatever stands on our page, we know better. */
static void test_own_page_is_not_read(void **state)
{
	(void)state;
	start_pair();
	for (uint32_t n = 0; n < 200; n++) {
		struct pv_iobuf_page kept = *pair.pages[0];

		memset((void *)(uintptr_t)pair.pages[0], (int)(n * 37), PAGE_BYTES);
		assert_int_equal(iobuf_poll_session(&pair.ends[0]), IOBUF_NONE);
		assert_int_equal(receive(0), ERR_EMPTY);
		*pair.pages[0] = kept;
		assert_int_equal(send_number(0, n), OK);
		expect_number(1, n);
	}
}

/* What one call may do, whatever the peer's page holds. */
struct before {
	struct iobuf iobuf;
	struct pv_iobuf_page own;
};

static void check_call(const struct before *before, err_t err, bool is_send)
{
	const struct iobuf *was = &before->iobuf;
	const struct iobuf *now = &pair.ends[0];
	struct pv_iobuf_page own = *pair.pages[0];
	uint32_t slot = was->produced % PV_IOBUF_SLOTS;

	assert_int_equal(now->epoch, was->epoch);
	assert_int_equal(now->produced, was->produced + (err == OK && is_send));
	assert_int_equal(now->consumed, was->consumed + (err == OK && !is_send));
	assert_int_equal(now->state, err == ERR_PEER ? IOBUF_STATE_DEAD : was->state);
	assert_int_equal(own.produced, now->produced);
	assert_int_equal(own.consumed, now->consumed);
	assert_int_equal(err == OK || err == ERR_FULL || err == ERR_EMPTY || err == ERR_PEER,
	                 was->state == IOBUF_STATE_UP && err != ERR_STATE);
	/* No other slot moved, nor anything behind the slots. */
	if (err == OK && is_send) {
		own.slots[slot] = before->own.slots[slot];
	}
	assert_memory_equal(own.slots, before->own.slots, PAGE_BYTES - 64);
}

/* A poll moves the state only along these ways. */
static void check_poll(const struct before *before, enum iobuf_change change)
{
	const struct iobuf *now = &pair.ends[0];
	enum iobuf_state was = before->iobuf.state;
	struct pv_iobuf_page own = *pair.pages[0];

	assert_int_equal(own.magic, PV_IOBUF_MAGIC);
	assert_int_equal(own.epoch, before->iobuf.epoch);
	assert_int_equal(now->epoch, before->iobuf.epoch);
	if (change == IOBUF_UP) {
		assert_true(was == IOBUF_STATE_DOWN && now->state == IOBUF_STATE_UP);
		assert_true(now->produced == 0 && now->consumed == 0);
	}
	if (change == IOBUF_DOWN) {
		assert_true(was == IOBUF_STATE_UP || before->iobuf.fell);
		assert_int_not_equal(now->state, IOBUF_STATE_UP);
	}
	if (was == IOBUF_STATE_DEAD && now->state != IOBUF_STATE_DEAD) {
		assert_int_equal(change, IOBUF_GREETED);
		assert_int_not_equal(now->peer_epoch, before->iobuf.peer_epoch);
	}
	if (now->state == IOBUF_STATE_UP) {
		assert_int_equal(own.peer_epoch, now->peer_epoch);
	}
	assert_memory_equal(own.slots, before->own.slots, PAGE_BYTES - 64);
}

/* End 0 does something; everything that it may not do is looked for. */
static err_t act_and_check(void)
{
	struct before before = {pair.ends[0], *pair.pages[0]};
	struct pv_iobuf_message message = message_of(random_next());
	uint32_t what = random_next() >> 8 & 3;

	if (what == 0) {
		check_poll(&before, iobuf_poll_session(&pair.ends[0]));
		return OK;
	}
	err_t err = what == 1 ? iobuf_send(&pair.ends[0], &message)
	                      : iobuf_receive(&pair.ends[0], &message);
	check_call(&before, err, what == 1);
	return err;
}

/* A value that is likely to matter: near what end 0 has, or anything. */
static uint32_t hostile_value(void)
{
	const struct iobuf *iobuf = &pair.ends[0];
	const uint32_t bases[] = {0,
	                          iobuf->produced,
	                          iobuf->consumed,
	                          iobuf->consumed + PV_IOBUF_SLOTS,
	                          iobuf->produced - PV_IOBUF_SLOTS,
	                          iobuf->epoch,
	                          iobuf->peer_epoch,
	                          random_next()};

	return bases[random_next() >> 8 & 7] + (random_next() >> 8) % 3 - 1;
}

static void hostile_write(void)
{
	volatile uint32_t *words = (volatile uint32_t *)(uintptr_t)pair.pages[1];
	uint32_t kind = (random_next() >> 8) % 16;

	if (kind < 6) {
		__atomic_store_n(&words[kind], hostile_value(), __ATOMIC_RELAXED);
	} else if (kind < 8) {
		uint32_t word = (random_next() >> 8) % (PAGE_BYTES / sizeof(*words));
		__atomic_store_n(&words[word], hostile_value(), __ATOMIC_RELAXED);
	} else if (kind < 12) {
		/* Like one that means it well, so that sessions come up at all. */
		__atomic_store_n(&pair.pages[1]->magic, PV_IOBUF_MAGIC, __ATOMIC_RELAXED);
		__atomic_store_n(&pair.pages[1]->version, PV_IOBUF_VERSION, __ATOMIC_RELAXED);
		__atomic_store_n(&pair.pages[1]->peer_epoch, pair.pages[0]->epoch,
		                 __ATOMIC_RELAXED);
	}
}

static void test_hostile_page(void **state)
{
	(void)state;
	uint32_t breaches = 0;
	uint32_t messages = 0;

	start_pair();
	for (uint32_t n = 0; n < 100000; n++) {
		hostile_write();
		err_t err = act_and_check();
		breaches += err == ERR_PEER;
		messages += err == OK;
		if (n % 1000 == 0) {
			start(0);
		}
	}
	assert_true(breaches > 100 && messages > 1000);
	start_pair();
}

static bool stop_hostile;

static void *hostile_thread(void *unused)
{
	uint32_t x = 1;

	(void)unused;
	/* Numbers of its own; words of the header that move while end 0 looks at them. */
	for (; !__atomic_load_n(&stop_hostile, __ATOMIC_RELAXED); x = x * 1664525U + 1013904223U) {
		volatile uint32_t *words = (volatile uint32_t *)(uintptr_t)pair.pages[1];
		uint32_t value = x >> 30 ? (x >> 8) % 40 : x;

		__atomic_store_n(&words[2 + (x >> 20) % 4], value, __ATOMIC_RELAXED);
		__atomic_store_n(&words[3], pair.pages[0]->epoch, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void test_page_that_changes_meanwhile(void **state)
{
	(void)state;
	pthread_t thread;

	start_pair();
	stop_hostile = false;
	assert_int_equal(pthread_create(&thread, NULL, hostile_thread, NULL), 0);
	for (uint32_t n = 0; n < 100000; n++) {
		act_and_check();
	}
	__atomic_store_n(&stop_hostile, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	start_pair();
}

#define STREAM 20000U

static void *producer_thread(void *unused)
{
	(void)unused;
	for (uint32_t n = 0; n < STREAM;) {
		err_t err = send_number(1, n);
		if (err == OK) {
			n++;
		} else if (err == ERR_FULL) {
			sched_yield();
		} else {
			return NULL;
		}
	}
	return &pair;
}

/* Two honest ends at once: each message whole, in order, once. */
static void test_stream_between_threads(void **state)
{
	(void)state;
	pthread_t thread;
	void *result;

	start_pair();
	assert_int_equal(pthread_create(&thread, NULL, producer_thread, NULL), 0);
	for (uint32_t n = 0; n < STREAM;) {
		struct pv_iobuf_message message;
		struct pv_iobuf_message wanted = message_of(n);
		err_t err = iobuf_receive(&pair.ends[0], &message);

		if (err == ERR_EMPTY) {
			sched_yield();
			continue;
		}
		assert_int_equal(err, OK);
		assert_memory_equal(&message, &wanted, sizeof(wanted));
		n++;
	}
	pthread_join(thread, &result);
	assert_ptr_equal(result, &pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_session_comes_up, clear_pages),
		cmocka_unit_test_setup(test_full_ring_and_drain, clear_pages),
		cmocka_unit_test_setup(test_traffic_over_the_wrap, clear_pages),
		cmocka_unit_test_setup(test_restart_of_either_end, clear_pages),
		cmocka_unit_test_setup(test_epoch_is_never_zero, clear_pages),
		cmocka_unit_test_setup(test_bad_index_kills_the_session, clear_pages),
		cmocka_unit_test_setup(test_withdrawn_session_is_dead, clear_pages),
		cmocka_unit_test_setup(test_restart_under_the_index, clear_pages),
		cmocka_unit_test_setup(test_foreign_version_is_absent, clear_pages),
		cmocka_unit_test_setup(test_own_page_is_not_read, clear_pages),
		cmocka_unit_test_setup(test_hostile_page, clear_pages),
		cmocka_unit_test_setup(test_page_that_changes_meanwhile, clear_pages),
		cmocka_unit_test_setup(test_stream_between_threads, clear_pages),
	};

	return cmocka_run_group_tests(tests, map_pages, NULL);
}
