/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree of a guest: the writer, and the nodes that every VM has. See
 * topo/image/guest_dtb.h.
 */
#include "topo/image/guest_dtb.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/say.h"
#include "topo/image/guest_dtb_writer.h"

#define FIRST_BUFFER_BYTES 0x10000U
#define LAST_BUFFER_BYTES 0x1000000U

#define UART_CLOCK_HZ 24000000U

static void keep(struct dtb *dtb, int error)
{
	if (!dtb->error) {
		dtb->error = error;
	}
}

void dtb_begin(struct dtb *dtb, const char *name)
{
	if (!dtb->error) {
		keep(dtb, fdt_begin_node(dtb->buffer, name));
	}
}

void dtb_begin_at(struct dtb *dtb, const char *name, uint64_t address)
{
	char full[64];

	snprintf(full, sizeof(full), "%s@%" PRIx64, name, address);
	dtb_begin(dtb, full);
}

void dtb_end(struct dtb *dtb)
{
	if (!dtb->error) {
		keep(dtb, fdt_end_node(dtb->buffer));
	}
}

void dtb_bytes(struct dtb *dtb, const char *name, const void *bytes, uint32_t count)
{
	if (!dtb->error) {
		keep(dtb, fdt_property(dtb->buffer, name, bytes, (int)count));
	}
}

void dtb_flag(struct dtb *dtb, const char *name)
{
	dtb_bytes(dtb, name, "", 0);
}

void dtb_u32(struct dtb *dtb, const char *name, uint32_t value)
{
	fdt32_t big = cpu_to_fdt32(value);

	dtb_bytes(dtb, name, &big, sizeof(big));
}

void dtb_u64(struct dtb *dtb, const char *name, uint64_t value)
{
	fdt64_t big = cpu_to_fdt64(value);

	dtb_bytes(dtb, name, &big, sizeof(big));
}

void dtb_string(struct dtb *dtb, const char *name, const char *value)
{
	dtb_bytes(dtb, name, value, (uint32_t)strlen(value) + 1);
}

void dtb_strings(struct dtb *dtb, const char *name, const char *const *values)
{
	char list[PV_DOMAINS_MAX * 32]; /* of the names of VMs, the longest that is written */
	uint32_t bytes = 0;

	for (; *values; values++) {
		uint32_t length = (uint32_t)strlen(*values) + 1;

		if (length > sizeof(list) - bytes) {
			keep(dtb, -FDT_ERR_INTERNAL);
			return;
		}
		memcpy(list + bytes, *values, length);
		bytes += length;
	}
	dtb_bytes(dtb, name, list, bytes);
}

void dtb_add_u32(struct dtb_cells *cells, uint32_t value)
{
	if (cells->count < DTB_CELLS_MAX) {
		cells->cells[cells->count] = cpu_to_fdt32(value);
	}
	cells->count++;
}

void dtb_add_u64(struct dtb_cells *cells, uint64_t value)
{
	dtb_add_u32(cells, (uint32_t)(value >> 32));
	dtb_add_u32(cells, (uint32_t)value);
}

void dtb_add_range(struct dtb_cells *cells, uint64_t base, uint64_t bytes)
{
	dtb_add_u64(cells, base);
	dtb_add_u64(cells, bytes);
}

void dtb_cells(struct dtb *dtb, const char *name, const struct dtb_cells *cells)
{
	if (cells->count > DTB_CELLS_MAX) {
		keep(dtb, -FDT_ERR_INTERNAL);
		return;
	}
	dtb_bytes(dtb, name, cells->cells, cells->count * 4);
}

void dtb_reg(struct dtb *dtb, uint64_t base, uint64_t bytes)
{
	struct dtb_cells reg = {.count = 0};

	dtb_add_range(&reg, base, bytes);
	dtb_cells(dtb, "reg", &reg);
}

void dtb_add_interrupt(struct dtb_cells *cells, enum dtb_irq type, uint32_t number, uint32_t flags)
{
	dtb_add_u32(cells, (uint32_t)type);
	dtb_add_u32(cells, number);
	dtb_add_u32(cells, flags);
}

