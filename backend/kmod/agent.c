// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/peervisor-agent: the agent's UART (alias serial1 of the device tree) in larger pieces, by the
 * calls of abi/vmm.h. Who has it open has the UART's interrupt, so that it and ttyAMA1 never share
 * the input. The receive interrupt is masked when it comes and unmasked when all was read.
 *
 * Mapped it is the window of abi/agent.h, where the device tree has one: RAM that is reserved, write-back
 * as all of it is.
 */
#include <linux/arm-smccc.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/of_irq.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "abi/agent.h"
#include "abi/vmm.h"

/* Arm DDI 0183G, 3.3.10. */
#define PV_UART_IMSC	0x38
#define PV_UART_RTIM	BIT(6)

/* While the machine's UART takes nothing. */
#define PV_PAUSE_US	50

struct pv_piece {
	u64 words[3];
};

static_assert(sizeof(struct pv_piece) == PV_VMM_AGENT_BYTES);

static struct {
	void __iomem *registers;
	int irq;
	unsigned long open;
	struct mutex mutex; /* of reads */
	wait_queue_head_t wait;
	bool raised; /* the interrupt has come and is masked */
	u64 window; /* 0 = there is none */
} pv_agent;

/* A reader begins when it sees raised and ends with this: until then no interrupt comes. */
static void pv_agent_unmask(void)
{
	WRITE_ONCE(pv_agent.raised, false);
	writel(PV_UART_RTIM, pv_agent.registers + PV_UART_IMSC);
}

static void pv_agent_mask(void)
{
	writel(0, pv_agent.registers + PV_UART_IMSC);
}

static irqreturn_t pv_agent_interrupt(int irq, void *data)
{
	/* Masked first: a reader on another CPU may unmask as soon as it sees raised. */
	pv_agent_mask();
	WRITE_ONCE(pv_agent.raised, true);
	wake_up_interruptible(&pv_agent.wait);
	return IRQ_HANDLED;
}

static int pv_agent_open(struct inode *inode, struct file *file)
{
	int ret;

	if (test_and_set_bit_lock(0, &pv_agent.open))
		return -EBUSY;
	ret = request_irq(pv_agent.irq, pv_agent_interrupt, 0, "peervisor-agent", &pv_agent);
	if (ret) {
		clear_bit_unlock(0, &pv_agent.open);
		return ret;
	}
	pv_agent_unmask();
	return nonseekable_open(inode, file);
}

static int pv_agent_release(struct inode *inode, struct file *file)
{
	pv_agent_mask();
	free_irq(pv_agent.irq, &pv_agent);
	clear_bit_unlock(0, &pv_agent.open);
	return 0;
}

/* What waits now, as far as it fits; 0 = nothing. */
static ssize_t pv_agent_read_now(char __user *user, size_t size)
{
	size_t done = 0;

	while (size - done >= sizeof(struct pv_piece)) {
		struct arm_smccc_res res;
		size_t count;

		arm_smccc_1_1_invoke(PV_VMM_AGENT_READ, &res);
		count = min_t(size_t, res.a0, sizeof(struct pv_piece));
		if (copy_to_user(user + done, &(struct pv_piece){{res.a1, res.a2, res.a3}}, count))
			return -EFAULT;
		done += count;
		if (count < sizeof(struct pv_piece)) {
			pv_agent_unmask();
			break;
		}
	}
	return done;
}

static ssize_t pv_agent_read(struct file *file, char __user *user, size_t size, loff_t *pos)
{
	ssize_t ret;

	if (size < sizeof(struct pv_piece))
		return -EINVAL;
	if (!READ_ONCE(pv_agent.raised) && (file->f_flags & O_NONBLOCK))
		return -EAGAIN;
	ret = wait_event_interruptible(pv_agent.wait, READ_ONCE(pv_agent.raised));
	if (ret)
		return ret;
	mutex_lock(&pv_agent.mutex);
	ret = pv_agent_read_now(user, size);
	mutex_unlock(&pv_agent.mutex);
	/* The read before may have ended with the last byte, and could not know. */
	return ret ? ret : -EAGAIN;
}

