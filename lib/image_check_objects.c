/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image check of objects: domains, vCPUs, capabilities, doorbells. What it keeps: each entry
 * of these tables belongs to one domain, and a capability names only what its holder may have.
 */
#include "abi/calls.h"
#include "lib/image_checker.h"

/* NUL-terminated, printable, not empty, and nothing behind the end. */
static bool is_name(const char *name, uint32_t bytes)
{
	uint32_t length = 0;

	while (length < bytes && name[length] >= ' ' && name[length] <= '~') {
		length++;
	}
	for (uint32_t i = length; i < bytes; i++) {
		if (name[i] != '\0') {
			return false;
		}
	}
	return length > 0 && length < bytes;
}

/* What domain @index has of message-signalled interrupts: nothing at all, or all that they need. */
static bool msis_are_whole(const struct image_checker *checker, uint32_t index)
{
	const struct pv_domain *d = &image_domains(checker->image)[index];

	if (d->msi_count == 0) {
		return d->msi_ipa_page == 0 && d->msi_first == 0;
	}
	return d->msi_ipa_page != 0 && checker->bounds->hardware->msi_page != 0 &&
	       image_has_stream(checker->image, index);
}

/* Are they virtual SPIs, and those that the board's page can raise, if it is so limited? */
static bool msis_exist(const struct image_checker *checker, const struct pv_domain *d)
{
	const struct image_span *msis = &checker->bounds->hardware->msis;

	return d->msi_count == 0 ||
	       (pages_inside(d->msi_first, d->msi_count, PV_SPI_FIRST, PV_VIRQS - PV_SPI_FIRST) &&
	        (msis->count == 0 ||
	         pages_inside(d->msi_first, d->msi_count, msis->first, msis->count)));
}

/* Are the MSIs of domain @index, where they are interrupts of the board, another's as well? */
static bool msis_overlap(const struct image_checker *checker, uint32_t index)
{
	const struct pv_domain *domains = image_domains(checker->image);
	bool physical = checker->bounds->hardware->msis.count != 0;

	for (uint32_t i = 0; physical && i < index; i++) {
		if (pages_overlap(domains[i].msi_first, domains[i].msi_count,
		                  domains[index].msi_first, domains[index].msi_count)) {
			return true;
		}
	}
	return false;
}

static err_t check_msis(const struct image_checker *checker, uint32_t index)
{
	const struct pv_domain *d = &image_domains(checker->image)[index];
	const struct image_rule rules[] = {
		{"msi_count", ERR_FULL, d->msi_count <= PV_MSIS_MAX},
		{"msi_count", ERR_ARG, msis_are_whole(checker, index)},
		{"msi_first", ERR_RANGE, msis_exist(checker, d)},
		{"msi_first", ERR_OVERLAP, !msis_overlap(checker, index)},
		{"msi_ipa_page", ERR_RANGE, pages_fit(d->msi_ipa_page, 1, IMAGE_IPA_PAGES)},
		{"msi_ipa_page", ERR_OVERLAP,
	         d->msi_count == 0 || (!pages_overlap(d->msi_ipa_page, 1, d->doorbell_ipa_page,
	                                              d->doorbell_pages.count) &&
	                               !pages_overlap(d->msi_ipa_page, 1, d->gicc_ipa_page,
	                                              checker->bounds->hardware->gicc_page_count))},
		{"reserved", ERR_ARG, d->reserved == 0},
	};

	return image_judge(checker, "domains", index, rules, ARRAY_COUNT(rules));
}

/* Are console channels of domain @index another's as well, or the kernel's, which is 0? */
static bool channels_overlap(const struct pv_domain *domains, uint32_t index)
{
	const struct pv_domain *d = &domains[index];
	bool overlap = pages_overlap(d->channel_first, d->channel_count, 0, 1);

	for (uint32_t i = 0; i < index; i++) {
		overlap =
			overlap || pages_overlap(domains[i].channel_first, domains[i].channel_count,
		                                 d->channel_first, d->channel_count);
	}
	return overlap;
}

