/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that others write too, for the kernel and the VMM: AArch64 without a library. The builtins
 * become ldr/str and ldar/stlr, never calls (-mno-outline-atomics, and no read-modify-write here).
 * The same functions stand in lib/port/hosted (programs) and lib/port/linux (kernel module); which
 * one lib/ gets is the choice of the include path.
 */
#ifndef LIB_PORT_H
#define LIB_PORT_H

#include <stddef.h>
#include <stdint.h>

/* Foreign memory is read word by word whatever its type is. */
typedef uint32_t __attribute__((may_alias)) port_word_t;

/** Read a word of foreign memory, once. */
static inline uint32_t port_read32(const volatile uint32_t *from)
{
	return __atomic_load_n(from, __ATOMIC_RELAXED);
}

/** Write a word that others read. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the built-in function writes to it */
static inline void port_write32(volatile uint32_t *to, uint32_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELAXED);
}

/** Read a word, once, before everything that follows. Pairs with port_write32_release(). */
static inline uint32_t port_read32_acquire(const volatile uint32_t *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

/** Write a word behind everything that went before. Pairs with port_read32_acquire(). */
/* NOLINTNEXTLINE(readability-non-const-parameter): the built-in function writes to it */
static inline void port_write32_release(volatile uint32_t *to, uint32_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
}

/** Copy out of foreign memory, each word once. Both ends aligned to 4; @bytes a multiple of 4. */
static inline void port_copy_in(void *own, const volatile void *foreign, size_t bytes)
{
	port_word_t *to = own;
	const volatile port_word_t *from = foreign;

	for (size_t i = 0; i < bytes / sizeof(*to); i++) {
		to[i] = from[i];
	}
}

/** Copy into foreign memory, each word once. Both ends aligned to 4; @bytes a multiple of 4. */
static inline void port_copy_out(volatile void *foreign, const void *own, size_t bytes)
{
	volatile port_word_t *to = foreign;
	const port_word_t *from = own;

	for (size_t i = 0; i < bytes / sizeof(*to); i++) {
		to[i] = from[i];
	}
}

#endif