static void add_cpus(struct dtb *dtb)
{
	const struct vm *vm = &dtb->layout->model->vms[dtb->vm];

	dtb_begin(dtb, "cpus");
	dtb_u32(dtb, "#address-cells", 1);
	dtb_u32(dtb, "#size-cells", 0);
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		dtb_begin_at(dtb, "cpu", i);
		dtb_string(dtb, "device_type", "cpu");
		dtb_string(dtb, "compatible", "arm,armv8");
		dtb_u32(dtb, "reg", i);
		dtb_string(dtb, "enable-method", "psci");
		dtb_end(dtb);
	}
	dtb_end(dtb);
	dtb_begin(dtb, "psci");
	dtb_strings(dtb, "compatible", (const char *const[]){"arm,psci-1.0", "arm,psci-0.2", NULL});
	dtb_string(dtb, "method", "hvc");
	dtb_end(dtb);
}

/* Secure, physical, virtual and hypervisor timer; a guest has the virtual one, PPI 11. */
static void add_timer(struct dtb *dtb)
{
	static const uint32_t ppis[] = {13, 14, 11, 10};
	uint32_t cpus = BIT32(dtb->layout->model->vms[dtb->vm].vcpu_count) - 1;
	struct dtb_cells cells = {.count = 0};

	for (uint32_t i = 0; i < ARRAY_COUNT(ppis); i++) {
		dtb_add_interrupt(&cells, DTB_IRQ_PPI, ppis[i], cpus << 8 | DTB_IRQ_LEVEL);
	}
	dtb_begin(dtb, "timer");
	dtb_string(dtb, "compatible", "arm,armv8-timer");
	dtb_cells(dtb, "interrupts", &cells);
	dtb_flag(dtb, "always-on");
	dtb_end(dtb);
}

static void add_gic(struct dtb *dtb)
{
	const struct layout_vm *laid = &dtb->layout->vms[dtb->vm];
	struct dtb_cells reg = {.count = 0};

	const bool v3 = layout_gicv3(dtb->layout);

	if (v3) {
		dtb_add_range(&reg, GUEST_GICD_IPA, GUEST_GICV3_BYTES);
		dtb_add_range(&reg, GUEST_GICR_IPA,
		              (uint64_t)dtb->layout->model->vms[dtb->vm].vcpu_count *
		                      GUEST_GICR_BYTES);
	} else {
		dtb_add_range(&reg, GUEST_GICD_IPA, GUEST_GICD_BYTES);
		dtb_add_range(&reg, GUEST_GICC_IPA, GUEST_GICC_BYTES);
	}
	dtb_begin_at(dtb, "interrupt-controller", GUEST_GICD_IPA);
	dtb_string(dtb, "compatible", v3 ? "arm,gic-v3" : "arm,cortex-a15-gic");
	dtb_flag(dtb, "interrupt-controller");
	dtb_u32(dtb, "#interrupt-cells", 3);
	dtb_u32(dtb, "#address-cells", 2);
	dtb_u32(dtb, "#size-cells", 2);
	dtb_flag(dtb, "ranges");
	dtb_cells(dtb, "reg", &reg);
	dtb_u32(dtb, "phandle", DTB_PHANDLE_GIC);
	if (laid->v2m_count) {
		dtb_begin_at(dtb, "v2m", GUEST_V2M_IPA);
		dtb_string(dtb, "compatible", "arm,gic-v2m-frame");
		dtb_flag(dtb, "msi-controller");
		dtb_reg(dtb, GUEST_V2M_IPA, GUEST_PAGE);
		dtb_u32(dtb, "arm,msi-base-spi", laid->v2m_first);
		dtb_u32(dtb, "arm,msi-num-spis", laid->v2m_count);
		dtb_u32(dtb, "phandle", DTB_PHANDLE_V2M);
		dtb_end(dtb);
	}
	dtb_end(dtb);
}

