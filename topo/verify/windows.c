/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register windows of an image, for topo verify: who reaches the configuration space of which PCI
 * function, and what of it he can write. From the rules of its window follows where a function can
 * be made to answer (its apertures), and that it is quiet until somebody asks it to work:
 *
 *   word            of a function that is given             of one that is nobody's
 *   command         memory and bus master from off, and     all off, its pin too, for good
 *                   the pin too, where its line is the VM's
 *   BAR             below the size of its aperture          -
 *   boot ROM        nothing; off if there is a rule         -
 *   0x40 to 0xff    all                                     -
 *   any other       nothing                                 nothing
 */
#include "topo/verify/windows.h"

#include <inttypes.h>
#include <string.h>

#include "topo/base/units.h"
#include "topo/model/board.h"

#define COMMAND_WORD 1U
#define COMMAND_MEMORY 2U
#define COMMAND_MASTER 4U
#define COMMAND_NO_PIN 0x400U
#define BAR_FIRST 4U
#define BAR_BITS 0xfffffff0U /* of an address register of memory: address, not kind */
#define ROM_WORD 12U
#define CAPABILITY_FIRST 16U
#define CAPABILITY_END 64U
#define BOTH (PV_RULE_INITIAL | PV_RULE_PROBE)
#define ADDRESSES (UINT64_C(1) << 32) /* what an address register of 32 bits can say */

/* "function 0:2.0 (nic)" as somebody's, or a page where the topology gives nothing. */
static const char *page_text(const struct verify *v, uint32_t page)
{
	for (size_t i = 0; i < v->given->function_count; i++) {
		const struct given_function *f = &v->given->functions[i];

		if (board_config_page(v->model->board) + f->id == page) {
			return arena_printf(v->arena, "%s of %s", f->what, v->vms[f->vm].who);
		}
	}
	uint64_t id = page - board_config_page(v->model->board);

	return arena_printf(v->arena, "function %" PRIu64 ":%" PRIu64 ".%" PRIu64, id >> 8,
	                    id >> 3 & 31, id & 7);
}

const char *windows_text(const struct verify *v, uint32_t index)
{
	return index < v->image->header.windows.count ? page_text(v, v->image->windows[index].page)
	                                              : "nothing";
}

/* The rule for @word in @window, NULL = there is none. */
static const struct pv_window_rule *rule_of(const struct verify *v, const struct pv_window *window,
                                            uint32_t word)
{
	struct pv_slice rules = decode_clip(window->rules, v->image->header.window_rules.count);

	for (uint32_t i = rules.first; i < rules.first + rules.count; i++) {
		if (v->image->window_rules[i].word == word) {
			return &v->image->window_rules[i];
		}
	}
	return NULL;
}

/* What is wrong with a window, of whom it is said, and the function that it belongs to by right. */
struct view {
	struct verify *v;
	const struct pv_window *window;
	const char *vm;  /* NULL = nobody */
	const char *who; /* "the VMM of vm_a", "nobody" */
	const char *what;
};

static void different(const struct view *view, enum finding_kind kind, uint32_t word,
                      const char *text)
{
	findings_add(view->v->report, kind, view->vm, "window",
	             "%s: word %u of the configuration space of %s %s", view->who, word, view->what,
	             text);
}

static bool same_rule(const struct pv_window_rule *found, const struct pv_window_rule *wanted)
{
	return found->writable == wanted->writable && found->keep == wanted->keep &&
	       found->initial == wanted->initial && found->flags == wanted->flags;
}

/* @found must be @wanted; a bit more that is written is a right too much. */
static void check_rule(const struct view *view, const struct pv_window_rule *found,
                       const struct pv_window_rule *wanted)
{
	struct arena *arena = view->v->arena;

	if (!found) {
		different(view, FINDING_MISSING, wanted->word, "has no rule");
	} else if (found->writable & ~wanted->writable) {
		different(view, FINDING_EXTRA, wanted->word,
		          arena_printf(arena, "is writable in 0x%x: not in the topology",
		                       found->writable & ~wanted->writable));
	} else if (!same_rule(found, wanted)) {
		different(view, FINDING_DIFFERENT, wanted->word,
		          arena_printf(arena,
		                       "has the rule writable 0x%x, keep 0x%x, initial 0x%x, "
		                       "flags %u; 0x%x, 0x%x, 0x%x, %u would be right",
		                       found->writable, found->keep, found->initial, found->flags,
		                       wanted->writable, wanted->keep, wanted->initial,
		                       wanted->flags));
	}
}

/* Bus mastering is off until it is asked for, and may be for good where there is no DMA; the pin is
 * quiet for good where the function has no line of its VM's. */
