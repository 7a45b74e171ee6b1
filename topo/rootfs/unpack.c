/* SPDX-License-Identifier: BSD-2-Clause */
/* See unpack.h: zlib, liblzma, libzstd and liblz4, each behind the same function. */
#include "topo/rootfs/unpack.h"

#include <lz4.h>
#include <lzma.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "lib/bits.h"

#define ROOM_BYTES 16384U
#define LZMA_MEMORY_MAX (UINT64_C(256) << 20) /* a dictionary of more is unpacked nowhere */
#define LZ4_BLOCK_BYTES ((size_t)8 << 20)     /* of the legacy form, unpacked */
#define LZ4_MAGIC_BYTES 4U

static size_t unpack_gzip(const unsigned char *bytes, size_t count, unpack_sink *sink, void *owner)
{
	unsigned char room[ROOM_BYTES];
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)bytes};
	size_t given = 0;
	bool wanted = true;
	int state = inflateInit2(&stream, 15 + 16); /* a gzip header, the largest window */

	while (state == Z_OK && wanted) {
		if (stream.avail_in == 0 && given < count) {
			stream.avail_in =
				(unsigned)(count - given < 1U << 30 ? count - given : 1U << 30);
			given += stream.avail_in;
		}
		stream.next_out = room;
		stream.avail_out = sizeof(room);
		state = inflate(&stream, Z_NO_FLUSH);
		wanted = sink(owner, room, sizeof(room) - stream.avail_out);
	}
	const size_t used = given - stream.avail_in;

	inflateEnd(&stream);
	return state == Z_STREAM_END && wanted ? used : 0;
}

static size_t run_lzma(lzma_stream *stream, const unsigned char *bytes, size_t count,
                       unpack_sink *sink, void *owner)
{
	unsigned char room[ROOM_BYTES];
	lzma_ret state = LZMA_OK;
	bool wanted = true;

	stream->next_in = bytes;
	stream->avail_in = count;
	while (state == LZMA_OK && wanted) {
		stream->next_out = room;
		stream->avail_out = sizeof(room);
		state = lzma_code(stream, LZMA_FINISH);
		wanted = sink(owner, room, sizeof(room) - stream->avail_out);
	}
	const size_t used = count - stream->avail_in;

	lzma_end(stream);
	return state == LZMA_STREAM_END && wanted ? used : 0;
}

static size_t unpack_xz(const unsigned char *bytes, size_t count, unpack_sink *sink, void *owner)
{
	lzma_stream stream = LZMA_STREAM_INIT;

	return lzma_stream_decoder(&stream, LZMA_MEMORY_MAX, 0) == LZMA_OK
	               ? run_lzma(&stream, bytes, count, sink, owner)
	               : 0;
}

static size_t unpack_lzma(const unsigned char *bytes, size_t count, unpack_sink *sink, void *owner)
{
	lzma_stream stream = LZMA_STREAM_INIT;

	return lzma_alone_decoder(&stream, LZMA_MEMORY_MAX) == LZMA_OK
	               ? run_lzma(&stream, bytes, count, sink, owner)
	               : 0;
}

/* One frame. Windows of more than 128 MiB are refused, as by Linux. */
static size_t unpack_zstd(const unsigned char *bytes, size_t count, unpack_sink *sink, void *owner)
{
	unsigned char room[ROOM_BYTES];
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer in = {.src = bytes, .size = count};
	size_t state = 1; /* 0 at the end of the frame */
	size_t moved = 1;

	while (stream != NULL && state != 0 && moved != 0) {
		ZSTD_outBuffer out = {.dst = room, .size = sizeof(room)};
		const size_t before = in.pos;

		state = ZSTD_decompressStream(stream, &out, &in);
		moved = ZSTD_isError(state) || !sink(owner, room, out.pos)
		                ? 0
		                : in.pos - before + out.pos;
	}
	ZSTD_freeDStream(stream);
	return state == 0 && moved != 0 ? in.pos : 0;
}

static uint32_t le32(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* The legacy form, the one that Linux reads: blocks with their sizes, up to zeros or the end. */
static size_t unpack_lz4(const unsigned char *bytes, size_t count, unpack_sink *sink, void *owner)
{
	unsigned char *room = malloc(LZ4_BLOCK_BYTES);
	size_t at = LZ4_MAGIC_BYTES;
	bool good = room != NULL && count >= at;

	while (good && count - at >= 4) {
		const uint32_t block = le32(bytes + at);

		if (block == 0) {
			break;
		}
		if (block == le32(bytes)) { /* another file behind the first */
			at += LZ4_MAGIC_BYTES;
			continue;
		}
		good = block <= count - at - 4 && block <= LZ4_COMPRESSBOUND(LZ4_BLOCK_BYTES);
		if (good) {
			const int got =
				LZ4_decompress_safe((const char *)bytes + at + 4, (char *)room,
			                            (int)block, (int)LZ4_BLOCK_BYTES);

			good = got >= 0 && sink(owner, room, (size_t)got);
			at += 4 + (size_t)block;
		}
	}
	free(room);
	return good ? at : 0;
}

const struct packing *packing_find(const unsigned char *bytes, size_t count)
{
	/* Linux, lib/decompress.c. */
	/* clang-format off */
	static const struct packing rows[] = {
		{"gzip",  "\x1f\x8b",  true,  unpack_gzip},
		{"bzip2", "BZ",        false, NULL       },
		{"lzma",  "\x5d",      false, unpack_lzma},
		{"xz",    "\xfd" "7",  false, unpack_xz  },
		{"lzo",   "\x89\x4c",  false, NULL       },
		{"lz4",   "\x02\x21",  false, unpack_lz4 },
		{"zstd",  "\x28\xb5",  false, unpack_zstd},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const size_t length = strlen(rows[i].magic);

		if (count >= length && memcmp(bytes, rows[i].magic, length) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}
