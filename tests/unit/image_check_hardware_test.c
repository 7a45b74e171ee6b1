/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/image_check_hardware.c, and what the other files check of DMA and MSIs: power over the board
 * that a system must not give, each in an image that is otherwise sound. What single fields may hold
 * is image_check_test.c's.
 */
/* links: lib/image_check.c lib/image_check_memory.c lib/image_check_objects.c */
/* links: lib/image_check_hardware.c tests/unit/image_builder.c tests/unit/image_oracle.c */
#include <stdbool.h>

#include "lib/bits.h"
#include "lib/image_check.h"
#include "tests/unit/image_builder.h"
#include "tests/unit/image_oracle.h"
#include "tests/unit/ordered_cmocka.h"

static struct image_builder builder;
static _Alignas(8) uint8_t image[BUILDER_BYTES_MAX];
static uint64_t image_bytes;

static void finish(void)
{
	image_bytes = image_builder_finish(&builder, image);
}

static int make_hardware(void **state)
{
	(void)state;
	image_builder_make_hardware(&builder);
	finish();
	return 0;
}

static err_t check(struct image_fault *fault)
{
	*fault = (struct image_fault){0};
	return image_check((const void *)image, image_bytes, &builder.bounds, fault);
}

static void expect_accepted(void)
{
	struct image_fault fault;

	assert_int_equal(check(&fault), OK);
	assert_null(image_oracle_judge(image, image_bytes, &builder.bounds));
}

static void expect_refused(const char *table, const char *field, err_t wanted)
{
	struct image_fault fault;

	finish();
	assert_int_equal(check(&fault), wanted);
	assert_string_equal(fault.table, table);
	assert_string_equal(fault.field, field);
	assert_non_null(image_oracle_judge(image, image_bytes, &builder.bounds));
}

/* What devices reach is their guest's, as it has it. */
static void test_dma(void **state)
{
	struct pv_mapping *dma = &builder.mappings[1];

	(void)state;
	assert_int_equal(dma->space, PV_SPACE_DMA);
	dma->ipa_page++;
	expect_refused("mappings", "rights", ERR_RIGHT);
	dma->ipa_page--;
	dma->rights = PV_RIGHT_READ | PV_RIGHT_EXEC;
	expect_refused("mappings", "rights", ERR_RIGHT);
	dma->rights = PV_RIGHT_READ | PV_RIGHT_WRITE;
	builder.mappings[0].rights = PV_RIGHT_READ | PV_RIGHT_EXEC; /* the guest's */
	expect_refused("mappings", "rights", ERR_RIGHT);
	builder.mappings[0].rights |= PV_RIGHT_WRITE;
	dma->domain = 1; /* another's devices */
	expect_refused("mappings", "rights", ERR_RIGHT);
	dma->domain = 0;
	builder.streams[0].domain = builder.streams[2].domain = 1;
	expect_refused("domains", "msi_count", ERR_ARG);
	builder.domains[0].msi_count = builder.domains[0].msi_first = 0;
	builder.domains[0].msi_ipa_page = 0;
	expect_refused("mappings", "space", ERR_RIGHT);
	image_builder_make_hardware(&builder);
	builder.regions[0].flags = PV_REGION_LOADED; /* as a guest's RAM is */
	finish();
	expect_accepted();
	builder.mappings[1].space = PV_SPACE_GUEST;
	builder.mappings[1].ipa_page += 100;
	builder.regions[0].flags = 0;
	expect_refused("regions", "mappings.count", ERR_RIGHT);
}

/* Boards that lack what an image needs, or have it in another way. */
static void test_other_boards(void **state)
{
	struct image_board board = image_builder_board;
	struct image_fault fault;

	(void)state;
	builder.bounds.hardware = &board;
	board.smmu = false;
	assert_int_equal(check(&fault), ERR_RIGHT);
	assert_string_equal(fault.table, "streams");
	board.smmu = true;
	board.msi_page = 0;
	assert_int_equal(check(&fault), ERR_ARG);
	assert_string_equal(fault.field, "msi_count");
	board = image_builder_board;
	board.window_count = 0;
	assert_int_equal(check(&fault), ERR_RANGE);
	assert_string_equal(fault.table, "windows");
	board = image_builder_board;
	board.gicc_page_count = 0; /* its CPU interface has no page */
	assert_int_equal(check(&fault), ERR_RANGE);
	assert_string_equal(fault.field, "gicc_ipa_page");
	for (uint32_t i = 0; i < 2; i++) {
		builder.domains[i].gicc_ipa_page = 0;
	}
	finish();
	assert_int_equal(check(&fault), OK);
	/* Where devices are told apart their MSIs are no interrupts of the board. */
	builder.domains[0].msi_first = builder.domains[1].msi_first = 200;
	finish();
	assert_int_equal(check(&fault), ERR_RANGE);
	board.msis.count = 0;
	assert_int_equal(check(&fault), OK);
	builder.domains[1].msi_first = PV_VIRQS - 1;
	finish();
	assert_int_equal(check(&fault), ERR_RANGE);
	assert_string_equal(fault.field, "msi_first");
}

