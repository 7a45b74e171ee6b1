/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system image: every object and every right of a system, laid out by topo, checked whole by
 * the kernel (lib/image_check.h) before one field of it is used.
 *
 * In memory: the kernel's flat binary, padded to PV_IMAGE_ALIGN; the header below; the tables, in
 * the order of the header's fields, each aligned to 8 bytes; then pages that are regions. All
 * offsets count from the header. All numbers are little-endian; padding is 0. Tables refer to each
 * other by index. Physical and intermediate physical memory is counted in 4 KiB pages.
 *
 * Rights: what stands in a domain's slice of the capability table, in the mappings of its three
 * address spaces, and what names it of the hardware is all that the domain can ever do. Nothing is
 * created after boot.
 */
#ifndef ABI_IMAGE_H
#define ABI_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "abi/limits.h"

#define PV_IMAGE_MAGIC 0x3153594952565650ULL /* "PVVRIYS1", little-endian */
#define PV_IMAGE_VERSION 4U
#define PV_IMAGE_ALIGN 0x10000U /* of the header, behind the kernel's binary */
#define PV_GICC_PAGES 2U /* of a GICv2 CPU interface, IHI 0048B 4.1: GICC_DIR lies in the second */

/* Boards; the kernel refuses an image that was made for another. */
enum pv_board { PV_BOARD_QEMU_VIRT = 1, PV_BOARD_QEMU_VIRT_V3 = 2 };

/* A slice of a table: entries [first, first + count). */
struct pv_slice {
	uint32_t first;
	uint32_t count;
};

/* Where a table lies: bytes from the header, and its number of entries. */
struct pv_table {
	uint32_t offset;
	uint32_t count;
};

struct pv_image_header {
	uint64_t magic;
	uint32_t version;
	uint32_t header_bytes; /* sizeof(struct pv_image_header) */
	uint64_t image_bytes;  /* header, tables, regions */
	uint32_t board;        /* enum pv_board */
	uint32_t cpu_count;    /* physical CPUs that the system uses: 0 .. cpu_count - 1 */
	uint32_t ram_page;     /* RAM of the board: first page and number of pages */
	uint32_t ram_page_count;
	uint32_t pool_page; /* memory of the stage-2 tables: in RAM, in no region */
	uint32_t pool_page_count;
	struct pv_table domains;
	struct pv_table vcpus;
	struct pv_table regions;
	struct pv_table mappings;
	struct pv_table caps;
	struct pv_table doorbells;
	struct pv_table doorbell_pages;
	struct pv_table devices;
	struct pv_table irqs;
	struct pv_table streams;
	struct pv_table windows;
	struct pv_table window_rules;
};

#define PV_DOMAIN_VMM_RESTARTS (1U << 0) /* a VMM that dies starts again, a few times */

/*
 * A domain: one VM and its VMM. Slices of caps, vcpus and doorbell_pages of different domains are
 * disjoint and cover their tables in order.
 */
struct pv_domain {
	char name[32]; /* for reports only; NUL-terminated, printable ASCII */
	struct pv_slice vcpus;
	struct pv_slice caps;
	struct pv_slice doorbell_pages; /* page i of the slice lies at doorbell_ipa_page + i */
	uint32_t doorbell_ipa_page;     /* first page of the doorbell window of the guest */
	uint32_t gicc_ipa_page;         /* where the guest finds its GIC CPU interface; 0 if the
	                                   board's has no page */
	uint32_t priority;              /* 0 lowest .. 255 highest */
	uint32_t budget_us;             /* CPU time of each vCPU in any period; 0 = no limit */
	uint32_t period_us;     /* >= PV_PERIOD_US_MIN and >= budget_us; 0 without a budget */
	uint32_t channel_first; /* console channels [first, first + count) of the multiplexer */
	uint32_t channel_count; /* <= PV_CONSOLES_MAX; disjoint between domains, 0 is nobody's */
	uint32_t flags;         /* PV_DOMAIN_* */
	/*
	 * Message-signalled interrupts of its devices: who writes the number of one of the SPIs
	 * [msi_first, msi_first + msi_count) to page msi_ipa_page of its DMA space pends it. The
	 * guest's space has nothing there. msi_count 0: there are none, and all three are 0.
	 * Otherwise none is 0, it has a stream, and the board a page for MSIs; where that takes
	 * physical interrupts for numbers, these are such, and disjoint between domains.
	 */
	uint32_t msi_ipa_page;
	uint32_t msi_first;
	uint32_t msi_count; /* <= PV_MSIS_MAX */
	uint32_t reserved;
	uint64_t vmm_entry; /* where the VMM's thread starts, in the VMM's address space */
	uint64_t vmm_stack; /* its initial stack pointer, 16-byte aligned */
	uint64_t vmm_arg;   /* its x0 */
	uint64_t entry;     /* where vCPU 0 starts, in the guest's address space */
	uint64_t entry_arg; /* its x0: what its loader is told */
};

