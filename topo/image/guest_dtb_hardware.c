/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What physical devices add to a guest's device tree: one PCI host bridge with all functions of the
 * VM, and a node for each range of registers. Bindings: PCI Bus Binding to IEEE 1275, Linux'
 * host-generic-pci.yaml, pl011.yaml, arm,pl031.yaml.
 */
#include <stdio.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/image/guest_dtb_writer.h"
#include "topo/model/hardware_parts.h"
#include "topo/model/pci.h"
#include "topo/model/pci_models.h"

/* PCI Bus Binding to IEEE 1275, 2.2.1.1: non-prefetchable 32-bit memory space. */
#define PCI_MEMORY_32 0x02000000U
#define PCI_DEVICE_MASK 0xf800U
#define PCI_PIN_MASK 7U

/* Devices whose drivers need no more than registers, an interrupt and a clock. */
static const struct {
	const char *name; /* of the node, up to its unit address */
	const char *compatible;
	const char *clocks[2]; /* their names, NULL behind the last */
} known[] = {
	{"pl011", "arm,pl011", {"uartclk", "apb_pclk"}},
	{"pl031", "arm,pl031", {"apb_pclk", NULL}},
};

/* Functions by their slots, to the lines of their pins. */
static void add_interrupt_map(struct dtb *dtb)
{
	const struct layout_hardware *hardware = &dtb->layout->hardware;
	struct dtb_cells mask = {.count = 0};
	struct dtb_cells map = {.count = 0};

	for (uint32_t i = 0; i < hardware->function_count; i++) {
		const struct layout_function *f = &hardware->functions[i];

		if (f->vm != dtb->vm || f->virq == 0) {
			continue;
		}
		dtb_add_u32(&map, f->slot << 11);
		dtb_add_u64(&map, 0);
		dtb_add_u32(&map, f->model->pin);
		dtb_add_u32(&map, DTB_PHANDLE_GIC);
		dtb_add_u64(&map, 0);
		dtb_add_interrupt(&map, DTB_IRQ_SPI, f->virq - PV_SPI_FIRST, DTB_IRQ_LEVEL);
	}
	if (map.count == 0) {
		return;
	}
	dtb_add_u32(&mask, PCI_DEVICE_MASK);
	dtb_add_u64(&mask, 0);
	dtb_add_u32(&mask, PCI_PIN_MASK);
	dtb_u32(dtb, "#interrupt-cells", 1);
	dtb_cells(dtb, "interrupt-map-mask", &mask);
	dtb_cells(dtb, "interrupt-map", &map);
}

void dtb_add_window(struct dtb_cells *ranges, uint64_t ipa, uint64_t bytes)
{
	dtb_add_u32(ranges, PCI_MEMORY_32);
	dtb_add_u64(ranges, ipa);
	dtb_add_u64(ranges, ipa);
	dtb_add_u64(ranges, bytes);
}

void dtb_begin_host_bridge(struct dtb *dtb, uint64_t ecam_ipa, uint32_t domain,
                           const struct dtb_cells *ranges)
{
	struct dtb_cells buses = {.count = 0};

	dtb_add_u64(&buses, 0); /* <0 0> */
	dtb_begin_at(dtb, "pcie", ecam_ipa);
	dtb_string(dtb, "compatible", "pci-host-ecam-generic");
	dtb_string(dtb, "device_type", "pci");
	dtb_reg(dtb, ecam_ipa, GUEST_ECAM_BYTES);
	dtb_cells(dtb, "bus-range", &buses);
	dtb_u32(dtb, "linux,pci-domain", domain);
	dtb_u32(dtb, "#address-cells", 3);
	dtb_u32(dtb, "#size-cells", 2);
	dtb_cells(dtb, "ranges", ranges);
	dtb_flag(dtb, "dma-coherent");
}

static void add_bridge(struct dtb *dtb)
{
	const struct layout_vm *vm = &dtb->layout->vms[dtb->vm];
	struct dtb_cells ranges = {.count = 0};

	dtb_add_window(&ranges, vm->hw_window_ipa, vm->hw_window_bytes);
	dtb_begin_host_bridge(dtb, vm->hw_ecam_ipa, vm->used_count, &ranges);
	if (vm->msis_physical) {
		dtb_u32(dtb, "msi-parent", DTB_PHANDLE_V2M);
	}
	add_interrupt_map(dtb);
	dtb_end(dtb);
}

