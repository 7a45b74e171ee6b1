/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register windows: what the registers of a page are at boot, when it is closed, and that whatever
 * its holders write changes no bit but those that their rules give them.
 */
/* links: kernel/core/window.c kernel/core/log.c kernel/core/console.c kernel/core/call.c */
/* links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/domain.c */
/* links: kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c kernel/core/vgic.c kernel/core/line.c kernel/core/vgic_lr.c kernel/core/message.c */
/* links: kernel/core/doorbell.c kernel/core/trap.c kernel/variants/release.c tests/fake_arch/arch.c */
#include <string.h>

#include "kernel/core/call.h"
#include "kernel/core/window.h"
#include "tests/fake_arch/fake.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/steady_random.h"

#define PAGE 0x4010008U /* the function with everything */
#define NOBODYS 0x4010010U
#define COMMAND 1U
#define BAR 4U
#define BAR_HIGH 5U
#define IO_BAR 6U
#define NO_BAR 7U
#define SHARED 16U
#define LAST (PV_WINDOW_WORDS - 1)
#define BASE 0x10400000U /* of an aperture of 1 MiB */
#define APERTURE 0xfff00000U
#define INTX_OFF 0x400U
#define STATUS_LIST (1U << 20)
#define WINDOWS 3U /* 0 and 1 on one page: of two domains; 2: nobody's */
#define RULES_0 6U
#define RULES_1 1U
#define RULES 8U

/* A system image, as far as windows are concerned. */
static struct {
	struct pv_image_header header;
	struct pv_window windows[WINDOWS];
	struct pv_window_rule rules[RULES];
} image;

static const struct pv_window_rule rules[RULES] = {
	{.word = COMMAND,
         .writable = 6,
         .keep = INTX_OFF,
         .initial = INTX_OFF,
         .flags = PV_RULE_INITIAL},
	{.word = BAR, .keep = APERTURE, .initial = BASE, .flags = PV_RULE_INITIAL | PV_RULE_PROBE},
	{.word = BAR_HIGH, .keep = UINT32_MAX, .flags = PV_RULE_INITIAL | PV_RULE_PROBE},
	{.word = IO_BAR, .keep = ~15U, .flags = PV_RULE_INITIAL | PV_RULE_PROBE},
	{.word = NO_BAR, .keep = ~15U, .flags = PV_RULE_INITIAL | PV_RULE_PROBE},
	{.word = SHARED, .writable = 0xff, .keep = 0xff00},
	{.word = SHARED, .writable = 0xff00, .keep = 0xff},
	{.word = COMMAND, .flags = PV_RULE_INITIAL},
};

static struct fake_function *const own = &fake.functions[0];
static struct fake_function *const nobodys = &fake.functions[1];

static void set_bars(uint32_t bar, uint32_t high)
{
	own->words[BAR] = 0x4; /* 64 bits */
	own->writable[BAR] = bar;
	own->writable[BAR_HIGH] = high;
}

/* Functions as some firmware has left them, at work. */
static void make(void)
{
	fake_build(2, 1, 1);
	own->page = PAGE;
	own->words[0] = 0x11e81234;
	own->words[COMMAND] = 7;
	own->writable[COMMAND] = 0xffff;
	set_bars(APERTURE, UINT32_MAX);
	own->words[IO_BAR] = 1;
	own->writable[IO_BAR] = 0xffffff00;
	own->writable[SHARED] = UINT32_MAX;
	own->words[LAST] = 0x1a57;
	own->writable[LAST] = UINT32_MAX;
	nobodys->page = NOBODYS;
	nobodys->words[COMMAND] = 7;
	nobodys->writable[COMMAND] = 0xffff;
	memset(&image, 0, sizeof(image));
	memcpy(image.rules, rules, sizeof(rules));
	image.windows[0] = (struct pv_window){PAGE, 0, {0, RULES_0}};
	image.windows[1] = (struct pv_window){PAGE, 1, {RULES_0, RULES_1}};
	image.windows[2] = (struct pv_window){NOBODYS, PV_NOBODY, {RULES_0 + RULES_1, 1}};
	image.header.windows = (struct pv_table){
		(uint32_t)((uintptr_t)image.windows - (uintptr_t)&image), WINDOWS};
	image.header.window_rules =
		(struct pv_table){(uint32_t)((uintptr_t)image.rules - (uintptr_t)&image), RULES};
}

