/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of hardware by themselves, for topo verify: what abi/image.h demands of any image and
 * the kernel checks too.
 */
#include <inttypes.h>

#include "topo/model/board.h"
#include "topo/verify/hardware.h"

static void broken(struct verify *v, const char *table, uint32_t index, const char *what)
{
	findings_add(v->report, FINDING_BROKEN, NULL, "hardware", "%s %u of the image %s", table,
	             index, what);
}

static bool is_domain(const struct verify *v, uint32_t domain)
{
	return domain < v->image->header.domains.count;
}

static bool is_spi(uint32_t intid, uint32_t end)
{
	return intid >= PV_SPI_FIRST && intid < end;
}

static void check_device(struct verify *v, uint32_t index, uint64_t *page)
{
	const struct pv_device *d = &v->image->devices[index];
	uint64_t kept = board_kept_page(v->model->board, d->page, d->page_count);

	if (d->page < *page || !d->page_count) {
		broken(v, "device", index, "is empty, or does not follow the one before it");
	}
	*page = (uint64_t)d->page + d->page_count;
	if (!is_domain(v, d->domain) || d->space > PV_SPACE_VMM) {
		broken(v, "device", index, "is in nobody's address space");
	}
	if ((d->rights & ~PV_RIGHT_WRITE) != PV_RIGHT_READ || d->reserved) {
		broken(v, "device", index, "has rights or bits that mean nothing");
	}
	if ((uint64_t)d->ipa_page + d->page_count > UINT64_C(1) << (PV_IPA_BITS - PV_PAGE_SHIFT)) {
		broken(v, "device", index, "ends above the address space");
	}
	if (kept != UINT64_MAX) {
		findings_add(v->report, FINDING_EXTRA, NULL, "hardware",
		             "device %u of the image lets domain %u reach 0x%" PRIx64
		             ", which the board keeps from all",
		             index, d->domain, kept * PAGE);
	}
}

static void check_irq(struct verify *v, uint32_t index)
{
	const struct pv_irq *irq = &v->image->irqs[index];

	if (!is_spi(irq->intid, PV_INTID_END) || (index && irq->intid <= irq[-1].intid)) {
		broken(v, "irq", index, "is no line, or does not follow the one before it");
	}
	if (!is_domain(v, irq->domain) || !is_spi(irq->virq, PV_VIRQS)) {
		broken(v, "irq", index, "interrupts nobody");
	}
	if (irq->flags & ~PV_IRQ_EDGE || irq->reserved) {
		broken(v, "irq", index, "has bits that mean nothing");
	}
	if (board_keeps_line(v->model->board, irq->intid)) {
		findings_add(v->report, FINDING_EXTRA, NULL, "hardware",
		             "irq %u of the image gives domain %u line %u, which the board keeps "
		             "from all",
		             index, irq->domain, irq->intid);
	}
}

static void check_stream(struct verify *v, uint32_t index)
{
	const struct pv_stream *s = &v->image->streams[index];

	if (s->id >= PV_STREAM_IDS || (index && s->id <= s[-1].id)) {
		broken(v, "stream", index, "has no number, or does not follow the one before it");
	}
	if (!is_domain(v, s->domain)) {
		broken(v, "stream", index, "reaches nobody's memory");
	}
	if (!v->model->board->smmu) {
		broken(v, "stream", index, "needs an SMMU, which the board has not");
	}
}

static void check_rule(struct verify *v, uint32_t index, bool first)
{
	const struct pv_window_rule *rule = &v->image->window_rules[index];

	if (rule->word >= PV_WINDOW_WORDS || (!first && rule->word <= rule[-1].word)) {
		broken(v, "window rule", index, "is for no word, or does not follow");
	}
	if (rule->keep & rule->writable || rule->flags & ~(PV_RULE_INITIAL | PV_RULE_PROBE) ||
	    rule->reserved || rule->flags == PV_RULE_PROBE ||
	    (rule->initial && !(rule->flags & PV_RULE_INITIAL))) {
		broken(v, "window rule", index, "contradicts itself");
	}
}

static void check_window(struct verify *v, uint32_t index, uint32_t *next)
{
	const struct pv_window *w = &v->image->windows[index];
	uint32_t rules = v->image->header.window_rules.count;
	bool follows = !index || w->page > w[-1].page ||
	               (w->page == w[-1].page && w->domain > w[-1].domain);

	if (!follows || (!is_domain(v, w->domain) && w->domain != PV_NOBODY)) {
		broken(v, "window", index, "is nobody's, or does not follow the one before it");
	}
	if (w->rules.first != *next || w->rules.count > rules - *next) {
		broken(v, "window", index, "has rules that are not its own");
		return;
	}
	for (uint32_t i = 0; i < w->rules.count; i++) {
		check_rule(v, *next + i, i == 0);
	}
	*next += w->rules.count;
}

/* MSIs: all three numbers or none; on a board that cannot tell who writes one, nobody's but his. */
static void check_msis(struct verify *v, uint32_t index)
{
	const struct pv_domain *d = &v->image->domains[index];
	uint32_t first;
	uint32_t count = board_msis(v->model->board, &first);

	if (d->reserved || d->msi_count > PV_MSIS_MAX || !d->msi_count != !d->msi_first ||
	    !d->msi_count != !d->msi_ipa_page) {
		broken(v, "domain", index, "has message-signalled interrupts that make no sense");
	}
	if (!count || !d->msi_count) {
		return;
	}
	if (d->msi_first < first || d->msi_count > count ||
	    d->msi_first - first > count - d->msi_count) {
		broken(v, "domain", index, "has message-signalled interrupts that the board lacks");
	}
	for (uint32_t i = 0; i < index; i++) {
		const struct pv_domain *other = &v->image->domains[i];

		if (other->msi_count && d->msi_first < other->msi_first + other->msi_count &&
		    other->msi_first < d->msi_first + d->msi_count) {
			findings_add(v->report, FINDING_EXTRA, NULL, "hardware",
			             "domains %u and %u of the image have message-signalled "
			             "interrupts in common",
			             i, index);
		}
	}
}

void shape_check_hardware(struct verify *v)
{
	const struct pv_image_header *h = &v->image->header;
	uint64_t page = 0;
	uint32_t next = 0;

	for (uint32_t i = 0; i < h->devices.count; i++) {
		check_device(v, i, &page);
	}
	for (uint32_t i = 0; i < h->irqs.count; i++) {
		check_irq(v, i);
	}
	for (uint32_t i = 0; i < h->streams.count; i++) {
		check_stream(v, i);
	}
	for (uint32_t i = 0; i < h->windows.count; i++) {
		check_window(v, i, &next);
	}
	if (next != h->window_rules.count) {
		broken(v, "window rule", next, "is of no window");
	}
	for (uint32_t i = 0; i < h->domains.count; i++) {
		check_msis(v, i);
	}
}
