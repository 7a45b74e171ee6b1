/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bringing the machine up: from the first instruction in C on each CPU to its first VM.
 */
#include "kernel/aarch64/boot.h"

#include <stddef.h>

#include "kernel/aarch64/entry.h"
#include "kernel/aarch64/firmware.h"
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/its.h"
#include "kernel/aarch64/smmu.h"
#include "kernel/aarch64/sysreg.h"
#include "kernel/aarch64/trap_controls.h"
#include "kernel/arm/mmu.h"
#include "kernel/board.h"
#include "kernel/core/arch.h"
#include "kernel/core/boot.h"
#include "kernel/core/invariants.h"
#include "kernel/core/log.h"
#include "kernel/core/memory.h"
#include "kernel/core/sched.h"
#include "kernel/drivers/uart.h"
#include "lib/image_board.h"

/* Registers that EL2 uses. */
#define MAP_KERNEL(base, bytes) mmu_map_device(base, bytes);
#define MAP_GUESTS(base, bytes)
#define MAP_NOBODY(base, bytes)
#define MAP(block, base, bytes, user, shown, text) MAP_##user(base, bytes)
#define START_PATIENCE 100000000U /* polls for another CPU to come up */

/* VTCR_EL2: 39-bit input from level 1, 4 KiB, walks write-back inner shareable, 40-bit output;
 * RES1. The same for guests and VMMs. */
#define VTCR_VALUE                                                                                 \
	(25ULL | 1ULL << 6 | 1ULL << 8 | 1ULL << 10 | 3ULL << 12 | 2ULL << 16 | 1ULL << 31)

extern const char __text_start[], __rodata_start[], __data_start[], __kernel_end[];

struct kernel kernel;

static uint32_t cpus_online;    /* atomic */
static uint32_t go;             /* atomic: the tables are final */
static uint64_t counter_offset; /* guests count from the kernel's start; boot */

/* The registers of EL2 that stay as they are. CNTHCTL_EL2 0: a guest has no physical counter and
 * no physical timer. */
static void init_registers(void)
{
	trap_controls_init();
	sysreg_write(vtcr_el2, VTCR_VALUE);
	sysreg_write(cnthctl_el2, 0);
	sysreg_write(cnthp_ctl_el2, 0);
	sysreg_write(cntv_ctl_el0, 0);
	sysreg_write(cntvoff_el2, counter_offset);
	sysreg_write(vpidr_el2, sysreg_read(midr_el1));
	sysreg_write(mdscr_el1, 0);
	firmware_init();
	isb();
	/* Translations of whatever ran before us. */
	tlbi(alle1);
	dsb(nsh);
	isb();
}

static void init_cpu_structs(void)
{
	for (uint32_t i = 0; i < PV_CPUS_MAX; i++) {
		struct cpu *c = &kernel.cpus[i];

		c->id = i;
		c->current = NULL;
		c->resched = 1;
		c->deadline = UINT64_MAX;
		c->timers_at = UINT64_MAX;
		for (uint32_t n = 0; n < PV_DOMAINS_MAX; n++) {
			c->last_vcpu[n] = NONE;
		}
	}
}

static uint16_t vmid_of(uint32_t domain, enum pv_space space)
{
	return (uint16_t)(1 + s2_space_of(domain, space));
}

/* Where the tables of a space begin. */
static uint64_t root_of(uint32_t domain, enum pv_space space)
{
	return (uint64_t)s2_root_page(boot_spaces(), s2_space_of(domain, space)) << PV_PAGE_SHIFT;
}

IMAGE_BOARD(hardware)

/* VTTBR_EL2 of a space: its VMID and its root. */
static uint64_t vttbr_of(uint32_t domain, enum pv_space space)
{
	return (uint64_t)vmid_of(domain, space) << 48 | root_of(domain, space);
}

/* What the streams reach, once they are on. */
static void grant_streams(void)
{
	for (uint32_t i = 0; i < PV_STREAMS_MAX && kernel.streams[i].domain; i++) {
		struct stream *s = &kernel.streams[i];
		uint32_t domain = (uint32_t)(s->domain - kernel.domains);

		s->vmid = vmid_of(domain, PV_SPACE_DMA);
		smmu_grant(s, root_of(domain, PV_SPACE_DMA));
	}
	if (!invariants_streams_hold(smmu_table(), boot_spaces())) {
		boot_refuse("the table of streams is not what the image says", NULL);
	}
}

