/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One connection as the module sees it, and the line: a number of the connection with its
 * interrupt (kick, towards us) and its doorbell (call, towards the driver VM).
 */
#ifndef PEERVISOR_CONNECTION_H
#define PEERVISOR_CONNECTION_H

#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "abi/backend.h"

struct pv_call;

struct pv_line {
	u32 __iomem *doorbell; /* set at probe, then constant */

	/* lock, taken from the interrupt handler too. */
	spinlock_t lock;
	struct eventfd_ctx *event;
	bool missed; /* the interrupt came while there was no event */

	/* The connection's mutex. */
	struct pv_call *call;
};

/* Pages that user space maps as they are: memdev, in-flight records. Constant after probe. */
struct pv_pages {
	phys_addr_t base;
	u64 bytes; /* 0: the connection has none */
	struct miscdevice dev;
};

struct pv_connection {
	/* Set at probe, then constant. */
	char peer[PV_BACKEND_PEER_BYTES];
	phys_addr_t page_in;
	phys_addr_t page_out;
	struct pv_pages memory;
	struct pv_pages inflight;
	u64 driver_address;
	struct miscdevice control_dev;

	unsigned long open; /* bit 0: the control device has its one opener */
	struct mutex mutex; /* serialises ioctls: changes of lines[].call */

	u32 count;
	struct pv_line lines[] __counted_by(count);
};

/* line.c */

/**
 * pv_line_init - give a fresh line its doorbell, a 4-byte register
 * @line: zeroed memory
 * @doorbell: where a store rings
 */
void pv_line_init(struct pv_line *line, u32 __iomem *doorbell);

/**
 * pv_line_interrupt - the line's interrupt came; any context
 * @line: the line
 */
void pv_line_interrupt(struct pv_line *line);

/**
 * pv_line_ring - ring the line's doorbell; any context
 * @line: the line
 */
void pv_line_ring(struct pv_line *line);

/**
 * pv_line_set_event - let the interrupt signal an eventfd, or none
 * @line: the line
 * @fd: an eventfd of the caller, or -1
 *
 * Return: 0, or -EBADF or -EINVAL if @fd is no eventfd; then nothing changed.
 */
int pv_line_set_event(struct pv_line *line, int fd);

/**
 * pv_line_set_call - let an eventfd ring the doorbell, or none
 * @line: the line; the connection's mutex is held
 * @fd: an eventfd of the caller, or -1
 *
 * Return: 0, -ENOMEM, or -EBADF or -EINVAL if @fd is no eventfd; then nothing changed.
 */
int pv_line_set_call(struct pv_line *line, int fd);

/**
 * pv_line_clear - detach both eventfds
 * @line: the line; the connection's mutex is held
 */
void pv_line_clear(struct pv_line *line);

/* control.c and pages.c */
extern const struct file_operations pv_control_fops;
extern const struct file_operations pv_pages_fops;

#endif
