/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking into disk images. Raw and qcow2 (docs/interop/qcow2.txt of QEMU, "Header") can be served;
 * other formats of virtual machines, and files that are packed, are known by their magic numbers.
 * Whatever has none is raw.
 */
#include "topo/resolve/disk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/bits.h"
#include "topo/base/regular.h"
#include "topo/model/device_options.h"
#include "topo/model/medium.h"
#include "topo/resolve/read_rules.h"

#define SECTOR_BYTES 512U
#define HEAD_BYTES 512U
#define ARCHIVE_FILE_MAX UINT32_MAX /* of an initial root file system: newc has 32 bits */
#define MEDIUM_NAME_MAX 31U         /* BDEVNAME_SIZE of Linux, without the NUL */
#define MEDIUM_ALIGN 4096U          /* no block device has larger sectors */

#define QCOW2_MAGIC 0x514649fbU /* "QFI\xfb", big-endian */
#define QCOW2_VERSION_OFFSET 4U
#define QCOW2_BACKING_OFFSET 8U
#define QCOW2_CLUSTER_OFFSET 20U
#define QCOW2_SIZE_OFFSET 24U
#define QCOW2_SNAPSHOTS_OFFSET 60U
#define QCOW2_FEATURES_OFFSET 72U /* from here on in version 3 only */
#define QCOW2_REFCOUNT_OFFSET 96U
#define QCOW2_BITS_LEAST 9U
#define QCOW2_BITS_MAX 21U
#define QCOW2_FEATURES_KNOWN 0x1fULL
#define QCOW2_EXTENDED_L2 0x10U
#define QCOW2_CLUSTERS_MORE 32U /* header, tables of tables, what is in between two states */

/* What an image says of itself. */
struct image_facts {
	const char *format;
	const char *foreign; /* NULL, or the format that cannot be served */
	const char *unpack;  /* of a packed file: the program that unpacks it */
	uint64_t file_bytes;
	uint64_t disk_bytes;
	uint64_t grown_bytes; /* the file when all of the disk was written */
	bool backing;         /* qcow2: it needs another file */
	bool unknown;         /* qcow2: of a version, or with features, that nobody here knows */
};

/* Names are those that qemu-img has; the vhd of other programs is its vpc. */
static const struct foreign {
	const char *format;
	const char *unpack;
	const char *magic;
	uint32_t magic_bytes;
	int32_t at; /* from the file's end if negative */
} foreign_formats[] = {
	{"vmdk", NULL, "KDMV", 4, 0},
	{"vmdk", NULL, "COWD", 4, 0},
	{"vmdk", NULL, "# Disk DescriptorFile", 21, 0},
	{"vdi", NULL, "\x7f\x10\xda\xbe", 4, 64},
	{"vhdx", NULL, "vhdxfile", 8, 0},
	{"vpc", NULL, "conectix", 8, 0},
	{"vpc", NULL, "conectix", 8, -512},
	{"vpc", NULL, "conectix", 8, -511}, /* of old programs */
	{"qcow", NULL, "QFI\xfb\0\0\0\1", 8, 0},
	{"qed", NULL, "QED\0", 4, 0},
	{"parallels", NULL, "WithoutFreeSpace", 16, 0},
	{"parallels", NULL, "WithouFreSpacExt", 16, 0},
	{"bochs", NULL, "Bochs Virtual HD Image", 22, 0},
	{"cloop", NULL, "#!/bin/sh\n#V2.0 Format\nmodprobe c", 33, 0},
	{"dmg", NULL, "koly", 4, -512},
	{"luks", NULL, "LUKS\xba\xbe", 6, 0},
	{"gzip", "gunzip", "\x1f\x8b\x08", 3, 0},
	{"xz", "unxz",
         "\xfd"
         "7zXZ",
         6, 0},
	{"zstd", "unzstd", "\x28\xb5\x2f\xfd", 4, 0},
	{"bzip2", "bunzip2", "BZh", 3, 0},
	{"lz4", "unlz4", "\x04\x22\x4d\x18", 4, 0},
	{"zip", "unzip", "PK\3\4", 4, 0},
	{"7z", "7z x", "7z\xbc\xaf\x27\x1c", 6, 0},
};

