/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a domain: from its start, at power-on, to its end.
 */
#ifndef KERNEL_CORE_DOMAIN_H
#define KERNEL_CORE_DOMAIN_H

#include "abi/image.h"
#include "kernel/core/kernel.h"

/** Power on: @d, whose memory is as @from says, gets its VMM, and behind it vCPU 0, in their first
 * state. No vCPU of it has run. Takes the domain lock. */
void domain_start(struct domain *d, const struct pv_domain *from);

/** @d ends for @reason: it never runs again. @detail: for people, may be empty. Takes the domain
 * lock, and the console's. */
void domain_stop(struct domain *d, enum pv_stop reason, const char *detail);

/** What runs in @d, or ran last on this CPU, has caused an asynchronous abort (SError): @d ends. */
void domain_abort(struct domain *d);

#endif
