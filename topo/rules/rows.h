/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of the table of checks (topo/rules/rules.h): processors, what a VM boots, memory between
 * VMs, networks, disks and queues, assignment of hardware, division into VMs. Each group has a file
 * topo/checks/GROUP.c; topo/checks/internal.h declares its functions from the rows.
 */
#ifndef TOPO_RULES_ROWS_H
#define TOPO_RULES_ROWS_H

#define CHECKS_PROCESSORS(X)                                                                       \
	X(CPU_SHARED, "cpu-shared", ADVICE, EACH, check_cpu_shared,                                \
	  "Two vCPUs of one VM are pinned to one physical CPU. They never run at the same "        \
	  "moment, and a lock that one holds keeps the other spinning.")                           \
	X(CPU_IDLE, "cpu-idle", ADVICE, WHOLE, check_cpu_idle,                                     \
	  "The system takes a physical CPU to which no vCPU is pinned: it does nothing.")          \
	X(CPU_UNEVEN, "cpu-uneven", ADVICE, WHOLE, check_cpu_uneven,                               \
	  "By _affinity one CPU has at least two vCPUs more than another one of the system.")      \
	X(PRIORITY_SERVING, "priority-serving", ADVICE, EACH, check_priority_serving,              \
	  "A device VM has a lower priority than a VM that it serves, and they share a CPU: "      \
	  "requests wait until the driver VM sleeps.")                                             \
	X(PRIORITY_STARVED, "priority-starved", ADVICE, WHOLE, check_priority_starved,             \
	  "On one CPU a VM of higher priority has no budget: those of lower priority run "         \
	  "only while it sleeps, perhaps never.")                                                  \
	X(PERIOD_SHORT, "period-short", ADVICE, EACH, check_period_short,                          \
	  "A period under one millisecond: the CPU switches between VMs so often that it "         \
	  "does little else.")                                                                     \
	X(PERIOD_LONG, "period-long", ADVICE, EACH, check_period_long,                             \
	  "A period over one second: a VM that has spent its budget stands still for so "          \
	  "long that its peers see time-outs.")                                                    \
	X(BUDGET_SHORT, "budget-short", ADVICE, EACH, check_budget_short,                          \
	  "A budget under 100 microseconds is spent before a guest has handled an "                \
	  "interrupt.")                                                                            \
	X(BUDGET_FULL, "budget-full", ADVICE, EACH, check_budget_full,                             \
	  "A budget as long as its period limits nothing.")                                        \
	X(BUDGET_EXPOSED, "budget-exposed", ADVICE, WHOLE, check_budget_exposed,                   \
	  "An exposed VM shares a CPU with another one and has no budget: who takes it over "      \
	  "can keep the CPU busy.")                                                                \
	X(TRUST_CPU, "trust-cpu", ADVICE, EACH, check_trust_cpu,                                   \
	  "VMs of high and of low trust share a physical CPU, and with it its caches and "         \
	  "predictors, through which one can observe the other.")                                  \
	X(ASSET_CPU, "asset-cpu", ADVICE, EACH, check_asset_cpu,                                   \
	  "A VM with an asset shares a physical CPU with an exposed VM, which can observe "        \
	  "it through the caches.")

