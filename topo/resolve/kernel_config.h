/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a Linux kernel was built with, where that can be read: from the image itself, if it has
 * CONFIG_IKCONFIG, or from the file config-VERSION that distributions put beside vmlinuz-VERSION.
 */
#ifndef TOPO_RESOLVE_KERNEL_CONFIG_H
#define TOPO_RESOLVE_KERNEL_CONFIG_H

#include "topo/base/strmap.h"

enum kernel_option {
	KERNEL_OPTION_UNKNOWN, /* nothing tells */
	KERNEL_OPTION_THERE,
	KERNEL_OPTION_MODULE, /* where its modules are */
	KERNEL_OPTION_MISSING
};

struct kernel_config;

/**
 * The configuration of the kernel in the file @path, which lives as long as @known does: what was read
 * so far, by path. Never NULL, but without a text where nothing tells.
 */
const struct kernel_config *kernel_config_of(struct strmap *known, const char *path);

/** Whether @option, "CONFIG_…", is built in, or a module. */
enum kernel_option kernel_config_has(const struct kernel_config *config, const char *option);

#endif