/* What nobody may be given of the board, and what one alone may have. */
static void test_hardware(void **state)
{
	struct pv_device *device = &builder.devices[0];
	struct pv_irq *irq = &builder.irqs[0];
	struct pv_cap *cap = &builder.caps[builder.domains[1].caps.first];

	(void)state;
	for (uint32_t i = 0; i < image_builder_board.kept_count; i++) {
		device->page = image_builder_board.kept[i].first - 1; /* of its two pages */
		expect_refused("devices", "page", ERR_OVERLAP);
	}
	device->page = BUILDER_DEVICE_PAGE + 1;
	expect_refused("devices", "page", ERR_OVERLAP);
	device->page = BUILDER_DEVICE_PAGE;
	device->space = PV_SPACE_DMA;
	expect_refused("devices", "space", ERR_RANGE);
	device->space = PV_SPACE_GUEST;
	device->rights |= PV_RIGHT_EXEC;
	expect_refused("devices", "rights", ERR_ARG);
	device->rights &= (uint16_t)~PV_RIGHT_EXEC;
	static const uint32_t taken[] = {BUILDER_MSI_IPA, BUILDER_GICC_IPA + 1,
	                                 BUILDER_GUEST_IPA + 15, BUILDER_DEVICE_IPA + 3};
	for (uint32_t i = 0; i < ARRAY_COUNT(taken); i++) {
		builder.devices[1].ipa_page = taken[i];
		device->ipa_page = taken[i] - (i == 3 ? 1 : 0);
		expect_refused("devices", "ipa_page", ERR_OVERLAP);
	}
	image_builder_make_hardware(&builder);
	irq->intid = BUILDER_KERNEL_INTID;
	expect_refused("irqs", "intid", ERR_RIGHT);
	irq->intid = 35;
	irq->virq = 287;
	expect_refused("irqs", "virq", ERR_OVERLAP);
	irq->virq = BUILDER_MSI_INTID;
	expect_refused("irqs", "virq", ERR_OVERLAP);
	irq->virq = 40;
	builder.domains[1].msi_first--; /* the first's last one */
	expect_refused("domains", "msi_first", ERR_OVERLAP);
	builder.domains[1].msi_first++;
	*cap = (struct pv_cap){PV_CAP_STREAM, 0};
	expect_refused("caps", "object", ERR_CAP);
	*cap = (struct pv_cap){PV_CAP_WINDOW, 1};
	expect_refused("caps", "object", ERR_CAP);
	*cap = (struct pv_cap){PV_CAP_WINDOW, 3}; /* nobody's */
	expect_refused("caps", "object", ERR_CAP);
}

/* Rules of windows, alone and against those of another on the same page. */
static void test_windows(void **state)
{
	struct pv_window_rule *rules = builder.window_rules;

	(void)state;
	rules[0].keep = 4;
	expect_refused("window_rules", "keep", ERR_OVERLAP);
	rules[0].keep = 0;
	rules[7].writable |= 0x100;
	rules[7].keep &= ~0x100U; /* the other's */
	expect_refused("window_rules", "writable", ERR_OVERLAP);
	rules[9].writable &= ~0x100U;
	rules[9].keep |= 0x100;
	finish();
	expect_accepted();
	rules[9].keep &= ~1U; /* a write of the second clears what is the first's */
	expect_refused("window_rules", "writable", ERR_OVERLAP);
	rules[9].keep |= 1;
	rules[7].flags = PV_RULE_INITIAL; /* a write of the first restores what is the second's */
	expect_refused("window_rules", "writable", ERR_OVERLAP);
	rules[7].flags = PV_RULE_PROBE;
	expect_refused("window_rules", "flags", ERR_ARG);
	rules[7].flags = 0;
	rules[11].writable = 2; /* nobody */
	expect_refused("window_rules", "writable", ERR_RIGHT);
	rules[11].writable = 0;
	rules[8].initial = 1;
	expect_refused("window_rules", "initial", ERR_ARG);
	rules[8].initial = 0;
	builder.windows[1].domain = 1; /* which has the next one too */
	expect_refused("windows", "page", ERR_OVERLAP);
	builder.windows[1].domain = 0;
	builder.windows[3].page++;
	expect_refused("windows", "page", ERR_RANGE);
}

#define COMMAND 0U /* rules of the builder's function: its command, six base addresses */
#define BARS 1U
#define BARS_END 7U
#define OTHERS 7U /* and those of two windows on a page */

