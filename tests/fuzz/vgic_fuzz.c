/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual interrupts of four vCPUs on two CPUs against a model of the GICv2 that a guest has the
 * right to expect: distributor and CPU interfaces as in Arm IHI 0048B.b, chapters 3 and 4, and
 * nothing of list registers. Guests acknowledge, nest, end, sleep, trap, go off and start; their
 * distributor is written, read and reset from any CPU; devices raise the lines that are their SPIs
 * (vgic_lines.c) or send its messages (vgic_messages.c); a CPU that has to look at something does so late, and only if it was told. The
 * first byte of an input chooses whether the end of a list register ends the line that it names, as
 * on a GICv3, or is told, as on a GICv2.
 *
 * links: kernel/core/budget.c kernel/core/vcpu.c kernel/core/stream.c kernel/core/window.c kernel/core/vgic_lr.c kernel/core/vgic.c kernel/core/line.c kernel/core/sched.c kernel/core/timers.c kernel/core/interrupt.c
 * links: kernel/core/message.c kernel/core/domain.c
 * links: kernel/core/trap.c kernel/core/call.c kernel/core/doorbell.c kernel/core/log.c
 * links: kernel/core/console.c kernel/arm/s2.c kernel/variants/debug.c tests/fake_arch/arch.c tests/fuzz/vgic_lines.c
 * links: tests/fuzz/vgic_model.c tests/fuzz/vgic_messages.c
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/call.h"
#include "kernel/core/message.h"
#include "kernel/core/sched.h"
#include "kernel/core/trap.h"
#include "kernel/core/vgic.h"
#include "pte.h"
#include "tests/fake_arch/fake.h"
#include "tests/fuzz/vgic_model.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define SPURIOUS 1023U
#define ESR_WFI (0x01ULL << 26 | 1U << 25)
#define QUIET_TURNS 64U /* after which everything must have been looked at */
#define STEPS 400U      /* of an input: where it ends, what its hash gives goes on */

static struct input {
	const uint8_t *at;
	size_t left;
	uint32_t hash;
} input;
uint64_t fake_pool[FAKE_POOL_PAGES][512]; /* of what else debug.c checks */
uint32_t fake_pool_page;
static uint32_t pokes_seen[CPUS];
static jmp_buf asleep;
static bool verbose;

#define SAY(...) (verbose ? (void)printf(__VA_ARGS__) : (void)0)

void demand(bool holds, const char *what)
{
	if (!holds) {
		(void)fflush(stdout);
		(void)fprintf(stderr, "vgic_fuzz: %s\n", what);
		abort();
	}
}

static uint32_t take(uint32_t below)
{
	input.hash ^= input.hash << 13;
	input.hash ^= input.hash >> 17;
	input.hash ^= input.hash << 5;
	if (input.left == 0) {
		return (input.hash >> 8) % below;
	}
	input.left--;
	input.hash += *input.at;
	return *input.at++ % below;
}

static void on_idle(void)
{
	longjmp(asleep, 1);
}

/* CPU @c at EL2: its interrupts, then what it goes on with. Like its exit path, it ends in the
 * guest, in the VMM, or asleep. */
static void visit(uint32_t c)
{
	struct cpu *cpu = &kernel.cpus[c];
	struct fake_gic *gic = &fake.gic[c];

	fake.cpu = c;
	pokes_seen[c] = fake.pokes[c];
	lines_take(c);
	messages_take(c);
	if (cpu->current && cpu->current->arch.timer_line && !gic->timer_active) {
		gic->timer_active = true;
		vgic_pend_timer(cpu->current);
	}
	if (fake_maintenance(gic)) {
		vgic_sync(cpu->current);
	}
	if (cpu->deadline <= fake.now) {
		sched_deadline(cpu);
	}
	if (setjmp(asleep) == 0) {
		if (cpu->idle) {
			sched_settle(cpu);
		}
		(void)sched_resume(cpu);
	}
}

