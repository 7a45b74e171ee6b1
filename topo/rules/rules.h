/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks as named data: one row for each thing that topo can find wrong with a topology, apart
 * from plain errors of syntax and type. Each has a name by which it is listed, explained and
 * switched off, and one paragraph that says why it is there. Those of the kind READ are made by
 * topo/resolve/resolve*.c while the model is put together; the others run over the finished model.
 */
#ifndef TOPO_RULES_RULES_H
#define TOPO_RULES_RULES_H

#include <stdbool.h>
#include <stdio.h>

#include "topo/diag/diag.h"
#include "topo/rules/read_rows.h"
#include "topo/rules/rows.h"

/*
 * How much of the topology a check looks at, and so whether it still has something to say after an
 * error in it.
 */
enum check_scope {
	SCOPE_EACH,   /* one thing, or a pair: whatever could be read */
	SCOPE_WHOLE,  /* sums and absences: of a topology that was read whole */
	SCOPE_SOUND,  /* a summary: of a topology without errors */
	SCOPE_BREAKS, /* of the kind READ; what is wrong leaves a hole in the model */
	SCOPE_ABSENT, /* the same: a name that leads nowhere, unless what could declare it is lost */
};

/*
 * What a row's severity is. TO_RUN: what is found keeps the system from booting and makes no
 * statement of the topology wrong. It is an error like others, and a warning to those who only
 * analyse, who go on with an assumption (CHECKS_ASSUMED).
 */
#define CHECK_SEVERITY_ERROR SEVERITY_ERROR, false
#define CHECK_SEVERITY_TO_RUN SEVERITY_ERROR, true
#define CHECK_SEVERITY_WARNING SEVERITY_WARNING, false
#define CHECK_SEVERITY_ADVICE SEVERITY_ADVICE, false

/* X(ID, "name", severity, scope, function or NULL, "why") */
#define CHECKS(X)                                                                                  \
	CHECKS_READ(X)                                                                             \
	CHECKS_LIMITS(X) CHECKS_MEMORY(X) CHECKS_DEVICES(X) CHECKS_HARDWARE(X) CHECKS_MORE(X)

#define CHECKS_LIMITS(X)                                                                           \
	X(LIMIT_VMS, "limit-vms", TO_RUN, WHOLE, check_limit_vms,                                  \
	  "The kernel's tables hold a fixed number of VMs, since nothing is created after boot.")  \
	X(LIMIT_VCPUS, "limit-vcpus", TO_RUN, WHOLE, check_limit_vcpus,                            \
	  "The kernel's tables hold a fixed number of vCPUs: of one VM, of all VMs, and of those " \
	  "that are pinned to one physical CPU.")                                                  \
	X(LIMIT_CONNECTIONS, "limit-connections", TO_RUN, WHOLE, check_limit_connections,          \
	  "A VM's VMM serves a fixed number of connections in which its VM is the driver, and of " \
	  "devices on them; each connection is a PCIe host bridge with 32 devices.")               \
	X(LIMIT_QUEUES, "limit-queues", ERROR, EACH, check_limit_queues,                           \
	  "A device has a fixed number of queues at most, and the size of a queue is a power of "  \
	  "two up to 1024.")                                                                       \
	X(LIMIT_INTERRUPTS, "limit-interrupts", TO_RUN, WHOLE, check_limit_interrupts,             \
	  "Each connection that a VM serves takes an interrupt of it, and one more for each "      \
	  "queue; each device that it uses takes one for each queue and one for its "              \
	  "configuration. A virtual GICv2 has room for a fixed number of them.")                   \
	X(LIMIT_DOORBELLS, "limit-doorbells", TO_RUN, WHOLE, check_limit_doorbells,                \
	  "Every queue takes two doorbells and every connection two more; the kernel's tables of " \
	  "doorbells and of the pages that ring them have a fixed size.")                          \
	X(LIST_REGISTERS, "list-registers", ADVICE, WHOLE, check_list_registers,                   \
	  "A CPU shows a guest as many interrupts at a time as it has list registers. A VM with "  \
	  "more than four times as many is stopped again and again to refill them: divide its "    \
	  "connections among VMs, or use fewer queues.")                                           \
	X(CPU_MISSING, "cpu-missing", ERROR, EACH, check_cpu_missing,                              \
	  "A vCPU is pinned to a physical CPU that the system does not use, or more CPUs are "     \
	  "asked for than the board has.")                                                         \
	X(BUDGET_RANGE, "budget-range", ERROR, WHOLE, check_budget_range,                          \
	  "_budget is the CPU time in each _period: it cannot be longer than the period, and one " \
	  "of the two alone says nothing.")                                                        \
	X(BUDGET_SUM, "budget-sum", ERROR, WHOLE, check_budget_sum,                                \
	  "The budgets of the vCPUs that are pinned to one physical CPU, each divided by its "     \
	  "period, come to more than the whole CPU: they cannot all be kept.")

