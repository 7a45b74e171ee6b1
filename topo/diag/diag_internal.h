/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a collection of messages is made of: between diag.c, which collects, and print.c,
 * which prints. Nobody else includes this.
 */
#ifndef TOPO_DIAG_DIAG_INTERNAL_H
#define TOPO_DIAG_DIAG_INTERNAL_H

#include "topo/base/arena.h"
#include "topo/base/strmap.h"
#include "topo/diag/diag.h"
#include "topo/diag/source.h"

struct note {
	struct place place;
	const char *text;
};

struct message {
	enum severity severity;
	const char *check; /* NULL = of no check */
	struct place place;
	const char *text;
	struct note *notes;
	size_t note_count;
	const char **helps;
	size_t help_count;
	size_t order; /* of reporting */
};

struct diag {
	struct source_set *sources;
	struct arena *arena;
	struct strmap seen;        /* "place text" of every message since diag_new */
	struct strmap spelled;     /* the first error of a word of a macro's body */
	struct message **messages; /* since the last flush */
	size_t message_count;
	struct message *latest; /* that notes are added to; NULL = it was a repetition */
	size_t counts[SEVERITY_ERROR + 1];
	size_t order;
	struct place syntax; /* of the latest error of syntax */
	bool refused;
	bool muted;
};

/** Sort the messages into the order of the text, those without a place last. */
void diag_sort(struct diag *diag);

/** Forget the messages, not the counts. */
void diag_forget(struct diag *diag);

#endif