/* Whether CPU @c has a reason to look. */
static bool is_called(uint32_t c)
{
	const struct cpu *cpu = &kernel.cpus[c];
	const struct fake_gic *gic = &fake.gic[c];

	return fake.pokes[c] != pokes_seen[c] || fake_maintenance(gic) || lines_call(c) ||
	       messages_call(c) || cpu->deadline <= fake.now ||
	       (cpu->current && cpu->current->arch.timer_line && !gic->timer_active);
}

/* All CPUs have looked at what they had been told. */
static void quieten(void)
{
	uint32_t turns = 0;

	for (uint32_t c = 0; c < CPUS; c++) {
		while (is_called(c)) {
			visit(c);
			demand(turns++ < QUIET_TURNS, "the CPUs do not come to rest");
			c = 0;
		}
	}
}

bool in_guest(uint32_t vcpu)
{
	const struct cpu *c = kernel.vcpus[vcpu].cpu;

	return c->current == &kernel.vcpus[vcpu] && c->world == WORLD_GUEST && !c->idle &&
	       kernel.vcpus[vcpu].wait == WAIT_NOTHING;
}

static void guest_acknowledge(uint32_t vcpu)
{
	struct interface *own = &model.cpu[vcpu];

	quieten();
	if (!in_guest(vcpu) || own->depth == 32) {
		return;
	}
	fake.cpu = kernel.vcpus[vcpu].cpu->id;
	uint32_t iar = fake_guest_iar();
	uint32_t running = own->depth ? own->level[own->depth - 1] : 32;
	uint32_t best = best_due(vcpu);

	SAY("vcpu %u acknowledges %u\n", vcpu, iar);
	if (iar == SPURIOUS) {
		demand(best >= running, "an interrupt that is due does not come");
		return;
	}
	struct model_interrupt *q = model_of(vcpu, iar & 0x3ffU);

	demand(is_due(vcpu, iar & 0x3ffU), "an interrupt comes that is not due");
	demand(q->level == best && best < running, "a less urgent interrupt comes first");
	if (iar < SGIS || iar >> 10) {
		demand(q->sources >> (iar >> 10) & 1, "an SGI comes of a vCPU that sent none");
		q->sources &= (uint8_t) ~(1U << (iar >> 10));
	}
	lines_guest_acknowledges(iar & 0x3ffU);
	q->latch = false;
	q->active = true;
	q->holder = (uint8_t)vcpu;
	own->iar[own->depth] = iar;
	own->level[own->depth++] = (uint8_t)best;
}

/* Whether the guest on this CPU handles @intid, which is to follow itself there. */
static bool is_listed_again(uint32_t intid)
{
	for (uint32_t i = 0; i < FAKE_LRS; i++) {
		const struct lr *lr = &fake_gic()->lrs[i];

		if (lr->state == LR_BOTH && lr->intid == intid) {
			return true;
		}
	}
	return false;
}

static void guest_end(uint32_t vcpu)
{
	struct interface *own = &model.cpu[vcpu];

	if (!in_guest(vcpu) || own->depth == 0) {
		return;
	}
	uint32_t iar = own->iar[--own->depth];
	struct model_interrupt *q = model_of(vcpu, iar & 0x3ffU);

	SAY("vcpu %u ends %u\n", vcpu, iar);
	fake.cpu = kernel.vcpus[vcpu].cpu->id;
	bool again = is_listed_again(iar & 0x3ffU);

	fake_guest_end(iar);
	if (q->holder == vcpu && q->active) {
		q->active = false;
		model.ends += !again; /* of the two in one list register the second is counted */
		lines_guest_ends(iar & 0x3ffU);
	}
}

/* A call of the VMM, from any CPU; another guest may go on while it is tried again. That CPU, the one
 * that executes, has then still to look at what it has itself changed, before it goes on. */
enum call { CALL_SET, CALL_OP, CALL_GET };

