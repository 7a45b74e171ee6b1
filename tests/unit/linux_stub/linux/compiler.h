/* SPDX-License-Identifier: BSD-2-Clause */
/* What lib/port/linux needs of Linux's <linux/compiler.h>, for a program of the build host. */
#ifndef TESTS_UNIT_LINUX_STUB_LINUX_COMPILER_H
#define TESTS_UNIT_LINUX_STUB_LINUX_COMPILER_H

#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value) __atomic_store_n(&(x), (value), __ATOMIC_RELAXED)

#endif
