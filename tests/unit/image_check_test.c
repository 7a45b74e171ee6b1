/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/image_check.c and its files: what topo makes is accepted; then every field of the header and
 * of every entry of every table takes many values, and the check must agree with the judge of
 * tests/unit/image_oracle.c on each of them, and name a table that has to do with it.
 */
/* links: lib/image_check.c lib/image_check_memory.c lib/image_check_objects.c */
/* links: lib/image_check_hardware.c */
/* links: tests/unit/image_builder.c tests/unit/image_oracle.c */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "lib/image_check.h"
#include "tests/unit/image_builder.h"
#include "tests/unit/image_oracle.h"
#include "tests/unit/ordered_cmocka.h"

enum table {
	HEADER,
	DOMAINS,
	VCPUS,
	REGIONS,
	MAPPINGS,
	CAPS,
	DOORBELLS,
	DOORBELL_PAGES,
	DEVICES,
	IRQS,
	STREAMS,
	WINDOWS,
	WINDOW_RULES,
	TABLES
};

/* Where a table's place stands in the header, and which tables may be to blame for a field of it:
 * those that are checked against it. */
static const struct {
	const char *name;
	size_t header_offset;
	size_t entry_bytes;
	uint32_t blamed; /* bits of enum table */
} tables[TABLES] = {
	[HEADER] = {"header", 0, sizeof(struct pv_image_header), BIT32(TABLES) - 1},
#define TABLE(name, type, blamed)                                                                  \
	{                                                                                          \
#name, offsetof(struct pv_image_header, name), sizeof(type), (blamed)              \
	}
	[DOMAINS] = TABLE(domains, struct pv_domain,
                          BIT32(DOMAINS) | BIT32(VCPUS) | BIT32(MAPPINGS) | BIT32(CAPS) |
                                  BIT32(DOORBELL_PAGES) | BIT32(DEVICES) | BIT32(IRQS)),
	[VCPUS] = TABLE(vcpus, struct pv_vcpu, BIT32(VCPUS)),
	[REGIONS] = TABLE(regions, struct pv_region,
                          BIT32(REGIONS) | BIT32(MAPPINGS) | BIT32(DOMAINS) | BIT32(DEVICES)),
	[MAPPINGS] = TABLE(mappings, struct pv_mapping,
                           BIT32(REGIONS) | BIT32(MAPPINGS) | BIT32(DOMAINS) | BIT32(DEVICES)),
	[CAPS] = TABLE(caps, struct pv_cap, BIT32(CAPS) | BIT32(DOORBELL_PAGES)),
	[DOORBELLS] = TABLE(doorbells, struct pv_doorbell, BIT32(DOORBELLS) | BIT32(CAPS)),
	[DOORBELL_PAGES] = TABLE(doorbell_pages, struct pv_doorbell_page, BIT32(DOORBELL_PAGES)),
	[DEVICES] = TABLE(devices, struct pv_device, BIT32(DEVICES)),
	[IRQS] = TABLE(irqs, struct pv_irq, BIT32(IRQS)),
	[STREAMS] = TABLE(streams, struct pv_stream,
                          BIT32(STREAMS) | BIT32(DOMAINS) | BIT32(MAPPINGS) | BIT32(CAPS)),
	[WINDOWS] = TABLE(windows, struct pv_window,
                          BIT32(WINDOWS) | BIT32(WINDOW_RULES) | BIT32(CAPS)),
	[WINDOW_RULES] = TABLE(window_rules, struct pv_window_rule, BIT32(WINDOW_RULES)),
#undef TABLE
};

