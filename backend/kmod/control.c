// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/peervisor/PEER/control: the daemon's handle on a connection. One opener at a time, so that
 * a daemon which died, and one that takes its place, never both speak on the iobuf page.
 */
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "connection.h"

static struct pv_connection *pv_control_connection(struct file *file)
{
	/* misc_open() put its device here. */
	return container_of(file->private_data, struct pv_connection, control_dev);
}

static int pv_control_open(struct inode *inode, struct file *file)
{
	struct pv_connection *conn = pv_control_connection(file);

	if (test_and_set_bit_lock(0, &conn->open))
		return -EBUSY;
	return nonseekable_open(inode, file);
}

static int pv_control_release(struct inode *inode, struct file *file)
{
	struct pv_connection *conn = pv_control_connection(file);
	u32 i;

	mutex_lock(&conn->mutex);
	for (i = 0; i < conn->count; i++)
		pv_line_clear(&conn->lines[i]);
	mutex_unlock(&conn->mutex);
	clear_bit_unlock(0, &conn->open);
	return 0;
}

static int pv_control_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct pv_connection *conn = pv_control_connection(file);
	phys_addr_t page;

	if (vma->vm_end - vma->vm_start != PAGE_SIZE || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;

	switch (vma->vm_pgoff) {
	case PV_BACKEND_PAGE_IN >> PAGE_SHIFT:
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		vm_flags_clear(vma, VM_MAYWRITE);
		page = conn->page_in;
		break;
	case PV_BACKEND_PAGE_OUT >> PAGE_SHIFT:
		page = conn->page_out;
		break;
	default:
		return -EINVAL;
	}

	/* vm_page_prot as it is means write-back, which is how the other VM maps the page. */
	return remap_pfn_range(vma, vma->vm_start, PHYS_PFN(page), PAGE_SIZE, vma->vm_page_prot);
}

static long pv_control_get_info(struct pv_connection *conn, void __user *user)
{
	struct pv_backend_info info = {
		.version = PV_BACKEND_VERSION,
		.count = conn->count,
		.memory_bytes = conn->memory.bytes,
		.driver_address = conn->driver_address,
	};

	strscpy_pad(info.peer, conn->peer, sizeof(info.peer));
	return copy_to_user(user, &info, sizeof(info)) ? -EFAULT : 0;
}

static struct pv_line *pv_control_line(struct pv_connection *conn, unsigned long number)
{
	if (number >= conn->count)
		return NULL;
	return &conn->lines[array_index_nospec(number, conn->count)];
}

static long pv_control_set_eventfd(struct pv_connection *conn, unsigned int request,
				   const void __user *user)
{
	struct pv_backend_eventfd arg;
	struct pv_line *line;
	long ret;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	line = pv_control_line(conn, arg.number);
	if (!line || arg.fd < -1)
		return -EINVAL;

	mutex_lock(&conn->mutex);
	if (request == PV_BACKEND_SET_EVENT)
		ret = pv_line_set_event(line, arg.fd);
	else
		ret = pv_line_set_call(line, arg.fd);
	mutex_unlock(&conn->mutex);
	return ret;
}

static long pv_control_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct pv_connection *conn = pv_control_connection(file);
	void __user *user = (void __user *)arg;
	struct pv_line *line;

	switch (request) {
	case PV_BACKEND_GET_INFO:
		return pv_control_get_info(conn, user);
	case PV_BACKEND_SET_EVENT:
	case PV_BACKEND_SET_CALL:
		return pv_control_set_eventfd(conn, request, user);
	case PV_BACKEND_RING:
		line = pv_control_line(conn, arg);
		if (!line)
			return -EINVAL;
		pv_line_ring(line);
		return 0;
	default:
		return -ENOTTY;
	}
}

const struct file_operations pv_control_fops = {
	.owner = THIS_MODULE,
	.open = pv_control_open,
	.release = pv_control_release,
	.mmap = pv_control_mmap,
	.unlocked_ioctl = pv_control_ioctl,
};
