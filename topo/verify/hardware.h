/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardware in an image, for topo verify.
 */
#ifndef TOPO_VERIFY_HARDWARE_H
#define TOPO_VERIFY_HARDWARE_H

#include "topo/verify/hands.h"
#include "topo/verify/windows.h"

/** Registers, lines, streams and message-signalled interrupts against what the topology gives. */
void hardware_check(struct verify *v);

/** What VMMs are told of their functions. */
void hardware_check_views(struct verify *v);

/** The capabilities by which the VMM @h reaches its functions. */
void hardware_check_hands(struct powers *p, struct hands *h, uint32_t vm);

/** Whether @domain has a stream: then its devices have a space. */
bool hardware_has_stream(const struct verify *v, uint32_t domain);

/** Whether VM @vm is given a function whose DMA the board confines. */
bool hardware_wants_streams(const struct verify *v, uint32_t vm);

/** The device range by which the guest of @domain has physical @page, NULL = none. */
const struct pv_device *hardware_device_at(const struct verify *v, uint32_t domain, uint64_t page);

/** The stream of a function, which is of its VM; NOT_FOUND = it has none. */
uint32_t hardware_stream_of(const struct verify *v, const struct given_function *f);

/** The tables of the image by itself: sorted, disjoint, of domains that are there. */
void shape_check_hardware(struct verify *v);

#endif