#define CHECKS_ASSIGNMENT(X)                                                                       \
	X(MMIO_PAGE, "mmio-page", ADVICE, EACH, check_mmio_page,                                   \
	  "A range does not begin and end at a page of 4 KiB. A VM is given whole pages, "         \
	  "and with them whatever else they hold.")                                                \
	X(MMIO_PAGE_SHARED, "mmio-page-shared", ERROR, EACH, check_mmio_page_shared,               \
	  "Registers of two VMs lie in one page of 4 KiB. Pages are what can be given, so "        \
	  "each VM would have the other one's registers too.")                                     \
	X(MMIO_REPEAT, "mmio-repeat", ADVICE, EACH, check_mmio_repeat,                             \
	  "One VM is given the same registers twice.")                                             \
	X(MMIO_UNKNOWN, "mmio-unknown", ADVICE, EACH, check_mmio_unknown,                          \
	  "A range holds no device of the board that topo knows. Reading where nothing "           \
	  "answers ends in an abort.")                                                             \
	X(IRQ_REPEAT, "irq-repeat", ADVICE, EACH, check_irq_repeat,                                \
	  "One VM is given the same interrupt twice in its lists.")                                \
	X(IRQ_ALONE, "irq-alone", ADVICE, WHOLE, check_irq_alone,                                  \
	  "A VM is given interrupts and no registers, PCI function or node: it cannot quiet "      \
	  "the device that raises them.")                                                          \
	X(PCI_NO_IRQ, "pci-no-irq", ADVICE, EACH, check_pci_no_irq,                                \
	  "A PCI function is given without an interrupt: its driver has to ask the device "        \
	  "over and over.")                                                                        \
	X(PCI_REPEAT, "pci-repeat", ERROR, EACH, check_pci_repeat,                                 \
	  "One VM is given the same PCI function twice.")                                          \
	X(PCI_SPLIT, "pci-split", ADVICE, EACH, check_pci_split,                                   \
	  "Functions of one PCI device belong to different VMs. They share its reset and "         \
	  "its power, and often nothing keeps the DMA of one apart from the other.")               \
	X(PCI_BRIDGE, "pci-bridge", ADVICE, EACH, check_pci_bridge,                                \
	  "A VM is given function 0:0.0, which is the host bridge or root port: who holds "        \
	  "it configures what lies behind it.")                                                    \
	X(PCI_HOST, "pci-host", ERROR, EACH, check_pci_host,                                       \
	  "A VM is given a PCI bridge, or registers of the host bridge (configuration space, or "  \
	  "a window over base addresses), and another VM something behind it: who has the bridge " \
	  "has every function.")                                                                   \
	X(PCI_NAME_TWICE, "pci-name-twice", ADVICE, EACH, check_pci_name_twice,                    \
	  "Two PCI functions have the same name: reports and the hardware matrix cannot "          \
	  "tell them apart.")                                                                      \
	X(NODE_REPEAT, "node-repeat", ADVICE, EACH, check_node_repeat,                             \
	  "One VM is given the same node of the device tree twice.")                               \
	X(NODE_REGISTERS, "node-registers", ERROR, EACH, check_node_registers,                     \
	  "A VM is given a node, and another VM the registers of that node: the device has "       \
	  "two owners.")                                                                           \
	X(NODE_IRQ, "node-irq", ERROR, EACH, check_node_irq,                                       \
	  "A VM is given a node, and another VM the interrupt of that node.")                      \
	X(NODE_KERNEL, "node-kernel", TO_RUN, EACH, check_node_kernel,                             \
	  "A VM is given the node of a device that is the kernel's own, such as the "              \
	  "interrupt controller or the console.")                                                  \
	X(CONTROLLER_HELD, "controller-held", WARNING, EACH, check_controller_held,                \
	  "A VM holds a controller of clocks, resets, power or pins that devices of other "        \
	  "VMs depend on: it can stop them.")                                                      \
	X(CONTROLLER_SHARED, "controller-shared", ERROR, EACH, check_controller_shared,            \
	  "Two VMs set the same clocks, resets, power or pins, each by a controller of its "       \
	  "own or by one that they share: each undoes what the other one did.")                    \
	X(DMA_EXPOSED, "dma-exposed", ADVICE, EACH, check_dma_exposed,                             \
	  "An exposed VM holds a device whose DMA the board cannot confine: an attack from "       \
	  "outside that takes the VM has all memory.")

