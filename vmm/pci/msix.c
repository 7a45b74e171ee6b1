/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSI-X table (msix.h). Reserved bits of Vector Control are not kept; Message Address is kept as
 * written, and an unaligned one is nobody's.
 */
#include "vmm/pci/msix.h"

void msix_init(struct msix *msix, const struct msi_target *target, uint32_t vectors)
{
	*msix = (struct msix){.target = *target, .vectors = vectors};
	for (uint32_t i = 0; i < MSIX_VECTORS_MAX; i++) {
		msix->entries[i].word[3] = MSIX_ENTRY_MASKED;
	}
}

uint64_t msix_read(const struct msix *msix, const struct access *access)
{
	uint32_t vector = access->offset / MSIX_ENTRY_BYTES;
	uint32_t first = access->offset % MSIX_ENTRY_BYTES / 4;
	uint64_t value;

	if (vector >= msix->vectors) {
		return 0;
	}
	value = msix->entries[vector].word[first];
	if (access->bytes == W64) {
		value |= (uint64_t)msix->entries[vector].word[first + 1] << 32;
	}
	return value;
}

void msix_write(struct msix *msix, const struct access *access)
{
	uint32_t vector = access->offset / MSIX_ENTRY_BYTES;
	uint32_t first = access->offset % MSIX_ENTRY_BYTES / 4;

	if (vector >= msix->vectors) {
		return;
	}
	msix->entries[vector].word[first] = (uint32_t)access->value;
	if (access->bytes == W64) {
		msix->entries[vector].word[first + 1] = (uint32_t)(access->value >> 32);
	}
	msix->entries[vector].word[3] &= MSIX_ENTRY_MASKED;
}

uint32_t msix_intid(const struct msix *msix, uint32_t vector)
{
	const uint32_t *word;

	if (!msix->enabled || msix->function_masked || vector >= msix->vectors) {
		return 0;
	}
	word = msix->entries[vector].word;
	if ((word[3] & MSIX_ENTRY_MASKED) != 0) {
		return 0;
	}
	return msix->target.operations->intid(msix->target.block, (uint64_t)word[1] << 32 | word[0],
	                                      word[2]);
}

bool msix_raise(const struct msix *msix, uint32_t vector)
{
	uint32_t intid = msix_intid(msix, vector);

	if (intid != 0) {
		msix->target.operations->raise(msix->target.block, intid);
	}
	return intid != 0;
}
