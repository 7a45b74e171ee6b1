/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ITS of a GICv3: its registers and those of redistributors that are about LPIs (IHI 0069H, 12.11,
 * 12.19), its tables and its command queue. A device of which its table of devices has no entry, or an
 * event of which that device's table has none, is nothing to it, so whoever writes what to its page,
 * what comes is a message of the writer's domain.
 */
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/its.h"
#include "kernel/aarch64/sysreg.h"
#include "kernel/arm/its.h"
#include "kernel/arm/smmu.h"
#include "kernel/board.h"
#include "kernel/core/arch.h"
#include "kernel/core/boot.h"
#include "kernel/core/kernel.h"
#include "kernel/core/log.h"

#define GITS_CTLR 0x0000U
#define GITS_TYPER 0x0008U
#define GITS_CBASER 0x0080U
#define GITS_CWRITER 0x0088U
#define GITS_CREADR 0x0090U
#define GITS_BASER(n) (0x0100U + 8U * (n))
#define GITS_BASERS 8U

#define GITS_CTLR_ENABLED (1U << 0)
#define GITS_CTLR_QUIESCENT (1U << 31)

#define GICR_PROPBASER 0x0070U
#define GICR_PENDBASER 0x0078U

/* Less than all other interrupts have: which of equals comes first the controller chooses, and messages,
 * which a VM may have come without end, would keep out a slice's end. */
#define PRIORITY 0xc0U
#define PAGE 4096U
#define MESSAGES (PV_STREAMS_MAX * PV_MSIS_MAX)
#define COMMANDS (PAGE / sizeof(struct its_command))
#define CPU_ITTS (PV_STREAMS_MAX / PV_CPUS_MAX)
#define PATIENCE 10000U /* polls for an answer */

_Static_assert(ITS_LPI_FIRST == ARCH_MESSAGES && MESSAGES <= ITS_LPIS, "messages are LPIs");
_Static_assert(SMMU_STREAMS_LOG2 <= ITS_DEVICE_BITS, "who is no stream to the SMMU is refused");
_Static_assert(PV_VIRQS <= 1U << ITS_EVENT_BITS, "events are SPIs");

/* What is pending at a CPU is aligned to 64 KiB: translations of streams lie in between. So is the queue
 * of commands: an ITS may take bits 15 to 12 of its address as zeros. */
static struct {
	struct {
		_Alignas(ITS_PENDING_ALIGN) uint8_t pending[ITS_PENDING_BYTES];
		_Alignas(ITS_ITT_ALIGN) uint8_t itts[CPU_ITTS][ITS_ITT_BYTES_MAX];
	} cpus[PV_CPUS_MAX];
	_Alignas(ITS_QUEUE_ALIGN) struct its_command commands[COMMANDS];
	_Alignas(PAGE) uint8_t devices[ITS_DEVICE_BYTES_MAX];
	_Alignas(PAGE) uint8_t collections[PAGE];
	_Alignas(PAGE) uint8_t configuration[ITS_LPIS]; /* domain lock, of the message's */
} tables;

static struct {
	struct lock lock;              /* a domain lock may be held */
	bool works;                    /* else there are no messages; lock */
	bool lacks;                    /* it or a redistributor lacks what messages need; boot */
	uint32_t next;                 /* command; lock */
	uint64_t targets[PV_CPUS_MAX]; /* redistributors, as commands name them; boot */
	uint8_t owners[MESSAGES];      /* CPUs: whose redistributor has it; domain lock */
} state;

static bool stops(void)
{
	*gic_reg(board_its, GITS_CTLR) = 0;
	for (uint32_t n = 0; n < PATIENCE; n++) {
		if (*gic_reg(board_its, GITS_CTLR) & GITS_CTLR_QUIESCENT) {
			return true;
		}
	}
	return false;
}

void its_stop(void)
{
	if (!stops()) {
		boot_refuse("the ITS does not stop what ran before", NULL);
	}
}

/* Whether the ITS comes to have no more than @left commands to do. Lock: as below. */
static bool comes_down_to(uint32_t left)
{
	for (uint32_t n = 0; n < PATIENCE; n++) {
		uint64_t done = *gic_reg64(board_its, GITS_CREADR) / sizeof(struct its_command);

		if ((state.next - done) % COMMANDS <= left) {
			return true;
		}
	}
	return false;
}

/* Have the ITS do @command some time: not this one is waited for, but the one before, so that an ITS which
 * does nothing any more is seen at the next. False: it does not answer. Lock: that of the commands, but at
 * boot. */
static bool issue(struct its_command command)
{
	tables.commands[state.next] = command;
	state.next = (state.next + 1) % COMMANDS;
	/* The command, and the tables that it is about, before the index that shows it. */
	dsb(ishst);
	*gic_reg64(board_its, GITS_CWRITER) = state.next * sizeof(command);
	return comes_down_to(1);
}

/* Have a register say where a table is. False: it does not take that, in the bits @asked. */
static bool give(volatile uint64_t *reg, uint64_t value, uint64_t asked)
{
	*reg = value;
	return ((*reg ^ value) & asked) == 0;
}