static void build(void)
{
	window_build(&image.header);
	fake.window_must_lock = true;
	fake.stores = 0;
}

static bool said(const char *what)
{
	return strstr((const char *)fake.output, what) != NULL;
}

static void test_registers_at_boot(void **state)
{
	(void)state;
	make();
	build();
	assert_int_equal(own->words[COMMAND], INTX_OFF);
	assert_int_equal(own->words[BAR], BASE | 4);
	assert_int_equal(own->words[BAR_HIGH], 0);
	assert_int_equal(own->words[IO_BAR], 1);
	assert_int_equal(nobodys->words[COMMAND], 0);
	assert_false(kernel.windows[0].closed);
	assert_false(said("closed"));
}

static void test_every_word_is_read(void **state)
{
	uint64_t value = 0;

	(void)state;
	make();
	build();
	assert_int_equal(window_read(0, 0, &value), OK);
	assert_int_equal(value, 0x11e81234);
	assert_int_equal(window_read(1, LAST, &value), OK);
	assert_int_equal(value, 0x1a57);
	assert_int_equal(window_read(0, PV_WINDOW_WORDS, &value), ERR_RANGE);
	assert_int_equal(value, UINT32_MAX);
	assert_int_equal(window_read(0, 1ULL << 32, &value), ERR_RANGE);
}

static void test_what_may_not_be_written(void **state)
{
	(void)state;
	make();
	build();
	assert_int_equal(window_write(0, 0, 0), ERR_RIGHT);
	assert_int_equal(window_write(0, LAST, 0), ERR_RIGHT);
	assert_int_equal(window_write(1, COMMAND, 0), ERR_RIGHT); /* the other holder's */
	assert_int_equal(window_write(0, PV_WINDOW_WORDS + COMMAND, 0), ERR_RANGE);
	assert_int_equal(window_write(0, 1ULL << 32 | COMMAND, 0), ERR_RANGE);
	assert_int_equal(window_write(0, COMMAND, 1ULL << 32), ERR_RANGE);
	assert_int_equal(fake.stores, 0);
}

/* A reset takes a function's registers back. The next write of any restores all, and only then may it
 * decode, or raise its line. */
static void test_a_bar_stays(void **state)
{
	(void)state;
	make();
	build();
	assert_int_equal(window_write(0, BAR, 0xe0000000), OK);
	assert_int_equal(own->words[BAR], BASE | 4);
	own->words[BAR] = 4;
	own->words[COMMAND] = 0;
	assert_int_equal(window_write(0, BAR, 0xe0000000), OK);
	assert_int_equal(own->words[BAR], BASE | 4);
	assert_int_equal(own->words[COMMAND], INTX_OFF);
	assert_int_equal(window_write(0, COMMAND, 0xffff), OK);
	assert_int_equal(own->words[COMMAND], INTX_OFF | 6);
	own->words[BAR] = 4;
	own->words[COMMAND] = 0;
	assert_int_equal(window_write(0, COMMAND, 6), OK);
	assert_int_equal(own->words[BAR], BASE | 4);
	assert_int_equal(own->words[COMMAND], INTX_OFF | 6);
	own->words[BAR] = 4;
	own->words[COMMAND] = 0;
	assert_int_equal(window_write(0, SHARED, 0), OK);
	assert_int_equal(own->words[BAR], BASE | 4);
	assert_int_equal(own->words[COMMAND], INTX_OFF);
}

/* A function that is not back yet, or has become larger by its reset, is not let decode. */
static void test_a_bar_that_does_not_come_back(void **state)
{
	(void)state;
	make();
	build();
	own->words[COMMAND] = 0;
	own->words[BAR] = 4;
	own->writable[BAR] = 0xff800000;
	assert_int_equal(window_write(0, COMMAND, 6), ERR_STATE);
	assert_int_equal(own->words[COMMAND], INTX_OFF);
	own->page = 0;
	assert_int_equal(window_write(0, COMMAND, 6), ERR_STATE);
	own->page = PAGE;
	own->writable[BAR] = APERTURE;
	assert_int_equal(window_write(0, COMMAND, 6), OK);
	assert_int_equal(own->words[COMMAND], INTX_OFF | 6);
}

