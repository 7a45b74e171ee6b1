/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floating-point and SIMD registers (fp.S).
 */
#ifndef KERNEL_AARCH64_FP_H
#define KERNEL_AARCH64_FP_H

#include <stdint.h>

/** Store V0 to V31 to @v, or load them from it. */
void fp_save(uint8_t v[32][16]);
void fp_load(uint8_t v[32][16]);

#endif
