/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever a topology's text is, topo ends with a model or with messages. What loads must survive
 * being explained: the printed topology loads again, and is printed the same.
 *
 * libs: z lzma zstd lz4 json-c crypto
 * links: topo/base topo/diag topo/rules topo/language topo/model topo/rootfs topo/resolve topo/checks topo/front
 * links: topo/export/explain.c topo/export/explain_options.c topo/export/explain_slot.c
 */
#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/diag/source.h"
#include "topo/export/explain.h"
#include "topo/front/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text of the complete topology, NULL when the input has errors. */
static char *explain_text(const char *text, size_t bytes)
{
	struct load_options options = {.advice = true};
	struct diag *diag = diag_new();
	const struct source *source =
		source_add_text(diag_sources(diag), "fuzz.camkes", text, bytes);
	struct model *model = model_load_source(source, &options, diag);
	char *messages = NULL;
	char *explained = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&messages, &length);

	diag_flush(diag, out);
	fclose(out);
	free(messages);
	if (model != NULL) {
		out = open_memstream(&explained, &length);
		explain_model(model, out);
		fclose(out);
	}
	model_free(model);
	diag_free(diag);
	return explained;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	setenv("PEERVISOR_SHARE", "topo", 1);
	char *first = explain_text((const char *)data, size);

	if (first == NULL) {
		return 0;
	}
	char *second = explain_text(first, strlen(first));

	if (second == NULL || strcmp(first, second) != 0) {
		abort();
	}
	free(first);
	free(second);
	return 0;
}
