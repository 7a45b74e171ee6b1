/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls: how a VMM (EL0) speaks to the kernel (EL2), and what the kernel says to a VMM.
 *
 * A call is `svc #0` with its number in x8 and arguments in x0 to x4. x0 returns 0 or a negative
 * pv_error, x1 to x3 what the call says; all other registers are kept. A number in the column
 * "cap" is an index in the caller's own capability table (abi/image.h).
 *
 * A domain has one VMM thread. The kernel runs it for one reason at a time: `PV_CALL_WAIT` ends
 * the work on one message and returns with the next. While the VMM serves a vCPU, it runs on that
 * vCPU's physical CPU, in its place and on its account; other vCPUs of the domain that need the
 * VMM wait for their turn.
 */
#ifndef ABI_CALLS_H
#define ABI_CALLS_H

#include <stdint.h>

/*
 * X(name, number, arguments and results). The only source of the numbers; docs/kernel-abi.md
 * describes each.
 */
#define PV_CALLS(X)                                                                                \
	X(WAIT, 0, "x0 reply, x1..x4 values => message in x0..x7")                                 \
	X(NOP, 1, "does nothing: measures the way in and out")                                     \
	X(VCPU_START, 2, "x0 cap VCPU, x1 pc, x2 argument; ERR_STATE, ERR_AGAIN")                  \
	X(VIRQ_SET, 3, "x0 cap VGIC, x1 vcpu, x2 intid, x3 PV_VIRQ_* configuration")               \
	X(VIRQ_OP, 4, "x0 cap VGIC, x1 vcpu, x2 intid, x3 enum pv_virq_op")                        \
	X(VIRQ_GET, 5, "x0 cap VGIC, x1 vcpu, x2 intid => x1 PV_VIRQ_* state")                     \
	X(VGIC_ENABLE, 6, "x0 cap VGIC, x1 0 or 1: the distributor forwards interrupts")           \
	X(DOORBELL_RING, 7, "x0 cap DOORBELL_SEND")                                                \
	X(DOORBELL_BIND, 8, "x0 cap DOORBELL_RECV, x1 SPI intid of this domain, 0 = masked")       \
	X(CONSOLE_WRITE, 9, "x0 cap CONSOLE, x1 count 1..16, x2 x3 bytes, LSB first => x1 taken")  \
	X(CONSOLE_READ, 10, "x0 cap CONSOLE => x1 count 0..8, x2 bytes, LSB first")                \
	X(VCPU_STOP, 11, "x0 cap VCPU: it is off; ERR_AGAIN until it has left its CPU")            \
	X(VGIC_RESET, 12, "x0 cap VGIC; ERR_STATE unless all vCPUs are off")                       \
	X(TIMER_SET, 13, "x0 value of CNTVCT_EL0, UINT64_MAX never: PV_EVENT_TIMER is set then")   \
	X(STREAM_SET, 14, "x0 cap STREAM, x1 0 or 1: its DMA aborts or is translated; ERR_STATE")  \
	X(STREAM_GET, 15, "x0 cap STREAM => x1 faults since boot, x2 last address, x3 its kind")   \
	X(WINDOW_READ, 16, "x0 cap WINDOW, x1 word => x1 value; ERR_STATE")                        \
	X(WINDOW_WRITE, 17, "x0 cap WINDOW, x1 word, x2 value; ERR_STATE, ERR_RIGHT")              \
	X(VCPU_GET, 18, "x0 cap VCPU, x1 enum pv_counter => x1 its value since boot")              \
	X(DOORBELL_SENT, 19, "x0 cap DOORBELL_SEND => x1 rings since boot; ERR_STATE an event")    \
	X(DOORBELL_CAME, 20, "x0 cap DOORBELL_RECV => x1 rings since boot; ERR_STATE an event")

#define PV_CALL_ENUM(name, number, text) PV_CALL_##name = (number),
enum pv_call { PV_CALLS(PV_CALL_ENUM) PV_CALL_COUNT = 21 };
#undef PV_CALL_ENUM

/* x1 of a VMM's start, beside its pv_domain.vmm_arg in x0: what the CPU has. x2: its
 * MIDR_EL1. x3: how many VMMs of the domain have died before (PV_DOMAIN_VMM_RESTARTS). */
#define PV_CPU_RNDR (1U << 0)     /* RNDR (FEAT_RNG), which a VMM may read */
#define PV_CPU_SSBS (1U << 1)     /* PSTATE.SSBS (FEAT_SSBS) */
#define PV_CPU_CSV2_SHIFT 4       /* 4 bits: ID_AA64PFR0_EL1.CSV2 */
#define PV_CPU_WORKAROUND_SHIFT 8 /* enum pv_workaround of SMCCC_ARCH_WORKAROUND_1 to _3 */

/* What the firmware below the kernel says of a workaround for speculation (Arm DEN 0070); 2 bits. */
enum pv_workaround {
	PV_WORKAROUND_NONE = 0,    /* it has none */
	PV_WORKAROUND_THERE = 1,   /* it has: a guest's calls of 1 and 3 do not come to its VMM
	                              but to the firmware, and 2 is on for good */
	PV_WORKAROUND_NEEDLESS = 2 /* the CPU needs none */
};

