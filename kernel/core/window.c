/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register windows (window.h).
 */
#include "kernel/core/window.h"

#include "kernel/core/arch.h"
#include "kernel/core/log.h"
#include "lib/image_check.h"

/* Of PCI configuration space: PCI 3.0 6.1, 6.7. */
#define CONFIG_ID 0U
#define CONFIG_STATUS 1U
#define CONFIG_STATUS_LIST (1U << 20)
#define CONFIG_LIST 13U
#define CONFIG_LIST_MAX 48U /* capabilities that have room: words of 0x40 to 0xfc */
#define CONFIG_ENHANCED_ALLOCATION 0x14U

#define RULE_STEPS 11U /* halvings until none of PV_WINDOW_RULES_MAX is left */

_Static_assert(PV_WINDOW_RULES_MAX >> RULE_STEPS == 0, "steps");

/* The first window of the page, which has its lock and state. */
static struct window *page_of(const struct window *w)
{
	return &kernel.windows[w->lead];
}

static void close_page(const struct window *w, uint32_t word, uint32_t read)
{
	if (page_of(w)->closed) {
		return;
	}
	page_of(w)->closed = true;
	log_print("window at 0x%016lx closed: word %u reads 0x%016lx",
	          (uint64_t)w->page << PV_PAGE_SHIFT, word, (uint64_t)read);
}

/* Close a page whose function has ranges that its base address registers do not move. */
static void check_allocation(const struct window *w)
{
	uint32_t at = 0;

	if (arch_window_read(w->page, CONFIG_STATUS) & CONFIG_STATUS_LIST) {
		at = arch_window_read(w->page, CONFIG_LIST) & 0xfcU;
	}
	for (uint32_t n = 0; n < CONFIG_LIST_MAX && at; n++) {
		uint32_t capability = arch_window_read(w->page, at / 4);

		if ((capability & 0xffU) == CONFIG_ENHANCED_ALLOCATION) {
			close_page(w, at / 4, capability);
		}
		at = capability >> 8 & 0xfcU;
	}
}

/* The words ascend, so decoding is off, by the command word, before an address is tried. */
static void settle(struct window *w)
{
	uint32_t flags = 0;

	for (uint32_t n = 0; n < PV_WINDOW_RULES_MAX && n < w->rules.count; n++) {
		const struct pv_window_rule *rule = &kernel.window_rules[w->rules.first + n];

		if (rule->flags & PV_RULE_PROBE) {
			bool answers = arch_window_read(w->page, CONFIG_ID) != UINT32_MAX;

			arch_window_write(w->page, rule->word, UINT32_MAX);
			uint32_t read = arch_window_read(w->page, rule->word);

			if (!answers || !window_takes(rule, UINT32_MAX, read)) {
				close_page(w, rule->word, read);
			}
		}
		if (rule->flags & PV_RULE_INITIAL) {
			arch_window_write(w->page, rule->word, rule->initial);
			w->initials = n + 1;
		}
		flags |= rule->flags;
	}
	if (flags & PV_RULE_PROBE) {
		check_allocation(w);
	}
}

void window_build(const struct pv_image_header *image)
{
	const struct pv_window *windows = image_windows(image);
	uint32_t lead = 0;

	for (uint32_t i = 0; i < image->window_rules.count; i++) {
		kernel.window_rules[i] = image_window_rules(image)[i];
	}
	for (uint32_t i = 0; i < image->windows.count; i++) {
		lead = i > 0 && windows[i].page == windows[lead].page ? lead : i;
		kernel.windows[i].page = windows[i].page;
		kernel.windows[i].rules = windows[i].rules;
		kernel.windows[i].lead = lead;
		settle(&kernel.windows[i]);
	}
}

/* The rule of @w for @word; NULL: it has none. They ascend. */
static const struct pv_window_rule *find(const struct window *w, uint32_t word)
{
	const struct pv_window_rule *rules = &kernel.window_rules[w->rules.first];
	uint32_t first = 0;
	uint32_t end = w->rules.count;

	for (uint32_t n = 0; n < RULE_STEPS && first < end; n++) {
		uint32_t middle = (first + end) / 2;

		if (rules[middle].word == word) {
			return &rules[middle];
		}
		if (rules[middle].word < word) {
			first = middle + 1;
		} else {
			end = middle;
		}
	}
	return NULL;
}

err_t window_read(uint32_t index, uint64_t word, uint64_t *value)
{
	const struct window *w = &kernel.windows[index];

	*value = UINT32_MAX;
	if (word >= PV_WINDOW_WORDS) {
		return ERR_RANGE;
	}
	if (page_of(w)->closed) {
		return ERR_STATE;
	}
	*value = arch_window_read(w->page, (uint32_t)word);
	return OK;
}

/*
 * Put back what a reset may have taken. Decoding is off while a base address is: so a function never
 * decodes, nor raises a line, where the image does not let it, but for the moment in which a reset
 * that comes late meets the word that lets it decode. False: an address was gone; if it is so the
 * second time, too, the function does not take it. Lock: the page's.
 */
static bool restore(const struct window *w)
{
	const struct pv_window_rule *rules = &kernel.window_rules[w->rules.first];
	bool stood = true;

	for (uint32_t n = 0; n < PV_WINDOW_RULES_MAX && n < w->initials; n++) {
		const struct pv_window_rule *rule = &rules[n];

		if (!(rule->flags & PV_RULE_INITIAL)) {
			continue;
		}
		uint32_t read = arch_window_read(w->page, rule->word);
		bool probe = (rule->flags & PV_RULE_PROBE) != 0;

		if (probe && !window_takes(rule, rule->initial, read)) {
			/* The first is that of the command: image_check_hardware.c. */
			arch_window_write(w->page, rules[0].word, rules[0].initial);
			arch_window_write(w->page, rule->word, rule->initial);
			stood = false;
		} else if (!probe && ((read ^ rule->initial) & rule->keep)) {
			arch_window_write(w->page, rule->word, window_stores(rule, read, read));
		}
	}
	return stood;
}

err_t window_write(uint32_t index, uint64_t word, uint64_t value)
{
	const struct window *w = &kernel.windows[index];

	if (word >= PV_WINDOW_WORDS || value > UINT32_MAX) {
		return ERR_RANGE;
	}
	if (page_of(w)->closed) {
		return ERR_STATE;
	}
	const struct pv_window_rule *rule = find(w, (uint32_t)word);

	if (!rule) {
		return ERR_RIGHT;
	}
	lock_acquire(&page_of(w)->lock);
	bool stands = restore(w);

	if (!stands) { /* an address was gone: does the function take it again? */
		stands = restore(w);
	}
	if (stands) {
		uint32_t old = arch_window_read(w->page, rule->word);

		arch_window_write(w->page, rule->word, window_stores(rule, (uint32_t)value, old));
		/* If a reset came in between the function may decode already, and must not. */
		stands = !(rule->flags & PV_RULE_INITIAL) || restore(w);
	}
	lock_release(&page_of(w)->lock);
	return stands ? OK : ERR_STATE;
}
