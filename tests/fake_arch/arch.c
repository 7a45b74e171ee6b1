/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine under the core, on the host: implements kernel/core/arch.h over struct fake.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/core/vgic.h"
#include "tests/fake_arch/fake.h"

struct kernel kernel;
struct fake fake;
unsigned fake_locks_held;
unsigned fake_locks_taken;

void fake_reset(void)
{
	memset(&kernel, 0, sizeof(kernel));
	memset(&fake, 0, sizeof(fake));
	fake_locks_held = 0;
	fake.output_room = FAKE_OUTPUT;
	fake.deadline = UINT64_MAX;
	for (uint32_t i = 0; i < PV_CPUS_MAX; i++) {
		kernel.cpus[i].id = i;
		kernel.cpus[i].poke_bit = (uint16_t)(1U << i);
		kernel.cpus[i].current = NULL;
		kernel.cpus[i].unsettled = true;
		kernel.cpus[i].deadline = UINT64_MAX;
		kernel.cpus[i].timers_at = UINT64_MAX;
		for (uint32_t n = 0; n < PV_DOMAINS_MAX; n++) {
			kernel.cpus[i].last_vcpu[n] = NONE;
		}
	}
}

void fake_build(uint32_t domains, uint32_t vcpus, uint32_t cpus)
{
	fake_reset();
	kernel.domain_count = domains;
	kernel.domains_on = domains;
	kernel.vcpu_count = domains * vcpus;
	kernel.cpu_count = cpus;
	kernel.lr_mask = (1U << FAKE_LRS) - 1;
	kernel.slice_ticks = 100;
	for (uint32_t i = 0; i < domains; i++) {
		struct domain *d = &kernel.domains[i];

		d->image.name[0] = (char)('a' + i);
		d->vcpus = &kernel.vcpus[(size_t)i * vcpus];
		d->vcpu_count = vcpus;
		d->alive = true;
		d->on = true;
		d->vmm_owner = NONE;
		d->serving = SERVING_EVENTS;
		d->image.channel_first = 1 + i;
		d->image.channel_count = 1;
		for (uint32_t n = 0; n < vcpus; n++) {
			uint32_t index = i * vcpus + n;
			struct vcpu *v = &kernel.vcpus[index];
			struct cpu *c = &kernel.cpus[n % cpus];

			v->index = index;
			v->domain = &kernel.domains[i];
			v->number = n;
			v->cpu = c;
			v->priority = 100;
			v->wake_at = UINT64_MAX;
			v->timer_at = UINT64_MAX;
			v->slice_left = kernel.slice_ticks;
			c->slots[c->slot_count++] = v;
		}
		lock_acquire(&d->lock);
		vgic_reset_locked(d);
		lock_release(&d->lock);
		d->vgic_enabled = true;
	}
}

void fake_set_priority(struct vcpu *v, uint32_t priority)
{
	struct cpu *c = v->cpu;

	v->priority = priority;
	/* An insertion sort, whose place all but @v keep. */
	for (uint32_t n = 1; n < c->slot_count; n++) {
		struct vcpu *slot = c->slots[n];
		uint32_t at = n;

		for (; at > 0 && c->slots[at - 1]->priority < slot->priority; at--) {
			c->slots[at] = c->slots[at - 1];
		}
		c->slots[at] = slot;
	}
}

struct fake_gic *fake_gic(void)
{
	return &fake.gic[fake.cpu];
}

struct cpu *cpu_here(void)
{
	return &kernel.cpus[fake.cpu];
}

uint64_t arch_now(void)
{
	if (fake.on_now) {
		fake.on_now();
	}
	return fake.now;
}

uint64_t arch_when(uint64_t value)
{
	return value;
}

uint64_t arch_ticks_per_second(void)
{
	return 1000;
}

void arch_set_deadline(uint64_t deadline)
{
	if (fake_locks_held) {
		abort();
	}
	fake.deadline = deadline;
	if (fake.on_deadline) {
		fake.on_deadline();
	}
}

void arch_idle(void)
{
	fake.idles++;
	if (!fake.on_idle) {
		abort();
	}
	fake.on_idle();
}

struct interrupt arch_interrupt_take(void)
{
	for (uint32_t kind = INTERRUPT_NONE + 1; kind <= INTERRUPT_STRAY; kind++) {
		if (fake.interrupts & 1U << kind) {
			fake.interrupts &= ~(1U << kind);
			return (struct interrupt){(enum interrupt_kind)kind, 1U << kind};
		}
	}
	return (struct interrupt){INTERRUPT_NONE, 0};
}

void arch_interrupt_end(struct interrupt interrupt, bool deactivate)
{
	fake.ended |= interrupt.token;
	fake.deactivated |= deactivate ? interrupt.token : 0;
}

