/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree of each guest, for topo verify: what topo generates must hold what follows from
 * the topology and docs/guest.md, and nothing else. Phandles and the place of the initrd are the
 * builder's to choose; they are taken from the tree and must be consistent.
 */
#include "topo/verify/guest.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/model/board.h"
#include "topo/model/routes.h"
#include "topo/verify/given.h"
#include "topo/verify/life.h"
#include "topo/verify/waits.h"

#define EDGE 1U
#define UART_CLOCK_HZ 24000000U

static const char gic_node[] = "/interrupt-controller@8000000";
static const char v2m_node[] = "/interrupt-controller@8000000/v2m@8020000";
static const char clock_node[] = "/apb-pclk";

/* Without the zeros that fill its last page. */
static struct bytes tree_trim(struct bytes dtb)
{
	const struct fdt_header *header = (const void *)dtb.data;
	struct bytes trimmed = {NULL, 0};

	if (dtb.count >= sizeof(*header)) {
		trimmed = rom_trim(dtb, fdt_totalsize(header));
	}
	return trimmed.data ? trimmed : dtb;
}

static void read_tree(struct verify *v, uint32_t index)
{
	struct verified_vm *vm = &v->vms[index];
	const struct pv_load *load;
	struct bytes dtb = loads_at(v, vm, vm->boot.entry_arg, &load);
	const char *why = NULL;

	if (!dtb.data) {
		findings_add(v->report, FINDING_MISSING, vm->who, "device tree",
		             "no device tree lies at 0x%" PRIx64 ", where %s looks for it",
		             vm->boot.entry_arg, vm->who);
		return;
	}
	dtb = tree_trim(dtb);
	vm->has_tree = tree_read(v->arena, dtb, &vm->tree, &why);
	if (!vm->has_tree) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "device tree",
		             "what lies where %s looks for its device tree is none: %s", vm->who,
		             why);
		return;
	}
	if (!tree_cell64(tree_find(&vm->tree, "/chosen", "linux,initrd-start"), 0,
	                 &vm->initrd_ipa)) {
		vm->initrd_ipa = IPA_UNKNOWN;
	}
	guest_learn_connections(v, index);
}

void guest_read_trees(struct verify *v)
{
	for (uint32_t i = 0; i < v->model->vm_count; i++) {
		struct verified_vm *vm = &v->vms[i];

		for (size_t j = 0; j < v->model->connection_count; j++) {
			const struct connection *c = &v->model->connections[j];

			/* What the topology gives; a generated tree says the rest. */
			if (c->device_vm == i && c->device_ctrl_base) {
				v->wirings[j].page_ipa[0] = c->device_ctrl_base;
				v->wirings[j].page_ipa[1] = c->device_ctrl_base + PAGE;
			}
			if (c->device_vm == i && c->device_data_base) {
				v->wirings[j].memory_ipa = c->device_data_base;
			}
			if (c->driver_vm == i && !c->swiotlb) {
				v->wirings[j].pool_ipa = vm->source->ram_base;
			} else if (c->driver_vm == i && c->driver_data_base) {
				v->wirings[j].pool_ipa = c->driver_data_base;
			}
		}
		if (vm->domain != DOMAIN_NONE && vm->own_tree) {
			read_tree(v, i);
		}
	}
	guest_find_pools(v);
}

void guest_want_reg(struct tree *wanted, const char *node, uint64_t base, uint64_t bytes)
{
	struct cells cells = {.arena = wanted->arena};

	cells_add64(&cells, base);
	cells_add64(&cells, bytes);
	tree_want_cells(wanted, node, "reg", &cells);
}

static void want_ids(struct tree *wanted, const char *node, uint32_t address_cells,
                     uint32_t size_cells)
{
	tree_want_u32(wanted, node, "#address-cells", address_cells);
	tree_want_u32(wanted, node, "#size-cells", size_cells);
}

void guest_want_interrupt(struct cells *cells, uint32_t type, uint32_t number, uint32_t flags)
{
	cells_add(cells, type);
	cells_add(cells, number);
	cells_add(cells, flags);
}

