/* SPDX-License-Identifier: BSD-2-Clause */
/* See request.h. */
#include "backend/disk/request.h"

#include <endian.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/range.h"

/* virtio 1.2, 5.2.6 */
enum { READ = 0, WRITE = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 };
enum { STATUS_OK = 0, STATUS_IOERR = 1, STATUS_UNSUPPORTED = 2 };

#define STATUS_BYTES 1U
#define ID_BYTES 20U
#define ZEROES_BYTES 65536U

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
	uint32_t count;
	uint64_t bytes;
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

/* What the file does not have of the last sector is zero. */
static void clear_from(const struct data *data, uint64_t done)
{
	for (uint32_t i = 0; i < data->count; i++) {
		const struct iovec *part = &data->parts[i];
		uint64_t skip = done < part->iov_len ? done : part->iov_len;

		memset((char *)part->iov_base + skip, 0, part->iov_len - skip);
		done -= skip;
	}
}

static uint8_t read_disk(const struct disk *disk, uint64_t sector, const struct data *data)
{
	off_t offset = 0;

	if (!find_place(disk, sector, data->bytes, &offset)) {
		return STATUS_IOERR;
	}
	ssize_t done = preadv(disk->fd, data->parts, (int)data->count, offset);

	if (done < 0) {
		return STATUS_IOERR;
	}
	if ((uint64_t)done < data->bytes) {
		clear_from(data, (uint64_t)done);
	}
	return STATUS_OK;
}

static uint8_t write_disk(const struct disk *disk, uint64_t sector, const struct data *data)
{
	off_t offset = 0;

	return disk->writable && find_place(disk, sector, data->bytes, &offset) &&
	                       pwritev(disk->fd, data->parts, (int)data->count, offset) ==
	                               (ssize_t)data->bytes
	               ? STATUS_OK
	               : STATUS_IOERR;
}

/* Discard, which may do nothing, or clear: one range at a time is what topo offers. */
static uint8_t clear_disk(const struct disk *disk, const struct vring_request *request, bool zeroes)
{
	static const uint8_t nothing[ZEROES_BYTES];
	struct {
		struct header header;
		struct range range;
	} said;
	off_t offset = 0;

	if (!disk->writable || vring_read(request, &said, sizeof(said)) != sizeof(said)) {
		return STATUS_IOERR;
	}
	uint64_t left = (uint64_t)le32toh(said.range.sectors) * DISK_SECTOR_BYTES;

	if (!find_place(disk, le64toh(said.range.sector), left, &offset)) {
		return STATUS_IOERR;
	}
	while (zeroes && left > 0) {
		size_t bytes = left < sizeof(nothing) ? left : sizeof(nothing);

		if (pwrite(disk->fd, nothing, bytes, offset) != (ssize_t)bytes) {
			return STATUS_IOERR;
		}
		offset += (off_t)bytes;
		left -= bytes;
	}
	return STATUS_OK;
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
		return read_disk(disk, sector, &data);
	case WRITE:
		take_written(request, &data);
		return write_disk(disk, sector, &data);
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
	return (uint32_t)written + STATUS_BYTES;
}
