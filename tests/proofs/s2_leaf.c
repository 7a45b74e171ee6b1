/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the end of a walk means, by the hardware's reading of the descriptor (Arm ARM K.a D8.3.1,
 * D8.3.2): any leaf that s2_spec_map() allows, for a range that s2_spec_may_have() allows, sends
 * an address to the one page that the range says, with its rights and memory type, off the pool.
 */
#include "tests/proofs/proof.h"
#include "tests/proofs/s2_lemmas.h"

struct s2_range nondet_range(void);

static void prove_rights(struct s2_range range, uint64_t d)
{
	uint32_t access = (uint32_t)(d >> 6 & 3);
	uint32_t memory = (uint32_t)(d >> 2 & 15);

	PROVE(access == 1 || (access == 3 && (range.rights & PV_RIGHT_WRITE) != 0),
	      "writable only if declared so");
	PROVE((d >> 54 & 1) == 1 || (range.rights & PV_RIGHT_EXEC) != 0,
	      "executable only if declared so");
	PROVE(memory == 15 ? range.memory == S2_MEMORY_NORMAL
	                   : memory == 1 && range.memory == S2_MEMORY_DEVICE,
	      "the memory type is the declared one");
	PROVE((d >> 10 & 1) == 1, "no access flag fault");
	PROVE(memory != 15 || (d >> 8 & 3) == 3, "memory is coherent between CPUs");
	COVER(access == 3, "writable");
	COVER(access == 1, "read-only");
	COVER((d >> 54 & 1) == 0, "executable");
	COVER(memory == 1, "device memory");
}

int main(void)
{
	struct s2_range range = nondet_range();
	uint32_t pool_page = nondet_u32();
	uint32_t pool_page_count = nondet_u32();
	uint32_t ipa_page = nondet_u32();
	uint64_t d = nondet_u64();
	bool block = nondet_bool();
	uint32_t low = block ? S2_SPEC_ENTRIES - 1 : 0;
	uint32_t reach = block ? S2_SPEC_ENTRIES * S2_SPEC_ENTRIES : S2_SPEC_ENTRIES;
	struct s2_table table = {ipa_page & ~(reach - 1), range.space, block ? 2 : 3};
	uint32_t entry = (block ? ipa_page >> 9 : ipa_page) & (S2_SPEC_ENTRIES - 1);

	ASSUME(ipa_page < S2_SPEC_IPA_PAGES);
	ASSUME(pages_fit(pool_page, pool_page_count, S2_SPEC_PA_PAGES));
	ASSUME(s2_spec_may_have(range, pool_page, pool_page_count));
	ASSUME(s2_spec_map(table, entry, d, range));
	PROVE((d & 3) == (block ? 1 : 3), "the kind that its level wants");
	LEMMA(pages_inside(ipa_page, 1, range.ipa_page, range.page_count),
	      "the range holds the address");

	uint32_t base = (uint32_t)((d & S2_SPEC_ADDRESS) >> PV_PAGE_SHIFT);
	uint32_t pa_page = (base & ~low) | (ipa_page & low);
	ASSUME(lemma_block(range, ipa_page));
	LEMMA(pa_page == translate(range, ipa_page), "and translates it so");
	ASSUME(lemma_off_pool(range, ipa_page, pool_page, pool_page_count));
	PROVE(!pages_inside(pa_page, 1, pool_page, pool_page_count), "never into a table");
	prove_rights(range, d);
	COVER(block, "a block");
	COVER(!block, "a page");
	return 0;
}