/* The phandle that the tree gives to @node; its absence shows in the comparison. */
static uint32_t phandle_of(const struct verified_vm *vm, const char *node)
{
	uint32_t phandle = 0;

	(void)tree_cell(tree_find(&vm->tree, node, "phandle"), 0, &phandle);
	return phandle;
}

static void want_uart(struct tree *wanted, const char *node, uint64_t ipa, uint32_t intid,
                      uint32_t clock)
{
	struct cells interrupt = {.arena = wanted->arena};
	struct cells clocks = {.arena = wanted->arena};

	tree_want_node(wanted, node);
	tree_want_strings(wanted, node, "compatible",
	                  (const char *const[]){"arm,pl011", "arm,primecell", NULL});
	guest_want_reg(wanted, node, ipa, PAGE);
	guest_want_interrupt(&interrupt, GUEST_SPI, intid - PV_SPI_FIRST, GUEST_LEVEL);
	tree_want_cells(wanted, node, "interrupts", &interrupt);
	cells_add(&clocks, clock);
	cells_add(&clocks, clock);
	tree_want_cells(wanted, node, "clocks", &clocks);
	tree_want_strings(wanted, node, "clock-names",
	                  (const char *const[]){"uartclk", "apb_pclk", NULL});
}

static void want_uarts(const struct verified_vm *vm, struct tree *wanted)
{
	uint32_t clock = phandle_of(vm, clock_node);

	tree_want_node(wanted, "/aliases");
	tree_want_string(wanted, "/aliases", "serial0", "/serial@9000000");
	tree_want_node(wanted, clock_node);
	tree_want_string(wanted, clock_node, "compatible", "fixed-clock");
	tree_want_u32(wanted, clock_node, "#clock-cells", 0);
	tree_want_u32(wanted, clock_node, "clock-frequency", UART_CLOCK_HZ);
	tree_want_string(wanted, clock_node, "clock-output-names", "clk24mhz");
	tree_want_u32(wanted, clock_node, "phandle", clock);
	want_uart(wanted, "/serial@9000000", UART_IPA, UART_INTID, clock);
	if (vm->source->agent) {
		tree_want_string(wanted, "/aliases", "serial1", "/serial@9010000");
		want_uart(wanted, "/serial@9010000", AGENT_IPA, AGENT_INTID, clock);
	}
}

static void want_cpus(const struct verified_vm *vm, struct tree *wanted)
{
	static const uint32_t timers[] = {13, 14, 11, 10}; /* secure, physical, virtual, EL2 */
	struct cells interrupts = {.arena = wanted->arena};
	uint32_t all = (1U << vm->source->vcpu_count) - 1;

	tree_want_node(wanted, "/cpus");
	want_ids(wanted, "/cpus", 1, 0);
	for (uint32_t i = 0; i < vm->source->vcpu_count; i++) {
		const char *node = arena_printf(wanted->arena, "/cpus/cpu@%x", i);

		tree_want_node(wanted, node);
		tree_want_string(wanted, node, "device_type", "cpu");
		tree_want_string(wanted, node, "compatible", "arm,armv8");
		tree_want_u32(wanted, node, "reg", i);
		tree_want_string(wanted, node, "enable-method", "psci");
	}
	tree_want_node(wanted, "/psci");
	tree_want_strings(wanted, "/psci", "compatible",
	                  (const char *const[]){"arm,psci-1.0", "arm,psci-0.2", NULL});
	tree_want_string(wanted, "/psci", "method", "hvc");
	for (size_t i = 0; i < ARRAY_COUNT(timers); i++) {
		guest_want_interrupt(&interrupts, GUEST_PPI, timers[i], all << 8 | GUEST_LEVEL);
	}
	tree_want_node(wanted, "/timer");
	tree_want_string(wanted, "/timer", "compatible", "arm,armv8-timer");
	tree_want_cells(wanted, "/timer", "interrupts", &interrupts);
	tree_want_flag(wanted, "/timer", "always-on");
}

