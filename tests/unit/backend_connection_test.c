/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend/daemon/connection and blk together: what a driver VM's VMM is told while a storage
 * program still works on requests of a daemon, or of a session, that is no more. The program is a
 * socket that answers when a test says so; the kernel module is two pages and no doorbell.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/backoff.c backend/daemon/connection.c backend/daemon/control.c backend/daemon/blk.c
 * links: backend/daemon/vhost_user.c backend/daemon/inflight.c backend/daemon/ring.c
 * links: backend/daemon/loop.c backend/daemon/log.c lib/iobuf.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/connection.h"
#include "backend/daemon/link.h"
#include "backend/daemon/medium.h"
#include "backend/daemon/socket.h"
#include "backend/daemon/storage.h"
#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"

#define DRIVER_ADDRESS 0x48000000U
#define MEMORY_BYTES 0x10000U
#define LINES 2U
#define TURNS 64
#define GET_FEATURES 1U
#define VERSION 1U
#define REPLY 4U
#define HEADER_BYTES 12U

/* What the functions below work with in place of the machine. */
static struct bench {
	struct pv_iobuf_page page_in;
	struct pv_iobuf_page page_out;
	struct iobuf peer; /* the VMM's end */
	struct loop loop;
	struct dt_connection config;
	struct connection *connection;
	int memory_fd;
	void *memory;
	bool listens;       /* is there a program at the socket? */
	int program;        /* its end of the last connection; -1: none */
	uint32_t connected; /* how often it was connected to */
	uint32_t spawned;
	err_t spawn_error;
	int control_fd; /* the eventfd that the VMM's ring signals */
	char run_dir[64];
	uint64_t identity; /* of the disk */
	int errors;        /* the program's end of the socket of errors; -1: none */
	bool errors_busy;  /* there it does not shake hands */
	uint32_t errors_connected;
	struct medium *medium; /* of the blk device */
	uint32_t medium_checks;
	err_t medium_error;
	bool medium_gone;
	uint32_t killed;
	bool unannounced;                  /* the kernel says nothing of devices that come */
	uint32_t heard[PV_CTL_ABSENT + 1]; /* messages of each kind */
} * bench;

/* A slow machine is no slow program: the clock of all pauses is the test's own. */
static uint64_t now_ms;

int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
	(void)clock_id;
	*tp = (struct timespec){.tv_sec = (time_t)(now_ms / 1000U),
	                        .tv_nsec = (long)(now_ms % 1000U) * 1000000L};
	return 0;
}

/* Hands are shaken at @fd: here the answer may stand before the question. */
static void answer_features(int fd)
{
	struct {
		uint32_t header[3];
		uint64_t features;
	} __attribute__((packed)) answer = {
		.header = {GET_FEATURES, VERSION | REPLY, sizeof(answer.features)},
		.features = BIT64(32),
	};

	assert_int_equal(write(fd, &answer, sizeof(answer)), sizeof(answer));
}

static void connect_errors(int fd)
{
	if (bench->errors >= 0) {
		close(bench->errors);
	}
	bench->errors = fd;
	bench->errors_connected++;
	if (!bench->errors_busy) {
		answer_features(fd);
	}
}

