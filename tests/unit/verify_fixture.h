/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images of hand-written models (layout_fixture.h) under topo verify: built by the builder, read
 * back by the verifier, without files.
 */
#ifndef TESTS_UNIT_VERIFY_FIXTURE_H
#define TESTS_UNIT_VERIFY_FIXTURE_H

#include "layout_fixture.h"
#include "topo/image/image.h"
#include "topo/verify/verify.h"

struct verify_fixture {
	struct fixture f;
	struct image *good;
	struct files files;
};

/** Build the image of the system that @system makes. */
void verify_fixture_start(struct verify_fixture *v, void (*system)(struct fixture *f));
void verify_fixture_end(struct verify_fixture *v);

/**
 * Verify the bytes @file. Returns the number of differences, -1 when it cannot be read.
 * @said: NULL, or a text that one of the differences must hold; then it is set to whether one did.
 */
long verify_fixture_run(struct verify_fixture *v, struct bytes file, const char *text, bool *said);

#endif