static uint64_t big_endian(const unsigned char *bytes, size_t count)
{
	uint64_t value = 0;

	for (size_t i = 0; i < count; i++) {
		value = value << 8 | bytes[i];
	}
	return value;
}

/* Is this the one? @head are the first bytes of the file. */
static bool is_foreign(const struct foreign *row, int fd, uint64_t file_bytes,
                       const unsigned char head[HEAD_BYTES])
{
	unsigned char tail[sizeof("conectix") - 1];

	if (row->at >= 0) {
		return memcmp(head + row->at, row->magic, row->magic_bytes) == 0;
	}
	return file_bytes >= (uint64_t)-row->at && row->magic_bytes <= sizeof(tail) &&
	       pread(fd, tail, row->magic_bytes, (off_t)file_bytes + row->at) ==
	               (ssize_t)row->magic_bytes &&
	       memcmp(tail, row->magic, row->magic_bytes) == 0;
}

static void find_foreign(int fd, const unsigned char head[HEAD_BYTES], struct image_facts *facts)
{
	for (size_t i = 0; i < ARRAY_COUNT(foreign_formats); i++) {
		const struct foreign *row = &foreign_formats[i];

		if (facts->foreign == NULL && is_foreign(row, fd, facts->file_bytes, head)) {
			facts->foreign = row->format;
			facts->unpack = row->unpack;
		}
	}
}

/*
 * The size of a file all of whose clusters are in use: for each one an entry of a table and a
 * count of references. Snapshots hold on to what there is now.
 */
static uint64_t qcow2_grown(const unsigned char head[HEAD_BYTES], const struct image_facts *facts,
                            uint64_t features)
{
	const bool v3 = big_endian(head + QCOW2_VERSION_OFFSET, 4) >= 3;
	const uint64_t bits = big_endian(head + QCOW2_CLUSTER_OFFSET, 4);
	const uint64_t order = v3 ? big_endian(head + QCOW2_REFCOUNT_OFFSET, 4) : 4;
	const uint64_t entry = (features & QCOW2_EXTENDED_L2) != 0 ? 16 : 8;
	const uint64_t clusters = (facts->disk_bytes >> bits) + 1;
	const uint64_t tables = (clusters * (entry + (order > 3 ? 1U << (order & 7) : 8U) / 8)) +
	                        ((uint64_t)QCOW2_CLUSTERS_MORE << bits);
	const uint64_t kept =
		big_endian(head + QCOW2_SNAPSHOTS_OFFSET, 4) != 0 ? facts->file_bytes : 0;
	const uint64_t grown = facts->disk_bytes + tables + kept;

	return grown > facts->file_bytes ? grown : facts->file_bytes;
}

static void read_qcow2(const unsigned char head[HEAD_BYTES], struct image_facts *facts)
{
	const uint64_t version = big_endian(head + QCOW2_VERSION_OFFSET, 4);
	const uint64_t bits = big_endian(head + QCOW2_CLUSTER_OFFSET, 4);
	const uint64_t features = version == 3 ? big_endian(head + QCOW2_FEATURES_OFFSET, 8) : 0;

	facts->format = "qcow2";
	facts->disk_bytes = big_endian(head + QCOW2_SIZE_OFFSET, 8);
	facts->backing = big_endian(head + QCOW2_BACKING_OFFSET, 8) != 0;
	facts->unknown = version < 2 || version > 3 || (features & ~QCOW2_FEATURES_KNOWN) != 0 ||
	                 bits < QCOW2_BITS_LEAST || bits > QCOW2_BITS_MAX ||
	                 facts->disk_bytes > INT64_MAX;
	facts->grown_bytes = facts->unknown ? 0 : qcow2_grown(head, facts, features);
}

