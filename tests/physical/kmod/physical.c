// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/physical: any physical address of the VM, for whoever may open it, as /dev/mem would offer it
 * without restriction: RAM cached, with O_SYNC not cached, all else as device memory. It is for tests
 * alone, which bring it along (tests/physical/map.h), whatever the kernel has of /dev/mem.
 */
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pgtable.h>

static int physical_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long bytes = vma->vm_end - vma->vm_start;

	if (vma->vm_pgoff > (PHYS_MASK - (bytes - 1)) >> PAGE_SHIFT)
		return -EINVAL;
	vma->vm_page_prot = phys_mem_access_prot(file, vma->vm_pgoff, bytes, vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff, bytes, vma->vm_page_prot);
}

static const struct file_operations physical_operations = {
	.owner = THIS_MODULE,
	.mmap = physical_mmap,
};

static struct miscdevice physical_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "physical",
	.mode = 0600,
	.fops = &physical_operations,
};

module_misc_device(physical_device);

MODULE_DESCRIPTION("Peervisor: physical memory, for tests");
MODULE_LICENSE("GPL");
