/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register windows: pages of registers that EL2 alone has mapped, the configuration space of PCI. Who
 * holds a window reads every word of its page, and of each writes what the image's rule lets it
 * (abi/image.h).
 *
 * Windows of one page have one lock, and one state: a page is closed for good at boot where a base
 * address register of it may leave its aperture.
 */
#ifndef KERNEL_CORE_WINDOW_H
#define KERNEL_CORE_WINDOW_H

#include "kernel/core/kernel.h"

/** What a write of @value stores where @old stands. */
static inline uint32_t window_stores(const struct pv_window_rule *rule, uint32_t value,
                                     uint32_t old)
{
	uint32_t kept = (rule->flags & PV_RULE_INITIAL) ? rule->initial : old;

	return (value & rule->writable) | (kept & rule->keep);
}

/** Whether a base address register that reads @read, when @stored has been stored, has what @rule keeps
 * of that: so that all of it says where the range is. Or it is none, or one of I/O ports, where the
 * image has no place for it. */
static inline bool window_takes(const struct pv_window_rule *rule, uint32_t stored, uint32_t read)
{
	bool placed = (rule->initial & rule->keep) != 0;

	return !((read ^ stored) & rule->keep & ~15U) ||
	       (!placed && (read == 0 || (read & 3U) == 1));
}

/** Take over the windows of @image, and bring their registers to their initial values. Boot only. */
void window_build(const struct pv_image_header *image);

/** The value of @word of windows[index]: all ones with an error.
 * Errors: ERR_RANGE there is no such word; ERR_STATE the page is closed. */
MUST_USE err_t window_read(uint32_t index, uint64_t word, uint64_t *value);

/** Write @word of windows[index], as its rule says, behind what a reset has taken from other words.
 * Takes the page's lock.
 * Errors: as above, and of @value; ERR_RIGHT no rule lets it write the word; ERR_STATE also, the
 * function does not take back its place. */
MUST_USE err_t window_write(uint32_t index, uint64_t word, uint64_t value);

#endif
