/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edit distance with swaps of neighbours (optimal string alignment), case ignored at half price:
 * distances count half edits. Names longer than SUGGEST_BYTES_MAX are not compared.
 */
#include "topo/base/suggest.h"

#include <ctype.h>
#include <string.h>

#define SUGGEST_BYTES_MAX 64U
#define SUGGEST_WORK_MAX ((size_t)4 << 20)
#define EDIT 2U      /* insertion, deletion, replacement, swap */
#define CASE_EDIT 1U /* a letter in the other case */

/* The largest distance at which a name still counts as meant: a third of its length. Of a single
 * character an edit leaves nothing. */
static size_t tolerance(size_t bytes)
{
	size_t edits = bytes / 3;

	return bytes == 1 ? CASE_EDIT : EDIT * (edits == 0 ? 1 : edits);
}

struct suggest suggest_start(const char *wrong)
{
	return (struct suggest){
		.wrong = wrong,
		.best_distance = tolerance(strlen(wrong)) + 1,
		.work_left = SUGGEST_WORK_MAX,
	};
}

static size_t min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t replace_cost(char a, char b)
{
	if (a == b) {
		return 0;
	}
	return tolower((unsigned char)a) == tolower((unsigned char)b) ? CASE_EDIT : EDIT;
}

static size_t distance(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	size_t rows[3][SUGGEST_BYTES_MAX + 1];
	size_t *before = rows[0];
	size_t *last = rows[1];
	size_t *now = rows[2];

	memset(rows, 0, sizeof(rows));
	for (size_t j = 0; j <= b_bytes; j++) {
		now[j] = j * EDIT;
	}
	for (size_t i = 1; i <= a_bytes; i++) {
		size_t *spare = before;

		before = last;
		last = now;
		now = spare;
		now[0] = i * EDIT;
		for (size_t j = 1; j <= b_bytes; j++) {
			now[j] = min2(last[j] + EDIT, now[j - 1] + EDIT);
			now[j] = min2(now[j], last[j - 1] + replace_cost(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
				now[j] = min2(now[j], before[j - 2] + EDIT);
			}
		}
	}
	return now[b_bytes];
}

void suggest_consider(struct suggest *suggest, const char *candidate)
{
	size_t a_bytes = strlen(suggest->wrong);
	size_t b_bytes = strlen(candidate);
	size_t difference = a_bytes > b_bytes ? a_bytes - b_bytes : b_bytes - a_bytes;

	if (a_bytes > SUGGEST_BYTES_MAX || b_bytes > SUGGEST_BYTES_MAX ||
	    difference * EDIT >= suggest->best_distance || a_bytes * b_bytes > suggest->work_left) {
		return;
	}
	suggest->work_left -= a_bytes * b_bytes;
	size_t found = distance(suggest->wrong, a_bytes, candidate, b_bytes);

	if (found < suggest->best_distance) {
		suggest->best = candidate;
		suggest->best_distance = found;
	}
}
