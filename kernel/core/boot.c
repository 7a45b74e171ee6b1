/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building the system. After boot_build() nothing here runs again.
 */
#include "kernel/core/boot.h"

#include "kernel/core/arch.h"
#include "kernel/core/console.h"
#include "kernel/core/domain.h"
#include "kernel/core/invariants.h"
#include "kernel/core/line.h"
#include "kernel/core/log.h"
#include "kernel/core/memory.h"
#include "kernel/core/sched.h"
#include "kernel/core/window.h"

static struct s2 s2;

static const char *const error_texts[] = {
#define X(name, number, text) [-(number)] = (text),
	PV_ERRORS(X)
#undef X
};

void boot_refuse(const char *what, const struct image_fault *fault)
{
	if (fault) {
		log_print("image refused: %s[%u].%s: %s", fault->table, fault->index, fault->field,
		          error_texts[-fault->err]);
	} else {
		log_print("image refused: %s", what);
	}
	arch_power_off();
}

static void must(err_t err, const char *table, uint32_t index, const char *field)
{
	if (err) {
		const struct image_fault fault = {table, index, field, err};

		boot_refuse(NULL, &fault);
	}
}

static void copy_tables(const struct pv_image_header *image)
{
	const struct pv_cap *caps = image_caps(image);
	const struct pv_doorbell *bells = image_doorbells(image);
	const struct pv_doorbell_page *pages = image_doorbell_pages(image);

	for (uint32_t i = 0; i < image->caps.count; i++) {
		kernel.caps[i] = caps[i];
	}
	for (uint32_t i = 0; i < image->doorbells.count; i++) {
		kernel.doorbells[i] = (struct doorbell){.domain = &kernel.domains[bells[i].domain],
		                                        .kind = (uint8_t)bells[i].kind,
		                                        .first = bells[i].number,
		                                        .number = bells[i].number};
	}
	for (uint32_t i = 0; i < image->streams.count; i++) {
		const struct pv_stream *from = &image_streams(image)[i];

		kernel.streams[i] =
			(struct stream){.domain = &kernel.domains[from->domain], .id = from->id};
		kernel.domains[from->domain].streams |= 1U << i;
	}
	for (uint32_t i = 0; i < image->doorbell_pages.count; i++) {
		kernel.doorbell_pages[i] = (struct doorbell_page){&kernel.caps[pages[i].caps.first],
		                                                  pages[i].caps.count};
	}
}

/* The interrupts of devices; MSIs are messages where the board does not itself make SPIs of them. */
static void connect_lines(const struct pv_image_header *image, const struct image_board *board)
{
	for (uint32_t i = 0; i < image->irqs.count; i++) {
		const struct pv_irq *irq = &image_irqs(image)[i];

		line_add(&kernel.domains[irq->domain], irq->virq, irq->intid,
		         irq->flags & PV_IRQ_EDGE);
	}
	for (uint32_t i = 0; i < image->domains.count; i++) {
		struct domain *d = &kernel.domains[i];

		if (!board->msis.count) {
			line_add_messages(d);
			continue;
		}
		for (uint32_t n = 0; n < d->image.msi_count; n++) {
			line_add(d, d->image.msi_first + n, d->image.msi_first + n, true);
		}
	}
}

static void build_domain(uint32_t index, const struct pv_domain *from)
{
	struct domain *d = &kernel.domains[index];

	d->image = *from;
	d->vcpus = &kernel.vcpus[from->vcpus.first];
	d->vcpu_count = from->vcpus.count;
	d->doorbell_pages = &kernel.doorbell_pages[from->doorbell_pages.first];
	console_attach(index);
}

static void build_vcpu(uint32_t index, const struct pv_vcpu *from, const struct pv_domain *domain)
{
	struct vcpu *v = &kernel.vcpus[index];

	v->index = index;
	v->domain = &kernel.domains[from->domain];
	v->number = index - domain->vcpus.first;
	v->cpu = &kernel.cpus[from->cpu];
	v->priority = domain->priority;
	v->budget.ticks = arch_ticks_per_second() * domain->budget_us / 1000000;
	v->budget.period = arch_ticks_per_second() * domain->period_us / 1000000;
	v->slice_left = kernel.slice_ticks;
	v->wait = WAIT_OFF;
	v->wake_at = UINT64_MAX;
}

/* Put @v into its CPU's slots, which are sorted by priority, highest first. */
static void add_slot(struct vcpu *v)
{
	struct cpu *c = v->cpu;
	uint32_t at = c->slot_count++;

	for (; at > 0 && c->slots[at - 1]->priority < v->priority; at--) {
		c->slots[at] = c->slots[at - 1];
	}
	c->slots[at] = v;
}

static void map_range(const struct s2_range *range, const char *table, uint32_t index)
{
	uint32_t number = 0;

	must(s2_allow(&s2, range, &number), table, index, "ipa_page");
	must(s2_map(&s2, number), table, index, "ipa_page");
}

static void map_regions(const struct pv_image_header *image)
{
	const struct pv_region *regions = image_regions(image);
	const struct pv_mapping *mappings = image_mappings(image);

	for (uint32_t r = 0; r < image->regions.count; r++) {
		const struct pv_slice *slice = &regions[r].mappings;

		for (uint32_t m = slice->first; m < slice->first + slice->count; m++) {
			const struct s2_range range = {
				.ipa_page = mappings[m].ipa_page,
				.pa_page = regions[r].page,
				.page_count = regions[r].page_count,
				.space = (uint16_t)s2_space_of(mappings[m].domain,
			                                       (enum pv_space)mappings[m].space),
				.rights = (uint8_t)mappings[m].rights,
				.memory = S2_MEMORY_NORMAL,
			};

			map_range(&range, "mappings", m);
		}
	}
}

