/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest-physical map of each VM and its interrupts (docs/guest.md), a part of layout_new().
 *
 * What stands in the topology is taken first, at the address that it gives; what is left is placed
 * around it, each kind in a zone of its own, connections in the order of the model. So two
 * topologies that differ in one connection differ in little else.
 */
#include <inttypes.h>

#include "abi/backend.h"
#include "lib/bits.h"
#include "lib/range.h"
#include "topo/image/layout_parts.h"
#include "topo/image/span.h"
#include "topo/model/late.h"

/* The map of one VM under construction. */
struct guest {
	struct layout *layout;
	struct diag *diag;
	uint32_t vm;
	struct span_map map;
};

#define IPA_LIMIT BIT64(PV_IPA_BITS)
/* PCI addresses are 32 bits wide: the windows of BARs are non-prefetchable. */
#define PCI_LIMIT BIT64(32)

static const struct span_zone zone_doorbells = {0x0a000000, PCI_LIMIT, PV_PAGE_BYTES};
static const struct span_zone zone_bars = {0x10000000, PCI_LIMIT, PV_VMM_BAR_BYTES};
static const struct span_zone zone_ecam = {0x20000000, PCI_LIMIT, GUEST_ECAM_BYTES};
static const struct span_zone zone_registers = {0x0c000000, PCI_LIMIT, PV_PAGE_BYTES};
static const struct span_zone zone_iobuf = {0x30000000, IPA_LIMIT, PV_PAGE_BYTES};
static const struct span_zone zone_inflight = {0x30100000, IPA_LIMIT, PV_PAGE_BYTES};
static const struct span_zone zone_memdev = {0x4000000000, IPA_LIMIT, GUEST_BLOCK};

/* What every guest has. */
static const struct span fixed_spans[] = {
	{GUEST_V2M_IPA, GUEST_PAGE, "MSI frame", NULL, {0}},
	{GUEST_UART_IPA, GUEST_PAGE, "console UART", NULL, {0}},
	{GUEST_ROM_IPA, GUEST_ROM_BYTES, "ROM", NULL, {0}},
};

/* And of its interrupt controller, by version. */
static const struct span gicv2_spans[] = {
	{GUEST_GICD_IPA, GUEST_GICD_BYTES, "interrupt distributor", NULL, {0}},
	{GUEST_GICC_IPA, GUEST_GICC_BYTES, "CPU interface", NULL, {0}},
};
static const struct span gicv3_spans[] = {
	{GUEST_GICD_IPA, GUEST_GICV3_BYTES, "interrupt distributor", NULL, {0}},
	{GUEST_GICR_IPA,
         (uint64_t)PV_DOMAIN_VCPUS_MAX *GUEST_GICR_BYTES,
         "redistributors",
         NULL,
         {0}},
};

static const struct span agent_span = {GUEST_AGENT_IPA, GUEST_PAGE, "agent's UART", NULL, {0}};

static void span_text(const struct span *span, char text[128])
{
	if (span->peer) {
		snprintf(text, 128, "%s of the connection with '%s'", span->what, span->peer);
	} else {
		snprintf(text, 128, "%s", span->what);
	}
}

/* Take a range that must be where it is; the address came from the topology, or is fixed. */
static void claim(struct guest *guest, const struct span *span)
{
	const char *name = guest->layout->model->vms[guest->vm].name;
	const struct span *taken;
	char what[128];

	span_text(span, what);
	if (!is_aligned(span->base | span->bytes, PV_PAGE_BYTES)) {
		diag_error(guest->diag, span->place,
		           "the %s in '%s' does not start and end at a page of %u bytes", what,
		           name, PV_PAGE_BYTES);
		return;
	}
	if (span->bytes == 0 || !range_fits(span->base, span->bytes, IPA_LIMIT)) {
		diag_error(guest->diag, span->place,
		           "the %s in '%s' is empty or ends above the address space of %u bits",
		           what, name, PV_IPA_BITS);
		return;
	}
	taken = span_claim(&guest->map, span);
	if (taken) {
		char other[128];

		span_text(taken, other);
		diag_error(guest->diag, span->place,
		           "in '%s' the %s, 0x%" PRIx64 " to 0x%" PRIx64
		           ", overlaps the %s, 0x%" PRIx64 " to 0x%" PRIx64,
		           name, what, span->base, span->base + span->bytes - 1, other, taken->base,
		           taken->base + taken->bytes - 1);
		if (taken->place.file) {
			diag_note(guest->diag, taken->place, "the %s comes from here", other);
		}
	}
}

