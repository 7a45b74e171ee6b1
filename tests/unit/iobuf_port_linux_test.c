/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lib/iobuf.c and its tests over lib/port/linux, which a kernel module would have it by.
 * tools/lint-kmod compiles the same with the kernel's own headers.
 */
/* flags: -D_GNU_SOURCE= -iquotelib/port/linux -Itests/unit/linux_stub -Du32=uint32_t */
#include "lib/iobuf.c"
#include "tests/unit/iobuf_test.c"