static const struct field {
	enum table table;
	const char *name;
	size_t offset;
	size_t bytes;
} fields[] = {
#define FIELD(table, type, name)                                                                   \
	{                                                                                          \
		table, #name, offsetof(type, name), sizeof(((type *)0)->name)                      \
	}
/* NOLINTBEGIN(bugprone-macro-parentheses): a field's name cannot stand in them */
#define FIELD_SLICE(table, type, name)                                                             \
	FIELD(table, type, name.first), FIELD(table, type, name.count)
#define FIELD_TABLE(name)                                                                          \
	FIELD(HEADER, struct pv_image_header, name.offset),                                        \
		FIELD(HEADER, struct pv_image_header, name.count)
	/* NOLINTEND(bugprone-macro-parentheses) */
	FIELD(HEADER, struct pv_image_header, magic),
	FIELD(HEADER, struct pv_image_header, version),
	FIELD(HEADER, struct pv_image_header, header_bytes),
	FIELD(HEADER, struct pv_image_header, image_bytes),
	FIELD(HEADER, struct pv_image_header, board),
	FIELD(HEADER, struct pv_image_header, cpu_count),
	FIELD(HEADER, struct pv_image_header, ram_page),
	FIELD(HEADER, struct pv_image_header, ram_page_count),
	FIELD(HEADER, struct pv_image_header, pool_page),
	FIELD(HEADER, struct pv_image_header, pool_page_count),
	FIELD_TABLE(domains),
	FIELD_TABLE(vcpus),
	FIELD_TABLE(regions),
	FIELD_TABLE(mappings),
	FIELD_TABLE(caps),
	FIELD_TABLE(doorbells),
	FIELD_TABLE(doorbell_pages),
	FIELD_TABLE(devices),
	FIELD_TABLE(irqs),
	FIELD_TABLE(streams),
	FIELD_TABLE(windows),
	FIELD_TABLE(window_rules),
	FIELD(DOMAINS, struct pv_domain, name[0]),
	FIELD(DOMAINS, struct pv_domain, name[3]),
	FIELD(DOMAINS, struct pv_domain, name[6]),
	FIELD(DOMAINS, struct pv_domain, name[7]),
	FIELD(DOMAINS, struct pv_domain, name[31]),
	FIELD_SLICE(DOMAINS, struct pv_domain, vcpus),
	FIELD_SLICE(DOMAINS, struct pv_domain, caps),
	FIELD_SLICE(DOMAINS, struct pv_domain, doorbell_pages),
	FIELD(DOMAINS, struct pv_domain, doorbell_ipa_page),
	FIELD(DOMAINS, struct pv_domain, gicc_ipa_page),
	FIELD(DOMAINS, struct pv_domain, priority),
	FIELD(DOMAINS, struct pv_domain, budget_us),
	FIELD(DOMAINS, struct pv_domain, period_us),
	FIELD(DOMAINS, struct pv_domain, channel_first),
	FIELD(DOMAINS, struct pv_domain, channel_count),
	FIELD(DOMAINS, struct pv_domain, flags),
	FIELD(DOMAINS, struct pv_domain, msi_ipa_page),
	FIELD(DOMAINS, struct pv_domain, msi_first),
	FIELD(DOMAINS, struct pv_domain, msi_count),
	FIELD(DOMAINS, struct pv_domain, reserved),
	FIELD(DOMAINS, struct pv_domain, vmm_entry),
	FIELD(DOMAINS, struct pv_domain, vmm_stack),
	FIELD(DOMAINS, struct pv_domain, vmm_arg),
	FIELD(DOMAINS, struct pv_domain, entry),
	FIELD(DOMAINS, struct pv_domain, entry_arg),
	FIELD(VCPUS, struct pv_vcpu, domain),
	FIELD(VCPUS, struct pv_vcpu, cpu),
	FIELD(REGIONS, struct pv_region, page),
	FIELD(REGIONS, struct pv_region, page_count),
	FIELD(REGIONS, struct pv_region, flags),
	FIELD_SLICE(REGIONS, struct pv_region, mappings),
	FIELD(REGIONS, struct pv_region, reserved),
	FIELD(MAPPINGS, struct pv_mapping, domain),
	FIELD(MAPPINGS, struct pv_mapping, space),
	FIELD(MAPPINGS, struct pv_mapping, rights),
	FIELD(MAPPINGS, struct pv_mapping, ipa_page),
	FIELD(MAPPINGS, struct pv_mapping, reserved),
	FIELD(CAPS, struct pv_cap, type),
	FIELD(CAPS, struct pv_cap, object),
	FIELD(DOORBELLS, struct pv_doorbell, domain),
	FIELD(DOORBELLS, struct pv_doorbell, kind),
	FIELD(DOORBELLS, struct pv_doorbell, number),
	FIELD(DOORBELL_PAGES, struct pv_doorbell_page, domain),
	FIELD_SLICE(DOORBELL_PAGES, struct pv_doorbell_page, caps),
	FIELD(DOORBELL_PAGES, struct pv_doorbell_page, reserved),
	FIELD(DEVICES, struct pv_device, page),
	FIELD(DEVICES, struct pv_device, page_count),
	FIELD(DEVICES, struct pv_device, domain),
	FIELD(DEVICES, struct pv_device, space),
	FIELD(DEVICES, struct pv_device, rights),
	FIELD(DEVICES, struct pv_device, ipa_page),
	FIELD(DEVICES, struct pv_device, reserved),
	FIELD(IRQS, struct pv_irq, intid),
	FIELD(IRQS, struct pv_irq, domain),
	FIELD(IRQS, struct pv_irq, virq),
	FIELD(IRQS, struct pv_irq, flags),
	FIELD(IRQS, struct pv_irq, reserved),
	FIELD(STREAMS, struct pv_stream, id),
	FIELD(STREAMS, struct pv_stream, domain),
	FIELD(WINDOWS, struct pv_window, page),
	FIELD(WINDOWS, struct pv_window, domain),
	FIELD_SLICE(WINDOWS, struct pv_window, rules),
	FIELD(WINDOW_RULES, struct pv_window_rule, word),
	FIELD(WINDOW_RULES, struct pv_window_rule, writable),
	FIELD(WINDOW_RULES, struct pv_window_rule, keep),
	FIELD(WINDOW_RULES, struct pv_window_rule, initial),
	FIELD(WINDOW_RULES, struct pv_window_rule, flags),
	FIELD(WINDOW_RULES, struct pv_window_rule, reserved),
};