/* Find room for a range that may be anywhere in its zone. Returns its base, 0 after an error. */
static uint64_t place(struct guest *guest, const struct span_zone *zone, const struct span *wish)
{
	struct span span = *wish;

	if (span.bytes == 0) {
		return zone->floor;
	}
	if (!span_place(&guest->map, zone, &span)) {
		char what[128];

		span_text(&span, what);
		diag_error(guest->diag, span.place,
		           "'%s' has no room for the %s (0x%" PRIx64 " bytes) in its address space",
		           guest->layout->model->vms[guest->vm].name, what, span.bytes);
		return 0;
	}
	return span.base;
}

/* A connection of this VM, seen from either side. */
static struct span connection_span(const struct guest *guest, uint32_t index, const char *what,
                                   uint64_t base, uint64_t bytes)
{
	const struct model *model = guest->layout->model;
	const struct connection *connection = &model->connections[index];
	uint32_t peer =
		connection->device_vm == guest->vm ? connection->driver_vm : connection->device_vm;

	return (struct span){base, bytes, what, model->vms[peer].name, connection->place};
}

/* A storage program answers out of order, so who follows it must know what it had taken. */
static uint64_t inflight_bytes(const struct device *source, const struct layout_device *device)
{
	return source->type == DEVICE_BLK
	               ? PV_BACKEND_INFLIGHT_BYTES(device->personality.queue_count,
	                                           source->queue_size)
	               : 0;
}

/* Personalities and queue numbers; the same for both sides. */
static void number_queues(struct layout *layout, uint32_t index, struct diag *diag)
{
	const struct connection *connection = &layout->model->connections[index];
	struct layout_connection *laid = &layout->connections[index];

	for (size_t i = 0; i < connection->device_count; i++) {
		struct layout_device *device = &laid->devices[i];

		personality_make(&connection->devices[i], connection->swiotlb, diag,
		                 &device->personality);
		device->first_queue = laid->queue_count;
		laid->queue_count += device->personality.queue_count;
		device->inflight_at = laid->inflight_bytes;
		laid->inflight_bytes += inflight_bytes(&connection->devices[i], device);
	}
	laid->is_awaited = late_awaited(layout->model, connection);
	laid->is_late = laid->is_awaited || late_is(layout->model, connection);
	laid->memory_bytes = connection->swiotlb
	                             ? connection->pool_bytes
	                             : layout->model->vms[connection->driver_vm].ram_bytes;
}

/* Registers that are given by their address are there in the guest too, those of a node if there is
 * room; the driver finds those by the device tree. */
static void claim_registers(struct guest *guest, bool by_node)
{
	struct layout_hardware *hardware = &guest->layout->hardware;

	for (uint32_t i = 0; i < hardware->registers_count; i++) {
		struct layout_registers *registers = &hardware->registers[i];
		struct span span = {registers->base, registers->bytes, "registers", NULL,
		                    registers->place};

		if (registers->vm != guest->vm || (registers->node != NULL) != by_node) {
			continue;
		}
		registers->ipa = registers->base;
		if (!by_node) {
			claim(guest, &span);
		} else if (span_claim(&guest->map, &span) != NULL) {
			registers->ipa = place(guest, &zone_registers, &span);
		}
	}
}

/* What the topology gives an address to. */
static void claim_given(struct guest *guest)
{
	const struct model *model = guest->layout->model;
	const struct vm *vm = &model->vms[guest->vm];
	const struct span ram = {vm->ram_base, vm->ram_bytes, "RAM", NULL, vm->place};

	const struct span *gic = layout_gicv3(guest->layout) ? gicv3_spans : gicv2_spans;

	_Static_assert(ARRAY_COUNT(gicv2_spans) == ARRAY_COUNT(gicv3_spans), "of either");
	for (size_t i = 0; i < ARRAY_COUNT(gicv2_spans); i++) {
		claim(guest, &gic[i]);
	}
	for (size_t i = 0; i < ARRAY_COUNT(fixed_spans); i++) {
		claim(guest, &fixed_spans[i]);
	}
	if (vm->agent) {
		claim(guest, &agent_span);
	}
	claim(guest, &ram);
	claim_registers(guest, false);
	for (uint32_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];
		uint64_t bytes = guest->layout->connections[i].memory_bytes;
		struct span span;

		if (connection->device_vm == guest->vm && connection->device_ctrl_base) {
			span = connection_span(guest, i, "iobuf", connection->device_ctrl_base,
			                       2 * GUEST_PAGE);
			claim(guest, &span);
		}
		if (connection->device_vm == guest->vm && connection->device_data_base) {
			span = connection_span(guest, i, "memdev", connection->device_data_base,
			                       bytes);
			claim(guest, &span);
		}
		if (connection->driver_vm == guest->vm && connection->swiotlb &&
		    connection->driver_data_base) {
			span = connection_span(guest, i, "pool", connection->driver_data_base,
			                       bytes);
			claim(guest, &span);
		}
	}
}