#define CHECKS_MEMORY(X)                                                                            \
	X(RAM_FITS, "ram-fits", TO_RUN, WHOLE, check_ram_fits,                                      \
	  "The RAM of all VMs, their pools and what the kernel needs are more than the board has.") \
	X(RAM_SMALL, "ram-small", ERROR, EACH, check_ram_small,                                     \
	  "Linux with the project's root file system does not reach user space with so little "     \
	  "RAM, and disks that a device VM holds in its RAM need room there.")                      \
	X(RAM_PLACE, "ram-place", ERROR, EACH, check_ram_place,                                     \
	  "RAM is made of 2 MiB blocks and lies in a guest's address space of 39 bits.")            \
	X(BOOT_PLACE, "boot-place", ERROR, EACH, check_boot_place,                                  \
	  "Kernel, initrd and device tree are put into the VM's RAM: their addresses must lie in "  \
	  "it.")                                                                                    \
	X(POOL_SIZE, "pool-size", ERROR, EACH, check_pool_size,                                     \
	  "A pool holds the queues of its connection and every buffer that is in flight. One that " \
	  "is too small for its queues makes the driver VM fail at boot.")                          \
	X(GUEST_OVERLAP, "guest-overlap", ERROR, EACH, check_guest_overlap,                         \
	  "Two ranges of one VM's guest-physical addresses overlap: RAM, pools, shared memory of "  \
	  "connections, or devices.")                                                               \
	X(SWIOTLB_OFF, "swiotlb-off", ADVICE, EACH, check_swiotlb_off,                              \
	  "With VMSWIOTLB=0 the device VM can read and write all RAM of the driver VM. With "       \
	  "VMSWIOTLB=1, the default, it sees the 8 MiB pool of the connection and nothing else.")

#define CHECKS_DEVICES(X)                                                                           \
	X(MAC_TWICE, "mac-twice", ERROR, EACH, check_mac_twice,                                     \
	  "Two network interfaces have the same MAC address.")                                      \
	X(MAC_GROUP, "mac-group", ERROR, EACH, check_mac_group,                                     \
	  "A MAC address with the lowest bit of its first byte set is one of a group, not of an "   \
	  "interface, and 00:00:00:00:00:00 is none.")                                              \
	X(TAP_TWICE, "tap-twice", ERROR, EACH, check_tap_twice,                                     \
	  "Two network devices of one device VM have the same tap interface.")                      \
	X(INTERFACE_NAME, "interface-name", ERROR, EACH, check_interface_name,                      \
	  "Linux takes names of network interfaces of 1 to 15 characters, without / and blanks.")   \
	X(BRIDGE_SHARED, "bridge-shared", ADVICE, EACH, check_bridge_shared,                        \
	  "Driver VMs on one bridge see each other's traffic. Without a `bridge` option each gets " \
	  "a bridge of its own.")                                                                   \
	X(ADDRESS_TWICE, "address-twice", ERROR, EACH, check_address_twice,                         \
	  "Two interfaces on one bridge have the same IPv4 address, or the two ends of a link "     \
	  "do.")                                                                                    \
	X(DISK_SHARED, "disk-shared", ERROR, EACH, check_disk_shared,                               \
	  "One disk image is opened by two devices, and one of them writes to it: a file system "   \
	  "on it would be destroyed.")                                                              \
	X(CID_TWICE, "cid-twice", ERROR, EACH, check_cid_twice,                                     \
	  "Two vsock devices of one device VM have the same CID, or a CID below 3, which is "       \
	  "reserved.")                                                                              \
	X(TYPE_RUNS, "type-runs", ADVICE, EACH, check_type_runs,                                    \
	  "The language knows this type of device and the analysis counts it, but the project's "   \
	  "root file system, which the device VM boots, has no back end for it yet: `topo build` "  \
	  "and `topo run` refuse the topology. net, blk and vsock run.")                            \
	X(VSOCK_ONE, "vsock-one", ERROR, EACH, check_vsock_one,                                     \
	  "Linux takes one vsock device in a guest at most: a VM can be driver VM of one only.")

