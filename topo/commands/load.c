/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How commands come by a topology.
 */
#include "topo/commands/commands.h"

int command_load_and(const char *path, const struct load_options *load, loaded_use *use,
                     const void *options)
{
	struct diag *diag = diag_new();
	struct model *model = model_load(path, load, diag);
	int code = command_load_failed(diag);

	diag_flush(diag, stderr);
	if (model != NULL) {
		code = use(&(struct loaded){model, diag, options});
		diag_flush(diag, stderr);
	}
	model_free(model);
	diag_free(diag);
	return code;
}
