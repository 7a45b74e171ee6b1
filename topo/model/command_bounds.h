/* SPDX-License-Identifier: BSD-2-Clause */
/* What Linux lets a program begin with (execve(2)), and a path be: of a topology or a container image. */
#ifndef TOPO_MODEL_COMMAND_BOUNDS_H
#define TOPO_MODEL_COMMAND_BOUNDS_H

#include <stddef.h>

#define COMMAND_TEXTS_MAX 4096U
#define COMMAND_TEXT_BYTES ((size_t)128 << 10) /* with the zero behind it: MAX_ARG_STRLEN */
#define COMMAND_BYTES_MAX ((size_t)1 << 20)    /* of all, likewise */

/* The words and variables so far. */
struct command_sum {
	size_t count;
	size_t bytes;
};

/** Count @text in. Returns NULL, or what is the matter, as "is ...". */
const char *command_text_fault(struct command_sum *sum, const char *text);

/** What is the matter with the directory @path, which begins with /, likewise. */
const char *command_directory_fault(const char *path);

#endif
