/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The archive with the disk images that a device VM serves and the files of any VM, for topo verify:
 * what is in it is read back (Linux, Documentation/driver-api/early-userspace/buffer-format.rst,
 * "newc") and must be what the topology names, each once, disks under the names of docs/image.md,
 * and nothing else.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/backend.h"
#include "topo/model/medium.h"
#include "topo/verify/verify.h"

#define HEADER_BYTES 110U
#define FIELD_COUNT 13U

static const char root_directory[] = PV_BACKEND_DIRECTORY;
static const char *const directory = root_directory + 1; /* as a name in an archive */

/* The fields of a header, in their order. */
enum field { INO, MODE, UID, GID, NLINK, MTIME, SIZE, DEV0, DEV1, RDEV0, RDEV1, NAME_BYTES, CHECK };

struct entry {
	uint32_t fields[FIELD_COUNT];
	const char *name;
	struct bytes content;
};

/* A disk with its image, as it must be in the archive. */
struct disk {
	const struct device *device;
	const char *driver; /* name of the VM that uses it */
	const char *file;   /* on the build host, NULL = none */
	const char *wish;   /* the name that it would like to have */
	const char *name;
	struct bytes content;
	bool found;
};

struct disks {
	struct disk *list;
	size_t count;
};

static bool name_taken(const struct disks *disks, const struct disk *disk)
{
	if (disk->wish[0] == '@') {
		return true;
	}
	for (const struct disk *d = disks->list; d < disks->list + disks->count; d++) {
		if (d != disk && (d < disk || !d->file) && strcmp(d->wish, disk->wish) == 0) {
			return true;
		}
	}
	return false;
}

/* The disks with an image of their own; a file that was named before keeps its name. */
static void name_disks(const struct verify *v, struct disks *disks)
{
	for (size_t i = 0; i < disks->count; i++) {
		struct disk *disk = &disks->list[i];
		const struct disk *owner = disks->list;

		while (disk->file && owner != disk &&
		       !(owner->file && strcmp(owner->file, disk->file) == 0)) {
			owner++;
		}
		if (disk->file && owner != disk) {
			disk->name = owner->name;
		} else if (disk->file && name_taken(disks, disk)) {
			disk->name = arena_printf(v->arena, "@%s@%u@%.160s", disk->driver,
			                          disk->device->id, disk->wish);
		} else {
			disk->name = disk->wish;
		}
	}
}

static struct disks list_disks(const struct verify *v, uint32_t vm)
{
	struct disks disks = {NULL, 0};

	for (size_t i = 0; i < v->model->connection_count; i++) {
		const struct connection *c = &v->model->connections[i];

		for (size_t j = 0; c->device_vm == vm && j < c->device_count; j++) {
			const struct device *d = &c->devices[j];
			const char *driver = v->model->vms[c->driver_vm].name;
			const char *slash = d->disk ? strrchr(d->disk, '/') : NULL;

			if (d->type != DEVICE_BLK || device_medium(d)) {
				continue;
			}
			*ARENA_ADD(v->arena, disks.list, disks.count) = (struct disk){
				.device = d,
				.driver = driver,
				.file = d->disk,
				.wish = d->disk ? (slash ? slash + 1 : d->disk)
			                        : arena_printf(v->arena, "%s-%u.%s", driver, d->id,
			                                       d->format ? d->format : "raw"),
				.content = v->files->disks[i][j],
			};
		}
	}
	name_disks(v, &disks);
	return disks;
}

const char *archive_disk_path(const struct verify *v, uint32_t wiring, uint32_t device)
{
	const struct connection *c = &v->model->connections[wiring];
	const struct disks disks = list_disks(v, c->device_vm);

	for (size_t i = 0; i < disks.count; i++) {
		if (disks.list[i].device == &c->devices[device]) {
			return arena_printf(v->arena, PV_BACKEND_DIRECTORY "/%s",
			                    disks.list[i].name);
		}
	}
	return "";
}

