/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register windows: what a holder's write does to the registers, whatever it writes and whatever stands
 * there; that holders of one page leave each other's bits alone, where the image check lets both have
 * a word; and that a base address which the kernel has found confined stays in its aperture.
 */
#include "abi/limits.h"

/* The kernel's tables are small here: no loop of the code runs over them, but the solver's work does. */
#undef PV_DOMAINS_MAX
#undef PV_VCPUS_MAX
#undef PV_CPUS_MAX
#undef PV_CAPS_MAX
#undef PV_DOORBELLS_MAX
#undef PV_DOORBELL_PAGES_MAX
#undef PV_WINDOWS_MAX
#undef PV_WINDOW_RULES_MAX
#define PV_DOMAINS_MAX 1U
#define PV_VCPUS_MAX 1U
#define PV_CPUS_MAX 1U
#define PV_CAPS_MAX 1U
#define PV_DOORBELLS_MAX 1U
#define PV_DOORBELL_PAGES_MAX 1U
#define PV_WINDOWS_MAX 2U
#define PV_WINDOW_RULES_MAX PROOF_RULES
#define PROOF_RULES 3U

#include WINDOW_SOURCE
#include "lib/image_check_hardware.c"
#include "tests/proofs/proof.h"

struct kernel kernel;
unsigned fake_locks_held;
unsigned fake_locks_taken;

/* The words of one page that have rules, which is all that a call may touch. */
static struct {
	uint32_t values[PROOF_RULES];
	uint32_t command; /* as it was read last */
	uint32_t stores;  /* to any word */
	uint32_t witness; /* one of the rules */
	bool takes;       /* what is stored; else anything stands there, as resets are under way */
	bool seen;        /* the witness in its place, since the command was stored */
	bool at_rest;     /* what the command was stored last is its initial value */
} device;

static uint32_t rule_of(uint32_t page, uint32_t word)
{
	uint32_t found = 0;

	for (uint32_t n = 1; n < PROOF_RULES; n++) {
		found = kernel.window_rules[n].word == word ? n : found;
	}
	PROVE(page == kernel.windows[0].page && kernel.window_rules[found].word == word &&
	              found < kernel.windows[0].rules.count,
	      "a word of the window that has a rule");
	return found;
}

/* The witness is an address of the window. */
static bool witness_is_place(void)
{
	return device.witness < kernel.windows[0].rules.count &&
	       (kernel.window_rules[device.witness].flags & PV_RULE_PROBE);
}

uint32_t arch_window_read(uint32_t page, uint32_t word)
{
	uint32_t n = rule_of(page, word);
	const struct pv_window_rule *rule = &kernel.window_rules[n];

	device.values[n] = device.takes ? device.values[n] : nondet_u32();
	device.command = n == 0 ? device.values[n] : device.command;
	device.seen = device.seen ||
	              (n == device.witness && window_takes(rule, rule->initial, device.values[n]));
	return device.values[n];
}

void arch_window_write(uint32_t page, uint32_t word, uint32_t value)
{
	uint32_t n = rule_of(page, word);
	const struct pv_window_rule *rule = &kernel.window_rules[n];

	PROVE(kernel.windows[0].lock.held, "with the lock of the page");
	PROVE(value == rule->initial || (value & ~(rule->writable | rule->keep)) == 0,
	      "no bits but its own");
	if (n == 0 && value != rule->initial && ((value ^ device.command) & rule->writable)) {
		PROVE(!witness_is_place() || device.seen, "a range is in its place before");
	}
	if (n == device.witness && witness_is_place() && !device.seen) {
		PROVE(device.at_rest, "a range is put back at rest");
	}
	device.at_rest = n == 0 ? value == rule->initial : device.at_rest;
	device.seen = device.seen && n != 0;
	device.values[n] = value;
	device.stores++;
}

static struct pv_window_rule any_rule(void)
{
	struct pv_window_rule rule = {.word = nondet_u32(),
	                              .writable = nondet_u32(),
	                              .keep = nondet_u32(),
	                              .initial = nondet_u32(),
	                              .flags = nondet_u32() & (PV_RULE_INITIAL | PV_RULE_PROBE)};

	/* As the image check has it. */
	ASSUME(rule.word < PV_WINDOW_WORDS && (rule.keep & rule.writable) == 0);
	return rule;
}

static void any_window(void)
{
	uint32_t count = nondet_u32();

	ASSUME(count <= PROOF_RULES);
	for (uint32_t n = 0; n < PROOF_RULES; n++) {
		kernel.window_rules[n] = any_rule();
		ASSUME(n == 0 || kernel.window_rules[n].word > kernel.window_rules[n - 1].word);
		ASSUME(!(kernel.window_rules[n].flags & PV_RULE_PROBE) ||
		       (n > 0 &&
		        kernel.window_rules[n].flags == (PV_RULE_INITIAL | PV_RULE_PROBE) &&
		        kernel.window_rules[0].flags == PV_RULE_INITIAL));
	}
	kernel.windows[0].page = nondet_u32();
	kernel.windows[0].rules.count = count;
	kernel.windows[0].initials = 0;
	for (uint32_t n = 0; n < count; n++) {
		if (kernel.window_rules[n].flags & PV_RULE_INITIAL) {
			kernel.windows[0].initials = n + 1;
		}
	}
	kernel.windows[0].closed = nondet_bool();
}

