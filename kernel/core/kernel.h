/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's objects, all static. Built once by kernel/core/boot.c from the checked system
 * image; rights and shapes never change afterwards.
 *
 * Fields are grouped by what guards them:
 *   "boot"         written before the first VM runs, constant then
 *   "domain lock"  the lock of the domain that the object belongs to
 *   "owner CPU"    only the physical CPU that the object is pinned to
 * A CPU holds at most one domain lock at a time; which others it may take then says docs/locking.md.
 */
#ifndef KERNEL_CORE_KERNEL_H
#define KERNEL_CORE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/calls.h"
#include "abi/err.h"
#include "abi/image.h"
#include "abi/limits.h"
#include "arch_types.h"
#include "kernel/arm/syndrome.h"
#include "kernel/core/arch.h"
#include "kernel/core/budget.h"
#include "kernel/core/context.h"
#include "variant.h"

#define NONE UINT32_MAX /* no object, where an index is expected */

/* Keeps what is rare, and what it needs of the stack, out of a hot function. */
#define RARE __attribute__((noinline, cold))
/* For what is less than a call of it, into what is rare, too. */
#define INLINE inline __attribute__((always_inline))

#define LRS_MAX 4U /* list registers of a CPU interface that we use; GIC-400 to -600 have no more */
#define VIRQ_PRIVATE PV_SPI_FIRST
#define VIRQ_SPIS (PV_VIRQS - PV_SPI_FIRST)
#define VIRQ_WORDS (PV_VIRQS / 32U)
#define LINE_WORDS ((PV_INTID_END + 31U) / 32U)
#define SGIS 16U

/* Priorities that differ: a list register holds the upper five bits of eight. */
#define VIRQ_LEVELS 32U
#define VIRQ_LEVEL_SHIFT 3U

/* A virtual interrupt: see vgic.h for the flags. */
struct virq {
	uint16_t flags;
	uint8_t priority;   /* 0 highest */
	uint8_t lr : 4;     /* with VIRQ_IN_LR: which list register of its holder */
	uint8_t target : 2; /* SPI: vCPU of the domain */
	uint8_t holder : 2; /* SPI: vCPU that lists or listed it last, and so may handle it */
};

_Static_assert(PV_DOMAIN_VCPUS_MAX <= 4 && LRS_MAX <= 16, "fields of struct virq");

#define VGIC_DIRTY 1U

/* A set of interrupts in which the best, by priority and then number, is found by three looks. */
struct virq_set {
	uint32_t levels;             /* bit p: words[p] is not 0 */
	uint32_t words[VIRQ_LEVELS]; /* bit w: bits[p][w] is not 0 */
	uint32_t bits[VIRQ_LEVELS][VIRQ_WORDS];
	uint32_t count;
};

/* The virtual interrupts of one vCPU. Domain lock; list registers also owner CPU. */
struct vgic_cpu {
	struct virq private[VIRQ_PRIVATE];
	uint8_t sgi_sources[SGIS]; /* bit s: pending from vCPU s */
	struct virq_set ready;     /* interrupts that want a list register */
	/* What the guest handles without a list register, the most urgent last: an entry for each
	 * bit of GICV_APR at most, or the guest has written that. See vgic_lr.c. */
	uint16_t handled[VIRQ_LEVELS];
	uint32_t handled_count;
	uint32_t lr_used; /* bit i: list register i holds an interrupt */
	bool counting;    /* ends of what is in handled[] are counted, and told */
	/* Lines that this vCPU is the target of, and that are not yet as their flags say: line.h. */
	uint32_t stale_words; /* bit w: stale[w] is not 0 */
	uint32_t stale[VIRQ_WORDS];
	/* Not 0: flush before the guest goes on. VGIC_DIRTY, or the SPI that alone has changed. */
	uint32_t dirty;
};

enum vcpu_wait {
	WAIT_NOTHING, /* the guest can run */
	WAIT_OFF,     /* until PV_CALL_VCPU_START */
	WAIT_IRQ,     /* WFI, until an interrupt is pending or the timer's deadline */
	WAIT_VMM      /* until the VMM has replied to its message */
};