static struct image_builder builder;
static uint8_t *image; /* in a heap block of just its bytes */
static uint64_t image_bytes;
static uint32_t mutations, refusals;

/* Lay out what the builder holds. */
static void finish(void)
{
	uint8_t *room = malloc(BUILDER_BYTES_MAX);

	assert_non_null(room);
	image_bytes = image_builder_finish(&builder, room);
	free(image);
	image = realloc(room, image_bytes);
	assert_non_null(image);
}

static err_t check(struct image_fault *fault)
{
	*fault = (struct image_fault){0};
	return image_check((const void *)image, image_bytes, &builder.bounds, fault);
}

static uint32_t entries_of(enum table table)
{
	const struct pv_table *place =
		(const void *)((const uint8_t *)&builder.header + tables[table].header_offset);

	return table == HEADER ? 1 : place->count;
}

static uint8_t *field_at(const struct field *field, uint32_t entry)
{
	const struct pv_table *place = (const void *)((const uint8_t *)&builder.header +
	                                              tables[field->table].header_offset);
	uint64_t start = field->table == HEADER ? 0 : place->offset;

	return image + start + entry * tables[field->table].entry_bytes + field->offset;
}

static bool may_blame(enum table table, const char *name)
{
	for (uint32_t i = 0; i < TABLES; i++) {
		if (strcmp(tables[i].name, name) == 0) {
			return (tables[table].blamed & BIT32(i)) != 0;
		}
	}
	return false;
}

/* The check and the judge on the image as it is, broken in @field of @entry or not. */
static void compare(const struct field *field, uint32_t entry)
{
	struct image_fault fault;
	err_t err = check(&fault);
	const char *broken = image_oracle_judge(image, image_bytes, &builder.bounds);

	mutations++;
	if ((err == OK) != (broken == NULL)) {
		fail_msg("%s[%u].%s: checked %d (%s.%s), judged '%s'", tables[field->table].name,
		         entry, field->name, err, fault.table ? fault.table : "-",
		         fault.field ? fault.field : "-", broken ? broken : "right");
	}
	if (err == OK) {
		return;
	}
	refusals++;
	assert_int_equal(fault.err, err);
	assert_true(fault.field && fault.field[0]);
	if (!fault.table || !may_blame(field->table, fault.table)) {
		fail_msg("%s[%u].%s: %s is to blame", tables[field->table].name, entry, field->name,
		         fault.table ? fault.table : "nothing");
	}
}