/* Build everything from the image that follows the kernel. */
static void build(void)
{
	const struct pv_image_header *image = (const void *)__kernel_end;
	uint64_t ram_pages = image->ram_page_count; /* not checked yet: bounded by the board */
	uint64_t image_page = (uintptr_t)image >> PV_PAGE_SHIFT;

	ram_pages = ram_pages < BOARD_RAM_PAGES ? ram_pages : BOARD_RAM_PAGES;
	uint64_t end_page = BOARD_RAM_PAGE + ram_pages;

	mmu_map_ram(BOARD_RAM_BASE, end_page << PV_PAGE_SHIFT);
	dsb(ishst);
	isb();
	if (ram_pages) {
		/* The board says how much RAM there can be, the image how much there is. */
		boot_probe_ram((end_page << PV_PAGE_SHIFT) - 8);
	}

	const struct image_bounds bounds = {
		.board = BOARD_ID,
		.ram_page = BOARD_RAM_PAGE,
		.ram_page_count = BOARD_RAM_PAGES,
		.kernel_page = (uint32_t)((uintptr_t)__text_start >> PV_PAGE_SHIFT),
		.kernel_page_count = (uint32_t)((__kernel_end - __text_start) >> PV_PAGE_SHIFT),
		.image_page = (uint32_t)image_page,
		.hardware = &hardware,
	};

	boot_build(image, end_page > image_page ? (end_page - image_page) << PV_PAGE_SHIFT : 0,
	           &bounds, gic_guest_page());
	for (uint32_t i = 0; i < kernel.vcpu_count; i++) {
		struct vcpu *v = &kernel.vcpus[i];

		v->arch.vttbr = vttbr_of((uint32_t)(v->domain - kernel.domains), PV_SPACE_GUEST);
	}
	for (uint32_t i = 0; i < kernel.domain_count; i++) {
		kernel.domains[i].vmm_arch.vttbr = vttbr_of(i, PV_SPACE_VMM);
	}
	grant_streams();
}

static void start_secondaries(void)
{
	for (uint32_t i = 1; i < PV_CPUS_MAX && i < kernel.cpu_count; i++) {
		if (firmware_call(PSCI_CPU_ON, i, (uintptr_t)secondary_entry, i) != 0) {
			boot_refuse("header[0].cpu_count: a physical CPU does not exist", NULL);
		}
		/* Pairs with the increment in boot_secondary(). */
		for (uint32_t n = 0; __atomic_load_n(&cpus_online, __ATOMIC_ACQUIRE) < i; n++) {
			if (n == START_PATIENCE) {
				boot_refuse("header[0].cpu_count: a physical CPU does not start",
				            NULL);
			}
		}
	}
}

static _Noreturn void run(struct cpu *c)
{
	vcpu_unsettle();
	enter_frame(sched_resume(c));
}

void boot_primary(void)
{
	struct cpu *c = &kernel.cpus[0];

	sysreg_write(vbar_el2, (uintptr_t)vectors);
	mmu_map_kernel((uintptr_t)__text_start, (uintptr_t)__rodata_start, (uintptr_t)__data_start);
	BOARD_BLOCKS(MAP)
	BOARD_WINDOWS(MAP_KERNEL)
	mmu_enable();
	smmu_abort();
	sysreg_write(tpidr_el2, (uintptr_t)c);
	init_cpu_structs();
	uart_init(board_uart);
	log_print("Peervisor on %s", BOARD_NAME);
	counter_offset = arch_now();
	init_registers();
	gic_init_distributor();
	smmu_init();
	gic_init_cpu(0);
	build();
	start_secondaries();
	its_start();
	mmu_seal((uintptr_t)__kernel_end);
	dsb(ishst);
	tlbi(alle2is);
	dsb(ish);
	isb();
	log_print("domains %u, vCPUs %u, CPUs %u", kernel.domain_count, kernel.vcpu_count,
	          kernel.cpu_count);
	/* Pairs with the load in boot_secondary(). */
	__atomic_store_n(&go, 1, __ATOMIC_RELEASE);
	dsb(ishst);
	__asm__ volatile("sev");
	run(c);
}

void boot_secondary(uint64_t id)
{
	struct cpu *c = &kernel.cpus[id];

	sysreg_write(vbar_el2, (uintptr_t)vectors);
	sysreg_write(tpidr_el2, (uintptr_t)c);
	init_registers();
	gic_init_cpu((uint32_t)id);
	boot_check_cpu();
	/* Pairs with the load in start_secondaries(). */
	__atomic_add_fetch(&cpus_online, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE)) {
		__asm__ volatile("wfe");
	}
	run(c);
}
