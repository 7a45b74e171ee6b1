/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The drawing: places of large topologies and odd ones, and texts that Graphviz must not take for
 * its own.
 *
 * links: topo/draw/draw.c topo/draw/place.c topo/draw/words.c topo/base/arena.c topo/base/units.c
 * links: topo/model/board.c
 * links: topo/model/board_qemu_virt.c topo/model/board_qemu_virt_v3.c topo/model/board_rpi4.c
 * links: topo/model/device_options.c
 * links: topo/base/utf8.c topo/base/strmap.c topo/model/hardware.c topo/model/hardware_board.c
 * links: topo/model/hardware_kind.c topo/model/pci.c topo/model/pci_models.c
 * flags: -D_GNU_SOURCE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/steady_random.h"
#include "topo/base/arena.h"
#include "topo/draw/draw.h"
#include "topo/model/board.h"

#define MANY 3000U

/* A model of VMs that have nothing but a name. */
struct fixture {
	struct arena *arena;
	struct model model;
};

static void start(struct fixture *f, size_t vms)
{
	f->arena = arena_new();
	f->model = (struct model){.name = "t", .board = board_at(0), .cpu_count = 1};
	f->model.vms = arena_alloc(f->arena, (vms + 1) * sizeof(struct vm));
	f->model.vm_count = vms;
	for (size_t i = 0; i < vms; i++) {
		f->model.vms[i].name = arena_printf(f->arena, "n%zu", i);
		f->model.vms[i].vcpu_count = 1;
		f->model.vms[i].ram_bytes = 64 << 20;
	}
}

static void join(struct fixture *f, uint32_t device, uint32_t driver)
{
	struct connection *connection =
		ARENA_ADD(f->arena, f->model.connections, f->model.connection_count);

	connection->device_vm = device;
	connection->driver_vm = driver;
	connection->swiotlb = true;
	connection->pool_bytes = 8 << 20;
}

static void finish(struct fixture *f)
{
	arena_free(f->arena);
}

/* The drawing as text, to be freed. */
static char *drawn(const struct fixture *f)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	draw_print(&f->model, out);
	fclose(out);
	return text;
}

static void few_leaves_share_a_column(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4);
	for (uint32_t i = 1; i < 4; i++) {
		join(&f, 0, i);
	}
	const struct draw_place place = draw_place(&f.model, f.arena);

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(place.ranks[i], 1);
	}
	assert_int_equal(place.step_count, 0);
	finish(&f);
}

static void many_leaves_spread(void **state)
{
	struct fixture f;
	uint32_t counts[8] = {0};

	(void)state;
	start(&f, 50);
	for (uint32_t i = 1; i < 50; i++) {
		join(&f, i % 2 == 0 ? 0 : i, i % 2 == 0 ? i : 0);
	}
	const struct draw_place place = draw_place(&f.model, f.arena);

	for (size_t i = 0; i < 49; i++) {
		assert_in_range(place.ranks[i], 1, 5);
		counts[place.ranks[i]]++;
	}
	/* 24 and 25 leaves on either side, in 5 columns each. */
	for (size_t i = 1; i <= 5; i++) {
		assert_in_range(counts[i], 9, 10);
	}
	finish(&f);
}

static void chains_fold(void **state)
{
	struct fixture f;
	size_t folds = 0;

	(void)state;
	start(&f, 50);
	for (uint32_t i = 1; i < 50; i++) {
		join(&f, i - 1, i);
	}
	const struct draw_place place = draw_place(&f.model, f.arena);

	for (size_t i = 0; i < 49; i++) {
		folds += place.ranks[i] == 0 ? 1 : 0;
		assert_int_equal(place.ranks[i] == 0, (i + 1) % 8 == 0);
	}
	assert_int_equal(folds, 6);
	finish(&f);
}

/* Islands behind each other: from the last column of one to the first of the next in its row. */
static void islands_lie_in_rows(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 40);
	for (uint32_t i = 0; i < 40; i += 2) {
		join(&f, i + 1, i);
	}
	const struct draw_place place = draw_place(&f.model, f.arena);

	assert_in_range(place.step_count, 1, 19);
	size_t rows = 20 - place.step_count;

	for (size_t i = 0; i < place.step_count; i++) {
		assert_int_equal(place.steps[i].from, 2 * i);
		assert_int_equal(place.steps[i].to, 2 * (i + rows) + 1);
	}
	finish(&f);
}

/* Whatever joins what, circles and pairs that serve each other too. */
static void anything_has_a_place(void **state)
{
	(void)state;
	random_start(7);
	for (size_t round = 0; round < 300; round++) {
		struct fixture f;
		uint32_t vms = 1 + random_below(60);

		start(&f, vms);
		for (uint32_t i = random_below(120); vms > 1 && i > 0; i--) {
			uint32_t device = random_below(vms);

			join(&f, device, (device + 1 + random_below(vms - 1)) % vms);
		}
		const struct draw_place place = draw_place(&f.model, f.arena);

		for (size_t i = 0; i < f.model.connection_count; i++) {
			assert_in_range(place.ranks[i], 0, vms);
		}
		for (size_t i = 0; i < place.step_count; i++) {
			assert_in_range(place.steps[i].from, 0, vms - 1);
			assert_in_range(place.steps[i].to, 0, vms - 1);
			assert_int_not_equal(place.steps[i].from, place.steps[i].to);
		}
		char *one = drawn(&f);
		char *other = drawn(&f);

		assert_string_equal(one, other);
		free(one);
		free(other);
		finish(&f);
	}
}

