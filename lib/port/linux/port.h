/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that others write too, for the Linux kernel module: the same functions as in
 * lib/port/free, by the kernel's own accessors. The headers beside this one stand in for the
 * compiler's <stdint.h>, <stddef.h> and <stdbool.h>, which kbuild hides.
 */
#ifndef LIB_PORT_H
#define LIB_PORT_H

#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/types.h>

typedef u32 __attribute__((may_alias)) port_word_t;

static inline u32 port_read32(const volatile u32 *from)
{
	return READ_ONCE(*from);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the built-in function writes to it */
static inline void port_write32(volatile u32 *to, u32 value)
{
	WRITE_ONCE(*to, value);
}

static inline u32 port_read32_acquire(const volatile u32 *from)
{
	return smp_load_acquire(from);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the built-in function writes to it */
static inline void port_write32_release(volatile u32 *to, u32 value)
{
	smp_store_release(to, value);
}

static inline void port_copy_in(void *own, const volatile void *foreign, size_t bytes)
{
	port_word_t *to = own;
	const volatile port_word_t *from = foreign;
	size_t i;

	for (i = 0; i < bytes / sizeof(*to); i++) {
		to[i] = READ_ONCE(from[i]);
	}
}

static inline void port_copy_out(volatile void *foreign, const void *own, size_t bytes)
{
	volatile port_word_t *to = foreign;
	const port_word_t *from = own;
	size_t i;

	for (i = 0; i < bytes / sizeof(*to); i++) {
		WRITE_ONCE(to[i], from[i]);
	}
}

#endif