static uint32_t reset_in;     /* accesses until a reset ends; 0: none is under way */
static bool reset_is_partial; /* it leaves the command as it is */
static uint32_t astray;       /* accesses behind which the function decodes, not in its place */

static void come_back_late(struct fake_function *function)
{
	if (reset_in && --reset_in == 0) {
		function->words[BAR] = 4;
		function->words[COMMAND] = reset_is_partial ? function->words[COMMAND] : 0;
	}
	astray += function->words[BAR] != (BASE | 4) && (function->words[COMMAND] & 2);
}

/* A reset that was begun before, by a VMM that has died perhaps, ends while the function is let decode:
 * then it is turned off again, or is in its place. */
static void test_a_reset_that_ends_late(void **state)
{
	uint32_t refused = 0;

	(void)state;
	for (uint32_t n = 0; n < 64; n++) {
		reset_in = n / 2;
		reset_is_partial = n % 2;
		make();
		build();
		astray = 0;
		own->on_access = come_back_late;
		err_t err = window_write(0, COMMAND, 6);

		own->on_access = NULL;
		refused += err == ERR_STATE;
		if (reset_in || n < 2) { /* it has not come */
			assert_int_equal(err, OK);
			continue;
		}
		assert_true(!(own->words[COMMAND] & 2) || own->words[BAR] == (BASE | 4) ||
		            reset_is_partial);
		assert_int_equal(window_write(0, SHARED, 0), OK);
		assert_int_equal(own->words[BAR], BASE | 4);
		assert_int_equal(window_write(0, COMMAND, 6), OK);
		assert_int_equal(own->words[COMMAND], INTX_OFF | 6);
		/* From the store that meets the reset to the one that follows the look at it. */
		assert_in_range(astray, 0, 4 + reset_is_partial * RULES_0);
	}
	assert_in_range(refused, 1, 32);
}

/* A function that decodes, and has lost its place, is put back with decoding off. */
static void test_a_place_is_restored_at_rest(void **state)
{
	(void)state;
	make();
	build();
	assert_int_equal(window_write(0, COMMAND, 6), OK);
	own->words[BAR] = 4;
	assert_int_equal(window_write(0, SHARED, 0), OK);
	assert_int_equal(own->words[BAR], BASE | 4);
	assert_int_equal(own->words[COMMAND], INTX_OFF);
}

/* Whatever two holders of a page write, in whatever order, each finds its bits as it left them. */
static void test_holders_share_a_word(void **state)
{
	static const uint32_t masks[2] = {0xff, 0xff00};
	uint32_t left[2] = {0, 0};

	(void)state;
	make();
	build();
	random_start(1);
	own->words[SHARED] = 0;
	for (uint32_t n = 0; n < 1000; n++) {
		uint32_t who = random_below(2);
		uint32_t value = random_next();

		assert_int_equal(window_write(who, SHARED, value), OK);
		left[who] = value & masks[who];
		assert_int_equal(own->words[SHARED], left[0] | left[1]);
	}
}

static void closed(uint32_t bar, uint32_t high, const char *line)
{
	uint64_t value = 0;

	make();
	set_bars(bar, high);
	build();
	assert_true(said(line));
	assert_int_equal(own->words[COMMAND], INTX_OFF); /* it is at rest all the same */
	for (uint32_t holder = 0; holder < 2; holder++) {
		assert_int_equal(window_read(holder, 0, &value), ERR_STATE);
		assert_int_equal(value, UINT32_MAX);
		assert_int_equal(window_write(holder, holder ? SHARED : COMMAND, 6), ERR_STATE);
	}
	assert_int_equal(fake.stores, 0);
	assert_int_equal(own->words[COMMAND], INTX_OFF);
}

static void test_a_bar_larger_than_its_aperture(void **state)
{
	(void)state;
	closed(0xffe00000, UINT32_MAX, "closed: word 4 reads 0x00000000ffe00004\n");
	closed(0, 0xffffff00, "closed: word 4 reads 0x0000000000000004\n");
	closed(APERTURE, 0xffffff00, "closed: word 5 reads 0x00000000ffffff00\n");
}

