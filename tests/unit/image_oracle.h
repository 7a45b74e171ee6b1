/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What abi/image.h says of a system image, reckoned page by page and without any code of
 * lib/image_check.c: the judge of the tests that break images. Slow, and only for the small
 * machine of tests/unit/image_builder.h.
 */
#ifndef TESTS_UNIT_IMAGE_ORACLE_H
#define TESTS_UNIT_IMAGE_ORACLE_H

#include <stdint.h>

#include "lib/image_check.h"

/**
 * Is @image, of which @available_bytes may be read, one that the kernel may run on the machine
 * @bounds? Returns NULL if it is, else the rule that is broken.
 */
const char *image_oracle_judge(const void *image, uint64_t available_bytes,
                               const struct image_bounds *bounds);

#endif
