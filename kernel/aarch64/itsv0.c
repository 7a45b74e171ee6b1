/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A board without a translation service: no stream has messages that are interrupts of their own. It
 * has a GICv2, of which nothing would write to memory.
 */
#include "kernel/aarch64/its.h"
#include "kernel/core/arch.h"

void its_start(void)
{
}

void arch_message_route(uint32_t message)
{
	(void)message;
}

void arch_message_mask(uint32_t message)
{
	(void)message;
}