static void try_value(const struct field *field, uint32_t entry, uint64_t value)
{
	uint8_t *at = field_at(field, entry);
	uint64_t kept = 0;

	memcpy(&kept, at, field->bytes);
	memcpy(at, &value, field->bytes); /* little-endian: the low bytes */
	compare(field, entry);
	memcpy(at, &kept, field->bytes);
}

/* Numbers that stand for something somewhere in an image, and the edges of types. */
static const uint64_t edges[] = {0,
                                 1,
                                 2,
                                 3,
                                 4,
                                 7,
                                 8,
                                 31,
                                 32,
                                 33,
                                 63,
                                 64,
                                 127,
                                 128,
                                 255,
                                 256,
                                 287,
                                 288,
                                 0x7f,
                                 0x20,
                                 1023,
                                 1024,
                                 4095,
                                 4096,
                                 4097,
                                 BIT64(27) - 1,
                                 BIT64(27),
                                 BIT64(28),
                                 BIT64(31),
                                 BIT64(32) - 2,
                                 BIT64(32) - 1,
                                 BIT64(39) - 4096,
                                 BIT64(39),
                                 BIT64(40),
                                 BIT64(63),
                                 UINT64_MAX - 4095,
                                 UINT64_MAX - 1,
                                 UINT64_MAX,
                                 BUILDER_RAM_PAGE,
                                 BUILDER_IMAGE_PAGE,
                                 BUILDER_IMAGE_PAGE + 1,
                                 BUILDER_IMAGE_PAGE + 10,
                                 BUILDER_ROM_IPA + 1,
                                 BUILDER_POOL_PAGE,
                                 BUILDER_POOL_PAGE + BUILDER_POOL_PAGES - 1,
                                 BUILDER_REGION_PAGE,
                                 BUILDER_RAM_PAGE + BUILDER_RAM_PAGES - 1,
                                 BUILDER_RAM_PAGE + BUILDER_RAM_PAGES,
                                 BUILDER_GICC_IPA - 1,
                                 BUILDER_GICC_IPA + 1,
                                 BUILDER_GICC_IPA + 2,
                                 BUILDER_DOORBELL_IPA,
                                 BUILDER_DOORBELL_IPA - 1,
                                 BUILDER_VMM_TEXT_IPA + 2,
                                 BUILDER_VMM_TEXT_IPA + 3,
                                 BUILDER_GUEST_IPA + 15,
                                 BUILDER_GUEST_IPA + 24,
                                 BUILDER_KEPT_PAGE - 1,
                                 BUILDER_KEPT_PAGE + 1,
                                 BUILDER_MSI_PAGE,
                                 BUILDER_MSI_INTID,
                                 BUILDER_MSI_INTID + BUILDER_MSIS - 1,
                                 BUILDER_MSI_INTID + BUILDER_MSIS,
                                 BUILDER_DEVICE_PAGE + 2,
                                 BUILDER_DEVICE_IPA + 1,
                                 BUILDER_WINDOW_PAGE + BUILDER_WINDOW_PAGES / 2,
                                 BUILDER_WINDOW_PAGE + BUILDER_WINDOW_PAGES,
                                 1019,
                                 1020};

/* Many values in one field of one entry, each from the sound image. */
static void mutate(const struct field *field, uint32_t entry)
{
	uint64_t value = 0;

	memcpy(&value, field_at(field, entry), field->bytes);
	for (uint32_t i = 0; i < ARRAY_COUNT(edges); i++) {
		try_value(field, entry, edges[i]);
	}
	for (uint64_t by = 1; by <= 4096; by *= 16) {
		try_value(field, entry, value + by);
		try_value(field, entry, value - by);
	}
	for (uint32_t bit = 0; bit < 8 * field->bytes; bit++) {
		try_value(field, entry, value ^ BIT64(bit));
	}
}

