/* SPDX-License-Identifier: BSD-2-Clause */
/* See request.h. */
#include "backend/disk/request.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "abi/backend.h"
#include "lib/range.h"

/* virtio 1.2, 5.2.6 */
enum { READ = 0, WRITE = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 };
enum { STATUS_OK = 0, STATUS_IOERR = 1, STATUS_UNSUPPORTED = 2 };

#define STATUS_BYTES 1U
#define ID_BYTES 20U
#define ZEROES_BYTES 65536U
#define RANGE_UNMAP 1U /* flag of a range; the others are reserved */

struct header {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};

struct range {
	uint64_t sector;
	uint32_t sectors;
	uint32_t flags;
};

/* The data of a request: what the driver wrote without the header, or wants to be written without
 * the status. */
struct data {
	struct iovec parts[VRING_SEGMENTS_MAX];
	uint32_t first; /* part of what is still to be moved */
	uint32_t count;
	uint64_t bytes; /* from there on */
};

static void add(struct data *data, void *at, uint64_t bytes)
{
	if (bytes > 0) {
		data->parts[data->count++] = (struct iovec){.iov_base = at, .iov_len = bytes};
		data->bytes += bytes;
	}
}

static void take_written(const struct vring_request *request, struct data *data)
{
	uint64_t skip = sizeof(struct header);

	*data = (struct data){.count = 0};
	for (uint32_t i = 0; i < request->readable_count; i++) {
		const struct vring_segment *segment = &request->segments[i];
		uint64_t less = skip < segment->bytes ? skip : segment->bytes;

		add(data, (char *)segment->at + less, segment->bytes - less);
		skip -= less;
	}
}

static void take_wanted(const struct vring_request *request, struct data *data)
{
	uint64_t left = vring_room(request) - STATUS_BYTES;

	*data = (struct data){.count = 0};
	for (uint32_t i = request->readable_count; i < request->count; i++) {
		const struct vring_segment *segment = &request->segments[i];
		uint64_t bytes = left < segment->bytes ? left : segment->bytes;

		add(data, segment->at, bytes);
		left -= bytes;
	}
}

/* Where whole sectors of the disk begin, in bytes; false: they do not lie on it. */
static bool find_place(const struct disk *disk, uint64_t sector, uint64_t bytes, off_t *offset)
{
	uint64_t at = 0;

	if (__builtin_mul_overflow(sector, (uint64_t)DISK_SECTOR_BYTES, &at) ||
	    bytes % DISK_SECTOR_BYTES != 0 || !range_fits(at, bytes, disk->bytes)) {
		return false;
	}
	*offset = (off_t)at;
	return true;
}

/* The first @bytes are done. */
static void pass(struct data *data, uint64_t bytes)
{
	data->bytes -= bytes;
	while (bytes > 0) {
		struct iovec *part = &data->parts[data->first];
		uint64_t less = bytes < part->iov_len ? bytes : part->iov_len;

		part->iov_base = (char *)part->iov_base + less;
		part->iov_len -= less;
		bytes -= less;
		data->first += part->iov_len == 0 ? 1 : 0;
	}
}

static void clear(const struct data *data)
{
	for (uint32_t i = data->first; i < data->count; i++) {
		memset(data->parts[i].iov_base, 0, data->parts[i].iov_len);
	}
}

/* Move all of it: the kernel may take several calls for that. What the file does not have of the
 * device's last sector reads as zero. */
static bool move(const struct disk *disk, off_t offset, struct data *data, bool write)
{
	while (data->bytes > 0) {
		const struct iovec *parts = &data->parts[data->first];
		int count = (int)(data->count - data->first);
		ssize_t done = write ? pwritev(disk->fd, parts, count, offset)
		                     : preadv(disk->fd, parts, count, offset);

		if (done == 0 && !write && data->bytes < DISK_SECTOR_BYTES &&
		    (uint64_t)offset + data->bytes == disk->bytes) {
			clear(data);
			return true;
		}
		if (done <= 0) {
			return false;
		}
		pass(data, (uint64_t)done);
		offset += done;
	}
	return true;
}

