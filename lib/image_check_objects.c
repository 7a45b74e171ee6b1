/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image check of objects: domains, vCPUs, capabilities, doorbells. What it keeps: each entry
 * of these tables belongs to one domain, and a capability names only what its holder may have.
 */
#include "abi/calls.h"
#include "lib/image_checker.h"
#include "lib/range.h"

/* What the domains before have taken of the tables that they cover in order. */
struct cover {
	uint32_t vcpus;
	uint32_t caps;
	uint32_t doorbell_pages;
	bool channels[PV_CHANNELS_MAX];
};

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

/* Does @slice begin where the one before it ended, and end in the table? Then *next moves on. */
static bool slice_follows(struct pv_slice slice, uint32_t *next, struct pv_table table)
{
	if (slice.first != *next || !pages_fit(slice.first, slice.count, table.count)) {
		return false;
	}
	*next += slice.count;
	return true;
}

static err_t check_domain_slices(const struct image_checker *checker, uint32_t index,
                                 struct cover *cover)
{
	const struct pv_image_header *image = checker->image;
	const struct pv_domain *domain = &image_domains(image)[index];

	if (domain->vcpus.count == 0) {
		return image_refuse(checker, "domains", index, "vcpus", ERR_RANGE);
	}
	if (domain->vcpus.count > PV_DOMAIN_VCPUS_MAX) {
		return image_refuse(checker, "domains", index, "vcpus", ERR_FULL);
	}
	if (!slice_follows(domain->vcpus, &cover->vcpus, image->vcpus)) {
		return image_refuse(checker, "domains", index, "vcpus", ERR_RANGE);
	}
	if (!slice_follows(domain->caps, &cover->caps, image->caps)) {
		return image_refuse(checker, "domains", index, "caps", ERR_RANGE);
	}
	if (!slice_follows(domain->doorbell_pages, &cover->doorbell_pages, image->doorbell_pages)) {
		return image_refuse(checker, "domains", index, "doorbell_pages", ERR_RANGE);
	}
	return OK;
}

static err_t check_domain_channels(const struct image_checker *checker, uint32_t index,
                                   struct cover *cover)
{
	const struct pv_domain *domain = &image_domains(checker->image)[index];

	if (domain->channel_count > PV_CONSOLES_MAX) {
		return image_refuse(checker, "domains", index, "channel_count", ERR_FULL);
	}
	if (!pages_fit(domain->channel_first, domain->channel_count, PV_CHANNELS_MAX)) {
		return image_refuse(checker, "domains", index, "channel_first", ERR_RANGE);
	}
	for (uint32_t i = 0; i < domain->channel_count; i++) {
		uint32_t channel = domain->channel_first + i;

		/* Channel 0 is the kernel's. */
		if (channel == 0 || cover->channels[channel]) {
			return image_refuse(checker, "domains", index, "channel_first",
			                    ERR_OVERLAP);
		}
		cover->channels[channel] = true;
	}
	return OK;
}

static err_t check_domain(const struct image_checker *checker, uint32_t index)
{
	const struct pv_domain *domain = &image_domains(checker->image)[index];

	if (!is_name(domain->name, sizeof(domain->name))) {
		return image_refuse(checker, "domains", index, "name", ERR_ARG);
	}
	if (!pages_fit(domain->doorbell_ipa_page, domain->doorbell_pages.count, IMAGE_IPA_PAGES)) {
		return image_refuse(checker, "domains", index, "doorbell_ipa_page", ERR_RANGE);
	}
	if (!pages_fit(domain->gicc_ipa_page, PV_GICC_PAGES, IMAGE_IPA_PAGES)) {
		return image_refuse(checker, "domains", index, "gicc_ipa_page", ERR_RANGE);
	}
	if (pages_overlap(domain->doorbell_ipa_page, domain->doorbell_pages.count,
	                  domain->gicc_ipa_page, PV_GICC_PAGES)) {
		return image_refuse(checker, "domains", index, "gicc_ipa_page", ERR_OVERLAP);
	}
	if (domain->priority > 255) {
		return image_refuse(checker, "domains", index, "priority", ERR_RANGE);
	}
	if (domain->budget_us > domain->period_us) {
		return image_refuse(checker, "domains", index, "budget_us", ERR_RANGE);
	}
	if (domain->period_us != 0 &&
	    (domain->budget_us == 0 || domain->period_us < PV_PERIOD_US_MIN)) {
		return image_refuse(checker, "domains", index, "period_us", ERR_RANGE);
	}
	if (domain->reserved != 0) {
		return image_refuse(checker, "domains", index, "reserved", ERR_ARG);
	}
	return OK;
}