void its_init_cpu(uint32_t cpu, uint64_t redistributor)
{
	if (!its_fits(*gic_reg64(board_its, GITS_TYPER), *gic_reg(board_gicd, GICD_TYPER)) ||
	    !give(gic_reg64(redistributor, GICR_PROPBASER),
	          its_propbaser((uintptr_t)tables.configuration), ITS_TABLE_ASKED) ||
	    !give(gic_reg64(redistributor, GICR_PENDBASER),
	          its_pendbaser((uintptr_t)tables.cpus[cpu].pending), ITS_TABLE_ASKED)) {
		state.lacks = true;
		return;
	}
	*gic_reg(redistributor, GICR_CTLR) |= GICR_CTLR_LPIS;
	state.targets[cpu] =
		its_target(*gic_reg64(board_its, GITS_TYPER), redistributor,
	                   (uint32_t)*gic_reg64(redistributor, GICR_TYPER) >> 8 & 0xffff);
}

static bool give_table(uint32_t n)
{
	volatile uint64_t *baser = gic_reg64(board_its, GITS_BASER(n));

	switch (its_baser_type(*baser)) {
	case ITS_BASER_DEVICES:
		return give(baser,
		            its_baser(*baser, (uintptr_t)tables.devices, 1U << ITS_DEVICE_BITS),
		            ITS_BASER_ASKED);
	case ITS_BASER_COLLECTIONS:
		return give(baser, its_baser(*baser, (uintptr_t)tables.collections, PV_CPUS_MAX),
		            ITS_BASER_ASKED);
	default:
		return give(baser, 0, ITS_VALID); /* what it would be for is not used */
	}
}

static bool map_stream(uint32_t index, const struct stream *s)
{
	const struct domain *d = s->domain;
	uint32_t cpu = d->vcpus[0].cpu->id;
	uintptr_t itt = (uintptr_t)tables.cpus[index % PV_CPUS_MAX].itts[index / PV_CPUS_MAX];
	bool done = issue(its_mapd(s->id, itt));

	for (uint32_t n = 0; done && n < PV_MSIS_MAX && n < d->image.msi_count; n++) {
		uint32_t message = index * PV_MSIS_MAX + n;

		state.owners[message] = (uint8_t)cpu;
		tables.configuration[message] = its_lpi(PRIORITY, true);
		done = issue(its_mapti(s->id, d->image.msi_first + n, ITS_LPI_FIRST + message,
		                       (uint16_t)cpu));
	}
	return done;
}

/* What stops it is said, "" when nothing does. */
static const char *bring_up(void)
{
	bool done = true;

	if (state.lacks) {
		return "the ITS lacks what messages need";
	}
	for (uint32_t n = 0; n < GITS_BASERS; n++) {
		if (!give_table(n)) {
			return "the ITS does not take its tables";
		}
	}
	if (!give(gic_reg64(board_its, GITS_CBASER), its_cbaser((uintptr_t)tables.commands),
	          ITS_BASER_ASKED)) {
		return "the ITS does not take its queue";
	}
	*gic_reg64(board_its, GITS_CWRITER) = 0;
	*gic_reg(board_its, GITS_CTLR) = GITS_CTLR_ENABLED;
	for (uint32_t cpu = 0; done && cpu < kernel.cpu_count; cpu++) {
		done = issue(its_mapc((uint16_t)cpu, state.targets[cpu]));
	}
	for (uint32_t i = 0; done && i < PV_STREAMS_MAX && kernel.streams[i].domain; i++) {
		done = map_stream(i, &kernel.streams[i]);
	}
	for (uint32_t cpu = 0; done && cpu < kernel.cpu_count; cpu++) {
		done = issue(its_invall((uint16_t)cpu)) && issue(its_sync(state.targets[cpu]));
	}
	state.works = done && comes_down_to(0);
	return state.works ? "" : "the ITS does not answer";
}

void its_start(void)
{
	bool needed = false;

	for (uint32_t i = 0; i < PV_DOMAINS_MAX; i++) {
		needed = needed || kernel.domains[i].image.msi_count;
	}
	const char *why = needed ? bring_up() : "";

	if (*why) {
		boot_refuse(why, NULL);
	}
}

static void give_up(void)
{
	state.works = false;
	*gic_reg(board_its, GITS_CTLR) = 0;
	log_print("no messages come: the ITS does not answer any more");
}

static void command(struct its_command command)
{
	lock_acquire(&state.lock);
	if (state.works && !issue(command)) {
		give_up();
	}
	lock_release(&state.lock);
}

static uint32_t device_of(uint32_t message)
{
	return kernel.streams[message / PV_MSIS_MAX].id;
}

static uint32_t event_of(uint32_t message)
{
	return kernel.streams[message / PV_MSIS_MAX].domain->image.msi_first +
	       message % PV_MSIS_MAX;
}

static void set(uint32_t message, bool on)
{
	if (tables.configuration[message] != its_lpi(PRIORITY, on)) {
		tables.configuration[message] = its_lpi(PRIORITY, on);
		command(its_inv(device_of(message), event_of(message)));
	}
}

void arch_message_route(uint32_t message)
{
	uint8_t cpu = (uint8_t)cpu_here()->id;

	if (state.owners[message] != cpu) {
		state.owners[message] = cpu;
		command(its_movi(device_of(message), event_of(message), cpu));
	}
	set(message, true);
}

void arch_message_mask(uint32_t message)
{
	set(message, false);
}