static ssize_t pv_agent_write(struct file *file, const char __user *user, size_t size, loff_t *pos)
{
	size_t done = 0;

	while (done < size) {
		size_t count = min(size - done, sizeof(struct pv_piece));
		struct pv_piece piece = {};
		struct arm_smccc_res res;

		if (copy_from_user(&piece, user + done, count))
			return done ? done : -EFAULT;
		arm_smccc_1_1_invoke(PV_VMM_AGENT_WRITE + count, piece.words[0], piece.words[1],
				     piece.words[2], &res);
		if (res.a0 > count)
			return -EIO;
		done += res.a0;
		if (signal_pending(current))
			return done ? done : -ERESTARTSYS;
		if (res.a0 == 0)
			usleep_range(PV_PAUSE_US, 2 * PV_PAUSE_US);
		cond_resched();
	}
	return done;
}

static __poll_t pv_agent_poll(struct file *file, poll_table *table)
{
	poll_wait(file, &pv_agent.wait, table);
	return EPOLLOUT | EPOLLWRNORM |
	       (READ_ONCE(pv_agent.raised) ? EPOLLIN | EPOLLRDNORM : 0);
}

static int pv_agent_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!pv_agent.window)
		return -ENODEV;
	if (!(vma->vm_flags & VM_SHARED) || vma->vm_pgoff ||
	    vma->vm_end - vma->vm_start != PV_AGENT_WINDOW_BYTES)
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start, PHYS_PFN(pv_agent.window),
			       PV_AGENT_WINDOW_BYTES, vma->vm_page_prot);
}

static const struct file_operations pv_agent_operations = {
	.owner = THIS_MODULE,
	.open = pv_agent_open,
	.release = pv_agent_release,
	.read = pv_agent_read,
	.write = pv_agent_write,
	.poll = pv_agent_poll,
	.mmap = pv_agent_mmap,
};

static struct miscdevice pv_agent_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "peervisor-agent",
	.fops = &pv_agent_operations,
	.mode = 0600,
};

static u64 __init pv_agent_find_window(void)
{
	struct device_node *node =
		of_find_compatible_node(NULL, NULL, PV_AGENT_WINDOW_COMPATIBLE);
	struct resource range;
	u64 base = 0;

	if (node && !of_address_to_resource(node, 0, &range) &&
	    resource_size(&range) == PV_AGENT_WINDOW_BYTES && PAGE_ALIGNED(range.start))
		base = range.start;
	of_node_put(node);
	return base;
}

static int __init pv_agent_init(void)
{
	struct device_node *node;
	struct arm_smccc_res res;
	int ret = -ENODEV;

	arm_smccc_1_1_invoke(PV_VMM_AGENT_CALL, &res);
	if (res.a0 != PV_VMM_AGENT_CALL_VERSION)
		return -ENODEV;
	node = of_find_node_by_path("serial1");
	if (!node || !of_device_is_compatible(node, "arm,pl011"))
		goto out_node;
	pv_agent.registers = of_iomap(node, 0);
	if (!pv_agent.registers)
		goto out_node;
	pv_agent.window = pv_agent_find_window();
	mutex_init(&pv_agent.mutex);
	init_waitqueue_head(&pv_agent.wait);
	pv_agent.irq = irq_of_parse_and_map(node, 0);
	ret = pv_agent.irq ? misc_register(&pv_agent_device) : -ENODEV;
	if (ret)
		iounmap(pv_agent.registers);
out_node:
	of_node_put(node);
	return ret;
}

static void __exit pv_agent_exit(void)
{
	misc_deregister(&pv_agent_device);
	iounmap(pv_agent.registers);
}

module_init(pv_agent_init);
module_exit(pv_agent_exit);
MODULE_DESCRIPTION("The Peervisor agent's UART in larger pieces");
MODULE_LICENSE("GPL");