/* 0, or why the file cannot be read. @facts say raw before. */
static int read_facts(const char *path, struct image_facts *facts)
{
	unsigned char head[HEAD_BYTES] = {0};
	uint64_t bytes = 0;
	const int fd = regular_open(path, 0, &bytes);

	if (fd < 0) {
		return errno;
	}
	const int error = regular_read(fd, head, sizeof(head)) < 0 ? errno : 0;

	if (error == 0) {
		facts->file_bytes = bytes;
		facts->disk_bytes = facts->file_bytes;
		facts->grown_bytes = facts->file_bytes;
		find_foreign(fd, head, facts);
		if (facts->foreign == NULL && big_endian(head, 4) == QCOW2_MAGIC) {
			read_qcow2(head, facts);
		}
	}
	close(fd);
	return error;
}

const char *disk_other_format(const char *path)
{
	struct image_facts facts = {.format = "raw"};

	if (read_facts(path, &facts) != 0) {
		return NULL;
	}
	return facts.foreign != NULL              ? facts.foreign
	       : strcmp(facts.format, "raw") == 0 ? NULL
	                                          : facts.format;
}

static bool known_format(struct rules *rules, const struct device *device, struct place place)
{
	if (device->format == NULL || strcmp(device->format, "raw") == 0 ||
	    strcmp(device->format, "qcow2") == 0) {
		return true;
	}
	diag_error(rules->diag, place, "the format of a disk is raw or qcow2, not '%s'",
	           device->format);
	return false;
}

static void check_capacity(struct rules *rules, const struct device *device, struct place place)
{
	if (device->disk_bytes % SECTOR_BYTES != 0) {
		diag_error(rules->diag, place,
		           "the size of a disk is a multiple of 512 bytes, not %llu",
		           (unsigned long long)device->disk_bytes);
	}
}

/* Only who says raw means the bytes of such a file. */
static void refuse_foreign(struct rules *rules, struct device *device,
                           const struct image_facts *facts, struct place place)
{
	if (!rule_report(rules, &rule_disk_foreign, place,
	                 "the disk image '%s' is a %s file; a disk is raw or qcow2", device->disk,
	                 facts->foreign)) {
		device->format = "raw";
		device->disk_bytes = facts->file_bytes;
		return;
	}
	device->format = facts->foreign;
	if (facts->unpack != NULL) {
		diag_help(rules->diag, "unpack it by %s", facts->unpack);
	} else {
		diag_help(rules->diag, "qemu-img convert -f %s -O qcow2 makes one of it",
		          facts->foreign);
	}
	diag_help(rules->diag, "with format: \"raw\" the driver VM sees these very bytes");
}

static void refuse_qcow2(struct rules *rules, const struct device *device,
                         const struct image_facts *facts, struct place place)
{
	if (facts->backing) {
		diag_error(rules->diag, place,
		           "the disk image '%s' needs a backing file, which is not put into the VM",
		           device->disk);
		diag_help(rules->diag, "make a copy that stands alone: qemu-img convert -O qcow2");
	}
	if (facts->unknown &&
	    rule_report(rules, &rule_qcow2_features, place,
	                "the disk image '%s' is a qcow2 image of an unknown kind", device->disk)) {
		diag_help(rules->diag, "qemu-img convert -O qcow2 makes one of version 3");
	}
}

static void compare(struct rules *rules, struct device *device, const struct image_facts *facts,
                    struct place place)
{
	const bool means_raw = device->format != NULL && strcmp(device->format, "raw") == 0;

	if (facts->foreign != NULL && !means_raw) {
		refuse_foreign(rules, device, facts, place);
		return;
	}
	const char *format = device->format == NULL ? facts->format : device->format;
	bool same = strcmp(format, facts->format) == 0;