/* The field of two entries that stand next to each other changes places. */
static void swap(const struct field *field, uint32_t entry)
{
	uint8_t a[sizeof(uint64_t)];
	uint8_t b[sizeof(uint64_t)];

	memcpy(a, field_at(field, entry), field->bytes);
	memcpy(b, field_at(field, entry + 1), field->bytes);
	memcpy(field_at(field, entry), b, field->bytes);
	memcpy(field_at(field, entry + 1), a, field->bytes);
	compare(field, entry);
	memcpy(field_at(field, entry), a, field->bytes);
	memcpy(field_at(field, entry + 1), b, field->bytes);
}

static int make_pair(void **state)
{
	(void)state;
	image_builder_make_pair(&builder);
	finish();
	return 0;
}

static int make_hardware(void **state)
{
	(void)state;
	image_builder_make_hardware(&builder);
	finish();
	return 0;
}

static void expect_accepted(void)
{
	struct image_fault fault;
	err_t err = check(&fault);

	if (err != OK) {
		fail_msg("%s[%u].%s: %d", fault.table, fault.index, fault.field, err);
	}
	const char *broken = image_oracle_judge(image, image_bytes, &builder.bounds);
	if (broken) {
		fail_msg("judged '%s'", broken);
	}
}

static void test_pair_is_accepted(void **state)
{
	(void)state;
	expect_accepted();
	const struct pv_image_header *header = (const void *)image;

	assert_string_equal(image_domains(header)[1].name, "device");
	assert_int_equal(image_vcpus(header)[2].domain, 1);
	assert_int_equal(image_caps(header)[0].type, PV_CAP_VCPU);
	assert_int_equal(image_doorbells(header)[2].kind, PV_DOORBELL_EVENT);
	assert_int_equal(image_doorbell_pages(header)[2].domain, 1);
}

static void test_every_field_of_every_entry(void **state)
{
	(void)state;
	mutations = refusals = 0;
	for (uint32_t f = 0; f < ARRAY_COUNT(fields); f++) {
		uint32_t count = entries_of(fields[f].table);

		for (uint32_t entry = 0; entry < count; entry++) {
			mutate(&fields[f], entry);
			if (entry + 1 < count) {
				swap(&fields[f], entry);
			}
		}
	}
	print_message("%u mutations, %u refused\n", mutations, refusals);
	assert_true(mutations > 10000 && refusals > mutations / 2);
	expect_accepted();
}

/* Nothing beyond the bytes that are said to be there is read: ASan watches the end. */
static void test_every_length(void **state)
{
	(void)state;
	for (uint64_t bytes = 0; bytes < image_bytes; bytes += bytes < 4096 ? 1 : 509) {
		struct image_fault fault = {0};
		uint64_t *part = malloc(bytes + (bytes == 0));

		assert_non_null(part);
		memcpy(part, image, bytes);
		assert_int_not_equal(
			image_check((const void *)part, bytes, &builder.bounds, &fault), OK);
		assert_string_equal(fault.table, "header");
		if (bytes >= sizeof(struct pv_image_header)) {
			/* The same, and the header says so too: pages of a region are then RAM. */
			memcpy((uint8_t *)part + offsetof(struct pv_image_header, image_bytes),
			       &bytes, sizeof(bytes));
			const err_t err =
				image_check((const void *)part, bytes, &builder.bounds, &fault);
			const char *broken = image_oracle_judge(part, bytes, &builder.bounds);

			assert_int_equal(err == OK, broken == NULL);
		}
		free(part);
	}
}

