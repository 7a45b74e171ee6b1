/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolved model of a topology: what the front end hands to checks, analysis, layout and
 * runner. Everything that a topology leaves out is filled in here by topo/resolve/defaults.c, so
 * nobody behind it knows a default; what only layout can know (addresses that the user did not
 * give) stays 0 and is marked so below. Indices refer to the arrays of struct model. All memory
 * belongs to the model's arena and lives as long as it.
 */
#ifndef TOPO_MODEL_MODEL_H
#define TOPO_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/limits.h"
#include "topo/diag/place.h"

enum trust { TRUST_NONE, TRUST_LOW, TRUST_HIGH };

/* When a VM that ended is started again; RESTART_UNSAID until defaults. */
enum restart { RESTART_UNSAID, RESTART_ON_FAILURE, RESTART_ALWAYS, RESTART_NO };

/* A range of physical or guest-physical addresses, in bytes, half-open. */
struct range {
	uint64_t base;
	uint64_t bytes;
	struct place place;
};

struct pci_function {
	const char *name;
	uint32_t bus, device, function;
	uint32_t irq; /* physical INTID, 0 = none given */
	struct place place;
};

/* An initial root file system: the bytes of its file, and of the pages that are unpacked of it. */
struct archive_bytes {
	uint64_t file, unpacked;
};

/* The directory below / where a VM has what topo puts beside a root file system of the user's. */
#define ROOT_OURS ".peervisor"

/* A file of the build machine, or a directory with all below it, that a VM has in its root file system. */
struct vm_file {
	const char *from; /* on the build machine; absolute where it is there */
	const char *to; /* in the VM: absolute, without "." and ".."; no / at the end but of "/" */
	uint32_t mode;  /* of a file; 0 = 0755 where its owner may execute it, else 0644 */
	struct place place;
};

/* What is run in a VM. */
struct vm_command {
	const char **words; /* the program, and its arguments */
	size_t word_count;  /* 0 = nothing */
	const char **env;   /* "NAME=VALUE", each name once */
	size_t env_count;
	const char *directory; /* absolute; NULL = / */
	const char *user;      /* "USER" or "USER:GROUP" (topo/rootfs/users.h); NULL = root */
	enum restart restart;  /* when it is run again after its end */
	struct place place;
};

/* How it is seen, in a VM, whether it does its work. */
struct vm_health {
	const char **words; /* a program that succeeds then, and its arguments */
	size_t word_count;  /* 0 = nobody asks */
	uint32_t interval_ms;
	uint32_t retries; /* intervals without success until the VM is unhealthy */
	struct place place;
};

#define HEALTH_INTERVAL_MS 5000U
#define HEALTH_INTERVAL_MS_MIN 100U
#define HEALTH_INTERVAL_MS_MAX 3600000U
#define HEALTH_RETRIES 3U
#define HEALTH_RETRIES_MAX 100U

/* A package of Debian. */
struct vm_package {
	const char *name; /* or NAME/SUITE */
	struct place place;
};

/* What a VM boots. Paths are absolute or relative to the working directory; NULL = nothing. */
struct vm_image {
	const char *kernel; /* NULL = the project's own Linux */
	const char *initrd; /* NULL and own_rootfs = the project's own root file system */
	const char *rootfs; /* a directory or archive of tar, in place of initrd; NULL = none */
	struct vm_package *packages; /* that rootfs is made of, as they were named */
	size_t package_count;        /* 0 = rootfs is one of the user's */
	bool rootfs_unmade;          /* of packages, and nobody has made it yet */
	struct vm_command command;   /* of that, if it is a container image */
	const char *rootfs_init;     /* of that, what it begins with by itself; NULL = nothing */
	const char *dtb;             /* NULL = generated */
	const char *cmdline;         /* complete command line */
	struct archive_bytes initrd_bytes; /* of a Linux' own initrd or rootfs; 0 if it is none */
	bool own_kernel;
	bool own_rootfs; /* the project's root file system: it has our agent and init */
	struct place place;
};

struct vm {
	const char *instance;    /* "vm_web", unique */
	const char *suffix;      /* "web": what macros call it */
	const char *name;        /* vm_name; what people and commands see, unique */
	const char *description; /* what it is for, in the user's words; NULL = none */
	struct place place;      /* of the component instance */

	uint32_t vcpu_count;
	int32_t affinity
		[PV_DOMAIN_VCPUS_MAX]; /* physical CPU of each vCPU; never -1 after defaults */
	uint32_t priority;             /* 0..255 */
	uint32_t budget_us, period_us; /* 0 = no limit */
	uint64_t ram_base;             /* guest-physical */
	uint64_t ram_bytes;            /* private RAM, pools not counted */
	uint64_t dtb_addr, initrd_addr, kernel_entry; /* guest-physical; 0 = placed by layout */
	struct vm_image image;
	bool agent; /* has the agent channel (topo exec, readiness) */

	struct vm_file *files; /* put into its root file system */
	size_t file_count;
	struct archive_bytes files_bytes; /* of them all */
	bool files_init;                  /* one of them is /init */
	bool files_start; /* or takes the place of what /init starts, or starts others by */
	struct vm_command command; /* what the project's init runs */
	struct vm_health health;   /* likewise of the command's user, in its directory */