err_t socket_connect(const char *path, int *fd)
{
	int pair[2];

	*fd = -1;
	if (!bench->listens) {
		return ERR_EMPTY;
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	if (strstr(path, "errors") != NULL) {
		connect_errors(pair[1]);
		*fd = pair[0];
		return OK;
	}
	if (bench->program >= 0) {
		close(bench->program);
	}
	bench->program = pair[1];
	bench->connected++;
	*fd = pair[0];
	return OK;
}

uint64_t storage_identity(const struct dt_device *config)
{
	(void)config;
	return bench->identity;
}

err_t storage_spawn(const struct backend_env *env, const char *disk, const char *errors)
{
	(void)env;
	assert_string_not_equal(disk, errors);
	bench->spawned++;
	bench->listens = bench->spawn_error == OK;
	return bench->spawn_error;
}

int medium_events(void)
{
	return bench->unannounced ? -1 : bench->memory_fd;
}

void medium_open(struct medium *medium, const struct backend_env *env, int fd,
                 void (*changed)(void *owner), void *owner)
{
	*medium = (struct medium){
		.env = env, .events = {.fd = fd}, .changed = changed, .owner = owner};
	bench->medium = medium;
}

err_t medium_check(struct medium *medium)
{
	assert_ptr_equal(medium, bench->medium);
	bench->medium_checks++;
	return bench->medium_error;
}

bool medium_is_gone(struct medium *medium)
{
	assert_ptr_equal(medium, bench->medium);
	return bench->medium_gone;
}

/* It dies at once. */
bool storage_kill(const char *socket)
{
	assert_null(strstr(socket, "errors"));
	bench->killed++;
	bench->listens = false;
	close(bench->program);
	bench->program = -1;
	return true;
}

void medium_close(struct medium *medium)
{
	(void)medium;
}

const struct backend_type *backend_find(const char *name)
{
	assert_string_equal(name, "blk");
	return &backend_blk;
}

void backend_tell(const struct backend_env *env, enum backend_event event, err_t err)
{
	env->event(env->owner, env->config->index, event, err);
}

err_t link_open(struct link *link, const char *dev_dir, const char *peer)
{
	(void)dev_dir;
	(void)peer;
	*link = (struct link){
		.control_fd = -1,
		.inflight.fd = -1,
		.info = {.count = LINES},
		.page_in = &bench->page_in,
		.page_out = &bench->page_out,
		.memory = {.fd = bench->memory_fd,
	                   .base = bench->memory,
	                   .bytes = MEMORY_BYTES,
	                   .driver_address = DRIVER_ADDRESS},
	};
	return OK;
}

void link_close(struct link *link)
{
	(void)link;
}

err_t link_tie(const struct link *link, uint32_t number, int kick_fd, int call_fd)
{
	(void)link;
	(void)call_fd;
	if (number == PV_CONNECTION_CONTROL) {
		bench->control_fd = kick_fd;
	}
	return OK;
}

void link_ring(const struct link *link, uint32_t number)
{
	(void)link;
	(void)number;
}

static int set_up(void **state)
{
	bench = aligned_alloc(4096, (sizeof(*bench) + 4095) / 4096 * 4096);
	assert_non_null(bench);
	memset(bench, 0, sizeof(*bench));
	bench->program = -1;
	bench->errors = -1;
	bench->identity = 7;
	bench->memory_fd = memfd_create("memory", 0);
	assert_int_equal(ftruncate(bench->memory_fd, MEMORY_BYTES), 0);
	bench->memory =
		mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, bench->memory_fd, 0);
	assert_int_equal(loop_open(&bench->loop), OK);
	strcpy(bench->config.peer, "driver");
	bench->config.device_count = 1;
	bench->config.queue_count = 1;
	bench->config.devices[0] = (struct dt_device){
		.type = "blk",
		.queue_count = 1,
		.queue_size = 256,
		.features = BIT64(32),
	};
	strcpy(bench->run_dir, "/tmp/backend-connection-XXXXXX");
	assert_non_null(mkdtemp(bench->run_dir));
	iobuf_start(&bench->peer, &bench->page_in, &bench->page_out);
	*state = bench;
	return 0;
}

static void start_daemon(void)
{
	const struct connection_places places = {.dev_dir = "", .run_dir = bench->run_dir};

	assert_int_equal(connection_open(&bench->config, &places, &bench->loop, &bench->connection),
	                 OK);
}

/* Its files close; pages and program stay as they are. */
static void kill_daemon(void)
{
	if (bench->connection != NULL) {
		connection_close(bench->connection);
		bench->connection = NULL;
	}
}

static int tear_down(void **state)
{
	char path[96];

	(void)state;
	kill_daemon();
	if (bench->program >= 0) {
		close(bench->program);
	}
	if (bench->errors >= 0) {
		close(bench->errors);
	}
	snprintf(path, sizeof(path), "%s/driver-0.inflight", bench->run_dir);
	unlink(path);
	rmdir(bench->run_dir);
	munmap(bench->memory, MEMORY_BYTES);
	close(bench->memory_fd);
	close(bench->loop.epoll_fd);
	free(bench);
	return 0;
}

