/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Container images as root file systems: an OCI image layout (OCI image-spec, image-layout.md), or what
 * `docker save` writes. Either is a tree of files, read from a directory or an archive of tar like any other.
 */
#ifndef TOPO_ROOTFS_CONTAINER_H
#define TOPO_ROOTFS_CONTAINER_H

#include "topo/rootfs/root_tree.h"
#include "topo/rootfs/rootfs.h"

/** Whether @files are a container image. */
bool container_is(const struct root_tree *files);

/**
 * Put the layers of the image for Linux on arm64 in @files into the empty @out->tree, and what it runs into
 * @out->command. All digests are checked. False: @out->why says why not.
 */
bool container_read(struct arena *arena, const struct root_tree *files, struct rootfs *out);

#endif
