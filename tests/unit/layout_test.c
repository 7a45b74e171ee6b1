/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo/image/layout*.c: addresses that the topology gives are kept and everything else goes around
 * them; what does not fit is an error that says so. Numbers are those of docs/guest.md.
 */
/* links: topo/image/apertures.c topo/image/layout_hardware.c topo/model topo/base */
/* links: topo/image/layout_hardware_tables.c */
/* links: topo/image/layout.c topo/image/layout_guest.c topo/image/layout_rights.c */
/* links: topo/image/layout_memory.c topo/image/layout_boot.c topo/image/span.c */
/* links: topo/image/personality.c topo/image/payload.c topo/diag/diag.c topo/diag/print.c */
/* links: topo/diag/source.c topo/base/arena.c topo/base/strmap.c tests/unit/layout_fixture.c */
/* links: topo/base/utf8.c topo/base/say.c topo/model/late.c */
/* links: tests/unit/hardware_fixture.c */
/* libs: elf */
#include <string.h>

#include "abi/calls.h"
#include "hardware_fixture.h"
#include "topo/image/layout.h"
#include "topo/image/span.h"

#define DTB_BYTES 0x2000U
#define MIB (1024ULL * 1024)

/* Lay out what is good. */
static struct layout *lay_out(struct fixture *f)
{
	struct layout *layout = layout_new(&f->model, &f->payloads, f->diag);

	layout_memory(layout);

	assert_true(fixture_good(f));
	assert_non_null(layout);
	return layout;
}

/* Lay out what is not, and see why. Ends the fixture. */
static void refuse(struct fixture *f, const char *why)
{
	assert_null(layout_new(&f->model, &f->payloads, f->diag));
	assert_true(fixture_said(f, why));
	fixture_end(f);
}

/* The same for what a VM boots. */
static void refuse_boot(struct fixture *f, uint32_t vm, const char *why)
{
	struct layout *layout = lay_out(f);

	assert_false(layout_boot(layout, vm, DTB_BYTES, f->diag));
	assert_true(fixture_said(f, why));
	layout_free(layout);
	fixture_end(f);
}

static void test_span(void **state)
{
	static struct span_map map;
	const struct span_zone zone = {0x1000, 0x9000, 0x1000};
	struct span span = {0x3000, 0x2000, "a", NULL, PLACE_NONE};
	struct span next = {0, 0x2000, "b", NULL, PLACE_NONE};

	(void)state;
	assert_null(span_claim(&map, &span));
	assert_ptr_equal(span_claim(&map, &span), &map.spans[0]);
	assert_ptr_equal(span_find(&map, 0x2fff, 2), &map.spans[0]);
	assert_null(span_find(&map, 0x2fff, 1));
	assert_null(span_find(&map, 0x5000, 1));
	assert_true(span_place(&map, &zone, &next));
	assert_int_equal(next.base, 0x1000);
	assert_true(span_place(&map, &zone, &next));
	assert_int_equal(next.base, 0x5000);
	assert_true(span_place(&map, &zone, &next));
	assert_int_equal(next.base, 0x7000);
	assert_false(span_place(&map, &zone, &next));
	assert_int_equal(map.count, 4);
}

/* Each kind in the zone that docs/guest.md names. */
static void test_zones(void **state)
{
	struct fixture f;
	struct layout *layout;
	const struct layout_connection *up;
	const struct layout_connection *down;

	(void)state;
	fixture_chain(&f);
	layout = lay_out(&f);
	up = &layout->connections[0];
	down = &layout->connections[1];
	/* The hybrid serves one connection, whose page comes first, and uses two devices. */
	assert_int_equal(layout->vms[1].doorbell_ipa, 0x0a000000);
	assert_int_equal(layout->vms[1].doorbell_page_count, 3);
	assert_int_equal(down->device_doorbell_ipa, 0x0a000000);
	assert_int_equal(up->devices[0].notify_ipa, 0x0a001000);
	assert_int_equal(up->devices[1].notify_ipa, 0x0a002000);
	assert_int_equal(up->devices[1].bar_ipa, 0x10004000);
	assert_int_equal(up->ecam_ipa, 0x20000000);
	assert_int_equal(down->device_iobuf_ipa, 0x30000000);
	assert_int_equal(up->driver_memory_ipa, 0x44000000);
	assert_int_equal(down->device_memory_ipa, 0x4000000000);
	/* Control and three queues, then the MSIs. */
	assert_int_equal(down->device_intid, 48);
	assert_int_equal(layout->vms[1].v2m_first, 52);
	assert_int_equal(layout->vms[1].v2m_count, 5);
	assert_int_equal(up->event, PV_EVENT_DOORBELL);
	layout_free(layout);
	fixture_end(&f);
}

