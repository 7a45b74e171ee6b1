/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How often the program of a gpu or an fs is started whose driver begins anew whenever it has ended.
 * The program is a shell that notes its start and ends.
 * flags: -D_GNU_SOURCE
 * links: backend/daemon/backoff.c backend/daemon/inflight.c backend/daemon/log.c
 * links: backend/daemon/loop.c backend/daemon/program.c backend/daemon/ring.c
 * links: backend/daemon/socket.c backend/daemon/vhost_user.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/daemon/program.h"
#include "tests/unit/ordered_cmocka.h"

static struct bench {
	struct loop loop;
	char run_dir[64];
	char starts[96];
	char script[160];
	const char *argv[4];
	struct dt_device config;
	struct ring_memory memory;
	struct backend_env env;
	struct program_kind kind;
	struct program program;
	struct control_setup setup;
	bool told;
	enum backend_event event; /* the last that was told */
} bench;

/* No time passes by itself. */
static uint64_t now_ms;

int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
	(void)clock_id;
	*tp = (struct timespec){.tv_sec = (time_t)(now_ms / 1000U),
	                        .tv_nsec = (long)(now_ms % 1000U) * 1000000L};
	return 0;
}

void backend_tell(const struct backend_env *env, enum backend_event event, err_t err)
{
	(void)env;
	(void)err;
	bench.told = true;
	bench.event = event;
}

static void await(enum backend_event event)
{
	while (!bench.told) {
		if (bench.program.rest.armed) {
			now_ms = bench.program.rest.due_ms;
		}
		loop_turn(&bench.loop, -1);
	}
	assert_int_equal(bench.event, event);
	bench.told = false;
}

/* A start is a byte of the file. */
static uint32_t count_starts(void)
{
	struct stat status;

	return stat(bench.starts, &status) == 0 ? (uint32_t)status.st_size : 0;
}

static int set_up(void **state)
{
	(void)state;
	bench = (struct bench){.config = {.type = "fs"}};
	assert_int_equal(loop_open(&bench.loop), OK);
	strcpy(bench.run_dir, "/tmp/backend-program-XXXXXX");
	assert_non_null(mkdtemp(bench.run_dir));
	snprintf(bench.starts, sizeof(bench.starts), "%s/starts", bench.run_dir);
	snprintf(bench.script, sizeof(bench.script), "printf . >> %s", bench.starts);
	bench.argv[0] = "sh";
	bench.argv[1] = "-c";
	bench.argv[2] = bench.script;
	bench.kind = (struct program_kind){.argv = bench.argv};
	bench.env = (struct backend_env){.loop = &bench.loop,
	                                 .peer = "driver",
	                                 .run_dir = bench.run_dir,
	                                 .config = &bench.config,
	                                 .memory = &bench.memory};
	program_open(&bench.program, &bench.env, &bench.kind);
	await(BACKEND_READY);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	program_close(&bench.program);
	while (wait(NULL) > 0) {
	}
	unlink(bench.starts);
	unlink(bench.program.lock_path);
	close(bench.loop.epoll_fd);
	return rmdir(bench.run_dir);
}

static void start_and_fail(void)
{
	program_start(&bench.program, &bench.setup);
	await(BACKEND_FAILED);
}

/* It asks at once each time. */
static void program_that_ends_again_is_started_after_a_pause_that_doubles(void **state)
{
	(void)state;
	start_and_fail();
	start_and_fail();
	assert_int_equal(count_starts(), 2);
	for (uint32_t failures = 2; failures < 9; failures++) {
		program_start(&bench.program, &bench.setup);
		loop_turn(&bench.loop, 0);
		assert_int_equal(bench.program.phase, PROGRAM_WAITING);
		const uint64_t pause = bench.program.backoff.retry.due_ms - now_ms;

		assert_int_equal(pause, 100U << (failures < 6 ? failures : 6));
		now_ms += pause;
		await(BACKEND_FAILED);
		assert_int_equal(count_starts(), failures + 1);
	}
}

/* Nor does a reset of the device while it waits start one, or make the next wait shorter. */
static void program_that_is_waited_for_is_stopped_at_once(void **state)
{
	(void)state;
	start_and_fail();
	start_and_fail();
	for (uint32_t i = 0; i < 3; i++) {
		program_start(&bench.program, &bench.setup);
		program_stop(&bench.program);
		await(BACKEND_STOPPED);
		now_ms += 60000;
		loop_turn(&bench.loop, 0);
		assert_int_equal(count_starts(), 2);
	}
	program_start(&bench.program, &bench.setup);
	assert_int_equal(bench.program.backoff.retry.due_ms - now_ms, 400);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(program_that_ends_again_is_started_after_a_pause_that_doubles),
		TEST(program_that_is_waited_for_is_stopped_at_once),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}
