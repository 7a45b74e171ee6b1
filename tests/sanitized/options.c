/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the sanitizers of $(BUILD)/sanitized/topo do with a finding when the environment says
 * nothing. The exit status is none that topo has, so no test can take a finding for an answer.
 */
#include "tests/sanitized/options.h"

#define FOUND "exitcode=99"

const char *__asan_default_options(void)
{
	return FOUND ":detect_leaks=1";
}

const char *__ubsan_default_options(void)
{
	return FOUND ":print_stacktrace=1";
}
