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
#define PROOF_RULES 4U

#include WINDOW_SOURCE
#include "lib/image_check_hardware.c"
#include "tests/proofs/proof.h"

struct kernel kernel;
unsigned fake_locks_held;
unsigned fake_locks_taken;

/* The words of one page that have rules, which is all that a call may touch. */
static struct {
	uint64_t word; /* that a call writes */
	uint32_t values[PROOF_RULES];
	uint32_t stores;  /* to that word */
	uint32_t witness; /* one of the rules */
	bool takes;       /* what is stored; else anything may stand there then */
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

uint32_t arch_window_read(uint32_t page, uint32_t word)
{
	return device.values[rule_of(page, word)];
}

void arch_window_write(uint32_t page, uint32_t word, uint32_t value)
{
	const struct pv_window_rule *other = &kernel.window_rules[device.witness];
	uint32_t stands = device.values[device.witness];

	PROVE(kernel.windows[0].lock.held, "with the lock of the page");
	PROVE(device.stores == 0, "nothing behind the word that was asked for");
	if (word == device.word && other->word != word &&
	    device.witness < kernel.windows[0].rules.count && (other->flags & PV_RULE_INITIAL)) {
		PROVE(!device.takes || ((stands ^ other->initial) & other->keep) == 0,
		      "what a reset took is back before");
		PROVE(!(other->flags & PV_RULE_PROBE) ||
		              window_takes(other, other->initial, stands),
		      "a range is in its place before");
	}
	device.values[rule_of(page, word)] = device.takes ? value : nondet_u32();
	device.stores += word == device.word;
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
	}
	kernel.windows[0].page = nondet_u32();
	kernel.windows[0].rules.count = count;
	kernel.windows[0].closed = nondet_bool();
}

/* One write, from any state. */
static void prove_write(void)
{
	uint64_t word = nondet_u64();
	uint64_t value = nondet_u64();
	uint32_t witness = nondet_u32();

	any_window();
	device.word = word;
	for (uint32_t n = 0; n < PROOF_RULES; n++) {
		device.values[n] = nondet_u32();
	}
	device.witness = witness;
	device.takes = nondet_bool();
	bool closed = kernel.windows[0].closed;

	ASSUME(witness < PROOF_RULES);
	uint32_t before = device.values[witness];
	const struct pv_window_rule rule = kernel.window_rules[witness];
	bool ruled = witness < kernel.windows[0].rules.count && rule.word == word;
	err_t err = window_write(0, word, value);

	PROVE(!kernel.windows[0].lock.held, "the lock is free again");
	PROVE(device.stores == (err == OK), "one store, or none with an error");
	PROVE(err != OK || (!closed && value <= UINT32_MAX), "what is closed stays as it is");
	uint32_t after = device.values[witness];
	uint32_t kept = rule.flags & PV_RULE_INITIAL ? rule.initial : before;

	if (ruled && !closed && value <= UINT32_MAX) {
		PROVE(err == OK || err == ERR_STATE, "what has a rule is written");
	}
	if (ruled && err == OK && device.takes) {
		PROVE((after & rule.writable) == (value & rule.writable), "its bits");
		PROVE((after & rule.keep) == (kept & rule.keep), "those that are kept");
		PROVE((after & ~(rule.writable | rule.keep)) == 0, "no others");
	} else if (!ruled && device.takes && after != before) {
		PROVE((after & rule.writable) == (before & rule.writable), "bits of others stay");
		PROVE((after & ~rule.writable) == (rule.initial & rule.keep), "or are put back");
	}
	COVER(err == OK && !ruled && after != before && device.takes, "a word is put back");
	COVER(err == ERR_STATE && !closed, "a range that does not come back");
	COVER(err == OK && ruled && witness == 3, "the last rule");
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
 * stored. Its aperture is of what @keep leaves. */
static void prove_aperture(void)
{
	struct pv_window_rule rule = any_rule();
	uint32_t size = 1U << (4 + nondet_u32() % 28);
	uint32_t room = 1U << (4 + nondet_u32() % 28);
	uint32_t type = nondet_u32() & 14U; /* of memory */
	uint32_t address = ~(size - 1);

	ASSUME(rule.keep == ~(room - 1) && (rule.flags & PV_RULE_INITIAL));
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
