/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine state that the core stores but never looks into, and what must be inline: locks, and
 * which CPU this is.
 */
#ifndef KERNEL_AARCH64_ARCH_TYPES_H
#define KERNEL_AARCH64_ARCH_TYPES_H

#include <stdbool.h>
#include <stdint.h>

/* EL1 and EL0 registers of a guest, saved when another vCPU takes the CPU. One source for the
 * structure and for the code that moves them (context.c). */
#define GUEST_SYSREGS(X)                                                                           \
	X(sctlr_el1)                                                                               \
	X(cpacr_el1)                                                                               \
	X(ttbr0_el1)                                                                               \
	X(ttbr1_el1)                                                                               \
	X(tcr_el1)                                                                                 \
	X(esr_el1)                                                                                 \
	X(far_el1)                                                                                 \
	X(afsr0_el1)                                                                               \
	X(afsr1_el1)                                                                               \
	X(mair_el1)                                                                                \
	X(amair_el1)                                                                               \
	X(vbar_el1)                                                                                \
	X(contextidr_el1)                                                                          \
	X(tpidr_el0)                                                                               \
	X(tpidrro_el0)                                                                             \
	X(tpidr_el1)                                                                               \
	X(sp_el0)                                                                                  \
	X(sp_el1)                                                                                  \
	X(elr_el1)                                                                                 \
	X(spsr_el1)                                                                                \
	X(par_el1)                                                                                 \
	X(csselr_el1)                                                                              \
	X(cntkctl_el1)                                                                             \
	X(cntv_ctl_el0)                                                                            \
	X(cntv_cval_el0)

struct arch_vcpu {
#define X(reg) uint64_t reg;
	GUEST_SYSREGS(X)
#undef X
	uint64_t vdisr;          /* the guest's DISR_EL1, where the CPU has the RAS extension */
	uint64_t vmpidr;         /* boot */
	uint64_t vttbr;          /* boot */
	uint64_t gich_apr;       /* bit 63 where interrupts may be non-maskable */
	uint64_t gich_apr_other; /* GICv3: of group 0, in which a guest has no interrupts */
	uint32_t gich_vmcr;
	uint32_t fpcr, fpsr;
	_Alignas(16) uint8_t v[32][16];
};

/*
 * What a VMM's entry displaces of the guest whose place it takes: what EL0 has to itself, and what
 * lets EL0 do more than a VMM may (kernel/aarch64/sysreg.h). X(register, what a VMM has there)
 */
#define VMM_SYSREGS(X)                                                                             \
	X(sctlr_el1, SCTLR_EL1_VMM)                                                                \
	X(cntkctl_el1, CNTKCTL_EL0VCTEN)                                                           \
	X(tpidrro_el0, 0)                                                                          \
	X(tpidr_el0, tpidr)                                                                        \
	X(sp_el0, sp)

struct displaced {
#define X(reg, value) uint64_t reg;
	VMM_SYSREGS(X)
#undef X
};

/* A VMM's own state, and the displaced one of the guest. */
struct arch_vmm {
	uint64_t vttbr; /* boot */
	uint64_t sp, tpidr;
	struct displaced guest;
};

struct cpu;

/** The CPU that executes this. */
static inline struct cpu *cpu_here(void)
{
	struct cpu *here;

	__asm__ volatile("mrs %0, tpidr_el2" : "=r"(here));
	return here;
}

/* A ticket lock: both halves in one word, so that one access takes a ticket and looks. */
struct lock {
	union {
		uint32_t word;
		struct {
			uint16_t serving; /* the lower half: EL2 is little-endian */
			uint16_t next;
		};
	};
};

static inline void lock_acquire(struct lock *l)
{
	uint32_t seen = __atomic_fetch_add(&l->word, 1U << 16, __ATOMIC_ACQUIRE);
	uint32_t mine = seen >> 16;

	if ((uint16_t)seen == mine) {
		return;
	}
	/* Bounded: at most PV_CPUS_MAX holders come before, each for a bounded time. Both acquires
	 * pair with the release below. The exclusive load makes the release an event, which ends
	 * WFE (Arm ARM D1.6.1): it needs no SEV, and none is lost between the look and the wait. */
	__asm__ volatile("sevl\n"
	                 "1:\twfe\n\t"
	                 "ldaxrh\t%w0, %1\n\t"
	                 "cmp\t%w0, %w2\n\t"
	                 "b.ne\t1b"
	                 : "=&r"(seen)
	                 : "Q"(l->serving), "r"(mine)
	                 : "cc", "memory");
}

static inline void lock_release(struct lock *l)
{
	/* Only the holder writes `serving`. */
	__atomic_store_n(&l->serving, (uint16_t)(l->serving + 1), __ATOMIC_RELEASE);
}

/** Whether some CPU holds @l, or is just about to. */
static inline bool lock_is_held(const struct lock *l)
{
	uint32_t seen = __atomic_load_n(&l->word, __ATOMIC_RELAXED);

	return (uint16_t)seen != seen >> 16;
}

#endif
