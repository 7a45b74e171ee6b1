/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One VM as its VMM sees it: all devices, and the loop's two halves. The kernel hands over one
 * message at a time, so nothing here is ever entered twice.
 */
#ifndef VMM_VM_VM_H
#define VMM_VM_VM_H

#include "abi/err.h"
#include "abi/vmm.h"
#include "vmm/base/alarm.h"
#include "vmm/calls.h"
#include "vmm/gic/gicd.h"
#include "vmm/gic/v2m.h"
#include "vmm/pci/pci_bus.h"
#include "vmm/pci/physical.h"
#include "vmm/serial/pl011.h"
#include "vmm/session/connection.h"
#include "vmm/vm/config.h"
#include "vmm/vm/counters.h"
#include "vmm/vm/faults.h"
#include "vmm/vm/life.h"
#include "vmm/vm/psci.h"
#include "vmm/vm/requests.h"
#include "vmm/vm/trng.h"
#include "vmm/vm/watchdog.h"
#include "vmm/vm/windows.h"

#define UART_COUNT 2U
#define UART_AGENT 1U
#define BUS_HARDWARE PV_VMM_CONNECTIONS_MAX
#define BUSES (PV_VMM_CONNECTIONS_MAX + 1U)

struct vm {
	/* Set by vm_init, then constant. */
	struct config config;
	struct windows windows;

	struct alarms alarms;
	struct life life; /* set by life_begin */
	struct requests requests;
	struct faults faults;
	struct counters counters;
	struct psci psci;
	struct watchdog watchdog;
	struct trng trng; /* set by trng_init */
	struct gicd gicd;
	struct v2m v2m;
	struct pl011 uarts[UART_COUNT]; /* console, agent; cap and intid 0 where there is none */
	struct connection connections[PV_VMM_CONNECTIONS_MAX];
	struct pci_bus buses[BUSES]; /* one for each connection, that of physical functions */
	/* Of all connections, in the order of the configuration: a slice each. */
	struct served devices[PV_VMM_DEVICES_MAX];
	struct pci_function functions[PV_VMM_DEVICES_MAX];
	struct physical physicals[PV_VMM_FUNCTIONS_MAX];
};

/**
 * Make the VM that @config describes, all of it in power-on state. @restarts: how often the VMM was
 * started anew; what it said before is not repeated to its peers as something new. On error nothing of it runs; a line on the log channel has
 * said why if there is one. Errors: those of config_open; ERR_OVERLAP of device windows.
 */
MUST_USE err_t vm_init(struct vm *vm, const struct pv_vmm_config *config, uint32_t restarts);

/** Bring every model to power-on state: vCPUs are off, and no device VM is at work. */
void vm_power_on(struct vm *vm);

/** Serve one message of the kernel. */
MUST_USE struct reply vm_serve(struct vm *vm, const struct message *message);

#endif