#define MESSAGE_REGS 8U

/* Registers of the VMM that a message takes: x0..x7 of PV_CALL_WAIT's result. */
struct message {
	uint64_t x[MESSAGE_REGS];
};

struct cpu;
struct domain;

struct vcpu {
	/* boot */
	uint32_t index; /* in vcpus[] */
	struct domain *domain;
	uint32_t number; /* in the domain */
	struct cpu *cpu;
	uint32_t priority;

	/* owner CPU */
	struct budget budget;
	uint64_t turn;       /* of equals the lowest runs */
	uint64_t slice_left; /* ticks until its turn ends, not 0 */
	uint64_t left_at;    /* counter value when it ran last; UINT64_MAX: then it began to wait */
	uint64_t
		rest_at; /* when its rest ends, if it has not been kept from the CPU since left_at */
	uint64_t held_until; /* counter value up to which PV_COUNTER_HELD has been counted */
	uint64_t counters[PV_COUNTER_COUNT]; /* PV_COUNTER_INTERRUPTS: domain lock */

	uint64_t time_told; /* PV_COUNTER_TIME, as its VMM, which alone changes it, has read it */

	/* owner CPU while the guest runs; domain lock while it waits */
	struct regs regs;
	struct arch_vcpu arch;

	/* domain lock */
	enum vcpu_wait wait;
	struct vgic_cpu vgic;
	bool resting;     /* a rest keeps events away: see message.h. Changed by the owner CPU */
	uint64_t wake_at; /* counter value at which the virtual timer fires; UINT64_MAX never */
	uint64_t
		timer_at; /* when the timer event of its domain is due, set by the VMM in its place */
	struct message message; /* what it asks of its VMM */
	struct access access;   /* that its message asks for */
	bool start;             /* reset to start_pc, start_arg before it runs next */
	uint64_t start_pc, start_arg;
	uint64_t started_at; /* counter value */
};

/* What the VMM is doing. */
enum serving {
	SERVING_NOTHING, /* from its entry to its first PV_CALL_WAIT; or nothing is owed any more */
	SERVING_EVENTS,  /* PV_MSG_EVENTS */
	SERVING_VCPU     /* the message of vCPU vmm_owner */
};

#define VMM_OFFERED (NONE - 1)

struct domain {
	/* boot */
	struct pv_domain image; /* as the image has it; its VMM and guest start so in each life */
	struct vcpu *vcpus;     /* in vcpus[] below, one behind the other */
	uint32_t vcpu_count;
	const struct doorbell_page *doorbell_pages; /* from image.doorbell_ipa_page on */
	uint16_t
		lines[VIRQ_SPIS]; /* the physical interrupt that is this SPI; 0: none. See line.h */
	uint32_t line_words[LINE_WORDS]; /* all of them: bit i of word w is interrupt 32 w + i */
	uint32_t streams;                /* streams[] that are its: bit i */

	struct lock lock;
	/* domain lock */
	bool alive; /* it has a VMM; never again, once it has none */
	bool on;    /* counted in domains_on; else its vCPUs are off, and its VMM may wait */
	uint32_t vmm_lives; /* VMMs that have died */
	uint32_t told;      /* lines about it in the log; atomic */
	/* vcpus[]: in whose place the VMM runs. NONE: it waits. VMM_OFFERED: it is to serve events,
	 * or to go on with that, in the place of whoever takes it: see message.h */
	uint32_t vmm_owner;
	enum serving serving;
	uint64_t events;        /* not yet told to the VMM */
	uint32_t doorbell_life; /* how often all that are aimed at it were as the image has them */
	bool vgic_enabled;
	uint32_t streams_on;
	bool lines_on; /* some may be unmasked */
	struct virq spis[VIRQ_SPIS];

	/* owner CPU of vcpus[vmm_owner] */
	struct regs vmm_regs;
	struct arch_vmm vmm_arch;
};

