/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system image as bytes (abi/image.h), from the model and its payloads: runs the steps of the
 * layout, generates device trees and VMM configurations, serialises, and has the result checked by
 * the very code that the kernel will check it with.
 */
#ifndef TOPO_IMAGE_IMAGE_H
#define TOPO_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/diag/diag.h"
#include "topo/image/layout.h"
#include "topo/image/payload.h"
#include "topo/model/model.h"

struct image {
	uint8_t *data; /* what goes into the file: kernel, header, tables, payloads */
	size_t bytes;
	size_t header_offset;
	struct layout *layout; /* how it came to be; for reports and tests */
	uint8_t **dtbs;        /* device trees as they are in the image, like model.vms */
	size_t *dtb_bytes;
};

/**
 * Make the image of @model. @payloads must outlive it.
 * Returns NULL when the system cannot be built: each reason was reported through @diag. The same
 * arguments give the same bytes.
 */
struct image *image_make(const struct model *model, const struct payloads *payloads,
                         struct diag *diag);

/**
 * Whether image_make() would make one, told like there; @payloads need no more than sizes.
 * Where two parts of one size differ, it counts one of them: the image may be larger.
 */
bool image_fits(const struct model *model, const struct payloads *payloads, struct diag *diag);

/**
 * Give each VM its seed (abi/vmm.h): random bytes of this machine, so @image is like no other.
 * Returns false when it has none.
 */
bool image_seed(struct image *image);

/** Give back @image. NULL is allowed. */
void image_free(struct image *image);

#endif
