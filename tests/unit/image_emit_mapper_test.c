/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo/image/layout_memory.c against kernel/arm/s2.c: the kernel's own mapper, run on the host
 * over the images of hand-written models as the kernel runs it at boot. It must find everything
 * mappable, and use the table pool up to its last page: topo counts as the mapper takes.
 */
/* links: topo/image/apertures.c topo/image/layout_hardware.c topo/model topo/base */
/* links: topo/image/layout_hardware_tables.c topo/image/guest_dtb_hardware.c */
/* links: topo/image/image.c topo/image/loads.c topo/image/layout.c topo/image/layout_guest.c */
/* links: topo/image/seed.c */
/* links: topo/image/layout_rights.c topo/image/layout_memory.c topo/image/layout_boot.c */
/* links: topo/image/span.c topo/image/personality.c topo/image/payload.c */
/* links: topo/image/vmm_config.c topo/image/guest_dtb.c topo/image/guest_dtb_connections.c */
/* links: topo/model/routes.c topo/model/late.c */
/* links: topo/diag/diag.c topo/diag/print.c topo/diag/source.c topo/base/arena.c */
/* links: topo/base/strmap.c lib/image_check.c lib/image_check_memory.c */
/* links: lib/image_check_objects.c tests/unit/layout_fixture.c kernel/arm/s2.c */
/* links: lib/image_check_hardware.c */
/* links: topo/base/utf8.c topo/base/say.c */
/* libs: fdt elf */
#include <string.h>

#include "kernel/arm/s2.h"
#include "layout_fixture.h"
#include "lib/image_check.h"
#include "pte.h"
#include "topo/image/image.h"

#define GICV_PAGE 0x8040U

uint64_t fake_pool[FAKE_POOL_PAGES][512];
uint32_t fake_pool_page;

static struct s2 s2;

static void map(const struct s2_range *range)
{
	uint32_t index;

	assert_int_equal(s2_allow(&s2, range, &index), OK);
	assert_int_equal(s2_map(&s2, index), OK);
}

static void map_image(const struct pv_image_header *h)
{
	for (uint32_t d = 0; d < h->domains.count; d++) {
		const struct s2_range gicc = {.ipa_page = image_domains(h)[d].gicc_ipa_page,
		                              .pa_page = GICV_PAGE,
		                              .page_count = 2,
		                              .space = (uint16_t)s2_space_of(d, PV_SPACE_GUEST),
		                              .rights = PV_RIGHT_READ | PV_RIGHT_WRITE,
		                              .memory = S2_MEMORY_DEVICE};

		assert_int_equal(s2_space_create(&s2, s2_space_of(d, PV_SPACE_GUEST)), OK);
		assert_int_equal(s2_space_create(&s2, s2_space_of(d, PV_SPACE_VMM)), OK);
		map(&gicc);
	}
	for (uint32_t r = 0; r < h->regions.count; r++) {
		const struct pv_region *region = &image_regions(h)[r];

		for (uint32_t i = 0; i < region->mappings.count; i++) {
			const struct pv_mapping *m = &image_mappings(h)[region->mappings.first + i];
			const struct s2_range range = {
				.ipa_page = m->ipa_page,
				.pa_page = region->page,
				.page_count = region->page_count,
				.space = (uint16_t)s2_space_of(m->domain, (enum pv_space)m->space),
				.rights = (uint8_t)m->rights,
				.memory = S2_MEMORY_NORMAL};

			map(&range);
		}
	}
}

/* Build, map, compare. Returns the number of tables. */
static uint32_t check_tables(struct fixture *f)
{
	struct image *image = image_make(&f->model, &f->payloads, f->diag);
	const struct pv_image_header *h;
	uint32_t count;

	assert_true(fixture_good(f));
	h = (const void *)(image->data + image->header_offset);
	count = h->pool_page_count;
	assert_true(count <= FAKE_POOL_PAGES);
	memset(fake_pool, 0, sizeof(fake_pool));
	fake_pool_page = h->pool_page;
	assert_int_equal(s2_init(&s2, h->pool_page, count), OK);
	map_image(h);
	assert_int_equal(s2.table_count, count);
	image_free(image);
	fixture_end(f);
	return count;
}

static void test_systems(void **state)
{
	static void (*const systems[])(struct fixture *) = {
		fixture_pair, fixture_islands, fixture_hub, fixture_chain, fixture_mesh,
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		systems[i](&f);
		check_tables(&f);
	}
}

/* RAM that starts and ends inside a block, beside a pool of a user's own choice. */
static void test_uneven_ram(void **state)
{
	struct fixture f;

	(void)state;
	fixture_pair(&f);
	f.vms[1].ram_base = 0x40003000;
	f.vms[1].ram_bytes = 0x3ffa000;
	f.connections[0].driver_data_base = 0x50001000;
	check_tables(&f);
}

/* Addresses that differ modulo 2 MiB between the two VMs: page by page on one side. */
static void test_shifted_memdev(void **state)
{
	struct fixture f;
	uint32_t straight;

	(void)state;
	fixture_pair(&f);
	f.connections[0].device_data_base = 0x50000000;
	straight = check_tables(&f);
	fixture_pair(&f);
	f.connections[0].device_data_base = 0x50001000;
	assert_int_equal(check_tables(&f), straight + 5); /* 8 MiB over five blocks */
}

/* Everything in one block, and RAM over three GiB. */
static void test_far_ram(void **state)
{
	struct fixture f;

	(void)state;
	fixture_pair(&f);
	f.connections[0].device_ctrl_base = 0x08100000;
	f.vms[0].ram_bytes = 0x90000000;
	f.connections[0].swiotlb = false;
	check_tables(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_systems),
		cmocka_unit_test(test_uneven_ram),
		cmocka_unit_test(test_shifted_memdev),
		cmocka_unit_test(test_far_ram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