#define CHECKS_DIVISION(X)                                                                         \
	X(HARDWARE_UNUSED, "hardware-unused", ADVICE, WHOLE, check_hardware_unused,                \
	  "A VM has hardware and no connection, in a system of several VMs: nothing uses "         \
	  "the hardware but itself.")                                                              \
	X(HARDWARE_MANY, "hardware-many", ADVICE, WHOLE, check_hardware_many,                      \
	  "One device VM has several PCI functions and serves several types of device. With "      \
	  "a device VM for each, the loss of one is not the loss of all.")                         \
	X(EXPOSED_NO_WAY, "exposed-no-way", ADVICE, WHOLE, check_exposed_no_way,                   \
	  "A VM is said to be exposed and has neither hardware nor a network interface: "          \
	  "nothing from outside reaches it.")                                                      \
	X(ASSET_NETWORK, "asset-network", ADVICE, WHOLE, check_asset_network,                      \
	  "Network connections alone lead from an exposed VM to one with an asset. Put a "         \
	  "connection that is no network between them.")                                           \
	X(ATTACK_PATHS, "attack-paths", ADVICE, SOUND, check_attack_paths,                         \
	  "Every connection is a path by which a VM that has fallen can attack the VM at the "     \
	  "other end: audit each. `topo report` shows where they lead.")                           \
	X(VM_ALONE, "vm-alone", ADVICE, WHOLE, check_vm_alone,                                     \
	  "A VM has no connection and no hardware: nothing goes in and nothing comes out, "        \
	  "apart from its console.")                                                               \
	X(START_CYCLE, "start-cycle", ADVICE, WHOLE, check_start_cycle,                            \
	  "VMs serve each other in a cycle: none of them can have its devices before "             \
	  "another one is up, and the loss of one stops all.")                                     \
	X(TRUST_INVERTED, "trust-inverted", ADVICE, EACH, check_trust_inverted,                    \
	  "A VM of high trust gets its devices from one of low trust, which sees and can "         \
	  "change all that passes.")                                                               \
	X(TRUST_EXPOSED, "trust-exposed", ADVICE, EACH, check_trust_exposed,                       \
	  "A VM of high trust is exposed: what faces the outside should be trusted least.")        \
	X(TRUST_MISSING, "trust-missing", ADVICE, WHOLE, check_trust_missing,                      \
	  "Some VMs have a level of trust and others have none: the checks of trust say "          \
	  "nothing of those.")                                                                     \
	X(ASSET_MISSING, "asset-missing", ADVICE, WHOLE, check_asset_missing,                      \
	  "VMs are exposed and no VM has an asset: the analysis has no path to compute.")          \
	X(EXPOSED_MISSING, "exposed-missing", ADVICE, WHOLE, check_exposed_missing,                \
	  "VMs have assets and none is exposed: the analysis does not know where an attack "       \
	  "begins.")                                                                               \
	X(ASSET_BACKEND, "asset-backend", ADVICE, EACH, check_asset_backend,                       \
	  "One device VM serves an exposed VM and one with an asset: it is the only step "         \
	  "between them.")                                                                         \
	X(STAR, "star", ADVICE, WHOLE, check_star,                                                 \
	  "One VM serves all others, as a host does. Its loss is the loss of the whole "           \
	  "system.")                                                                               \
	X(NAME_CASE, "name-case", ADVICE, EACH, check_name_case,                                   \
	  "The names of two VMs differ in capitals only: people mix them up.")                     \
	X(NAME_SWAP, "name-swap", ADVICE, EACH, check_name_swap,                                   \
	  "A VM has by vm_name the name that another instance has in the text: messages and "      \
	  "commands then speak of different VMs.")

