/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Back end of net devices: a tap in the device VM, served by the kernel's vhost-net (net_pair.h).
 *
 * The tap is there whether the driver VM runs or not, and stays when the daemon dies, so that its
 * neighbours see no change. The offloads that the driver takes are switched on at the tap; what it
 * may send needs no switch.
 *
 * A device with several pairs of queues has one more, by which the driver says how many pairs it
 * uses (virtio 1.2, 5.1.6.5.5). The kernel knows nothing of it: it is served here.
 */
#include <endian.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/filter.h"
#include "backend/daemon/interface.h"
#include "backend/daemon/log.h"
#include "backend/daemon/net_pair.h"
#include "backend/daemon/served.h"
#include "lib/bits.h"

#define PAIRS_MAX (PV_VMM_QUEUES_MAX / NET_PAIR_QUEUES)

/* virtio 1.2, 5.1.3 */
#define FEATURE_CTRL_VQ BIT64(17)
#define FEATURE_MQ BIT64(22)

/* virtio 1.2, 5.1.6.5: a command is two bytes and what belongs to it; a byte answers it. */
#define CLASS_MQ 4U
#define MQ_PAIRS_SET 0U
#define ANSWER_OK 0U
#define ANSWER_ERROR 1U

struct command {
	uint8_t class;
	uint8_t number;
	uint16_t pairs; /* little-endian */
};

struct net {
	struct backend_env env;
	uint32_t pair_count;
	uint32_t running; /* pairs whose queues the driver has set up, and vhost serves */
	struct net_pair pairs[PAIRS_MAX];
	struct served control; /* closed, if the driver has none */
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
	if (ioctl(net->pairs[0].tap_fd, TUNSETOFFLOAD, offload) < 0) {
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

/*
 * Make the place of the tap's network: the bridge, if there is one. Its hardware address follows
 * from the driver's, by a bit among those that are free for local use, so that a device VM that
 * begins anew has the one that its neighbours know.
 */
static err_t make_place(const struct dt_device *config, const char *place)
{
	uint8_t mac[sizeof(config->mac)];
	err_t err = OK;

	memcpy(mac, config->mac, sizeof(mac));
	mac[0] ^= 4;
	if (place == config->tap) {
		err = interface_set_hardware(place, mac);
	} else {
		err = interface_make_bridge(place, mac);
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

static void stop_queues(struct net *net)
{
	served_close(&net->control);
	for (uint32_t i = 0; i < net->pair_count; i++) {
		net_pair_stop(&net->pairs[i]);
	}
	net->running = 0;
}

/* Let the tap spread frames among the first @count pairs. */
static err_t use_pairs(struct net *net, uint32_t count)
{
	err_t err = OK;

	for (uint32_t i = 1; i < net->pair_count && err == OK; i++) {
		err = net_pair_attach(&net->pairs[i], i < count);
	}
	return err;
}

static bool obey(struct net *net, const struct command *command)
{
	uint32_t pairs = le16toh(command->pairs);

	return command->class == CLASS_MQ && command->number == MQ_PAIRS_SET && pairs >= 1 &&
	       pairs <= net->running && use_pairs(net, pairs) == OK;
}

/* One command in each period: to attach and detach queues takes the kernel its time. */
static bool serve_command(void *owner, const struct vring_request *request, uint32_t *written,
                          uint32_t *moved)
{
	struct net *net = owner;
	struct command command;
	uint8_t answer = ANSWER_ERROR;

	if (vring_read(request, &command, sizeof(command)) == sizeof(command) &&
	    obey(net, &command)) {
		answer = ANSWER_OK;
	}
	*written = vring_write(request, &answer, sizeof(answer));
	*moved = SERVED_PERIOD_BYTES;
	return true;
}

static void on_broken(void *owner)
{
	struct net *net = owner;

	stop_queues(net);
	backend_tell(&net->env, BACKEND_FAILED, ERR_GUEST);
}

static void net_close(void *backend)
{
	struct net *net = backend;

	stop_queues(net);
	for (uint32_t i = 0; i < net->pair_count; i++) {
		net_pair_close(&net->pairs[i]);
	}
	free(net);
}

static void *net_open(const struct backend_env *env)
{
	struct net *net = malloc(sizeof(*net));

	if (net == NULL) {
		return NULL;
	}
	*net = (struct net){.env = *env};
	net->control = (struct served){
		.env = &net->env,
		.serve = serve_command,
		.broken = on_broken,
		.owner = net,
	};
	/* Without its network the tap is of use still: frames can be seen on it. */
	while (net->pair_count < env->config->queue_count / NET_PAIR_QUEUES) {
		uint32_t number = net->pair_count;
		if (net_pair_open(&net->pairs[number], &net->env, number) != OK) {
			net_close(net);
			return NULL;
		}
		net->pair_count++;
	}
	if (attach(env->config) != OK) {
		log_line(env->config->tap, "is not connected as the topology says");
	}
	backend_tell(env, BACKEND_READY, OK);
	return net;
}

/* Pairs that the driver has set up, from the first without a gap. */
static uint32_t pairs_given(const struct net *net, const struct control_setup *setup)
{
	uint32_t count = 1;

	if ((setup->features & FEATURE_MQ) == 0) {
		return 1;
	}
	while (count < net->pair_count && (setup->given >> (NET_PAIR_QUEUES * count) & 3U) == 3U) {
		count++;
	}
	return count;
}

/*
 * How many of them the driver uses. It does not say so again to a daemon after the one that it
 * told, but has put buffers into the queues in which it wants to receive.
 */
static uint32_t pairs_used(const struct net *net, const struct control_setup *setup)
{
	uint32_t count = setup->again ? net->running : 1;

	while (count > 1) {
		const struct pv_ctl_queue *queue =
			&setup->queues[(size_t)NET_PAIR_QUEUES * (count - 1)];
		if (ring_available_index(net->env.memory, queue) != 0 ||
		    ring_used_index(net->env.memory, queue) != 0) {
			break;
		}
		count--;
	}
	return count;
}

/* The last queue is that of commands, behind those of all pairs or, without MQ, of the first. */
static err_t start_control(struct net *net, const struct control_setup *setup)
{
	uint32_t pairs = (setup->features & FEATURE_MQ) != 0 ? net->pair_count : 1;

	net->control.queue = NET_PAIR_QUEUES * pairs;
	if ((setup->features & FEATURE_CTRL_VQ) == 0 ||
	    (setup->given & BIT32(net->control.queue)) == 0) {
		return OK;
	}
	return served_open(&net->control, setup);
}

/* vhost takes up a queue of the tap while that is attached. */
static err_t start_queues(struct net *net, const struct control_setup *setup)
{
	uint32_t given = pairs_given(net, setup);
	err_t err = set_offload(net, setup->features);

	if (err == OK) {
		err = use_pairs(net, given);
	}
	while (err == OK && net->running < given) {
		err = net_pair_start(&net->pairs[net->running], setup);
		net->running += err == OK ? 1 : 0;
	}
	if (err == OK) {
		err = use_pairs(net, pairs_used(net, setup));
	}
	return err == OK ? start_control(net, setup) : err;
}

static void net_start(void *backend, const struct control_setup *setup)
{
	struct net *net = backend;
	err_t err = start_queues(net, setup);

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