	struct range *mmios; /* physical MMIO given to it */
	size_t mmio_count;
	struct pci_function *pci;
	size_t pci_count;
	uint32_t *irqs; /* physical INTIDs */
	size_t irq_count;
	const char **dtb_nodes; /* paths in the board's device tree */
	size_t dtb_node_count;

	bool smc; /* its SMC calls reach the secure firmware */

	enum restart restart;
	uint32_t restart_limit;        /* failures in a row */
	uint32_t restart_delay_ms;     /* after the first of them */
	bool autostart;                /* it starts with the system */
	uint32_t watchdog_s;           /* 0 = none */
	const struct vm **may_restart; /* VMs that it may start, stop and restart, as named */
	size_t may_restart_count;

	enum trust trust;
	bool exposed;
	const char *asset; /* NULL = none */
};

/**
 * Whether any physical device was given to @vm: a PCI function, registers, an interrupt, a node of
 * the board's device tree, or calls of the secure firmware, which reaches them all.
 */
static inline bool vm_has_hardware(const struct vm *vm)
{
	return vm->pci_count + vm->mmio_count + vm->irq_count + vm->dtb_node_count != 0 || vm->smc;
}

enum device_type {
	DEVICE_NET,
	DEVICE_BLK,
	DEVICE_GPU,
	DEVICE_VSOCK,
	DEVICE_CONSOLE,
	DEVICE_RNG,
	DEVICE_FS,
	DEVICE_TYPE_COUNT
};

enum network { NETWORK_BRIDGE, NETWORK_NAT, NETWORK_ISOLATED, NETWORK_ROUTED };

/* A virtio device of a connection. Options that its type does not have are 0. */
struct device {
	enum device_type type;
	uint32_t id;                    /* among the devices of its type in this connection */
	uint32_t queue_pairs_or_queues; /* `queues`: pairs for net, request queues for others */
	uint32_t queue_size;            /* power of two */
	struct place place;             /* of its entry, or of the composition that implies it */
	const struct place *places;     /* of its options: device_place(); NULL = none was given */

	const char
		*disk;   /* blk: image file on the build host, or "/dev/NAME", a block device of the
	                     device VM: topo/model/medium.h; NULL = an empty raw image */
	uint64_t offset; /* blk: where the disk begins on that block device */
	const char *format;  /* blk: "raw" or "qcow2" */
	uint64_t disk_bytes; /* blk: capacity, multiple of 512; for a qcow2 file its virtual size */
	bool readonly;       /* blk */
	uint64_t file_bytes; /* blk: of the image file on the build host; 0 without one */
	uint64_t
		grown_bytes; /* blk: of the file in the device VM when all of the disk is written */

	uint8_t mac[6];       /* net: of the driver VM's interface */
	const char *tap;      /* net: interface in the device VM, unique there */
	const char *bridge;   /* net: bridge that the tap joins; NULL = none */
	enum network network; /* net */
	uint32_t address[2]; /* net: IPv4 of [0] device VM's side and [1] driver VM's, host order */
	uint32_t prefix;     /* net: of that subnet */

	uint64_t cid;    /* vsock */
	const char *tag; /* fs */
	const char *dir; /* fs: of the device VM's files, NULL = a directory of its own */

	uint32_t width, height; /* gpu: pixels of its display */
};

struct connection {
	uint32_t device_vm; /* indices in vms */
	uint32_t driver_vm;
	struct place place;        /* of the composition */
	bool swiotlb;              /* VMSWIOTLB=1: a pool; else the driver VM's whole RAM */
	uint64_t pool_bytes;       /* of the pool, swiotlb only */
	uint64_t device_data_base; /* IPA of memdev in the device VM, 0 = placed by layout */
	uint64_t driver_data_base; /* IPA of the pool in the driver VM, 0 = placed by layout */
	uint64_t device_ctrl_base; /* IPA of iobuf in the device VM, 0 = placed by layout */
	struct device *devices;
	size_t device_count;
};

struct board;     /* topo/model/board.h: what a board has */
struct pci_model; /* topo/model/pci_models.h: what a function is */

/* A TCP port of the build host that leads to one of what a network function is connected with. */
struct port_forward {
	uint16_t host, guest;
};

/* What the machine has as function 0 of a device on PCI bus 0, where QEMU is the machine. */
struct machine_slot {
	uint32_t device;
	const struct pci_model *model;
	const char *file;    /* what its disk is kept in; NULL = each run has a new one */
	uint64_t file_bytes; /* of one that is not there yet; 0 = it must be */
	struct port_forward *forwards;
	size_t forward_count;
	bool restricted;    /* its network leads nowhere: only forwarded ports lead to it */
	struct place place; /* of its entry, or of the function whose name implies it */
};

struct model {
	const char *path; /* of the file that the user named */
	const char *name; /* base name without ".camkes": names the running system */
	const struct board *board;
	uint32_t cpu_count; /* physical CPUs used */
	struct vm *vms;
	size_t vm_count;
	struct connection *connections;
	size_t connection_count;
	struct machine_slot *slots;
	size_t slot_count;
};

#endif