/* Let daemon and VMM look until nothing changes. */
static void settle(void)
{
	struct pv_iobuf_message message;

	for (int i = 0; i < TURNS; i++) {
		while (iobuf_poll_session(&bench->peer) != IOBUF_NONE) {
		}
		while (iobuf_receive(&bench->peer, &message) == OK) {
			assert_in_range(message.kind, PV_CTL_READY, PV_CTL_ABSENT);
			bench->heard[message.kind]++;
		}
		if (bench->connection != NULL) {
			eventfd_write(bench->control_fd, 1);
		}
		loop_turn(&bench->loop, 0);
	}
}

/* No time passes but here: until the first timer is due. Returns how long that is. */
static uint64_t pass_pause(void)
{
	uint64_t due_ms = UINT64_MAX;

	settle();
	for (const struct loop_timer *timer = bench->loop.timers; timer; timer = timer->next) {
		due_ms = timer->due_ms < due_ms ? timer->due_ms : due_ms;
	}
	assert_true(due_ms != UINT64_MAX);
	uint64_t pause = due_ms - now_ms;

	now_ms = due_ms;
	settle();
	return pause;
}

/* The program takes what it is asked and answers: hands are shaken, it is at rest. */
static void shake_hands(void)
{
	uint32_t request[3];

	assert_int_equal(read(bench->program, request, sizeof(request)), sizeof(request));
	assert_int_equal(request[0], GET_FEATURES);
	answer_features(bench->program);
	settle();
}

static void say(uint32_t kind, const void *payload, size_t bytes)
{
	struct pv_iobuf_message message = {.kind = kind};

	memcpy(message.payload, payload, bytes);
	assert_int_equal(iobuf_send(&bench->peer, &message), OK);
	settle();
}

static void say_start_over(uint32_t sequence, uint64_t identity)
{
	const struct pv_ctl_queue queue = {.size = 64,
	                                   .desc = DRIVER_ADDRESS,
	                                   .driver = DRIVER_ADDRESS + 0x1000,
	                                   .device = DRIVER_ADDRESS + 0x2000};
	const struct pv_ctl_start start = {
		.features = BIT64(32), .sequence = sequence, .identity = identity};

	say(PV_CTL_QUEUE, &queue, sizeof(queue));
	say(PV_CTL_START, &start, sizeof(start));
}

static void say_start(uint32_t sequence)
{
	say_start_over(sequence, 0);
}

static void say_stop(uint32_t sequence)
{
	const struct pv_ctl_stop stop = {.sequence = sequence};

	say(PV_CTL_STOP, &stop, sizeof(stop));
}

static bool is_up(void)
{
	return bench->peer.state == IOBUF_STATE_UP;
}

/* A program was spawned and shook hands, and its device is asked to run. */
static void start_device(void)
{
	start_daemon();
	settle();
	shake_hands();
	assert_true(is_up());
	assert_int_equal(bench->heard[PV_CTL_READY], 1);
	say_start(1);
}

static void session_begins_where_nobody_can_touch_a_queue(void **state)
{
	(void)state;
	start_daemon();
	settle();
	assert_int_equal(bench->spawned, 1);
	assert_true(is_up());
	assert_int_equal(bench->heard[PV_CTL_READY], 0);
	shake_hands();
	assert_int_equal(bench->heard[PV_CTL_READY], 1);
}

static void session_waits_for_the_program_of_a_predecessor(void **state)
{
	(void)state;
	bench->listens = true;
	start_daemon();
	settle();
	assert_int_equal(bench->connected, 1);
	assert_false(is_up());
	assert_int_equal(bench->page_out.epoch, 0);
	shake_hands();
	assert_true(is_up());
	assert_int_equal(bench->heard[PV_CTL_READY], 1);
	assert_int_equal(bench->heard[PV_CTL_GONE], 0);
}

