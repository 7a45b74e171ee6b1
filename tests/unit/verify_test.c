/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo/verify on hand-written models, in one process and under sanitizers: good images, every byte
 * of the tables of rights changed, files that are no images. tests/verify tampers with images of
 * real topologies by the program; this is the fast and narrow half.
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
/* libs: fdt elf z lzma zstd lz4 json-c crypto */
#include <stdlib.h>
#include <string.h>

#include "topo/image/personality.h"
#include "verify_fixture.h"

static void check_good(void (*system)(struct fixture *f))
{
	struct verify_fixture v;

	verify_fixture_start(&v, system);
	assert_int_equal(
		verify_fixture_run(&v, (struct bytes){v.good->data, v.good->bytes}, NULL, NULL), 0);
	verify_fixture_end(&v);
}

static void good_images(void **state)
{
	(void)state;
	check_good(fixture_pair);
	check_good(fixture_islands);
	check_good(fixture_hub);
	check_good(fixture_chain);
	check_good(fixture_mesh);
}

/* Flip a bit in every byte of a table and have each found. */
static void flip_table(struct verify_fixture *v, struct pv_table table, size_t entry)
{
	size_t at = v->good->header_offset + table.offset;
	size_t end = at + table.count * entry;
	uint8_t *copy = malloc(v->good->bytes);

	memcpy(copy, v->good->data, v->good->bytes);
	for (; at < end; at++) {
		uint8_t bit = (uint8_t)(1U << at % 8);

		copy[at] ^= bit;
		if (verify_fixture_run(v, (struct bytes){copy, v->good->bytes}, NULL, NULL) == 0) {
			fail_msg("byte %zu of the tables, bit 0x%x: not found",
			         at - v->good->header_offset, bit);
		}
		copy[at] ^= bit;
	}
	free(copy);
}

static void every_byte_of_rights(void **state)
{
	struct verify_fixture v;
	struct pv_image_header h;

	(void)state;
	verify_fixture_start(&v, fixture_pair);
	memcpy(&h, v.good->data + v.good->header_offset, sizeof(h));
	flip_table(&v, h.vcpus, sizeof(struct pv_vcpu));
	flip_table(&v, h.mappings, sizeof(struct pv_mapping));
	flip_table(&v, h.caps, sizeof(struct pv_cap));
	flip_table(&v, h.doorbells, sizeof(struct pv_doorbell));
	flip_table(&v, h.doorbell_pages, sizeof(struct pv_doorbell_page));
	verify_fixture_end(&v);
}

/* With VMSWIOTLB=0 the device VM has all RAM: right with that model, too much without. */
static void open_ram(void **state)
{
	struct verify_fixture v;
	bool said = false;
	struct bytes file;

	(void)state;
	verify_fixture_start(&v, fixture_pair);
	v.f.connections[0].swiotlb = false;
	image_free(v.good);
	v.good = image_make(&v.f.model, &v.f.payloads, v.f.diag);
	assert_non_null(v.good);
	file = (struct bytes){v.good->data, v.good->bytes};
	assert_int_equal(verify_fixture_run(&v, file, NULL, NULL), 0);
	v.f.connections[0].swiotlb = true;
	assert_true(verify_fixture_run(&v, file, "device can read and write the RAM of driver",
	                               &said) > 0);
	assert_true(said);
	verify_fixture_end(&v);
}

static void no_images(void **state)
{
	struct verify_fixture v;
	uint8_t *copy;

	(void)state;
	verify_fixture_start(&v, fixture_pair);
	copy = malloc(v.good->bytes);
	for (size_t bytes = 0; bytes < v.good->bytes; bytes += 997) {
		/* As long as it says, for the sanitizer. */
		uint8_t *cut = malloc(bytes + 1);

		memcpy(cut, v.good->data, bytes);
		assert_int_not_equal(verify_fixture_run(&v, (struct bytes){cut, bytes}, NULL, NULL),
		                     0);
		free(cut);
	}
	for (size_t i = 0; i < v.good->bytes; i++) {
		copy[i] = (uint8_t)(i * 31 + (i >> 8));
	}
	assert_int_equal(verify_fixture_run(&v, (struct bytes){copy, v.good->bytes}, NULL, NULL),
	                 -1);
	free(copy);
	verify_fixture_end(&v);
}

/* Two derivations of the same device, by different hands. */
static void personalities_agree(void **state)
{
	const uint32_t sizes[] = {2, 32, 64, 256};
	struct diag *diag = diag_new();

	(void)state;
	for (int type = 0; type < DEVICE_TYPE_COUNT; type++) {
		for (uint32_t variant = 0; variant < 32; variant++) {
			const struct device device = {
				.type = (enum device_type)type,
				.queue_pairs_or_queues = 1 + (variant & 1),
				.queue_size = sizes[(variant & 2) + (variant >> 4)],
				.readonly = (variant & 4) != 0,
				.disk_bytes = 1ULL << 33,
				.mac = {2, 3, 4, 5, 6, 7},
				.cid = 0x12345678,
				.tag = "a tag",
			};
			bool pool = (variant & 8) != 0;
			struct virtio mine = virtio_of(&device, pool);
			struct personality theirs;

			personality_make(&device, pool, diag, &theirs);
			assert_int_equal(mine.number, theirs.virtio_type);
			assert_int_equal(mine.queues, theirs.queue_count);
			assert_int_equal(mine.features, theirs.features);
			assert_int_equal(mine.config_bytes, theirs.config_bytes);
			assert_memory_equal(mine.config, theirs.config, sizeof(mine.config));
			assert_string_equal(mine.type, personality_type_name(device.type));
		}
	}
	diag_free(diag);
}

static void programs(void **state)
{
	struct program program;
	uint8_t elf[200] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

	(void)state;
	for (size_t bytes = 0; bytes < sizeof(elf); bytes++) {
		assert_false(files_read_program((struct bytes){elf, bytes}, &program));
	}
	elf[18] = 183; /* EM_AARCH64 */
	elf[54] = 56;  /* e_phentsize */
	elf[32] = 64;  /* e_phoff */
	elf[56] = 1;   /* e_phnum */
	assert_false(files_read_program((struct bytes){elf, sizeof(elf)}, &program));
	elf[64] = 1;         /* PT_LOAD */
	elf[68] = 5;         /* read, execute */
	elf[64 + 32] = 100;  /* p_filesz */
	elf[64 + 41] = 0x10; /* p_memsz = 4096 + … */
	elf[64 + 40] = 1;    /* … 1 */
	elf[64 + 18] = 0x20; /* p_vaddr = 0x200000 */
	assert_true(files_read_program((struct bytes){elf, sizeof(elf)}, &program));
	assert_int_equal(program.segment_count, 1);
	assert_int_equal(program.segments[0].va, 0x200000);
	assert_int_equal(program.segments[0].pages, 2);
	assert_int_equal(program.segments[0].rights, PV_RIGHT_READ | PV_RIGHT_EXEC);
	elf[64 + 33] = 1; /* more in the file than the file has */
	assert_false(files_read_program((struct bytes){elf, sizeof(elf)}, &program));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_images),
		cmocka_unit_test(every_byte_of_rights),
		cmocka_unit_test(open_ram),
		cmocka_unit_test(no_images),
		cmocka_unit_test(personalities_agree),
		cmocka_unit_test(programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
