/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/core/boot.c on a fake machine: an image becomes domains, vCPUs, slots of CPUs, memory and
 * translation tables as it says; an image that is wrong is refused by the name of the entry, before
 * anything is written; and whatever an image says, no byte outside of the regions and the pool is
 * touched. The memory of the machine is an array that holds rubbish at first.
 */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c */
/* links: kernel/core/boot.c kernel/arm/s2.c kernel/variants/debug.c tests/fake_arch/arch.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c kernel/core/domain.c */
/* links: kernel/core/doorbell.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/trap.c lib/image_check.c lib/image_check_memory.c */
/* links: lib/image_check_objects.c tests/unit/image_builder.c */
/* links: lib/image_check_hardware.c */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "kernel/arm/s2_spec.h"
#include "kernel/core/boot.h"
#include "kernel/core/invariants.h"
#include "kernel/core/memory.h"
#include "pte.h"
#include "tests/fake_arch/fake.h"
#include "tests/unit/image_builder.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/steady_random.h"

#define RUBBISH 0xa5
#define GICV_PAGE 0x8040U
#define RANDOM_IMAGES 1000U

uint64_t fake_pool[FAKE_POOL_PAGES][512];
uint32_t fake_pool_page;

static struct image_builder builder;
static uint64_t image[BUILDER_BYTES_MAX / sizeof(uint64_t)];
static uint64_t image_bytes;
static uint8_t ram[BUILDER_RAM_PAGES][PV_PAGE_BYTES];
static bool clean[BUILDER_RAM_PAGES];

static const struct pv_image_header *header(void)
{
	return (const struct pv_image_header *)image;
}

/* Boot code may write to regions and to the pool, never to the kernel or the image. */
static uint8_t *memory_at(uint32_t page, uint64_t bytes)
{
	const uint32_t image_pages = (uint32_t)((image_bytes + PV_PAGE_BYTES - 1) / PV_PAGE_BYTES);

	assert_in_range(page, BUILDER_IMAGE_PAGE + image_pages,
	                BUILDER_RAM_PAGE + BUILDER_RAM_PAGES - 1);
	assert_true(bytes <=
	            (uint64_t)(BUILDER_RAM_PAGE + BUILDER_RAM_PAGES - page) * PV_PAGE_BYTES);
	return ram[page - BUILDER_RAM_PAGE];
}

void memory_clear(uint32_t page, uint32_t page_count)
{
	uint8_t *at = memory_at(page, (uint64_t)page_count * PV_PAGE_BYTES);

	if (page == header()->pool_page) {
		const size_t there = page_count < FAKE_POOL_PAGES ? page_count : FAKE_POOL_PAGES;

		memset(fake_pool, 0, there * sizeof(fake_pool[0]));
	}
	memset(at, 0, (size_t)page_count * PV_PAGE_BYTES);
	memset(&clean[page - BUILDER_RAM_PAGE], false, page_count);
}

void memory_clean(uint32_t page, uint32_t page_count)
{
	(void)memory_at(page, (uint64_t)page_count * PV_PAGE_BYTES);
	memset(&clean[page - BUILDER_RAM_PAGE], true, page_count);
}

/* What is there in window areas. */
static struct fake_function functions[FAKE_FUNCTIONS];

static uint32_t lrs_more;

static void finish_image(void)
{
	image_bytes = image_builder_finish(&builder, image);
}

/* Whether the image is booted, in memory as it is; if not, fake.output says why. */
static bool boot_again(void)
{
	static jmp_buf refused;

	fake_reset();
	memcpy(fake.functions, functions, sizeof(functions));
	fake.lrs_more = lrs_more;
	fake_pool_page = header()->pool_page;
	fake.on_power_off = &refused;
	if (setjmp(refused)) { /* the kernel does not come back */
		return false;
	}
	boot_build(header(), image_bytes, &builder.bounds, GICV_PAGE);
	return true;
}

static bool boot(void)
{
	memset(fake_pool, RUBBISH, sizeof(fake_pool));
	memset(ram, RUBBISH, sizeof(ram));
	memset(clean, false, sizeof(clean));
	return boot_again();
}

