/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands behind a device: one type of back end for each type of device. A back end moves data
 * by an existing program or kernel driver, or itself where none exists; it is told when queues run
 * and when they do not.
 */
#ifndef BACKEND_DAEMON_BACKEND_H
#define BACKEND_DAEMON_BACKEND_H

#include <stdint.h>

#include "abi/err.h"
#include "backend/daemon/control.h"
#include "backend/daemon/dt.h"
#include "backend/daemon/loop.h"
#include "backend/daemon/ring.h"

enum backend_event {
	BACKEND_READY,   /* it is there, and serves no queue yet */
	BACKEND_GONE,    /* it is not there (yet, or any more), and touches no queue */
	BACKEND_FULL,    /* as gone, and does not come until its storage has room */
	BACKEND_ABSENT,  /* as gone, and does not come until its storage is there */
	BACKEND_STARTED, /* answers start */
	BACKEND_LOST,    /* as started, over storage that is not the setup's: each request fails */
	BACKEND_STOPPED, /* answers stop */
	BACKEND_FAILED   /* answers start, or breaks off what ran; it touches no queue */
};

/* Memory of the connection that outlives this VM, abi/backend.h. */
struct backend_inflight {
	int fd; /* of the module's device */
	uint64_t bytes;
};

/* What a back end works with. All of it outlives the back end. */
struct backend_env {
	struct loop *loop;
	const char *peer;
	const char *run_dir; /* files that live as long as the VM runs */
	const struct dt_device *config;
	const struct ring_memory *memory;
	const struct backend_inflight *inflight; /* records of the connection; NULL: in files */
	const int *kick_fds; /* eventfd of each queue: the driver VM has kicked */
	const int *call_fds; /* eventfd of each queue: call the driver VM */
	/* Tell the owner; @err goes with BACKEND_FAILED. May call start or stop in turn. */
	void (*event)(void *owner, uint32_t device, enum backend_event event, err_t err);
	void *owner;
};

struct backend_type {
	const char *name; /* of the device type, as in the device tree */
	/* Make a back end, which says BACKEND_READY when it is, or BACKEND_GONE before that when it
	 * is certain that what a daemon before us started touches no queue. NULL: it cannot be,
	 * and nothing touches a queue; logged. */
	void *(*open)(const struct backend_env *env);
	/* Serve the queues of @setup, which stays valid until BACKEND_STOPPED, _GONE, _FULL,
	 * _ABSENT or _FAILED. */
	void (*start)(void *backend, const struct control_setup *setup);
	/* Let go of the queues, whether start is answered already or not. */
	void (*stop)(void *backend);
	void (*close)(void *backend);
	/* Of the storage behind it, abi/iobuf.h; called at BACKEND_READY. NULL: there is none. */
	uint64_t (*identity)(const void *backend);
};

extern const struct backend_type backend_net;
extern const struct backend_type backend_blk;
extern const struct backend_type backend_vsock;
extern const struct backend_type backend_console;
extern const struct backend_type backend_rng;
extern const struct backend_type backend_gpu;
extern const struct backend_type backend_fs;

/** The type of that name, or one that refuses each START. */
const struct backend_type *backend_find(const char *name);

/** Tell the owner of a back end with @env. */
void backend_tell(const struct backend_env *env, enum backend_event event, err_t err);

#endif