static void check_command(const struct view *view, const struct given_function *function)
{
	bool pin = given_has_pin(function);
	const struct pv_window_rule *found = rule_of(view->v, view->window, COMMAND_WORD);
	bool quiet = function->model && function->model->quiet && found &&
	             !(found->writable & COMMAND_MASTER);
	const struct pv_window_rule wanted = {
		.word = COMMAND_WORD,
		.writable =
			COMMAND_MEMORY | (quiet ? 0 : COMMAND_MASTER) | (pin ? COMMAND_NO_PIN : 0),
		.keep = pin ? 0 : COMMAND_NO_PIN,
		.initial = pin ? 0 : COMMAND_NO_PIN,
		.flags = PV_RULE_INITIAL,
	};

	check_rule(view, found, &wanted);
}

/* Does [base, base + bytes) lie in one of the ranges of the host bridge? */
static bool is_behind_bridge(const struct board *board, uint64_t base, uint64_t bytes)
{
	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *d = &board->devices[i];

		if (strcmp(d->path, board->pci_host) == 0 && base >= d->base && bytes <= d->bytes &&
		    base - d->base <= d->bytes - bytes) {
			return true;
		}
	}
	return false;
}

/* The smallest power of two, at least a page, that the model's range fits in. */
static uint64_t wanted_bytes(const struct given_function *function, uint32_t bar)
{
	const struct pci_bar *known = function->model ? &function->model->bars[bar] : NULL;
	uint64_t bytes = PAGE;

	if (!known || (known->kind != PCI_BAR_MEM32 && known->kind != PCI_BAR_MEM64)) {
		return 0;
	}
	while (bytes < known->bytes) {
		bytes *= 2;
	}
	return bytes;
}

static void check_aperture(const struct view *view, const struct given_function *function,
                           uint32_t bar)
{
	struct verify *v = view->v;
	const struct aperture *a = &function->apertures[bar];
	uint64_t wanted = wanted_bytes(function, bar);

	if (function->model && a->bytes != wanted) {
		findings_add(v->report, a->bytes < wanted ? FINDING_MISSING : FINDING_EXTRA,
		             view->vm, "window", "BAR %u of %s has a place of %s; a %s takes %s",
		             bar, view->what, size_text(v->arena, a->bytes), function->model->name,
		             size_text(v->arena, wanted));
	}
	if (a->bytes && (a->bytes < PAGE || a->base + a->bytes > ADDRESSES ||
	                 !is_behind_bridge(v->model->board, a->base, a->bytes))) {
		findings_add(v->report, FINDING_EXTRA, view->vm, "window",
		             "%s can answer at 0x%" PRIx64 " by BAR %u, which is no range of the "
		             "host bridge, or no whole page",
		             view->what, a->base, bar);
	}
}

/* An address register stays within its aperture; one that has none stays at 0, and the kernel sees
 * that it decodes nothing (PV_RULE_PROBE). */
static void check_bar(const struct view *view, struct given_function *function, uint32_t bar)
{
	const struct pv_window_rule *found = rule_of(view->v, view->window, BAR_FIRST + bar);
	struct pv_window_rule wanted = {
		.word = BAR_FIRST + bar,
		.keep = BAR_BITS,
		.flags = BOTH,
	};

	if (found && (found->initial & BAR_BITS)) {
		uint32_t keep = found->keep & BAR_BITS;
		uint64_t bytes = keep ? keep & -(uint64_t)keep : ADDRESSES;

		wanted.keep = (uint32_t)-bytes;
		wanted.writable = ~wanted.keep & BAR_BITS;
		wanted.initial = found->initial & wanted.keep;
		function->apertures[bar] = (struct aperture){wanted.initial, bytes};
	}
	check_rule(view, found, &wanted);
	check_aperture(view, function, bar);
}

static bool is_ruled(uint32_t word)
{
	return word == COMMAND_WORD || word == ROM_WORD ||
	       (word >= BAR_FIRST && word < BAR_FIRST + PV_VMM_BARS) ||
	       (word >= CAPABILITY_FIRST && word < CAPABILITY_END);
}

/* Rules for words that need none. */
static void check_others(const struct view *view, bool given)
{
	struct verify *v = view->v;
	struct pv_slice rules =
		decode_clip(view->window->rules, v->image->header.window_rules.count);

	for (uint32_t i = rules.first; i < rules.first + rules.count; i++) {
		const struct pv_window_rule *rule = &v->image->window_rules[i];

		if (given ? !is_ruled(rule->word) : rule->word != COMMAND_WORD) {
			different(view, FINDING_EXTRA, rule->word,
			          "has a rule, which is not in the topology");
		}
	}
}