#define CHECKS_BOOT(X)                                                                             \
	X(KERNEL_ALIGN, "kernel-align", ERROR, EACH, check_kernel_align,                           \
	  "An arm64 kernel begins at a multiple of 2 MiB, and whatever else a VM boots at a "      \
	  "page at least: elsewhere it does not come up.")                                         \
	X(DTB_ALIGN, "dtb-align", ERROR, EACH, check_dtb_align,                                    \
	  "The address that is given for a device tree is not that of a page, and whole "          \
	  "pages are what a VM's RAM is filled by.")                                               \
	X(INITRD_ALIGN, "initrd-align", ERROR, EACH, check_initrd_align,                           \
	  "The address that is given for an initrd is not that of a page, and whole pages "        \
	  "are what a VM's RAM is filled by.")                                                     \
	X(BOOT_OVERLAP, "boot-overlap", ERROR, EACH, check_boot_overlap,                           \
	  "Kernel, initrd and device tree of a VM are put at addresses at which one lies "         \
	  "upon another.")                                                                         \
	X(CMDLINE_LONG, "cmdline-long", ERROR, EACH, check_cmdline_long,                           \
	  "Linux on arm64 takes a command line of 2047 bytes and cuts off the rest, "              \
	  "silently.")                                                                             \
	X(CMDLINE_TEXT, "cmdline-text", ERROR, EACH, check_cmdline_text,                           \
	  "A command line is one line of text: a control character in it ends an argument "        \
	  "or the whole of it.")                                                                   \
	X(CMDLINE_CONSOLE, "cmdline-console", ADVICE, EACH, check_cmdline_console,                 \
	  "A command line does not say console=ttyAMA0, the only console that a VM has: "          \
	  "nothing of what the kernel prints is seen.")                                            \
	X(ROOT_DEVICE, "root-device", WARNING, WHOLE, check_root_device,                           \
	  "The root file system is said to be on a virtio disk that no connection gives to "       \
	  "the VM: the kernel waits for it, or gives up.")                                         \
	X(ROOT_READONLY, "root-readonly", WARNING, EACH, check_root_readonly,                      \
	  "A VM mounts its root file system for writing from a disk that is served "               \
	  "readonly: mounting fails at boot.")                                                     \
	X(ROOT_NONE, "root-none", ADVICE, EACH, check_root_none,                                   \
	  "A VM boots without an initrd, and no root= names a disk: unless its kernel has a "      \
	  "file system built in it gives up.")                                                     \
	X(CMDLINE_MEM, "cmdline-mem", WARNING, EACH, check_cmdline_mem,                            \
	  "A command line speaks by mem= of more memory than the VM's RAM.")                       \
	X(CMDLINE_CPUS, "cmdline-cpus", ADVICE, EACH, check_cmdline_cpus,                          \
	  "A command line lets Linux use fewer CPUs than the VM has vCPUs: the others are "        \
	  "never started.")                                                                        \
	X(AGENT_MISSING, "agent-missing", ADVICE, EACH, check_agent_missing,                       \
	  "A VM with a root file system of the user's own has no agent: `topo exec` does "         \
	  "not reach it, and nobody knows when it is up.")                                         \
	X(BACKEND_MISSING, "backend-missing", ADVICE, EACH, check_backend_missing,                 \
	  "A device VM boots a root file system of the user's own, which has to bring the "        \
	  "back ends: without them its driver VMs wait for their devices.")                        \
	X(DTB_OWN, "dtb-own", ADVICE, EACH, check_dtb_own,                                         \
	  "A VM with connections brings a device tree of its own. Its connections are found "      \
	  "by the tree: one that does not describe them hides them.")

