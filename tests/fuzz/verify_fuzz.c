/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo verify on images that somebody else made: it must neither crash nor hang, whatever stands
 * in them. The first byte of the input chooses: 0, the rest is an image as it stands; otherwise
 * the rest is a list of changes (place, length, bytes) to a good image: 2, of a pair with physical
 * devices, else of a hub with three spokes.
 *
 * It must also say of every image whose rights it takes for good that it is the good one, apart
 * from where memory lies: that is asserted for changes of capabilities, doorbells, mappings and
 * hardware.
 */
/* links: topo/image/apertures.c topo/image/layout_hardware.c topo/model topo/base */
/* links: topo/image/layout_hardware_tables.c topo/image/guest_dtb_hardware.c */
/* links: topo/verify/archive.c topo/verify/contents.c topo/verify/cpus.c topo/verify/decode.c */
/* links: topo/verify/files.c topo/verify/findings.c topo/verify/guest.c */
/* links: topo/verify/guest_connections.c topo/verify/memory.c topo/verify/memory_things.c */
/* links: topo/verify/hands.c topo/verify/life.c topo/verify/shape_pool.c */
/* links: topo/verify/powers.c topo/verify/roms.c topo/verify/shape.c topo/verify/tree.c */
/* links: topo/verify/verify.c topo/verify/virtio.c topo/verify/vmm.c topo/verify/waits.c topo/image/image.c */
/* links: topo/image/loads.c topo/image/seed.c topo/image/layout.c */
/* links: topo/image/layout_guest.c topo/image/layout_rights.c topo/image/layout_memory.c */
/* links: topo/image/layout_boot.c topo/image/span.c topo/image/personality.c */
/* links: topo/image/payload.c topo/image/vmm_config.c topo/image/guest_dtb.c */
/* links: topo/image/guest_dtb_connections.c topo/diag/diag.c topo/diag/print.c */
/* links: topo/verify/given.c topo/verify/hardware.c topo/verify/hardware_views.c */
/* links: topo/verify/shape_hardware.c topo/verify/windows.c topo/model/routes.c topo/model/late.c */
/* links: topo/verify/guest_hardware.c */
/* links: topo/model/pci.c topo/model/pci_models.c topo/model/hardware_board.c topo/model/board.c */
/* links: topo/model/board_qemu_virt.c topo/model/board_qemu_virt_v3.c topo/model/board_rpi4.c */
/* links: topo/diag/source.c topo/base topo/rootfs lib/image_check.c */
/* links: lib/image_check_memory.c lib/image_check_objects.c tests/unit/layout_fixture.c */
/* links: lib/image_check_hardware.c */
/* links: tests/unit/verify_fixture.c */
/* links: tests/unit/hardware_fixture.c */
/* libs: fdt elf z lzma zstd lz4 json-c crypto cmocka */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hardware_fixture.h"
#include "verify_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct verify_fixture hub, hardware;

static long verify(struct verify_fixture *fixture, struct bytes file)
{
	return verify_fixture_run(fixture, file, NULL, NULL);
}

static void start(struct verify_fixture *fixture, void (*system)(struct fixture *f))
{
	if (!fixture->good) {
		verify_fixture_start(fixture, system);
		assert(verify(fixture, (struct bytes){fixture->good->data, fixture->good->bytes}) ==
		       0);
	}
}

/* Where the tables of rights lie in the file: from the mappings on to the end of the last table. */
static bool is_right(const struct image *good, const struct pv_image_header *h, size_t at)
{
	size_t mappings = good->header_offset + h->mappings.offset;
	size_t end = good->header_offset + h->window_rules.offset +
	             h->window_rules.count * sizeof(struct pv_window_rule);

	return at >= mappings && at < end;
}

/*
 * Change @file, a copy of @good, as @data says: 3 bytes of place in the part behind the kernel (in the
 * tables, if the highest bit is set), a length, that many bytes. Returns whether a right was
 * changed.
 */
static bool change(const struct image *good, uint8_t *file, const uint8_t *data, size_t size)
{
	const struct pv_image_header *h =
		(const struct pv_image_header *)(const void *)(good->data + good->header_offset);
	size_t room = good->bytes - good->header_offset;
	bool right = false;

	while (size >= 5) {
		size_t place = data[0] | (size_t)data[1] << 8 | (size_t)(data[2] & 127) << 16;
		size_t at = place % (data[2] & 128 ? PAGE : room) + good->header_offset;
		size_t length = data[3] % 16 + 1U;

		data += 4;
		size -= 4;
		for (size_t i = 0; i < length && i < size && at + i < good->bytes; i++) {
			file[at + i] = data[i];
		}
		data += length < size ? length : size;
		size -= length < size ? length : size;
	}
	for (size_t i = good->header_offset; i < good->bytes; i++) {
		right = right || (file[i] != good->data[i] && is_right(good, h, i));
	}
	return right;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) {
		return 0;
	}
	struct verify_fixture *fixture = data[0] == 2 ? &hardware : &hub;

	start(fixture, data[0] == 2 ? fixture_hardware : fixture_hub);
	if (data[0] == 0) {
		/* A copy of its own, so that the sanitizer sees its end. */
		uint8_t *file = malloc(size);

		memcpy(file, data + 1, size - 1);
		(void)verify(fixture, (struct bytes){file, size - 1});
		free(file);
		return 0;
	}
	const struct image *good = fixture->good;
	uint8_t *file = malloc(good->bytes);

	memcpy(file, good->data, good->bytes);
	bool right = change(good, file, data + 1, size - 1);
	long count = verify(fixture, (struct bytes){file, good->bytes});

	assert(!right || count != 0);
	free(file);
	return 0;
}