/* Registers, in @space of @domain; entry @index of @table says so. */
static void map_registers(uint32_t domain, enum pv_space space, struct s2_range range,
                          const char *table, uint32_t index)
{
	range.space = (uint16_t)s2_space_of(domain, space);
	range.memory = S2_MEMORY_DEVICE;
	map_range(&range, table, index);
}

static void map_devices(const struct pv_image_header *image)
{
	for (uint32_t i = 0; i < image->devices.count; i++) {
		const struct pv_device *device = &image_devices(image)[i];

		map_registers(device->domain, (enum pv_space)device->space,
		              (struct s2_range){.ipa_page = device->ipa_page,
		                                .pa_page = device->page,
		                                .page_count = device->page_count,
		                                .rights = (uint8_t)device->rights},
		              "devices", i);
	}
}

/* The roots of domain @index, and what the interrupt controller has in its spaces. */
static void build_domain_spaces(const struct pv_image_header *image, uint32_t index,
                                const struct image_board *board, uint32_t gicv_page)
{
	const struct pv_domain *domain = &image_domains(image)[index];
	struct s2_range range = {.rights = PV_RIGHT_READ | PV_RIGHT_WRITE};

	must(s2_space_create(&s2, s2_space_of(index, PV_SPACE_GUEST)), "domains", index, "guest");
	must(s2_space_create(&s2, s2_space_of(index, PV_SPACE_VMM)), "domains", index, "vmm");
	if (image_has_stream(image, index)) {
		must(s2_space_create(&s2, s2_space_of(index, PV_SPACE_DMA)), "domains", index,
		     "dma");
	}
	if (board->gicc_page_count) {
		range.ipa_page = domain->gicc_ipa_page;
		range.pa_page = gicv_page;
		range.page_count = board->gicc_page_count;
		map_registers(index, PV_SPACE_GUEST, range, "domains", index);
	}
	if (domain->msi_count) {
		range.ipa_page = domain->msi_ipa_page;
		range.pa_page = board->msi_page;
		range.page_count = 1;
		map_registers(index, PV_SPACE_DMA, range, "domains", index);
	}
}

static void build_spaces(const struct pv_image_header *image, const struct image_board *board,
                         uint32_t gicv_page)
{
	memory_clear(image->pool_page, image->pool_page_count);
	must(s2_init(&s2, image->pool_page, image->pool_page_count), "header", 0, "pool_page");
	for (uint32_t i = 0; i < image->domains.count; i++) {
		build_domain_spaces(image, i, board, gicv_page);
	}
	map_devices(image);
	map_regions(image);
	s2_seal(&s2);
	if (!invariants_hold(&s2)) {
		boot_refuse("the stage-2 tables are not what the image says", NULL);
	}
}

const struct s2 *boot_spaces(void)
{
	return &s2;
}

/* Clear what is the kernel's to clear. Who sees it first may have its caches off. */
static void clear_regions(const struct pv_image_header *image, uint32_t image_page)
{
	const struct pv_region *regions = image_regions(image);

	for (uint32_t i = 0; i < image->regions.count; i++) {
		if (image_clears(image, image_page, &regions[i])) {
			memory_clear(regions[i].page, regions[i].page_count);
			memory_clean(regions[i].page, regions[i].page_count);
		}
	}
}

/* Of a list register that is never written, what it holds comes to guests. */
void boot_check_cpu(void)
{
	uint32_t count = arch_lr_count();
	uint32_t mask = count <= LRS_MAX ? (1U << count) - 1 : 0;

	if (!mask || (kernel.lr_mask && kernel.lr_mask != mask)) {
		boot_refuse("header[0].board: the CPUs of this machine are others", NULL);
	}
	kernel.lr_mask = mask;
}

void boot_build(const struct pv_image_header *image, uint64_t available_bytes,
                const struct image_bounds *bounds, uint32_t gicv_page)
{
	struct image_fault fault;

	if (image_check(image, available_bytes, bounds, &fault)) {
		boot_refuse(NULL, &fault);
	}
	boot_check_cpu();
	kernel.domain_count = image->domains.count;
	kernel.domains_on = image->domains.count;
	kernel.vcpu_count = image->vcpus.count;
	kernel.cpu_count = image->cpu_count;
	kernel.slice_ticks = arch_ticks_per_second() / SCHED_SLICE_PER_SECOND;
	copy_tables(image);
	for (uint32_t i = 0; i < image->domains.count; i++) {
		build_domain(i, &image_domains(image)[i]);
	}
	for (uint32_t i = 0; i < image->vcpus.count; i++) {
		const struct pv_vcpu *from = &image_vcpus(image)[i];

		build_vcpu(i, from, &image_domains(image)[from->domain]);
		add_slot(&kernel.vcpus[i]);
	}
	connect_lines(image, bounds->hardware);
	build_spaces(image, bounds->hardware, gicv_page);
	clear_regions(image, bounds->image_page);
	window_build(image);
	for (uint32_t i = 0; i < image->domains.count; i++) {
		domain_start(&kernel.domains[i]);
	}
}
