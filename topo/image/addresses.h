/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The addresses that a topology leaves to the layout, for people who want to see them.
 */
#ifndef TOPO_IMAGE_ADDRESSES_H
#define TOPO_IMAGE_ADDRESSES_H

#include "topo/model/model.h"

/**
 * Lay @model out and write into it the guest-physical addresses that were 0. A topology that says
 * them gives the same image. Files that it names are read, those of the project from @share.
 * Nothing is changed and nothing said when no image can be made of @model.
 */
void addresses_fill(struct model *model, const char *share);

#endif
