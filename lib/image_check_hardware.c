/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image check of what is the board's: device pages, lines, streams, register windows. What it
 * keeps: each is one domain's at most, and nobody's if the board keeps it for the kernel or for
 * nobody; what windows on one page write is written by one of them; and no rule lets a function of PCI
 * decode but where the image says.
 */
#include "lib/image_checker.h"

/* Words of PCI configuration space: PCI 3.0 6.1. */
#define WORD_COMMAND 1U
#define WORD_BARS 4U
#define WORD_BARS_END 10U
#define WORD_LINE 15U
#define WORD_HEADER_END 16U
#define COMMAND_DECODES 2U /* memory */
#define COMMAND_MASTER 4U
#define COMMAND_INTX_OFF 0x400U
#define COMMAND_WRITABLE (COMMAND_INTX_OFF | COMMAND_MASTER | COMMAND_DECODES)
#define BAR_KIND 15U /* bits that do not say where */
#define LINE_WRITABLE 0xffU

/* Does [first, first + count) touch one of the @span_count @spans? */
static bool is_in(const struct image_span *spans, uint32_t span_count, uint32_t first,
                  uint32_t count)
{
	for (uint32_t i = 0; i < span_count; i++) {
		if (pages_overlap(first, count, spans[i].first, spans[i].count)) {
			return true;
		}
	}
	return false;
}

/* Does device range @index overlap a range before it in its space? */
static bool overlaps_earlier(const struct pv_device *devices, uint32_t index)
{
	const struct pv_device *d = &devices[index];

	for (uint32_t i = 0; i < index; i++) {
		if (devices[i].domain == d->domain && devices[i].space == d->space &&
		    pages_overlap(devices[i].ipa_page, devices[i].page_count, d->ipa_page,
		                  d->page_count)) {
			return true;
		}
	}
	return false;
}

static err_t check_device(const struct image_checker *checker, uint32_t index)
{
	const struct pv_image_header *image = checker->image;
	const struct image_board *board = checker->bounds->hardware;
	const struct pv_device *d = &image_devices(image)[index];
	uint32_t end = index ? d[-1].page + d[-1].page_count : 0; /* below IMAGE_PA_PAGES */
	bool known = d->domain < image->domains.count;
	const struct image_view view = {d->domain, d->space, PV_RIGHT_READ, d->ipa_page,
	                                d->page_count};
	const struct image_rule rules[] = {
		{"page_count", ERR_RANGE,
	         d->page_count > 0 && pages_fit(d->page, d->page_count, IMAGE_PA_PAGES)},
		{"page", ERR_OVERLAP,
	         d->page >= end && !is_in(board->kept, board->kept_count, d->page, d->page_count)},
		{"domain", ERR_RANGE, known},
		{"space", ERR_RANGE, d->space == PV_SPACE_GUEST || d->space == PV_SPACE_VMM},
		{"rights", ERR_ARG, (d->rights & ~PV_RIGHT_WRITE) == PV_RIGHT_READ},
		{"reserved", ERR_ARG, d->reserved == 0},
		{"ipa_page", ERR_RANGE, pages_fit(d->ipa_page, d->page_count, IMAGE_IPA_PAGES)},
		{"ipa_page", ERR_OVERLAP,
	         !image_maps(image, image->mappings.count, &view) &&
	                 !overlaps_earlier(image_devices(image), index)},
		{"ipa_page", ERR_OVERLAP,
	         d->space != PV_SPACE_GUEST || !known ||
	                 !image_is_answered(checker, d->domain, d->ipa_page, d->page_count)},
	};

	return image_judge(checker, "devices", index, rules, ARRAY_COUNT(rules));
}

/* Has the domain of line @index its virtual number from an MSI, or a line before it? */
static bool virq_is_taken(const struct pv_image_header *image, uint32_t index)
{
	const struct pv_irq *irqs = image_irqs(image);
	const struct pv_domain *d = &image_domains(image)[irqs[index].domain];

	for (uint32_t i = 0; i < index; i++) {
		if (irqs[i].domain == irqs[index].domain && irqs[i].virq == irqs[index].virq) {
			return true;
		}
	}
	return pages_inside(irqs[index].virq, 1, d->msi_first, d->msi_count);
}