static uint8_t move_sectors(const struct disk *disk, uint64_t sector, struct data *data, bool write)
{
	off_t offset = 0;

	return (!write || disk->writable) && find_place(disk, sector, data->bytes, &offset) &&
	                       move(disk, offset, data, write)
	               ? STATUS_OK
	               : STATUS_IOERR;
}

static bool write_zeroes(const struct disk *disk, off_t offset, uint64_t left)
{
	static const uint8_t nothing[ZEROES_BYTES];

	while (left > 0) {
		size_t bytes = left < sizeof(nothing) ? left : sizeof(nothing);
		ssize_t done = pwrite(disk->fd, nothing, bytes, offset);

		if (done <= 0) {
			return false;
		}
		offset += done;
		left -= (uint64_t)done;
	}
	return true;
}

/* Discard, which does nothing, or clear: one range of no more sectors than topo offers. */
static uint8_t clear_disk(const struct disk *disk, const struct vring_request *request, bool zeroes)
{
	struct {
		struct header header;
		struct range range;
		uint8_t more;
	} said;
	const size_t whole = offsetof(__typeof__(said), more);
	off_t offset = 0;

	if (!disk->writable || vring_read(request, &said, whole + 1) != whole) {
		return STATUS_IOERR;
	}
	uint32_t sectors = le32toh(said.range.sectors);

	if ((le32toh(said.range.flags) & ~(zeroes ? RANGE_UNMAP : 0)) != 0) {
		return STATUS_UNSUPPORTED;
	}
	return sectors <= PV_BACKEND_CLEAR_SECTORS_MAX &&
	                       find_place(disk, le64toh(said.range.sector),
	                                  (uint64_t)sectors * DISK_SECTOR_BYTES, &offset) &&
	                       (!zeroes ||
	                        write_zeroes(disk, offset, (uint64_t)sectors * DISK_SECTOR_BYTES))
	               ? STATUS_OK
	               : STATUS_IOERR;
}

static uint8_t carry_out(const struct disk *disk, const struct vring_request *request,
                         const struct header *header, uint64_t *written)
{
	static const char id[ID_BYTES] = "peervisor";
	uint64_t sector = le64toh(header->sector);
	struct data data;

	if (disk->fd < 0) {
		return STATUS_IOERR;
	}
	switch (le32toh(header->type)) {
	case READ:
		take_wanted(request, &data);
		*written = data.bytes;
		return move_sectors(disk, sector, &data, false);
	case WRITE:
		take_written(request, &data);
		return move_sectors(disk, sector, &data, true);
	case FLUSH:
		return fdatasync(disk->fd) == 0 ? STATUS_OK : STATUS_IOERR;
	case GET_ID:
		take_wanted(request, &data);
		*written = vring_write(request, id, data.bytes < ID_BYTES ? data.bytes : ID_BYTES);
		return STATUS_OK;
	case DISCARD:
		return clear_disk(disk, request, false);
	case WRITE_ZEROES:
		return clear_disk(disk, request, true);
	default:
		return STATUS_UNSUPPORTED;
	}
}

uint32_t disk_serve(const struct disk *disk, const struct vring_request *request)
{
	struct header header;
	uint64_t written = 0;

	/* The status is the last byte that may be written. */
	if (vring_room(request) < STATUS_BYTES || vring_room(request) > UINT32_MAX ||
	    request->segments[request->count - 1].bytes < STATUS_BYTES ||
	    vring_read(request, &header, sizeof(header)) != sizeof(header)) {
		return 0;
	}
	uint8_t status = carry_out(disk, request, &header, &written);
	const struct vring_segment *last = &request->segments[request->count - 1];

	((uint8_t *)last->at)[last->bytes - STATUS_BYTES] = status;
	written = status == STATUS_OK ? written : 0;
	/* What is counted has no gap (2.7.8.2): the status belongs to it if it follows. */
	return (uint32_t)(written + STATUS_BYTES == vring_room(request) ? written + STATUS_BYTES
	                                                                : written);
}