/* The doorbell window: a page for each connection served, then one for each device used, then one
 * for the VMs that this one may restart. */
static void place_doorbells(struct guest *guest)
{
	const struct vm *source = &guest->layout->model->vms[guest->vm];
	struct layout_vm *vm = &guest->layout->vms[guest->vm];
	struct span span = {0, 0, "doorbell window", NULL, source->place};
	uint32_t pages = vm->served_count + vm->used_device_count;
	bool manages = source->may_restart_count != 0;

	vm->doorbell_page_count = pages + (manages ? 1 : 0);
	span.bytes = (uint64_t)vm->doorbell_page_count * GUEST_PAGE;
	vm->doorbell_ipa = place(guest, &zone_doorbells, &span);
	vm->requests_ipa = manages ? vm->doorbell_ipa + pages * GUEST_PAGE : 0;
}

/* An interrupt among [@first, @first + @count) that is taken already: one of the MSIs where those
 * were given their numbers, or a physical line. 0 = none is. */
static uint32_t taken_intid(const struct guest *guest, uint32_t first, uint32_t count)
{
	const struct layout_hardware *hardware = &guest->layout->hardware;
	const struct layout_vm *vm = &guest->layout->vms[guest->vm];
	uint32_t last = 0;

	if (vm->v2m_first != 0 && first < vm->v2m_first + vm->v2m_count &&
	    first + count > vm->v2m_first) {
		last = vm->v2m_first + vm->v2m_count - 1;
	}
	for (uint32_t i = 0; i < hardware->line_count; i++) {
		const struct layout_line *line = &hardware->lines[i];

		if (line->vm == guest->vm && line->virq - first < count && line->virq > last) {
			last = line->virq;
		}
	}
	return last;
}

/* The next @count interrupts that are free. */
static uint32_t take_intids(const struct guest *guest, uint32_t *intid, uint32_t count)
{
	uint32_t taken;

	while ((taken = taken_intid(guest, *intid, count)) != 0) {
		*intid = taken + 1;
	}
	*intid += count;
	return *intid - count;
}

/* A line of the board is the same one in the guest, unless that is another's there. */
static void place_lines(struct guest *guest, uint32_t *intid)
{
	struct layout_hardware *hardware = &guest->layout->hardware;
	bool agent = guest->layout->model->vms[guest->vm].agent;

	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < hardware->line_count; i++) {
			struct layout_line *line = &hardware->lines[i];
			uint32_t number = line->intid;
			bool own = number == PV_SPI_FIRST + GUEST_UART_SPI ||
			           (agent && number == PV_SPI_FIRST + GUEST_AGENT_SPI) ||
			           number >= PV_VIRQS || taken_intid(guest, number, 1) != 0;

			if (line->vm != guest->vm || line->virq != 0) {
				continue;
			}
			if (!own) {
				line->virq = number;
			} else if (round != 0) {
				line->virq = take_intids(guest, intid, 1);
			}
		}
	}
}

/* Connections in which this VM serves. @page: its next page of the doorbell window. */
static void place_served(struct guest *guest, uint32_t index, uint32_t page, uint32_t *intid)
{
	const struct connection *connection = &guest->layout->model->connections[index];
	struct layout_connection *laid = &guest->layout->connections[index];
	const struct layout_vm *vm = &guest->layout->vms[guest->vm];
	const struct span iobuf = connection_span(guest, index, "iobuf", 0, 2 * GUEST_PAGE);
	const struct span memdev = connection_span(guest, index, "memdev", 0, laid->memory_bytes);
	const struct span inflight =
		connection_span(guest, index, "in-flight records", 0, laid->inflight_bytes);

	laid->device_iobuf_ipa = connection->device_ctrl_base;
	if (!laid->device_iobuf_ipa) {
		laid->device_iobuf_ipa = place(guest, &zone_iobuf, &iobuf);
	}
	laid->device_memory_ipa = connection->device_data_base;
	if (!laid->device_memory_ipa) {
		laid->device_memory_ipa = place(guest, &zone_memdev, &memdev);
	}
	if (laid->inflight_bytes) {
		laid->device_inflight_ipa = place(guest, &zone_inflight, &inflight);
	}
	laid->device_doorbell_ipa = vm->doorbell_ipa + (uint64_t)page * GUEST_PAGE;
	laid->device_intid = take_intids(guest, intid, 1 + laid->queue_count);
}

