/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of a test's own, with files in it. */
#ifndef TESTS_UNIT_TEMPORARY_H
#define TESTS_UNIT_TEMPORARY_H

#include <stddef.h>
#include <sys/types.h>

/** Make it. Returns 0, as what sets a test up. */
int temporary_make(void **state);

/** Remove it with all that is in it. Returns 0. */
int temporary_remove(void **state);

/** The path of @name in it; lives for 64 calls. */
const char *temporary_at(const char *name);

/** Write the file @name of @count bytes and that mode. */
void temporary_write(const char *name, const void *bytes, size_t count, mode_t mode);

/** Likewise of a text. */
void temporary_text(const char *name, const char *text, mode_t mode);

#endif
