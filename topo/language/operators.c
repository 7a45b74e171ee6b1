/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * C's levels, as CAmkES has them; ** binds tightest, to the left like the others.
 */
#include "topo/language/operators.h"

#include <stddef.h>

#include "lib/bits.h"
#include "topo/language/lex.h"

#define BELOW 1U
#define EQUAL 2U
#define ABOVE 4U

static const struct operation {
	int sign;
	int level;          /* higher binds tighter */
	unsigned int holds; /* of a comparison: for which orders */
} operators[] = {
	{PUNCT_OR, 1, 0},
	{PUNCT_AND, 2, 0},
	{'|', 3, 0},
	{'^', 4, 0},
	{'&', 5, 0},
	{PUNCT_EQUAL, 6, EQUAL},
	{PUNCT_NOT_EQUAL, 6, BELOW | ABOVE},
	{'<', 7, BELOW},
	{'>', 7, ABOVE},
	{PUNCT_LESS_EQUAL, 7, BELOW | EQUAL},
	{PUNCT_GREATER_EQUAL, 7, EQUAL | ABOVE},
	{PUNCT_SHIFT_LEFT, 8, 0},
	{PUNCT_SHIFT_RIGHT, 8, 0},
	{'+', 9, 0},
	{'-', 9, 0},
	{'*', 10, 0},
	{'/', 10, 0},
	{'%', 10, 0},
	{PUNCT_POWER, 11, 0},
};

static const struct operation none = {0, 0, 0};

static const struct operation *find(int sign)
{
	for (size_t i = 0; i < ARRAY_COUNT(operators); i++) {
		if (operators[i].sign == sign) {
			return &operators[i];
		}
	}
	return &none;
}

int operator_level(int sign)
{
	return find(sign)->level;
}

bool operator_compares(int sign)
{
	return find(sign)->holds != 0;
}

bool operator_holds(int sign, int order)
{
	unsigned int found = order < 0 ? BELOW : order > 0 ? ABOVE : EQUAL;

	return (find(sign)->holds & found) != 0;
}
