/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SMMUv3: its registers (Arm IHI 0070, 6.3), the stream table and the command queue. Nothing here
 * enables what may pass by itself: while SMMUEN is 0 GBPA.ABORT holds, and once it is 1 the stream
 * table does, which is linear and as large as it is said to be: streams beyond it abort.
 */
#include "kernel/aarch64/smmu.h"
#include "kernel/aarch64/sysreg.h"
#include "kernel/arm/smmu.h"
#include "kernel/board.h"
#include "kernel/core/arch.h"
#include "kernel/core/log.h"
#include "lib/bits.h"

#define SMMU_IDR0 0x0000U
#define SMMU_IDR1 0x0004U
#define SMMU_IDR5 0x0014U
#define SMMU_CR0 0x0020U
#define SMMU_CR0ACK 0x0024U
#define SMMU_CR1 0x0028U
#define SMMU_CR2 0x002cU
#define SMMU_GBPA 0x0044U
#define SMMU_IRQ_CTRL 0x0050U
#define SMMU_IRQ_CTRLACK 0x0054U
#define SMMU_GERROR 0x0060U
#define SMMU_GERRORN 0x0064U
#define SMMU_STRTAB_BASE 0x0080U
#define SMMU_STRTAB_BASE_CFG 0x0088U
#define SMMU_CMDQ_BASE 0x0090U
#define SMMU_CMDQ_PROD 0x0098U
#define SMMU_CMDQ_CONS 0x009cU
#define SMMU_EVENTQ_BASE 0x00a0U
#define SMMU_EVENTQ_PROD 0x100a8U
#define SMMU_EVENTQ_CONS 0x100acU

/* Tables and queues are read write-back, inner shareable, as EL2 has its own memory. */
#define CR1_VALUE 0xd75U
/* PTM: our TLB instructions are not meant for it. Not RECINVSID: what strangers try is not recorded. */
#define CR2_VALUE (1U << 2)
#define EVENTQ_OVERFLOWN (1U << 31) /* told in PROD, acknowledged in CONS */
#define GBPA_ABORT (1U << 20)
#define GBPA_UPDATE (1U << 31)

#define BASE_ALLOCATE (1ULL << 62) /* a hint */

#define PATIENCE 100000U /* polls for an answer */

_Static_assert(PV_STREAM_IDS == SMMU_STREAMS, "each stream of an image is in the table");

/* A linear table is aligned to its size; so are queues. */
static struct {
	_Alignas(sizeof(struct smmu_ste) * SMMU_STREAMS) struct smmu_ste streams[SMMU_STREAMS];
	_Alignas(sizeof(struct smmu_record)
	         << SMMU_EVENTS_LOG2) struct smmu_record events[SMMU_EVENTS];
	_Alignas(sizeof(struct smmu_command)
	         << SMMU_COMMANDS_LOG2) struct smmu_command commands[1U << SMMU_COMMANDS_LOG2];
} tables;

static struct {
	struct lock lock;       /* a domain lock may be held */
	bool works;             /* else no DMA passes, for good; lock */
	uint32_t commands_prod; /* lock */
	/* Of the events: who takes them. Up to events_prod they are known to be there. */
	uint32_t events_prod, events_cons;
} state;

static volatile uint32_t *reg(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(board_smmu + offset);
}

static void store_base(uint32_t offset, const void *memory, uint32_t log2)
{
	*(volatile uint64_t *)(uintptr_t)(board_smmu + offset) =
		(uintptr_t)memory | BASE_ALLOCATE | log2;
}

/* Whether register @offset comes to have @value in the bits of @mask. */
static bool comes_to(uint32_t offset, uint32_t mask, uint32_t value)
{
	for (uint32_t n = 0; n < PATIENCE; n++) {
		if ((*reg(offset) & mask) == value) {
			return true;
		}
	}
	return false;
}

static bool turn_on(uint32_t what)
{
	uint32_t value = smmu_cr0(*reg(SMMU_IDR0), what);

	*reg(SMMU_CR0) = value;
	return comes_to(SMMU_CR0ACK, UINT32_MAX, value);
}

/* Have the SMMU do what @commands, fewer than the queue has room for, ask for. False: it does not
 * answer. Lock: that of the commands, but at boot. */
static bool issue(const struct smmu_command *commands, uint32_t count)
{
	const uint32_t log2 = SMMU_COMMANDS_LOG2;

	for (uint32_t i = 0; i <= count && i < 1U << SMMU_COMMANDS_LOG2; i++) {
		tables.commands[smmu_queue_slot(state.commands_prod, log2)] =
			i < count ? commands[i] : smmu_sync();
		state.commands_prod = smmu_queue_next(state.commands_prod, log2);
	}
	/* The commands, and the tables that they are about, before the index that shows them. */
	dsb(ishst);
	*reg(SMMU_CMDQ_PROD) = state.commands_prod;
	/* A command that it does not know stops it there. */
	return comes_to(SMMU_CMDQ_CONS, (2U << log2) - 1, state.commands_prod);
}