/* Another machine than the one that the image was made for. */
static void test_every_machine(void **state)
{
	(void)state;
	static const uint32_t values[] = {0,
	                                  1,
	                                  2,
	                                  3,
	                                  5,
	                                  BUILDER_RAM_PAGE - 1,
	                                  BUILDER_RAM_PAGE + 1,
	                                  BUILDER_POOL_PAGE,
	                                  BUILDER_REGION_PAGE + 3,
	                                  0x200,
	                                  BUILDER_RAM_PAGES - 1,
	                                  BUILDER_POOL_PAGE - 1};
	/* Up to the board, which is a pointer. */
	uint32_t words[offsetof(struct image_bounds, hardware) / sizeof(uint32_t)];
	struct image_bounds sound = builder.bounds;
	uint32_t refused = 0;

	for (uint32_t i = 0; i < ARRAY_COUNT(words) * ARRAY_COUNT(values); i++) {
		struct image_fault fault;

		memcpy(words, &sound, sizeof(words));
		words[i / ARRAY_COUNT(values)] = values[i % ARRAY_COUNT(values)];
		memcpy(&builder.bounds, words, sizeof(words));
		err_t err = check(&fault);
		const char *broken = image_oracle_judge(image, image_bytes, &builder.bounds);
		/* The judge also wants the machine's own places to make sense. */
		assert_true(err != OK || !broken || strcmp(broken, "kernel in RAM") == 0 ||
		            strcmp(broken, "image in RAM") == 0);
		assert_true(err == OK || broken);
		refused += err != OK;
	}
	assert_true(refused > 20);
	builder.bounds = sound;
}

static void expect_refused(const char *table, const char *field, err_t wanted)
{
	struct image_fault fault;

	finish();
	err_t err = check(&fault);
	assert_int_equal(err, wanted);
	assert_string_equal(fault.table, table);
	assert_string_equal(fault.field, field);
	assert_non_null(image_oracle_judge(image, image_bytes, &builder.bounds));
}

static void build_many(uint32_t domains, uint32_t vcpus)
{
	image_builder_start(&builder);
	for (uint32_t i = 0; i < domains; i++) {
		image_builder_add_domain(&builder, "many", vcpus, 0);
	}
	finish();
}

/* As many of each as there may be, and one more. */
static void test_limits(void **state)
{
	(void)state;
	build_many(PV_DOMAINS_MAX, 2);
	expect_accepted(); /* 32 domains, 64 vCPUs, 32 on each of two CPUs */
	for (uint32_t i = 0; i < PV_VCPUS_MAX; i++) {
		builder.vcpus[i].cpu = i < PV_CPU_SLOTS_MAX + 1 ? 2 : 3;
	}
	expect_refused("vcpus", "cpu", ERR_FULL);
	build_many(PV_VCPUS_MAX / PV_DOMAIN_VCPUS_MAX, PV_DOMAIN_VCPUS_MAX);
	expect_accepted();
	build_many(PV_VCPUS_MAX / PV_DOMAIN_VCPUS_MAX + 1, PV_DOMAIN_VCPUS_MAX);
	expect_refused("header", "vcpus", ERR_FULL);
	build_many(1, PV_DOMAIN_VCPUS_MAX + 1);
	expect_refused("domains", "vcpus", ERR_FULL);
	build_many(1, 1);
	uint32_t first = image_builder_add_cap(&builder, PV_CAP_NONE, 0);
	for (uint32_t i = 0; i < PV_PAGE_BYTES / 4; i++) {
		image_builder_add_cap(&builder, PV_CAP_NONE, 0);
	}
	image_builder_add_doorbell_page(&builder, first, PV_PAGE_BYTES / 4);
	finish();
	expect_accepted();
	builder.doorbell_pages[0].caps.count++;
	expect_refused("doorbell_pages", "caps", ERR_RANGE);
	build_many(0, 0);
	expect_refused("header", "domains", ERR_RANGE);
}

/* Power that a system must not give, each in an image that is otherwise sound. */
static void test_power(void **state)
{
	(void)state;
	struct pv_cap *cap = &builder.caps[builder.domains[1].caps.first];

	assert_int_equal(cap->type, PV_CAP_VCPU);
	cap->object = 0; /* the other's vCPU */
	expect_refused("caps", "object", ERR_CAP);
	*cap = (struct pv_cap){PV_CAP_VGIC, 0};
	expect_refused("caps", "object", ERR_CAP);
	*cap = (struct pv_cap){PV_CAP_DOORBELL_RECV, 3}; /* the other's doorbell */
	expect_refused("caps", "object", ERR_CAP);
	*cap = (struct pv_cap){PV_CAP_CONSOLE, 3};
	expect_refused("caps", "object", ERR_CAP);
	*cap = (struct pv_cap){PV_CAP_TYPE_COUNT, 0};
	expect_refused("caps", "type", ERR_ARG);
	*cap = (struct pv_cap){PV_CAP_VCPU, 2};
	builder.doorbell_pages[0].caps.first = builder.domains[0].caps.first;
	expect_refused("doorbell_pages", "caps", ERR_CAP);
	builder.doorbell_pages[0].caps.first = builder.domains[1].caps.first;
	expect_refused("doorbell_pages", "caps", ERR_RANGE);
}