static void want_gic(const struct verify *v, uint32_t index, struct tree *wanted)
{
	const struct verified_vm *vm = &v->vms[index];
	struct cells reg = {.arena = wanted->arena};

	const bool v3 = v->model->board->gic_version == 3;

	cells_add64(&reg, GICD_IPA);
	cells_add64(&reg, v3 ? GICV3_BYTES : PAGE);
	cells_add64(&reg, v3 ? GICR_IPA : GICC_IPA);
	cells_add64(&reg, v3 ? vm->source->vcpu_count * GICR_BYTES : PV_GICC_PAGES * PAGE);
	tree_want_node(wanted, gic_node);
	tree_want_string(wanted, gic_node, "compatible", v3 ? "arm,gic-v3" : "arm,cortex-a15-gic");
	tree_want_flag(wanted, gic_node, "interrupt-controller");
	tree_want_u32(wanted, gic_node, "#interrupt-cells", 3);
	want_ids(wanted, gic_node, 2, 2);
	tree_want_flag(wanted, gic_node, "ranges");
	tree_want_cells(wanted, gic_node, "reg", &reg);
	tree_want_u32(wanted, gic_node, "phandle", phandle_of(vm, gic_node));
	if (!vmm_has_frame(v, index)) {
		return;
	}
	tree_want_node(wanted, v2m_node);
	tree_want_string(wanted, v2m_node, "compatible", "arm,gic-v2m-frame");
	tree_want_flag(wanted, v2m_node, "msi-controller");
	guest_want_reg(wanted, v2m_node, V2M_IPA, PAGE);
	tree_want_u32(wanted, v2m_node, "arm,msi-base-spi", vm->config.v2m_first);
	tree_want_u32(wanted, v2m_node, "arm,msi-num-spis", vm->config.v2m_count);
	tree_want_u32(wanted, v2m_node, "phandle", phandle_of(vm, v2m_node));
}

struct stretch {
	uint64_t base;
	uint64_t bytes;
};

static int stretch_order(const void *a, const void *b)
{
	const struct stretch *left = a;
	const struct stretch *right = b;

	return left->base < right->base ? -1 : left->base > right->base;
}

/* Sort and join what touches. Returns the new count. */
static size_t join(struct stretch *list, size_t count)
{
	size_t out = 0;

	qsort(list, count, sizeof(*list), stretch_order);
	for (size_t i = 1; i < count; i++) {
		if (list[out].base + list[out].bytes == list[i].base) {
			list[out].bytes += list[i].bytes;
		} else {
			list[++out] = list[i];
		}
	}
	return count ? out + 1 : 0;
}

/* Whether @found is RAM alone: all that what boots by kernel_entry_addr need be told of, which may be no
 * Linux. */
static bool is_ram_alone(const struct vm *vm, const struct stretch *found, size_t count)
{
	return vm->kernel_entry && vm->image.kernel && count == 1 && found->base == vm->ram_base &&
	       found->bytes == vm->ram_bytes;
}

/* RAM and pools, in whichever order and pieces the tree has them; what it has is compared as a
 * set here and then wanted as it stands. */
static void want_memory(struct verify *v, uint32_t index, struct tree *wanted)
{
	const struct verified_vm *vm = &v->vms[index];
	const char *node = arena_printf(v->arena, "/memory@%" PRIx64, vm->source->ram_base);
	const struct property *reg = tree_find(&vm->tree, node, "reg");
	struct stretch *found = NULL;
	struct stretch *should = NULL;
	size_t found_count = 0;
	size_t should_count = 0;
	struct stretch s;

	for (size_t i = 0; tree_cell64(reg, i, &s.base) && tree_cell64(reg, i + 2, &s.bytes);
	     i += 4) {
		*ARENA_ADD(v->arena, found, found_count) = s;
	}
	*ARENA_ADD(v->arena, should, should_count) =
		(struct stretch){vm->source->ram_base, vm->source->ram_bytes};
	for (size_t i = 0; i < v->model->connection_count; i++) {
		const struct wiring *wiring = &v->wirings[i];

		if (wiring->source->driver_vm == index && wiring->source->swiotlb) {
			*ARENA_ADD(v->arena, should, should_count) =
				(struct stretch){wiring->pool_ipa, wiring->memory_bytes};
		}
	}
	found_count = found ? join(found, found_count) : 0;
	should_count = join(should, should_count);
	tree_want_node(wanted, node);
	tree_want_string(wanted, node, "device_type", "memory");
	if (found && reg->value.count % 16 == 0 &&
	    (is_ram_alone(vm->source, found, found_count) ||
	     (found_count == should_count &&
	      memcmp(found, should, found_count * sizeof(*found)) == 0))) {
		tree_want(wanted, node, "reg", reg->value);
		return;
	}
	struct cells cells = {.arena = v->arena};

	for (size_t i = 0; i < should_count; i++) {
		cells_add64(&cells, should[i].base);
		cells_add64(&cells, should[i].bytes);
	}
	tree_want_cells(wanted, node, "reg", &cells);
}

