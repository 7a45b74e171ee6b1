/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of disks, queues, and the other types of virtio device.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "abi/backend.h"
#include "lib/bits.h"
#include "topo/base/units.h"
#include "topo/checks/internal.h"
#include "topo/model/device_options.h"
#include "topo/model/medium.h"
#include "topo/resolve/disk.h"

#define DISK_LEAST MIB(1)
#define NET_QUEUE_LEAST 32U /* a packet takes up to 19 descriptors of Linux */
#define FS_TAG_MAX 36U      /* virtio 1.2, 5.11.4 */

/* qcow2: docs/interop/qcow2.txt of QEMU, "Header". */
#define QCOW2_MAGIC 0x514649fbU
#define QCOW2_CRYPT_OFFSET 32U
#define QCOW2_FEATURES_OFFSET 72U
#define QCOW2_HEADER_BYTES 80U
#define QCOW2_CORRUPT 2U
#define QCOW2_DATA_FILE 4U

static void visit_empty(const struct check_device *at)
{
	const struct device *device = at->device;

	if (device->disk == NULL && device->readonly) {
		rule_report(at->rules, &rule_disk_readonly, device_place(device, "readonly"),
		            "'%s' gets an empty disk and can write nothing to it",
		            check_suffix(at->topology, at->connection->driver_vm));
	}
}

void check_disk_readonly(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_BLK, visit_empty);
}

RULE(disk_readonly, "disk-readonly", ADVICE, EACH,
     "An empty disk is readonly: nothing can ever be on it.");

static void visit_tiny(const struct check_device *at)
{
	const struct device *device = at->device;

	if (device->disk_bytes != 0 && device->disk_bytes < DISK_LEAST) {
		rule_report(at->rules, &rule_disk_tiny, device_place(device, "size"),
		            "a disk of %llu bytes is too small for a file system",
		            (unsigned long long)device->disk_bytes);
	}
}

void check_disk_tiny(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_BLK, visit_tiny);
}

RULE(disk_tiny, "disk-tiny", ADVICE, EACH,
     "A disk is smaller than 1 MiB: common file systems do not fit on it.");

/* The header of a qcow2 image; false when the disk has no image, or another one. */
static bool qcow2_header(const struct device *device, unsigned char header[QCOW2_HEADER_BYTES])
{
	int fd = -1;
	uint32_t magic = 0;

	memset(header, 0, QCOW2_HEADER_BYTES);
	if (device_image(device) != NULL) {
		fd = open(device->disk, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	}
	if (fd < 0) {
		return false;
	}
	ssize_t bytes = read(fd, header, QCOW2_HEADER_BYTES);

	close(fd);
	for (size_t i = 0; i < 4; i++) {
		magic = magic << 8 | header[i];
	}
	return bytes >= 4 && magic == QCOW2_MAGIC;
}

static void visit_format(const struct check_device *at)
{
	const struct device *device = at->device;
	const char *format = device_image(device) != NULL && strcmp(device->format, "raw") == 0
	                             ? disk_other_format(device->disk)
	                             : NULL;

	if (format != NULL) {
		rule_report(at->rules, &rule_disk_format, device_place(device, "format"),
		            "'%s' is a %s file, and its bytes are served as a raw disk",
		            device->disk, format);
	}
}

void check_disk_format(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_BLK, visit_format);
}

RULE(disk_format, "disk-format", ADVICE, EACH,
     "A file of a format for disks is served as raw: the driver VM sees the bytes of the file "
     "and not the disk in it.");

static void visit_encrypted(const struct check_device *at)
{
	const struct device *device = at->device;

	unsigned char header[QCOW2_HEADER_BYTES];

	if (strcmp(device->format, "qcow2") == 0 && qcow2_header(device, header) &&
	    header[QCOW2_CRYPT_OFFSET + 3] != 0) {
		rule_report(at->rules, &rule_qcow2_encrypted, device_place(device, "disk"),
		            "the disk image '%s' is encrypted", device->disk);
	}
}

void check_qcow2_encrypted(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_BLK, visit_encrypted);
}

RULE_TO_RUN(qcow2_encrypted, "qcow2-encrypted", EACH,
            "A qcow2 image is encrypted, and nobody gives the device VM the key.",
            "that the image can be opened when the system is built");

