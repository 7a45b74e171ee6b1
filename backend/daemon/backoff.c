/* SPDX-License-Identifier: BSD-2-Clause */
/* See backoff.h. */
#include "backend/daemon/backoff.h"

static void on_calm(void *owner)
{
	struct backoff *backoff = owner;

	backoff->failures = 0;
}

void backoff_open(struct backoff *backoff, struct loop *loop, void (*retry)(void *owner),
                  void *owner)
{
	*backoff = (struct backoff){
		.loop = loop,
		.retry = {.fire = retry, .owner = owner},
		.calm = {.fire = on_calm, .owner = backoff},
	};
}

void backoff_wait(struct backoff *backoff)
{
	uint32_t doublings =
		backoff->failures < BACKOFF_DOUBLINGS ? backoff->failures : BACKOFF_DOUBLINGS;

	loop_arm(backoff->loop, &backoff->retry, (uint64_t)BACKOFF_FIRST_MS << doublings);
}

void backoff_cancel(struct backoff *backoff)
{
	loop_disarm(backoff->loop, &backoff->retry);
}

void backoff_begin_calm(struct backoff *backoff)
{
	loop_arm(backoff->loop, &backoff->calm, BACKOFF_CALM_MS);
}

void backoff_end_calm(struct backoff *backoff)
{
	loop_disarm(backoff->loop, &backoff->calm);
}

void backoff_close(struct backoff *backoff)
{
	backoff_cancel(backoff);
	backoff_end_calm(backoff);
}
