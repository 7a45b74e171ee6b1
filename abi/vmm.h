/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VMM knows of its VM: the personality of every device, written by topo into pages that
 * nobody else has (mapped at pv_domain.vmm_arg). Nothing that a guest or a backend says changes it;
 * the VMM writes its seed there and what it leaves for one that starts in its place.
 *
 * In memory: struct pv_vmm_config, then connections[], devices[] and functions[], without gaps.
 */
#ifndef ABI_VMM_H
#define ABI_VMM_H

#include <stddef.h>
#include <stdint.h>

#define PV_VMM_MAGIC 0x314d4d5650U /* "PVMM1" */
#define PV_VMM_VERSION 5U

#define PV_VMM_CONNECTIONS_MAX 16U /* in which the VM is driver */
#define PV_VMM_DEVICES_MAX 32U
#define PV_VMM_QUEUES_MAX 16U /* of one device */
#define PV_VMM_FUNCTIONS_MAX 16U
#define PV_VMM_BARS 6U
#define PV_VMM_CONFIG_BYTES 64U
#define PV_VMM_SEED_BYTES 32U

/* Lines that a VMM writes on its console channel PV_CONSOLE_VMM, for people and for topo run:
 *   "connection PEER up" / "connection PEER down"   the control session with that device VM
 *   "device PEER/N backend ready" / "backend gone" / "backend full" / "backend absent"
 *                          gone for want of room, or of what its disk lies on; N: index of the device in the connection; a new session begins
 *                          without back ends
 *   "device PEER/N started" / "stopped" / "failed"  what became of the guest's set-up; behind
 *                          "failed" may stand ": " and why
 *   "device PEER/N lost"   what the guest had stored there is gone: its requests fail until it
 *                          resets the device
 *   "vm starting N"                                 vCPU 0 starts; N: the how many-th time, from 1
 *   "vm off REASON"                                 all its vCPUs are off, until asked to start
 *   "vm restart REASON in N ms"                     they are, until the time is over
 *   "vm failed REASON after N restarts"             they are, since it failed too often in a row
 *                          REASON: poweroff reset fault watchdog request vmm hardware
 *   "hardware BB:DD.F: WHY" the physical function of that number is not what it is said to be;
 *                          "vm failed hardware ..." follows
 *   "stream BB:DD.F faults N last ADDRESS"  its DMA has faulted, so often since the machine started
 *   "counted connection PEER kicks N calls N errors N"  asked for counters: rings of the queues by
 *                          the guest and by the device VM, since the machine started, and how often
 *                          that has broken the protocol, since the VMM did
 *   "counted traps waits N registers N doorbells N reads N writes N calls N faults N"  of all vCPUs; the
 *                          last four since the VMM started
 *   "counted time_us N held_us N interrupts N"  of all vCPUs; the last line of an answer. Microseconds in
 *                          which they ran, and in which their budget kept them from running
 * and free text for everything else. Each line ends in "\n". */
#define PV_VMM_LOG_UP "connection %s up"

/* The guest's watchdog: the function of its calls to firmware (Linux: compatible "arm,smc-wdt", whose
 * arm,smc-id has this value unless it says otherwise). */
#define PV_VMM_WATCHDOG_CALL 0x82003d06U

/* The agent's UART, several bytes at a time: calls of the guest by HVC or SMC, in the 64-bit convention
 * and the range of a hypervisor's own services (Arm DEN 0028). A VM without an agent, and a number in
 * between, answers -1.
 *   PV_VMM_AGENT_CALL       => x0 PV_VMM_AGENT_CALL_VERSION
 *   PV_VMM_AGENT_READ       => x0 count, 0 .. PV_VMM_AGENT_BYTES; x1 to x3 the bytes, LSB first, zeros
 *                              behind them. Fewer than that: nothing more waits now. The UART's
 *                              receive interrupts tell of what comes next
 *   PV_VMM_AGENT_WRITE + n  x1 to x3: n bytes, 1 .. PV_VMM_AGENT_BYTES => x0 how many were taken,
 *                              from the first on; the others are to be offered again */
#define PV_VMM_AGENT_CALL 0xc6005600U
#define PV_VMM_AGENT_READ 0xc6005601U
#define PV_VMM_AGENT_WRITE 0xc6005620U
#define PV_VMM_AGENT_CALL_VERSION 1
#define PV_VMM_AGENT_BYTES 24U

