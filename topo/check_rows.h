/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of the table of checks (topo/checks.h): processors, what a VM boots, memory between VMs,
 * networks, disks and queues, assignment of hardware, division into VMs. Each group has a file
 * topo/checks_GROUP.c; topo/checks_internal.h declares its functions from the rows.
 */
#ifndef TOPO_CHECK_ROWS_H
#define TOPO_CHECK_ROWS_H

#define CHECKS_PROCESSORS(X)                                                                       \
	X(CPU_SHARED, "cpu-shared", ADVICE, check_cpu_shared,                                      \
	  "Two vCPUs of one VM are pinned to one physical CPU. They never run at the same "        \
	  "moment, and a lock that one holds keeps the other spinning.")                           \
	X(CPU_IDLE, "cpu-idle", ADVICE, check_cpu_idle,                                            \
	  "The system takes a physical CPU to which no vCPU is pinned: it does nothing.")          \
	X(CPU_UNEVEN, "cpu-uneven", ADVICE, check_cpu_uneven,                                      \
	  "By _affinity one CPU has at least two vCPUs more than another one of the system.")      \
	X(PRIORITY_SERVING, "priority-serving", ADVICE, check_priority_serving,                    \
	  "A device VM has a lower priority than a VM that it serves, and they share a CPU: "      \
	  "requests wait until the driver VM sleeps.")                                             \
	X(PRIORITY_STARVED, "priority-starved", ADVICE, check_priority_starved,                    \
	  "On one CPU a VM of higher priority has no budget: those of lower priority run "         \
	  "only while it sleeps, perhaps never.")                                                  \
	X(PERIOD_SHORT, "period-short", ADVICE, check_period_short,                                \
	  "A period under one millisecond: the CPU switches between VMs so often that it "         \
	  "does little else.")                                                                     \
	X(PERIOD_LONG, "period-long", ADVICE, check_period_long,                                   \
	  "A period over one second: a VM that has spent its budget stands still for so "          \
	  "long that its peers see time-outs.")                                                    \
	X(BUDGET_SHORT, "budget-short", ADVICE, check_budget_short,                                \
	  "A budget under 100 microseconds is spent before a guest has handled an "                \
	  "interrupt.")                                                                            \
	X(BUDGET_FULL, "budget-full", ADVICE, check_budget_full,                                   \
	  "A budget as long as its period limits nothing.")                                        \
	X(BUDGET_EXPOSED, "budget-exposed", ADVICE, check_budget_exposed,                          \
	  "An exposed VM shares a CPU with another one and has no budget: who takes it over "      \
	  "can keep the CPU busy.")                                                                \
	X(TRUST_CPU, "trust-cpu", ADVICE, check_trust_cpu,                                         \
	  "VMs of high and of low trust share a physical CPU, and with it its caches and "         \
	  "predictors, through which one can observe the other.")                                  \
	X(ASSET_CPU, "asset-cpu", ADVICE, check_asset_cpu,                                         \
	  "A VM with an asset shares a physical CPU with an exposed VM, which can observe "        \
	  "it through the caches.")

#define CHECKS_ASSIGNMENT(X)                                                                       \
	X(MMIO_PAGE, "mmio-page", ADVICE, check_mmio_page,                                         \
	  "A range does not begin and end at a page of 4 KiB. A VM is given whole pages, "         \
	  "and with them whatever else they hold.")                                                \
	X(MMIO_PAGE_SHARED, "mmio-page-shared", ERROR, check_mmio_page_shared,                     \
	  "Registers of two VMs lie in one page of 4 KiB. Pages are what can be given, so "        \
	  "each VM would have the other one's registers too.")                                     \
	X(MMIO_REPEAT, "mmio-repeat", ADVICE, check_mmio_repeat,                                   \
	  "One VM is given the same registers twice.")                                             \
	X(MMIO_UNKNOWN, "mmio-unknown", ADVICE, check_mmio_unknown,                                \
	  "A range holds no device of the board that topo knows. Reading where nothing "           \
	  "answers ends in an abort.")                                                             \
	X(IRQ_REPEAT, "irq-repeat", ADVICE, check_irq_repeat,                                      \
	  "One VM is given the same interrupt twice in its lists.")                                \
	X(IRQ_ALONE, "irq-alone", ADVICE, check_irq_alone,                                         \
	  "A VM is given interrupts and no registers, PCI function or node: it cannot quiet "      \
	  "the device that raises them.")                                                          \
	X(PCI_NO_IRQ, "pci-no-irq", ADVICE, check_pci_no_irq,                                      \
	  "A PCI function is given without an interrupt: its driver has to ask the device "        \
	  "over and over.")                                                                        \
	X(PCI_REPEAT, "pci-repeat", ERROR, check_pci_repeat,                                       \
	  "One VM is given the same PCI function twice.")                                          \
	X(PCI_SPLIT, "pci-split", ADVICE, check_pci_split,                                         \
	  "Functions of one PCI device belong to different VMs. They share its reset and "         \
	  "its power, and often nothing keeps the DMA of one apart from the other.")               \
	X(PCI_BRIDGE, "pci-bridge", ADVICE, check_pci_bridge,                                      \
	  "A VM is given function 0:0.0, which is the host bridge or root port: who holds "        \
	  "it configures what lies behind it.")                                                    \
	X(PCI_NAME_TWICE, "pci-name-twice", ADVICE, check_pci_name_twice,                          \
	  "Two PCI functions have the same name: reports and the hardware matrix cannot "          \
	  "tell them apart.")                                                                      \
	X(NODE_REPEAT, "node-repeat", ADVICE, check_node_repeat,                                   \
	  "One VM is given the same node of the device tree twice.")                               \
	X(NODE_REGISTERS, "node-registers", ERROR, check_node_registers,                           \
	  "A VM is given a node, and another VM the registers of that node: the device has "       \
	  "two owners.")                                                                           \
	X(NODE_IRQ, "node-irq", ERROR, check_node_irq,                                             \
	  "A VM is given a node, and another VM the interrupt of that node.")                      \
	X(NODE_KERNEL, "node-kernel", ERROR, check_node_kernel,                                    \
	  "A VM is given the node of a device that is the kernel's own, such as the "              \
	  "interrupt controller or the console.")                                                  \
	X(CONTROLLER_HELD, "controller-held", ADVICE, check_controller_held,                       \
	  "A VM holds a controller of clocks, resets, power or pins that devices of other "        \
	  "VMs depend on: it can stop them.")                                                      \
	X(DMA_EXPOSED, "dma-exposed", ADVICE, check_dma_exposed,                                   \
	  "An exposed VM holds a PCI function and the board has no SMMU: an attack from "          \
	  "outside that takes the VM has all memory.")