#define CHECKS_HARDWARE(X)                                                                          \
	X(MMIO_TWICE, "mmio-twice", ERROR, EACH, check_mmio_twice,                                  \
	  "Two VMs are given the same physical registers. A device belongs to one VM at most.")     \
	X(MMIO_KERNEL, "mmio-kernel", ERROR, EACH, check_mmio_kernel,                               \
	  "A VM is given a range that holds memory, the interrupt controller or another part of "   \
	  "the kernel's own.")                                                                      \
	X(IRQ_TWICE, "irq-twice", ERROR, EACH, check_irq_twice,                                     \
	  "Two VMs are given the same physical interrupt.")                                         \
	X(IRQ_RANGE, "irq-range", ERROR, EACH, check_irq_range,                                     \
	  "An interrupt is not one of the board's, or is the kernel's own. Numbers are those of "   \
	  "the GIC (INTID): the first shared one is 32.")                                           \
	X(PCI_TWICE, "pci-twice", ERROR, EACH, check_pci_twice,                                     \
	  "Two VMs are given the same PCI function.")                                               \
	X(PCI_RANGE, "pci-range", ERROR, EACH, check_pci_range,                                     \
	  "A PCI function has a bus of 0 to 255, a device of 0 to 31 and a function of 0 to 7.")    \
	X(NODE_TWICE, "node-twice", ERROR, EACH, check_node_twice,                                  \
	  "Two VMs are given the same node of the board's device tree, or a node and one below "    \
	  "it.")                                                                                    \
	X(NODE_UNKNOWN, "node-unknown", WARNING, EACH, check_node_unknown,                          \
	  "The board's device tree, as topo knows it, has no such node.")                           \
	X(HARDWARE_RUNS, "hardware-runs", ADVICE, EACH, check_hardware_runs,                        \
	  "The language knows devices that are passed to a VM and the analysis counts them, but "   \
	  "the kernel cannot pass them yet: `topo build` and `topo run` refuse the topology.")      \
	X(DMA_OPEN, "dma-open", ADVICE, EACH, check_dma_open,                                       \
	  "A device that reaches memory by itself, or that topo does not know, is given to a VM, "  \
	  "and the board cannot confine it: that VM can reach all memory through the device.")      \
	X(DRIVER_HARDWARE, "driver-hardware", ADVICE, EACH, check_driver_hardware,                  \
	  "A VM that is only served, and serves nobody, has hardware. Minimise hardware per VM: a " \
	  "driver VM can get its devices from a device VM.")                                        \
	X(TRUST_MIXED, "trust-mixed", ADVICE, EACH, check_trust_mixed,                              \
	  "One device VM serves VMs of high and of low trust. Who takes over the low one and then " \
	  "the device VM reaches the high one's data: separate by trust level.")                    \
	X(EXPOSED_ASSET, "exposed-asset", ADVICE, EACH, check_exposed_asset,                        \
	  "A VM with an asset is exposed itself, or connected directly with an exposed VM. Put "    \
	  "assets at the end of a chain.")

/* What is assumed by those who only analyse, of each check that is TO_RUN. */
#define CHECKS_ASSUMED(X)                                                                          \
	X(LIMIT_VMS, "a kernel with tables that are large enough")                                 \
	X(LIMIT_VCPUS, "a kernel with tables that are large enough")                               \
	X(LIMIT_CONNECTIONS, "a VMM with tables that are large enough")                            \
	X(LIMIT_INTERRUPTS, "an interrupt controller with interrupts enough")                      \
	X(LIMIT_DOORBELLS, "a kernel with tables that are large enough")                           \
	X(RAM_FITS, "a board with RAM enough")                                                     \
	X(FILE_MISSING, "that the file is there when the system is built, and what it should be")  \
	X(INITRD_UNPACKED, "that the initrd can be unpacked when the system is built")             \
	X(DISK_FOREIGN, "that the image can be opened when the system is built")                   \
	X(QCOW2_ENCRYPTED, "that the image can be opened when the system is built")                \
	X(QCOW2_FEATURES, "that the image can be opened when the system is built")                 \
	X(NODE_KERNEL, "that the VM has the virtual console and interrupt controller that every "  \
	               "VM has; of the kernel's other parts, that it has them, and all memory")

#define CHECK_ENUM(id, name, severity, scope, run, why) CHECK_##id,
enum check_id { CHECKS(CHECK_ENUM) CHECK_COUNT };
#undef CHECK_ENUM

/* Which checks are on, and where their messages go. */
struct checks {
	struct diag *diag;
	bool off[CHECK_COUNT];
	bool switched[CHECK_COUNT]; /* off because somebody said so */
	bool must_run;              /* what cannot be run yet is an error */
	bool analysis;              /* what only running must refuse is a warning */
	enum check_id current;      /* the check that runs; CHECK_COUNT while the model is read */
	bool lost;                  /* declarations could not be read, which was said */
	size_t errors;              /* reported so far that leave the model whole */
};

struct check {
	const char *name;
	enum severity severity;
	bool to_run; /* an error for those alone who would run the system */
	enum check_scope scope;
	const char *why;
	const char *assumed; /* of one that is to_run, by those who only analyse; else NULL */
};

/** The row of @id. */
const struct check *check_row(enum check_id id);

/** The check of that name, or CHECK_COUNT. */
enum check_id check_find(const char *name);

/**
 * Switch @name off, as is said at @place. False when there is no such check, or when what it finds
 * leaves a hole in the model: that was reported.
 */
bool checks_switch_off(struct checks *checks, const char *name, struct place place);

/**
 * Report what the check @id found, unless it is off; true when it was reported, so that the caller
 * adds its notes and help by diag_note and diag_help.
 */
bool check_report(struct checks *checks, enum check_id id, struct place place, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));

/** Report what cannot be run yet: an error when the topology is to be run, advice otherwise. */
bool check_report_runs(struct checks *checks, enum check_id id, struct place place,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
