/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Diagnostics: everything that topo has to say about a topology, each message with its place in
 * the user's text, the source line with a caret, notes that show related places, and what would
 * be right. Messages are collected and printed by diag_flush in the order of the text, so that
 * one run shows all of them; equal messages at one place are kept once.
 *
 * A struct diag owns the files that were read (topo/diag/source.h), since messages show their
 * lines: it must outlive every model that was loaded with it.
 */
#ifndef TOPO_DIAG_DIAG_H
#define TOPO_DIAG_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "topo/diag/place.h"

enum severity { SEVERITY_ADVICE, SEVERITY_WARNING, SEVERITY_ERROR };

#define DIAG_KEPT_MAX 1000U /* messages of one severity that are kept; more are counted */
#define DIAG_SHOWN_MAX 100U /* messages of one severity that are printed for people */

struct diag;
struct source_set;

/** Start an empty collection. Never fails (no memory: the process ends with exit code 3). */
struct diag *diag_new(void);

/** Give back @diag and every file read through it. NULL is allowed. */
void diag_free(struct diag *diag);

/** The files read so far; source_read adds to them. */
struct source_set *diag_sources(struct diag *diag);

/** No place: the message stands without file and line. */
#define PLACE_NONE ((struct place){NULL, 0, 0, 0, NULL})

/**
 * An error at @place; the model is not usable. When the word at @place came from the body of a
 * macro of the user's, a note shows it there: so do all of the following.
 */
void diag_error(struct diag *diag, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * An error of syntax at @place. What follows from a mistake is mostly found on the same line: of
 * those that are said of one line one after the other, the first is kept.
 */
void diag_syntax(struct diag *diag, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** A warning at @place. */
void diag_warning(struct diag *diag, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** A message of the check @check (NULL = of none), which is printed behind it in brackets. */
void diag_report(struct diag *diag, enum severity severity, const char *check, struct place place,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/** Take back all messages of the check @check that were not printed yet. */
void diag_take_back(struct diag *diag, const char *check);

/** A place that the latest message is about too: "first given here". */
void diag_note(struct diag *diag, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** What would be right, below the latest message. */
void diag_help(struct diag *diag, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * Whether the latest message will be printed for people: what is added to it is worth a search.
 */
bool diag_shows(const struct diag *diag);

/** What is added by diag_note and diag_help from now on belongs to a message that was not made. */
void diag_skip(struct diag *diag);

/**
 * Drop all messages from now on, or no longer: what follows from an error that ended the reading
 * of a file is no news.
 */
void diag_mute(struct diag *diag, bool mute);

/** Whether an error of syntax was said of the word of a macro's body that @place is about. */
bool diag_body_told(struct diag *diag, struct place place);

/** Messages of @severity since diag_new, printed or not. */
size_t diag_count(const struct diag *diag, enum severity severity);

/** diag_count(diag, SEVERITY_ERROR) != 0 */
bool diag_failed(const struct diag *diag);

/** Note that the machine refused something (a file): no fault of the topology. */
void diag_refuse(struct diag *diag);

/** Whether diag_refuse was called. */
bool diag_refused(const struct diag *diag);

/**
 * Print what was collected since the last flush, in the order of the text, for people: the first
 * hundred messages of each severity, and how many more there are.
 */
void diag_flush(struct diag *diag, FILE *out);

/**
 * The same as a JSON array of {severity, check, file, line, column, length, message, help,
 * notes}; nothing else is printed and the messages are forgotten as by diag_flush.
 */
void diag_flush_json(struct diag *diag, FILE *out);

#endif
