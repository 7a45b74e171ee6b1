/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image check's entry: header, places of the tables, then the tables in the order in which
 * they rely on each other. The kernel calls it at boot, topo on each image that it has built.
 */
#include "lib/image_check.h"

#include <stddef.h>

#include "lib/image_checker.h"
#include "lib/range.h"

static const struct table_rule {
	const char *name;
	uint32_t header_offset; /* of its struct pv_table */
	uint32_t entry_bytes;
	uint32_t count_min;
	uint32_t count_max;
} table_rules[] = {
#define RULE(table, entry, least, most)                                                            \
	{#table, offsetof(struct pv_image_header, table), sizeof(struct entry), least, most},
	IMAGE_TABLES(RULE)
#undef RULE
};

err_t image_judge(const struct image_checker *checker, const char *table, uint32_t index,
                  const struct image_rule *rules, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!rules[i].holds) {
			return image_refuse(checker, table, index, rules[i].field, rules[i].err);
		}
	}
	return OK;
}

/* Is it an image at all, and is all of it there? */
static err_t check_identity(struct image_checker *checker, uint64_t available_bytes)
{
	const struct pv_image_header *image = checker->image;

	if (available_bytes < sizeof(*image)) {
		return image_refuse(checker, "header", 0, "header_bytes", ERR_RANGE);
	}
	uint64_t pages = (image->image_bytes - 1) / PV_PAGE_BYTES + 1;
	const struct image_rule rules[] = {
		{"magic", ERR_VERSION, image->magic == PV_IMAGE_MAGIC},
		{"version", ERR_VERSION, image->version == PV_IMAGE_VERSION},
		{"header_bytes", ERR_VERSION, image->header_bytes == sizeof(*image)},
		{"image_bytes", ERR_RANGE,
	         image->image_bytes >= sizeof(*image) && image->image_bytes <= available_bytes &&
	                 range_fits(checker->bounds->image_page, pages, IMAGE_PA_PAGES)},
	};

	checker->image_page_count = (uint32_t)pages; /* below IMAGE_PA_PAGES, or it is refused */
	return image_judge(checker, "header", 0, rules, ARRAY_COUNT(rules));
}

/* Board, CPUs, RAM and the pool of tables against what the machine has. */
static err_t check_machine(const struct image_checker *checker)
{
	const struct pv_image_header *image = checker->image;
	const struct image_bounds *bounds = checker->bounds;
	uint32_t pool = image->pool_page;
	uint32_t pool_count = image->pool_page_count;
	const struct image_rule rules[] = {
		{"board", ERR_ARG, image->board == bounds->board},
		{"cpu_count", ERR_RANGE, image->cpu_count > 0 && image->cpu_count <= PV_CPUS_MAX},
		{"ram_page_count", ERR_RANGE,
	         pages_fit(image->ram_page, image->ram_page_count, IMAGE_PA_PAGES) &&
	                 pages_inside(image->ram_page, image->ram_page_count, bounds->ram_page,
	                              bounds->ram_page_count)},
		{"pool_page_count", ERR_RANGE, pool_count > 0 && pool_count <= PV_TABLES_MAX},
		{"pool_page", ERR_RANGE,
	         pages_inside(pool, pool_count, image->ram_page, image->ram_page_count)},
		{"pool_page", ERR_OVERLAP, !image_is_taken(checker, pool, pool_count)},
	};

	return image_judge(checker, "header", 0, rules, ARRAY_COUNT(rules));
}

/* From the first page behind the tables to the last that the image fills. */
static void find_rom(struct image_checker *checker, uint64_t tables_end)
{
	/* Both are pages of the image, which ends below IMAGE_PA_PAGES. */
	uint32_t first = (uint32_t)((tables_end - 1) / PV_PAGE_BYTES + 1);
	uint32_t end = (uint32_t)(checker->image->image_bytes / PV_PAGE_BYTES);

	checker->rom_page = checker->bounds->image_page + first;
	checker->rom_page_count = end > first ? end - first : 0;
}

/* The tables follow the header and each other without a gap. */
static err_t check_tables(struct image_checker *checker)
{
	uint64_t end = sizeof(struct pv_image_header);

	for (uint32_t i = 0; i < ARRAY_COUNT(table_rules); i++) {
		const struct table_rule *rule = &table_rules[i];
		const struct pv_table *table =
			(const void *)((const uint8_t *)checker->image + rule->header_offset);
		uint64_t bytes = (uint64_t)table->count * rule->entry_bytes;
		const struct image_rule rules[] = {
			{rule->name, ERR_RANGE, table->count >= rule->count_min},
			{rule->name, ERR_FULL, table->count <= rule->count_max},
			{rule->name, ERR_RANGE,
		         table->offset == end &&
		                 range_fits(end, bytes, checker->image->image_bytes)},
		};
		err_t err = image_judge(checker, "header", 0, rules, ARRAY_COUNT(rules));

		if (err) {
			return err;
		}
		end += bytes;
	}
	find_rom(checker, end);
	return OK;
}

err_t image_check(const struct pv_image_header *image, uint64_t available_bytes,
                  const struct image_bounds *bounds, struct image_fault *fault)
{
	struct image_checker checker = {.image = image, .bounds = bounds, .fault = fault};
	err_t err = check_identity(&checker, available_bytes);

	err = err ? err : check_machine(&checker);
	err = err ? err : check_tables(&checker);
	err = err ? err : image_check_domains(&checker);
	err = err ? err : image_check_memory(&checker);
	err = err ? err : image_check_objects(&checker);
	err = err ? err : image_check_hardware(&checker);
	err = err ? err : image_check_starts(&checker);
	return err;
}
