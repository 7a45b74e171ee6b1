/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small topologies, and where packets get to in them by the rules of docs/report.md, "Packets": a
 * search over connections that has nothing of the analysis' own code.
 */
#ifndef TESTS_UNIT_PACKETS_ORACLE_H
#define TESTS_UNIT_PACKETS_ORACLE_H

#include "topo/model/board.h"
#include "topo/model/model.h"

#define VMS_MAX 7U
#define CONNECTIONS_MAX (VMS_MAX * (VMS_MAX - 1))
#define MIB UINT64_C(0x100000)

typedef uint32_t set_t; /* of VMs, one bit each */

/* A random topology, and the rules read off it. */
struct world {
	struct model model;
	struct board board;
	struct vm vms[VMS_MAX];
	const struct vm *managed[VMS_MAX][VMS_MAX];
	char names[VMS_MAX][8];
	struct pci_function functions[VMS_MAX];
	uint32_t irq; /* of all VMs that are given one */
	struct connection connections[CONNECTIONS_MAX];
	struct device devices[CONNECTIONS_MAX];
	uint32_t count;
	set_t attackable[VMS_MAX]; /* from that VM, by an exploit */
	set_t owned[VMS_MAX];      /* by that VM at no cost */
	uint32_t nets[VMS_MAX]
		     [VMS_MAX]; /* ways of packets between two VMs, and shared interrupts */
	set_t packets[VMS_MAX]; /* whom packets of that VM get to */
	set_t dma;
};

static inline set_t only_vm(uint32_t vm)
{
	return (set_t)1 << vm;
}

/** Note in nets and attackable what packets of VM @from get to. */
void oracle_packets(struct world *w, uint32_t from);

/** @entrances, with those that packets from outside get to through them. */
set_t oracle_routed_from(const struct world *w, set_t entrances);

#endif
