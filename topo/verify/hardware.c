/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers, interrupt lines, streams and message-signalled interrupts of an image, for topo
 * verify: what is in a table and not in the topology is a right too much, what is in the topology
 * and not in its table is missing. Windows are topo/verify/windows.c's.
 */
#include "topo/verify/hardware.h"

#include <inttypes.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/units.h"
#include "topo/model/board.h"

/* Pages of registers that somebody may reach. */
struct stretch {
	uint32_t vm;
	uint64_t page;
	uint64_t pages;
	const char *what;
	bool in_place; /* its guest finds it where the board has it, if it can */
};

struct stretches {
	struct stretch *list;
	size_t count;
};

static struct stretches stretches_of(const struct verify *v)
{
	struct stretches s = {0};

	for (size_t i = 0; i < v->given->register_count; i++) {
		const struct given_registers *r = &v->given->registers[i];

		*ARENA_ADD(v->arena, s.list, s.count) =
			(struct stretch){r->vm, r->page, r->pages, r->what, true};
	}
	for (size_t i = 0; i < v->given->function_count; i++) {
		const struct given_function *f = &v->given->functions[i];

		for (uint32_t bar = 0; bar < PV_VMM_BARS; bar++) {
			const struct aperture *a = &f->apertures[bar];

			if (a->bytes >= PAGE) {
				*ARENA_ADD(v->arena, s.list, s.count) = (struct stretch){
					f->vm, a->base / PAGE, a->bytes / PAGE,
					arena_printf(v->arena, "BAR %u of %s", bar, f->what),
					false};
			}
		}
	}
	return s;
}

/* What @domain has at @page, and how far; NULL: nothing, until @end (or UINT64_MAX). */
static const struct stretch *stretch_at(const struct verify *v, const struct stretches *s,
                                        uint32_t domain, uint64_t page, uint64_t *end)
{
	*end = UINT64_MAX;
	for (size_t i = 0; i < s->count; i++) {
		const struct stretch *one = &s->list[i];

		if (given_domain(v, one->vm) != domain || page >= one->page + one->pages) {
			continue;
		}
		if (page >= one->page) {
			*end = one->page + one->pages;
			return one;
		}
		*end = one->page < *end ? one->page : *end;
	}
	return NULL;
}

/* Pages of device range @d, from @page on. */
static void note(struct verify *v, const struct pv_device *d, uint64_t page, uint64_t pages,
                 const struct stretch *granted)
{
	const struct verified_vm *vm = memory_vm(v, d->domain);
	const char *who = memory_who(v, d->domain, d->space);
	bool right = granted && d->space == PV_SPACE_GUEST;
	const struct access_right access = {
		.who = who,
		.ipa = (d->ipa_page + (page - d->page)) * PAGE,
		.physical = page * PAGE,
		.bytes = pages * PAGE,
		.rights = d->rights,
		.thing = granted ? granted->what : "registers",
		.granted = right,
	};

	findings_right(v->report, &access);
	if (!right) {
		findings_add(v->report, FINDING_EXTRA, vm ? vm->who : NULL, "hardware",
		             "%s can %s %s of registers at 0x%" PRIx64 " of the board%s%s: not in "
		             "the topology",
		             who, findings_rights_text(v->arena, d->rights),
		             size_text(v->arena, pages * PAGE), page * PAGE, granted ? ", " : "",
		             granted ? granted->what : "");
	}
}

static void check_device(struct verify *v, const struct stretches *s, const struct pv_device *d)
{
	uint64_t end = (uint64_t)d->page + d->page_count;
	uint64_t next;

	for (uint64_t page = d->page; page < end; page = next) {
		const struct stretch *granted = stretch_at(v, s, d->domain, page, &next);

		next = next < end ? next : end;
		note(v, d, page, next - page, granted);
	}
}

const struct pv_device *hardware_device_at(const struct verify *v, uint32_t domain, uint64_t page)
{
	for (uint32_t i = 0; i < v->image->header.devices.count; i++) {
		const struct pv_device *d = &v->image->devices[i];

		if (d->domain == domain && d->space == PV_SPACE_GUEST && page >= d->page &&
		    page - d->page < d->page_count) {
			return d;
		}
	}
	return NULL;
}

/* Is something of the guest's virtual machine where the board has these registers? */
static bool is_taken(const struct verify *v, const struct verified_vm *vm, uint64_t page,
                     uint64_t pages)
{
	const struct {
		uint64_t base;
		uint64_t pages;
	} fixed[] = {
		{GICD_IPA, 16}, {GICC_IPA, PV_GICC_PAGES},      {V2M_IPA, 1},
		{UART_IPA, 1},  {AGENT_IPA, vm->source->agent},
	};

	for (size_t i = 0; i < ARRAY_COUNT(fixed); i++) {
		if (fixed[i].base / PAGE < page + pages &&
		    page < fixed[i].base / PAGE + fixed[i].pages) {
			return true;
		}
	}
	return decode_next_mapped(v->image, vm->domain, PV_SPACE_GUEST, page) < page + pages;
}