static err_t check_irq(const struct image_checker *checker, uint32_t index)
{
	const struct pv_image_header *image = checker->image;
	const struct image_board *board = checker->bounds->hardware;
	const struct pv_irq *irq = &image_irqs(image)[index];
	bool known = irq->domain < image->domains.count;
	const struct image_rule rules[] = {
		{"intid", ERR_RANGE, irq->intid >= PV_SPI_FIRST && irq->intid < PV_INTID_END},
		{"intid", ERR_OVERLAP, index == 0 || irq->intid > irq[-1].intid},
		{"intid", ERR_RIGHT, !is_in(board->lines, board->line_count, irq->intid, 1)},
		{"domain", ERR_RANGE, known},
		{"virq", ERR_RANGE, irq->virq >= PV_SPI_FIRST && irq->virq < PV_VIRQS},
		{"virq", ERR_OVERLAP, !known || !virq_is_taken(image, index)},
		{"flags", ERR_ARG, (irq->flags & ~PV_IRQ_EDGE) == 0},
		{"reserved", ERR_ARG, irq->reserved == 0},
	};

	return image_judge(checker, "irqs", index, rules, ARRAY_COUNT(rules));
}

static err_t check_stream(const struct image_checker *checker, uint32_t index)
{
	const struct pv_image_header *image = checker->image;
	const struct pv_stream *stream = &image_streams(image)[index];
	const struct image_rule rules[] = {
		{"id", ERR_RIGHT, checker->bounds->hardware->smmu},
		{"id", ERR_RANGE, stream->id < PV_STREAM_IDS},
		{"id", ERR_OVERLAP, index == 0 || stream->id > stream[-1].id},
		{"domain", ERR_RANGE, stream->domain < image->domains.count},
	};

	return image_judge(checker, "streams", index, rules, ARRAY_COUNT(rules));
}

/* Window @index by itself, with rules from @rule on. */
static err_t check_window(const struct image_checker *checker, uint32_t index, uint32_t rule)
{
	const struct pv_image_header *image = checker->image;
	const struct image_board *board = checker->bounds->hardware;
	const struct pv_window *w = &image_windows(image)[index];
	const struct image_rule rules[] = {
		{"page", ERR_RANGE, is_in(board->windows, board->window_count, w->page, 1)},
		{"page", ERR_OVERLAP,
	         index == 0 || w->page > w[-1].page ||
	                 (w->page == w[-1].page && w->domain > w[-1].domain)},
		{"domain", ERR_RANGE, w->domain < image->domains.count || w->domain == PV_NOBODY},
		{"rules", ERR_RANGE,
	         w->rules.first == rule &&
	                 pages_fit(rule, w->rules.count, image->window_rules.count)},
	};

	return image_judge(checker, "windows", index, rules, ARRAY_COUNT(rules));
}

/* Does word @word say where a function decodes, and whether? */
static bool is_place(uint32_t word)
{
	return word == WORD_COMMAND || (word >= WORD_BARS && word < WORD_BARS_END);
}

/* Does base address @rule keep it in an aperture, which is a power of two and aligned to it, and which
 * its initial value is the beginning of? */
static bool has_aperture(const struct pv_window_rule *rule)
{
	uint32_t within = ~rule->keep;

	return within >= BAR_KIND && within != UINT32_MAX && (within & (within + 1)) == 0 &&
	       (rule->initial & within) == 0;
}

/* Does @rule leave it to the image where a function decodes? */
static bool keeps_place(const struct pv_window_rule *rule)
{
	uint32_t any = rule->writable | rule->initial;

	if (rule->word == WORD_COMMAND) {
		return !(rule->writable & ~COMMAND_WRITABLE) &&
		       !(rule->initial & ~COMMAND_INTX_OFF) && (rule->flags & PV_RULE_INITIAL);
	}
	if (is_place(rule->word)) { /* without, a write stores less than what stands there */
		return (rule->flags & PV_RULE_PROBE) && has_aperture(rule);
	}
	return any == 0 || rule->word >= WORD_HEADER_END ||
	       (rule->word == WORD_LINE && any <= LINE_WRITABLE);
}

