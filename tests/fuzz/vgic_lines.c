/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of the board that are SPIs of the guest of vgic_fuzz.c: what their devices do, how they come
 * to CPUs, and what is to hold of them whenever no CPU has anything to look at (kernel/core/line.h).
 */
#include <string.h>

#include "kernel/core/line.h"
#include "kernel/core/vgic_state.h"
#include "tests/fake_arch/fake.h"
#include "tests/fuzz/vgic_model.h"

#define INTID 40U /* of the machine: line n is INTID + n */

/* To the guest odd SPIs are level-sensitive. Two are not to the board, whose word counts there. */
static const struct {
	uint16_t spi;
	bool edge;
} board[LINES] = {{34, true}, {35, false}, {66, true},   {67, false}, {98, false},
                  {99, true}, {128, true}, {129, false}, {254, true}, {255, false}};

/* What comes of a line that came. */
enum service { SERVED, WAITS, HANDLED };

static struct {
	bool high;         /* the device asks for service */
	uint32_t taker;    /* CPU that has acknowledged it, and not yet told the kernel; NONE */
	enum service what; /* of the last that the kernel was told of */
} lines[LINES];

static struct fake_line *line_at(uint32_t n)
{
	return &fake.lines[INTID + n];
}

static struct domain *owner(void)
{
	return &kernel.domains[0];
}

void lines_build(bool told)
{
	fake.lines_told = told;
	memset(lines, 0, sizeof(lines));
	for (uint32_t n = 0; n < LINES; n++) {
		lines[n].taker = NONE;
		line_add(owner(), board[n].spi, INTID + n, board[n].edge);
	}
}

/* Which line is SPI @intid; LINES: none is. */
static uint32_t find(uint32_t intid)
{
	uint32_t n = 0;

	while (n < LINES && board[n].spi != intid) {
		n++;
	}
	return n;
}

bool lines_has(uint32_t intid)
{
	return find(intid) < LINES;
}

void lines_set(uint32_t n, bool high)
{
	line_at(n)->pending = line_at(n)->pending || (board[n].edge && high);
	lines[n].high = high;
}

/* Whether line @n comes to the CPU that it is routed to. */
static bool comes(uint32_t n)
{
	const struct fake_line *line = line_at(n);

	return line->on && !line->active && (board[n].edge ? line->pending : lines[n].high);
}

void lines_acknowledge(uint32_t n)
{
	if (comes(n)) {
		line_at(n)->active = true;
		line_at(n)->pending = false;
		lines[n].taker = line_at(n)->cpu;
	}
}

bool lines_call(uint32_t cpu)
{
	for (uint32_t n = 0; n < LINES; n++) {
		if (lines[n].taker == cpu || (comes(n) && line_at(n)->cpu == cpu)) {
			return true;
		}
	}
	return false;
}

void lines_take(uint32_t cpu)
{
	for (uint32_t n = 0; n < LINES; n++) {
		if (line_at(n)->cpu == cpu) {
			lines_acknowledge(n);
		}
		if (lines[n].taker == cpu) {
			demand(lines[n].what == SERVED, "a line comes again before its end");
			lines[n].taker = NONE;
			lines[n].what = WAITS;
			model_of(0, board[n].spi)->latch = true;
			line_take(INTID + n);
		}
	}
}

void lines_guest_acknowledges(uint32_t intid)
{
	uint32_t n = find(intid);

	if (n < LINES && lines[n].what == WAITS) {
		lines[n].what = HANDLED;
	}
}

void lines_guest_ends(uint32_t intid)
{
	uint32_t n = find(intid);

	if (n < LINES && lines[n].what == HANDLED) {
		lines[n].what = SERVED;
	}
}

void lines_guest_unpends(uint32_t intid)
{
	uint32_t n = find(intid);

	if (n < LINES && lines[n].what == WAITS) {
		lines[n].what = SERVED;
	}
}

void lines_reset(void)
{
	for (uint32_t n = 0; n < LINES; n++) {
		lines[n].what = SERVED;
	}
}

/* States of SPI @intid in all list registers, which it stands in once at most. */
static uint32_t listed(uint32_t intid)
{
	uint32_t states = LR_EMPTY;
	uint32_t count = 0;

	for (uint32_t c = 0; c < CPUS; c++) {
		for (uint32_t i = 0; i < FAKE_LRS; i++) {
			const struct lr *lr = &fake.gic[c].lrs[i];

			if (lr->state != LR_EMPTY && lr->intid == intid) {
				states |= lr->state;
				count++;
			}
		}
	}
	demand(count <= 1, "a line is listed twice");
	return states;
}

/* The virtual half: the guest has, or will have, what came, and nothing else. */
static void check_spi(uint32_t n)
{
	uint32_t intid = board[n].spi;
	const struct model_interrupt *q = model_of(0, intid);
	const struct virq *k = &owner()->spis[intid - VIRQ_PRIVATE];
	const struct virq_set *ready = &kernel.vcpus[q->target].vgic.ready;
	uint32_t states = listed(intid);
	bool pending = (k->flags & VIRQ_LATCH) || (states & LR_PENDING);
	bool active = (k->flags & VIRQ_ACTIVE) || (states & LR_ACTIVE);

	demand(pending == q->latch,
	       q->latch ? "a line that came is lost" : "a line is pending that nobody has raised");
	demand(active == q->active, "a line is active, or not, against its guest");
	bool masked = !q->enabled || q->active || !owner()->vgic_enabled;
	/* What its list register says is looked at before the guest goes on. */
	bool looked_at = (k->flags & VIRQ_IN_LR) && kernel.vcpus[k->holder].vgic.dirty;

	demand(!q->latch || masked || (states & LR_PENDING) || looked_at ||
	               (ready->bits[q->level][intid / 32] >> intid % 32 & 1U),
	       "a line is neither listed, nor ready, nor masked");
}

/* The physical half: it can come when, where and only when the guest expects it. */
static void check_line(uint32_t n)
{
	const struct model_interrupt *q = model_of(0, board[n].spi);
	const struct fake_line *line = line_at(n);
	bool runs = in_guest(q->target);

	demand(lines[n].what == SERVED || line->active, "a line may come again before its end");
	demand(!line->active || q->latch || q->active || !runs,
	       "a line stays active that nobody handles");
	demand(!runs || line->on == q->enabled, "a line is masked, or not, against its guest");
	demand(!runs || !line->on || line->cpu == kernel.vcpus[q->target].cpu->id,
	       "a line comes to another CPU than its target's");
}

void lines_check(void)
{
	bool off = true;

	for (uint32_t v = 0; v < VCPUS; v++) {
		off = off && kernel.vcpus[v].wait == WAIT_OFF;
	}
	for (uint32_t n = 0; n < LINES; n++) {
		check_spi(n);
		check_line(n);
		demand(!off || !line_at(n)->on, "a line of a VM that is off is not masked");
	}
}