/* Lines that it reads there: what is asked for, of a VM in whatever state. */
#define PV_VMM_ASK_START "start"       /* what is off starts */
#define PV_VMM_ASK_STOP "stop"         /* as if its power cord were pulled, whatever its policy */
#define PV_VMM_ASK_RESTART "restart"   /* off, devices to power-on state, and on */
#define PV_VMM_ASK_COUNTERS "counters" /* the lines "counted ..." */

/* An emulated PL011 (Arm PrimeCell UART, DDI 0183). */
struct pv_vmm_uart {
	uint64_t ipa;   /* 4 KiB of registers; 0 = the VM has none */
	uint32_t intid; /* level-sensitive SPI */
	uint32_t cap;   /* PV_CAP_CONSOLE */
	uint32_t event; /* PV_EVENT_CONSOLE(n) of that channel */
	uint32_t reserved;
};

/* When a VM that has gone off is started again without being asked to. */
enum pv_vmm_restart {
	PV_VMM_RESTART_NO = 0,         /* never */
	PV_VMM_RESTART_ON_FAILURE = 1, /* unless it powered itself off */
	PV_VMM_RESTART_ALWAYS = 2,
	PV_VMM_RESTART_COUNT = 3
};

#define PV_VMM_AUTOSTART (1U << 0) /* the VM starts with the machine, else when asked to */
#define PV_VMM_DELAY_MS_MAX 3600000U

/* What a VMM leaves for one that starts in its place, beside the seed; 0 in the image. */
struct pv_vmm_kept {
	uint32_t starts; /* how often the VM has started */
	uint32_t is_off; /* 1: it is off, until asked to start */
};

struct pv_vmm_config {
	uint64_t magic;
	uint32_t version;
	uint32_t bytes; /* of all, <= what is mapped */
	char name[32];  /* of the VM, NUL-terminated */
	uint32_t vcpu_count;
	uint32_t connection_count;
	uint32_t device_count;
	uint32_t cap_vcpu_first; /* PV_CAP_VCPU of vCPU 0; the others follow */
	uint32_t cap_vgic;
	uint32_t cap_log;  /* PV_CAP_CONSOLE of channel PV_CONSOLE_VMM */
	uint64_t gicd_ipa; /* distributor: 4 KiB of a GICv2, 64 KiB of a GICv3 */
	uint64_t gicr_ipa; /* redistributors of a GICv3, 128 KiB for each vCPU; 0 = it is a GICv2 */
	uint64_t v2m_ipa;  /* GICv2m frame, 4 KiB; 0 = none */
	uint32_t v2m_first; /* its SPIs */
	uint32_t v2m_count;
	struct pv_vmm_uart uarts[2]; /* console, agent */
	/* Random bytes for this VM in this run, all zero if there are none: 0 in a file that topo
	 * builds, written into its own copy by who runs it. A VMM that starts takes them and leaves
	 * others, for one that starts in its place. */
	uint8_t seed[PV_VMM_SEED_BYTES];

	uint64_t entry; /* where vCPU 0 starts again, and its x0 then (abi/loader.h) */
	uint64_t entry_arg;
	uint32_t flags;            /* PV_VMM_AUTOSTART */
	uint32_t restart;          /* enum pv_vmm_restart */
	uint32_t restart_limit;    /* failures in a row after which it stays off */
	uint32_t restart_delay_ms; /* before a restart after a failure, doubled by each that
	                              follows; <= PV_VMM_DELAY_MS_MAX */
	uint32_t watchdog_ms;      /* longest time that the guest may set its watchdog to, 0 = it
	                              has none */
	uint32_t event_log;        /* PV_EVENT_CONSOLE(n) of cap_log's channel: requests as lines;
	                              0 = it gives none */
	/* Requests as doorbells (PV_DOORBELL_EVENT) that other VMs hold; 0 = nobody does. */
	uint32_t event_start;
	uint32_t event_stop;
	uint32_t event_restart;
	uint32_t function_count;
	uint64_t hw_ecam_ipa; /* 1 MiB, bus 0 of the bridge of functions[]; 0 if there are none */
	struct pv_vmm_kept kept;
};

