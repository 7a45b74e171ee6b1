/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmocka.h behind the headers that it takes for granted, which clang-format would sort after it.
 */
#ifndef TESTS_UNIT_ORDERED_CMOCKA_H
#define TESTS_UNIT_ORDERED_CMOCKA_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
