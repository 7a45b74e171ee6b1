/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that answer ERR_AGAIN: another CPU has the object and was asked to let it go. It looks as
 * soon as it is interrupted, so many tries mean that the kernel is broken.
 *
 *	for (uint32_t tries = 0; call_again(call_x(...), &tries);) {
 *	}
 */
#ifndef VMM_BASE_AGAIN_H
#define VMM_BASE_AGAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/err.h"

/** Whether to try a call again that returned @err; then other CPUs have gone first. */
bool call_again(err_t err, uint32_t *tries);

#endif