/* A vCPU. The first of a domain starts at boot, the others by PV_CALL_VCPU_START. */
struct pv_vcpu {
	uint32_t domain;
	uint32_t cpu; /* the physical CPU that it is pinned to, < cpu_count */
};

/*
 * A range of physical RAM, the unit of sharing. Regions are sorted by page and disjoint; they
 * touch neither the kernel, the table pool, nor the image before its first page behind the tables.
 *
 * Behind that page a region may lie in the image whole, in pages that the image fills to their end:
 * a ROM. It is as the image has it when the first VM runs. One that is mapped more than once has no
 * mapping with WRITE: whoever reads it reads what topo wrote, and nobody speaks through it.
 *
 * The kernel clears every other region at boot, but for those with PV_REGION_LOADED.
 */
#define PV_REGION_SHARED (1U << 0) /* may be mapped more than once, by any domains */
/* One guest's alone, whose first code clears and loads it: at its first start but for what it knows to be
 * zeros already. */
#define PV_REGION_LOADED (1U << 1)

struct pv_region {
	uint32_t page;
	uint32_t page_count; /* > 0 */
	uint32_t flags;      /* PV_REGION_* */
	struct pv_slice mappings;
	uint32_t reserved;
};

/*
 * A region in an address space. The mappings of one region stand together, in the order of the
 * regions. A region without PV_REGION_SHARED has exactly one mapping beside those of DMA spaces,
 * another at least one. Two mappings in the same space do not overlap, nor do those of a guest touch
 * its doorbell window, its CPU interface, or where it finds the page for MSIs, which do not touch
 * each other either. A region that a VMM's space has with EXEC has no mapping with WRITE, in
 * whatever space.
 *
 * The DMA space is what the streams of a domain reach; one without streams has no mapping there. A
 * mapping in it is of a region that the same domain's guest has at the same page with all its
 * rights, never EXEC.
 */
enum pv_space { PV_SPACE_GUEST = 0, PV_SPACE_VMM = 1, PV_SPACE_DMA = 2, PV_SPACE_COUNT = 3 };

#define PV_RIGHT_READ (1U << 0) /* always there */
#define PV_RIGHT_WRITE (1U << 1)
#define PV_RIGHT_EXEC (1U << 2)

struct pv_mapping {
	uint32_t domain;
	uint16_t space;  /* enum pv_space */
	uint16_t rights; /* PV_RIGHT_* */
	uint32_t ipa_page;
	uint32_t reserved;
};

/* Capabilities. `object` is an index whose meaning depends on the type. */
enum pv_cap_type {
	PV_CAP_NONE = 0,
	PV_CAP_VCPU = 1,          /* object: vcpus[], of the own domain */
	PV_CAP_VGIC = 2,          /* object: the own domain */
	PV_CAP_DOORBELL_SEND = 3, /* object: doorbells[] */
	PV_CAP_DOORBELL_RECV = 4, /* object: doorbells[], kind VIRQ, aimed at the own domain */
	PV_CAP_CONSOLE = 5,       /* object: 0 .. channel_count - 1 of the own domain */
	PV_CAP_STREAM = 6,        /* object: streams[], of the own domain */
	PV_CAP_WINDOW = 7,        /* object: windows[], of the own domain */
	PV_CAP_TYPE_COUNT = 8
};

struct pv_cap {
	uint32_t type; /* enum pv_cap_type */
	uint32_t object;
};

/* What a doorbell does. */
enum pv_doorbell_kind {
	PV_DOORBELL_VIRQ = 1, /* number: SPI intid made pending, 0 = masked until BIND */
	PV_DOORBELL_EVENT = 2 /* number: event bit of the VMM, PV_EVENT_DOORBELL .. 63 */
};

struct pv_doorbell {
	uint32_t domain; /* the target */
	uint16_t kind;   /* enum pv_doorbell_kind */
	uint16_t number;
};

/*
 * A page of a guest's address space that is not mapped: a 4-byte aligned store of 1 to 8 bytes at
 * offset 4 * n rings the doorbell of caps[caps.first + n]. Stores beyond the slice do
 * nothing; loads read 0. The slice lies inside the domain's own capabilities and holds
 * PV_CAP_DOORBELL_SEND or PV_CAP_NONE.
 */
struct pv_doorbell_page {
	uint32_t domain;
	struct pv_slice caps; /* count <= PV_PAGE_BYTES / 4 */
	uint32_t reserved;
};

/*
 * Registers of devices: pages outside of RAM, seen by one space of one domain as device memory.
 * Sorted by page and disjoint; none of the board's blocks, window areas and page for MSIs. In its
 * space a range touches no mapping, no other range, and nothing that a mapping may not touch.
 */