/* The guest has all of @s, in one stretch, to read and write. */
static void check_stretch(struct verify *v, const struct stretch *s)
{
	const struct verified_vm *vm = &v->vms[s->vm];
	const struct pv_device *first = hardware_device_at(v, vm->domain, s->page);
	uint64_t ipa = first ? first->ipa_page + (s->page - first->page) : 0;
	const struct pv_device *d;

	for (uint64_t page = s->page; page < s->page + s->pages;
	     page = (uint64_t)d->page + d->page_count) {
		d = hardware_device_at(v, vm->domain, page);
		if (!d || !(d->rights & PV_RIGHT_WRITE)) {
			findings_add(v->report, FINDING_MISSING, vm->who, "hardware",
			             "%s cannot %s %s, at 0x%" PRIx64
			             " of the board, as the topology wants",
			             vm->who, d ? "write" : "read and write", s->what, page * PAGE);
			return;
		}
		if (d->ipa_page + (page - d->page) != ipa + (page - s->page)) {
			findings_add(v->report, FINDING_DIFFERENT, vm->who, "hardware",
			             "%s finds %s in pieces", vm->who, s->what);
			return;
		}
	}
	if (s->in_place && ipa != s->page && !is_taken(v, vm, s->page, s->pages)) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "hardware",
		             "%s finds %s at 0x%" PRIx64 ", not at 0x%" PRIx64
		             " where the board has it",
		             vm->who, s->what, ipa * PAGE, s->page * PAGE);
	}
}

static void check_registers(struct verify *v)
{
	const struct stretches s = stretches_of(v);

	for (uint32_t i = 0; i < v->image->header.devices.count; i++) {
		check_device(v, &s, &v->image->devices[i]);
	}
	for (size_t i = 0; i < s.count; i++) {
		if (v->vms[s.list[i].vm].domain != DOMAIN_NONE) {
			check_stretch(v, &s.list[i]);
		}
	}
}

static const struct given_line *line_of(const struct verify *v, const struct pv_irq *irq)
{
	for (size_t i = 0; i < v->given->line_count; i++) {
		const struct given_line *line = &v->given->lines[i];

		if (line->intid == irq->intid && given_domain(v, line->vm) == irq->domain) {
			return line;
		}
	}
	return NULL;
}

/* Does the guest have another interrupt of that number? */
static bool is_used(const struct verify *v, uint32_t vm, uint32_t intid)
{
	const struct pv_domain *domain = &v->image->domains[v->vms[vm].domain];

	if (intid == UART_INTID || (intid == AGENT_INTID && v->vms[vm].source->agent) ||
	    intid - domain->msi_first < domain->msi_count ||
	    intid - v->vms[vm].config.v2m_first < v->vms[vm].config.v2m_count ||
	    intid >= PV_VIRQS) {
		return true;
	}
	for (size_t i = 0; i < v->model->connection_count; i++) {
		const struct wiring *wiring = &v->wirings[i];

		for (uint32_t n = 0; wiring->source->device_vm == vm && n <= wiring->queues; n++) {
			if (wiring->intids[n] == intid) {
				return true;
			}
		}
	}
	return false;
}

static void check_irq(struct verify *v, const struct pv_irq *irq)
{
	const struct given_line *line = line_of(v, irq);
	const struct verified_vm *vm = memory_vm(v, irq->domain);
	const char *who = memory_who(v, irq->domain, PV_SPACE_GUEST);

	findings_power(v->report, who, "is interrupted by line %u of the board, as interrupt %u",
	               irq->intid, irq->virq);
	if (!line) {
		findings_add(v->report, FINDING_EXTRA, vm ? vm->who : NULL, "hardware",
		             "%s has line %u of the board: not in the topology", who, irq->intid);
		return;
	}
	if (irq->flags) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "hardware",
		             "line %u of %s is edge-triggered; it is level-sensitive", irq->intid,
		             who);
	}
	for (uint32_t i = 0; i < v->image->header.irqs.count; i++) {
		const struct pv_irq *other = &v->image->irqs[i];

		if (other != irq && other->domain == irq->domain && other->virq == irq->virq) {
			findings_add(v->report, FINDING_BROKEN, vm->who, "hardware",
			             "%s has interrupt %u from two lines", who, irq->virq);
		}
	}
	if (is_used(v, line->vm, irq->virq)) {
		findings_add(v->report, FINDING_BROKEN, vm->who, "hardware",
		             "%s has line %u of the board as interrupt %u, which is another's", who,
		             irq->intid, irq->virq);
	}
}

static void check_lines(struct verify *v)
{
	for (uint32_t i = 0; i < v->image->header.irqs.count; i++) {
		check_irq(v, &v->image->irqs[i]);
	}
	for (size_t i = 0; i < v->given->line_count; i++) {
		const struct given_line *line = &v->given->lines[i];
		const struct verified_vm *vm = &v->vms[line->vm];
		bool found = vm->domain == DOMAIN_NONE;

		for (uint32_t n = 0; n < v->image->header.irqs.count; n++) {
			found = found || line_of(v, &v->image->irqs[n]) == line;
		}
		if (!found) {
			findings_add(v->report, FINDING_MISSING, vm->who, "hardware",
			             "%s has not line %u of the board, as the topology wants",
			             vm->who, line->intid);
		}
	}
}

