/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each connection takes one of its two VMs as its driver VM, and each VM is taken once: a matching,
 * in which to take the VM that is the device VM now costs a turn. Connections are added one by
 * one, each along the cheapest path of others that give way to it.
 */
#include "topo/checks/orientation.h"

#define VMS_MAX (2U * ORIENTATION_MAX)
#define NONE UINT32_MAX
#define COST_NONE INT32_MAX

enum side { AS_DRAWN, TURNED, SIDES }; /* the number is the cost */

struct matching {
	const struct orientation *connections;
	uint32_t vms[VMS_MAX]; /* what they are called outside */
	uint32_t vm_count;
	uint32_t ends[ORIENTATION_MAX][SIDES]; /* the VM that it takes on that side */
	uint32_t side[ORIENTATION_MAX];        /* NONE: it has taken no VM */
	uint32_t taken_by[VMS_MAX];            /* NONE: nobody */
	/* The cheapest path so far to each VM, and who would take it at its end. */
	int32_t cost[VMS_MAX];
	uint32_t taker[VMS_MAX];
	uint32_t taker_side[VMS_MAX];
};

static uint32_t vm_index(struct matching *m, uint32_t vm)
{
	uint32_t i = 0;

	while (i < m->vm_count && m->vms[i] != vm) {
		i++;
	}
	if (i == m->vm_count) {
		m->vms[m->vm_count++] = vm;
		m->taken_by[i] = NONE;
	}
	return i;
}

/* @connection could take its VM on @side, all that gives way to it having cost @before. */
static bool reach(struct matching *m, uint32_t connection, uint32_t side, int32_t before)
{
	uint32_t vm = m->ends[connection][side];
	int32_t cost = before + (int32_t)side;

	if ((side == TURNED && !m->connections[connection].turnable) || cost >= m->cost[vm]) {
		return false;
	}
	m->cost[vm] = cost;
	m->taker[vm] = connection;
	m->taker_side[vm] = side;
	return true;
}

/* Who has a VM that can be reached may move to its other side, which gives back what it cost. */
static bool reach_further(struct matching *m)
{
	bool found = false;

	for (uint32_t vm = 0; vm < m->vm_count; vm++) {
		uint32_t holder = m->taken_by[vm];

		if (m->cost[vm] != COST_NONE && holder != NONE) {
			uint32_t side = m->side[holder];

			found |= reach(m, holder, TURNED - side, m->cost[vm] - (int32_t)side);
		}
	}
	return found;
}

/* Everybody on the path to @vm moves one on. */
static void take(struct matching *m, uint32_t vm)
{
	while (vm != NONE) {
		uint32_t taker = m->taker[vm];
		uint32_t given_up = m->side[taker] == NONE ? NONE : m->ends[taker][m->side[taker]];

		m->side[taker] = m->taker_side[vm];
		m->taken_by[vm] = taker;
		vm = given_up;
	}
}

static void add(struct matching *m, uint32_t connection)
{
	uint32_t best = NONE;

	for (uint32_t vm = 0; vm < m->vm_count; vm++) {
		m->cost[vm] = COST_NONE;
	}
	reach(m, connection, AS_DRAWN, 0);
	reach(m, connection, TURNED, 0);
	/* A path has each VM once at most. */
	for (uint32_t i = 0; i < m->vm_count && reach_further(m); i++) {
	}
	for (uint32_t vm = 0; vm < m->vm_count; vm++) {
		if (m->taken_by[vm] == NONE && m->cost[vm] != COST_NONE &&
		    (best == NONE || m->cost[vm] < m->cost[best])) {
			best = vm;
		}
	}
	take(m, best);
}

void orientation_find(struct orientation *connections, size_t count)
{
	struct matching m = {.connections = connections};

	for (uint32_t i = 0; i < count; i++) {
		m.ends[i][AS_DRAWN] = vm_index(&m, connections[i].driver_vm);
		m.ends[i][TURNED] = vm_index(&m, connections[i].device_vm);
		m.side[i] = NONE;
	}
	for (uint32_t i = 0; i < count; i++) {
		add(&m, i);
	}
	for (uint32_t i = 0; i < count; i++) {
		connections[i].turned = m.side[i] == TURNED;
		connections[i].left = m.side[i] == NONE;
	}
}