/* The daemon before us may have let it fail all requests. */
static void session_waits_for_both_sockets_of_it(void **state)
{
	(void)state;
	bench->listens = true;
	bench->errors_busy = true;
	start_daemon();
	settle();
	assert_int_equal(bench->errors_connected, 1);
	assert_int_equal(bench->connected, 0);
	assert_false(is_up());
	answer_features(bench->errors);
	settle();
	assert_int_equal(bench->connected, 1);
	assert_false(is_up());
	shake_hands();
	assert_true(is_up());
}

/* Nothing more than hands was shaken with the program: @fd is what it has of us. */
static bool is_asked_for_more(int fd)
{
	uint32_t header[3];

	while (read(fd, header, sizeof(header)) == sizeof(header)) {
		if (header[0] != GET_FEATURES) {
			return true;
		}
	}
	return false;
}

static void rings_over_another_disk_fail(void **state)
{
	(void)state;
	start_daemon();
	settle();
	shake_hands();
	say_start_over(1, 8);
	assert_int_equal(bench->errors_connected, 2);
	assert_true(is_asked_for_more(bench->errors));
	/* The next rings begin over what is there. */
	say_stop(2);
	assert_int_equal(bench->errors_connected, 3);
	assert_int_equal(bench->heard[PV_CTL_STOPPED], 1);
	say_start_over(3, 7);
	assert_int_equal(bench->connected, 2);
	shake_hands();
	assert_true(is_asked_for_more(bench->program));
}

static void a_disk_that_is_exchanged_is_told(void **state)
{
	(void)state;
	start_device();
	assert_true(is_asked_for_more(bench->program));
	bench->identity = 9;
	bench->listens = false;
	close(bench->program);
	bench->program = -1;
	settle();
	shake_hands();
	assert_int_equal(bench->heard[PV_CTL_GONE], 1);
	assert_int_equal(bench->heard[PV_CTL_READY], 2);
}

static void a_disk_that_cannot_be_told_is_not_served(void **state)
{
	(void)state;
	bench->identity = 0;
	start_daemon();
	settle();
	shake_hands();
	assert_true(is_up());
	assert_int_equal(bench->heard[PV_CTL_READY], 0);
	bench->identity = 1;
	while (bench->connected == 1) {
		pass_pause(); /* it tries again after a time */
	}
	shake_hands();
	assert_int_equal(bench->heard[PV_CTL_READY], 1);
}

static void session_begins_when_that_program_dies(void **state)
{
	(void)state;
	bench->listens = true;
	start_daemon();
	settle();
	bench->listens = false;
	close(bench->program);
	bench->program = -1;
	while (bench->spawned == 0) {
		pass_pause(); /* it tries again after a time */
	}
	settle();
	assert_true(is_up());
}

/* Reset, kill -9, restart: the old session, in which the reset waits, lasts until the handshake. */
static void reset_waits_over_a_kill_of_the_daemon(void **state)
{
	uint32_t epoch;

	(void)state;
	start_device();
	epoch = bench->page_out.epoch;
	kill_daemon();
	say_stop(2);
	start_daemon();
	settle();
	assert_true(is_up());
	assert_int_equal(bench->page_out.epoch, epoch);
	assert_int_equal(bench->heard[PV_CTL_STOPPED], 0);
	shake_hands();
	assert_true(is_up());
	assert_int_not_equal(bench->page_out.epoch, epoch);
}

static void stop_waits_for_the_handshake(void **state)
{
	(void)state;
	start_device();
	say_stop(2);
	assert_int_equal(bench->heard[PV_CTL_STOPPED], 0);
	shake_hands();
	assert_int_equal(bench->heard[PV_CTL_STOPPED], 1);
	assert_int_equal(bench->heard[PV_CTL_GONE], 0);
}

/* To hang up is not to be at rest. */
static void program_that_hangs_up_is_not_gone(void **state)
{
	(void)state;
	start_device();
	close(bench->program);
	bench->program = -1;
	settle();
	assert_int_equal(bench->connected, 2);
	assert_int_equal(bench->heard[PV_CTL_GONE], 0);
	say_stop(2);
	assert_int_equal(bench->heard[PV_CTL_STOPPED], 0);
	shake_hands();
	assert_int_equal(bench->heard[PV_CTL_STOPPED], 1);
}

