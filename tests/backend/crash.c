/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What dies while a disk is busy: its storage program, the daemon, both, or the whole device VM
 * (played: both, and all that they kept in RAM), at moments that a seed chooses. Each request must
 * be answered once, and each answer be right. Where the disk itself is gone each must fail instead.
 */
#include "tests/backend/crash.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/backend/check.h"

#define RUN_DIR "/run/peervisor"
#define DISK "/tmp/new/disk.raw"
#define CRASHES 8U /* without "crashes=N" on the kernel's command line */

static bool must_kill(struct disk *disk, const char *name, int number)
{
	if (signal_all(name, "", number) != 0) {
		return true;
	}
	disk->wrong++;
	disk->why = "there was nobody to kill";
	return false;
}

/* The new session is up: nobody touches a queue. */
static void await_session(struct disk *disk, uint32_t before)
{
	while (disk->peer->sessions == before) {
		peer_serve(disk->peer);
		disk_reap(disk);
		peer_pause();
	}
	disk_reap(disk);
}

void kill_storage(struct disk *disk)
{
	must_kill(disk, disk->program, SIGKILL);
}

void kill_daemon(struct disk *disk)
{
	uint32_t before = disk->peer->sessions;

	if (must_kill(disk, "peervisord", SIGKILL)) {
		await_session(disk, before);
		disk_start_again(disk);
	}
}

/* The program dies while the daemon cannot see it. */
static void kill_both(struct disk *disk)
{
	uint32_t before = disk->peer->sessions;

	if (must_kill(disk, "peervisord", SIGSTOP) && must_kill(disk, disk->program, SIGKILL) &&
	    must_kill(disk, "peervisord", SIGKILL)) {
		await_session(disk, before);
		disk_start_again(disk);
	}
}

static void forget_run_files(void)
{
	struct dirent *entry;
	DIR *dir = opendir(RUN_DIR);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir != NULL) {
		closedir(dir);
	}
}

static void restart_vm(struct disk *disk)
{
	uint32_t before = disk->peer->sessions;

	if (must_kill(disk, "peervisord", SIGSTOP) && must_kill(disk, disk->program, SIGKILL)) {
		/* Those of other disks go with it. */
		signal_all(MEMORY_PROGRAM, "", SIGKILL);
		signal_all(STORED_PROGRAM, "", SIGKILL);
		forget_run_files();
		must_kill(disk, "peervisord", SIGKILL);
		await_session(disk, before);
		disk_start_again(disk);
	}
}

static uint32_t option(const char *name, uint32_t otherwise)
{
	char line[2048] = "";
	FILE *file = fopen("/proc/cmdline", "re");

	if (file != NULL) {
		(void)!fgets(line, sizeof(line), file);
		fclose(file);
	}
	const char *found = strstr(line, name);
	return found != NULL ? (uint32_t)strtoul(found + strlen(name), NULL, 10) : otherwise;
}

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 16;
}

static void test_crashes(struct disk *disk)
{
	static const struct {
		const char *name;
		void (*event)(struct disk *disk);
	} kinds[] = {
		{"storage", kill_storage},
		{"daemon", kill_daemon},
		{"both", kill_both},
		{"vm", restart_vm},
	};
	const uint32_t count = option("crashes=", CRASHES);
	uint32_t seed = option("seed=", 1);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t kind = i < 4 ? i : next(&seed) % 4;
		uint32_t requests = 40 + next(&seed) % 400;
		char test[64];

		snprintf(test, sizeof(test), "crash-%u-of-%s-%s", i, disk->program,
		         kinds[kind].name);
		result(test, disk_run(disk, requests, next(&seed), kinds[kind].event), disk->why);
	}
}

static bool have_all_failed(void *arg)
{
	struct disk *disk = arg;

	disk_reap(disk);
	return disk->queue.out_count == 0 || disk->wrong != 0;
}

/* The device VM comes back, and the disk was in its RAM. */
static void test_lost(struct disk *disk)
{
	struct peer *peer = disk->peer;
	const uint32_t sequence = disk->sequence;
	uint32_t before = peer->sessions;

	disk_fill(disk);
	bool done =
		must_kill(disk, "peervisord", SIGSTOP) && must_kill(disk, disk->program, SIGKILL);
	forget_run_files();
	unlink(DISK);
	unlink(DISK ".identity");
	done = done && must_kill(disk, "peervisord", SIGKILL);
	await_session(disk, before);
	disk->fails = true;
	disk_start_again(disk);
	result("lost-disk-is-told", done && wait_for(peer, disk->device, sequence, is_lost),
	       "no LOST");
	result("lost-disk-fails-what-was-in-flight",
	       peer_wait(peer, have_all_failed, disk, SECONDS) && disk->wrong == 0, disk->why);
	result("lost-disk-fails-what-comes", disk_run(disk, 200, 5, NULL), disk->why);
	result("lost-disk-stops",
	       send_stop(peer, disk->device, sequence + 1) &&
	               wait_for(peer, disk->device, sequence + 1, is_stopped),
	       "no STOPPED");
	disk_open(disk, peer, disk->device, disk->queue.line, disk->program);
	result("disk-is-another-after-a-reset",
	       disk_start(disk, sequence + 2) &&
	               wait_for(peer, disk->device, sequence + 2, is_started) &&
	               disk_run(disk, 200, 6, NULL),
	       disk->why);
}

void test_crash(struct peer *peer, uint32_t device, uint32_t line, const char *program)
{
	static struct disk disk;
	const uint32_t sequence = 101;
	char test[64];

	disk_open(&disk, peer, device, line, program);
	disk.is_old = true;
	snprintf(test, sizeof(test), "busy-disk-of-%s-starts", program);
	result(test,
	       wait_for(peer, device, 0, is_ready) && disk_start(&disk, sequence) &&
	               wait_for(peer, device, sequence, is_started),
	       "no STARTED");
	test_crashes(&disk);
	if (strcmp(program, MEMORY_PROGRAM) == 0) {
		test_lost(&disk);
	}
}
