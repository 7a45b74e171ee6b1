/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How commands come by a topology.
 */
#include <getopt.h>

#include "topo/commands/commands.h"
#include "topo/commands/packages.h"

static int load_and(const char *path, const struct load_options *options, loaded_use *use,
                    const void *used)
{
	struct diag *diag = diag_new();
	struct model *model = packages_load(path, options, diag);
	int code = command_load_failed(diag);

	diag_flush(diag, stderr);
	if (model != NULL) {
		code = use(&(struct loaded){model, diag, used});
		diag_flush(diag, stderr);
	}
	model_free(model);
	diag_free(diag);
	return code;
}

int command_load_and(const struct command_line *cl, struct load_options *load, loaded_use *use,
                     const void *options)
{
	const int code = cl->argc - optind == 1 ? load_and(cl->argv[optind], load, use, options)
	                                        : command_usage_error(cl, "one FILE is needed");

	command_load_done(load);
	return code;
}