static err_t check_window_rule(const struct image_checker *checker, const struct pv_window *window,
                               uint32_t index)
{
	const struct pv_window_rule *rule = &image_window_rules(checker->image)[index];
	const struct pv_window_rule *first = rule - (index - window->rules.first);
	bool initial = (rule->flags & PV_RULE_INITIAL) != 0;
	bool probe = (rule->flags & PV_RULE_PROBE) != 0;
	const struct image_rule rules[] = {
		{"word", ERR_RANGE, rule->word < PV_WINDOW_WORDS},
		{"word", ERR_OVERLAP, rule == first || rule->word > rule[-1].word},
		{"writable", ERR_RIGHT, rule->writable == 0 || window->domain != PV_NOBODY},
		{"writable", ERR_RIGHT, keeps_place(rule)},
		{"keep", ERR_OVERLAP, (rule->keep & rule->writable) == 0},
		{"initial", ERR_ARG, initial || rule->initial == 0},
		{"flags", ERR_ARG, (rule->flags & ~(PV_RULE_INITIAL | PV_RULE_PROBE)) == 0},
		{"flags", ERR_ARG, initial || !probe},
		{"flags", ERR_RIGHT,
	         !probe || (first->word == WORD_COMMAND && is_place(rule->word) && rule != first)},
		{"reserved", ERR_ARG, rule->reserved == 0},
	};

	return image_judge(checker, "window_rules", index, rules, ARRAY_COUNT(rules));
}

/* Do these rules of two windows on a page leave each other alone, and the place of the function to one
 * of them? */
static bool rules_agree(const struct pv_window_rule *a, const struct pv_window_rule *b)
{
	if (is_place(a->word) && is_place(b->word)) {
		return false;
	}
	return a->word != b->word || ((a->flags | b->flags) == 0 && (a->writable & ~b->keep) == 0 &&
	                              (b->writable & ~a->keep) == 0);
}

/* Rule @index of @window against those of the windows before it, from @first on, on its page. */
static err_t check_neighbours(const struct image_checker *checker, const struct pv_window *window,
                              uint32_t first, uint32_t index)
{
	const struct pv_window_rule *rules = image_window_rules(checker->image);

	for (uint32_t other = first; other < window->rules.first; other++) {
		if (!rules_agree(&rules[other], &rules[index])) {
			return image_refuse(checker, "window_rules", index, "writable",
			                    ERR_OVERLAP);
		}
	}
	return OK;
}

/* Has a function that @window lets decode memory a rule for each base address? One without is where
 * firmware, or a reset, has left it. */
static bool places_are_whole(const struct image_checker *checker, const struct pv_window *window)
{
	const struct pv_window_rule *rules = image_window_rules(checker->image);
	uint32_t places = 0;
	bool decodes = false;

	for (uint32_t i = window->rules.first; i < window->rules.first + window->rules.count; i++) {
		places += is_place(rules[i].word);
		decodes = decodes ||
		          (rules[i].word == WORD_COMMAND && (rules[i].writable & COMMAND_DECODES));
	}
	return !decodes || places == 1 + WORD_BARS_END - WORD_BARS;
}

/* All windows; at most PV_WINDOW_RULES_MAX squared comparisons of rules. */
static err_t check_windows(const struct image_checker *checker)
{
	const struct pv_window *windows = image_windows(checker->image);
	uint32_t next = 0;
	uint32_t page_first = 0; /* the first rule of the page's windows */

	for (uint32_t i = 0; i < checker->image->windows.count; i++) {
		const struct pv_window *w = &windows[i];
		err_t err = check_window(checker, i, next);

		page_first = i > 0 && w->page == w[-1].page ? page_first : next;
		for (uint32_t n = 0; !err && n < w->rules.count; n++) {
			err = check_window_rule(checker, w, next + n);
			err = err ? err : check_neighbours(checker, w, page_first, next + n);
		}
		if (!err && !places_are_whole(checker, w)) {
			err = image_refuse(checker, "windows", i, "rules", ERR_RIGHT);
		}
		if (err) {
			return err;
		}
		next += w->rules.count;
	}
	if (next != checker->image->window_rules.count) {
		return image_refuse(checker, "window_rules", next, "window", ERR_RANGE);
	}
	return OK;
}

err_t image_check_hardware(const struct image_checker *checker)
{
	const struct pv_image_header *image = checker->image;
	err_t err = OK;

	for (uint32_t i = 0; i < image->devices.count && !err; i++) {
		err = check_device(checker, i);
	}
	for (uint32_t i = 0; i < image->irqs.count && !err; i++) {
		err = check_irq(checker, i);
	}
	for (uint32_t i = 0; i < image->streams.count && !err; i++) {
		err = check_stream(checker, i);
	}
	return err ? err : check_windows(checker);
}
