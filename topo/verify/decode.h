/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a system image as tables (abi/image.h), for topo verify: decoded by code that the
 * builder does not share, from bytes that may be anything. The tables are copied out of the file,
 * so their alignment does not matter; what one table says of another may still be wrong, and every
 * function here that follows a reference checks it.
 */
#ifndef TOPO_VERIFY_DECODE_H
#define TOPO_VERIFY_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/image.h"
#include "topo/base/arena.h"

struct bytes {
	const uint8_t *data;
	size_t count;
};

struct decoded {
	struct bytes file;
	size_t header_at;   /* in the file */
	struct bytes image; /* from the header on: header.image_bytes of them, or what is there */
	struct pv_image_header header;
	const struct pv_domain *domains; /* counts: header.domains.count, … */
	const struct pv_vcpu *vcpus;
	const struct pv_region *regions;
	const struct pv_mapping *mappings;
	const struct pv_cap *caps;
	const struct pv_doorbell *doorbells;
	const struct pv_doorbell_page *doorbell_pages;
	const struct pv_device *devices;
	const struct pv_irq *irqs;
	const struct pv_stream *streams;
	const struct pv_window *windows;
	const struct pv_window_rule *window_rules;
};

/**
 * Decode @file into @out, which refers to it; tables are copied to @arena.
 * @why: on failure what is wrong, for people.
 * Returns false when there is no image in it, or its tables cannot be read.
 */
bool decode_image(struct arena *arena, struct bytes file, struct decoded *out, const char **why);

/** @slice, or nothing if it leaves a table of @count entries. */
struct pv_slice decode_clip(struct pv_slice slice, uint32_t count);

/** The mappings of region @region, clipped. */
struct pv_slice decode_mappings(const struct decoded *image, uint32_t region);

/** The domain's name, NUL-terminated; "" if it is none. */
void decode_name(const struct pv_domain *domain, char name[33]);

/* Where a page of an address space lies. */
struct hit {
	uint64_t page; /* physical */
	uint64_t run;  /* pages from here on that the same mapping reaches */
	uint32_t region;
	uint32_t region_page; /* in the region */
	uint32_t rights;
};

/**
 * Translate @ipa_page of @space of @domain. Where mappings overlap, one that begins there comes
 * first: it is more likely the one that was meant. Returns false when nothing is mapped there.
 */
bool decode_translate(const struct decoded *image, uint32_t domain, uint32_t space,
                      uint64_t ipa_page, struct hit *hit);

/** The first page >= @ipa_page that is mapped there, UINT64_MAX = none. */
uint64_t decode_next_mapped(const struct decoded *image, uint32_t domain, uint32_t space,
                            uint64_t ipa_page);

#endif
