/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the runner and its clients say to people when something does not go as it should; places
 * in a topology are diag.h's matter. Everything goes to stderr in one form, so that a user knows
 * who speaks.
 */
#ifndef TOPO_RUNNER_MESSAGE_H
#define TOPO_RUNNER_MESSAGE_H

/** "topo: error: " and the text, as a line on stderr. */
void message_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** "topo: warning: " and the text, as a line on stderr. */
void message_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** "topo:   " and the text: how to get out of what the last error said. */
void message_help(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
