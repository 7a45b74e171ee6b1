/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What physical devices add to the device tree of a guest, for topo verify: one host bridge with all
 * functions of the VM, and a node for each range of registers. Addresses and numbers of interrupts
 * are those that the image's tables give.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/verify/guest.h"
#include "topo/verify/hardware.h"

#define PCI_MEMORY_32 0x02000000U

/* The interrupt of the guest that line @intid is, 0 = none. */
static uint32_t virq_of(const struct verify *v, uint32_t domain, uint32_t intid)
{
	for (uint32_t i = 0; i < v->image->header.irqs.count; i++) {
		const struct pv_irq *irq = &v->image->irqs[i];

		if (irq->domain == domain && irq->intid == intid) {
			return irq->virq;
		}
	}
	return 0;
}

/* The pins of functions that use them, by slot. */
static void want_pins(const struct verify *v, uint32_t index, const char *node, uint32_t gic,
                      struct tree *wanted)
{
	struct cells mask = {.arena = v->arena};
	struct cells map = {.arena = v->arena};

	for (size_t i = 0; i < v->given->function_count; i++) {
		const struct given_function *f = &v->given->functions[i];

		if (f->vm != index || !f->view || !f->view->intx) {
			continue;
		}
		cells_add(&map, f->view->slot << 11);
		cells_add64(&map, 0);
		cells_add(&map, f->model ? f->model->pin : 1);
		cells_add(&map, gic);
		cells_add64(&map, 0);
		guest_want_interrupt(&map, GUEST_SPI, f->view->intx - PV_SPI_FIRST, GUEST_LEVEL);
	}
	if (!map.count) {
		return;
	}
	cells_add(&mask, 0xf800);
	cells_add64(&mask, 0);
	cells_add(&mask, 7);
	tree_want_u32(wanted, node, "#interrupt-cells", 1);
	tree_want_cells(wanted, node, "interrupt-map-mask", &mask);
	tree_want_cells(wanted, node, "interrupt-map", &map);
}

/* From the first to the last byte that the functions of a VM decode, by what its VMM is told. */
static void want_window(const struct verify *v, uint32_t index, struct cells *ranges)
{
	uint64_t first = UINT64_MAX;
	uint64_t end = 0;

	for (size_t i = 0; i < v->given->function_count; i++) {
		const struct given_function *f = &v->given->functions[i];

		for (uint32_t b = 0; f->vm == index && f->view && b < PV_VMM_BARS; b++) {
			const struct pv_vmm_bar *bar = &f->view->bars[b];

			if (bar->bytes) {
				first = bar->ipa < first ? bar->ipa : first;
				end = bar->ipa + bar->bytes > end ? bar->ipa + bar->bytes : end;
			}
		}
	}
	cells_add(ranges, PCI_MEMORY_32);
	cells_add64(ranges, first);
	cells_add64(ranges, first);
	cells_add64(ranges, end - first);
}

static void want_bridge(const struct verify *v, uint32_t index, const struct guest_handles *handles,
                        struct tree *wanted)
{
	const struct verified_vm *vm = &v->vms[index];
	const char *node = arena_printf(v->arena, "/pcie@%" PRIx64, vm->config.hw_ecam_ipa);
	struct cells ranges = {.arena = v->arena};
	struct cells buses = {.arena = v->arena};

	cells_add64(&buses, 0);
	want_window(v, index, &ranges);
	tree_want_node(wanted, node);
	tree_want_string(wanted, node, "compatible", "pci-host-ecam-generic");
	tree_want_string(wanted, node, "device_type", "pci");
	guest_want_reg(wanted, node, vm->config.hw_ecam_ipa, ECAM_BYTES);
	tree_want_cells(wanted, node, "bus-range", &buses);
	tree_want_u32(wanted, node, "linux,pci-domain", vm->used);
	tree_want_u32(wanted, node, "#address-cells", 3);
	tree_want_u32(wanted, node, "#size-cells", 2);
	tree_want_cells(wanted, node, "ranges", &ranges);
	tree_want_flag(wanted, node, "dma-coherent");
	if (given_vm_has_msis(v, index)) {
		tree_want_u32(wanted, node, "msi-parent", handles->v2m);
	}
	want_pins(v, index, node, handles->gic, wanted);
}

/* Devices whose drivers need a clock; others are for a driver in user space. */
static void want_kind(const struct verify *v, const char *node, const char *name, uint32_t clock,
                      struct tree *wanted)
{
	static const struct {
		const char *name;
		const char *compatible;
		const char *clocks[3];
	} known[] = {
		{"pl011", "arm,pl011", {"uartclk", "apb_pclk", NULL}},
		{"pl031", "arm,pl031", {"apb_pclk", NULL}},
	};

	for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
		struct cells clocks = {.arena = v->arena};

		if (strcmp(known[i].name, name) != 0) {
			continue;
		}
		for (size_t n = 0; known[i].clocks[n]; n++) {
			cells_add(&clocks, clock);
		}
		tree_want_strings(
			wanted, node, "compatible",
			(const char *const[]){known[i].compatible, "arm,primecell", NULL});
		tree_want_cells(wanted, node, "clocks", &clocks);
		tree_want_strings(wanted, node, "clock-names", known[i].clocks);
		return;
	}
	tree_want_string(wanted, node, "compatible", "generic-uio");
}

/* The interrupts of @r: its node's, or all that are given by number if it is @first of those. */
static void want_lines(const struct verify *v, const struct given_registers *r, bool first,
                       const char *node, struct tree *wanted)
{
	const struct verified_vm *vm = &v->vms[r->vm];
	struct cells cells = {.arena = v->arena};

	if (r->node && r->node->irq) {
		guest_want_interrupt(&cells, GUEST_SPI,
		                     virq_of(v, vm->domain, r->node->irq) - PV_SPI_FIRST,
		                     GUEST_LEVEL);
	}
	for (size_t i = 0; first && i < vm->source->irq_count; i++) {
		guest_want_interrupt(&cells, GUEST_SPI,
		                     virq_of(v, vm->domain, vm->source->irqs[i]) - PV_SPI_FIRST,
		                     GUEST_LEVEL);
	}
	if (cells.count) {
		tree_want_cells(wanted, node, "interrupts", &cells);
	}
}

static void want_registers(const struct verify *v, const struct given_registers *r, bool first,
                           uint32_t clock, struct tree *wanted)
{
	const struct pv_device *d = hardware_device_at(v, given_domain(v, r->vm), r->page);
	uint64_t ipa = d ? (d->ipa_page + (r->page - d->page)) * PAGE : 0;
	const char *name = "registers";

	if (r->node) {
		const char *last = strrchr(r->node->path, '/') + 1;

		name = arena_copy(v->arena, last, strcspn(last, "@"));
	}
	const char *node = arena_printf(v->arena, "/%s@%" PRIx64, name, ipa);

	tree_want_node(wanted, node);
	want_kind(v, node, name, clock, wanted);
	guest_want_reg(wanted, node, ipa, r->pages * PAGE);
	want_lines(v, r, first, node, wanted);
}

void guest_want_hardware(struct verify *v, uint32_t index, const struct guest_handles *handles,
                         struct tree *wanted)
{
	bool first = true;

	if (given_count(v, index)) {
		want_bridge(v, index, handles, wanted);
	}
	for (size_t i = 0; i < v->given->register_count; i++) {
		const struct given_registers *r = &v->given->registers[i];

		if (r->vm == index && !r->inside) {
			want_registers(v, r, first && !r->node, handles->clock, wanted);
			first = first && r->node;
		}
	}
}