/* A connection in which this VM is the driver: a PCIe host bridge with one bus. */
struct pv_vmm_connection {
	char peer[32];         /* name of the device VM */
	uint64_t ecam_ipa;     /* 1 MiB, bus 0 */
	uint64_t page_out;     /* iobuf page 0, in the VMM's address space: read and write */
	uint64_t page_in;      /* iobuf page 1: read only */
	uint32_t cap_ring;     /* PV_CAP_DOORBELL_SEND: control doorbell of the device VM */
	uint32_t event;        /* event bit that the device VM's control doorbell sets */
	uint32_t device_first; /* in devices[]; slices are disjoint and in order */
	uint32_t device_count;
};

/* Its configuration space begins with the capacity of a disk, which is 0 until somebody serves it: so
 * a driver that begins meanwhile waits for nobody, and is interrupted when that changes. */
#define PV_VMM_DEVICE_LATE (1U << 0)

/* A virtio device: PCI function 0 of device `slot` on its connection's bus 0. */
struct pv_vmm_device {
	uint32_t connection;
	uint32_t index; /* in its connection: pv_iobuf_message.device */
	uint32_t slot;  /* PCI device number, 0..31 */
	uint32_t type;  /* virtio device id (virtio 1.2, 5) */
	uint32_t queue_count;
	uint32_t queue_size;     /* largest, power of two */
	uint32_t cap_recv_first; /* PV_CAP_DOORBELL_RECV of queue 0; the others follow */
	uint32_t config_bytes;   /* used bytes of config[] */
	uint32_t flags;          /* PV_VMM_DEVICE_* */
	uint32_t
		cap_send_first; /* PV_CAP_DOORBELL_SEND of queue 0 in that page; the others follow */
	uint64_t features;      /* offered */
	uint64_t bar_ipa;       /* BAR0, PV_VMM_BAR_BYTES, emulated registers */
	uint64_t notify_ipa;    /* BAR2, one page, this guest's doorbell page for the device:
	                            queue q rings by a store at offset 4 * q */
	uint8_t config[PV_VMM_CONFIG_BYTES]; /* device configuration space */
};

/* A memory range of a function. The guest reaches its pages straight. */
struct pv_vmm_bar {
	uint64_t ipa;   /* where the guest has it, and what it reads in the address register */
	uint64_t bus;   /* what the register itself has to say */
	uint64_t bytes; /* of the place for it, a power of two >= a page; 0 = there is none */
};

#define PV_VMM_NO_STREAM UINT32_MAX

/* A physical PCI function: function 0 of device `slot` on the bus at hw_ecam_ipa, whatever number
 * it has on the machine. */
struct pv_vmm_function {
	uint32_t cap_window; /* PV_CAP_WINDOW: its 4 KiB of configuration space */
	uint32_t cap_stream; /* PV_CAP_STREAM: its DMA; PV_VMM_NO_STREAM = it has none */
	uint32_t id;         /* on the machine: bus << 8 | device << 3 | function, for lines */
	uint32_t slot;       /* PCI device number, 0..31 */
	uint32_t intx;       /* virtual SPI of its interrupt pin; 0 = it has no use of that */
	uint32_t reserved;
	struct pv_vmm_bar bars[PV_VMM_BARS]; /* by address register; a 64-bit one takes two */
};

/* Layout of BAR0 of a virtio device. */
#define PV_VMM_BAR_BYTES 0x4000U
#define PV_VMM_BAR_COMMON 0x0000U /* virtio 1.2, 4.1.4.3 */
#define PV_VMM_BAR_ISR 0x1000U
#define PV_VMM_BAR_DEVICE 0x2000U
#define PV_VMM_BAR_MSIX 0x3000U /* table: one vector per queue and one for configuration */
#define PV_VMM_BAR_PBA 0x3800U

_Static_assert(sizeof(struct pv_vmm_uart) == 24, "vmm uart");
_Static_assert(sizeof(struct pv_vmm_config) == 256, "vmm config");
_Static_assert(sizeof(struct pv_vmm_connection) == 72, "vmm connection");
_Static_assert(sizeof(struct pv_vmm_device) == 128, "vmm device");
_Static_assert(sizeof(struct pv_vmm_function) == 168, "vmm function");

#endif