static void test_several_connections(void **state)
{
	struct fixture f;
	struct layout *layout;

	(void)state;
	fixture_hub(&f);
	layout = lay_out(&f);
	for (uint32_t i = 0; i < 3; i++) {
		const struct layout_connection *laid = &layout->connections[i];

		assert_int_equal(laid->device_intid, 48 + 4 * i);
		assert_int_equal(laid->device_doorbell_ipa, 0x0a000000 + 0x1000 * i);
		assert_int_equal(laid->device_iobuf_ipa, 0x30000000 + 0x2000 * i);
		assert_int_equal(laid->device_memory_ipa, 0x4000000000 + 8 * MIB * i);
		assert_int_equal(laid->inflight_bytes, 0x2000);
		assert_int_equal(laid->device_inflight_ipa, 0x30100000 + 0x2000 * i);
		assert_int_equal(laid->number, 0);
	}
	layout_free(layout);
	fixture_end(&f);
}

/* What the topology gives stays, also where something else would have gone. */
static void test_given(void **state)
{
	struct fixture f;
	struct layout *layout;

	(void)state;
	fixture_hub(&f);
	f.connections[1].device_ctrl_base = 0x30000000;
	f.connections[2].device_data_base = 0x4000400000;
	f.connections[0].driver_data_base = 0x80000000;
	layout = lay_out(&f);
	assert_int_equal(layout->connections[0].device_iobuf_ipa, 0x30002000);
	assert_int_equal(layout->connections[1].device_iobuf_ipa, 0x30000000);
	assert_int_equal(layout->connections[2].device_iobuf_ipa, 0x30004000);
	assert_int_equal(layout->connections[0].device_memory_ipa, 0x4000c00000);
	assert_int_equal(layout->connections[1].device_memory_ipa, 0x4001400000);
	assert_int_equal(layout->connections[2].device_memory_ipa, 0x4000400000);
	assert_int_equal(layout->connections[0].driver_memory_ipa, 0x80000000);
	layout_free(layout);
	fixture_end(&f);
}

static void test_bad_addresses(void **state)
{
	struct fixture f;

	(void)state;
	fixture_pair(&f);
	f.connections[0].driver_data_base = 0x43ff0000;
	refuse(&f, "in 'driver' the pool of the connection with 'device', 0x43ff0000 to "
	           "0x447effff, overlaps the RAM, 0x40000000 to 0x43ffffff");
	fixture_pair(&f);
	f.connections[0].device_ctrl_base = 0x08000000;
	refuse(&f, "overlaps the interrupt distributor");
	fixture_pair(&f);
	f.connections[0].device_data_base = 0x50000800;
	refuse(&f, "does not start and end at a page");
	fixture_pair(&f);
	f.vms[0].ram_base = 0x7ffff00000;
	refuse(&f, "ends above the address space of 39 bits");
	fixture_pair(&f);
	f.vms[0].ram_base = UINT64_MAX - 0xfff;
	refuse(&f, "ends above the address space of 39 bits");
	fixture_pair(&f);
	f.connections[0].pool_bytes = 0x800;
	refuse(&f, "the pool has 2048 bytes; it must be a multiple of 4096");
	fixture_hub(&f);
	f.connections[0].device_data_base = 0x50000000;
	f.connections[1].device_data_base = 0x507ff000;
	refuse(&f, "overlaps the memdev of the connection with 'spoke_a'");
}

