/* SPDX-License-Identifier: BSD-2-Clause */
/* Time limits as users give them. */
#ifndef TOPO_RUNNER_SECONDS_H
#define TOPO_RUNNER_SECONDS_H

#include <stdint.h>

/** "1.5" in milliseconds; 0 when @text is no time limit: no number, under 1 ms or over 11 days. */
uint32_t seconds_parse(const char *text);

#endif
