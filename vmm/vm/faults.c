/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports of what cannot be served (faults.h). The form is one line:
 *   fault N: VM vcpu N WHAT ADDRESS, pc PC, syndrome ESR[, value VALUE | virtual FAR]
 */
#include "vmm/vm/faults.h"

#include "lib/bits.h"
#include "vmm/base/log.h"

#define ESR_CLASS_SHIFT 26
#define ESR_CLASS_FETCH 0x20U /* instruction abort from a lower exception level */

static void report(uint64_t count, const struct pv_vmm_config *config,
                   const struct message *message, const char *what)
{
	struct line line = {0};

	line_text(&line, "fault ");
	line_number(&line, count);
	line_text(&line, ": ");
	line_text(&line, config->name);
	line_text(&line, " vcpu ");
	line_number(&line, message->word[1]);
	line_text(&line, what);
	line_hex(&line, message->word[2]);
	line_text(&line, ", pc ");
	line_hex(&line, message->word[6]);
	line_text(&line, ", syndrome ");
	line_hex(&line, message->word[5]);
	if (message->word[0] == PV_MSG_WRITE) {
		line_text(&line, ", value ");
		line_hex(&line, message->word[4]);
	} else if (message->word[0] == PV_MSG_FAULT) {
		line_text(&line, ", virtual ");
		line_hex(&line, message->word[7]);
	}
	line_write(&line, config->cap_log);
}

static const char *what_is_done(const uint64_t *word)
{
	bool is_fetch = ((word[5] >> ESR_CLASS_SHIFT) & 0x3f) == ESR_CLASS_FETCH;

	if (word[0] == PV_MSG_FAULT) {
		return is_fetch ? " fetches from " : " cannot access ";
	}
	return word[0] == PV_MSG_WRITE ? " stores to " : " loads from ";
}

struct reply fault_unanswered(struct faults *faults, const struct pv_vmm_config *config,
                              const struct message *message)
{
	faults->count++;
	if (faults->count <= FAULT_LINES || is_power_of_two(faults->count)) {
		report(faults->count, config, message, what_is_done(message->word));
	}
	return (struct reply){.kind = PV_REPLY_ABORT, .value = 0};
}

struct reply fault_bad_message(const struct pv_vmm_config *config, const struct message *message)
{
	struct line line = {0};

	line_text(&line, "vmm: message ");
	line_number(&line, message->word[0]);
	line_text(&line, " of vcpu ");
	line_number(&line, message->word[1]);
	line_text(&line, " is none");
	line_write(&line, config->cap_log);
	return (struct reply){.kind = PV_REPLY_STOP, .value = PV_STOP_VMM};
}

void fault_bad_config(const struct pv_vmm_config *config, const char *what)
{
	struct line line = {0};

	line_text(&line, "vmm: bad configuration: ");
	line_text(&line, what);
	line_write(&line, config->cap_log);
}