bool archive_expected(const struct verify *v, uint32_t vm)
{
	if (v->files->vms[vm].plan.count != 0) {
		return true;
	}
	for (size_t i = 0; i < v->model->connection_count; i++) {
		const struct connection *c = &v->model->connections[i];

		for (size_t j = 0; c->device_vm == vm && j < c->device_count; j++) {
			if (c->devices[j].type == DEVICE_BLK && device_image(&c->devices[j])) {
				return true;
			}
		}
	}
	return false;
}

static bool read_hex(const uint8_t *digits, uint32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < 8; i++) {
		uint8_t c = digits[i];
		uint32_t value = c >= '0' && c <= '9'   ? c - (uint32_t)'0'
		                 : c >= 'A' && c <= 'F' ? c - (uint32_t)'A' + 10
		                 : c >= 'a' && c <= 'f' ? c - (uint32_t)'a' + 10
		                                        : 16;

		if (value == 16) {
			return false;
		}
		*out = *out << 4 | value;
	}
	return true;
}

/* The next multiple of 4, if what is between is 0; otherwise a place behind the archive. */
static uint64_t skip_padding(struct bytes archive, uint64_t at)
{
	while (at % 4 != 0) {
		if (at >= archive.count || archive.data[at] != 0) {
			return archive.count + 1;
		}
		at++;
	}
	return at;
}

/* The entry at *@at, which then is that of the next. */
static bool read_entry(struct bytes archive, uint64_t *at, struct entry *out)
{
	if (*at > archive.count || archive.count - *at < HEADER_BYTES) {
		return false;
	}
	const uint8_t *header = archive.data + *at;

	if (memcmp(header, "070701", 6) != 0) {
		return false;
	}
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (!read_hex(header + 6 + 8 * i, &out->fields[i])) {
			return false;
		}
	}
	uint64_t name_end = *at + HEADER_BYTES + out->fields[NAME_BYTES];
	uint64_t content_at = skip_padding(archive, name_end);

	if (out->fields[NAME_BYTES] == 0 || content_at > archive.count ||
	    out->fields[SIZE] > archive.count - content_at || archive.data[name_end - 1] != '\0') {
		return false;
	}
	out->name = (const char *)header + HEADER_BYTES;
	out->content = (struct bytes){archive.data + content_at, out->fields[SIZE]};
	*at = skip_padding(archive, content_at + out->fields[SIZE]);
	return *at <= archive.count;
}

uint64_t archive_bytes(struct bytes archive)
{
	struct entry entry = {.name = ""};
	uint64_t at = 0;

	while (strcmp(entry.name, "TRAILER!!!") != 0 && read_entry(archive, &at, &entry)) {
	}
	return at;
}

/* Owned by root, with the mode and the links that it should have, and nothing special. */
static bool is_plain(const struct entry *e, uint32_t mode, uint32_t links)
{
	static const uint8_t zero[] = {UID, GID, MTIME, DEV0, DEV1, RDEV0, RDEV1, CHECK};

	for (size_t i = 0; i < sizeof(zero); i++) {
		if (e->fields[zero[i]]) {
			return false;
		}
	}
	return e->fields[MODE] == mode && e->fields[NLINK] == links &&
	       strlen(e->name) + 1 == e->fields[NAME_BYTES];
}

static bool is_directory(const struct entry *e)
{
	size_t length = strlen(e->name);

	return length > 0 && strncmp(directory, e->name, length) == 0 &&
	       (directory[length] == '/' || directory[length] == '\0') && is_plain(e, 040755, 2) &&
	       e->content.count == 0;
}

static bool is_disk(const struct entry *e, struct disks *disks)
{
	const size_t prefix = strlen(directory);

	for (size_t i = 0; i < disks->count; i++) {
		struct disk *disk = &disks->list[i];

		if (!disk->file || strncmp(e->name, directory, prefix) != 0 ||
		    e->name[prefix] != '/' || strcmp(e->name + prefix + 1, disk->name) != 0 ||
		    !is_plain(e, 0100644, 1)) {
			continue;
		}
		/* A second one of that name would lie over the first. */
		if (!disk->found && e->content.count == disk->content.count &&
		    memcmp(e->content.data, disk->content.data, e->content.count) == 0) {
			disk->found = true;
			return true;
		}
	}
	return false;
}