/* When a function of PCI decodes is the image's, not its holder's. */
static void test_command(void **state)
{
	struct pv_window_rule *rules = builder.window_rules;

	(void)state;
	rules[COMMAND].writable = 7; /* ports, too */
	expect_refused("window_rules", "writable", ERR_RIGHT);
	rules[COMMAND].writable = 0x406;
	rules[COMMAND].initial = 2; /* it decodes before its addresses are looked at */
	expect_refused("window_rules", "writable", ERR_RIGHT);
	rules[COMMAND].initial = 0x400;
	rules[COMMAND].writable = 6;
	finish();
	expect_accepted();
	rules[COMMAND].initial = 0;
	rules[COMMAND].flags = 0;
	expect_refused("window_rules", "writable", ERR_RIGHT);
	rules[COMMAND].flags = PV_RULE_INITIAL | PV_RULE_PROBE; /* all ones let it decode */
	expect_refused("window_rules", "flags", ERR_RIGHT);
	rules[COMMAND].flags = PV_RULE_INITIAL;
	rules[COMMAND].word = 0;
	rules[COMMAND].writable = 0; /* addresses are tried while it may decode */
	expect_refused("window_rules", "flags", ERR_RIGHT);
}

/* And so is where: no write, nor what a reset leaves, moves it. */
static void test_addresses(void **state)
{
	struct pv_window_rule *rules = builder.window_rules;

	(void)state;
	for (uint32_t i = BARS; i < BARS_END; i++) {
		const struct pv_window_rule good = rules[i];

		rules[i].flags = 0;
		rules[i].initial = 0;
		expect_refused("window_rules", "writable", ERR_RIGHT);
		rules[i] = good;
		rules[i].flags = PV_RULE_INITIAL; /* nobody has tried it */
		expect_refused("window_rules", "writable", ERR_RIGHT);
		rules[i] = good;
		rules[i].keep = 0; /* a write of any value moves it to 0 */
		expect_refused("window_rules", "writable", ERR_RIGHT);
		rules[i].writable = UINT32_MAX; /* or anywhere */
		expect_refused("window_rules", "writable", ERR_RIGHT);
		rules[i] = good;
		rules[i].keep &= ~BIT32(30); /* part of the way */
		expect_refused("window_rules", "writable", ERR_RIGHT);
		rules[i] = good;
		rules[i].keep = ~7U; /* of the lower four bits some are kept */
		rules[i].writable = 0;
		expect_refused("window_rules", "writable", ERR_RIGHT);
		rules[i] = good;
		rules[i].initial |= 1; /* what the first write takes away */
		expect_refused("window_rules", "writable", ERR_RIGHT);
		rules[i] = good;
		rules[i].writable = 0;
		rules[i].keep = BIT32(31);
		rules[i].initial = BIT32(31);
		finish();
		expect_accepted();
		rules[i] = good;
	}
}

/* An address without a rule is wherever it was. */
static void test_all_addresses(void **state)
{
	struct pv_window_rule *rules = builder.window_rules;

	(void)state;
	for (uint32_t i = BARS; i < BARS_END; i++) {
		image_builder_make_hardware(&builder);
		for (uint32_t n = i; n + 1 < BARS_END; n++) {
			rules[n] = rules[n + 1];
		}
		rules[BARS_END - 1] = (struct pv_window_rule){.word = 16, .writable = 1};
		expect_refused("windows", "rules", ERR_RIGHT);
		rules[COMMAND].writable = 4; /* it never decodes */
		finish();
		expect_accepted();
	}
}

/* Of the other words of the header the number of the line is the holder's. */
static void test_header(void **state)
{
	struct pv_window_rule *rules = builder.window_rules;

	(void)state;
	rules[OTHERS].word = 0;
	rules[OTHERS].writable = rules[OTHERS].keep = 0;
	rules[OTHERS + 2].keep = 0;
	for (uint32_t word = 2; word < 15; word++) {
		rules[OTHERS + 1].word = word;
		expect_refused("window_rules", "writable", ERR_RIGHT);
	}
	rules[OTHERS + 1].word = 15;
	rules[OTHERS + 1].writable = 0x1ff;
	expect_refused("window_rules", "writable", ERR_RIGHT);
	rules[OTHERS + 1].writable = 0xff;
	finish();
	expect_accepted();
}

/* A capability is not tried, and one window of a page has the whole place. */
static void test_one_place(void **state)
{
	struct pv_window_rule *rules = builder.window_rules;

	(void)state;
	rules[BARS_END - 1].word = 16;
	expect_refused("window_rules", "flags", ERR_RIGHT);
	rules[BARS_END - 1].word = 9;
	rules[OTHERS] = (struct pv_window_rule){.word = 1, .flags = PV_RULE_INITIAL};
	rules[OTHERS + 1] = (struct pv_window_rule){
		.word = 9, .keep = ~15U, .flags = PV_RULE_INITIAL | PV_RULE_PROBE};
	finish();
	expect_accepted();
	rules[OTHERS + 2] = rules[OTHERS];
	expect_refused("window_rules", "writable", ERR_OVERLAP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_dma, make_hardware),
		cmocka_unit_test_setup(test_other_boards, make_hardware),
		cmocka_unit_test_setup(test_hardware, make_hardware),
		cmocka_unit_test_setup(test_windows, make_hardware),
		cmocka_unit_test_setup(test_command, make_hardware),
		cmocka_unit_test_setup(test_addresses, make_hardware),
		cmocka_unit_test_setup(test_all_addresses, make_hardware),
		cmocka_unit_test_setup(test_header, make_hardware),
		cmocka_unit_test_setup(test_one_place, make_hardware),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