void arch_poke(uint32_t cpus)
{
	if (fake_locks_held) {
		abort();
	}
	for (uint32_t cpu = 0; cpu < PV_CPUS_MAX; cpu++) {
		fake.pokes[cpu] += (cpus >> cpu) & 1;
	}
}

bool arch_workaround(uint64_t function)
{
	return function == fake.workaround && function != 0;
}

void arch_power_off(void)
{
	fake.powered_off = true;
	if (fake.on_power_off) {
		longjmp(*fake.on_power_off, 1);
	}
	exit(0);
}

void arch_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t arg)
{
	v->regs = (struct regs){.pc = pc};
	v->regs.x[0] = arg;
	v->arch.resets++;
	v->arch.apr = 0;
	v->arch.timer_line = false;
}

bool arch_vcpu_save(struct vcpu *v, bool timer)
{
	bool aborted = v->arch.late_abort;

	v->arch.late_abort = false;
	v->arch.saves++;
	v->arch.apr = fake_gic()->apr;
	for (uint32_t i = 0; i < FAKE_LRS; i++) {
		if (fake_gic()->lrs[i].state != LR_EMPTY) {
			abort(); /* nobody saves it */
		}
	}
	*fake_gic() = (struct fake_gic){0};
	if (v->arch.timer_line && !timer) {
		v->wake_at = fake.now;
	}
	return aborted;
}

void arch_vcpu_load(struct vcpu *v, bool timer, bool flush)
{
	v->arch.loads++;
	v->arch.flushes += flush;
	fake_gic()->apr = v->arch.apr;
	fake_gic()->timer_active = timer;
}

void arch_enter_vmm(struct domain *d)
{
	if (fake.in_vmm) {
		abort();
	}
	fake.in_vmm = true;
	d->vmm_arch.entries++;
}

void arch_leave_vmm(struct domain *d)
{
	(void)d;
	if (!fake.in_vmm) {
		abort();
	}
	fake.in_vmm = false;
}

void arch_vmm_reset(struct domain *d, uint64_t pc, uint64_t sp, uint64_t arg)
{
	(void)sp;
	d->vmm_regs = (struct regs){.pc = pc};
	d->vmm_regs.x[0] = arg;
}

uint64_t arch_id_register(uint32_t iss)
{
	return fake.sysreg_iss && iss == fake.sysreg_iss ? fake.sysreg_value : 0;
}

bool arch_sgi(const struct vcpu *v, uint32_t iss, uint64_t value, struct sgi *sgi)
{
	(void)v;
	if (!fake.sgi_iss || iss != fake.sgi_iss) {
		return false;
	}
	fake.sgi_value = value;
	*sgi = fake.sgi;
	return true;
}

void arch_inject_undefined(struct vcpu *v)
{
	v->arch.undefined++;
}

void arch_inject_abort(struct vcpu *v, uint64_t esr, uint64_t far)
{
	v->arch.aborts++;
	v->arch.abort_esr = esr;
	v->arch.abort_far = far;
}

uint32_t arch_lr_count(void)
{
	return FAKE_LRS + fake.lrs_more;
}

struct lr arch_lr_read(uint32_t i)
{
	return fake_gic()->lrs[i];
}

void arch_lr_write(uint32_t i, struct lr lr)
{
	if (i >= FAKE_LRS) {
		abort();
	}
	fake_gic()->lrs[i] = lr;
	fake_gic()->ended &= ~(1U << i);
}

bool arch_lr_has_ended(uint32_t i, uint32_t intid)
{
	return fake_gic()->lrs[i].state == LR_EMPTY && fake_gic()->lrs[i].intid == intid;
}

void arch_lr_pend(uint32_t i, uint32_t intid, uint32_t priority)
{
	arch_lr_write(i, (struct lr){.intid = (uint16_t)intid,
	                             .priority = (uint8_t)priority,
	                             .state = LR_PENDING});
}

uint32_t arch_lr_count_ends(bool tell)
{
	uint32_t ends = fake_gic()->ends;

	fake_gic()->ends = 0;
	fake_gic()->tells_ends = tell;
	return ends;
}

bool arch_lr_ends_count(void)
{
	return fake_gic()->apr && !fake_gic()->ends_in_two;
}

bool arch_lr_ends_lines(void)
{
	return !fake.lines_told;
}

void arch_timer_end(void)
{
	fake_gic()->timer_active = false;
}

void arch_line_init(uint32_t intid, bool edge)
{
	fake.lines[intid].edge = edge;
}

void arch_line_route(uint32_t intid)
{
	fake.lines[intid].cpu = fake.cpu;
	fake.lines[intid].on = true;
}

void arch_lines_mask(uint32_t word, uint32_t bits)
{
	fake.line_stores++;
	for (uint32_t i = 0; i < 32; i++) {
		if (bits >> i & 1U) {
			fake.lines[word * 32 + i].on = false;
		}
	}
}