/* Is it the next one of the files, of which *@next are found? */
static bool is_file(const struct entry *e, const struct vm_files *files, size_t *next)
{
	if (*next == files->plan.count) {
		return false;
	}
	const struct vm_files_entry *planned = &files->plan.entries[*next];
	const struct bytes content = files->planned[*next];
	if (strcmp(e->name, planned->path) != 0 ||
	    !is_plain(e, planned->mode, (planned->mode & S_IFMT) == S_IFDIR ? 2 : 1) ||
	    e->content.count != content.count ||
	    (content.count != 0 && memcmp(e->content.data, content.data, content.count) != 0)) {
		return false;
	}
	(*next)++;
	return true;
}

static bool same_file(const struct disk *a, const struct disk *b)
{
	return a->file && b->file && strcmp(a->file, b->file) == 0;
}

/* Whatever the rule for names is: a path that two disks share is one disk for two VMs. */
static void check_names(const struct verify *v, uint32_t vm, const struct disks *disks)
{
	for (size_t i = 0; i < disks->count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct disk *a = &disks->list[j];
			const struct disk *b = &disks->list[i];

			if (strcmp(a->name, b->name) == 0 && !same_file(a, b)) {
				findings_add(v->report, FINDING_EXTRA, v->vms[vm].who, "payload",
				             "%s: " PV_BACKEND_DIRECTORY
				             "/%s is a disk of %s and of %s, "
				             "which the topology keeps apart",
				             v->vms[vm].who, a->name, a->driver, b->driver);
			}
		}
	}
}

static void check_all_found(const struct verify *v, uint32_t vm, const struct disks *disks)
{
	for (size_t i = 0; i < disks->count; i++) {
		const struct disk *disk = &disks->list[i];
		bool found = disk->found || !disk->file;

		for (size_t j = 0; j < i; j++) {
			found = found || (disks->list[j].found &&
			                  strcmp(disks->list[j].name, disk->name) == 0);
		}
		if (!found) {
			findings_add(
				v->report, FINDING_MISSING, v->vms[vm].who, "payload",
				"%s: the disk image '%s' is not in its root file system as " PV_BACKEND_DIRECTORY
				"/%s",
				v->vms[vm].who, disk->file, disk->name);
		}
	}
}

void archive_check(struct verify *v, uint32_t vm, struct bytes archive)
{
	struct disks disks = list_disks(v, vm);
	struct entry entry = {.name = ""};
	uint64_t at = 0;
	uint32_t number = 0;
	const struct vm_files *files = &v->files->vms[vm];
	size_t found = 0;

	while (read_entry(archive, &at, &entry)) {
		if (strcmp(entry.name, "TRAILER!!!") == 0) {
			break;
		}
		/* One number twice would be one file with two names. */
		number++;
		if (entry.fields[INO] != number ||
		    (!is_file(&entry, files, &found) && !is_directory(&entry) &&
		     !is_disk(&entry, &disks))) {
			findings_add(v->report, FINDING_EXTRA, v->vms[vm].who, "payload",
			             "%s: its root file system has '%.200s', which is not of the "
			             "topology",
			             v->vms[vm].who, entry.name);
		}
	}
	if (strcmp(entry.name, "TRAILER!!!") != 0 || !rom_trim(archive, at).data ||
	    !is_plain(&entry, 0, 1) || entry.content.count) {
		findings_add(v->report, FINDING_BROKEN, v->vms[vm].who, "payload",
		             "%s: the archive that is made for it does not end as it should",
		             v->vms[vm].who);
	}
	if (found != files->plan.count) {
		findings_add(v->report, FINDING_MISSING, v->vms[vm].who, "payload",
		             "%s: its root file system lacks '%.200s', as the topology has it",
		             v->vms[vm].who, files->plan.entries[found].path);
	}
	check_names(v, vm, &disks);
	check_all_found(v, vm, &disks);
}