static void visit_features(const struct check_device *at)
{
	const struct device *device = at->device;

	unsigned char header[QCOW2_HEADER_BYTES];

	/* Version 2 has no features. */
	if (strcmp(device->format, "qcow2") != 0 || !qcow2_header(device, header) ||
	    header[7] < 3) {
		return;
	}
	if ((header[QCOW2_FEATURES_OFFSET + 7] & QCOW2_DATA_FILE) != 0) {
		rule_report(at->rules, &rule_qcow2_features, device_place(device, "disk"),
		            "the disk image '%s' keeps its data in another file", device->disk);
	}
	if ((header[QCOW2_FEATURES_OFFSET + 7] & QCOW2_CORRUPT) != 0) {
		rule_report(at->rules, &rule_qcow2_features, device_place(device, "disk"),
		            "the disk image '%s' is marked as corrupt", device->disk);
	}
}

void check_qcow2_features(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_BLK, visit_features);
}

static void visit_queues(const struct check_device *at)
{
	const struct device *device = at->device;
	const struct vm *driver = &at->topology->model.vms[at->connection->driver_vm];

	if (device->queue_pairs_or_queues > driver->vcpu_count) {
		rule_report(at->rules, &rule_queues_vcpus, device_place(device, "queues"),
		            "a %s device with %u queues, and '%s' has %u vCPU%s",
		            device_type_name(device->type), device->queue_pairs_or_queues,
		            driver->suffix, driver->vcpu_count, driver->vcpu_count == 1 ? "" : "s");
	}
}

void check_queues_vcpus(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_TYPE_COUNT, visit_queues);
}

RULE(queues_vcpus, "queues-vcpus", ADVICE, EACH,
     "A device has more queues than the driver VM has vCPUs: Linux uses one for each vCPU, the "
     "others take memory and doorbells.");

static void visit_small(const struct check_device *at)
{
	const struct device *device = at->device;

	if (device->queue_size < NET_QUEUE_LEAST) {
		rule_report(at->rules, &rule_queue_small, device_place(device, "queue_size"),
		            "no packet passes a net device whose queues have %u entries: %u are "
		            "the least",
		            device->queue_size, NET_QUEUE_LEAST);
	}
}

void check_queue_small(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_small);
}

RULE(queue_small, "queue-small", ERROR, EACH,
     "One packet takes up to 19 entries of a queue, and Linux stops sending while there is not "
     "room for that: a queue of less than 32 passes none.");

static void visit_vsock(const struct check_device *at)
{
	const struct device *device = at->device;
	const char *back = arena_printf(at->seen->arena, "%u/%u", at->connection->driver_vm,
	                                at->connection->device_vm);
	const char *forth = arena_printf(at->seen->arena, "%u/%u", at->connection->device_vm,
	                                 at->connection->driver_vm);

	if (strmap_get(at->seen, back) != NULL) {
		rule_report(at->rules, &rule_vsock_both, device->place,
		            "vsock between '%s' and '%s' in both directions",
		            check_suffix(at->topology, at->connection->device_vm),
		            check_suffix(at->topology, at->connection->driver_vm));
	}
	strmap_set(at->seen, forth, at->seen);
}

void check_vsock_both(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_VSOCK, visit_vsock);
}

RULE(vsock_both, "vsock-both", ADVICE, EACH,
     "Two VMs have vsock devices from each other. One carries streams in both directions.");

static void visit_tag(const struct check_device *at)
{
	const struct device *device = at->device;
	size_t bytes = strlen(device->tag);

	if (bytes == 0 || bytes > FS_TAG_MAX) {
		rule_report(at->rules, &rule_fs_tag, device_place(device, "tag"),
		            "a tag has 1 to %u bytes, not %zu", FS_TAG_MAX, bytes);
	}
}

void check_fs_tag(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_FS, visit_tag);
}

RULE(fs_tag, "fs-tag", ERROR, EACH,
     "A file system's tag, by which it is mounted, has 1 to 36 bytes.");

static void visit_tag_twice(const struct check_device *at)
{
	const struct device *device = at->device;
	const char *key =
		arena_printf(at->seen->arena, "%u/%s", at->connection->driver_vm, device->tag);

	if (strmap_get(at->seen, key) != NULL) {
		rule_report(at->rules, &rule_fs_tag_twice, device_place(device, "tag"),
		            "'%s' has a second file system with the tag '%s'",
		            check_suffix(at->topology, at->connection->driver_vm), device->tag);
	}
	strmap_set(at->seen, key, at->seen);
}

void check_fs_tag_twice(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_FS, visit_tag_twice);
}

RULE(fs_tag_twice, "fs-tag-twice", ERROR, EACH,
     "Two file systems of one VM have the same tag: only one of them can be mounted.");

