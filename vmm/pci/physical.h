/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A physical PCI function on a bus of its guest (pci_function.h). Its registers are the real ones,
 * behind a register window of the kernel, which alone decides what a VMM may change there; this is
 * about what the guest sees: no capability that would make new functions, move ranges or leave the
 * SMMU out, no interrupt pin where it has no line, and DMA while it has asked for that.
 *
 * A start takes three steps: reset (for all functions), physicals_begin, then accesses of the guest.
 */
#ifndef VMM_PCI_PHYSICAL_H
#define VMM_PCI_PHYSICAL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/err.h"
#include "abi/vmm.h"
#include "vmm/base/alarm.h"
#include "vmm/pci/pci_function.h"

#define PCI_CONFIG_BYTES 4096U

struct physical {
	/* Set by physical_init, then constant. */
	const struct pv_vmm_function *config;
	uint32_t cap_log;
	struct alarms *alarms;

	struct pci_function function; /* its BARs are found by physicals_begin */

	/* Offsets of capabilities, 0 = none. */
	uint32_t express;
	uint32_t power;
	/* A bit for each dword that is the head of a capability which the guest is not to see. */
	uint32_t hidden[PCI_CONFIG_BYTES / 4 / 32];

	bool has_stream; /* its DMA is translated; else it aborts */
	uint64_t told;   /* faults of the stream at the last line, */
	uint32_t lines;  /* of so many */
};

/** Make the function that @config describes. It is reset before anybody uses it. */
void physical_init(struct physical *physical, const struct pv_vmm_function *config,
                   uint32_t cap_log, struct alarms *alarms);

/**
 * All @count functions of a VM have been reset: wait until they are there again and look at what they
 * are. False: one is not what its configuration says; a line has said which, and how.
 */
MUST_USE bool physicals_begin(struct physical *physicals, uint32_t count);

/** The guest does not run: no more DMA. */
void physical_stop(struct physical *physical);

/** Say which faults its stream has had, at a bounded rate; while it is on, ALARM_FAULTS is set for the
 * next look. */
void physical_look_for_faults(struct physical *physical);

#endif
