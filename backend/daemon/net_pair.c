/* SPDX-License-Identifier: BSD-2-Clause */
/* See net_pair.h. In a file of its own since <linux/vhost.h> has a struct vring, too. */
#include "backend/daemon/net_pair.h"

#include <linux/vhost.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "backend/daemon/interface.h"
#include "backend/daemon/log.h"
#include "backend/daemon/vhost.h"
#include "lib/bits.h"

/* virtio 1.2, 5.1.3 and 6: what vhost-net itself must know of. */
#define VHOST_NET_FEATURES (BIT64(15) | BIT64(28) | BIT64(29) | BIT64(32))

err_t net_pair_open(struct net_pair *pair, const struct backend_env *env, uint32_t number)
{
	bool several = env->config->queue_count > NET_PAIR_QUEUES;

	*pair = (struct net_pair){.env = env, .number = number, .tap_fd = -1, .vhost_fd = -1};
	err_t err = interface_open_tap(env->config->tap, several, &pair->tap_fd);
	pair->is_attached = err == OK;
	return err;
}

static err_t run_queues(const struct net_pair *pair)
{
	for (uint32_t q = 0; q < NET_PAIR_QUEUES; q++) {
		struct vhost_vring_file backend = {.index = q, .fd = pair->tap_fd};
		if (ioctl(pair->vhost_fd, VHOST_NET_SET_BACKEND, &backend) < 0) {
			log_errno(pair->env->config->tap, "VHOST_NET_SET_BACKEND");
			return ERR_STATE;
		}
	}
	return OK;
}

err_t net_pair_start(struct net_pair *pair, const struct control_setup *setup)
{
	const struct vhost_kind kind = {
		.path = "/dev/vhost-net",
		.features = VHOST_NET_FEATURES,
		.first_queue = NET_PAIR_QUEUES * pair->number,
		.queue_count = NET_PAIR_QUEUES,
	};
	err_t err = vhost_open(pair->env, &kind, setup, &pair->vhost_fd);

	if (err == OK) {
		err = run_queues(pair);
	}
	if (err != OK) {
		net_pair_stop(pair);
	}
	return err;
}

void net_pair_stop(struct net_pair *pair)
{
	if (pair->vhost_fd >= 0) {
		close(pair->vhost_fd);
		pair->vhost_fd = -1;
	}
}

err_t net_pair_attach(struct net_pair *pair, bool attach)
{
	if (pair->is_attached == attach) {
		return OK;
	}
	err_t err = interface_attach_queue(pair->env->config->tap, pair->tap_fd, attach);
	if (err == OK) {
		pair->is_attached = attach;
	}
	return err;
}

void net_pair_close(struct net_pair *pair)
{
	net_pair_stop(pair);
	if (pair->tap_fd >= 0) {
		close(pair->tap_fd);
		pair->tap_fd = -1;
	}
}
