/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The translation service of the interrupt controller, between messages of devices and CPUs: what a
 * stream writes to its page becomes an interrupt, a message of that stream (core/arch.h), if the number
 * written is one of its domain's, and nothing otherwise. Implemented once for each version of it that
 * a board may have (BOARD_ITS), and for none, with a GICv2.
 */
#ifndef KERNEL_AARCH64_ITS_H
#define KERNEL_AARCH64_ITS_H

#include <stdint.h>

/** From now on nothing is translated, whatever ran before us had set up. Boot CPU. */
void its_stop(void);

/** This CPU, which is @cpu, gets messages by its redistributor at @redistributor, which has had none. */
void its_init_cpu(uint32_t cpu, uint64_t redistributor);

/** Translate the messages of all streams; to the CPU of the first vCPU of their domain, until that is
 * changed. If there are any, and the service cannot, the image is refused. Boot CPU, when the objects
 * are built and all CPUs initialized. */
void its_start(void);

#endif