static err_t try_call(enum call call, uint32_t vcpu, uint32_t intid, uint64_t argument,
                      uint64_t *state)
{
	struct vcpu *v = &kernel.vcpus[vcpu];
	err_t err = OK;

	lock_acquire(&kernel.domains[0].lock);
	switch (call) {
	case CALL_SET:
		err = vgic_configure_locked(v, intid, argument);
		break;
	case CALL_OP:
		err = vgic_operate_locked(v, intid, argument);
		break;
	case CALL_GET:
		err = vgic_state_locked(v, intid, state);
		break;
	}
	lock_release(&kernel.domains[0].lock);
	return err;
}

static void make_call(enum call call, uint32_t vcpu, uint32_t intid, uint64_t argument,
                      uint64_t *state)
{
	uint32_t cpu = intid < VIRQ_PRIVATE ? kernel.vcpus[vcpu].cpu->id : take(CPUS);
	uint32_t owner = kernel.domains[0].vmm_owner;
	err_t err = OK;

	if (owner != NONE) {
		cpu = kernel.vcpus[owner].cpu->id; /* it runs nowhere else */
	}
	for (uint32_t n = 0; n < 4; n++) {
		fake.cpu = cpu;
		err = try_call(call, vcpu, intid, argument, state);
		if (err != ERR_AGAIN) {
			break;
		}
		if (take(2)) {
			guest_end(take(VCPUS));
		}
		visit(cpu);
		quieten();
	}
	demand(err == OK, "the kernel refuses a call of the VMM");
}

static void configure(uint32_t vcpu, uint32_t intid)
{
	struct model_interrupt *q = model_of(vcpu, intid);

	q->enabled = take(4) != 0;
	q->level = (uint8_t)take(32);
	q->target = (uint8_t)(intid < VIRQ_PRIVATE ? vcpu : take(VCPUS));
	SAY("interrupt %u of %u: enabled %d level %u target %u\n", intid, vcpu, q->enabled,
	    q->level, q->target);
	make_call(CALL_SET, vcpu, intid,
	          (q->enabled ? PV_VIRQ_ENABLED : 0) | (is_edge(intid) ? PV_VIRQ_EDGE : 0) |
	                  (uint64_t)q->level << (PV_VIRQ_PRIORITY_SHIFT + 3) |
	                  (uint64_t)q->target << PV_VIRQ_TARGET_SHIFT,
	          NULL);
	visit(fake.cpu);
}

static void enable(bool on)
{
	SAY("distributor: %d\n", on);
	model.enabled = on;
	fake.cpu = take(CPUS);
	lock_acquire(&kernel.domains[0].lock);
	vgic_enable_locked(&kernel.domains[0], on);
	lock_release(&kernel.domains[0].lock);
	visit(fake.cpu);
}

static void send_sgi(uint32_t vcpu, uint32_t sgi)
{
	uint32_t source = take(VCPUS);
	bool pend = take(4) != 0;
	uint8_t *sources = &model_of(vcpu, sgi)->sources;

	*sources = (uint8_t)((*sources & ~(1U << source)) | (uint32_t)pend << source);
	SAY("SGI %u from %u to %u: %d\n", sgi, source, vcpu, pend);
	make_call(CALL_OP, vcpu, sgi | source << PV_SGI_SOURCE_SHIFT,
	          pend ? PV_VIRQ_OP_PEND : PV_VIRQ_OP_UNPEND, NULL);
	visit(fake.cpu);
}

static void operate(uint32_t vcpu, uint32_t intid)
{
	enum pv_virq_op op = (enum pv_virq_op)take(PV_VIRQ_OP_COUNT);

	if (intid < SGIS) {
		send_sgi(vcpu, intid);
		return;
	}
	if ((op == PV_VIRQ_OP_ACTIVATE && is_nested(intid)) ||
	    ((op == PV_VIRQ_OP_LINE_HIGH || op == PV_VIRQ_OP_LINE_LOW) &&
	     (is_edge(intid) || intid == VIRQ_TIMER || lines_has(intid)))) {
		return; /* no VMM does so */
	}
	SAY("interrupt %u of %u: operation %d\n", intid, vcpu, op);
	make_call(CALL_OP, vcpu, intid, op, NULL);
	model_operate(model_of(vcpu, intid), intid, op);
	visit(fake.cpu);
}

