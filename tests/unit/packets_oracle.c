/* SPDX-License-Identifier: BSD-2-Clause */
#include "packets_oracle.h"

#include <string.h>

/* What it forwards. */
static bool vm_is_known(const struct world *w, uint32_t vm)
{
	const struct vm_image *image = &w->vms[vm].image;

	return image->own_rootfs && image->own_kernel &&
	       (image->cmdline == NULL || strstr(image->cmdline, "sysctl") == NULL);
}

static bool is_known(const struct world *w, size_t at)
{
	return vm_is_known(w, w->connections[at].device_vm);
}

/* Whether frames get into the network of connection @at at all. */
static bool is_net(const struct world *w, size_t at)
{
	return w->devices[at].type == DEVICE_NET &&
	       (w->devices[at].network != NETWORK_ISOLATED || !is_known(w, at));
}

static bool forwards(const struct world *w, size_t at)
{
	return !is_known(w, at) || w->devices[at].network == NETWORK_NAT ||
	       w->devices[at].network == NETWORK_ROUTED;
}

static bool same_net(const struct world *w, size_t a, size_t b)
{
	const char *first = w->devices[a].bridge;
	const char *second = w->devices[b].bridge;

	return a == b || (is_net(w, a) && is_net(w, b) &&
	                  w->connections[a].device_vm == w->connections[b].device_vm &&
	                  (!is_known(w, a) ||
	                   (first != NULL && second != NULL && strcmp(first, second) == 0)));
}

/* The connection that stands for its network: the first of it. */
static size_t net_of(const struct world *w, size_t at)
{
	size_t first = 0;

	while (!same_net(w, first, at)) {
		first++;
	}
	return first;
}

/* A network forwards if one of its devices does. */
static bool net_forwards(const struct world *w, size_t net)
{
	bool any_does = false;

	for (size_t i = net; i < w->model.connection_count; i++) {
		any_does |= same_net(w, net, i) && forwards(w, i);
	}
	return any_does;
}

/* Where the packets of one VM have been: networks, and the VM that forwarded them last (VMS_MAX:
 * none). */
struct trip {
	const struct world *w;
	bool been[CONNECTIONS_MAX][VMS_MAX + 1][2];
	bool up[CONNECTIONS_MAX], down[CONNECTIONS_MAX];
};

static void travel(struct trip *t, size_t net, uint32_t by, bool down);

/* Into a VM that serves some network, or that may forward to all that it uses. */
static void travel_into(struct trip *t, uint32_t vm)
{
	const struct world *w = t->w;
	bool known = vm_is_known(w, vm);

	for (size_t i = 0; i < w->model.connection_count; i++) {
		if (!is_net(w, i)) {
			continue;
		}
		if (w->connections[i].device_vm == vm && net_forwards(w, net_of(w, i))) {
			travel(t, net_of(w, i), known ? VMS_MAX : vm, known);
		}
		if (w->connections[i].driver_vm == vm && !known) {
			travel(t, net_of(w, i), vm, false);
		}
	}
}

static void travel(struct trip *t, size_t net, uint32_t by, bool down)
{
	const struct world *w = t->w;

	if (t->been[net][by][down]) {
		return;
	}
	t->been[net][by][down] = true;
	t->down[net] |= down;
	t->up[net] |= !down && by != VMS_MAX;
	for (size_t i = 0; i < w->model.connection_count; i++) {
		uint32_t owner = w->connections[net].device_vm;

		if (!is_net(w, i)) {
			continue;
		}
		/* Up: its owner is on another network as a driver VM. */
		if (!down && net_forwards(w, net) && w->connections[i].driver_vm == owner) {
			travel(t, net_of(w, i), owner, false);
		}
		/* Down, or through: one of its driver VMs. */
		if (same_net(w, net, i) && (down || w->connections[i].driver_vm != by)) {
			travel_into(t, w->connections[i].driver_vm);
		}
	}
}

/* The rules of docs/report.md, "Packets". */
void oracle_packets(struct world *w, uint32_t from)
{
	static struct trip t;

	memset(&t, 0, sizeof(t));
	t.w = w;
	for (size_t i = 0; i < w->model.connection_count; i++) {
		if (is_net(w, i) && w->connections[i].driver_vm == from) {
			travel(&t, net_of(w, i), VMS_MAX, false);
		}
		/* What it sends to a driver VM of its own goes on from there. */
		if (is_net(w, i) && w->connections[i].device_vm == from) {
			travel_into(&t, w->connections[i].driver_vm);
		}
	}
	for (size_t i = 0; i < w->model.connection_count; i++) {
		const struct connection *c = &w->connections[i];
		size_t net = is_net(w, i) ? net_of(w, i) : i;

		w->packets[from] |= t.up[net] || t.down[net] ? only_vm(c->driver_vm) : 0;
		w->packets[from] |= t.up[net] ? only_vm(c->device_vm) : 0;
		w->nets[from][c->driver_vm] += (t.up[net] ? 1 : 0) + (t.down[net] ? 1 : 0);
		w->nets[from][c->device_vm] += net == i && t.up[net] ? 1 : 0;
		for (size_t j = 0; j < w->model.connection_count; j++) {
			/* Peers. */
			w->nets[from][c->driver_vm] +=
				i != j && w->connections[j].driver_vm == from && same_net(w, i, j)
					? 1
					: 0;
		}
	}
	for (uint32_t vm = 0; vm < w->count; vm++) {
		w->attackable[from] |= w->nets[from][vm] != 0 ? only_vm(vm) : 0;
	}
}

/* Those whom the device VM of net @i lets packets from outside get to. */
static set_t let_in(const struct world *w, size_t i)
{
	set_t set = 0;

	if (!is_net(w, i) || (w->devices[i].network != NETWORK_ROUTED && is_known(w, i))) {
		return 0;
	}
	for (size_t j = 0; j < w->model.connection_count; j++) {
		set |= same_net(w, i, j) ? only_vm(w->connections[j].driver_vm) : 0;
	}
	return set;
}

/* Those whom the driver VM of net @i lets packets from outside get to. */
static set_t let_up(const struct world *w, size_t i)
{
	set_t set = 0;

	if (!is_net(w, i) || vm_is_known(w, w->connections[i].driver_vm)) {
		return 0;
	}
	for (size_t j = 0; j < w->model.connection_count; j++) {
		set |= same_net(w, i, j) ? only_vm(w->connections[j].driver_vm) : 0;
	}
	return set | only_vm(w->connections[i].device_vm);
}

set_t oracle_routed_from(const struct world *w, set_t entrances)
{
	set_t before;

	do {
		before = entrances;
		for (size_t i = 0; i < w->model.connection_count; i++) {
			if ((before & only_vm(w->connections[i].device_vm)) != 0) {
				entrances |= let_in(w, i);
			}
			if ((before & only_vm(w->connections[i].driver_vm)) != 0) {
				entrances |= let_up(w, i);
			}
		}
		for (uint32_t vm = 0; vm < w->count; vm++) {
			if ((before & only_vm(vm)) != 0 && !vm_is_known(w, vm)) {
				entrances |= w->packets[vm];
			}
		}
	} while (entrances != before);
	return entrances;
}
