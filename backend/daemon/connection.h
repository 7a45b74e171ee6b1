/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection in which this VM serves: ties the kernel module (link.h), the control protocol
 * (control.h) and the back ends of its devices (backend.h) together. Connections know nothing of
 * each other.
 */
#ifndef BACKEND_DAEMON_CONNECTION_H
#define BACKEND_DAEMON_CONNECTION_H

#include "abi/err.h"
#include "backend/daemon/dt.h"
#include "backend/daemon/loop.h"

struct connection;

/* Where things are. */
struct connection_places {
	const char *dev_dir; /* the module's devices */
	const char *run_dir; /* files that live as long as the VM runs */
};

/**
 * Take up the connection that @config describes, with a new epoch, and serve it from @loop.
 * What is pointed to stays valid. Errors, logged: those of link_open(); ERR_VERSION device tree
 * and module do not agree; ERR_STATE no memory or files.
 */
MUST_USE err_t connection_open(const struct dt_connection *config,
                               const struct connection_places *places, struct loop *loop,
                               struct connection **connection);

/** Let go of it, with all its back ends. The session ends with the next epoch. */
void connection_close(struct connection *connection);

#endif
