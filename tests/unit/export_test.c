/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plan of an export: numbers, and addresses that are free in every VM, whatever a topology
 * gives and leaves open.
 *
 * links: topo/export/plan.c topo/export/camkes.c topo/export/devices.c topo/export/explain.c topo/export/explain_options.c
 * links: topo/export/notes.c topo/export/explain_slot.c
 * libs: z lzma zstd lz4 json-c crypto
 * links: topo/base topo/diag topo/rules topo/language topo/model topo/rootfs topo/resolve topo/checks topo/front
 * flags: -D_GNU_SOURCE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/steady_random.h"
#include "topo/diag/source.h"
#include "topo/export/export.h"
#include "topo/front/load.h"
#include "topo/model/board.h"

#define OFF                                                                                        \
	"limit-vms", "limit-vcpus", "limit-connections", "limit-doorbells", "limit-interrupts",    \
		"limit-queues", "ram-fits", "dma-unconfined"

struct fixture {
	struct diag *diag;
	struct model *model;
	struct arena *arena;
	struct export_plan plan;
};

static void start(struct fixture *f, const char *text, const char *board)
{
	const char *off[] = {OFF};
	const struct load_options options = {
		.board = board,
		.checks_off = off,
		.checks_off_count = sizeof(off) / sizeof(off[0]),
	};

	setenv("PEERVISOR_SHARE", "topo", 1);
	f->diag = diag_new();
	f->model = model_load_source(
		source_add_text(diag_sources(f->diag), "t.camkes", text, strlen(text)), &options,
		f->diag);
	if (f->model == NULL) {
		diag_flush(f->diag, stderr);
		fputs(text, stderr);
	}
	assert_non_null(f->model);
	f->arena = arena_new();
	f->plan = export_plan(f->model, f->arena, true);
}

static void finish(struct fixture *f)
{
	arena_free(f->arena);
	model_free(f->model);
	diag_free(f->diag);
}

struct span {
	uint64_t base, bytes;
};

static void assert_apart(const struct span *spans, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_not_equal(spans[i].base, 0);
		for (size_t j = 0; j < i; j++) {
			const struct span *low =
				spans[i].base < spans[j].base ? &spans[i] : &spans[j];
			const struct span *high = low == &spans[i] ? &spans[j] : &spans[i];

			assert_in_range(high->base, low->base + low->bytes, UINT64_MAX);
		}
	}
}

/* All that one VM sees: its RAM, and of each of its connections the shared memory. */
static void assert_vm_apart(const struct fixture *f, size_t vm)
{
	struct span spans[64];
	size_t count = 0;

	spans[count++] = (struct span){f->plan.vms[vm].ram_base, f->model->vms[vm].ram_bytes};
	for (size_t i = 0; i < f->model->connection_count; i++) {
		const struct connection *connection = &f->model->connections[i];
		const struct export_link *link = &f->plan.links[i];
		bool device = connection->device_vm == vm;

		if (device || (connection->driver_vm == vm && connection->swiotlb)) {
			assert_true(count < 64);
			spans[count++] = (struct span){link->data_base, link->data_bytes};
		}
	}
	for (size_t i = 0; i < f->model->vms[vm].mmio_count; i++) {
		spans[count++] = (struct span){f->model->vms[vm].mmios[i].base,
		                               f->model->vms[vm].mmios[i].bytes};
	}
	assert_apart(spans, count);
	assert_in_range(f->plan.vms[vm].dtb, f->plan.vms[vm].ram_base,
	                f->plan.vms[vm].ram_base + f->model->vms[vm].ram_bytes - 1);
	assert_in_range(f->plan.vms[vm].initrd, f->plan.vms[vm].ram_base,
	                f->plan.vms[vm].ram_base + f->model->vms[vm].ram_bytes - 1);
}

static void numbers_are_kept(void **state)
{
	struct fixture f;

	(void)state;
	start(&f,
	      "assembly { composition { component VM vm7; component VM vm0; component VM vm12; } }",
	      NULL);
	assert_int_equal(f.plan.vms[0].number, 7);
	assert_int_equal(f.plan.vms[1].number, 0);
	assert_int_equal(f.plan.vms[2].number, 12);
	finish(&f);
}

static void names_are_counted(void **state)
{
	struct fixture f;

	(void)state;
	start(&f,
	      "assembly { composition { component VM vm7; component VM vm_x; component VM vm12; } "
	      "}",
	      NULL);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(f.plan.vms[i].number, i);
	}
	finish(&f);
}

