/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text as others read it back.
 */
#ifndef TOPO_BASE_QUOTE_H
#define TOPO_BASE_QUOTE_H

#include "topo/base/arena.h"

/** @word as a shell reads it back. */
const char *quote_shell(struct arena *arena, const char *word);

/** @word likewise, as it is where a shell sees nothing in it. */
const char *quote_shell_plain(struct arena *arena, const char *word);

/** @value as QEMU reads it back in KEY=VALUE,…: a comma is written twice. */
const char *quote_qemu(struct arena *arena, const char *value);

#endif