const char *dtb_card_entry(const struct dtb *dtb, bool way_out, struct arena *arena)
{
	const struct layout_hardware *hardware = &dtb->layout->hardware;

	for (uint32_t i = 0; i < hardware->function_count; i++) {
		const struct layout_function *f = &hardware->functions[i];

		if (f->vm == dtb->vm && f->model->back == PCI_BACK_NET) {
			way_out =
				way_out && !pci_slot_of(dtb->layout->model, f->source)->restricted;
			return arena_printf(arena, "%04x:00:%02x.0=" PCI_NET_ADDRESS "%s",
			                    dtb->layout->vms[dtb->vm].used_count, f->slot,
			                    way_out ? "," PCI_NET_GATEWAY : "");
		}
	}
	return NULL;
}

/* The line of the guest that the physical one is. */
static uint32_t virq_of(const struct dtb *dtb, uint32_t intid)
{
	const struct layout_hardware *hardware = &dtb->layout->hardware;

	for (uint32_t i = 0; i < hardware->line_count; i++) {
		if (hardware->lines[i].vm == dtb->vm && hardware->lines[i].intid == intid) {
			return hardware->lines[i].virq;
		}
	}
	return 0;
}

static void add_known(struct dtb *dtb, const char *const clocks[2])
{
	struct dtb_cells handles = {.count = 0};
	const char *names[3] = {clocks[0], clocks[1], NULL};

	for (uint32_t i = 0; names[i] != NULL; i++) {
		dtb_add_u32(&handles, DTB_PHANDLE_CLOCK);
	}
	dtb_cells(dtb, "clocks", &handles);
	dtb_strings(dtb, "clock-names", names);
}

/* The lines of the topology that are no function's and no node's, for who drives the registers. */
static void add_given_lines(struct dtb *dtb, struct dtb_cells *cells)
{
	const struct vm *vm = &dtb->layout->model->vms[dtb->vm];

	for (size_t i = 0; i < vm->irq_count; i++) {
		dtb_add_interrupt(cells, DTB_IRQ_SPI, virq_of(dtb, vm->irqs[i]) - PV_SPI_FIRST,
		                  DTB_IRQ_LEVEL);
	}
}

static void add_registers(struct dtb *dtb, const struct layout_registers *registers, bool first)
{
	const struct board_device *node = registers->node;
	const char *name = node == NULL ? "registers" : hardware_last_part(node->path);
	struct dtb_cells interrupts = {.count = 0};
	char text[64];

	if (node != NULL && node->irq != 0) {
		dtb_add_interrupt(&interrupts, DTB_IRQ_SPI, virq_of(dtb, node->irq) - PV_SPI_FIRST,
		                  DTB_IRQ_LEVEL);
	} else if (node == NULL && first) {
		add_given_lines(dtb, &interrupts);
	}
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(name, "@"), name);
	dtb_begin_at(dtb, text, registers->ipa);
	for (size_t i = 0; i <= ARRAY_COUNT(known); i++) {
		if (i == ARRAY_COUNT(known)) {
			dtb_string(dtb, "compatible", "generic-uio");
		} else if (strcmp(known[i].name, text) == 0) {
			dtb_strings(
				dtb, "compatible",
				(const char *const[]){known[i].compatible, "arm,primecell", NULL});
			add_known(dtb, known[i].clocks);
			break;
		}
	}
	dtb_reg(dtb, registers->ipa, registers->bytes);
	if (interrupts.count != 0) {
		dtb_cells(dtb, "interrupts", &interrupts);
	}
	dtb_end(dtb);
}

void dtb_add_hardware(struct dtb *dtb)
{
	const struct layout_hardware *hardware = &dtb->layout->hardware;
	bool first = true;

	if (dtb->layout->vms[dtb->vm].function_count != 0) {
		add_bridge(dtb);
	}
	for (uint32_t i = 0; i < hardware->registers_count; i++) {
		if (hardware->registers[i].vm == dtb->vm) {
			add_registers(dtb, &hardware->registers[i], first);
			first = first && hardware->registers[i].node != NULL;
		}
	}
}