/* Control pages of one device VM in one region, in order; 64 fill it. */
static void control_regions_fill(void **state)
{
	char text[16384];
	size_t used = 0;
	struct fixture f;

	(void)state;
	used += (size_t)snprintf(text, sizeof(text), "assembly { composition { component VM vm_h;");
	for (int i = 0; i < 66; i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		                         "component VM vm_s%d; VIRTIO_COMPOSITION_DEF(h, s%d) ", i,
		                         i);
	}
	snprintf(text + used, sizeof(text) - used, "} }");
	start(&f, text, NULL);
	for (size_t i = 1; i < 66; i++) {
		bool same = f.plan.links[i].ctrl_base == f.plan.links[0].ctrl_base;

		assert_int_equal(same, i < 64);
	}
	assert_int_equal(f.plan.links[64].ctrl_base, f.plan.links[65].ctrl_base);
	finish(&f);
}

/* A part of the configuration that may be given or not. */
static size_t maybe(char *text, size_t room, const char *format, int a, int b)
{
	/* The formats are this file's own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	int bytes = random_below(3) == 0 ? snprintf(text, room, format, a, b) : 0;
#pragma GCC diagnostic pop

	assert_true(bytes >= 0 && (size_t)bytes < room);
	return (size_t)bytes;
}

/* A topology of @vms VMs in which anything may serve what comes after it. */
static void make_topology(char *text, size_t room, int vms)
{
	bool joined[8][8] = {{false}};
	size_t used = (size_t)snprintf(text, room, "assembly { composition {");

	for (int i = 0; i < vms; i++) {
		used += (size_t)snprintf(text + used, room - used, "component VM vm_n%d;", i);
	}
	for (int i = 0; i < vms; i++) {
		for (int j = 0; j < vms; j++) {
			if (i != j && random_below(3) == 0) {
				joined[i][j] = true;
				used += (size_t)snprintf(text + used, room - used,
				                         "VIRTIO_COMPOSITION_DEF(n%d, n%d)", i, j);
			}
		}
	}
	used += (size_t)snprintf(text + used, room - used, "} configuration {");
	for (int i = 0; i < vms; i++) {
		used += maybe(text + used, room - used, "vm_n%d.ram_base = 0x%d000000;", i,
		              40 + 10 * (int)random_below(4));
		used += maybe(text + used, room - used,
		              "vm_n%d.untyped_mmios = [\"0x30000%02d000:12\"];", i, i);
		for (int j = 0; j < vms; j++) {
			if (joined[i][j]) {
				used += maybe(text + used, room - used,
				              "vmn%d_vmn%d_memdev.size = \"24M\";", i, j);
			}
		}
	}
	snprintf(text + used, room - used, "} }");
}

static void whatever_is_given(void **state)
{
	static char text[65536];

	(void)state;
	random_start(11);
	for (size_t round = 0; round < 200; round++) {
		struct fixture f;

		make_topology(text, sizeof(text), 1 + (int)random_below(8));
		start(&f, text, round % 2 == 0 ? "qemu-virt" : "rpi4");
		for (size_t i = 0; i < f.model->vm_count; i++) {
			assert_vm_apart(&f, i);
		}
		FILE *sink = fopen("/dev/null", "w");

		assert_non_null(sink);
		export_print_application(&f.plan, sink, true);
		export_print_devices(&f.plan, sink);
		export_print_build(&f.plan, sink);
		fclose(sink);
		finish(&f);
	}
}

/* VMs whose devices do DMA come first and lie in the board's RAM. */
static void dma_needs_real_ram(void **state)
{
	struct fixture f;

	(void)state;
	start(&f,
	      "assembly { composition { component VM vm_a; component VM vm_b; } configuration {"
	      "vm_a.ram_size = \"6G\"; vm_b.irqs = [40]; vm_b.ram_size = \"1G\"; } }",
	      NULL);
	assert_false(f.plan.vms[0].one_to_one);
	assert_true(f.plan.vms[1].one_to_one);
	assert_int_equal(f.plan.vms[1].ram_base, 0x40000000);
	assert_int_equal(f.plan.vms[0].ram_base, 0x80000000);
	finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_kept),     cmocka_unit_test(names_are_counted),
		cmocka_unit_test(control_regions_fill), cmocka_unit_test(whatever_is_given),
		cmocka_unit_test(dma_needs_real_ram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
