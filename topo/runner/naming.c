/* SPDX-License-Identifier: BSD-2-Clause */
/* Wrong names of VMs, as naming.h declares them. */
#include "topo/runner/naming.h"

#include <stdio.h>
#include <string.h>

#include "topo/base/suggest.h"

/* Append @text to @out as far as it fits. */
static void append(char *out, size_t size, const char *text)
{
	const size_t used = strlen(out);
	(void)snprintf(out + used, size - used, "%s", text);
}

void naming_vmm(char out[NAMING_WHO_BYTES], const char *vm)
{
	(void)snprintf(out, NAMING_WHO_BYTES, "%.63s.vmm", vm);
}

void naming_explain(char *out, size_t size, const char *wrong, const char *const *names,
                    size_t count)
{
	struct suggest suggest = suggest_start(wrong);
	for (size_t i = 0; i < count; i++) {
		suggest_consider(&suggest, names[i]);
	}
	(void)snprintf(out, size, "there is no VM called '%.64s'", wrong);
	if (suggest.best != NULL) {
		append(out, size, "; did you mean '");
		append(out, size, suggest.best);
		append(out, size, "'?");
	}
	append(out, size, count == 0 ? " (there is none at all)" : " (there is: ");
	for (size_t i = 0; i < count; i++) {
		append(out, size, names[i]);
		append(out, size, i + 1 < count ? ", " : ")");
	}
}