static void test_memory(void **state)
{
	(void)state;
	struct pv_region *regions = &builder.regions[BUILDER_ROMS];
	struct pv_mapping *mappings = &builder.mappings[BUILDER_ROM_MAPPINGS];
	struct pv_region *ram = &regions[0];
	struct pv_mapping *text = &mappings[1];

	ram->page = BUILDER_POOL_PAGE + BUILDER_POOL_PAGES - 1;
	expect_refused("regions", "page", ERR_OVERLAP);
	ram->page = BUILDER_IMAGE_PAGE;
	expect_refused("regions", "page", ERR_OVERLAP);
	ram->page = BUILDER_RAM_PAGE;
	expect_refused("regions", "page", ERR_OVERLAP);
	ram->page = BUILDER_REGION_PAGE + 1; /* into the next one */
	expect_refused("regions", "page", ERR_OVERLAP);
	ram->page = BUILDER_REGION_PAGE;
	assert_int_equal(text->space, PV_SPACE_VMM);
	text->rights |= PV_RIGHT_WRITE;
	expect_refused("mappings", "rights", ERR_RIGHT);
	text->rights = PV_RIGHT_READ;
	expect_refused("domains", "vmm_entry", ERR_RANGE);
	text->rights = PV_RIGHT_READ | PV_RIGHT_EXEC;
	mappings[0].ipa_page = BUILDER_GICC_IPA - 15;
	expect_refused("mappings", "ipa_page", ERR_OVERLAP);
	mappings[0].ipa_page = BUILDER_DOORBELL_IPA;
	expect_refused("mappings", "ipa_page", ERR_OVERLAP);
	mappings[0].ipa_page = BUILDER_GUEST_IPA + 1; /* into memdev */
	expect_refused("mappings", "ipa_page", ERR_OVERLAP);
	mappings[0].ipa_page = BUILDER_GUEST_IPA;
	struct pv_mapping kept = mappings[5];
	mappings[5] = mappings[4]; /* memdev once more in its own place */
	mappings[5].ipa_page++;
	expect_refused("mappings", "ipa_page", ERR_OVERLAP);
	mappings[5] = kept;
	regions[4].flags = 0; /* memdev, not shared any more */
	expect_refused("regions", "mappings.count", ERR_RIGHT);
}

/* A VMM's text, which is region 1 behind the ROMs, mapped once more: by whom, and with which rights. */
static void map_text_again(uint32_t domain, enum pv_space space, uint16_t rights, err_t wanted)
{
	image_builder_make_pair(&builder);
	struct pv_region *text = &builder.regions[BUILDER_ROMS + 1];
	uint32_t last = text->mappings.first + text->mappings.count;

	/* Behind the region's own mapping; those of the regions behind it move on. */
	memmove(&builder.mappings[last + 1], &builder.mappings[last],
	        (builder.header.mappings.count - last) * sizeof(builder.mappings[0]));
	builder.mappings[last] =
		(struct pv_mapping){.domain = domain,
	                            .space = (uint16_t)space,
	                            .rights = rights,
	                            .ipa_page = space == PV_SPACE_VMM ? 0x5000 : 0xb000};
	builder.header.mappings.count++;
	text->mappings.count++;
	text->flags = PV_REGION_SHARED;
	for (uint32_t r = BUILDER_ROMS + 2; r < builder.header.regions.count; r++) {
		builder.regions[r].mappings.first++;
	}
	if (wanted == OK) {
		finish();
		expect_accepted();
		return;
	}
	expect_refused("mappings", "rights", wanted);
	struct image_fault fault;
	assert_int_equal(check(&fault), wanted);
	assert_int_equal(fault.index, last);
}

