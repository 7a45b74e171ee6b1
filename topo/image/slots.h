/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the topology puts into the PCI slots of a machine that is QEMU: its arguments, and the files
 * that disks are kept in. A disk without a file of the user's has one beside the image.
 */
#ifndef TOPO_IMAGE_SLOTS_H
#define TOPO_IMAGE_SLOTS_H

#include <stdbool.h>

#include "topo/diag/diag.h"
#include "topo/image/system.h"
#include "topo/model/model.h"

/** Fill in the arguments of @system, whose image is @image_path. */
void slots_describe(const struct model *model, const char *image_path, struct system *system);

/**
 * Make the files of disks that are not there yet; those beside the image of a run are made anew.
 * False when the machine refused one, or one is the image or another one: reported through @diag.
 */
bool slots_make_files(const struct model *model, const char *image_path, enum system_use use,
                      struct diag *diag);

/**
 * Whether the disks whose files the user names are right, or can be made; told like there. Nothing is made.
 */
bool slots_check_files(const struct model *model, struct diag *diag);

#endif
