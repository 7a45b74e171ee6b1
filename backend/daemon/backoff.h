/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How soon a program that ended is taken up again: once without a pause, then after one that doubles
 * up to a bound, until the program was calm for a while. A driver VM's rings can end it as often as
 * it starts, and that must not keep the device VM busy.
 */
#ifndef BACKEND_DAEMON_BACKOFF_H
#define BACKEND_DAEMON_BACKOFF_H

#include <stdint.h>

#include "backend/daemon/loop.h"

#define BACKOFF_CALM_MS 10000U /* after so long a program that ends is no repeated failure */
#define BACKOFF_FIRST_MS 100U
#define BACKOFF_DOUBLINGS 6U /* 6.4 s at most */

struct backoff {
	struct loop *loop;
	struct loop_timer retry; /* calls what tries again */
	struct loop_timer calm;
	uint32_t failures; /* in a row; one that was calm before is not of the row */
};

/** Begin with no failure. @retry is called with @owner when it is time to try again. */
void backoff_open(struct backoff *backoff, struct loop *loop, void (*retry)(void *owner),
                  void *owner);

/** Try again after the pause that the failures so far ask for. */
void backoff_wait(struct backoff *backoff);

/** Do not try again. */
void backoff_cancel(struct backoff *backoff);

/** The program works: from now on it is calm. */
void backoff_begin_calm(struct backoff *backoff);

/** It does not any longer. */
void backoff_end_calm(struct backoff *backoff);

/** Forget the timers. */
void backoff_close(struct backoff *backoff);

#endif
