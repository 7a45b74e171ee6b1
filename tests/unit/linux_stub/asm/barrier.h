/* SPDX-License-Identifier: BSD-2-Clause */
/* What lib/port/linux needs of Linux's <asm/barrier.h>, for a program of the build host. */
#ifndef TESTS_UNIT_LINUX_STUB_ASM_BARRIER_H
#define TESTS_UNIT_LINUX_STUB_ASM_BARRIER_H

#define smp_load_acquire(from) __atomic_load_n((from), __ATOMIC_ACQUIRE)
#define smp_store_release(to, value) __atomic_store_n((to), (value), __ATOMIC_RELEASE)

#endif