void arch_lines_forget(uint32_t word, uint32_t bits)
{
	fake.line_stores++;
	for (uint32_t i = 0; i < 32; i++) {
		if (bits >> i & 1U) {
			fake.lines[word * 32 + i].pending = false;
		}
	}
}

void arch_line_end(uint32_t intid)
{
	fake.lines[intid].active = false;
}

void arch_message_route(uint32_t message)
{
	struct fake_line *line = &fake.messages[message];

	fake.message_changes += !line->on || line->cpu != fake.cpu;
	line->cpu = fake.cpu;
	line->on = true;
}

void arch_message_mask(uint32_t message)
{
	fake.message_changes += fake.messages[message].on;
	fake.messages[message].on = false;
}

static uint32_t stream_bit(const struct stream *s)
{
	lock_assert_held(&s->domain->lock);
	fake.stream_changes++;
	return 1U << (s - kernel.streams);
}

bool arch_stream_set(const struct stream *s, bool on)
{
	uint32_t bit = stream_bit(s);

	fake.streams_on = on && !fake.smmu_broken ? fake.streams_on | bit : fake.streams_on & ~bit;
	return !fake.smmu_broken;
}

bool arch_stream_fault(struct smmu_event *fault)
{
	if (fake.faults_taken == fake.fault_count) {
		return false;
	}
	*fault = fake.faults[fake.faults_taken++ % FAKE_FAULTS];
	return true;
}

static struct fake_function *function_at(uint32_t page)
{
	for (uint32_t i = 0; i < FAKE_FUNCTIONS; i++) {
		if (page && fake.functions[i].page == page) {
			return &fake.functions[i];
		}
	}
	return NULL;
}

uint32_t arch_window_read(uint32_t page, uint32_t word)
{
	struct fake_function *function = function_at(page);
	uint32_t value = function ? function->words[word] : UINT32_MAX;

	if (function && function->on_access) {
		function->on_access(function);
	}
	return value;
}

void arch_window_write(uint32_t page, uint32_t word, uint32_t value)
{
	struct fake_function *function = function_at(page);

	if (fake.window_must_lock && !fake_locks_held) {
		abort();
	}
	if (function) {
		uint32_t writable = function->writable[word];

		function->words[word] = (value & writable) | (function->words[word] & ~writable);
		fake.stores++;
		if (function->on_access) {
			function->on_access(function);
		}
	}
}

uint32_t arch_uart_room(void)
{
	fake.room_polls++;
	if (fake.output_burst && fake.room_polls % 8 == 0) {
		fake.output_room = fake.output_burst;
	}
	return fake.output_room;
}

void arch_uart_put(uint8_t byte)
{
	if (!fake.output_room || fake.output_bytes == FAKE_OUTPUT) {
		abort();
	}
	fake.output_room--;
	fake.output[fake.output_bytes++] = byte;
}

bool arch_uart_get(uint8_t *byte)
{
	if (!fake.input_bytes) {
		return false;
	}
	*byte = *fake.input++;
	fake.input_bytes--;
	return true;
}

/* Priority of what the guest handles, of 32; 32: nothing. */
static uint32_t running(const struct fake_gic *gic)
{
	return gic->apr ? (uint32_t)__builtin_ctz(gic->apr) : 32;
}

uint32_t fake_guest_iar(void)
{
	struct fake_gic *gic = fake_gic();
	struct lr *best = NULL;

	for (uint32_t i = 0; i < FAKE_LRS; i++) {
		struct lr *lr = &gic->lrs[i];

		if ((lr->state & LR_PENDING) && (!best || lr->priority < best->priority)) {
			best = lr;
		}
	}
	if (!best || best->priority >> 3U >= running(gic)) {
		return 1023;
	}
	best->state = LR_ACTIVE;
	gic->apr |= 1U << (best->priority >> 3U);
	return best->intid | (uint32_t)best->source << 10;
}

uint32_t fake_guest_acknowledge(void)
{
	return fake_guest_iar() & 0x3ffU;
}

void fake_guest_end(uint32_t iar)
{
	struct fake_gic *gic = fake_gic();
	bool dropped = gic->apr;

	gic->apr &= gic->apr - 1;
	for (uint32_t i = 0; i < FAKE_LRS; i++) {
		struct lr *lr = &gic->lrs[i];

		if ((lr->state & LR_ACTIVE) && lr->intid == (iar & 0x3ffU)) {
			lr->state &= (uint8_t)~LR_ACTIVE;
			if (lr->hw && lr->physical == VIRQ_TIMER) {
				gic->timer_active = false;
			} else if (lr->hw) {
				fake.lines[lr->physical].active = false;
			} else if (lr->eoi && lr->state == LR_EMPTY) {
				gic->ended |= 1U << i;
			}
			return;
		}
	}
	gic->ends += dropped;
}

bool fake_maintenance(const struct fake_gic *gic)
{
	return gic->ended || (gic->tells_ends && gic->ends);
}
