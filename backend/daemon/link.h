/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's hold on one connection through the kernel module (abi/backend.h): the two control
 * pages, memdev, and the lines between eventfds and the peer's doorbells and our interrupts.
 */
#ifndef BACKEND_DAEMON_LINK_H
#define BACKEND_DAEMON_LINK_H

#include <stdint.h>

#include "abi/backend.h"
#include "abi/err.h"
#include "abi/iobuf.h"
#include "backend/daemon/backend.h"
#include "backend/daemon/ring.h"

struct link {
	int control_fd;
	struct pv_backend_info info;
	const volatile struct pv_iobuf_page *page_in;
	volatile struct pv_iobuf_page *page_out;
	struct ring_memory memory;
	struct backend_inflight inflight; /* fd -1: the connection has none */
};

/**
 * Take hold of the connection with @peer; @dev_dir is where the module's devices are.
 * Errors, logged: ERR_STATE a device is not there or in use, or cannot be mapped; ERR_VERSION the
 * module is another. Nothing is held then.
 */
MUST_USE err_t link_open(struct link *link, const char *dev_dir, const char *peer);

/** Let go; eventfds are detached. */
void link_close(struct link *link);

/** Tie interrupt and doorbell @number to the eventfds @kick_fd and @call_fd (-1: none). Errors: ERR_RANGE. */
MUST_USE err_t link_tie(const struct link *link, uint32_t number, int kick_fd, int call_fd);

/** Ring doorbell @number, which the module has checked. */
void link_ring(const struct link *link, uint32_t number);

#endif