static void check_given(struct verify *v, uint32_t index, struct given_function *function)
{
	const struct verified_vm *vm = &v->vms[function->vm];
	const struct view view = {v, &v->image->windows[index], vm->who, vm->who_vmm,
	                          function->what};

	check_command(&view, function);
	for (uint32_t bar = 0; bar < PV_VMM_BARS; bar++) {
		check_bar(&view, function, bar);
	}
	const struct pv_window_rule *rom = rule_of(v, view.window, ROM_WORD);

	if (rom) {
		check_rule(&view, rom,
		           &(struct pv_window_rule){.word = ROM_WORD, .flags = PV_RULE_INITIAL});
	}
	for (uint32_t word = CAPABILITY_FIRST; word < CAPABILITY_END; word++) {
		const struct pv_window_rule wanted = {.word = word, .writable = UINT32_MAX};

		check_rule(&view, rule_of(v, view.window, word), &wanted);
	}
	check_others(&view, true);
}

static void check_nobodys(struct verify *v, uint32_t index)
{
	const struct pv_window_rule wanted = {
		.word = COMMAND_WORD,
		.initial = COMMAND_NO_PIN,
		.flags = PV_RULE_INITIAL,
	};
	const struct view view = {v, &v->image->windows[index], NULL, "nobody",
	                          page_text(v, v->image->windows[index].page)};

	check_rule(&view, rule_of(v, view.window, COMMAND_WORD), &wanted);
	check_others(&view, false);
}

/* The function at @page, NULL = the topology gives none there. */
static struct given_function *function_at(const struct verify *v, uint32_t page)
{
	for (size_t i = 0; i < v->given->function_count; i++) {
		if (board_config_page(v->model->board) + v->given->functions[i].id == page) {
			return &v->given->functions[i];
		}
	}
	return NULL;
}

/* What is in a slot and nobody's has a window that keeps it quiet. */
static void check_slots(struct verify *v)
{
	for (size_t i = 0; i < v->model->slot_count; i++) {
		uint64_t page =
			board_config_page(v->model->board) + (v->model->slots[i].device << 3);
		bool found = function_at(v, (uint32_t)page) != NULL;

		for (uint32_t w = 0; w < v->image->header.windows.count; w++) {
			found = found || v->image->windows[w].page == page;
		}
		if (!found) {
			findings_add(v->report, FINDING_MISSING, NULL, "window",
			             "%s, which is nobody's, is not turned off",
			             page_text(v, (uint32_t)page));
		}
	}
}

static void check_window(struct verify *v, uint32_t index)
{
	const struct pv_window *w = &v->image->windows[index];
	struct given_function *function = function_at(v, w->page);

	if (w->domain == PV_NOBODY) {
		if (function) {
			findings_add(v->report, FINDING_EXTRA, v->vms[function->vm].who, "window",
			             "window %u of the image sets the configuration space of %s, "
			             "which is %s's",
			             index, function->what, v->vms[function->vm].who);
		}
		check_nobodys(v, index);
	} else if (!function || given_domain(v, function->vm) != w->domain ||
	           function->window != NOT_FOUND) {
		findings_add(v->report, FINDING_EXTRA, NULL, "window",
		             "%s can reach the configuration space of %s by window %u of the "
		             "image: not in the topology",
		             memory_who(v, w->domain, PV_SPACE_VMM), page_text(v, w->page), index);
	} else {
		function->window = index;
		check_given(v, index, function);
	}
}

/* Two functions that can answer at one address. */
static void check_disjoint(struct verify *v, const struct given_function *f, uint32_t bar)
{
	for (const struct given_function *other = v->given->functions; other <= f; other++) {
		for (uint32_t i = 0; i < (other == f ? bar : PV_VMM_BARS); i++) {
			const struct aperture *a = &f->apertures[bar];
			const struct aperture *b = &other->apertures[i];

			if (a->base < b->base + b->bytes && b->base < a->base + a->bytes) {
				findings_add(v->report, FINDING_EXTRA, v->vms[f->vm].who, "window",
				             "BAR %u of %s and BAR %u of %s can answer at one "
				             "address, 0x%" PRIx64,
				             i, other->what, bar, f->what,
				             a->base > b->base ? a->base : b->base);
			}
		}
	}
}

void windows_check(struct verify *v)
{
	for (uint32_t i = 0; i < v->image->header.windows.count; i++) {
		check_window(v, i);
	}
	check_slots(v);
	for (size_t i = 0; i < v->given->function_count; i++) {
		const struct given_function *f = &v->given->functions[i];
		const struct verified_vm *vm = &v->vms[f->vm];

		if (f->window == NOT_FOUND && vm->domain != DOMAIN_NONE) {
			findings_add(v->report, FINDING_MISSING, vm->who, "window",
			             "%s cannot reach the configuration space of %s, as the "
			             "topology wants",
			             vm->who_vmm, f->what);
		}
		for (uint32_t bar = 0; bar < PV_VMM_BARS; bar++) {
			check_disjoint(v, f, bar);
		}
	}
}