static void add_uart(struct dtb *dtb, uint64_t ipa, uint32_t spi)
{
	struct dtb_cells clocks = {.count = 0};
	struct dtb_cells interrupt = {.count = 0};

	dtb_add_u32(&clocks, DTB_PHANDLE_CLOCK);
	dtb_add_u32(&clocks, DTB_PHANDLE_CLOCK);
	dtb_add_interrupt(&interrupt, DTB_IRQ_SPI, spi, DTB_IRQ_LEVEL);
	dtb_begin_at(dtb, "serial", ipa);
	dtb_strings(dtb, "compatible", (const char *const[]){"arm,pl011", "arm,primecell", NULL});
	dtb_reg(dtb, ipa, GUEST_PAGE);
	dtb_cells(dtb, "interrupts", &interrupt);
	dtb_cells(dtb, "clocks", &clocks);
	dtb_strings(dtb, "clock-names", (const char *const[]){"uartclk", "apb_pclk", NULL});
	dtb_end(dtb);
}

static void uart_path(uint64_t ipa, char path[32])
{
	snprintf(path, 32, "/serial@%" PRIx64, ipa);
}

static void add_uarts(struct dtb *dtb)
{
	bool agent = dtb->layout->model->vms[dtb->vm].agent;
	char path[32];

	dtb_begin(dtb, "aliases");
	uart_path(GUEST_UART_IPA, path);
	dtb_string(dtb, "serial0", path);
	if (agent) {
		uart_path(GUEST_AGENT_IPA, path);
		dtb_string(dtb, "serial1", path);
	}
	dtb_end(dtb);
	dtb_begin(dtb, "apb-pclk");
	dtb_string(dtb, "compatible", "fixed-clock");
	dtb_u32(dtb, "#clock-cells", 0);
	dtb_u32(dtb, "clock-frequency", UART_CLOCK_HZ);
	dtb_string(dtb, "clock-output-names", "clk24mhz");
	dtb_u32(dtb, "phandle", DTB_PHANDLE_CLOCK);
	dtb_end(dtb);
	add_uart(dtb, GUEST_UART_IPA, GUEST_UART_SPI);
	if (agent) {
		add_uart(dtb, GUEST_AGENT_IPA, GUEST_AGENT_SPI);
	}
}

/* RAM, and the pools of the connections that this VM uses; a pool that lies behind what comes
 * before it makes that range longer. Linux maps a pool because it is memory and keeps off since it is
 * reserved; what is no Linux may not know reserved memory, and would put what is its own before the eyes
 * of the device VM. */
static void add_memory(struct dtb *dtb)
{
	const struct model *model = dtb->layout->model;
	const struct vm *vm = &model->vms[dtb->vm];
	const bool pools = !dtb->layout->payloads->vms[dtb->vm].header.binary;
	struct dtb_cells reg = {.count = 0};
	uint64_t base = vm->ram_base;
	uint64_t end = vm->ram_base + vm->ram_bytes;

	for (size_t i = 0; pools && i < model->connection_count; i++) {
		const struct layout_connection *laid = &dtb->layout->connections[i];

		if (model->connections[i].driver_vm != dtb->vm || !model->connections[i].swiotlb) {
			continue;
		}
		if (laid->driver_memory_ipa != end) {
			dtb_add_range(&reg, base, end - base);
			base = laid->driver_memory_ipa;
		}
		end = laid->driver_memory_ipa + laid->memory_bytes;
	}
	dtb_add_range(&reg, base, end - base);
	dtb_begin_at(dtb, "memory", vm->ram_base);
	dtb_string(dtb, "device_type", "memory");
	dtb_cells(dtb, "reg", &reg);
	dtb_end(dtb);
}

