/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Back end of vsock devices: the kernel's vhost-vsock, with this VM on the host's side (CID 2).
 * The third queue, of events, is ours: vsock_event.h.
 */
#include <linux/vhost.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/log.h"
#include "backend/daemon/vhost.h"
#include "backend/daemon/vsock_event.h"
#include "lib/bits.h"

#define QUEUE_COUNT 2U

/* virtio 1.2, 5.10.3 and 6: SEQPACKET, and what every vhost device knows. */
static const struct vhost_kind vhost_vsock = {
	.path = "/dev/vhost-vsock",
	.features = BIT64(1) | BIT64(28) | BIT64(29) | BIT64(32),
	.queue_count = QUEUE_COUNT,
};

struct vsock {
	struct backend_env env;
	int fd; /* -1: the queues do not run */
};

static void *vsock_open(const struct backend_env *env)
{
	struct vsock *vsock = malloc(sizeof(*vsock));

	if (vsock == NULL) {
		return NULL;
	}
	*vsock = (struct vsock){.env = *env, .fd = -1};
	if (env->config->queue_count < QUEUE_COUNT) {
		log_line(env->peer, "device %u: a vsock device has queues 0 and 1",
		         env->config->index);
		free(vsock);
		return NULL;
	}
	backend_tell(env, BACKEND_READY, OK);
	return vsock;
}

static void stop_queues(struct vsock *vsock)
{
	if (vsock->fd >= 0) {
		close(vsock->fd);
		vsock->fd = -1;
	}
}

static err_t run_queues(const struct vsock *vsock)
{
	uint64_t cid = vsock->env.config->cid;
	int running = 1;

	if (ioctl(vsock->fd, VHOST_VSOCK_SET_GUEST_CID, &cid) < 0 ||
	    ioctl(vsock->fd, VHOST_VSOCK_SET_RUNNING, &running) < 0) {
		log_errno(vsock->env.peer, "device %u: cannot run vsock with CID %llu",
		          vsock->env.config->index, (unsigned long long)cid);
		return ERR_STATE;
	}
	return OK;
}

static void vsock_start(void *backend, const struct control_setup *setup)
{
	struct vsock *vsock = backend;
	err_t err = vhost_open(&vsock->env, &vhost_vsock, setup, &vsock->fd);

	if (err == OK) {
		err = run_queues(vsock);
	}
	if (err != OK) {
		stop_queues(vsock);
	} else {
		vsock_tell_reset(&vsock->env, setup);
	}
	backend_tell(&vsock->env, err == OK ? BACKEND_STARTED : BACKEND_FAILED, err);
}

static void vsock_stop(void *backend)
{
	struct vsock *vsock = backend;

	stop_queues(vsock);
	backend_tell(&vsock->env, BACKEND_STOPPED, OK);
}

static void vsock_close(void *backend)
{
	stop_queues(backend);
	free(backend);
}

const struct backend_type backend_vsock = {
	.name = "vsock",
	.open = vsock_open,
	.start = vsock_start,
	.stop = vsock_stop,
	.close = vsock_close,
};