static void expect_refusal(const char *why)
{
	char said[FAKE_OUTPUT + 1];

	assert_false(boot());
	assert_true(fake.powered_off);
	memcpy(said, fake.output, fake.output_bytes);
	said[fake.output_bytes] = '\0';
	if (!strstr(said, why)) {
		fail_msg("says '%s', not '%s'", said, why);
	}
}

/* Nothing of a refused image is left in the machine. */
static void expect_untouched(void)
{
	assert_int_equal(kernel.domain_count, 0);
	assert_int_equal(ram[0][0], RUBBISH);
	assert_memory_equal(&ram[0][0], &ram[0][1], sizeof(ram) - 1);
}

static uint64_t root_of(uint32_t domain, enum pv_space space)
{
	return s2_root_page(boot_spaces(), s2_space_of(domain, space));
}

/* The hardware's walk: the leaf entry of @ipa_page and the page that it leads to, 0 for none. */
static uint64_t walk(uint32_t domain, enum pv_space space, uint32_t ipa_page, uint32_t *pa_page)
{
	uint32_t page = (uint32_t)root_of(domain, space);

	for (uint32_t level = 1; level <= 3; level++) {
		const uint32_t span = s2_spec_span(level);
		const uint64_t d = pte_get(fake_pool_page, page - fake_pool_page,
		                           ipa_page / span % S2_SPEC_ENTRIES);

		if (!(d & S2_SPEC_VALID)) {
			return 0;
		}
		page = (uint32_t)((d & S2_SPEC_ADDRESS) >> PV_PAGE_SHIFT);
		if (level == 3 || !(d & S2_SPEC_TABLE)) {
			*pa_page = page + ipa_page % span;
			return d;
		}
	}
	return 0;
}

static void expect_mapping(const struct pv_mapping *m, const struct pv_region *region)
{
	for (uint32_t i = 0; i < region->page_count; i++) {
		uint32_t page = 0;
		const uint64_t d = walk(m->domain, (enum pv_space)m->space, m->ipa_page + i, &page);

		assert_true(d & S2_SPEC_S2AP_READ);
		assert_int_equal(page, region->page + i);
		assert_int_equal((d & S2_SPEC_S2AP_WRITE) != 0, (m->rights & PV_RIGHT_WRITE) != 0);
		assert_int_equal((d & S2_SPEC_XN) == 0, (m->rights & PV_RIGHT_EXEC) != 0);
	}
}

static void test_objects_are_those_of_the_image(void **state)
{
	(void)state;
	image_builder_make_pair(&builder);
	finish_image();
	assert_true(boot());
	assert_int_equal(kernel.domain_count, 2);
	assert_int_equal(kernel.domains_on, 2);
	assert_int_equal(kernel.vcpu_count, 5);
	assert_int_equal(kernel.cpu_count, BUILDER_CPUS);
	assert_memory_equal(kernel.caps, builder.caps,
	                    builder.header.caps.count * sizeof(builder.caps[0]));
	for (uint32_t i = 0; i < 2; i++) {
		const struct domain *d = &kernel.domains[i];
		const struct pv_domain *from = &builder.domains[i];

		assert_string_equal(d->image.name, from->name);
		assert_memory_equal(&d->image.caps, &from->caps, sizeof(d->image.caps));
		assert_int_equal(d->vcpu_count, from->vcpus.count);
		assert_true(d->alive);
		assert_int_equal(d->vmm_regs.pc, from->vmm_entry);
		assert_int_equal(d->vmm_regs.x[0], from->vmm_arg);
		assert_int_equal(d->vmm_owner, d->vcpus[0].index);
		assert_int_equal(d->vcpus[0].start_pc, from->entry);
		assert_int_equal(d->vcpus[0].start_arg, from->entry_arg);
	}
	for (uint32_t i = 0; i < kernel.vcpu_count; i++) {
		const struct vcpu *v = &kernel.vcpus[i];

		assert_ptr_equal(v->domain, &kernel.domains[builder.vcpus[i].domain]);
		assert_int_equal(v->cpu - kernel.cpus, builder.vcpus[i].cpu);
		assert_int_equal(v->number, i < 2 ? i : i - 2);
		/* The second VM has a budget: 2 of 5 ms, and the fake counter counts ms. */
		assert_int_equal(v->budget.ticks, i < 2 ? 0 : 2);
		assert_int_equal(v->budget.period, i < 2 ? 0 : 5);
		/* Only the first vCPU of a VM is on. */
		assert_int_equal(v->wait, v->number ? WAIT_OFF : WAIT_NOTHING);
	}
	for (uint32_t i = 0; i < builder.header.doorbells.count; i++) {
		assert_ptr_equal(kernel.doorbells[i].domain,
		                 &kernel.domains[builder.doorbells[i].domain]);
		assert_int_equal(kernel.doorbells[i].number, builder.doorbells[i].number);
	}
	assert_int_equal(fake.output_bytes, 0);
	assert_int_equal(fake_locks_held, 0);
}