/* One write, from any state. */
static void prove_write(void)
{
	uint64_t word = nondet_u64();
	uint64_t value = nondet_u64();
	uint32_t witness = nondet_u32();

	any_window();
	ASSUME(witness < PROOF_RULES);
	/* That they ascend is all that matters of them; known, they are cheaper. */
	for (uint32_t n = 0; n < PROOF_RULES; n++) {
		kernel.window_rules[n].word = 1 + 3 * n;
	}
	for (uint32_t n = 0; n < PROOF_RULES; n++) {
		device.values[n] = nondet_u32();
	}
	device.witness = witness;
	device.takes = nondet_bool();
	bool closed = kernel.windows[0].closed;

	uint32_t before = device.values[witness];
	const struct pv_window_rule rule = kernel.window_rules[witness];
	bool ruled = witness < kernel.windows[0].rules.count && rule.word == word;
	bool initial = false; /* the word that is written has an initial value */

	for (uint32_t n = 0; n < PROOF_RULES; n++) {
		initial = initial || (kernel.window_rules[n].word == word &&
		                      (kernel.window_rules[n].flags & PV_RULE_INITIAL));
	}
	err_t err = window_write(0, word, value);

	PROVE(!kernel.windows[0].lock.held, "the lock is free again");
	PROVE(device.stores == 0 || err == OK || err == ERR_STATE, "no store with an error");
	PROVE(device.stores == 0 || (!closed && value <= UINT32_MAX),
	      "what is closed stays as it is");
	PROVE(err != ERR_STATE || closed || device.at_rest,
	      "what does not take its place is at rest");
	uint32_t after = device.values[witness];
	uint32_t kept = rule.flags & PV_RULE_INITIAL ? rule.initial : before;
	bool placed = witness_is_place();

	if (ruled && !closed && value <= UINT32_MAX) {
		PROVE(err == OK || err == ERR_STATE, "what has a rule is written");
	}
	if (err == OK && placed && initial) {
		PROVE(device.seen, "a range is in its place after");
	}
	if (ruled && err == OK && device.takes) {
		PROVE((after & rule.writable) == (value & rule.writable), "its bits");
		PROVE((after & rule.keep) == (kept & rule.keep), "those that are kept");
		PROVE((after & ~(rule.writable | rule.keep)) == 0, "no others");
	} else if (err == OK && device.takes && witness < kernel.windows[0].rules.count) {
		PROVE(placed || !(rule.flags & PV_RULE_INITIAL) ||
		              ((after ^ rule.initial) & rule.keep) == 0,
		      "what a reset took is back");
		PROVE(after == before || after == rule.initial ||
		              ((after & rule.writable) == (before & rule.writable) &&
		               (after & ~rule.writable) == (rule.initial & rule.keep)),
		      "bits of others stay or are put back");
	}
	COVER(err == OK && !ruled && after != before && device.takes, "a word is put back");
	COVER(err == ERR_STATE && !closed, "a range that does not come back");
	COVER(err == OK && ruled && witness == PROOF_RULES - 1, "the last rule");
	COVER(err == OK && ruled && witness == 0 && after != before, "the first rule");
	COVER(err == ERR_RIGHT, "no rule");
	COVER(err == ERR_STATE && closed, "closed");
	COVER(err == ERR_RANGE && word < PV_WINDOW_WORDS, "a value too large");
}

/* What no rule names is not written: the rule that lets it is there. */
static void prove_nothing_else(void)
{
	uint32_t word = nondet_u32();
	bool ruled = false;

	any_window();
	for (uint32_t n = 0; n < PROOF_RULES; n++) {
		ruled = ruled ||
		        (n < kernel.windows[0].rules.count && kernel.window_rules[n].word == word);
	}
	const struct pv_window_rule *rule = find(&kernel.windows[0], word);

	PROVE(ruled == (rule != NULL), "a rule is found if there is one");
	PROVE(!rule || rule->word == word, "the one of the word");
	COVER(rule && ruled, "found");
	COVER(!rule && kernel.windows[0].rules.count == PROOF_RULES, "not found");
}

/* Two holders of a page. */
static void prove_holders(void)
{
	struct pv_window_rule a = any_rule();
	struct pv_window_rule b = any_rule();
	uint32_t before = nondet_u32();

	ASSUME(a.word == b.word && rules_agree(&a, &b));
	uint32_t after = window_stores(&a, nondet_u32(), before);
	uint32_t then = window_stores(&b, nondet_u32(), after);

	PROVE((after & b.writable) == (before & b.writable), "the bits of the other holder");
	PROVE((then & a.writable) == (after & a.writable), "and those of this one");
	COVER(a.writable && b.writable && after != before, "both have bits");
}

/* A base address whose range is of 2^n bytes: the lower bits read 0, or are its type, whatever is
 * stored. Its aperture is what the image check lets @keep leave. */
static void prove_aperture(void)
{
	struct pv_window_rule rule = any_rule();
	uint32_t size = 1U << (4 + nondet_u32() % 28);
	uint32_t room = 1 + ~rule.keep;
	uint32_t type = nondet_u32() & 14U; /* of memory */
	uint32_t address = ~(size - 1);

	ASSUME(rule.word == WORD_BARS && (rule.flags & PV_RULE_INITIAL) && keeps_place(&rule));
	ASSUME(window_takes(&rule, UINT32_MAX, address | type));
	uint32_t base = window_stores(&rule, nondet_u32(), nondet_u32()) & address;
	uint32_t aperture = rule.initial & rule.keep;

	PROVE(base >= aperture && size <= room && base - aperture <= room - size,
	      "the range stays in its aperture");
	COVER(size < room && base != aperture, "it moves within");
	COVER(size == room && aperture != 0, "it fills it");
}

int main(void)
{
	prove_write();
	prove_nothing_else();
	prove_holders();
	prove_aperture();
	return 0;
}