static void test_limits(void **state)
{
	struct fixture f;

	(void)state;
	fixture_pair(&f);
	f.vms[0].affinity[0] = 2;
	refuse(&f, "vCPU 0 of 'device' is pinned to CPU 2; there are CPU 0 to 1");
	fixture_pair(&f);
	f.vms[0].vcpu_count = 5;
	refuse(&f, "'device' has 5 vCPUs; a VM has 1 to 4");
	fixture_pair(&f);
	f.model.cpu_count = 9;
	refuse(&f, "a system uses 1 to 8 physical CPUs, not 9");
	fixture_pair(&f);
	f.vms[0].name = "a-name-of-thirty-two-characters-";
	refuse(&f, "is longer than 31 bytes");
	fixture_pair(&f);
	f.vms[0].name = "two words";
	refuse(&f, "not printable ASCII");
	fixture_pair(&f);
	f.devices[0][0].queue_pairs_or_queues = 8;
	refuse(&f, "a net device with 17 queues; it has 1 to 16");
	fixture_pair(&f);
	f.devices[0][1].queue_pairs_or_queues = 17;
	refuse(&f, "a blk device with 17 queues; it has 1 to 16");
	fixture_pair(&f);
	f.board.runs = false;
	refuse(&f, "no image can be built for the board qemu-virt");
	fixture_start(&f);
	refuse(&f, "the topology has 0 VMs");
}

/* Interrupts of a VM run out long before its tables do. */
static void test_interrupts(void **state)
{
	struct fixture f;

	(void)state;
	fixture_hub(&f);
	for (uint32_t c = 0; c < 3; c++) {
		f.connections[c].device_vm = 0;
		f.connections[c].driver_vm = c + 1;
	}
	for (uint32_t c = 3; c < 12; c++) {
		fixture_connect(&f, 0, c % 3 + 1);
	}
	for (uint32_t c = 0; c < 12; c++) {
		f.devices[c][0].type = DEVICE_BLK;
		f.devices[c][0].queue_pairs_or_queues = 16;
		f.devices[c][1].queue_pairs_or_queues = 16;
	}
	refuse(&f, "'hub' needs 396 interrupts for its connections; there are 240");
}

static void test_physical_devices(void **state)
{
	struct range range = {0x0c000000, 0x100, PLACE_NONE};
	struct fixture f;
	struct layout *layout;
	const struct layout_tables *t;

	(void)state;
	fixture_hardware(&f);
	f.vms[1].mmios = &range;
	f.vms[1].mmio_count = 1;
	layout = lay_out(&f);
	t = &layout->tables;
	assert_int_equal(t->window_count, 3); /* in the order of the slots */
	assert_int_equal(t->windows[0].page, 0x4010008000 >> PV_PAGE_SHIFT);
	assert_int_equal(t->windows[0].domain, 0);
	assert_int_equal(t->windows[1].domain, PV_NOBODY);
	assert_int_equal(t->windows[1].rules.count, 1);
	assert_int_equal(t->windows[2].domain, 0);
	assert_int_equal(t->stream_count, 2);
	assert_int_equal(t->streams[0].id, 1 << 3);
	assert_int_equal(t->streams[1].id, 3 << 3);
	assert_int_equal(t->irq_count, 1); /* the other one has messages */
	assert_int_equal(t->irqs[0].intid, 38);
	assert_int_equal(t->irqs[0].virq, 38);
	assert_int_equal(t->device_count, 5);
	assert_int_equal(t->devices[0].page, 0x0c000000 >> PV_PAGE_SHIFT);
	assert_int_equal(t->devices[0].domain, 1);
	assert_int_equal(t->devices[0].ipa_page, t->devices[0].page);
	assert_int_equal(t->devices[1].page, 0x10000000 >> PV_PAGE_SHIFT);
	assert_int_equal(t->devices[1].page_count, 32);
	assert_int_equal(t->devices[4].page_count, 1); /* 256 bytes, and nothing beside them */
	assert_int_equal(t->domains[0].msi_first, 80);
	assert_int_equal(t->domains[0].msi_count, 4); /* of one vCPU */
	assert_int_equal(t->domains[1].msi_count, 0);
	layout_free(layout);
	fixture_end(&f);
}

/* What devices reach is the RAM of their VM, where its guest has it. */
static void test_dma(void **state)
{
	struct fixture f;
	struct layout *layout;
	uint32_t count = 0;

	(void)state;
	fixture_hardware(&f);
	layout = lay_out(&f);
	for (uint32_t i = 0; i < layout->tables.mapping_count; i++) {
		const struct pv_mapping *m = &layout->tables.mappings[i];

		if (m->space == PV_SPACE_DMA) {
			assert_int_equal(m->domain, 0);
			assert_int_equal(m->ipa_page, f.vms[0].ram_base >> PV_PAGE_SHIFT);
			assert_int_equal(m->rights, PV_RIGHT_READ | PV_RIGHT_WRITE);
			count++;
		}
	}
	assert_int_equal(count, 1);
	layout_free(layout);
	fixture_end(&f);
}