static void test_slots_are_sorted_by_priority(void **state)
{
	(void)state;
	const uint32_t priorities[] = {20, 200, 100, 200, 0};

	image_builder_start(&builder);
	for (uint32_t i = 0; i < 5; i++) {
		char name[] = {'v', (char)('a' + i), '\0'};

		image_builder_add_domain(&builder, name, 1, 2);
		builder.domains[i].priority = priorities[i];
	}
	finish_image();
	assert_true(boot());
	/* Highest first, equals in the order of the image. */
	const uint32_t expected[] = {1, 3, 2, 0, 4};

	assert_int_equal(kernel.cpus[2].slot_count, 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(kernel.cpus[2].slots[i]->index, expected[i]);
	}
	assert_int_equal(kernel.cpus[0].slot_count, 0);
}

static void test_spaces_hold_the_mappings_and_no_more(void **state)
{
	(void)state;
	image_builder_make_pair(&builder);
	finish_image();
	assert_true(boot());
	for (uint32_t r = 0; r < builder.header.regions.count; r++) {
		const struct pv_region *region = &builder.regions[r];

		for (uint32_t m = 0; m < region->mappings.count; m++) {
			expect_mapping(&builder.mappings[region->mappings.first + m], region);
		}
	}
	for (uint32_t domain = 0; domain < 2; domain++) {
		uint32_t page = 0;
		const uint64_t d = walk(domain, PV_SPACE_GUEST, BUILDER_GICC_IPA + 1, &page);

		assert_int_equal(page, GICV_PAGE + 1);
		assert_true(d & S2_SPEC_XN);
		/* Behind the CPU interface, the doorbells, before the RAM; and no guest's in a VMM. */
		assert_int_equal(walk(domain, PV_SPACE_GUEST, BUILDER_GICC_IPA + 2, &page), 0);
		assert_int_equal(walk(domain, PV_SPACE_GUEST, BUILDER_DOORBELL_IPA, &page), 0);
		assert_int_equal(walk(domain, PV_SPACE_GUEST, BUILDER_GUEST_IPA - 1, &page), 0);
		assert_int_equal(walk(domain, PV_SPACE_VMM, BUILDER_GUEST_IPA, &page), 0);
		assert_int_equal(walk(domain, PV_SPACE_VMM, BUILDER_GICC_IPA, &page), 0);
	}
}

/* The page that @ipa_page leads to, which is one of registers; 0 for none. */
static uint32_t registers_at(uint32_t domain, enum pv_space space, uint32_t ipa_page, bool writable)
{
	uint32_t page = 0;
	const uint64_t d = walk(domain, space, ipa_page, &page);

	if (page) {
		assert_int_equal(d & S2_SPEC_NORMAL_WB, S2_SPEC_DEVICE_NGNRE);
		assert_true(d & S2_SPEC_XN);
		assert_int_equal((d & S2_SPEC_S2AP_WRITE) != 0, writable);
	}
	return page;
}

/* A range of registers is in its own space, and in no other. */
static void expect_device(const struct pv_device *device, uint32_t domain, enum pv_space space)
{
	uint32_t page = 0;

	if (domain == device->domain && space == device->space) {
		page = registers_at(domain, space, device->ipa_page,
		                    device->rights & PV_RIGHT_WRITE);
		assert_int_equal(page, device->page);
	} else {
		(void)walk(domain, space, device->ipa_page, &page);
		assert_int_not_equal(page, device->page);
	}
}