static void program_that_hung_up_is_gone_and_ready_when_it_rests(void **state)
{
	(void)state;
	start_device();
	close(bench->program);
	bench->program = -1;
	settle();
	shake_hands();
	assert_int_equal(bench->heard[PV_CTL_GONE], 1);
	assert_int_equal(bench->heard[PV_CTL_READY], 2);
	assert_int_equal(bench->heard[PV_CTL_STOPPED], 0);
}

/* A driver VM's rings may break the program as soon as it runs: that must not keep us busy. */
static void program_that_hangs_up_again_is_not_connected_to_at_once(void **state)
{
	(void)state;
	start_device();
	for (uint32_t i = 0; i < 2; i++) {
		close(bench->program);
		bench->program = -1;
		settle();
		if (i == 0) {
			assert_int_equal(bench->connected, 2);
			shake_hands();
		}
	}
	assert_int_equal(bench->connected, 2);
	while (bench->connected == 2) {
		pass_pause(); /* it tries again after a time */
	}
	shake_hands();
	assert_int_equal(bench->heard[PV_CTL_GONE], 2);
	assert_int_equal(bench->heard[PV_CTL_READY], 3);
	/* Nor does a reset in between make us hurry. */
	say_stop(2);
	assert_int_equal(bench->connected, 3);
	while (bench->connected == 3) {
		pass_pause();
	}
	shake_hands();
	assert_int_equal(bench->heard[PV_CTL_STOPPED], 1);
}

static void program_that_died_is_gone_at_once(void **state)
{
	(void)state;
	start_device();
	bench->listens = false;
	close(bench->program);
	bench->program = -1;
	settle();
	assert_int_equal(bench->heard[PV_CTL_GONE], 1);
	assert_int_equal(bench->spawned, 2);
	say_stop(2);
	assert_int_equal(bench->heard[PV_CTL_STOPPED], 1);
}

/* Whatever it is that ends it as often as it starts. */
static void program_that_dies_again_is_started_after_a_pause_that_doubles(void **state)
{
	(void)state;
	start_device();
	for (uint32_t death = 0; death < 9; death++) {
		bench->listens = false;
		close(bench->program);
		bench->program = -1;
		settle();
		if (death > 0) {
			assert_int_equal(bench->spawned, 1 + death);
			assert_int_equal(pass_pause(), 100U << (death < 6 ? death : 6));
		}
		assert_int_equal(bench->spawned, 2 + death);
		shake_hands();
		assert_int_equal(bench->heard[PV_CTL_READY], 2 + death);
	}
	/* It serves for long enough: that is forgotten. */
	assert_int_equal(pass_pause(), 10000);
	bench->listens = false;
	close(bench->program);
	bench->program = -1;
	settle();
	assert_int_equal(bench->spawned, 11);
}

static void storage_without_room_is_told_until_there_is(void **state)
{
	(void)state;
	bench->spawn_error = ERR_FULL;
	start_daemon();
	settle();
	assert_true(is_up());
	assert_int_equal(bench->heard[PV_CTL_FULL], 1);
	while (bench->spawned < 3) {
		pass_pause(); /* it tries again after a time */
	}
	settle();
	assert_int_equal(bench->heard[PV_CTL_FULL], 1);
	bench->spawn_error = ERR_STATE; /* another reason */
	while (bench->spawned < 4) {
		pass_pause();
	}
	settle();
	assert_int_equal(bench->heard[PV_CTL_GONE], 1);
	bench->spawn_error = OK;
	while (bench->spawned < 5) {
		pass_pause();
	}
	settle();
	shake_hands();
	assert_int_equal(bench->heard[PV_CTL_READY], 1);
}

