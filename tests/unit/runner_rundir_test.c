/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run directories: one holder at a time, whoever dies leaves the name free, nobody else's directory
 * is used, and many that want one name at once are served one after the other.
 * links: topo/runner/rundir.c topo/runner/kept.c topo/runner/message.c topo/base/say.c topo/base/utf8.c
 * links: topo/base/arena.c
 * flags: -D_GNU_SOURCE
 */
/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "topo/runner/rundir.h"

static char runtime[] = "/tmp/pv-rundir-XXXXXX";
static char base[128];

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(runtime, sizeof(runtime), "/tmp/pv-rundir-XXXXXX");
	assert_non_null(mkdtemp(runtime));
	assert_int_equal(setenv("XDG_RUNTIME_DIR", runtime, 1), 0);
	(void)snprintf(base, sizeof(base), "%s/peervisor-%u", runtime, (unsigned)getuid());
	return 0;
}

/* Nothing may be left, or this fails. */
static int tear_down(void **state)
{
	(void)state;
	return rmdir(runtime);
}

static void put_file(const struct rundir *rundir, const char *name)
{
	const int fd = openat(rundir->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void test_life(void **state)
{
	(void)state;
	struct rundir first;
	struct rundir second;
	struct stat found;
	char names[4][RUNDIR_NAME_BYTES];
	size_t count = 9;
	assert_int_equal(rundir_list(names, 4, &count), OK);
	assert_int_equal(count, 0);
	assert_int_equal(rundir_open(&second, "one"), ERR_EMPTY);
	assert_int_equal(rundir_create(&first, "one"), OK);
	assert_int_equal(stat(first.path, &found), 0);
	assert_int_equal(found.st_mode & 07777, 0700);
	assert_int_equal(rundir_runner(&first), getpid());
	assert_int_equal(rundir_create(&second, "one"), ERR_STATE);
	assert_int_equal(rundir_create(&second, "two"), OK);
	put_file(&first, "log");
	/* It lives: nothing is cleaned. */
	rundir_clean("one");
	assert_int_equal(fstatat(first.fd, "log", &found, 0), 0);
	assert_int_equal(rundir_list(names, 4, &count), OK);
	assert_int_equal(count, 2);
	assert_string_equal(names[0], "one");
	assert_string_equal(names[1], "two");
	assert_int_equal(rundir_list(names, 1, &count), OK);
	assert_int_equal(count, 1);
	struct rundir looked;
	assert_int_equal(rundir_open(&looked, "two"), OK);
	assert_string_equal(looked.path, second.path);
	assert_int_equal(rundir_runner(&looked), getpid());
	rundir_close(&looked);
	rundir_remove(&first);
	assert_int_equal(rundir_open(&looked, "one"), ERR_EMPTY);
	rundir_remove(&second);
	assert_int_not_equal(access(base, F_OK), 0);
}

static void test_names(void **state)
{
	(void)state;
	char name[RUNDIR_NAME_BYTES];
	char much[200];
	memset(much, 'x', sizeof(much));
	much[sizeof(much) - 1] = '\0';
	assert_true(rundir_name_ok("simple-pair_2.x"));
	static const char *const wrong[] = {"", ".", "..", ".x", "-x", "a/b", "a b", "\xc3\xa4"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct rundir rundir;
		assert_false(rundir_name_ok(wrong[i]));
		rundir_name(name, wrong[i]);
		assert_true(rundir_name_ok(name));
		assert_int_equal(rundir_create(&rundir, wrong[i]), ERR_ARG);
		assert_int_equal(rundir_open(&rundir, wrong[i]), ERR_EMPTY);
	}
	assert_false(rundir_name_ok(much));
	rundir_name(name, much);
	assert_true(rundir_name_ok(name));
	rundir_name(name, "kept.as-it_is");
	assert_string_equal(name, "kept.as-it_is");
}

/* A holder that is killed leaves its files; the next one starts with none. */
static void test_dead_holder(void **state)
{
	(void)state;
	int ready[2];
	assert_int_equal(pipe(ready), 0);
	const pid_t holder = fork();
	if (holder == 0) {
		struct rundir rundir;
		const char good = rundir_create(&rundir, "one") == OK ? 'y' : 'n';
		put_file(&rundir, "image");
		(void)!write(ready[1], &good, 1);
		(void)pause();
		_exit(1);
	}
	char good = 'n';
	assert_int_equal(read(ready[0], &good, 1), 1);
	assert_int_equal(good, 'y');
	struct rundir rundir;
	assert_int_equal(rundir_create(&rundir, "one"), ERR_STATE);
	assert_int_equal(rundir_open(&rundir, "one"), OK);
	assert_int_equal(rundir_runner(&rundir), holder);
	rundir_close(&rundir);
	assert_int_equal(kill(holder, SIGKILL), 0);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	assert_int_equal(rundir_open(&rundir, "one"), ERR_EMPTY);
	assert_int_equal(rundir_create(&rundir, "one"), OK);
	assert_int_not_equal(faccessat(rundir.fd, "image", F_OK, 0), 0);
	rundir_close(&rundir);
	rundir_clean("one");
	assert_int_not_equal(access(base, F_OK), 0);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

static void test_lock_crosses_fork(void **state)
{
	(void)state;
	struct rundir rundir;
	struct rundir other;
	int done[2];
	assert_int_equal(pipe(done), 0);
	assert_int_equal(rundir_create(&rundir, "one"), OK);
	const pid_t child = fork();
	if (child == 0) {
		char byte = 0;
		rundir_claim(&rundir);
		(void)close(done[1]);
		(void)!read(done[0], &byte, 1);
		rundir_remove(&rundir);
		_exit(0);
	}
	rundir_close(&rundir);
	assert_int_equal(rundir_create(&other, "one"), ERR_STATE);
	(void)close(done[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(rundir_create(&other, "one"), OK);
	rundir_remove(&other);
	(void)close(done[0]);
}

static void test_directory_of_others(void **state)
{
	(void)state;
	struct rundir rundir;
	char names[1][RUNDIR_NAME_BYTES];
	size_t count = 0;
	assert_int_equal(mkdir(base, 0700), 0);
	assert_int_equal(chmod(base, 0750), 0);
	assert_int_equal(rundir_create(&rundir, "one"), ERR_CAP);
	assert_int_equal(rundir_list(names, 1, &count), ERR_CAP);
	assert_int_equal(rmdir(base), 0);
	assert_int_equal(symlink("/tmp", base), 0);
	assert_int_equal(rundir_create(&rundir, "one"), ERR_CAP);
	assert_int_equal(unlink(base), 0);
	/* The same for the system's own directory. */
	assert_int_equal(mkdir(base, 0700), 0);
	char path[160];
	(void)snprintf(path, sizeof(path), "%s/one", base);
	assert_int_equal(symlink("/tmp", path), 0);
	assert_int_equal(rundir_create(&rundir, "one"), ERR_CAP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(base), 0);
}

/* Take the name, see that nobody else has it, give it back: over and over. */
static int contend(int turns)
{
	int held = 0;
	while (held < turns) {
		struct rundir rundir;
		const err_t err = rundir_create(&rundir, "one");
		if (err == ERR_STATE) {
			continue;
		}
		if (err != OK) {
			return 1;
		}
		const int fd = openat(rundir.fd, "alone", O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0) {
			return 2;
		}
		(void)close(fd);
		held++;
		rundir_remove(&rundir);
	}
	return 0;
}

static void test_many_want_one_name(void **state)
{
	(void)state;
	pid_t children[6];
	for (size_t i = 0; i < 6; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			/* The losers' messages are not news here. */
			(void)!freopen("/dev/null", "w", stderr);
			_exit(contend(100));
		}
	}
	for (size_t i = 0; i < 6; i++) {
		int status = 0;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_not_equal(access(base, F_OK), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_life),
		CASE(test_names),
		CASE(test_dead_holder),
		CASE(test_lock_crosses_fork),
		CASE(test_directory_of_others),
		CASE(test_many_want_one_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
