/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What older kernels lack of that which the modules take for granted. Read before each of their files,
 * in this package alone: the project's own kernel has it.
 */
#ifndef PEERVISOR_COMPAT_H
#define PEERVISOR_COMPAT_H

#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define eventfd_signal(context) eventfd_signal(context, 1)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

#endif
