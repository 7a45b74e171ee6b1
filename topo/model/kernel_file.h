/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the first bytes of a kernel's file tell: where it lies in memory, or why no VM can boot it. Foreign
 * data: each field is checked before it is used.
 */
#ifndef TOPO_MODEL_KERNEL_FILE_H
#define TOPO_MODEL_KERNEL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/err.h"

/* What the arm64 Image header says (Linux, Documentation/arch/arm64/booting.rst, 4). */
struct kernel_header {
	uint64_t text_offset; /* from a 2 MiB boundary */
	uint64_t image_bytes; /* in memory, with what is not in the file */
	bool binary;          /* there is none: it is no Linux */
};

#define KERNEL_HEADER_BYTES 64U
#define KERNEL_HEADER_SIZE_AT 16U /* image_size, which topo/image/image.c sets anew */

/**
 * Read the header of an arm64 kernel Image: a file of @bytes bytes, the first KERNEL_HEADER_BYTES of which,
 * or all, are at @head.
 * Errors: ERR_VERSION it is none; ERR_RANGE its offset or size make no sense.
 */
MUST_USE err_t kernel_header_read(const uint8_t *head, uint64_t bytes, struct kernel_header *out);

/**
 * The same of what a VM boots: an Image, or else a binary that lies at @entry and begins there, of which @out
 * gets what its header would say. @entry 0: none is given.
 * Returns NULL, or what the file is instead ("is empty"), *@help being what to do then.
 */
const char *kernel_file_read(const uint8_t *head, uint64_t bytes, uint64_t entry,
                             struct kernel_header *out, const char **help);

#endif
