/* SPDX-License-Identifier: BSD-2-Clause */
/* <stdbool.h> for the Linux kernel module: kbuild has none. Found by -I before any other. */
#ifndef LIB_PORT_LINUX_STDBOOL_H
#define LIB_PORT_LINUX_STDBOOL_H

#include <linux/stddef.h>
#include <linux/types.h>

#endif