static void test_hardware_is_in_its_spaces(void **state)
{
	(void)state;
	image_builder_make_hardware(&builder);
	finish_image();
	assert_true(boot());
	for (uint32_t r = 0; r < builder.header.regions.count; r++) {
		const struct pv_region *region = &builder.regions[r];

		for (uint32_t m = 0; m < region->mappings.count; m++) {
			expect_mapping(&builder.mappings[region->mappings.first + m], region);
		}
	}
	for (uint32_t i = 0; i < builder.header.devices.count; i++) {
		for (uint32_t domain = 0; domain < 2; domain++) {
			expect_device(&builder.devices[i], domain, PV_SPACE_GUEST);
			expect_device(&builder.devices[i], domain, PV_SPACE_VMM);
			expect_device(&builder.devices[i], domain, PV_SPACE_DMA);
		}
	}
	for (uint32_t domain = 0; domain < 2; domain++) {
		assert_int_equal(registers_at(domain, PV_SPACE_DMA, BUILDER_MSI_IPA, true),
		                 BUILDER_MSI_PAGE);
		assert_int_equal(registers_at(domain, PV_SPACE_GUEST, BUILDER_MSI_IPA, true), 0);
		assert_int_equal(registers_at(domain, PV_SPACE_DMA, BUILDER_GICC_IPA, true), 0);
	}
}

static void test_hardware_at_boot(void **state)
{
	(void)state;
	image_builder_make_hardware(&builder);
	finish_image();
	functions[0].page = BUILDER_WINDOW_PAGE;
	functions[0].words[1] = 7;
	functions[0].writable[1] = 0xffff;
	functions[0].writable[4] = 0xfff00000;
	functions[1].page = BUILDER_WINDOW_PAGE + 15;
	functions[1].words[1] = 7;
	functions[1].writable[1] = 0xffff;
	assert_true(boot());
	memset(functions, 0, sizeof(functions));
	assert_int_equal(fake.functions[0].words[1], 0);
	assert_int_equal(fake.functions[0].words[4], 0x10000000);
	assert_int_equal(fake.functions[1].words[1], 0);
	for (uint32_t i = 0; i < builder.header.windows.count; i++) {
		assert_int_equal(kernel.windows[i].page, builder.windows[i].page);
		assert_memory_equal(&kernel.windows[i].rules, &builder.windows[i].rules,
		                    sizeof(builder.windows[i].rules));
		assert_int_equal(kernel.windows[i].lead, i == 2 ? 1 : i);
	}
	assert_memory_equal(kernel.window_rules, builder.window_rules,
	                    builder.header.window_rules.count * sizeof(builder.window_rules[0]));
	for (uint32_t i = 0; i < PV_STREAMS_MAX; i++) {
		const struct stream *s = &kernel.streams[i];

		if (i < builder.header.streams.count) {
			assert_ptr_equal(s->domain, &kernel.domains[builder.streams[i].domain]);
			assert_int_equal(s->id, builder.streams[i].id);
			assert_false(s->on);
		} else {
			assert_null(s->domain);
		}
	}
}

/* The image is in no memory here: memory_at() fails the test if it is written. */
static void expect_content(uint32_t r)
{
	const struct pv_region *region = &builder.regions[r];

	if (region->page < BUILDER_POOL_PAGE) {
		return;
	}
	const uint8_t *bytes = ram[region->page - BUILDER_RAM_PAGE];

	for (uint64_t at = 0; at < (uint64_t)region->page_count * PV_PAGE_BYTES; at++) {
		if (bytes[at] != 0) {
			fail_msg("region %u, byte %llu", r, (unsigned long long)at);
		}
	}
	for (uint32_t i = 0; i < region->page_count; i++) {
		assert_true(clean[region->page - BUILDER_RAM_PAGE + i]);
	}
}

static struct smmu_ste streams[SMMU_STREAMS]; /* as the SMMU has them once all are granted */

static bool streams_hold(void)
{
	return invariants_streams_hold(streams, boot_spaces());
}

static void grant_streams(void)
{
	image_builder_make_hardware(&builder);
	finish_image();
	assert_true(boot());
	for (uint32_t id = 0; id < SMMU_STREAMS; id++) {
		streams[id] = (struct smmu_ste){{SMMU_STE_ABORT}};
	}
	for (uint32_t i = 0; i < builder.header.streams.count; i++) {
		struct stream *s = &kernel.streams[i];
		const uint32_t domain = builder.streams[i].domain;

		s->vmid = (uint16_t)(1 + s2_space_of(domain, PV_SPACE_DMA));
		streams[s->id] = smmu_ste(root_of(domain, PV_SPACE_DMA) * PV_PAGE_BYTES, s->vmid);
	}
}

