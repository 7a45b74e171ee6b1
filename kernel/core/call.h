/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls of VMMs (abi/calls.h).
 */
#ifndef KERNEL_CORE_CALL_H
#define KERNEL_CORE_CALL_H

#include "kernel/core/kernel.h"

/** The VMM that runs in the place of @v executed `svc`: decode, check its capability, do it. */
void call_dispatch(struct vcpu *v);

#endif
