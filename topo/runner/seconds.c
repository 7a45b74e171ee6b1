/* SPDX-License-Identifier: BSD-2-Clause */
/* Time limits, as seconds.h declares them. */
#include "topo/runner/seconds.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

uint32_t seconds_parse(const char *text)
{
	char *end = NULL;
	errno = 0;
	const double seconds = strtod(text, &end);
	const bool number = end != text && *end == '\0' && errno == 0;
	return number && seconds >= 0.001 && seconds <= 1e6 ? (uint32_t)(seconds * 1000) : 0;
}