/* Connections that this VM uses. @page: its next page of the doorbell window. */
static void place_used(struct guest *guest, uint32_t index, uint32_t page, uint32_t number)
{
	const struct vm *vm = &guest->layout->model->vms[guest->vm];
	const struct connection *connection = &guest->layout->model->connections[index];
	struct layout_connection *laid = &guest->layout->connections[index];
	uint64_t doorbells = guest->layout->vms[guest->vm].doorbell_ipa;
	uint64_t bars = connection->device_count * (uint64_t)PV_VMM_BAR_BYTES;
	const struct span ecam = connection_span(guest, index, "ECAM", 0, GUEST_ECAM_BYTES);
	const struct span window = connection_span(guest, index, "BAR window", 0, bars);
	const struct span pool = connection_span(guest, index, "pool", 0, laid->memory_bytes);
	/* Behind RAM, so that both are one stretch of /memory. */
	const struct span_zone zone_pool = {vm->ram_base + vm->ram_bytes, IPA_LIMIT, GUEST_BLOCK};

	laid->number = number;
	laid->ecam_ipa = place(guest, &zone_ecam, &ecam);
	laid->bar_ipa = place(guest, &zone_bars, &window);
	laid->notify_ipa = doorbells + (uint64_t)page * GUEST_PAGE;
	for (size_t i = 0; i < connection->device_count; i++) {
		laid->devices[i].bar_ipa = laid->bar_ipa + i * PV_VMM_BAR_BYTES;
		laid->devices[i].notify_ipa = laid->notify_ipa + i * GUEST_PAGE;
	}
	laid->driver_memory_ipa = connection->swiotlb ? connection->driver_data_base : vm->ram_base;
	if (!laid->driver_memory_ipa) {
		laid->driver_memory_ipa = place(guest, &zone_pool, &pool);
	}
}

/* Registers of nodes, the bridge of physical functions, and what they decode. */
static void place_hardware(struct guest *guest)
{
	struct layout_vm *vm = &guest->layout->vms[guest->vm];
	struct place at = guest->layout->model->vms[guest->vm].place;
	const struct span ecam = {0, GUEST_ECAM_BYTES, "ECAM of its functions", NULL, at};
	const struct span window = {0, vm->hw_window_bytes, "BARs of its functions", NULL, at};
	struct span_zone zone = zone_bars;

	claim_registers(guest, true);
	if (vm->function_count == 0) {
		return;
	}
	/* As aligned as on the bus, so that all it holds is. */
	zone.align = vm->hw_window_align;
	vm->hw_ecam_ipa = place(guest, &zone_ecam, &ecam);
	vm->hw_window_ipa = place(guest, &zone, &window);
}

static void place_connections(struct guest *guest)
{
	const struct model *model = guest->layout->model;
	struct layout_vm *vm = &guest->layout->vms[guest->vm];
	uint32_t intid = PV_SPI_FIRST + GUEST_CONNECTION_SPI;
	uint32_t served_page = 0;
	uint32_t used_page = vm->served_count;
	uint32_t number = 0;

	place_lines(guest, &intid);
	for (uint32_t i = 0; i < model->connection_count; i++) {
		if (model->connections[i].device_vm == guest->vm) {
			place_served(guest, i, served_page, &intid);
			served_page++;
		}
		if (model->connections[i].driver_vm == guest->vm) {
			place_used(guest, i, used_page, number);
			used_page += (uint32_t)model->connections[i].device_count;
			number++;
		}
	}
	place_hardware(guest);
	if (vm->v2m_first == 0) {
		vm->v2m_first = take_intids(guest, &intid, vm->v2m_count);
	}
	if (intid > PV_VIRQS || vm->v2m_first + vm->v2m_count > PV_VIRQS) {
		diag_error(guest->diag, model->vms[guest->vm].place,
		           "'%s' needs %u interrupts for its connections; there are %u",
		           model->vms[guest->vm].name,
		           (intid > vm->v2m_first + vm->v2m_count ? intid
		                                                  : vm->v2m_first + vm->v2m_count) -
		                   PV_SPI_FIRST - GUEST_CONNECTION_SPI,
		           PV_VIRQS - PV_SPI_FIRST - GUEST_CONNECTION_SPI);
	}
}

void layout_queues(struct layout *layout, struct diag *diag)
{
	for (uint32_t i = 0; i < layout->model->connection_count; i++) {
		number_queues(layout, i, diag);
	}
}

void layout_guests(struct layout *layout, struct diag *diag)
{
	for (uint32_t i = 0; i < layout->model->vm_count; i++) {
		struct guest guest = {.layout = layout, .diag = diag, .vm = i};

		claim_given(&guest);
		place_doorbells(&guest);
		place_connections(&guest);
	}
}