/* Of a root file system: what a program there is started by, or finds its settings in. */
static bool is_of_system(const char *path)
{
	static const char *const names[] = {"bin",   "boot", "dev",  "etc",    "init", "lib",
	                                    "lib64", "proc", "root", "run",    "sbin", "sys",
	                                    "tmp",   "usr",  "var",  ROOT_OURS};
	size_t bytes = strcspn(path + 1, "/");

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (strlen(names[i]) == bytes && memcmp(names[i], path + 1, bytes) == 0) {
			return true;
		}
	}
	return false;
}

/* "/a/b": nothing that leads elsewhere, and no letter that virtiofsd's options know. */
static bool is_plain_path(const char *path)
{
	const char *at = path;

	while (*at == '/') {
		size_t bytes = strspn(++at, "abcdefghijklmnopqrstuvwxyz"
		                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

		if (bytes == 0 || (bytes == 1 && *at == '.') ||
		    (bytes == 2 && at[0] == '.' && at[1] == '.')) {
			return false;
		}
		at += bytes;
	}
	return at != path && *at == '\0' && (size_t)(at - path) <= PV_BACKEND_SHARE_MAX;
}

static void visit_dir(const struct check_device *at)
{
	const char *path = at->device->dir;
	struct place place = device_place(at->device, "dir");

	if (path == NULL) {
		return;
	}
	if (!is_plain_path(path)) {
		if (rule_report(at->rules, &rule_fs_dir, place,
		                "'%s' is no path of a directory to be shared", path)) {
			diag_help(at->rules->diag,
			          "it begins with '/', its names have letters, digits, '.', '_' "
			          "and '-', and it has at most %u bytes",
			          PV_BACKEND_SHARE_MAX);
		}
	} else if (is_of_system(path)) {
		if (rule_report(at->rules, &rule_fs_dir, place,
		                "'%s' is of the system of '%s', which '%s' could change", path,
		                check_suffix(at->topology, at->connection->device_vm),
		                check_suffix(at->topology, at->connection->driver_vm))) {
			diag_help(at->rules->diag, "a directory below /srv, /mnt or /home is not");
		}
	}
}

void check_fs_dir(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_FS, visit_dir);
}

RULE(fs_dir, "fs-dir", ERROR, EACH,
     "The driver VM of a file system reads and writes all that is in its directory: programs and "
     "settings of the device VM cannot be there, nor can the path lead elsewhere.");

static bool note(const struct check_device *at, char kind, size_t bytes, bool set)
{
	const char *key = arena_printf(at->seen->arena, "%c%u%.*s", kind, at->connection->device_vm,
	                               (int)bytes, at->device->dir);
	bool there = strmap_get(at->seen, key) != NULL;

	if (set) {
		strmap_set(at->seen, key, at->seen);
	}
	return there;
}

/* Of each directory is noted that it is shared (=), of each above it that one below is (<). */
static void visit_dir_twice(const struct check_device *at)
{
	const char *path = at->device->dir;
	bool common = false;

	if (path == NULL || *path == '\0') {
		return;
	}
	for (size_t i = 1; path[i] != '\0'; i++) {
		if (path[i] == '/') {
			common = note(at, '=', i, false) || common;
			(void)note(at, '<', i, true);
		}
	}
	common = note(at, '<', strlen(path), false) || common;
	common = note(at, '=', strlen(path), true) || common;
	if (common) {
		rule_report(at->rules, &rule_fs_dir_twice, device_place(at->device, "dir"),
		            "'%s' and another file system of '%s' have files in common", path,
		            check_suffix(at->topology, at->connection->device_vm));
	}
}

void check_fs_dir_twice(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_FS, visit_dir_twice);
}

RULE(fs_dir_twice, "fs-dir-twice", ERROR, EACH,
     "Two driver VMs that share files are a path for attacks that no connection shows: each file "
     "system of a device VM has a directory of its own, and none lies in another's.");

static void visit_rng(const struct check_device *at)
{
	const struct device *device = at->device;
	const char *key = arena_printf(at->seen->arena, "%u", at->connection->driver_vm);

	if (strmap_get(at->seen, key) != NULL) {
		rule_report(at->rules, &rule_rng_many, device->place, "a second rng device of '%s'",
		            check_suffix(at->topology, at->connection->driver_vm));
	}
	strmap_set(at->seen, key, at->seen);
}

void check_rng_many(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_RNG, visit_rng);
}

RULE(rng_many, "rng-many", ADVICE, EACH,
     "A VM has several rng devices; Linux takes random bytes of one.");