static void compare(uint32_t vcpu, uint32_t intid)
{
	uint64_t state = 0;

	SAY("interrupt %u of %u is read\n", intid, vcpu);
	make_call(CALL_GET, vcpu, intid, 0, &state);
	if (intid == VIRQ_TIMER) {
		visit(fake.cpu);
		return; /* there are exits between its condition, or a start, and what follows */
	}
	demand(!(state & PV_VIRQ_ACTIVE) == !model_of(vcpu, intid)->active,
	       "the distributor reads a wrong active state");
	demand(!(state & PV_VIRQ_PENDING) == !is_pending(vcpu, intid),
	       "the distributor reads a wrong pending state");
	demand(intid >= SGIS || state >> PV_VIRQ_SOURCES_SHIFT == model_of(vcpu, intid)->sources,
	       "the distributor reads wrong sources of an SGI");
	visit(fake.cpu);
}

/* The timer's condition comes true when it likes; its handler lets it end. */
static void move_timer(uint32_t vcpu)
{
	struct vcpu *v = &kernel.vcpus[vcpu];

	if (v->arch.timer_line && model_of(vcpu, VIRQ_TIMER)->active && in_guest(vcpu)) {
		v->arch.timer_line = false;
	} else if (in_guest(vcpu)) {
		v->arch.timer_line = true;
	}
	SAY("timer of %u: %d\n", vcpu, v->arch.timer_line);
}

static void move_line(uint32_t n, bool high)
{
	SAY("line %u: %d\n", n, high);
	lines_set(n, high);
}

static void send_message(uint32_t n)
{
	SAY("message %u\n", n);
	messages_send(n);
}

static void trap_to_vmm(uint32_t vcpu)
{
	quieten();
	if (in_guest(vcpu)) {
		SAY("vcpu %u calls\n", vcpu);
		fake.cpu = kernel.vcpus[vcpu].cpu->id;
		kernel.vcpus[vcpu].message.x[0] = PV_MSG_CALL;
		message_send(&kernel.vcpus[vcpu]);
		visit(fake.cpu);
	}
}

/* The CPU that runs the VMM; NULL: none does. */
static struct cpu *vmm_cpu(void)
{
	uint32_t owner = kernel.domains[0].vmm_owner;
	struct cpu *c = owner == NONE ? NULL : kernel.vcpus[owner].cpu;
	bool runs = c && c->current == &kernel.vcpus[owner] && c->world == WORLD_VMM && !c->idle;

	return runs ? c : NULL;
}

static void reply(enum pv_reply kind)
{
	quieten();
	uint32_t owner = kernel.domains[0].vmm_owner;
	struct cpu *c = vmm_cpu();

	if (c) {
		SAY("vcpu %u gets reply %d\n", owner, kind);
		fake.cpu = c->id;
		sched_leave_vmm();
		demand(message_reply(c->current, kind, 0) == OK, "a reply is refused");
		if (kind == PV_REPLY_OFF) {
			model.cpu[owner].depth = 0;
		}
		visit(c->id);
	}
}

static void start(uint32_t vcpu)
{
	struct vcpu *v = &kernel.vcpus[vcpu];
	struct model_interrupt *timer = model_of(vcpu, VIRQ_TIMER);

	if (v->wait != WAIT_OFF) {
		return;
	}
	SAY("vcpu %u starts\n", vcpu);
	timer->latch = false;
	timer->active = false;
	v->arch.timer_line = false;
	fake.cpu = take(CPUS);
	lock_acquire(&kernel.domains[0].lock);
	vcpu_start_locked(v, 0x1000, 0);
	lock_release(&kernel.domains[0].lock);
	messages_start();
	/* A CPU looks at what it has itself changed before it goes on. */
	visit(fake.cpu);
	quieten();
}

