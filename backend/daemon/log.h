/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's log: lines on standard error, each written whole. Init decides where that goes.
 */
#ifndef BACKEND_DAEMON_LOG_H
#define BACKEND_DAEMON_LOG_H

/** Write "peervisord: SUBJECT: " and the rest, printf-like, as one line. @subject: who it is about. */
__attribute__((format(printf, 2, 3))) void log_line(const char *subject, const char *format, ...);

/** Like log_line(), and the text of errno behind it. */
__attribute__((format(printf, 2, 3))) void log_errno(const char *subject, const char *format, ...);

#endif
