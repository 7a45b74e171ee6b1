/* SPDX-License-Identifier: BSD-2-Clause */
/* <stddef.h> for the Linux kernel module: kbuild has none. Found by -I before any other. */
#ifndef LIB_PORT_LINUX_STDDEF_H
#define LIB_PORT_LINUX_STDDEF_H

#include <linux/stddef.h>
#include <linux/types.h>

#endif
