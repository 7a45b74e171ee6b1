/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/iobuf.c and its tests over lib/port/free, by which the VMM has it. */
/* flags: -D_GNU_SOURCE= -iquotelib/port/free */
#include "lib/iobuf.c"
#include "tests/unit/iobuf_test.c"
