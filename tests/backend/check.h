/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests in the guest share: lines for each test, and waiting for what the daemon says.
 */
#ifndef TESTS_BACKEND_CHECK_H
#define TESTS_BACKEND_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/backend/peer.h"

#define SECONDS 60U /* that anything may take */

/** Print the line of a test, and count it. @why: what is wrong if it is not @ok. */
void result(const char *name, bool ok, const char *why);

/** Print the closing line; returns the exit status. */
int closing_line(void);

/** For wait_for(): what the daemon has said of a device. */
bool is_ready(void *arg);
bool is_started(void *arg);
bool is_stopped(void *arg);
bool is_failed(void *arg);
bool is_lost(void *arg);

/** Wait until @done, one of the above, holds for @device, with @sequence where there is one. */
bool wait_for(struct peer *peer, uint32_t device, uint32_t sequence, bool (*done)(void *));

/** Send QUEUE for each of @queues and @start; false if they do not go. */
bool send_setup(struct peer *peer, uint32_t device, const struct pv_ctl_start *start,
                const struct pv_ctl_queue *queues, uint32_t count);

/** The same for rings that begin. */
bool send_start(struct peer *peer, uint32_t device, uint32_t sequence, uint64_t features,
                const struct pv_ctl_queue *queues, uint32_t count);

/** Send STOP; false if it does not go. */
bool send_stop(struct peer *peer, uint32_t device, uint32_t sequence);

/** Tests of the kernel module's devices; module.c. @peer: "driver", which the daemon serves. */
void test_module(const struct peer *peer);

#endif