static err_t check_domain(const struct image_checker *checker, uint32_t index)
{
	static const struct pv_domain none;
	const struct pv_image_header *image = checker->image;
	const struct pv_domain *domains = image_domains(image);
	const struct pv_domain *d = &domains[index];
	const struct pv_domain *before = index ? d - 1 : &none;
	bool last = index + 1 == image->domains.count;
	uint32_t bells = d->doorbell_pages.count;
	uint32_t gicc_count = checker->bounds->hardware->gicc_page_count;
	const struct image_rule rules[] = {
		{"vcpus", ERR_RANGE, d->vcpus.count > 0},
		{"vcpus", ERR_FULL, d->vcpus.count <= PV_DOMAIN_VCPUS_MAX},
		{"vcpus", ERR_RANGE, image_covers(before->vcpus, d->vcpus, last, image->vcpus)},
		{"caps", ERR_RANGE, image_covers(before->caps, d->caps, last, image->caps)},
		{"doorbell_pages", ERR_RANGE,
	         image_covers(before->doorbell_pages, d->doorbell_pages, last,
	                      image->doorbell_pages)},
		{"name", ERR_ARG, is_name(d->name, sizeof(d->name))},
		{"doorbell_ipa_page", ERR_RANGE,
	         pages_fit(d->doorbell_ipa_page, bells, IMAGE_IPA_PAGES)},
		{"gicc_ipa_page", ERR_RANGE,
	         gicc_count ? pages_fit(d->gicc_ipa_page, gicc_count, IMAGE_IPA_PAGES)
	                    : d->gicc_ipa_page == 0},
		{"gicc_ipa_page", ERR_OVERLAP,
	         !pages_overlap(d->doorbell_ipa_page, bells, d->gicc_ipa_page, gicc_count)},
		{"priority", ERR_RANGE, d->priority <= 255},
		{"budget_us", ERR_RANGE, d->budget_us <= d->period_us},
		{"period_us", ERR_RANGE,
	         d->period_us == 0 || (d->budget_us > 0 && d->period_us >= PV_PERIOD_US_MIN)},
		{"flags", ERR_ARG, (d->flags & ~PV_DOMAIN_VMM_RESTARTS) == 0},
		{"channel_count", ERR_FULL, d->channel_count <= PV_CONSOLES_MAX},
		{"channel_first", ERR_RANGE,
	         pages_fit(d->channel_first, d->channel_count, PV_CHANNELS_MAX)},
		{"channel_first", ERR_OVERLAP, !channels_overlap(domains, index)},
	};

	return image_judge(checker, "domains", index, rules, ARRAY_COUNT(rules));
}

err_t image_check_domains(const struct image_checker *checker)
{
	err_t err = OK;

	for (uint32_t i = 0; i < checker->image->domains.count && !err; i++) {
		err = check_domain(checker, i);
		err = err ? err : check_msis(checker, i);
	}
	return err;
}

static err_t check_vcpus(const struct image_checker *checker)
{
	const struct pv_image_header *image = checker->image;
	uint32_t pinned[PV_CPUS_MAX] = {0};

	for (uint32_t d = 0; d < image->domains.count; d++) {
		struct pv_slice slice = image_domains(image)[d].vcpus;

		for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
			const struct pv_vcpu *vcpu = &image_vcpus(image)[i];
			bool known = vcpu->cpu < image->cpu_count;
			uint32_t there = known ? ++pinned[vcpu->cpu] : 0;
			const struct image_rule rules[] = {
				{"domain", ERR_RANGE, vcpu->domain == d},
				{"cpu", ERR_RANGE, known},
				{"cpu", ERR_FULL, there <= PV_CPU_SLOTS_MAX},
			};
			err_t err = image_judge(checker, "vcpus", i, rules, ARRAY_COUNT(rules));

			if (err) {
				return err;
			}
		}
	}
	return OK;
}

static err_t check_doorbells(const struct image_checker *checker)
{
	const struct pv_image_header *image = checker->image;

	for (uint32_t i = 0; i < image->doorbells.count; i++) {
		const struct pv_doorbell *doorbell = &image_doorbells(image)[i];
		uint32_t number = doorbell->number;
		bool event = doorbell->kind == PV_DOORBELL_EVENT;
		const struct image_rule rules[] = {
			{"domain", ERR_RANGE, doorbell->domain < image->domains.count},
			{"kind", ERR_ARG, event || doorbell->kind == PV_DOORBELL_VIRQ},
			{"number", ERR_RANGE,
		         event ? number >= PV_EVENT_DOORBELL && number < 64
		               : number == 0 || (number >= PV_SPI_FIRST && number < PV_VIRQS)},
		};
		err_t err = image_judge(checker, "doorbells", i, rules, ARRAY_COUNT(rules));

		if (err) {
			return err;
		}
	}
	return OK;
}