struct pv_device {
	uint32_t page;
	uint32_t page_count; /* > 0 */
	uint32_t domain;
	uint16_t space;  /* PV_SPACE_GUEST or PV_SPACE_VMM */
	uint16_t rights; /* PV_RIGHT_READ, PV_RIGHT_WRITE */
	uint32_t ipa_page;
	uint32_t reserved;
};

#define PV_IRQ_EDGE (1U << 0) /* else level-sensitive */

/*
 * A physical line, which becomes a virtual SPI of one domain while that is on. Sorted by intid,
 * each once; none of the board's own lines, nor of those that its page for MSIs raises.
 */
struct pv_irq {
	uint32_t intid; /* physical, an SPI */
	uint32_t domain;
	uint16_t virq;  /* virtual, an SPI; of no other line of the domain and none of its MSIs */
	uint16_t flags; /* PV_IRQ_* */
	uint32_t reserved;
};

/* A stream of the SMMU, which the board must have: what it reaches is its domain's DMA space.
 * Sorted by id, each once. */
struct pv_stream {
	uint32_t id; /* StreamID, and DeviceID of its MSIs; < PV_STREAM_IDS */
	uint32_t domain;
};

#define PV_NOBODY UINT32_MAX

/*
 * A page of registers, in a window area of the board, that its holder reaches by calls only: it
 * reads every word, and writes those that have a rule. Sorted by page and domain, each once. The
 * rules of the windows stand one behind the other, in order, and are all.
 *
 * Where windows of a page both have a rule for a word, neither has flags, and what one may write
 * the other keeps and does not write.
 *
 * The words are taken for those of PCI configuration space. Of the command, word 1, rules write and
 * store no more than that memory is decoded, the function is a bus master, and its line off, the last
 * alone at boot, and each has PV_RULE_INITIAL; of base addresses, words 4 to 9, only with
 * PV_RULE_PROBE, in a window that begins with word 1, where `keep` is all bits from one up and has all
 * of `initial`; of word 15 the lower byte; of other words below 16 nothing. A window that may let
 * memory be decoded has rules for words 4 to 9. One window of a page has all rules of words 1 and 4 to 9. Apertures are not compared
 * with each other, nor with devices[]: whose they are the image says.
 */
struct pv_window {
	uint32_t page;
	uint32_t domain;       /* PV_NOBODY: there are only initial values */
	struct pv_slice rules; /* window_rules[] */
};

#define PV_RULE_INITIAL (1U << 0) /* `initial` is stored at boot, and kept; else it is 0 */
/*
 * Only with PV_RULE_INITIAL, of words 4 to 9. Before that is stored, all ones are, and every bit of
 * `keep` above bit 3 must read as one: so a base address register of PCI is shown to move within its
 * aperture only. If `initial` is 0 there it may also read 0, there being no such register, or have 1
 * in the lower two bits, being one of I/O ports, which no rule enables. If it does not hold the window
 * is closed for good: reads give ones, writes do nothing, both ERR_STATE.
 */
#define PV_RULE_PROBE (1U << 1)
#define PV_WINDOW_WORDS (PV_PAGE_BYTES / 4U)

/*
 * A write stores (value & writable) | (old & keep), with PV_RULE_INITIAL (value & writable) |
 * (initial & keep). Should the device forget what stands there, as PCI functions do at a reset, the
 * next write of any word restores that first, in all words of its window, the first of which has its
 * `initial` while one with PV_RULE_PROBE is gone. The write is not done, ERR_STATE, if such a one does
 * not take it; and it is undone in the first word, ERR_STATE, if such a one has gone meanwhile.
 */
struct pv_window_rule {
	uint32_t word;     /* < PV_WINDOW_WORDS, ascending in its window */
	uint32_t writable; /* 0 if the window is nobody's */
	uint32_t keep;     /* no bit of `writable` */
	uint32_t initial;
	uint32_t flags; /* PV_RULE_* */
	uint32_t reserved;
};

_Static_assert(sizeof(struct pv_image_header) == 144, "image header");
_Static_assert(sizeof(struct pv_domain) == 144, "domain");
_Static_assert(sizeof(struct pv_vcpu) == 8, "vcpu");
_Static_assert(sizeof(struct pv_region) == 24, "region");
_Static_assert(sizeof(struct pv_mapping) == 16, "mapping");
_Static_assert(sizeof(struct pv_cap) == 8, "cap");
_Static_assert(sizeof(struct pv_doorbell) == 8, "doorbell");
_Static_assert(sizeof(struct pv_doorbell_page) == 16, "doorbell page");
_Static_assert(sizeof(struct pv_device) == 24, "device");
_Static_assert(sizeof(struct pv_irq) == 16, "irq");
_Static_assert(sizeof(struct pv_stream) == 8, "stream");
_Static_assert(sizeof(struct pv_window) == 16, "window");
_Static_assert(sizeof(struct pv_window_rule) == 24, "window rule");

#endif
