/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attributes of a VM in the order in which they are told, one row each: its name in this
 * program, and those fields of struct vm_attribute_row (topo/model/vm_attributes.h) that are not 0.
 */
#ifndef TOPO_MODEL_VM_ATTRIBUTE_ROWS_H
#define TOPO_MODEL_VM_ATTRIBUTE_ROWS_H

/* X(attribute, fields) */
#define VM_ATTRIBUTE_ROWS(X)                                                                       \
	X(VM_NAME, .name = "vm_name", VM_FIELD(STRING, name), .json = "name", .diff = "name",      \
	  .camkes = CAMKES_SETTING,                                                                \
	  .values = "1 to 31 letters, digits, _ - .; "                                             \
	            "not kernel, topo, qemu, ….vmm",                                               \
	  .meaning = "what people see", .otherwise = "the instance's name without vm_")            \
	X(VM_DESCRIPTION, .name = "description", VM_FIELD(STRING, description), .maximum = 200,    \
	  .optional = true, .json = "description", .diff = "description", .tuning = true,          \
	  .camkes = CAMKES_NOTE, .meaning = "what it is for: shown beside its name",               \
	  .otherwise = "none")                                                                     \
	X(VM_NUM_VCPUS, .name = "num_vcpus", VM_FIELD(NUMBER, vcpu_count), .minimum = 1,           \
	  .maximum = PV_DOMAIN_VCPUS_MAX, .json = "num_vcpus", .diff = "vCPUs",                    \
	  .camkes = CAMKES_SETTING, .meaning = "how many virtual CPUs it has", .otherwise = "1")   \
	X(VM_AFFINITY, .name = "_affinity", .maximum = INT32_MAX, .diff = "physical CPUs",         \
	  .tuning = true, .values = "a number, or a list of numbers",                              \
	  .meaning = "physical CPU of vCPU 0, or one for each vCPU",                               \
	  .otherwise = "the CPU with the least work; those of one VM apart")                       \
	X(VM_PRIORITY, .name = "_priority", VM_FIELD(NUMBER, priority), .maximum = 255,            \
	  .json = "priority", .diff = "priority", .tuning = true,                                  \
	  .meaning = "its vCPUs go before those of lower priority",                                \
	  .otherwise = "100, or one more than of those that it serves")                            \
	X(VM_BASE_PRIO, .name = "base_prio", .maximum = 255, .values = "0 to 255",                 \
	  .meaning = "the same, where there is no _priority", .otherwise = "as of _priority")      \
	X(VM_BUDGET, .name = "_budget", VM_FIELD(NUMBER, budget_us), .maximum = UINT32_MAX,        \
	  .optional = true, .json = "budget_us", .diff = "budget", .tuning = true,                 \
	  .camkes = CAMKES_SETTING, .unit = "microseconds",                                        \
	  .meaning = "CPU time that each vCPU has at most in each period",                         \
	  .otherwise = "no limit; its part of 90 % if it goes before others by default")           \
	X(VM_PERIOD, .name = "_period", VM_FIELD(NUMBER, period_us), .maximum = UINT32_MAX,        \
	  .optional = true, .json = "period_us", .camkes = CAMKES_SETTING, .unit = "microseconds", \
	  .meaning = "period of the budget, which is 100 at least; one needs the other",           \
	  .otherwise = "no limit, or 10000 with a default budget")                                 \
	X(VM_ADDRESSES, .name = "vm_address_config", .older = "linux_address_config",              \
	  .values = "a dict", .meaning = "where the VM's RAM lies and what is put there",          \
	  .otherwise = "placed by topo")                                                           \
	X(VM_RAM_BASE, .name = "ram_base", .older = "linux_ram_base",                              \
	  .place = ATTRIBUTE_ALONE_OR_KEY, VM_FIELD(ADDRESS, ram_base), .json = "ram_base",        \
	  .diff = "RAM at", .tuning = true,                                                        \
	  .meaning = "where its RAM begins; also a key of vm_address_config",                      \
	  .otherwise = "0x40000000")                                                               \
	X(VM_RAM_SIZE, .name = "ram_size", .older = "linux_ram_size",                              \
	  .place = ATTRIBUTE_ALONE_OR_KEY, VM_FIELD(SIZE, ram_bytes), .json = "ram_bytes",         \
	  .diff = "RAM",                                                                           \
	  .meaning = "its RAM, a multiple of 2 MiB; also a key of vm_address_config",              \
	  .otherwise = "128 MiB, of a VM that serves 256 MiB; more where initrd or disks need it") \
	X(VM_RAM_PADDR, .name = "ram_paddr_base", .older = "linux_ram_paddr_base",                 \
	  .place = ATTRIBUTE_KEY, .values = "a physical address",                                  \
	  .meaning = "where the board has its RAM: checked, and otherwise left out",               \
	  .otherwise = "placed by topo")                                                           \
	X(VM_DTB_ADDR, .name = "dtb_addr", .place = ATTRIBUTE_KEY, VM_FIELD(ADDRESS, dtb_addr),    \
	  .optional = true, .json = "dtb_addr", .diff = "device tree at", .tuning = true,          \
	  .meaning = "where its device tree lies", .otherwise = "placed by topo")                  \
	X(VM_INITRD_ADDR, .name = "initrd_addr", .place = ATTRIBUTE_KEY,                           \
	  VM_FIELD(ADDRESS, initrd_addr), .optional = true, .json = "initrd_addr",                 \
	  .diff = "initrd at", .tuning = true, .meaning = "where its initrd lies",                 \
	  .otherwise = "placed by topo")                                                           \
	X(VM_KERNEL_ENTRY, .name = "kernel_entry_addr", .place = ATTRIBUTE_KEY,                    \
	  VM_FIELD(ADDRESS, kernel_entry), .optional = true, .json = "kernel_entry",               \
	  .diff = "kernel at", .tuning = true, .meaning = "where its kernel lies and begins",      \
	  .otherwise = "as the kernel's header says")                                              \
	X(VM_IMAGE, .name = "vm_image_config", .older = "linux_image_config", .values = "a dict",  \
	  .meaning = "what it boots",                                                              \
	  .otherwise = "the project's own kernel and root file system")                            \
	X(VM_CMDLINE, .name = "kernel_bootcmdline", .place = ATTRIBUTE_IMAGE_KEY,                  \
	  .values = "text", .meaning = "the complete command line of its kernel",                  \
	  .otherwise = "console=ttyAMA0 quiet loglevel=4 panic=-1")                                \
	X(VM_FILES, .name = "files", .diff = "files", .tuning = true,                              \
	  .values = "[{ from: \"site\", to: \"/srv/www\", mode: \"0644\" }]",                      \
	  .meaning = "files and directories beside the topology that are put into its root file "  \
	             "system, owned by root",                                                      \
	  .otherwise = "[]")                                                                       \
	X(VM_COMMAND, .name = "command", .diff = "command", .tuning = true,                        \
	  .values = "[\"httpd\", \"-f\"]",                                                         \
	  .meaning = "program with its arguments that the project's init runs, and again when it " \
	             "has ended; its output goes to the console",                                  \
	  .otherwise = "[]")                                                                       \
	X(VM_ENV, .name = "env", .diff = "environment", .tuning = true,                            \
	  .values = "[\"LANG=C.UTF-8\"]", .meaning = "what its environment has in addition",       \
	  .otherwise = "[]")                                                                       \
	X(VM_WORKDIR, .name = "workdir", VM_FIELD(STRING, command.directory), .optional = true,    \
	  .json = "workdir", .diff = "working directory", .tuning = true, .camkes = CAMKES_NOTE,   \
	  .values = "a path in the VM",                                                            \
	  .meaning = "the directory in which it runs, made if it is not there", .otherwise = "/")  \
	X(VM_USER, .name = "user", VM_FIELD(STRING, command.user), .optional = true,               \
	  .json = "user", .diff = "user", .tuning = true, .camkes = CAMKES_NOTE,                   \
	  .values = "\"USER\" or \"USER:GROUP\"",                                                  \
	  .meaning = "as whom it runs, by names of its root file system or by numbers",            \
	  .otherwise = "root")                                                                     \
	X(VM_COMMAND_RESTART, .name = "command_restart", VM_FIELD(WORD, command.restart),          \
	  .words = restarts, .usual = RESTART_ALWAYS, .json = "command_restart",                   \
	  .diff = "restart of the command", .tuning = true, .camkes = CAMKES_NOTE,                 \
	  .meaning = "when its command is run again after its end: after a failure (an exit "      \
	             "status that is not 0, or a signal), always, or never",                       \
	  .otherwise = "always")                                                                   \
	X(VM_HEALTH, .name = "health", .diff = "health check", .tuning = true,                     \
	  .values = "{ command: [\"wget\", \"-q\", \"-O\", \"/dev/null\", "                        \
	            "\"http://127.0.0.1\"], interval: 5000, retries: 3 }",                         \
	  .meaning = "it is healthy when this command succeeds, which is run in it each interval " \
	             "(milliseconds); not, when none has in retries intervals",                    \
	  .otherwise = "{}: nobody asks")                                                          \
	X(VM_AGENT, .name = "agent", VM_FIELD(TRUTH, agent), .usual = true, .json = "agent",       \
	  .camkes = CAMKES_NOTE, .diff = "channel of topo exec",                                   \
	  .meaning = "it has a second UART, on which something in it runs peervisor-agent: for "   \
	             "topo exec and cp, and to know when it is up",                                \
	  .otherwise = "true, but false with an initrd of its own")                                \
	X(VM_PCI, .name = "pci_devices", .values = "[{ name, bus, dev, fun, irq }]",               \
	  .meaning = "PCI functions of this VM", .otherwise = "[]")                                \
	X(VM_UNTYPED_MMIOS, .name = "untyped_mmios", .values = "[\"0xfe340000:0x100\"]",           \
	  .meaning = "registers, by address:bytes; under 64 a number of bits, in hex with a "      \
	             "warning. The VM's own RAM may stand here",                                   \
	  .otherwise = "[]")                                                                       \
	X(VM_MMIOS, .name = "mmios", .values = "[\"0x8040000:0x1000:12\"]",                        \
	  .meaning = "registers, by address:bytes:page bits (12, 21 or 30)", .otherwise = "[]")    \
	X(VM_IRQS, .name = "irqs", .older = "dtb_irqs", .values = "a list of numbers",             \
	  .meaning = "interrupts, by the numbers of the GIC", .otherwise = "[]")                   \
	X(VM_DTB, .name = "dtb", .values = "dtb([{ \"path\": \"/…\" }])",                          \
	  .meaning = "nodes of the board's device tree", .otherwise = "none")                      \
	X(VM_TRUST, .name = "trust", VM_FIELD(WORD, trust), .words = trusts, .optional = true,     \
	  .json = "trust", .diff = "trust", .camkes = CAMKES_NOTE,                                 \
	  .meaning = "how far it is trusted; for the analysis only", .otherwise = "none")          \
	X(VM_SMC, .name = "allow_smc", VM_FIELD(TRUTH, smc), .optional = true,                     \
	  .json = "allow_smc", .diff = "SMC calls reach the firmware", .camkes = CAMKES_SETTING,   \
	  .meaning = "its SMC calls reach the secure firmware, whatever "                          \
	             "allowed_smc_functions says. Counted as a device that "                       \
	             "reaches all memory; cannot be run",                                          \
	  .otherwise = "false")                                                                    \
	X(VM_EXPOSED, .name = "exposed", VM_FIELD(TRUTH, exposed), .json = "exposed",              \
	  .diff = "exposed", .camkes = CAMKES_NOTE,                                                \
	  .meaning = "outsiders reach it; for the analysis only", .otherwise = "false")            \
	X(VM_ASSET, .name = "asset", VM_FIELD(STRING, asset), .optional = true, .json = "asset",   \
	  .diff = "asset", .camkes = CAMKES_NOTE,                                                  \
	  .meaning = "what it holds that is worth protecting; for the analysis only",              \
	  .otherwise = "none")                                                                     \
	X(VM_RESTART, .name = "restart", VM_FIELD(WORD, restart), .words = restarts,               \
	  .usual = RESTART_ON_FAILURE, .json = "restart", .diff = "restart", .tuning = true,       \
	  .camkes = CAMKES_NOTE,                                                                   \
	  .meaning = "when it is started again: after its own reset and a failure (a fault, its "  \
	             "watchdog, the end of its VMM), after a poweroff too, or never",              \
	  .otherwise = "on-failure")                                                               \
	X(VM_RESTART_LIMIT, .name = "restart_limit", VM_FIELD(NUMBER, restart_limit),              \
	  .maximum = 1000, .usual = 5, .json = "restart_limit", .diff = "restart limit",           \
	  .tuning = true, .camkes = CAMKES_NOTE,                                                   \
	  .meaning = "so many failures in a row start it again; after one more it stays failed",   \
	  .otherwise = "5")                                                                        \
	X(VM_RESTART_DELAY, .name = "restart_delay", VM_FIELD(NUMBER, restart_delay_ms),           \
	  .maximum = 600000, .usual = 1000, .json = "restart_delay_ms", .diff = "restart delay",   \
	  .tuning = true, .camkes = CAMKES_NOTE, .values = "milliseconds, 0 to 600000",            \
	  .meaning = "how long it stays off after a failure; each further one doubles it",         \
	  .otherwise = "1000")                                                                     \
	X(VM_AUTOSTART, .name = "autostart", VM_FIELD(TRUTH, autostart), .usual = true,            \
	  .json = "autostart", .diff = "starts by itself", .tuning = true, .camkes = CAMKES_NOTE,  \
	  .meaning = "it starts with the system; else it is off until it is asked for",            \
	  .otherwise = "true")                                                                     \
	X(VM_WATCHDOG, .name = "watchdog", VM_FIELD(NUMBER, watchdog_s), .maximum = 3600,          \
	  .optional = true, .json = "watchdog_s", .diff = "watchdog", .tuning = true,              \
	  .camkes = CAMKES_NOTE, .values = "seconds, 0 to 3600",                                   \
	  .meaning = "it has a watchdog, which resets it when nobody in it has petted it for so "  \
	             "long",                                                                       \
	  .otherwise = "0: none")                                                                  \
	X(VM_MAY_RESTART, .name = "may_restart", .values = "a list of names of VMs",               \
	  .meaning = "VMs that it may start, stop and restart", .otherwise = "[]")                 \
	X(VM_VIRTIO_DEVICES, .name = "vm_virtio_devices", .older = "vm_virtio_device_channels",    \
	  .values = "a list of dicts", .meaning = "what it serves",                                \
	  .otherwise = "of each connection one net and one blk")                                   \
	X(VM_VIRTIO_DRIVERS, .name = "vm_virtio_drivers", .older = "vm_virtio_driver_channels",    \
	  .values = "a list of dicts", .meaning = "what it expects",                               \
	  .otherwise = "what is served")

#endif