#define CHECKS_SHARING(X)                                                                          \
	X(MEMDEV_ALIGN, "memdev-align", ERROR, EACH, check_memdev_align,                           \
	  "The memory of a connection is placed at an address that is no multiple of 4 KiB: "      \
	  "memory is mapped by pages.")                                                            \
	X(MEMDEV_BLOCK, "memdev-block", ADVICE, EACH, check_memdev_block,                          \
	  "The memory of a connection is placed at an address that is no multiple of 2 MiB: "      \
	  "it takes many small pages and more of the kernel's tables.")                            \
	X(MEMDEV_RANGE, "memdev-range", ERROR, EACH, check_memdev_range,                           \
	  "The memory of a connection is placed above what a guest can address.")                  \
	X(IOBUF_ALIGN, "iobuf-align", ERROR, EACH, check_iobuf_align,                              \
	  "The control pages of a connection are placed at an address that is no multiple "        \
	  "of 4 KiB.")                                                                             \
	X(IOBUF_RANGE, "iobuf-range", ERROR, EACH, check_iobuf_range,                              \
	  "The control pages of a connection are placed above what a guest can address.")          \
	X(POOL_LARGE, "pool-large", ADVICE, EACH, check_pool_large,                                \
	  "A pool is at least as large as all RAM of the driver VM, which cannot fill it.")        \
	X(SWIOTLB_MIXED, "swiotlb-mixed", ADVICE, WHOLE, check_swiotlb_mixed,                      \
	  "Of the connections that a VM uses some show a pool and others all its RAM: one "        \
	  "device VM that has all of it makes the others' pools useless.")                         \
	X(SWIOTLB_ASSET, "swiotlb-asset", ADVICE, EACH, check_swiotlb_asset,                       \
	  "With VMSWIOTLB=0 a device VM can read the RAM of a VM that holds an asset, and "        \
	  "the asset in it.")                                                                      \
	X(SWIOTLB_EXPOSED, "swiotlb-exposed", ADVICE, EACH, check_swiotlb_exposed,                 \
	  "With VMSWIOTLB=0 an exposed device VM has all RAM of its driver VM: who takes "         \
	  "over the one has the other without another attack.")

#define CHECKS_RAM(X)                                                                                 \
	X(RAM_AS_MMIO, "ram-as-mmio", ADVICE, EACH, check_ram_as_mmio,                                \
	  "untyped_mmios names the RAM of a VM, as deployed seL4 systems do to reserve it. Here "     \
	  "topo places RAM by itself; the range is left out.")                                        \
	X(RAM_PADDR, "ram-paddr", ERROR, EACH, check_ram_paddr,                                       \
	  "ram_paddr_base puts the RAM of a VM upon that of another one, beside the board's RAM, "    \
	  "or at an address that is no multiple of 2 MiB.")                                           \
	X(RAM_PADDR_UNUSED, "ram-paddr-unused", ADVICE, EACH, check_ram_paddr_unused,                 \
	  "ram_paddr_base says where in the board's memory a VM's RAM shall lie. topo decides that "  \
	  "by itself, so that a guest's addresses need not be the board's; what is given is checked " \
	  "and otherwise left out.")

#define CHECKS_NETWORK(X)                                                                          \
	X(MAC_LOCAL, "mac-local", ADVICE, EACH, check_mac_local,                                   \
	  "A MAC address that is not marked as administered locally belongs to a maker of "        \
	  "network cards, and may be that of a real card.")                                        \
	X(ADDRESS_HOST, "address-host", ERROR, EACH, check_address_host,                           \
	  "An interface has the first or the last address of its subnet, which stand for "         \
	  "the subnet itself and for all its hosts.")                                              \
	X(ADDRESS_SPECIAL, "address-special", ERROR, EACH, check_address_special,                  \
	  "An interface has an address that no interface can have: of loopback, of a group, "      \
	  "or a reserved one.")                                                                    \
	X(ADDRESS_PUBLIC, "address-public", ADVICE, EACH, check_address_public,                    \
	  "A network between VMs has addresses of the public Internet: whoever really has "        \
	  "them cannot be reached.")                                                               \
	X(SUBNET_OVERLAP, "subnet-overlap", ERROR, EACH, check_subnet_overlap,                     \
	  "A VM that serves a network has another interface in the same subnet, and not on "       \
	  "the same bridge: it cannot know where to send a packet.")                               \
	X(SUBNET_USED, "subnet-used", ADVICE, EACH, check_subnet_used,                             \
	  "A VM uses two networks with the same subnet: its packets leave by one of them "         \
	  "whichever was meant.")                                                                  \
	X(BRIDGE_ADDRESS, "bridge-address", ERROR, EACH, check_bridge_address,                     \
	  "Devices on one bridge say different things of the bridge's address. It has one.")       \
	X(BRIDGE_KIND, "bridge-kind", ERROR, EACH, check_bridge_kind,                              \
	  "Devices on one bridge say different kinds of network, and a bridge is of one "          \
	  "kind.")                                                                                 \
	X(INTERFACE_CLASH, "interface-clash", ERROR, EACH, check_interface_clash,                  \
	  "A tap and a bridge of one device VM have the same name: the second one cannot be "      \
	  "made.")                                                                                 \
	X(INTERFACE_RESERVED, "interface-reserved", ERROR, EACH, check_interface_reserved,         \
	  "A tap or bridge has a name that Linux uses itself: lo, all, default, or that of "       \
	  "a network card.")                                                                       \
	X(NETWORK_UPLINK, "network-uplink", ADVICE, WHOLE, check_network_uplink,                   \
	  "A device VM is to translate the addresses of a network and has neither hardware "       \
	  "nor a network of its own to which it could pass the packets on.")