err_t image_check_domains(const struct image_checker *checker)
{
	const struct pv_image_header *image = checker->image;
	struct cover cover = {0};

	for (uint32_t i = 0; i < image->domains.count; i++) {
		err_t err = check_domain_slices(checker, i, &cover);
		if (err == OK) {
			err = check_domain(checker, i);
		}
		if (err == OK) {
			err = check_domain_channels(checker, i, &cover);
		}
		if (err != OK) {
			return err;
		}
	}
	if (cover.vcpus != image->vcpus.count) {
		return image_refuse(checker, "vcpus", cover.vcpus, "domain", ERR_RANGE);
	}
	if (cover.caps != image->caps.count) {
		return image_refuse(checker, "caps", cover.caps, "domain", ERR_RANGE);
	}
	if (cover.doorbell_pages != image->doorbell_pages.count) {
		return image_refuse(checker, "doorbell_pages", cover.doorbell_pages, "domain",
		                    ERR_RANGE);
	}
	return OK;
}

static err_t check_vcpus(const struct image_checker *checker)
{
	const struct pv_image_header *image = checker->image;
	uint32_t pinned[PV_CPUS_MAX] = {0};

	for (uint32_t d = 0; d < image->domains.count; d++) {
		struct pv_slice slice = image_domains(image)[d].vcpus;

		for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
			const struct pv_vcpu *vcpu = &image_vcpus(image)[i];

			if (vcpu->domain != d) {
				return image_refuse(checker, "vcpus", i, "domain", ERR_RANGE);
			}
			if (vcpu->cpu >= image->cpu_count) {
				return image_refuse(checker, "vcpus", i, "cpu", ERR_RANGE);
			}
			pinned[vcpu->cpu]++;
			if (pinned[vcpu->cpu] > PV_CPU_SLOTS_MAX) {
				return image_refuse(checker, "vcpus", i, "cpu", ERR_FULL);
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
		bool fits;

		if (doorbell->domain >= image->domains.count) {
			return image_refuse(checker, "doorbells", i, "domain", ERR_RANGE);
		}
		if (doorbell->kind == PV_DOORBELL_VIRQ) {
			fits = number == 0 || (number >= PV_SPI_FIRST && number < PV_VIRQS);
		} else if (doorbell->kind == PV_DOORBELL_EVENT) {
			fits = number >= PV_EVENT_DOORBELL && number < 64;
		} else {
			return image_refuse(checker, "doorbells", i, "kind", ERR_ARG);
		}
		if (!fits) {
			return image_refuse(checker, "doorbells", i, "number", ERR_RANGE);
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

	if (page->domain != domain) {
		return image_refuse(checker, "doorbell_pages", index, "domain", ERR_RANGE);
	}
	if (page->reserved != 0) {
		return image_refuse(checker, "doorbell_pages", index, "reserved", ERR_ARG);
	}
	if (page->caps.count > PV_PAGE_BYTES / 4 ||
	    !pages_inside(page->caps.first, page->caps.count, own.first, own.count)) {
		return image_refuse(checker, "doorbell_pages", index, "caps", ERR_RANGE);
	}
	for (uint32_t i = page->caps.first; i < page->caps.first + page->caps.count; i++) {
		uint32_t type = image_caps(image)[i].type;

		if (type != PV_CAP_DOORBELL_SEND && type != PV_CAP_NONE) {
			return image_refuse(checker, "doorbell_pages", index, "caps", ERR_CAP);
		}
	}
	return OK;
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

	if (err == OK) {
		err = check_doorbells(checker);
	}
	if (err == OK) {
		err = check_caps(checker);
	}
	if (err == OK) {
		err = check_doorbell_pages(checker);
	}
	return err;
}
