/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disks COMMAND [ARGUMENT]...: becomes COMMAND when all disks are there that /chosen/peervisor,disks of the
 * device tree names, PCI functions DOMAIN:BUS:SLOT.FUNCTION with blanks between. The kernel has found them
 * without a size and gone on: so this VM boots while the one that serves it does (docs/vmm.md, "late").
 * Their sizes come together with who serves them; then the partitions are read, which the kernel did not.
 * Whoever is started by this finds what he would have found had the kernel waited.
 *
 * The kernel announces no size that follows none, and has no file of it that can be waited for.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define LIST "/proc/device-tree/chosen/peervisor,disks"
#define DONE "/run/disks" /* not empty: nothing is left to wait for. Locked by the one who waits */
#define LOOK_MS 10
#define LOOK_MS_MAX 500 /* after some seconds: a VM that is off may stay so for long */

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static bool has_size(const char *directory)
{
	char path[512];
	unsigned long long sectors = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/size", directory);
	file = fopen(path, "re");
	if (file == NULL) {
		return true; /* it has gone: its driver was unbound */
	}
	bool known = fscanf(file, "%llu", &sectors) == 1;

	fclose(file);
	return !known || sectors != 0;
}

static void read_partitions(const char *name)
{
	char path[512];
	int disk;

	snprintf(path, sizeof(path), "/dev/%s", name);
	disk = open(path, O_RDONLY | O_CLOEXEC);
	if (disk >= 0) {
		/* It fails where somebody uses the disk already, who has not waited. */
		(void)!ioctl(disk, BLKRRPART);
		close(disk);
	}
}

/* A function that is no disk to the kernel never will be one: nobody waits for it. */
static void wait_for(const char *function)
{
	char pattern[512];
	glob_t found = {0};

	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/devices/%s/virtio*/block/*", function);
	if (glob(pattern, 0, NULL, &found) != 0) {
		return;
	}
	for (long look = 0; !has_size(found.gl_pathv[0]); look++) {
		long ms = look < 4 * LOOK_MS_MAX / LOOK_MS ? LOOK_MS : LOOK_MS_MAX;

		nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
	}
	read_partitions(strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
}

static void wait_for_all(FILE *list)
{
	char function[32];

	while (fscanf(list, "%31s", function) == 1) {
		wait_for(function);
	}
}

int main(int argc, char **argv)
{
	FILE *list = fopen(LIST, "re");

	if (argc < 2) {
		fputs("usage: disks COMMAND [ARGUMENT]...\n", stderr);
		return EXIT_FAILURE;
	}
	if (list != NULL) {
		int done = open(DONE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		if (done < 0 || flock(done, LOCK_EX) != 0) {
			die(DONE);
		}
		if (lseek(done, 0, SEEK_END) == 0) {
			wait_for_all(list);
			if (write(done, "\n", 1) != 1) {
				die(DONE);
			}
		}
		close(done);
		fclose(list);
	}
	execvp(argv[1], argv + 1);
	die(argv[1]);
}