/* Each bit of a granted entry and of its neighbours, and what lets any other pass. */
static void test_table_of_streams_is_seen_through(void **state)
{
	(void)state;
	grant_streams();
	assert_true(streams_hold());
	for (uint32_t id = 0; id < SMMU_STREAMS; id++) {
		const bool near = id < 10 || id >= SMMU_STREAMS - 2;

		for (uint32_t bit = 0; bit < (near ? 512 : 4); bit++) {
			streams[id].word[bit / 64] ^= 1ULL << bit % 64;
			assert_false(streams_hold());
			streams[id].word[bit / 64] ^= 1ULL << bit % 64;
		}
	}
	assert_true(streams_hold());
}

/* Whole entries that another stream has, spaces of others, streams that nobody has, or none. */
static void test_streams_of_others_are_seen(void **state)
{
	struct stream *s = &kernel.streams[0];

	(void)state;
	grant_streams();
	const struct smmu_ste own = streams[s->id];

	streams[s->id] = streams[kernel.streams[1].id];
	assert_false(streams_hold());
	s->vmid = kernel.streams[1].vmid; /* both say so */
	assert_false(streams_hold());
	grant_streams();
	streams[s->id] = smmu_ste(root_of(0, PV_SPACE_GUEST) * PV_PAGE_BYTES, s->vmid);
	assert_false(streams_hold());
	streams[s->id] = (struct smmu_ste){{SMMU_STE_ABORT}};
	assert_false(streams_hold());
	streams[s->id] = own;
	streams[s->id + 1] = own;
	assert_false(streams_hold());
	streams[s->id + 1] = (struct smmu_ste){{SMMU_STE_ABORT}};
	assert_true(streams_hold());
	s->on = true;
	assert_false(streams_hold());
	s->on = false;
	assert_false(invariants_streams_hold(NULL, boot_spaces()));
	image_builder_make_pair(&builder);
	finish_image();
	assert_true(boot());
	assert_true(invariants_streams_hold(NULL, boot_spaces()));
}

static void test_memory_is_cleared(void **state)
{
	(void)state;
	image_builder_make_pair(&builder);
	finish_image();
	assert_true(boot());
	for (uint32_t r = 0; r < builder.header.regions.count; r++) {
		expect_content(r);
	}
	assert_int_equal(ram[0][0], RUBBISH); /* the kernel's */
}

/* The kernel leaves a guest's RAM to the guest: neither cleared nor cleaned. */
static void test_memory_that_a_guest_loads_is_left(void **state)
{
	(void)state;
	image_builder_make_pair(&builder);
	builder.regions[2].flags = PV_REGION_LOADED;
	finish_image();
	assert_true(boot());
	const uint32_t first = builder.regions[2].page - BUILDER_RAM_PAGE;

	for (uint32_t i = 0; i < builder.regions[2].page_count; i++) {
		assert_int_equal(ram[first + i][0], RUBBISH);
		assert_memory_equal(&ram[first + i][0], &ram[first + i][1], PV_PAGE_BYTES - 1);
		assert_false(clean[first + i]);
	}
	for (uint32_t r = 3; r < builder.header.regions.count; r++) {
		expect_content(r);
	}
}

static void test_wrong_images_are_refused_by_name(void **state)
{
	(void)state;
	image_builder_make_pair(&builder);
	builder.header.magic++;
	finish_image();
	expect_refusal(
		"pv: image refused: header[0].magic: the format or protocol version is not ours\n");
	expect_untouched();

	image_builder_make_pair(&builder);
	builder.vcpus[3].cpu = BUILDER_CPUS;
	finish_image();
	expect_refusal(
		"pv: image refused: vcpus[3].cpu: a number or range lies outside of what it must "
		"lie in\n");
	expect_untouched();

	image_builder_make_pair(&builder);
	builder.regions[4].page = builder.regions[3].page;
	finish_image();
	expect_refusal(
		"pv: image refused: regions[4].page: two ranges that must be disjoint are not\n");
	expect_untouched();

	image_builder_make_pair(&builder);
	builder.mappings[4].rights |= PV_RIGHT_WRITE; /* of the VMM's text */
	finish_image();
	expect_refusal("pv: image refused: mappings[4].rights: ");
	expect_untouched();

	image_builder_make_pair(&builder);
	finish_image();
	image_bytes = sizeof(struct pv_image_header) - 1;
	expect_refusal("pv: image refused: header[0].");
	expect_untouched();
}

