/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking into disk images. qcow2: docs/interop/qcow2.txt of QEMU, "Header"; whatever does not
 * begin with its magic is raw.
 */
#include "topo/model/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR_BYTES 512U
#define QCOW2_MAGIC 0x514649fbU /* "QFI\xfb", big-endian */
#define QCOW2_SIZE_OFFSET 24U
#define QCOW2_BACKING_OFFSET 8U

/* What an image says of itself. */
struct image_facts {
	const char *format;
	uint64_t disk_bytes;
	bool backing; /* qcow2: it needs another file */
};

static uint64_t big_endian(const unsigned char *bytes, size_t count)
{
	uint64_t value = 0;

	for (size_t i = 0; i < count; i++) {
		value = value << 8 | bytes[i];
	}
	return value;
}

/* 0, or why the file cannot be read. @facts say raw before. */
static int read_facts(const char *path, struct image_facts *facts)
{
	unsigned char header[32] = {0};
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		return errno;
	}
	int error = fstat(fd, &status) != 0 ? errno : 0;

	if (error == 0 && !S_ISREG(status.st_mode)) {
		error = EINVAL;
	}
	if (error == 0 && read(fd, header, sizeof(header)) < 0) {
		error = errno;
	}
	close(fd);
	if (error != 0) {
		return error;
	}
	facts->disk_bytes = (uint64_t)status.st_size;
	if (big_endian(header, 4) == QCOW2_MAGIC) {
		facts->format = "qcow2";
		facts->disk_bytes = big_endian(header + QCOW2_SIZE_OFFSET, 8);
		facts->backing = big_endian(header + QCOW2_BACKING_OFFSET, 8) != 0;
	}
	return 0;
}

static bool known_format(struct checks *checks, const struct device *device, struct place place)
{
	if (device->format == NULL || strcmp(device->format, "raw") == 0 ||
	    strcmp(device->format, "qcow2") == 0) {
		return true;
	}
	diag_error(checks->diag, place, "the format of a disk is raw or qcow2, not '%s'",
	           device->format);
	return false;
}

static void check_capacity(struct checks *checks, const struct device *device, struct place place)
{
	if (device->disk_bytes % SECTOR_BYTES != 0) {
		diag_error(checks->diag, place,
		           "the size of a disk is a multiple of 512 bytes, not %llu",
		           (unsigned long long)device->disk_bytes);
	}
}

static void compare(struct checks *checks, struct device *device, const struct image_facts *facts,
                    struct place place)
{
	const char *format = device->format == NULL ? facts->format : device->format;
	bool same = strcmp(format, facts->format) == 0;

	if (!same && strcmp(format, "qcow2") == 0) {
		diag_error(checks->diag, place, "the disk image '%s' is not a qcow2 image",
		           device->disk);
	}
	if (facts->backing) {
		diag_error(checks->diag, place,
		           "the disk image '%s' needs a backing file, which is not put into the VM",
		           device->disk);
		diag_help(checks->diag, "make a copy that stands alone: qemu-img convert -O qcow2");
	}
	if (facts->disk_bytes == 0) {
		diag_error(checks->diag, place, "the disk image '%s' is empty", device->disk);
	}
	device->format = format;
	/* A qcow2 image that is served as raw is as large as its file, and so on. */
	if (!same) {
		return;
	}
	if (device->disk_bytes != 0 && device->disk_bytes != facts->disk_bytes) {
		diag_error(checks->diag, place, "the disk in '%s' has %llu bytes, not %llu",
		           device->disk, (unsigned long long)facts->disk_bytes,
		           (unsigned long long)device->disk_bytes);
	}
	device->disk_bytes = facts->disk_bytes;
}

void disk_inspect(struct checks *checks, struct device *device, struct place place)
{
	struct image_facts facts = {.format = "raw"};

	if (!known_format(checks, device, place)) {
		return;
	}
	if (device->disk != NULL) {
		int error = read_facts(device->disk, &facts);

		if (error != 0) {
			if (check_report(checks, CHECK_FILE_MISSING, place,
			                 "cannot read the disk image '%s': %s", device->disk,
			                 error == EINVAL ? "it is not a regular file"
			                                 : strerror(error))) {
				diag_help(checks->diag,
				          "leave out disk for an empty one; size says how large");
			}
			return;
		}
		compare(checks, device, &facts, place);
	}
	check_capacity(checks, device, place);
}
