/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole VM for tests of the VMM: a configuration with two connections and three devices, their
 * iobuf pages, a guest that loads and stores, and the honest end of a peer. What the guest does
 * goes through vm_serve(), as from the kernel.
 */
#ifndef TESTS_UNIT_VMM_MACHINE_H
#define TESTS_UNIT_VMM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/vmm.h"
#include "lib/iobuf.h"
#include "tests/unit/vmm_fake_kernel.h"
#include "vmm/vm/vm.h"

#define MACHINE_CONNECTIONS 2U
#define MACHINE_DEVICES 3U
#define MACHINE_FUNCTIONS 2U

#define GICD 0x08000000U
#define GICR 0x080a0000U /* where a test has redistributors */
#define V2M 0x08020000U
#define TTY 0x09000000U
#define AGENT 0x09010000U
#define NOTIFY(device) (0x0a000000U + (device)*0x1000U)
#define BAR(device) (0x10000000U + (device)*PV_VMM_BAR_BYTES)
#define ECAM(connection) (0x20000000U + (connection)*0x100000U)
#define ECAM_HARDWARE 0x21000000U
#define PLACE(function, bar) (0x38000000U + (function)*0x1000000U + (bar)*0x100000U)
#define BUS_PLACE(function, bar) (PLACE(function, bar) - 0x08000000U)
#define V2M_FIRST 64U
#define V2M_COUNT 16U
#define TTY_INTID 33U
#define AGENT_INTID 34U
#define EVENT(connection) (PV_EVENT_DOORBELL + (connection))
#define EVENT_ASK 40U /* start, stop, restart */
#define ENTRY 0x40080000U
#define ENTRY_ARG 0x43000000U

/* Devices: 0 net of connection 0, slot 0; 1 blk of it, slot 1; 2 rng of connection 1, slot 5. */
#define NET 0U
#define BLK 1U
#define RNG 2U

/* Physical functions: 0 an NVMe controller in slot 0, 1 a network card with an interrupt pin in
 * slot 3. */
#define NVME 0U
#define CARD 1U
#define CARD_INTID 40U

struct machine_config {
	struct pv_vmm_config vm;
	struct pv_vmm_connection connections[MACHINE_CONNECTIONS];
	struct pv_vmm_device devices[MACHINE_DEVICES];
	struct pv_vmm_function functions[MACHINE_FUNCTIONS];
};

struct machine {
	struct pv_iobuf_page page_out[MACHINE_CONNECTIONS] __attribute__((aligned(4096)));
	struct pv_iobuf_page page_in[MACHINE_CONNECTIONS] __attribute__((aligned(4096)));
	struct machine_config config;
	struct vm vm;
	struct iobuf peer[MACHINE_CONNECTIONS]; /* the device VMs' ends, once machine_peer ran */
	struct reply last;                      /* to the last message */
};

extern struct machine machine;

/** Fill machine.config with what topo would write, for @vcpu_count vCPUs. Resets the kernel. */
void machine_configure(uint32_t vcpu_count);

/** Configure, then start the VMM. Asserts success. */
void machine_start(uint32_t vcpu_count);
/** The same with a GICv3. */
void machine_start_gicv3(uint32_t vcpu_count);

/** Time passes; the VMM is told of its timer as often as it is due. Returns its last reply. */
struct reply machine_wait(uint64_t ms);

/** One message to the VMM; its reply is in machine.last too. */
struct reply machine_send(enum pv_msg kind, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4);

/** vCPU 0 loads or stores. Asserts that the guest goes on. */
uint64_t guest_load(uint64_t ipa, uint32_t bytes);
void guest_store(uint64_t ipa, uint32_t bytes, uint64_t value);

/** The same by another vCPU. */
uint64_t guest_load_on(uint32_t vcpu, uint64_t ipa, uint32_t bytes);
void guest_store_on(uint32_t vcpu, uint64_t ipa, uint32_t bytes, uint64_t value);

/** A backend appears on connection @number with a new epoch, and the session comes up. */
void peer_start(uint32_t number);

/** The control doorbell rings. */
void peer_ring(uint32_t number);

/** The peer sends one message and rings. */
void peer_send(uint32_t number, enum pv_iobuf_kind kind, uint32_t device, uint32_t sequence,
               int32_t second);

/** The peer takes the next message; false if there is none. */
bool peer_take(uint32_t number, struct pv_iobuf_message *message);

/** Steps of a driver: registers of the common configuration of @device. */
void driver_set_status(uint32_t device, uint8_t status);
uint8_t driver_status(uint32_t device);

/** Bring @device to FEATURES_OK with all that is offered. */
void driver_negotiate(uint32_t device);

/** Set up and enable queue @queue at made-up addresses that queue_address() tells. */
void driver_enable_queue(uint32_t device, uint32_t queue, uint16_t size);

/** Negotiate, enable all queues, DRIVER_OK. */
void driver_start(uint32_t device);

#endif
