/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory inside of a Linux VM, with root's rights and nothing else: by a module
 * (tests/physical/kmod) that is in the program and that is loaded when it is first needed.
 */
#ifndef TESTS_PHYSICAL_MAP_H
#define TESTS_PHYSICAL_MAP_H

#include <stddef.h>
#include <stdint.h>

#define PHYSICAL_DEVICE "/dev/physical"

/**
 * Map [address, address + bytes) of physical memory. @flags are those of open(2): with O_SYNC also
 * RAM is not cached. MAP_FAILED, and errno, if it cannot be.
 */
void *physical_map(uint64_t address, size_t bytes, int flags, int protection);

#endif