static void one_long_circle(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		join(&f, i, (i + 1) % MANY);
	}
	const struct draw_place place = draw_place(&f.model, f.arena);

	assert_int_equal(place.step_count, 0);
	assert_int_equal(place.ranks[0], 1);
	assert_int_equal(place.ranks[7], 0);
	finish(&f);
}

static void nothing_at_all(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 0);
	char *text = drawn(&f);

	assert_non_null(strstr(text, "0 VMs"));
	free(text);
	finish(&f);
}

static void texts_are_escaped(void **state)
{
	static const struct {
		const char *text;
		const char *drawn;
	} cases[] = {
		{"a<b>&\"c\"", ": a&#60;b&#62;&#38;&#34;c&#34;<"},
		{"\xc3\xa9\xe2\x82\xac", ": \xc3\xa9\xe2\x82\xac<"},
		{"cut \xe2\x82", ": cut \?\?<"},
		{"\xff\xc0\xaf", ": \?\?\?<"},
		{"line\nbreak\x7f\x01", ": line?break\?\?<"},
		{"\\n \\G {|}", ": \\\\n \\\\G {|}<"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;

		start(&f, 1);
		f.model.vms[0].asset = cases[i].text;
		char *text = drawn(&f);

		if (strstr(text, cases[i].drawn) == NULL) {
			fail_msg("case %zu: %s", i, text);
		}
		free(text);
		finish(&f);
	}
}

static void hardware_is_named(void **state)
{
	struct range ranges[7];
	const char *nodes[] = {"/soc/serial@7e215040", "/", "plain"};
	struct pci_function function = {.name = "", .bus = 1, .device = 31, .function = 7};
	struct fixture f;

	(void)state;
	start(&f, 1);
	for (size_t i = 0; i < 7; i++) {
		ranges[i] = (struct range){.base = 0x1000 * (i + 1), .bytes = 0x1000};
	}
	f.model.vms[0].mmios = ranges;
	f.model.vms[0].mmio_count = 7;
	f.model.vms[0].pci = &function;
	f.model.vms[0].pci_count = 1;
	f.model.vms[0].dtb_nodes = nodes;
	f.model.vms[0].dtb_node_count = 3;
	char *text = drawn(&f);

	/* "/" brings all that the board has below it. */
	assert_non_null(strstr(text, ">PCI 1:31.7, serial, pl031, pl061,<BR/>fw-cfg, +"));
	free(text);
	finish(&f);
}

/* Registers of a device that has a name already say nothing new; those of another do. What the
 * board cannot confine is marked. */
static void hardware_is_named_once(void **state)
{
	struct range ranges[] = {
		{.base = 0xfd580000, .bytes = 0x10000},
		{.base = 0x12345000, .bytes = 0x1000},
	};
	struct pci_function function = {.name = "genet", .bus = 1};
	struct fixture f;

	(void)state;
	start(&f, 2);
	f.model.board = board_find("rpi4");
	f.model.vms[0].mmios = ranges;
	f.model.vms[0].mmio_count = 1;
	f.model.vms[0].pci = &function;
	f.model.vms[0].pci_count = 1;
	char *text = drawn(&f);

	assert_non_null(strstr(text, "STYLE=\"DASHED\"><FONT POINT-SIZE=\"10\">genet<BR/>"));
	assert_non_null(strstr(text, "<B>DMA to all memory</B>"));
	free(text);
	function.name = "uart";
	f.model.vms[0].mmio_count = 2;
	text = drawn(&f);
	assert_non_null(strstr(text, ">uart, ethernet, RAM of the board<"));
	free(text);
	f.model.board = board_find("qemu-virt");
	f.model.vms[0].mmio_count = 0;
	text = drawn(&f);
	assert_non_null(strstr(text, ">uart<"));
	assert_null(strstr(text, "DMA"));
	free(text);
	finish(&f);
}

static void webs_are_left_to_forces(void **state)
{
	(void)state;
	for (uint32_t vms = 10; vms <= 50; vms += 40) {
		struct fixture f;

		start(&f, vms);
		for (uint32_t i = 0; i < vms; i++) {
			join(&f, i, (i + 1) % vms);
			join(&f, i, (i + 4) % vms);
		}
		char *text = drawn(&f);

		assert_int_equal(draw_place(&f.model, f.arena).web, vms == 50);
		assert_int_equal(strstr(text, "layout=fdp") != NULL, vms == 50);
		assert_int_equal(strstr(text, "rankdir=LR") != NULL, vms != 50);
		free(text);
		finish(&f);
	}
}

/* Two columns of 25 are a tower; five of ten are not. */
static void towers_are_webs(void **state)
{
	(void)state;
	for (uint32_t width = 10; width <= 25; width += 15) {
		struct fixture f;

		start(&f, 50);
		for (uint32_t i = width; i < 50; i++) {
			join(&f, i - width, i);
			join(&f, (i - width) / width * width + (i + 1) % width, i);
			join(&f, (i - width) / width * width + (i + 2) % width, i);
		}
		assert_int_equal(draw_place(&f.model, f.arena).web, width == 25);
		finish(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_leaves_share_a_column),
		cmocka_unit_test(many_leaves_spread),
		cmocka_unit_test(chains_fold),
		cmocka_unit_test(islands_lie_in_rows),
		cmocka_unit_test(anything_has_a_place),
		cmocka_unit_test(one_long_circle),
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(texts_are_escaped),
		cmocka_unit_test(hardware_is_named),
		cmocka_unit_test(hardware_is_named_once),
		cmocka_unit_test(webs_are_left_to_forces),
		cmocka_unit_test(towers_are_webs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