struct doorbell {
	/* boot */
	struct domain *domain;
	uint8_t kind;   /* enum pv_doorbell_kind */
	uint16_t first; /* its number as the image has it */
	/* domain lock of the target */
	bool latched;    /* rung while masked */
	uint16_t number; /* since it was bound */
	uint32_t life;   /* of its domain when it was; in another one it counts as never bound */
	uint64_t rings;  /* since boot */
};

/* A page of a guest's whose word n rings what caps[n] says. Boot. */
struct doorbell_page {
	const struct pv_cap *caps;
	uint32_t count;
};

/* A physical interrupt, and whose it is. Boot. */
struct line {
	struct domain *domain; /* NULL: it is nobody's */
	uint16_t virq;         /* which SPI of the domain it is */
};

struct stream {
	/* boot */
	struct domain *domain; /* NULL: there is none */
	uint32_t id;           /* StreamID */
	uint16_t vmid;         /* of its domain's DMA space */

	/* domain lock */
	bool on;

	/* the lock of records (stream.c) */
	uint64_t faults; /* since boot */
	struct smmu_event last;
};

/* A page of registers that somebody reaches by calls: see window.h. */
struct window {
	/* boot */
	uint32_t page;
	struct pv_slice rules; /* window_rules[] */
	uint32_t initials;     /* so many of them, the last of which has PV_RULE_INITIAL */
	uint32_t lead;         /* windows[]: the first of this page. In that one alone: */
	bool closed;
	struct lock lock; /* the page's registers, between a load and its store */
};

enum world { WORLD_IDLE, WORLD_GUEST, WORLD_VMM };

/* A physical CPU. */
struct cpu {
	struct regs *regs; /* frame of what runs now. First: assembly knows its offset */
	uint32_t id;

	/* boot */
	struct vcpu *slots[PV_CPU_SLOTS_MAX]; /* highest priority first */
	uint32_t slot_count;
	uint16_t poke_bit; /* this CPU in the argument of arch_poke() */

	/* owner CPU; three are read by others, docs/locking.md */
	bool idle;            /* nothing may run: `current` is only what ran last */
	uint64_t charged;     /* counter value up to which `current` has paid from its budget */
	uint64_t timers_at;   /* no `timer_at` of its vCPUs is due before */
	uint64_t turns;       /* the highest `turn` of its vCPUs */
	struct vcpu *current; /* whose registers are loaded; NULL before the first */
	enum world world;
	uint64_t deadline; /* what arch_set_deadline() was told last */
	uint32_t last_vcpu[PV_DOMAINS_MAX];

	/* What is to be done before anything goes on, in one word, so that one load sees that there
	 * is nothing; with no more than TODO_POKES only `pokes`. */
	union {
		uint64_t todo;
		struct {
			/* owner CPU */
			uint16_t pokes; /* the poke_bit of those to be poked once no lock is held */
			bool unsettled; /* by itself since it chose, or what runs has changed its state */
			/* any CPU, atomic: what runs here may have changed */
			uint32_t resched;
		};
	};
};

#define TODO_POKES 0xffffU

struct kernel {
	/* boot */
	struct domain domains[PV_DOMAINS_MAX];
	struct vcpu vcpus[PV_VCPUS_MAX];
	struct pv_cap caps[PV_CAPS_MAX];
	struct doorbell_page doorbell_pages[PV_DOORBELL_PAGES_MAX];
	struct doorbell doorbells[PV_DOORBELLS_MAX];
	struct line lines[PV_INTID_END - PV_SPI_FIRST];
	struct stream streams[PV_STREAMS_MAX];
	struct window windows[PV_WINDOWS_MAX];
	struct pv_window_rule window_rules[PV_WINDOW_RULES_MAX];
	struct cpu cpus[PV_CPUS_MAX];
	uint32_t domain_count;
	uint32_t vcpu_count;
	uint32_t cpu_count;
	uint32_t lr_mask; /* bit i: every CPU has list register i */
	uint64_t slice_ticks;

	uint32_t domains_on; /* atomic */
};

extern struct kernel kernel;

#endif