bool hardware_has_stream(const struct verify *v, uint32_t domain)
{
	for (uint32_t i = 0; i < v->image->header.streams.count; i++) {
		if (v->image->streams[i].domain == domain) {
			return true;
		}
	}
	return false;
}

/* Does the function reach memory, through the board's SMMU? */
static bool has_dma(const struct verify *v, const struct given_function *f)
{
	return v->model->board->smmu && !(f->model && f->model->quiet);
}

bool hardware_wants_streams(const struct verify *v, uint32_t vm)
{
	for (size_t i = 0; i < v->given->function_count; i++) {
		if (v->given->functions[i].vm == vm && has_dma(v, &v->given->functions[i])) {
			return true;
		}
	}
	return false;
}

uint32_t hardware_stream_of(const struct verify *v, const struct given_function *f)
{
	for (uint32_t i = 0; has_dma(v, f) && i < v->image->header.streams.count; i++) {
		const struct pv_stream *s = &v->image->streams[i];

		if (s->id == f->id && s->domain == given_domain(v, f->vm)) {
			return i;
		}
	}
	return NOT_FOUND;
}

static void check_streams(struct verify *v)
{
	for (uint32_t i = 0; i < v->image->header.streams.count; i++) {
		const struct pv_stream *s = &v->image->streams[i];
		bool found = false;

		for (size_t n = 0; n < v->given->function_count; n++) {
			found = found || hardware_stream_of(v, &v->given->functions[n]) == i;
		}
		if (!found) {
			findings_add(v->report, FINDING_EXTRA, NULL, "hardware",
			             "function %u:%u.%u reaches what the devices of %s do: not in "
			             "the topology",
			             s->id >> 8, s->id >> 3 & 31, s->id & 7,
			             memory_who(v, s->domain, PV_SPACE_GUEST));
		}
	}
	for (size_t i = 0; i < v->given->function_count; i++) {
		const struct given_function *f = &v->given->functions[i];
		const struct verified_vm *vm = &v->vms[f->vm];

		if (vm->domain == DOMAIN_NONE) {
			continue;
		}
		if (has_dma(v, f) && hardware_stream_of(v, f) == NOT_FOUND) {
			findings_add(v->report, FINDING_MISSING, vm->who, "hardware",
			             "%s of %s has no stream: it reaches no memory, as the "
			             "topology wants",
			             f->what, vm->who);
		}
	}
}

/* A VM with functions that say their interrupts by memory has the numbers that its frame offers. */
static void check_msis(struct verify *v, uint32_t index)
{
	const struct verified_vm *vm = &v->vms[index];
	const struct pv_domain *d = &v->image->domains[vm->domain];
	const struct pv_vmm_config *config = &vm->config;

	if (!given_vm_has_msis(v, index)) {
		if (d->msi_count || d->msi_first || d->msi_ipa_page) {
			findings_add(v->report, FINDING_EXTRA, vm->who, "hardware",
			             "devices of %s can raise %u interrupts by memory from %u on: "
			             "not in the topology",
			             vm->who, d->msi_count, d->msi_first);
		}
		return;
	}
	findings_power(v->report, arena_printf(v->arena, "devices of %s", vm->who),
	               "can raise interrupts %u to %u of %s", d->msi_first,
	               d->msi_first + d->msi_count - 1, vm->who);
	if (!d->msi_count) {
		findings_add(v->report, FINDING_MISSING, vm->who, "hardware",
		             "devices of %s cannot raise interrupts by memory, as the topology "
		             "wants",
		             vm->who);
	} else if (d->msi_first != config->v2m_first || d->msi_count != config->v2m_count) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "hardware",
		             "devices of %s can raise interrupts %u to %u by memory; its frame "
		             "has %u to %u",
		             vm->who, d->msi_first, d->msi_first + d->msi_count - 1,
		             config->v2m_first, config->v2m_first + config->v2m_count - 1);
	}
	if (d->msi_ipa_page != V2M_IPA / PAGE) {
		findings_add(v->report, FINDING_DIFFERENT, vm->who, "hardware",
		             "devices of %s write interrupts to 0x%" PRIx64 ", its frame is at "
		             "0x%x",
		             vm->who, d->msi_ipa_page * PAGE, V2M_IPA);
	}
}

void hardware_check(struct verify *v)
{
	windows_check(v);
	check_registers(v);
	check_lines(v);
	check_streams(v);
	for (uint32_t i = 0; i < v->model->vm_count; i++) {
		if (v->vms[i].domain != DOMAIN_NONE && v->vms[i].has_config) {
			check_msis(v, i);
		}
	}
}
