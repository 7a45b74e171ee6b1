/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operators between two operands: one table for the conditions of the preprocessor and for the
 * language. What they compute differs: conditions wrap, the language refuses what does not fit.
 */
#ifndef TOPO_LANGUAGE_OPERATORS_H
#define TOPO_LANGUAGE_OPERATORS_H

#include <stdbool.h>

/** How tightly the operator @sign (a character or an enum punctuator) binds; 0: it is none. */
int operator_level(int sign);

/** Whether @sign compares. */
bool operator_compares(int sign);

/** What the comparison @sign says of two operands: @order is below, at or above 0. */
bool operator_holds(int sign, int order);

#endif