static void test_a_bar_smaller_than_its_aperture(void **state)
{
	(void)state;
	make();
	set_bars(0xfffff000, UINT32_MAX);
	build();
	assert_false(kernel.windows[0].closed);
}

/* Memory where the rules know none. */
static void test_a_bar_without_aperture(void **state)
{
	(void)state;
	make();
	own->writable[NO_BAR] = 0xfffff000;
	build();
	assert_true(kernel.windows[0].closed);
	assert_int_equal(own->words[NO_BAR], 0);
	assert_false(kernel.windows[2].closed);
}

/* Ranges that no base address register moves. */
static void test_enhanced_allocation(void **state)
{
	(void)state;
	for (uint32_t there = 0; there < 2; there++) {
		make();
		own->words[COMMAND] |= STATUS_LIST;
		own->words[13] = 0x40;
		own->words[0x40 / 4] = 0x5001; /* its status never ends: a loop */
		own->words[0x50 / 4] = there ? 0x4014 : 0x4005;
		own->writable[SHARED] = 0;
		build();
		assert_int_equal(kernel.windows[0].closed, there);
		assert_int_equal(said("closed: word 20 reads 0x0000000000004014\n"), there);
	}
}

/* None, or one that does not answer yet. */
static void test_no_function(void **state)
{
	uint64_t value = 0;

	(void)state;
	make();
	own->page = 0;
	build();
	assert_true(said("closed: word 4 reads 0x00000000ffffffff\n"));
	assert_int_equal(window_read(0, 0, &value), ERR_STATE);
	assert_false(kernel.windows[2].closed);
}

static err_t call(uint64_t number, uint64_t cap, uint64_t word, uint64_t value)
{
	uint64_t *x = kernel.domains[0].vmm_regs.x;

	x[0] = cap;
	x[1] = word;
	x[2] = value;
	x[8] = number;
	call_dispatch(&kernel.vcpus[0]);
	return (err_t)x[0];
}

static void test_calls(void **state)
{
	(void)state;
	make();
	build();
	kernel.domains[0].image.caps = (struct pv_slice){1, 2};
	kernel.caps[0] = (struct pv_cap){PV_CAP_WINDOW, 0};
	kernel.caps[1] = (struct pv_cap){PV_CAP_VCPU, 0};
	kernel.caps[2] = (struct pv_cap){PV_CAP_WINDOW, 1};
	assert_int_equal(call(PV_CALL_WINDOW_READ, 1, 0, 0), OK);
	assert_int_equal(kernel.domains[0].vmm_regs.x[1], 0x11e81234);
	assert_int_equal(call(PV_CALL_WINDOW_READ, 0, 0, 0), ERR_CAP);
	assert_int_equal(call(PV_CALL_WINDOW_READ, UINT64_MAX, 0, 0), ERR_CAP);
	own->words[SHARED] = 0;
	assert_int_equal(call(PV_CALL_WINDOW_WRITE, 1, SHARED, 0x1234), OK);
	assert_int_equal(own->words[SHARED], 0x1200);
	assert_int_equal(call(PV_CALL_WINDOW_WRITE, 0, SHARED, 0), ERR_CAP);
	assert_int_equal(own->words[SHARED], 0x1200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers_at_boot),
		cmocka_unit_test(test_every_word_is_read),
		cmocka_unit_test(test_what_may_not_be_written),
		cmocka_unit_test(test_a_bar_stays),
		cmocka_unit_test(test_a_bar_that_does_not_come_back),
		cmocka_unit_test(test_a_reset_that_ends_late),
		cmocka_unit_test(test_a_place_is_restored_at_rest),
		cmocka_unit_test(test_holders_share_a_word),
		cmocka_unit_test(test_a_bar_larger_than_its_aperture),
		cmocka_unit_test(test_a_bar_smaller_than_its_aperture),
		cmocka_unit_test(test_a_bar_without_aperture),
		cmocka_unit_test(test_enhanced_allocation),
		cmocka_unit_test(test_no_function),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
