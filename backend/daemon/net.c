/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Back end of net devices: a tap in the device VM, served by the kernel's vhost-net.
 *
 * The tap is there whether the driver VM runs or not, and stays when the daemon dies, so that its
 * neighbours see no change. The offloads that the driver takes are switched on at the tap; what it
 * may send needs no switch.
 */
#include <linux/if_tun.h>
#include <linux/vhost.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/filter.h"
#include "backend/daemon/interface.h"
#include "backend/daemon/log.h"
#include "backend/daemon/vhost.h"
#include "lib/bits.h"

#define QUEUE_COUNT 2U

/* virtio 1.2, 5.1.3 and 6: what vhost-net itself must know of. */
static const struct vhost_kind vhost_net = {
	.path = "/dev/vhost-net",
	.features = BIT64(15) | BIT64(28) | BIT64(29) | BIT64(32),
	.queue_count = QUEUE_COUNT,
};

struct net {
	struct backend_env env;
	int tap_fd;
	int vhost_fd; /* -1: the queues do not run */
};

/* virtio 1.2, 5.1.3: what the driver takes => what the tap may hand on. */
static const struct {
	uint32_t feature;
	unsigned int offload;
} offload_rows[] = {
	{1, TUN_F_CSUM},    /* GUEST_CSUM */
	{7, TUN_F_TSO4},    /* GUEST_TSO4 */
	{8, TUN_F_TSO6},    /* GUEST_TSO6 */
	{9, TUN_F_TSO_ECN}, /* GUEST_ECN */
};

static err_t set_offload(const struct net *net, uint64_t features)
{
	unsigned int offload = 0;

	for (size_t i = 0; i < ARRAY_COUNT(offload_rows); i++) {
		if ((features & BIT64(offload_rows[i].feature)) != 0) {
			offload |= offload_rows[i].offload;
		}
	}
	if (ioctl(net->tap_fd, TUNSETOFFLOAD, offload) < 0) {
		log_errno(net->env.config->tap, "cannot set offloads 0x%x", offload);
		return ERR_ARG;
	}
	return OK;
}

/* The way to what lies behind the driver VM leads through it. */
static err_t add_routes(const struct dt_device *config)
{
	err_t err = OK;

	for (uint32_t i = 1; i < config->source_count && err == OK; i++) {
		err = interface_add_route(&config->sources[i], config->sources[0].address);
	}
	return err;
}

/* Make the place of the tap's network: the bridge, if there is one. */
static err_t make_place(const struct dt_device *config, const char *place)
{
	err_t err = OK;

	if (place != config->tap) {
		err = interface_make_bridge(place);
		if (err == OK) {
			err = interface_join_bridge(config->tap, place, config->mac);
		}
	}
	if (err == OK && config->own.address.s_addr != 0) {
		err = interface_set_address(place, &config->own);
	}
	return err;
}

/* Nothing is switched on or forwarded before the rules are there. */
static err_t attach(const struct dt_device *config)
{
	const char *place = filter_place(config);
	err_t err = filter_guard(config);

	if (err == OK && config->network != DT_NETWORK_ISOLATED) {
		err = make_place(config, place);
	}
	if (err == OK &&
	    (config->network == DT_NETWORK_NAT || config->network == DT_NETWORK_ROUTED)) {
		err = interface_forward();
	}
	if (err == OK) {
		err = filter_harden();
	}
	if (err == OK) {
		err = interface_set_up(config->tap);
	}
	if (err == OK && place != config->tap) {
		err = interface_set_up(place);
	}
	if (err == OK && config->network != DT_NETWORK_ISOLATED) {
		err = add_routes(config);
	}
	return err;
}

static void net_close(void *backend)
{
	struct net *net = backend;

	if (net->vhost_fd >= 0) {
		close(net->vhost_fd);
	}
	if (net->tap_fd >= 0) {
		close(net->tap_fd);
	}
	free(net);
}

static void *net_open(const struct backend_env *env)
{
	struct net *net = malloc(sizeof(*net));

	if (net == NULL) {
		return NULL;
	}
	*net = (struct net){.env = *env, .tap_fd = -1, .vhost_fd = -1};
	/* Without its network the tap is of use still: frames can be seen on it. */
	if (interface_open_tap(env->config->tap, &net->tap_fd) != OK) {
		net_close(net);
		return NULL;
	}
	if (attach(env->config) != OK) {
		log_line(env->config->tap, "is not connected as the topology says");
	}
	backend_tell(env, BACKEND_READY, OK);
	return net;
}

static err_t run_queues(const struct net *net)
{
	for (uint32_t q = 0; q < QUEUE_COUNT; q++) {
		struct vhost_vring_file backend = {.index = q, .fd = net->tap_fd};
		if (ioctl(net->vhost_fd, VHOST_NET_SET_BACKEND, &backend) < 0) {
			log_errno(net->env.config->tap, "VHOST_NET_SET_BACKEND");
			return ERR_STATE;
		}
	}
	return OK;
}

static void stop_queues(struct net *net)
{
	if (net->vhost_fd >= 0) {
		close(net->vhost_fd);
		net->vhost_fd = -1;
	}
}

static void net_start(void *backend, const struct control_setup *setup)
{
	struct net *net = backend;
	err_t err = set_offload(net, setup->features);

	if (err == OK) {
		err = vhost_open(&net->env, &vhost_net, setup, &net->vhost_fd);
	}
	if (err == OK) {
		err = run_queues(net);
	}
	if (err != OK) {
		stop_queues(net);
	}
	backend_tell(&net->env, err == OK ? BACKEND_STARTED : BACKEND_FAILED, err);
}

static void net_stop(void *backend)
{
	struct net *net = backend;

	stop_queues(net);
	backend_tell(&net->env, BACKEND_STOPPED, OK);
}

const struct backend_type backend_net = {
	.name = "net",
	.open = net_open,
	.start = net_start,
	.stop = net_stop,
	.close = net_close,
};
