/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device of the kernel's device mapper, as dmsetup makes it, for tests inside of a guest:
 * dm-table NAME SECTORS TARGET PARAMETERS makes one of one target, dm-table NAME removes it.
 */
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define CONTROL "/dev/mapper/control"

struct request {
	struct dm_ioctl head;
	struct dm_target_spec target;
	char parameters[512];
};

static void call(int fd, unsigned long what, struct request *request, const char *name)
{
	memset(&request->head, 0, sizeof(request->head));
	request->head.version[0] = DM_VERSION_MAJOR;
	request->head.data_size = sizeof(*request);
	request->head.data_start = offsetof(struct request, target);
	request->head.target_count = 1;
	snprintf(request->head.name, sizeof(request->head.name), "%s", name);
	if (ioctl(fd, what, request) != 0) {
		perror("dm-table");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static struct request request;
	int fd = open(CONTROL, O_RDWR | O_CLOEXEC);

	if (fd < 0 || (argc != 2 && argc != 5)) {
		fprintf(stderr, "dm-table: no " CONTROL ", or see tests/images/dm_table.c\n");
		return 2;
	}
	if (argc == 2) {
		call(fd, DM_DEV_REMOVE, &request, argv[1]);
		return 0;
	}
	call(fd, DM_DEV_CREATE, &request, argv[1]);
	memset(&request, 0, sizeof(request));
	request.target.length = strtoull(argv[2], NULL, 0);
	snprintf(request.target.target_type, sizeof(request.target.target_type), "%s", argv[3]);
	snprintf(request.parameters, sizeof(request.parameters), "%s", argv[4]);
	call(fd, DM_TABLE_LOAD, &request, argv[1]);
	call(fd, DM_DEV_SUSPEND, &request, argv[1]); /* without a flag it resumes */
	return 0;
}
