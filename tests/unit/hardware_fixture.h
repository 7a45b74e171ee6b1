/* SPDX-License-Identifier: BSD-2-Clause */
/* A hand-written model with physical devices, beside those of layout_fixture.h. */
#ifndef TESTS_UNIT_HARDWARE_FIXTURE_H
#define TESTS_UNIT_HARDWARE_FIXTURE_H

#include "layout_fixture.h"

/** Device and driver with functions of QEMU's machine, and one slot that is nobody's. */
void fixture_hardware(struct fixture *f);

#endif
