/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the sanitizers' run-time libraries ask a program for, by these names.
 */
#ifndef TESTS_SANITIZED_OPTIONS_H
#define TESTS_SANITIZED_OPTIONS_H

/* NOLINTNEXTLINE(readability-identifier-naming): the libraries name it */
const char *__asan_default_options(void);
/* NOLINTNEXTLINE(readability-identifier-naming): the libraries name it */
const char *__ubsan_default_options(void);

#endif
