/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See topo/model/medium.h. Linux names a partition by the whole's name and a number, with a "p"
 * between them if that name ends in a digit (disk_name() in block/genhd.c).
 */
#include "topo/model/medium.h"

#include <string.h>

#include "lib/bits.h"

#define DEV "/dev/"
#define DEV_BYTES (sizeof(DEV) - 1)
#define DIGITS "0123456789"

/* Names that letters tell apart: behind such a one the number is a partition's. */
static const char *const lettered[] = {"sd", "vd", "hd"};

static bool is_on_medium(const struct device *device)
{
	return device->type == DEVICE_BLK && device->disk != NULL &&
	       strncmp(device->disk, DEV, DEV_BYTES) == 0 &&
	       strchr(device->disk + DEV_BYTES, '/') == NULL;
}

const char *device_image(const struct device *device)
{
	return is_on_medium(device) ? NULL : device->disk;
}

const char *device_medium(const struct device *device)
{
	return is_on_medium(device) ? device->disk : NULL;
}

static bool is_lettered(const char *path)
{
	for (size_t i = 0; i < ARRAY_COUNT(lettered); i++) {
		if (strncmp(path + DEV_BYTES, lettered[i], strlen(lettered[i])) == 0) {
			return true;
		}
	}
	return false;
}

size_t medium_whole_bytes(const char *path)
{
	const size_t all = strlen(path);
	size_t bytes = all;

	while (bytes > DEV_BYTES && strchr(DIGITS, path[bytes - 1]) != NULL) {
		bytes--;
	}
	if (bytes == all || bytes < DEV_BYTES + 2) {
		return all;
	}
	if (path[bytes - 1] == 'p' && strchr(DIGITS, path[bytes - 2]) != NULL) {
		return bytes - 1;
	}
	return is_lettered(path) ? bytes : all;
}

static bool overlaps(const struct device *a, const struct device *b)
{
	const size_t a_whole = medium_whole_bytes(a->disk);
	const size_t b_whole = medium_whole_bytes(b->disk);

	if (a_whole != b_whole || strncmp(a->disk, b->disk, a_whole) != 0) {
		return false;
	}
	if (strcmp(a->disk, b->disk) != 0) {
		return a->disk[a_whole] == '\0' || b->disk[b_whole] == '\0';
	}
	return a->offset < b->offset ? b->offset - a->offset < a->disk_bytes
	                             : a->offset - b->offset < b->disk_bytes;
}

size_t medium_kind_bytes(const char *path)
{
	return DEV_BYTES + (is_lettered(path) ? 2 : strcspn(path + DEV_BYTES, DIGITS));
}

/* Two wholes of one kind: which of them Linux finds first is not said. */
static bool may_be_swapped(const struct device *a, const struct device *b)
{
	const size_t a_whole = medium_whole_bytes(a->disk);
	const size_t kind = medium_kind_bytes(a->disk);

	return medium_kind_bytes(b->disk) == kind && strncmp(a->disk, b->disk, kind) == 0 &&
	       (a_whole != medium_whole_bytes(b->disk) || strncmp(a->disk, b->disk, a_whole) != 0);
}

static bool may_share(const struct device *a, const struct device *b)
{
	return overlaps(a, b) || may_be_swapped(a, b);
}

/* The first on a medium of the same VM of which @holds, where one of them writes; with @before only before @device. */
static const struct device *find(const struct model *model, const struct connection *connection,
                                 const struct device *device, bool before,
                                 bool (*holds)(const struct device *a, const struct device *b))
{
	if (!is_on_medium(device)) {
		return NULL;
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *other = &model->connections[i];

		for (size_t j = 0; j < other->device_count; j++) {
			const struct device *found = &other->devices[j];

			if (found == device && before) {
				return NULL;
			}
			if (found != device && other->device_vm == connection->device_vm &&
			    is_on_medium(found) && !(found->readonly && device->readonly) &&
			    holds(found, device)) {
				return found;
			}
		}
	}
	return NULL;
}

const struct device *medium_overlapped(const struct model *model,
                                       const struct connection *connection,
                                       const struct device *device)
{
	return find(model, connection, device, true, overlaps);
}

const struct device *medium_swapped(const struct model *model, const struct connection *connection,
                                    const struct device *device)
{
	return find(model, connection, device, true, may_be_swapped);
}

bool medium_is_shared(const struct model *model, const struct connection *connection,
                      const struct device *device)
{
	return find(model, connection, device, false, may_share) != NULL;
}
