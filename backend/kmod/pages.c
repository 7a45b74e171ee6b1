// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/peervisor/PEER/memory: memdev, for the daemon, for vhost (through the daemon's mapping) and
 * for vhost-user back ends, which get this file and map it from offset 0. And …/inflight: records
 * of requests in flight, for the daemon and, by the same way, for back ends.
 *
 * The mapping is of page frames without struct page: copying to and from it works, what pins pages
 * (O_DIRECT, zero-copy transmit) fails. It is write-back, as in the driver VM: two mappings of one
 * page with different attributes would not be coherent. It is dirty from the start: nobody asks whether
 * it is, and where the processor does not note it, the first write to each page would be a fault.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "connection.h"

static const struct pv_pages *pv_pages_of(struct file *file)
{
	/* misc_open() put its device here. */
	return container_of(file->private_data, struct pv_pages, dev);
}

static int pv_pages_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct pv_pages *pages = pv_pages_of(file);
	u64 bytes = vma->vm_end - vma->vm_start;
	u64 first = vma->vm_pgoff;
	pgprot_t prot = pte_pgprot(pte_mkdirty(pfn_pte(0, vma->vm_page_prot)));

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (first > PHYS_PFN(pages->bytes) ||
	    bytes > pages->bytes - PFN_PHYS(first))
		return -EINVAL;

	return remap_pfn_range(vma, vma->vm_start, PHYS_PFN(pages->base) + first, bytes,
			       prot);
}

/* Some back ends look at the file's size by lseek() before they map it. */
static loff_t pv_pages_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, pv_pages_of(file)->bytes);
}

const struct file_operations pv_pages_fops = {
	.owner = THIS_MODULE,
	.llseek = pv_pages_llseek,
	.mmap = pv_pages_mmap,
};