/* Nothing is tried before the kernel says that something has come, and nothing after it is served. */
static void medium_that_is_absent_is_waited_for(void **state)
{
	(void)state;
	bench->config.devices[0].on_medium = true;
	bench->medium_error = ERR_EMPTY;
	start_daemon();
	settle();
	assert_int_equal(bench->heard[PV_CTL_ABSENT], 1);
	assert_null(bench->loop.timers);
	bench->medium->changed(bench->medium->owner);
	settle();
	assert_int_equal(bench->medium_checks, 2);
	assert_int_equal(bench->heard[PV_CTL_ABSENT], 1);
	assert_null(bench->loop.timers);
	bench->medium_error = OK;
	bench->medium->changed(bench->medium->owner);
	settle();
	shake_hands();
	assert_int_equal(bench->spawned, 1);
	assert_int_equal(bench->heard[PV_CTL_READY], 1);
	bench->medium->changed(bench->medium->owner);
	settle();
	assert_int_equal(bench->medium_checks, 3);
	assert_int_equal(bench->spawned, 1);
}

static void medium_that_goes_is_absent_until_it_is_back(void **state)
{
	(void)state;
	bench->config.devices[0].on_medium = true;
	start_device();
	bench->medium->changed(bench->medium->owner);
	settle();
	assert_int_equal(bench->killed, 0);
	bench->medium_gone = true;
	bench->medium_error = ERR_EMPTY;
	bench->medium->changed(bench->medium->owner);
	settle();
	assert_int_equal(bench->killed, 1);
	assert_int_equal(bench->spawned, 1);
	assert_int_equal(bench->heard[PV_CTL_ABSENT], 1);
	bench->medium_gone = false;
	bench->medium_error = OK;
	bench->medium->changed(bench->medium->owner);
	settle();
	shake_hands();
	assert_int_equal(bench->spawned, 2);
	assert_int_equal(bench->heard[PV_CTL_READY], 2);
}

/* What a predecessor has left serves what is away by now. */
static void medium_that_went_when_no_daemon_ran_is_absent(void **state)
{
	(void)state;
	bench->config.devices[0].on_medium = true;
	bench->medium_gone = true;
	bench->medium_error = ERR_EMPTY;
	bench->listens = true;
	start_daemon();
	settle();
	shake_hands();
	while (bench->medium_checks == 0) {
		pass_pause(); /* it may have hung up by a mistake of ours */
	}
	settle();
	assert_int_equal(bench->killed, 1);
	assert_int_equal(bench->spawned, 0);
	assert_int_equal(bench->heard[PV_CTL_READY], 0);
	assert_int_equal(bench->heard[PV_CTL_ABSENT], 1);
}

static void medium_that_nobody_announces_is_looked_for(void **state)
{
	(void)state;
	bench->config.devices[0].on_medium = true;
	bench->unannounced = true;
	bench->medium_error = ERR_EMPTY;
	start_daemon();
	settle();
	assert_int_equal(bench->heard[PV_CTL_ABSENT], 1);
	while (bench->medium_checks < 3) {
		pass_pause();
	}
	assert_int_equal(bench->spawned, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(session_begins_where_nobody_can_touch_a_queue),
		TEST(session_waits_for_the_program_of_a_predecessor),
		TEST(session_waits_for_both_sockets_of_it),
		TEST(rings_over_another_disk_fail),
		TEST(a_disk_that_is_exchanged_is_told),
		TEST(a_disk_that_cannot_be_told_is_not_served),
		TEST(session_begins_when_that_program_dies),
		TEST(reset_waits_over_a_kill_of_the_daemon),
		TEST(stop_waits_for_the_handshake),
		TEST(program_that_hangs_up_is_not_gone),
		TEST(program_that_hung_up_is_gone_and_ready_when_it_rests),
		TEST(program_that_hangs_up_again_is_not_connected_to_at_once),
		TEST(program_that_died_is_gone_at_once),
		TEST(program_that_dies_again_is_started_after_a_pause_that_doubles),
		TEST(storage_without_room_is_told_until_there_is),
		TEST(medium_that_is_absent_is_waited_for),
		TEST(medium_that_goes_is_absent_until_it_is_back),
		TEST(medium_that_went_when_no_daemon_ran_is_absent),
		TEST(medium_that_nobody_announces_is_looked_for),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}