/* What the network card of the VM is on is QEMU's: "DOMAIN:00:SLOT.0=ADDRESS/PREFIX", in front of which
 * @before stands. */
static const char *with_card(const struct verify *v, uint32_t index, bool way_out,
                             const char *before)
{
	const struct given_function *first = NULL;

	for (size_t i = 0; i < v->given->function_count; i++) {
		const struct given_function *f = &v->given->functions[i];

		if (f->vm == index && f->view && f->model && f->model->back == PCI_BACK_NET &&
		    (!first || f->view->slot < first->view->slot)) {
			first = f;
		}
	}
	if (!first) {
		return before;
	}
	return arena_printf(v->arena, "%s%s%04x:00:%02x.0=10.0.2.15/24%s", before,
	                    before[0] ? " " : "", v->vms[index].used, first->view->slot,
	                    way_out && first->leads_out ? ",10.0.2.2" : "");
}

/* "MAC=ADDRESS/PREFIX", one for each network interface that the VM uses, and the gateway of one. */
static const char *network_text(const struct verify *v, uint32_t index)
{
	const struct device *way_out = routes_default(v->model, index);
	const char *text = "";

	for (size_t i = 0; i < v->model->connection_count; i++) {
		const struct connection *c = &v->model->connections[i];

		for (size_t j = 0; c->driver_vm == index && j < c->device_count; j++) {
			const struct device *d = &c->devices[j];
			uint32_t a = d->address[1];

			if (d->type != DEVICE_NET || !a) {
				continue;
			}
			text = arena_printf(v->arena,
			                    "%s%s%02x:%02x:%02x:%02x:%02x:%02x=%u.%u.%u.%u/%u",
			                    text, text[0] ? " " : "", d->mac[0], d->mac[1],
			                    d->mac[2], d->mac[3], d->mac[4], d->mac[5], a >> 24,
			                    a >> 16 & 255, a >> 8 & 255, a & 255, d->prefix);
			a = d->address[0];
			if (d == way_out) {
				text = arena_printf(v->arena, "%s,%u.%u.%u.%u", text, a >> 24,
				                    a >> 16 & 255, a >> 8 & 255, a & 255);
			}
		}
	}
	return with_card(v, index, way_out == NULL, text);
}

/* "NAME=ADDRESS" of each VM that it reaches by a network. */
static void want_hosts(const struct verify *v, uint32_t index, struct tree *wanted)
{
	size_t count = 0;
	const struct neighbour *list = routes_neighbours(v->model, index, &count, v->arena);
	const char *text = "";

	for (size_t i = 0; i < count; i++) {
		uint32_t a = list[i].address;

		text = arena_printf(v->arena, "%s%s%s=%u.%u.%u.%u", text, text[0] ? " " : "",
		                    v->vms[list[i].vm].source->name, a >> 24, a >> 16 & 255,
		                    a >> 8 & 255, a & 255);
	}
	if (text[0]) {
		tree_want_string(wanted, "/chosen", "peervisor,hosts", text);
	}
}

static uint64_t initrd_bytes(const struct verify *v, uint32_t index)
{
	const struct verified_vm *vm = &v->vms[index];
	const struct vm_files *files = &v->files->vms[index];
	const struct pv_load *load;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < files->initrd_count; i++) {
		bytes = (bytes + PAGE - 1) / PAGE * PAGE + files->initrd[i].count;
	}
	/* The archive of disks and files is made by the builder. */
	if (archive_expected(v, index)) {
		bytes = (bytes + PAGE - 1) / PAGE * PAGE;
		bytes += archive_bytes(loads_at(v, vm, vm->initrd_ipa + bytes, &load));
	}
	return bytes;
}