/* The VMM ends its VM, whatever other CPUs run of that. */
static void stop_all(void)
{
	quieten();
	struct cpu *c = vmm_cpu();

	if (!c) {
		return;
	}
	SAY("the VM stops\n");
	fake.cpu = c->id;
	fake.output_bytes = 0; /* of what the kernel says to that */
	fake.output_room = FAKE_OUTPUT;
	kernel.domains[0].vmm_regs.x[8] = PV_CALL_WAIT;
	kernel.domains[0].vmm_regs.x[0] = PV_REPLY_STOP;
	kernel.domains[0].vmm_regs.x[1] = PV_STOP_RESET;
	call_dispatch(c->current);
	visit(c->id);
	quieten();
	for (uint32_t v = 0; v < VCPUS; v++) {
		demand(kernel.vcpus[v].wait == WAIT_OFF, "a vCPU of a VM that is off is on");
		model.cpu[v].depth = 0;
	}
}

/* The distributor in its reset state, then all enabled. */
static void reset_distributor(void)
{
	memset(model.private, 0, sizeof(model.private));
	memset(model.spi, 0, sizeof(model.spi));
	lines_reset();
	lock_acquire(&kernel.domains[0].lock);
	vgic_reset_locked(&kernel.domains[0]);
	vgic_enable_locked(&kernel.domains[0], true);
	lock_release(&kernel.domains[0].lock);
	model.enabled = true;
	for (uint32_t v = 0; v < VCPUS; v++) {
		for (uint32_t i = 0; i < INTIDS; i++) {
			bool edge = is_edge(intids[i]);

			model_of(v, intids[i])->level = 16;
			model_of(v, intids[i])->enabled = true;
			demand(try_call(CALL_SET, v, intids[i],
			                PV_VIRQ_ENABLED | (edge ? PV_VIRQ_EDGE : 0) |
			                        16U << (PV_VIRQ_PRIORITY_SHIFT + 3),
			                NULL) == OK,
			       "the kernel refuses the first configuration");
		}
	}
	visit(fake.cpu);
}

/* A VM that is off starts, as it was or anew. */
static void restart(void)
{
	quieten();
	for (uint32_t v = 0; v < VCPUS; v++) {
		if (kernel.vcpus[v].wait != WAIT_OFF) {
			return;
		}
	}
	fake.cpu = take(CPUS);
	if (take(2)) {
		SAY("the distributor is reset\n");
		reset_distributor();
	}
	for (uint32_t v = 0; v < VCPUS; v++) {
		if (v == 0 || take(2)) {
			start(v);
		}
	}
}

/* Each end is counted once: at once, or when its list register is given back. */
static void check_counters(void)
{
	uint64_t count = 0;

	for (uint32_t v = 0; v < VCPUS; v++) {
		count += kernel.vcpus[v].counters[PV_COUNTER_INTERRUPTS];
	}
	for (uint32_t c = 0; c < CPUS; c++) {
		const struct vcpu *v = kernel.cpus[c].current;

		for (uint32_t i = 0; i < FAKE_LRS; i++) {
			bool used = v && (v->vgic.lr_used >> i & 1U);

			demand(used || fake.gic[c].lrs[i].state == LR_EMPTY,
			       "a list register is used that is none of its vCPU's");
			count += used && fake.gic[c].lrs[i].state == LR_EMPTY;
		}
	}
	demand(count == model.ends, "ends are not counted as often as there are some");
}

static void check(void)
{
	quieten();
	lines_check();
	messages_check();
	check_counters();
}

static void sleep_until_interrupt(uint32_t vcpu)
{
	const struct trap wfi = {.esr = ESR_WFI};

	quieten();
	if (in_guest(vcpu)) {
		SAY("vcpu %u sleeps\n", vcpu);
		fake.cpu = kernel.vcpus[vcpu].cpu->id;
		trap_synchronous(cpu_here(), &wfi);
		visit(fake.cpu);
	}
}