/* What capability @cap of @domain may name. */
static err_t judge_cap(const struct pv_image_header *image, uint32_t domain, struct pv_cap cap)
{
	const struct pv_domain *holder = &image_domains(image)[domain];
	const struct pv_doorbell *doorbells = image_doorbells(image);

	switch (cap.type) {
	case PV_CAP_NONE:
		return cap.object == 0 ? OK : ERR_ARG;
	case PV_CAP_VCPU:
		return pages_inside(cap.object, 1, holder->vcpus.first, holder->vcpus.count)
		               ? OK
		               : ERR_CAP;
	case PV_CAP_VGIC:
		return cap.object == domain ? OK : ERR_CAP;
	case PV_CAP_DOORBELL_SEND:
		return cap.object < image->doorbells.count ? OK : ERR_RANGE;
	case PV_CAP_DOORBELL_RECV:
		if (cap.object >= image->doorbells.count) {
			return ERR_RANGE;
		}
		return doorbells[cap.object].domain == domain &&
		                       doorbells[cap.object].kind == PV_DOORBELL_VIRQ
		               ? OK
		               : ERR_CAP;
	case PV_CAP_CONSOLE:
		return cap.object < holder->channel_count ? OK : ERR_CAP;
	case PV_CAP_STREAM:
		if (cap.object >= image->streams.count) {
			return ERR_RANGE;
		}
		return image_streams(image)[cap.object].domain == domain ? OK : ERR_CAP;
	case PV_CAP_WINDOW:
		if (cap.object >= image->windows.count) {
			return ERR_RANGE;
		}
		return image_windows(image)[cap.object].domain == domain ? OK : ERR_CAP;
	default:
		return ERR_ARG;
	}
}

static err_t check_caps(const struct image_checker *checker)
{
	const struct pv_image_header *image = checker->image;

	for (uint32_t d = 0; d < image->domains.count; d++) {
		struct pv_slice slice = image_domains(image)[d].caps;

		for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
			const struct pv_cap *cap = &image_caps(image)[i];
			err_t err = judge_cap(image, d, *cap);
			if (err != OK) {
				return image_refuse(
					checker, "caps", i,
					cap->type < PV_CAP_TYPE_COUNT ? "object" : "type", err);
			}
		}
	}
	return OK;
}

/* Page @index of @domain rings only what the domain itself may ring. */
static err_t check_doorbell_page(const struct image_checker *checker, uint32_t domain,
                                 uint32_t index)
{
	const struct pv_image_header *image = checker->image;
	const struct pv_doorbell_page *page = &image_doorbell_pages(image)[index];
	struct pv_slice own = image_domains(image)[domain].caps;

	const struct image_rule rules[] = {
		{"domain", ERR_RANGE, page->domain == domain},
		{"reserved", ERR_ARG, page->reserved == 0},
		{"caps", ERR_RANGE,
	         page->caps.count <= PV_PAGE_BYTES / 4 &&
	                 pages_inside(page->caps.first, page->caps.count, own.first, own.count)},
	};
	err_t err = image_judge(checker, "doorbell_pages", index, rules, ARRAY_COUNT(rules));

	for (uint32_t i = 0; i < page->caps.count && !err; i++) {
		uint32_t type = image_caps(image)[page->caps.first + i].type;

		if (type != PV_CAP_DOORBELL_SEND && type != PV_CAP_NONE) {
			err = image_refuse(checker, "doorbell_pages", index, "caps", ERR_CAP);
		}
	}
	return err;
}

static err_t check_doorbell_pages(const struct image_checker *checker)
{
	const struct pv_image_header *image = checker->image;

	for (uint32_t d = 0; d < image->domains.count; d++) {
		struct pv_slice slice = image_domains(image)[d].doorbell_pages;

		for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
			err_t err = check_doorbell_page(checker, d, i);
			if (err != OK) {
				return err;
			}
		}
	}
	return OK;
}

err_t image_check_objects(const struct image_checker *checker)
{
	err_t err = check_vcpus(checker);

	err = err ? err : check_doorbells(checker);
	err = err ? err : check_caps(checker);
	err = err ? err : check_doorbell_pages(checker);
	return err;
}