static void want_chosen(struct verify *v, uint32_t index, struct tree *wanted)
{
	const struct verified_vm *vm = &v->vms[index];
	const char *network = network_text(v, index);
	const char *disks = waits_disks(v, index);
	const char *cmdline = vm->source->image.cmdline;

	tree_want_node(wanted, "/chosen");
	tree_want_string(wanted, "/chosen", "bootargs", cmdline ? cmdline : "");
	tree_want_string(wanted, "/chosen", "stdout-path", "/serial@9000000");
	tree_want_u64(wanted, "/chosen", "kaslr-seed", 0); /* the loader's to draw */
	tree_want_string(wanted, "/chosen", "peervisor,name", vm->source->name);
	if (vm->used || given_count(v, index)) {
		tree_want_u32(wanted, "/chosen", "linux,pci-probe-only", 1);
	}
	if (network[0]) {
		tree_want_string(wanted, "/chosen", "peervisor,network", network);
	}
	want_hosts(v, index, wanted);
	if (disks[0]) {
		tree_want_string(wanted, "/chosen", "peervisor,disks", disks);
	}
	if (v->files->vms[index].initrd_count || archive_expected(v, index)) {
		tree_want_u64(wanted, "/chosen", "linux,initrd-start", vm->initrd_ipa);
		tree_want_u64(wanted, "/chosen", "linux,initrd-end",
		              vm->initrd_ipa + initrd_bytes(v, index));
	}
}

/* A phandle names one node: two with the same would let a reference mean either. */
static void check_phandles(struct verify *v, const struct verified_vm *vm)
{
	const struct tree *tree = &vm->tree;

	for (size_t i = 0; i < tree->count; i++) {
		uint32_t a;
		uint32_t b;

		if (strcmp(tree->properties[i].name, "phandle") != 0 ||
		    !tree_cell(&tree->properties[i], 0, &a)) {
			continue;
		}
		for (size_t j = 0; j < i; j++) {
			if (strcmp(tree->properties[j].name, "phandle") == 0 &&
			    tree_cell(&tree->properties[j], 0, &b) && a == b) {
				findings_add(v->report, FINDING_BROKEN, vm->who, "device tree",
				             "the device tree of %s: %s and %s have the same "
				             "phandle",
				             vm->who, tree->properties[j].node,
				             tree->properties[i].node);
			}
		}
		if (a == 0 || a == UINT32_MAX) {
			findings_add(v->report, FINDING_BROKEN, vm->who, "device tree",
			             "the device tree of %s: the phandle of %s is none", vm->who,
			             tree->properties[i].node);
		}
	}
}

static void check_tree(struct verify *v, uint32_t index)
{
	struct verified_vm *vm = &v->vms[index];
	struct tree wanted = {.arena = v->arena};
	const struct guest_handles handles = {
		.gic = phandle_of(vm, gic_node),
		.v2m = phandle_of(vm, v2m_node),
		.clock = phandle_of(vm, clock_node),
	};

	check_phandles(v, vm);
	tree_want_node(&wanted, "/");
	tree_want_string(&wanted, "/", "compatible", "linux,dummy-virt");
	tree_want_string(&wanted, "/", "model", "Peervisor VM");
	want_ids(&wanted, "/", 2, 2);
	tree_want_u32(&wanted, "/", "interrupt-parent", phandle_of(vm, gic_node));
	want_chosen(v, index, &wanted);
	want_uarts(vm, &wanted);
	want_cpus(vm, &wanted);
	want_gic(v, index, &wanted);
	want_memory(v, index, &wanted);
	guest_want_agent_window(vm, &wanted);
	guest_want_connections(v, index, handles.v2m, &wanted);
	guest_want_hardware(v, index, &handles, &wanted);
	life_want_nodes(v, index, &wanted);
	tree_compare(v->report, vm->who, &vm->tree, &wanted);
}

void guest_check_trees(struct verify *v)
{
	for (uint32_t i = 0; i < v->model->vm_count; i++) {
		if (v->vms[i].has_tree) {
			check_tree(v, i);
		}
	}
}