/* It is off, so that GBPA holds. Lock: as above. */
static void give_up(const char *why)
{
	state.works = false;
	(void)turn_on(0);
	log_print("no DMA passes: the SMMU %s", why);
}

/* issue(), of one that works so far. */
static bool command(const struct smmu_command *commands, uint32_t count)
{
	if (state.works && !issue(commands, count)) {
		give_up("does not answer any more");
	}
	return state.works;
}

void smmu_abort(void)
{
	*reg(SMMU_GBPA) = GBPA_UPDATE | GBPA_ABORT;
	(void)comes_to(SMMU_GBPA, GBPA_UPDATE, 0);
	(void)turn_on(0);
}

/* What stops it is said, "" when nothing does. */
static const char *bring_up(void)
{
	const struct smmu_command forget[] = {smmu_cfgi_all(), smmu_tlbi_all()};

	if (!comes_to(SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT, GBPA_ABORT) || !turn_on(0)) {
		return "does not stop";
	}
	if (!smmu_fits(*reg(SMMU_IDR0), *reg(SMMU_IDR1), *reg(SMMU_IDR5))) {
		return "lacks what the kernel needs";
	}
	*reg(SMMU_IRQ_CTRL) =
		0; /* it raises nothing, nor sends messages where somebody left it to */
	*reg(SMMU_GERRORN) = *reg(SMMU_GERROR); /* of whatever ran before us */
	for (uint32_t i = 0; i < SMMU_STREAMS; i++) {
		tables.streams[i].word[0] = SMMU_STE_ABORT;
	}
	*reg(SMMU_CR1) = CR1_VALUE;
	*reg(SMMU_CR2) = CR2_VALUE;
	store_base(SMMU_STRTAB_BASE, tables.streams, 0);
	*reg(SMMU_STRTAB_BASE_CFG) = SMMU_STREAMS_LOG2;
	store_base(SMMU_CMDQ_BASE, tables.commands, SMMU_COMMANDS_LOG2);
	*reg(SMMU_CMDQ_PROD) = 0;
	*reg(SMMU_CMDQ_CONS) = 0;
	store_base(SMMU_EVENTQ_BASE, tables.events, SMMU_EVENTS_LOG2);
	*reg(SMMU_EVENTQ_PROD) = 0;
	*reg(SMMU_EVENTQ_CONS) = 0;
	if (!comes_to(SMMU_IRQ_CTRLACK, UINT32_MAX, 0) || !turn_on(SMMU_CR0_COMMANDS) ||
	    !issue(forget, ARRAY_COUNT(forget)) || !turn_on(SMMU_CR0_COMMANDS | SMMU_CR0_EVENTS) ||
	    !turn_on(SMMU_CR0_COMMANDS | SMMU_CR0_EVENTS | SMMU_CR0_ENABLED)) {
		return "does not answer";
	}
	return "";
}

void smmu_init(void)
{
	const char *why = bring_up();

	state.works = !*why;
	if (*why) {
		give_up(why);
	}
}

void smmu_grant(const struct stream *s, uint64_t root)
{
	const struct smmu_command forget = smmu_cfgi_ste(s->id);

	tables.streams[s->id] = smmu_ste(root, s->vmid);
	(void)command(&forget, 1); /* if it does not work the stream never goes on */
}

const struct smmu_ste *smmu_table(void)
{
	return tables.streams;
}

/* Word 0 of the entry changes all at once. */
bool arch_stream_set(const struct stream *s, bool on)
{
	const struct smmu_command forget[] = {smmu_cfgi_ste(s->id), smmu_tlbi_vmid(s->vmid)};

	lock_acquire(&state.lock);
	__atomic_store_n(&tables.streams[s->id].word[0], on ? SMMU_STE_TRANSLATE : SMMU_STE_ABORT,
	                 __ATOMIC_RELAXED);
	bool done = command(forget, ARRAY_COUNT(forget));

	lock_release(&state.lock);
	return done;
}

/* Give back the places of what was read; is there more? That a full queue has lost events is no news,
 * since counts are lower bounds. */
static bool look_for_events(void)
{
	dsb(ish); /* the records were read before their places are given back */
	*reg(SMMU_EVENTQ_CONS) = state.events_cons | (state.events_prod & EVENTQ_OVERFLOWN);
	state.events_prod = *reg(SMMU_EVENTQ_PROD);
	dsb(ishld); /* the index before the records */
	return !smmu_queue_is_empty(state.events_prod, state.events_cons, SMMU_EVENTS_LOG2);
}

bool arch_stream_fault(struct smmu_event *fault)
{
	if (smmu_queue_is_empty(state.events_prod, state.events_cons, SMMU_EVENTS_LOG2) &&
	    !look_for_events()) {
		return false;
	}
	*fault = smmu_event(tables.events[smmu_queue_slot(state.events_cons, SMMU_EVENTS_LOG2)]);
	state.events_cons = smmu_queue_next(state.events_cons, SMMU_EVENTS_LOG2);
	return true;
}