static void test_bad_hardware(void **state)
{
	struct pci_function absent = {.name = "nic", .device = 4};
	struct pci_model large = {.name = "large", .bars = {{PCI_BAR_MEM32, 1U << 30}}};
	struct machine_slot slot = {.device = 4, .model = &large};
	struct fixture f;

	(void)state;
	fixture_hardware(&f);
	f.vms[0].pci = &absent;
	f.vms[0].pci_count = 1;
	refuse(&f, "the machine has nothing at 0:4.0, which 'device' is given");
	fixture_hardware(&f);
	f.vms[0].pci = &absent;
	f.vms[0].pci_count = 1;
	f.model.slots = &slot;
	f.model.slot_count = 1;
	refuse(&f, "the board has no room for what the functions of 'device' decode");
}

/* What checks refuse, where they are switched off: nobody goes without what he was given. */
static void test_given_twice(void **state)
{
	struct range ranges[] = {{0x0c000000, 0x1000, PLACE_NONE},
	                         {0x0c000000, 0x3000, PLACE_NONE},
	                         {0x0c002000, 0x100, PLACE_NONE}};
	const char *uart = "/pl011@9040000";
	uint32_t irq = 38;
	struct fixture f;

	(void)state;
	fixture_hardware(&f);
	f.vms[0].mmios = &ranges[1];
	f.vms[0].mmio_count = 1;
	f.vms[1].mmios = &ranges[2];
	f.vms[1].mmio_count = 1;
	refuse(&f, "'driver' is given the page at 0xc002000, and so is 'device'");
	fixture_hardware(&f);
	f.vms[0].mmios = ranges;
	f.vms[0].mmio_count = 2;
	refuse(&f, "'device' is given the page at 0xc000000 twice, in ranges that differ");
	fixture_hardware(&f);
	f.vms[1].irqs = &irq;
	f.vms[1].irq_count = 1;
	refuse(&f, "'driver' is given interrupt 38, and so is 'device'");
	fixture_hardware(&f);
	f.vms[0].dtb_nodes = &uart;
	f.vms[0].dtb_node_count = 1;
	f.vms[1].dtb_nodes = &uart;
	f.vms[1].dtb_node_count = 1;
	refuse(&f, "'driver' is given the page at 0x9040000, and so is 'device'");
	fixture_hardware(&f);
	f.vms[0].mmios = &ranges[1]; /* and a part of it */
	f.vms[0].mmio_count = 2;
	struct layout *layout = lay_out(&f);

	assert_int_equal(layout->tables.devices[0].page_count, 3);
	layout_free(layout);
	fixture_end(&f);
}

/* All of a system's faults in one run. */
static void test_all_errors(void **state)
{
	struct fixture f;

	(void)state;
	fixture_chain(&f);
	f.vms[0].vcpu_count = 0;
	f.vms[1].affinity[0] = -1;
	f.connections[1].pool_bytes = 0;
	assert_null(layout_new(&f.model, &f.payloads, f.diag));
	assert_int_equal(diag_count(f.diag, SEVERITY_ERROR), 3);
	fixture_end(&f);
}

static void test_boot(void **state)
{
	struct fixture f;
	struct layout *layout;

	(void)state;
	fixture_pair(&f);
	layout = lay_out(&f);
	assert_true(layout_boot(layout, 0, DTB_BYTES, f.diag));
	assert_int_equal(layout->vms[0].kernel_ipa, 0x40000000);
	assert_int_equal(layout->vms[0].initrd_ipa, 0x40400000); /* the kernel takes 3 MiB */
	assert_int_equal(layout->vms[0].initrd_bytes, 0x5001);
	assert_int_equal(layout->vms[0].dtb_ipa, 0x40301000);
	layout_free(layout);
	fixture_end(&f);
}

static void test_boot_given(void **state)
{
	struct fixture f;
	struct layout *layout;

	(void)state;
	fixture_pair(&f);
	f.vms[0].ram_base = 0x48100000;
	f.vms[0].kernel_entry = 0x48400000;
	f.vms[0].initrd_addr = 0x48200000;
	f.vms[0].dtb_addr = 0x4a000000;
	layout = lay_out(&f);
	assert_true(layout_boot(layout, 0, DTB_BYTES, f.diag));
	assert_int_equal(layout->vms[0].kernel_ipa, 0x48400000);
	assert_int_equal(layout->vms[0].initrd_ipa, 0x48200000);
	assert_int_equal(layout->vms[0].dtb_ipa, 0x4a000000);
	layout_free(layout);
	fixture_end(&f);
	fixture_pair(&f);
	f.vms[0].ram_base = 0x48100000;
	layout = lay_out(&f);
	assert_true(layout_boot(layout, 0, DTB_BYTES, f.diag));
	assert_int_equal(layout->vms[0].kernel_ipa, 0x48200000);
	layout_free(layout);
	fixture_end(&f);
}