	if (!same && strcmp(format, "qcow2") == 0) {
		diag_error(rules->diag, place, "the disk image '%s' is not a qcow2 image",
		           device->disk);
	}
	refuse_qcow2(rules, device, facts, place);
	if (facts->disk_bytes == 0) {
		diag_error(rules->diag, place, "the disk image '%s' is empty", device->disk);
	}
	if (facts->file_bytes > ARCHIVE_FILE_MAX) {
		diag_error(rules->diag, place,
		           "the disk image '%s' is larger than 4 GiB, too large for the root file "
		           "system of a VM",
		           device->disk);
	}
	device->format = format;
	device->file_bytes = facts->file_bytes;
	/* A qcow2 image that is served as raw is as large as its file, and so on. */
	device->grown_bytes = same && !device->readonly ? facts->grown_bytes : facts->file_bytes;
	const uint64_t disk_bytes = same ? facts->disk_bytes : facts->file_bytes;

	if (device->disk_bytes != 0 && device->disk_bytes != disk_bytes) {
		diag_error(rules->diag, place, "the disk in '%s' has %llu bytes, not %llu",
		           device->disk, (unsigned long long)disk_bytes,
		           (unsigned long long)device->disk_bytes);
	}
	device->disk_bytes = disk_bytes;
}

/* It goes to the device VM, and stands in messages. */
static bool is_fit_medium(const char *path)
{
	const char *name = path + strlen("/dev/");

	return name[0] != '\0' &&
	       name[strspn(name,
	                   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] ==
	               '\0' &&
	       strlen(name) <= MEDIUM_NAME_MAX;
}

/* What is on a block device nobody here can see: all must be said. */
static bool medium_is_fit(struct rules *rules, const struct device *device, struct place place)
{
	const size_t before = diag_count(rules->diag, SEVERITY_ERROR);

	if (!is_fit_medium(device->disk)) {
		diag_error(rules->diag, device_place(device, "disk"),
		           "'%s' is no name of a block device", device->disk);
		diag_help(rules->diag, "as the device VM has it: \"/dev/nvme0n1\", \"/dev/sda1\"");
	}
	if (device->format != NULL && strcmp(device->format, "raw") != 0) {
		diag_error(rules->diag, device_place(device, "format"),
		           "a disk on a block device is raw, not '%s'", device->format);
	}
	if (device->disk_bytes == 0) {
		diag_error(rules->diag, place, "the size of this disk on '%s' is not given",
		           device->disk);
		diag_help(rules->diag, "size says how large it is, offset where it begins there");
	}
	check_capacity(rules, device, device_place(device, "size"));
	if (device->offset % MEDIUM_ALIGN != 0) {
		diag_error(rules->diag, device_place(device, "offset"),
		           "a disk on a block device begins at a multiple of %u bytes",
		           MEDIUM_ALIGN);
	}
	if (device->offset > (uint64_t)INT64_MAX - device->disk_bytes) {
		diag_error(rules->diag, device_place(device, "offset"),
		           "no block device is so large");
	}
	return diag_count(rules->diag, SEVERITY_ERROR) == before;
}

void disk_inspect(struct rules *rules, struct device *device, struct place place)
{
	struct image_facts facts = {.format = "raw"};

	if (!known_format(rules, device, place)) {
		return;
	}
	if (device_medium(device) != NULL) {
		/* Nothing more is said of one that has errors. */
		if (!medium_is_fit(rules, device, place)) {
			device->disk = NULL;
			device->format = "raw";
			device->disk_bytes = 0;
			device->offset = 0;
		}
		return;
	}
	if (device->disk != NULL) {
		int error = read_facts(device->disk, &facts);

		if (error != 0) {
			if (rule_report(rules, &rule_file_missing, place,
			                "cannot read the disk image '%s': %s", device->disk,
			                error == EINVAL ? "it is not a regular file"
			                                : strerror(error))) {
				diag_help(rules->diag,
				          "leave out disk for an empty one; size says how large");
			}
			return;
		}
		compare(rules, device, &facts, place);
	}
	if (device->offset != 0) {
		diag_error(rules->diag, device_place(device, "offset"),
		           "offset is of a disk on a block device");
		diag_help(rules->diag, "disk: \"/dev/nvme0n1\" names one of the device VM");
	}
	check_capacity(rules, device, place);
}
