/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Printing a slot of the machine as a topology gives it.
 */
#include <inttypes.h>

#include "topo/export/explain.h"
#include "topo/model/pci_models.h"

static void put_forwards(FILE *out, const struct machine_slot *slot)
{
	for (size_t i = 0; i < slot->forward_count; i++) {
		fprintf(out, "%s\"%u:%u\"", i == 0 ? ", forward: [" : ", ", slot->forwards[i].host,
		        slot->forwards[i].guest);
	}
	fputs(slot->forward_count == 0 ? "" : "]", out);
}

/* Of a function that topo has no row for: what the topology says of it. */
static void put_own(FILE *out, const struct pci_model *model)
{
	for (size_t i = 0; i < PCI_BARS_MAX; i++) {
		fprintf(out, "%s%" PRIu32, i == 0 ? ", bars: [" : ", ", model->bars[i].bytes);
	}
	fprintf(out, "], vectors: %" PRIu32 ", confined: %s", model->vectors,
	        model->unknown ? "false" : "true");
}

void explain_slot(FILE *out, const struct machine_slot *slot)
{
	fprintf(out, "{ pci: \"0:%" PRIu32 ".0\", model: ", slot->device);
	explain_string(out, slot->model->name);
	if (slot->file != NULL) {
		fputs(", file: ", out);
		explain_string(out, slot->file);
	}
	if (slot->file_bytes != 0) {
		fprintf(out, ", size: %" PRIu64, slot->file_bytes);
	}
	put_forwards(out, slot);
	fputs(slot->restricted ? ", restrict: true" : "", out);
	if (pci_model_find(slot->model->name) == NULL) {
		put_own(out, slot->model);
	}
	fputs(" }", out);
}