#define CHECKS_DIVISION(X)                                                                         \
	X(HARDWARE_UNUSED, "hardware-unused", ADVICE, check_hardware_unused,                       \
	  "A VM has hardware and no connection, in a system of several VMs: nothing uses "         \
	  "the hardware but itself.")                                                              \
	X(HARDWARE_MANY, "hardware-many", ADVICE, check_hardware_many,                             \
	  "One device VM has several PCI functions and serves several types of device. With "      \
	  "a device VM for each, the loss of one is not the loss of all.")                         \
	X(EXPOSED_NO_WAY, "exposed-no-way", ADVICE, check_exposed_no_way,                          \
	  "A VM is said to be exposed and has neither hardware nor a network interface: "          \
	  "nothing from outside reaches it.")                                                      \
	X(ASSET_NETWORK, "asset-network", ADVICE, check_asset_network,                             \
	  "Network connections alone lead from an exposed VM to one with an asset. Put a "         \
	  "connection that is no network between them.")                                           \
	X(VM_ALONE, "vm-alone", ADVICE, check_vm_alone,                                            \
	  "A VM has no connection and no hardware: nothing goes in and nothing comes out, "        \
	  "apart from its console.")                                                               \
	X(START_CYCLE, "start-cycle", ADVICE, check_start_cycle,                                   \
	  "VMs serve each other in a cycle: none of them can have its devices before "             \
	  "another one is up, and the loss of one stops all.")                                     \
	X(TRUST_INVERTED, "trust-inverted", ADVICE, check_trust_inverted,                          \
	  "A VM of high trust gets its devices from one of low trust, which sees and can "         \
	  "change all that passes.")                                                               \
	X(TRUST_EXPOSED, "trust-exposed", ADVICE, check_trust_exposed,                             \
	  "A VM of high trust is exposed: what faces the outside should be trusted least.")        \
	X(TRUST_MISSING, "trust-missing", ADVICE, check_trust_missing,                             \
	  "Some VMs have a level of trust and others have none: the checks of trust say "          \
	  "nothing of those.")                                                                     \
	X(ASSET_MISSING, "asset-missing", ADVICE, check_asset_missing,                             \
	  "VMs are exposed and no VM has an asset: the analysis has no path to compute.")          \
	X(EXPOSED_MISSING, "exposed-missing", ADVICE, check_exposed_missing,                       \
	  "VMs have assets and none is exposed: the analysis does not know where an attack "       \
	  "begins.")                                                                               \
	X(ASSET_BACKEND, "asset-backend", ADVICE, check_asset_backend,                             \
	  "One device VM serves an exposed VM and one with an asset: it is the only step "         \
	  "between them.")                                                                         \
	X(STAR, "star", ADVICE, check_star,                                                        \
	  "One VM serves all others, as a host does. Its loss is the loss of the whole "           \
	  "system.")                                                                               \
	X(NAME_CASE, "name-case", ADVICE, check_name_case,                                         \
	  "The names of two VMs differ in capitals only: people mix them up.")                     \
	X(NAME_SWAP, "name-swap", ADVICE, check_name_swap,                                         \
	  "A VM has by vm_name the name that another instance has in the text: messages and "      \
	  "commands then speak of different VMs.")

#define CHECKS_MORE(X) CHECKS_PROCESSORS(X) CHECKS_ASSIGNMENT(X) CHECKS_DIVISION(X)

#endif
