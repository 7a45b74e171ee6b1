/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an SMMUv3 reads and writes in memory, and what it must be able to: Arm IHI 0070 (SMMUv3)
 * chapters 3.5 (queues), 4 (commands), 5.2 (stream table entries), 6.3 (registers), 7.3 (events).
 * Values alone: who stores them where is kernel/aarch64/smmuv3.c.
 */
#ifndef KERNEL_ARM_SMMU_H
#define KERNEL_ARM_SMMU_H

#include <stdbool.h>
#include <stdint.h>

#define SMMU_STREAMS_LOG2 9U /* in the table. Any other stream aborts */
#define SMMU_STREAMS (1U << SMMU_STREAMS_LOG2)
#define SMMU_COMMANDS_LOG2 4U
#define SMMU_EVENTS_LOG2 4U
#define SMMU_EVENTS (1U << SMMU_EVENTS_LOG2) /* whoever reads them counts them all, in one call */

/* Word 0 of a stream's entry alone decides whether it reaches anything; both are valid entries, since
 * an invalid one, unlike one that aborts, has each attempt recorded. */
#define SMMU_STE_ABORT 0x1ULL     /* V; Config 0 */
#define SMMU_STE_TRANSLATE 0xdULL /* V; Config 6: stage 2 alone */

/** Entry of the stream table. */
struct smmu_ste {
	uint64_t word[8];
};

struct smmu_command {
	uint64_t word[2];
};

/** Record of the event queue. */
struct smmu_record {
	uint64_t word[4];
};

/* Numbers of the events that a translation ends with; all others are of a stream that does what the
 * kernel has granted to none (substreams, translated requests), or of tables that are not ours. */
#define SMMU_F_TRANSLATION 0x10U
#define SMMU_F_PERMISSION 0x13U

struct smmu_event {
	uint32_t stream;
	uint8_t kind;     /* event number */
	uint64_t address; /* that the device asked for */
};

/**
 * The entry of a stream whose DMA is to be translated by the stage-2 tables at @root with @vmid, and
 * which aborts until its word 0 is SMMU_STE_TRANSLATE.
 * The walk is that of VTCR_EL2 for guests: 39-bit input from level 1, 4 KiB, write-back, inner
 * shareable, 40-bit output. S2PTW is without meaning as stage 1 is off; EATS 0: translated requests
 * abort, where they are checked (smmu_cr0).
 */
static inline struct smmu_ste smmu_ste(uint64_t root, uint16_t vmid)
{
	return (struct smmu_ste){{
		SMMU_STE_ABORT,
		1ULL << 44, /* SHCFG: shareability as the device says */
		vmid | 25ULL << 32 | 1ULL << 38 | 1ULL << 40 | 1ULL << 42 | 3ULL << 44 |
			2ULL << 48 | 1ULL << 51 /* S2AA64 */ | 1ULL << 54 |
			1ULL << 58 /* S2R: faults are recorded */,
		root,
	}};
}

/** Forget what is cached of the entry of @stream. */
static inline struct smmu_command smmu_cfgi_ste(uint32_t stream)
{
	return (struct smmu_command){{0x03ULL | (uint64_t)stream << 32, 1}};
}

/** Forget what is cached of all entries. */
static inline struct smmu_command smmu_cfgi_all(void)
{
	return (struct smmu_command){{0x04, 31}};
}

/** Forget the translations of @vmid. */
static inline struct smmu_command smmu_tlbi_vmid(uint16_t vmid)
{
	return (struct smmu_command){{0x28ULL | (uint64_t)vmid << 32, 0}};
}

/** Forget all translations but those of EL2 and EL3. */
static inline struct smmu_command smmu_tlbi_all(void)
{
	return (struct smmu_command){{0x30, 0}};
}

/** Is consumed when what the commands before it ask for is done; raises nothing. */
static inline struct smmu_command smmu_sync(void)
{
	return (struct smmu_command){{0x46, 0}};
}

static inline struct smmu_event smmu_event(struct smmu_record r)
{
	return (struct smmu_event){
		.stream = (uint32_t)(r.word[0] >> 32),
		.kind = (uint8_t)r.word[0],
		.address = r.word[2],
	};
}

/* The index of a queue of 2^log2 entries counts twice around, so that full is not empty. */

static inline uint32_t smmu_queue_slot(uint32_t at, uint32_t log2)
{
	return at & ((1U << log2) - 1);
}

static inline uint32_t smmu_queue_next(uint32_t at, uint32_t log2)
{
	return (at + 1) & ((2U << log2) - 1);
}

/** Whether @cons has come to @prod; flags in their upper bits do not count. */
static inline bool smmu_queue_is_empty(uint32_t prod, uint32_t cons, uint32_t log2)
{
	return !((prod ^ cons) & ((2U << log2) - 1));
}

/* CR0. */
#define SMMU_CR0_ENABLED (1U << 0)
#define SMMU_CR0_EVENTS (1U << 2)
#define SMMU_CR0_COMMANDS (1U << 3)
#define SMMU_CR0_CHECK_ATS (1U << 4)

/**
 * CR0 with @what on, of an SMMU that says @idr0 of itself. One that knows ATS lets requests that are
 * translated already, says the device, past the table of streams, unless it is told to check them.
 * Where it does not know ATS there is no such bit.
 */
static inline uint32_t smmu_cr0(uint32_t idr0, uint32_t what)
{
	return what | ((idr0 & 1U << 10) != 0 ? SMMU_CR0_CHECK_ATS : 0);
}

/**
 * Whether an SMMU that says so of itself does what we ask of it: stage 2 of AArch64 tables, 4 KiB,
 * little-endian, which it reads coherently; 40 bits of output; a stream that faults need not stall;
 * tables and queues of our sizes, where we want them.
 */
static inline bool smmu_fits(uint32_t idr0, uint32_t idr1, uint32_t idr5)
{
	uint32_t endian = idr0 >> 21 & 3U;

	return (idr0 & 1U) && (idr0 & 1U << 3) && (idr0 & 1U << 4) &&
	       (endian == 0 || endian == 2) && (idr0 >> 24 & 3U) != 2 && !(idr1 & 3U << 29) &&
	       (idr1 >> 21 & 31U) >= SMMU_COMMANDS_LOG2 && (idr1 >> 16 & 31U) >= SMMU_EVENTS_LOG2 &&
	       (idr1 & 63U) >= SMMU_STREAMS_LOG2 && (idr5 & 1U << 4) && (idr5 & 7U) >= 2;
}

#endif
