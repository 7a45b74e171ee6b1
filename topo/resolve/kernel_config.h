/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a Linux kernel was built with, where that can be read: from the image itself, if it has
 * CONFIG_IKCONFIG, or from the file config-VERSION that distributions put beside vmlinuz-VERSION.
 */
#ifndef TOPO_RESOLVE_KERNEL_CONFIG_H
#define TOPO_RESOLVE_KERNEL_CONFIG_H

enum kernel_option {
	KERNEL_OPTION_UNKNOWN, /* nothing tells */
	KERNEL_OPTION_THERE,
	KERNEL_OPTION_MODULE, /* where its modules are */
	KERNEL_OPTION_MISSING
};

/** Whether the kernel in the file @path has @option, "CONFIG_…", built in, or as a module. */
enum kernel_option kernel_option_of(const char *path, const char *option);

#endif
