/* SPDX-License-Identifier: BSD-2-Clause */
/* <stdint.h> for the Linux kernel module: kbuild has none. Found by -I before any other. */
#ifndef LIB_PORT_LINUX_STDINT_H
#define LIB_PORT_LINUX_STDINT_H

#include <linux/limits.h>
#include <linux/types.h>

#ifndef UINT32_MAX
#define UINT32_MAX U32_MAX
#endif
#ifndef UINT64_MAX
#define UINT64_MAX U64_MAX
#endif
#ifndef UINT32_C
#define UINT32_C(n) n##U
#endif
#ifndef UINT64_C
#define UINT64_C(n) n##ULL
#endif

#endif
