/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What dies while a disk is busy, as events of disk_run() (disk.h): each comes back when all is said
 * anew. And the tests that let it die at moments which a seed chooses.
 */
#ifndef TESTS_BACKEND_CRASH_H
#define TESTS_BACKEND_CRASH_H

#include <stdint.h>

#include "tests/backend/disk.h"

/** All storage programs of that kind. */
void kill_storage(struct disk *disk);

/** The daemon. */
void kill_daemon(struct disk *disk);

/** Crashes under a load on device @device of @peer, whose queue is at @line and which @program
 * serves; then, if its disk is one in memory, that is lost. */
void test_crash(struct peer *peer, uint32_t device, uint32_t line, const char *program);

#endif