/* What PV_CALL_WAIT says of the message that the VMM has just served. */
enum pv_reply {
	PV_REPLY_NONE = 0,   /* nothing was owed: at the first call, and after PV_MSG_EVENTS */
	PV_REPLY_RESUME = 1, /* the vCPU goes on behind the instruction; x1 is the value that a
	                        PV_MSG_READ or _SYSREG asked for, or the guest's x0 after a
	                        PV_MSG_CALL */
	PV_REPLY_UNDEF = 2,  /* the vCPU takes an Undefined Instruction exception at EL1 */
	PV_REPLY_OFF = 3,    /* the vCPU is off until PV_CALL_VCPU_START */
	PV_REPLY_STOP = 4,   /* the domain is off, all its vCPUs are; x1 is an enum pv_stop. Allowed
	                        after any message. PV_CALL_VCPU_START has it on again */
	PV_REPLY_ABORT = 5,  /* the vCPU takes a synchronous External abort at EL1 for the access of
	                        a PV_MSG_READ, _WRITE or _FAULT */
	PV_REPLY_RESULTS = 6, /* after a PV_MSG_CALL: the vCPU goes on, x1..x4 are its x0..x3 */
	PV_REPLY_COUNT = 7
};

/* What the kernel asks of the VMM: x0 of PV_CALL_WAIT's result. */
enum pv_msg {
	PV_MSG_EVENTS = 1, /* x1: event bits that were set since the last time, bit n = event n */
	PV_MSG_READ = 2,   /* x1 vcpu, x2 ipa, x3 bytes (1 2 4 8): a load from unmapped memory;
	                      x5 ESR_EL2, x6 pc, x7 FAR_EL2, for a report */
	PV_MSG_WRITE = 3,  /* x1 vcpu, x2 ipa, x3 bytes, x4 value (zero-extended): a store;
	                      x5 ESR_EL2, x6 pc, x7 FAR_EL2, for a report */
	PV_MSG_CALL = 4,   /* x1 vcpu, x2..x5 the guest's x0..x3, x6 0 = HVC, 1 = SMC */
	PV_MSG_FAULT = 5,  /* x1 vcpu, x2 ipa, UINT64_MAX if unknown, x5 ESR_EL2, x6 pc, x7 FAR_EL2:
	                      an access that has no valid syndrome or is an instruction fetch. Only
	                      PV_REPLY_UNDEF, _OFF, _STOP or _ABORT answer it */
	PV_MSG_SYSREG = 6  /* x1 vcpu, x2 what the CPU has, if it reads an ID register,
	                      x5 ESR_EL2, x6 pc: an access to a system register that traps */
};

/* Why a domain went off; the kernel reports it on its own console channel. */
enum pv_stop {
	PV_STOP_POWEROFF = 0, /* PSCI SYSTEM_OFF */
	PV_STOP_RESET = 1,    /* PSCI SYSTEM_RESET */
	PV_STOP_FAULT = 2,    /* the guest did what its VMM cannot handle */
	PV_STOP_VMM = 3       /* the VMM itself faulted or broke the rules of the calls */
};

/* Events of a domain (PV_MSG_EVENTS). Doorbells of kind PV_DOORBELL_EVENT set bits >= 8. */
#define PV_EVENT_CONSOLE(n) (n) /* input waits on the domain's console channel n, n < 4 */
#define PV_EVENT_TIMER 4        /* what PV_CALL_TIMER_SET has set has come */
#define PV_EVENT_DOORBELL 8

/* Configuration and state of a virtual interrupt, PV_CALL_VIRQ_SET and _GET. */
#define PV_VIRQ_ENABLED (1U << 0)
#define PV_VIRQ_EDGE (1U << 1)    /* else level-sensitive */
#define PV_VIRQ_PENDING (1U << 2) /* state only: read, not set */
#define PV_VIRQ_ACTIVE (1U << 3)  /* state only */
#define PV_VIRQ_PRIORITY_SHIFT 8  /* 8 bits */
#define PV_VIRQ_TARGET_SHIFT 16   /* 8 bits: the vCPU that an SPI goes to */
#define PV_VIRQ_SOURCES_SHIFT 24  /* state only, 8 bits: the vCPUs from which an SGI is pending */

enum pv_virq_op {
	PV_VIRQ_OP_PEND = 0,      /* latch it pending: edge, SGI, or GICD_ISPENDR */
	PV_VIRQ_OP_UNPEND = 1,    /* clear the latch: GICD_ICPENDR */
	PV_VIRQ_OP_LINE_HIGH = 2, /* level of a level-sensitive interrupt's line */
	PV_VIRQ_OP_LINE_LOW = 3,
	PV_VIRQ_OP_ACTIVATE = 4,   /* GICD_ISACTIVER */
	PV_VIRQ_OP_DEACTIVATE = 5, /* GICD_ICACTIVER */
	PV_VIRQ_OP_COUNT = 6
};

/* What the kernel alone sees of a vCPU, PV_CALL_VCPU_GET. What comes to the VMM as a message the VMM
 * can count itself. */
enum pv_counter {
	PV_COUNTER_TIME = 0, /* for which it or the VMM in its place ran, in ticks of CNTVCT_EL0 */
	PV_COUNTER_HELD = 1, /* for which it was kept from running by its budget, the same; counted
	                        to the end of a wait when that begins */
	PV_COUNTER_INTERRUPTS = 2, /* that the guest has ended */
	PV_COUNTER_DOORBELLS = 3,  /* accesses to doorbell pages */
	PV_COUNTER_WAITS = 4,      /* WFI */
	PV_COUNTER_REGISTERS = 5,  /* system registers that trap */
	PV_COUNTER_COUNT = 6
};

/* Sources of a software-generated interrupt: bits 10..12 of the intid of PV_VIRQ_OP_PEND when
 * the intid is below 16; they become the CPUID field of the guest's GICC_IAR (GICv2 4.4.4). */
#define PV_SGI_SOURCE_SHIFT 10

#endif
