/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration of a container image (OCI image-spec, config.md; docker's is the same). */
#ifndef TOPO_ROOTFS_CONTAINER_CONFIG_H
#define TOPO_ROOTFS_CONTAINER_CONFIG_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "topo/base/arena.h"
#include "topo/model/model.h"

struct container_config {
	const char *path;    /* for who has it: of its file */
	const char *machine; /* "linux/amd64" */
	bool is_ours;
	const char **layers; /* the digest of each, unpacked */
	size_t layer_count;
	struct vm_command command; /* what it runs; no words: nothing */
	const char *why;           /* it is none */
};

/** Whether our VMs run what is for @system on @machine, as images call them. */
bool container_is_ours(const char *system, const char *machine);

/** Read @json. False: @out->why says, behind "in it", why not. An image that is not ours is only named. */
bool container_config_read(struct arena *arena, const struct json_object *json,
                           struct container_config *out);

#endif