/* Whether a CPU is taken that starts when @more list registers are there than the boot CPU had. */
static bool starts_with(uint32_t more)
{
	static jmp_buf refused;

	fake.lrs_more = more;
	fake.on_power_off = &refused;
	if (setjmp(refused)) {
		return false;
	}
	boot_check_cpu();
	return true;
}

/* One that is never written may hold anything. */
static void test_machine_with_other_list_registers_is_refused(void **state)
{
	(void)state;
	image_builder_make_pair(&builder);
	finish_image();
	lrs_more = 1;
	expect_refusal("header[0].board: the CPUs of this machine are others");
	lrs_more = 0;
	assert_true(boot());
	assert_true(starts_with(0));
	assert_false(starts_with(1));
	assert_false(starts_with(32 - FAKE_LRS));
	assert_false(starts_with(UINT32_MAX)); /* one less */
	assert_int_equal(kernel.lr_mask, (1U << FAKE_LRS) - 1);
}

/* image_check() does not count tables: the mapper does, and names who came too late. */
static void test_pool_that_is_too_small_is_refused(void **state)
{
	(void)state;
	image_builder_make_pair(&builder);
	builder.header.pool_page_count = 1; /* the second root is missing */
	finish_image();
	expect_refusal("pv: image refused: domains[0].vmm: no room is left\n");

	for (uint32_t tables = 6; tables < 12; tables++) {
		image_builder_make_pair(&builder);
		builder.header.pool_page_count = tables;
		finish_image();
		expect_refusal("ipa_page: no room is left\n");
	}
}

/* memory_at() and pte_set() fail the test on an access to what no image may name. */
static void test_all_changes_are_booted_or_refused(void **state)
{
	(void)state;
	uint32_t booted = 0;

	random_start(7);
	for (uint32_t n = 0; n < RANDOM_IMAGES; n++) {
		if (n % 2) {
			image_builder_make_hardware(&builder);
		} else {
			image_builder_make_pair(&builder);
		}
		finish_image();
		const uint32_t tables =
			builder.header.window_rules.offset +
			builder.header.window_rules.count * (uint32_t)sizeof(struct pv_window_rule);

		for (uint32_t i = random_below(3) + 1; i > 0; i--) {
			const uint32_t at = random_below(tables);

			((uint8_t *)image)[at] ^= (uint8_t)(1U << random_below(8));
		}
		if (boot_again()) {
			booted++;
			assert_in_range(kernel.domain_count, 1, PV_DOMAINS_MAX);
			assert_int_equal(fake_locks_held, 0);
		} else {
			assert_true(fake.output_bytes > 0);
		}
	}
	assert_in_range(booted, RANDOM_IMAGES / 100, RANDOM_IMAGES - RANDOM_IMAGES / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects_are_those_of_the_image),
		cmocka_unit_test(test_slots_are_sorted_by_priority),
		cmocka_unit_test(test_spaces_hold_the_mappings_and_no_more),
		cmocka_unit_test(test_hardware_is_in_its_spaces),
		cmocka_unit_test(test_hardware_at_boot),
		cmocka_unit_test(test_table_of_streams_is_seen_through),
		cmocka_unit_test(test_streams_of_others_are_seen),
		cmocka_unit_test(test_memory_is_cleared),
		cmocka_unit_test(test_memory_that_a_guest_loads_is_left),
		cmocka_unit_test(test_wrong_images_are_refused_by_name),
		cmocka_unit_test(test_machine_with_other_list_registers_is_refused),
		cmocka_unit_test(test_pool_that_is_too_small_is_refused),
		cmocka_unit_test(test_all_changes_are_booted_or_refused),
	};

	return cmocka_run_group_tests_name("boot", tests, NULL, NULL);
}