static void add_chosen(struct dtb *dtb)
{
	const struct vm *vm = &dtb->layout->model->vms[dtb->vm];
	const struct layout_vm *laid = &dtb->layout->vms[dtb->vm];
	char path[32];

	dtb_begin(dtb, "chosen");
	dtb_string(dtb, "bootargs", vm->image.cmdline ? vm->image.cmdline : "");
	uart_path(GUEST_UART_IPA, path);
	dtb_string(dtb, "stdout-path", path);
	if (dtb->layout->payloads->vms[dtb->vm].initrd_count) {
		dtb_u64(dtb, "linux,initrd-start", laid->initrd_ipa);
		dtb_u64(dtb, "linux,initrd-end", laid->initrd_ipa + laid->initrd_bytes);
	}
	if (laid->used_count + laid->function_count) {
		dtb_u32(dtb, "linux,pci-probe-only", 1);
	}
	dtb_u64(dtb, "kaslr-seed", 0); /* the VM's loader draws it, at each start */
	dtb_string(dtb, "peervisor,name", vm->name);
	dtb_add_network(dtb);
	dtb_add_hosts(dtb);
	dtb_add_disks(dtb);
	dtb_end(dtb);
}

/* Linux: arm,smc-wdt. */
static void add_watchdog(struct dtb *dtb)
{
	uint32_t seconds = dtb->layout->model->vms[dtb->vm].watchdog_s;

	if (seconds != 0) {
		dtb_begin(dtb, "watchdog");
		dtb_string(dtb, "compatible", "arm,smc-wdt");
		dtb_u32(dtb, "arm,smc-id", PV_VMM_WATCHDOG_CALL);
		dtb_u32(dtb, "timeout-sec", seconds);
		dtb_end(dtb);
	}
}

/* docs/guest.md, "Other VMs' lives". */
static void add_requests(struct dtb *dtb)
{
	const struct vm *vm = &dtb->layout->model->vms[dtb->vm];
	uint64_t ipa = dtb->layout->vms[dtb->vm].requests_ipa;
	const char *names[PV_DOMAINS_MAX + 1];

	if (ipa == 0) {
		return;
	}
	for (size_t i = 0; i < vm->may_restart_count; i++) {
		names[i] = vm->may_restart[i]->name;
	}
	names[vm->may_restart_count] = NULL;
	dtb_begin_at(dtb, "requests", ipa);
	dtb_string(dtb, "compatible", "peervisor,requests");
	dtb_reg(dtb, ipa, GUEST_PAGE);
	dtb_strings(dtb, "peervisor,vms", names);
	dtb_end(dtb);
}

static int write_tree(struct dtb *dtb, size_t bytes)
{
	dtb->error = fdt_create(dtb->buffer, (int)bytes);
	if (!dtb->error) {
		keep(dtb, fdt_finish_reservemap(dtb->buffer));
	}
	dtb_begin(dtb, "");
	dtb_string(dtb, "compatible", "linux,dummy-virt");
	dtb_string(dtb, "model", "Peervisor VM");
	dtb_u32(dtb, "#address-cells", 2);
	dtb_u32(dtb, "#size-cells", 2);
	dtb_u32(dtb, "interrupt-parent", DTB_PHANDLE_GIC);
	add_chosen(dtb);
	add_uarts(dtb);
	add_cpus(dtb);
	add_timer(dtb);
	add_gic(dtb);
	add_memory(dtb);
	dtb_add_reserved_memory(dtb);
	dtb_add_connections(dtb);
	dtb_add_hardware(dtb);
	add_watchdog(dtb);
	add_requests(dtb);
	dtb_end(dtb);
	if (!dtb->error) {
		keep(dtb, fdt_finish(dtb->buffer));
	}
	return dtb->error;
}

static _Noreturn void give_up(const char *why)
{
	say(stderr, "topo: cannot write a device tree: %s\n", why);
	exit(3);
}

uint8_t *guest_dtb_make(const struct layout *layout, uint32_t vm, size_t *bytes)
{
	struct dtb dtb = {.layout = layout, .vm = vm};
	int error = -FDT_ERR_NOSPACE;

	for (size_t size = FIRST_BUFFER_BYTES;
	     error == -FDT_ERR_NOSPACE && size <= LAST_BUFFER_BYTES; size *= 2) {
		free(dtb.buffer);
		dtb.buffer = calloc(1, size);
		if (!dtb.buffer) {
			give_up("no memory");
		}
		error = write_tree(&dtb, size);
	}
	if (error) {
		give_up(fdt_strerror(error));
	}
	*bytes = fdt_totalsize(dtb.buffer);
	return dtb.buffer;
}