/* What a VMM executes is written by nobody: not by itself at another address, not by another
 * VMM, not by any guest. */
static void test_vmm_text_has_no_writer(void **state)
{
	static const uint16_t rights[] = {PV_RIGHT_READ, PV_RIGHT_READ | PV_RIGHT_EXEC,
	                                  PV_RIGHT_READ | PV_RIGHT_WRITE,
	                                  PV_RIGHT_READ | PV_RIGHT_WRITE | PV_RIGHT_EXEC};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_COUNT(rights); i++) {
		err_t wanted = rights[i] & PV_RIGHT_WRITE ? ERR_RIGHT : OK;

		for (uint32_t domain = 0; domain < 2; domain++) {
			map_text_again(domain, PV_SPACE_GUEST, rights[i], wanted);
			map_text_again(domain, PV_SPACE_VMM, rights[i], wanted);
		}
	}
	/* Whoever writes may stand first, as in memdev: then it is the VMM that is to blame. */
	image_builder_make_pair(&builder);
	builder.mappings[BUILDER_ROM_MAPPINGS + 5] = (struct pv_mapping){
		.domain = 1,
		.space = PV_SPACE_VMM,
		.rights = PV_RIGHT_READ | PV_RIGHT_EXEC,
		.ipa_page = 0x5000,
	};
	expect_refused("mappings", "rights", ERR_RIGHT);
}

/* What the image holds is written by its only owner or by nobody, and cleared by no guest. */
static void test_rom(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		builder.mappings[i].rights |= PV_RIGHT_WRITE;
		expect_refused("mappings", "rights", ERR_RIGHT);
		builder.mappings[i].rights &= (uint16_t)~PV_RIGHT_WRITE;
	}
	builder.regions[1].flags = PV_REGION_LOADED;
	expect_refused("regions", "flags", ERR_RIGHT);
	builder.regions[1].flags = PV_REGION_SHARED;
	finish();
	expect_accepted();
	/* Half in the image and half behind it, and where the tables are. */
	image_builder_make_pair(&builder);
	finish();
	const struct pv_image_header *header = (const void *)image;
	struct pv_region *rom = (void *)(image + header->regions.offset);
	struct image_fault fault;

	rom[1].page_count = 2;
	assert_int_equal(check(&fault), ERR_OVERLAP);
	rom[1].page_count = 1;
	rom[0].page = BUILDER_IMAGE_PAGE;
	assert_int_equal(check(&fault), ERR_OVERLAP);
	assert_string_equal(fault.field, "page");
}

/* What the kernel does not clear is one guest's. */
static void test_loaded(void **state)
{
	(void)state;
	struct pv_region *regions = &builder.regions[BUILDER_ROMS];

	regions[0].flags = PV_REGION_LOADED;
	finish();
	expect_accepted();
	regions[0].flags = PV_REGION_LOADED | PV_REGION_SHARED;
	expect_refused("regions", "flags", ERR_RIGHT);
	regions[0].flags = 0;
	regions[2].flags = PV_REGION_LOADED; /* a VMM's data */
	expect_refused("mappings", "space", ERR_RIGHT);
}

static int free_image(void **state)
{
	(void)state;
	free(image);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_pair_is_accepted, make_pair),
		cmocka_unit_test_setup(test_every_field_of_every_entry, make_pair),
		cmocka_unit_test_setup(test_every_length, make_pair),
		cmocka_unit_test_setup(test_every_machine, make_pair),
		cmocka_unit_test_setup(test_limits, make_pair),
		cmocka_unit_test_setup(test_power, make_pair),
		cmocka_unit_test_setup(test_memory, make_pair),
		cmocka_unit_test_setup(test_vmm_text_has_no_writer, make_pair),
		cmocka_unit_test_setup(test_rom, make_pair),
		cmocka_unit_test_setup(test_loaded, make_pair),
		cmocka_unit_test_setup(test_every_field_of_every_entry, make_hardware),
		cmocka_unit_test_setup(test_every_length, make_hardware),
	};

	return cmocka_run_group_tests(tests, NULL, free_image);
}