static void end_slice(uint32_t c)
{
	SAY("CPU %u: the slice ends\n", c);
	fake.cpu = c;
	fake.now += 2 * kernel.slice_ticks;
	sched_deadline(cpu_here());
	visit(c);
}

static void check_sleepers(void)
{
	quieten();
	for (uint32_t v = 0; v < VCPUS; v++) {
		demand(kernel.vcpus[v].wait != WAIT_IRQ || best_due(v) == 32,
		       "a vCPU sleeps while an interrupt is due");
	}
}

/* Only a vCPU itself reaches its own PPIs, while its VMM stands in its place. */
static bool is_reachable(uint32_t vcpu, uint32_t intid)
{
	const struct vcpu *v = &kernel.vcpus[vcpu];
	uint32_t owner = kernel.domains[0].vmm_owner;

	if (owner != NONE && kernel.vcpus[owner].cpu != v->cpu) {
		return intid < SGIS || intid >= VIRQ_PRIVATE;
	}
	return intid < SGIS || intid >= VIRQ_PRIVATE ||
	       (v->cpu->current == v && v->wait != WAIT_OFF && !v->start);
}

/* What the VMM does, or is asked for. */
static void step_vmm(uint32_t what, uint32_t vcpu, uint32_t intid)
{
	switch (what) {
	case 0:
	case 1:
		trap_to_vmm(vcpu);
		break;
	case 2:
	case 3:
	case 4:
		reply(PV_REPLY_RESUME);
		break;
	case 5:
		reply(PV_REPLY_OFF);
		break;
	case 6:
		if (intid < VIRQ_PRIVATE) {
			stop_all();
		}
		break;
	case 7:
	case 8:
		start(vcpu);
		break;
	case 9:
	case 10:
		restart();
		break;
	case 11:
		enable(take(8) != 0);
		break;
	case 12:
	case 13:
	case 14:
		configure(vcpu, intid);
		break;
	case 15:
	case 16:
	case 17:
		operate(vcpu, intid);
		break;
	default:
		compare(vcpu, intid);
		break;
	}
}

/* What guests and the machine do. */
static void step_guest(uint32_t what, uint32_t vcpu)
{
	switch (what) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		guest_acknowledge(vcpu);
		break;
	case 5:
	case 6:
	case 7:
		guest_end(vcpu);
		break;
	case 8:
		move_timer(vcpu);
		break;
	case 9:
		sleep_until_interrupt(vcpu);
		check_sleepers();
		break;
	case 10:
		end_slice(vcpu % CPUS);
		break;
	case 11:
	case 12:
	case 13:
		move_line(take(LINES), vcpu != 0);
		break;
	case 14:
		lines_acknowledge(take(LINES));
		break;
	case 15:
	case 16:
		send_message(take(MESSAGES));
		break;
	default:
		check();
		break;
	}
}

static void step(void)
{
	uint32_t what = take(38);
	uint32_t vcpu = take(VCPUS);
	uint32_t intid = intids[take(INTIDS)];

	if (!is_reachable(vcpu, intid)) {
		intid = intids[INTIDS - 1];
	}
	if (what < 18) {
		step_guest(what, vcpu);
	} else {
		step_vmm(what - 18, vcpu, intid);
	}
}

static void build(void)
{
	memset(&model, 0, sizeof(model));
	fake_build(1, VCPUS, CPUS);
	kernel.domains_on = 2; /* there is another one */
	fake.on_idle = on_idle;
	lines_build(take(2));
	messages_build();
	for (uint32_t c = 0; c < CPUS; c++) {
		pokes_seen[c] = 0;
		visit(c);
	}
	fake.cpu = 0;
	reset_distributor();
	quieten();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	verbose = getenv("VGIC_FUZZ_VERBOSE") != NULL;
	input = (struct input){data, bytes, 1};
	build();
	for (uint32_t n = 0; n < STEPS; n++) {
		step();
	}
	check();
	return 0;
}
