/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the system image to the kernel's objects. Runs once, on the boot CPU, before any other CPU
 * and any VM, with all of RAM mapped; but for boot_check_cpu() and boot_refuse().
 */
#ifndef KERNEL_CORE_BOOT_H
#define KERNEL_CORE_BOOT_H

#include <stdint.h>

#include "abi/image.h"
#include "kernel/arm/s2.h"
#include "kernel/core/kernel.h"
#include "lib/image_check.h"

/**
 * Check @image and build domains, vCPUs, capabilities and translation tables from it. Does not
 * return when the image is refused: it says which entry is wrong and ends the machine.
 * @gicv_page: physical page of the virtual CPU interface, mapped into every guest (PV_GICC_PAGES).
 */
void boot_build(const struct pv_image_header *image, uint64_t available_bytes,
                const struct image_bounds *bounds, uint32_t gicv_page);

/** Refuse a machine of which this CPU has more list registers than are used, or others than the boot
 * CPU, which boot_build() has checked. One CPU after the other. */
void boot_check_cpu(void);

/** The stage-2 tables, once they are built. */
const struct s2 *boot_spaces(void);

/** Say why the machine cannot go on, and end it. */
_Noreturn void boot_refuse(const char *what, const struct image_fault *fault);

#endif
