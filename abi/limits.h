/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one system may hold. The kernel's tables have these sizes and topo refuses a topology that
 * needs more; every loop of the kernel over a table ends at one of these constants.
 */
#ifndef ABI_LIMITS_H
#define ABI_LIMITS_H

#define PV_PAGE_SHIFT 12
#define PV_PAGE_BYTES 4096U

#define PV_CPUS_MAX 8U             /* physical CPUs */
#define PV_DOMAINS_MAX 32U         /* VMs */
#define PV_DOMAIN_VCPUS_MAX 4U     /* vCPUs of one VM */
#define PV_VCPUS_MAX 64U           /* vCPUs of all VMs */
#define PV_CPU_SLOTS_MAX 32U       /* vCPUs pinned to one physical CPU */
#define PV_PERIOD_US_MIN 100U      /* shortest period of a CPU budget, microseconds */
#define PV_REGIONS_MAX 1024U       /* ranges of physical memory */
#define PV_MAPPINGS_MAX 2048U      /* a region in an address space */
#define PV_DOORBELLS_MAX 1024U     /* doorbells of all VMs */
#define PV_DOORBELL_PAGES_MAX 256U /* pages whose stores ring, of all VMs */
#define PV_CAPS_MAX 2048U          /* capabilities of all domains */
#define PV_VIRQS 288U              /* interrupt identifiers of a VM: 0..15 SGI, 16..31 PPI, SPI */
#define PV_SPI_FIRST 32U
#define PV_INTID_END 1020U        /* physical SPIs stand below */
#define PV_CONSOLES_MAX 4U        /* console channels of one domain */
#define PV_CHANNELS_MAX 128U      /* console channels of the system, the kernel's own is 0 */
#define PV_DEVICES_MAX 256U       /* ranges of device pages, of all VMs */
#define PV_IRQS_MAX 128U          /* physical interrupts, of all VMs */
#define PV_STREAMS_MAX 16U        /* streams of the SMMU, of all VMs */
#define PV_STREAM_IDS 512U        /* numbers of streams: functions of buses 0 and 1 of PCI */
#define PV_WINDOWS_MAX 64U        /* windows on a page of registers, of all VMs */
#define PV_WINDOW_RULES_MAX 1024U /* words that they may write */
#define PV_MSIS_MAX 64U           /* message-signalled interrupts of one VM's devices */
#define PV_IPA_BITS 39U           /* input size of every stage-2 space */
#define PV_PA_BITS 40U            /* largest physical address that an image may name */
#define PV_TABLES_MAX 16384U      /* pages of the stage-2 table pool */

#endif
