/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a bare-metal test guest asks of its test VMM: HVC with the function in x0 and arguments in
 * x1 to x3; x0 returns the result. By it a guest reaches the kernel's system calls, sees what the
 * kernel told the VMM, and prints. Also the fixed places of a test domain that programs and
 * image.py agree on; image.py reads this file.
 */
#ifndef TESTS_BAREMETAL_PROTOCOL_H
#define TESTS_BAREMETAL_PROTOCOL_H

/* Slots of a test domain's capability table. */
#define T_CAP_VCPU 0
#define T_CAP_VGIC 4
#define T_CAP_CONSOLE 5
#define T_CAP_EXTRA 6 /* what the case adds: doorbells */

/* Guest-physical places. */
#define T_RAM_IPA 0x40000000
#define T_GICC_IPA 0x08010000
#define T_DEVICE_IPA 0x09000000 /* unmapped: the VMM answers */
#define T_DOORBELL_IPA 0x0a000000
#define T_UART_IPA 0x09100000 /* where a case gives the board's second UART, as SPI */
#define T_LINE 70
#define T_SHARED_IPA 0x50000000
/* Under the real VMM also: */
#define T_GICD_IPA 0x08000000
#define T_V2M_IPA 0x08020000
#define T_GICR_IPA 0x080a0000 /* where the board has a GICv3 */
#define T_BAR_IPA 0x10000000
#define T_ECAM_IPA 0x20000000
#define T_HARDWARE_ECAM_IPA 0x21000000
#define T_HARDWARE_BAR_IPA 0x38000000

/* The VMM's places; its link script has them too. */
#define T_VMM_SHARED 0x40000000

#define T_PARAMS 8 /* words of the array "params" in each program, filled in by the case */

/* A PSCI function identifier has bit 31; the functions below have not. */
enum t_call {
	T_PRINT = 1,      /* x1 x2: up to 16 characters, ending at a NUL */
	T_STOP = 2,       /* x1 enum pv_stop: the domain ends */
	T_OFF = 3,        /* this vCPU goes off */
	T_UNDEF = 4,      /* this vCPU takes an Undefined Instruction exception */
	T_VCPU_START = 5, /* x1 vcpu, x2 pc, x3 argument => error */
	T_VIRQ_SET = 6,   /* x1 vcpu, x2 intid, x3 configuration => error */
	T_VIRQ_OP = 7,    /* x1 vcpu, x2 intid, x3 operation => error */
	T_VIRQ_GET = 8,   /* x1 vcpu, x2 intid => state, or error */
	T_VGIC_ENABLE = 9,
	T_RING = 10,       /* x1 cap => error */
	T_BIND = 11,       /* x1 cap, x2 intid => error */
	T_LAST = 12,       /* x1 i => x_i of the last message that was not a call */
	T_COUNT = 13,      /* => messages so far that were not calls */
	T_SET_READ = 14,   /* x1: what loads from unmapped memory shall return */
	T_EVENTS = 15,     /* => event bits since the last time */
	T_NOTHING = 16,    /* => x1 + x2 + x3 */
	T_DO = 17,         /* the VMM calls the function that the case has given it, with x1 */
	T_PARAM = 19,      /* x1 i => params[i] of the VMM */
	T_SET_FAULT = 18,  /* x1 enum pv_reply: the answer to PV_MSG_FAULT from now on */
	T_SET_ACCESS = 20, /* x1 enum pv_reply: the answer to PV_MSG_READ and PV_MSG_WRITE */
	T_VCPU_STOP = 21,  /* x1 vcpu => error */
	T_VGIC_RESET = 22, /* => error */
	T_RESTART = 23,    /* x1 pc, x2 argument: the VM starts anew, as after a reset */
	T_GET = 24         /* x1 a call, x2 x3 its x0 and x1 => its x1, or error */
};

#endif