static void test_bad_boot(void **state)
{
	struct fixture f;

	(void)state;
	fixture_pair(&f);
	f.vms[0].ram_bytes = 3 * MIB;
	refuse_boot(&f, 0,
	            "the kernel of 'device' (3076 KiB at 0x40000000) does not fit into its "
	            "RAM, 0x40000000 to 0x402fffff");
	fixture_pair(&f);
	f.vms[0].ram_bytes = 4 * MIB;
	refuse_boot(&f, 0, "the initrd of 'device' (24 KiB) does not fit into its RAM (4 MiB)");
	fixture_pair(&f);
	f.vms[0].kernel_entry = 0x40080000;
	refuse_boot(&f, 0, "the kernel of 'device' cannot start at 0x40080000");
	fixture_pair(&f);
	f.vms[0].dtb_addr = 0x40001000;
	refuse_boot(&f, 0, "the device tree of 'device' at 0x40001000 overlaps the kernel");
	fixture_pair(&f);
	f.vms[0].initrd_addr = 0x43fff000;
	refuse_boot(&f, 0, "the initrd of 'device' (24 KiB at 0x43fff000) does not fit");
	fixture_pair(&f);
	f.vms[0].initrd_addr = 0x43fec000;
	refuse_boot(&f, 0, "the initrd of 'device' at 0x43fec000 overlaps the agent's window");
	fixture_pair(&f);
	f.vms[0].initrd_addr = 0x41000800;
	refuse_boot(&f, 0, "the initrd of 'device' at 0x41000800 must lie at a multiple of 0x1000");
}

/* Physical memory: in order, disjoint, and no more than the board has. */
static void test_place(void **state)
{
	struct fixture f;
	struct layout *layout;
	uint64_t end;

	(void)state;
	fixture_mesh(&f);
	layout = lay_out(&f);
	assert_true(layout_place(layout, 0x30000, 0x123456, f.diag));
	assert_int_equal(layout->load_base, 0x40200000);
	assert_int_equal(layout->image_base, 0x40230000);
	assert_int_equal(layout->pool_base, 0x40400000);
	end = (layout->pool_base >> 12) + layout->pool_page_count;
	for (uint32_t i = 0; i < layout->tables.region_count; i++) {
		assert_true(layout->tables.regions[i].page >= end);
		end = layout->tables.regions[i].page + layout->tables.regions[i].page_count;
	}
	assert_true(end << 12 <= 0x40000000 + layout->ram_bytes);
	f.board.ram_bytes_max = 256 * MIB;
	assert_false(layout_place(layout, 0x30000, 0x123456, f.diag));
	assert_true(fixture_said(&f, "the system needs 320 MiB of memory; the board qemu-virt has "
	                             "256 MiB at most"));
	layout_free(layout);
	fixture_end(&f);
}

/* What a VM costs beyond RAM and pools, counted by hand; the budget is 256 KiB. */
static void test_overhead(void **state)
{
	struct fixture f;
	struct layout *layout;

	(void)state;
	fixture_pair(&f);
	layout = lay_out(&f);
	/*
	 * Both: VMM 5 pages, stack 4, of which none is in the image here; its space 3 tables. Driver:
	 * two iobuf pages. Guests: root, GiB 0 and the CPU interface in it, RAM. Device: iobuf and
	 * in-flight records, these two pages, in GiB 0, memdev.
	 */
	assert_int_equal(layout_overhead(layout, 1), (9 + 3 + 2 + 4) * 4096);
	assert_int_equal(layout_overhead(layout, 0), (9 + 2 + 3 + 6) * 4096);
	layout_free(layout);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_several_connections),
		cmocka_unit_test(test_given),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_physical_devices),
		cmocka_unit_test(test_dma),
		cmocka_unit_test(test_bad_hardware),
		cmocka_unit_test(test_given_twice),
		cmocka_unit_test(test_all_errors),
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_boot_given),
		cmocka_unit_test(test_bad_boot),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_overhead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
