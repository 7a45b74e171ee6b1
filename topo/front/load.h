/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a file to a model: preprocess, parse, resolve, fill in defaults, run the checks. All
 * commands that read a topology start here.
 */
#ifndef TOPO_FRONT_LOAD_H
#define TOPO_FRONT_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/diag/diag.h"
#include "topo/model/model.h"
#include "topo/resolve/resolve.h"

/* What the command line says about reading a topology. All zero is a valid set of options. */
struct load_options {
	const char *board;    /* name of a board, NULL = what the file says, or the first */
	uint32_t cpu_count;   /* physical CPUs, 0 = what the file says, or chosen */
	const char **defines; /* "NAME" or "NAME=VALUE" */
	size_t define_count;
	const char **include_dirs; /* searched before the project's own */
	size_t include_dir_count;
	const char **checks_off; /* names of checks that stay silent */
	size_t checks_off_count;
	bool without_hardware;        /* VMs have no physical devices, with a warning for each */
	bool advice;                  /* give advice too, not only errors and warnings */
	bool must_run;                /* what cannot be run yet is an error: for build and run */
	packages_find *find_packages; /* NULL = they are not looked for */
	bool analysis; /* what only running must refuse is a warning: for those who only look */
};

/**
 * Load the topology in the file @path, "-" being standard input.
 * Returns the complete model, every default filled in; give it back by model_free. NULL when the
 * topology has errors: each was reported through @diag (not yet printed: diag_flush). When the
 * file itself could not be read, diag_refused(@diag) too.
 * @diag must outlive the model.
 */
struct model *model_load(const char *path, const struct load_options *options, struct diag *diag);

struct source;

/** The same for a text that was read already: tests give theirs from memory. */
struct model *model_load_source(const struct source *source, const struct load_options *options,
                                struct diag *diag);

/**
 * Whether all checks of @model have agreed to it: none was switched off that finds more than advice, and nothing
 * was found that is accepted only since it is not to be run.
 */
bool model_agreed(const struct model *model);

/** Give back @model and all its memory. NULL is allowed. */
void model_free(struct model *model);

#endif
