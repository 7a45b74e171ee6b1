// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines: from interrupt to eventfd, and from eventfd to doorbell, with no process in between.
 *
 * Kick: the interrupt handler signals the eventfd itself. Call: an entry in the eventfd's own wait
 * queue, like that of KVM's irqfd, stores to the doorbell when anyone signals the eventfd.
 *
 * Order of locks: line->lock, then the wait queue of the event. A call's entry runs below the wait
 * queue of its eventfd and takes no lock, so an event and a call may even share one eventfd.
 */
#include <linux/err.h>
#include <linux/io.h>
#include <linux/slab.h>

#include "connection.h"

/*
 * An eventfd that rings a doorbell. It holds the eventfd's context but not its file: when the
 * last file goes (EPOLLHUP) the context, and with it the wait queue, stays until pv_call_free().
 * There is at most one for each line, so this needs no handling of its own.
 */
struct pv_call {
	struct pv_line *line;
	struct eventfd_ctx *eventfd;
	wait_queue_entry_t wait;
	poll_table poll;
};

void pv_line_init(struct pv_line *line, u32 __iomem *doorbell)
{
	spin_lock_init(&line->lock);
	line->doorbell = doorbell;
}

void pv_line_interrupt(struct pv_line *line)
{
	unsigned long flags;

	spin_lock_irqsave(&line->lock, flags);
	if (line->event)
		eventfd_signal(line->event);
	else
		line->missed = true;
	spin_unlock_irqrestore(&line->lock, flags);
}

void pv_line_ring(struct pv_line *line)
{
	/* writel() orders the store behind what was written to shared memory before it. */
	writel(1, line->doorbell);
}

int pv_line_set_event(struct pv_line *line, int fd)
{
	struct eventfd_ctx *event = NULL;
	struct eventfd_ctx *old;

	if (fd >= 0) {
		event = eventfd_ctx_fdget(fd);
		if (IS_ERR(event))
			return PTR_ERR(event);
	}

	spin_lock_irq(&line->lock);
	old = line->event;
	line->event = event;
	if (event && line->missed) {
		line->missed = false;
		eventfd_signal(event);
	}
	spin_unlock_irq(&line->lock);

	if (old)
		eventfd_ctx_put(old);
	return 0;
}

/* Called with the lock of the eventfd's wait queue held and interrupts off. */
static int pv_call_wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct pv_call *call = container_of(wait, struct pv_call, wait);
	u64 count;

	/* A reader's EPOLLOUT and the last file's EPOLLHUP come here too. */
	if (!(key_to_poll(key) & EPOLLIN))
		return 0;
	eventfd_ctx_do_read(call->eventfd, &count);
	pv_line_ring(call->line);
	return 1;
}

static void pv_call_queue(struct file *file, wait_queue_head_t *head, poll_table *poll)
{
	struct pv_call *call = container_of(poll, struct pv_call, poll);

	add_wait_queue(head, &call->wait);
}

static struct pv_call *pv_call_new(struct pv_line *line, int fd)
{
	struct pv_call *call;
	struct file *file;

	file = eventfd_fget(fd);
	if (IS_ERR(file))
		return ERR_CAST(file);
	call = kzalloc(sizeof(*call), GFP_KERNEL_ACCOUNT);
	if (!call) {
		fput(file);
		return ERR_PTR(-ENOMEM);
	}

	call->line = line;
	call->eventfd = eventfd_ctx_fileget(file);
	init_waitqueue_func_entry(&call->wait, pv_call_wakeup);
	init_poll_funcptr(&call->poll, pv_call_queue);
	/* Queues the entry; a signal from here on comes to it, one from before shows here. */
	if (vfs_poll(file, &call->poll) & EPOLLIN)
		pv_line_ring(line);
	fput(file);
	return call;
}

static void pv_call_free(struct pv_call *call)
{
	u64 count;

	/* Takes the lock of the wait queue: no wakeup is running or will run afterwards. */
	eventfd_ctx_remove_wait_queue(call->eventfd, &call->wait, &count);
	eventfd_ctx_put(call->eventfd);
	kfree(call);
}

int pv_line_set_call(struct pv_line *line, int fd)
{
	struct pv_call *call = NULL;

	if (fd >= 0) {
		call = pv_call_new(line, fd);
		if (IS_ERR(call))
			return PTR_ERR(call);
	}
	if (line->call)
		pv_call_free(line->call);
	line->call = call;
	return 0;
}

void pv_line_clear(struct pv_line *line)
{
	pv_line_set_event(line, -1);
	pv_line_set_call(line, -1);
}