#define CHECKS_STORAGE(X)                                                                          \
	X(DISK_READONLY, "disk-readonly", ADVICE, EACH, check_disk_readonly,                       \
	  "An empty disk is readonly: nothing can ever be on it.")                                 \
	X(DISK_TINY, "disk-tiny", ADVICE, EACH, check_disk_tiny,                                   \
	  "A disk is smaller than 1 MiB: common file systems do not fit on it.")                   \
	X(DISK_FORMAT, "disk-format", ADVICE, EACH, check_disk_format,                             \
	  "A file of a format for disks is served as raw: the driver VM sees the bytes of the "    \
	  "file and not the disk in it.")                                                          \
	X(QCOW2_ENCRYPTED, "qcow2-encrypted", TO_RUN, EACH, check_qcow2_encrypted,                 \
	  "A qcow2 image is encrypted, and nobody gives the device VM the key.")                   \
	X(QCOW2_FEATURES, "qcow2-features", TO_RUN, EACH, check_qcow2_features,                    \
	  "A qcow2 image keeps its data in another file, which is not put into the device "        \
	  "VM, is marked as corrupt or of a kind that nobody knows: it cannot be opened.")         \
	X(QUEUES_VCPUS, "queues-vcpus", ADVICE, EACH, check_queues_vcpus,                          \
	  "A device has more queues than the driver VM has vCPUs: Linux uses one for each "        \
	  "vCPU, the others take memory and doorbells.")                                           \
	X(QUEUE_SMALL, "queue-small", ERROR, EACH, check_queue_small,                              \
	  "One packet takes up to 19 entries of a queue, and Linux stops sending while there "     \
	  "is not room for that: a queue of less than 32 passes none.")                            \
	X(VSOCK_BOTH, "vsock-both", ADVICE, EACH, check_vsock_both,                                \
	  "Two VMs have vsock devices from each other. One carries streams in both "               \
	  "directions.")                                                                           \
	X(FS_TAG, "fs-tag", ERROR, EACH, check_fs_tag,                                             \
	  "A file system's tag, by which it is mounted, has 1 to 36 bytes.")                       \
	X(FS_TAG_TWICE, "fs-tag-twice", ERROR, EACH, check_fs_tag_twice,                           \
	  "Two file systems of one VM have the same tag: only one of them can be mounted.")        \
	X(RNG_MANY, "rng-many", ADVICE, EACH, check_rng_many,                                      \
	  "A VM has several rng devices; Linux takes random bytes of one.")

#define CHECKS_MORE(X)                                                                             \
	CHECKS_PROCESSORS(X)                                                                       \
	CHECKS_ASSIGNMENT(X)                                                                       \
	CHECKS_DIVISION(X)                                                                         \
	CHECKS_BOOT(X) CHECKS_SHARING(X) CHECKS_RAM(X) CHECKS_NETWORK(X) CHECKS_STORAGE(X)

#endif
