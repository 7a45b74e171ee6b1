/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The effects of a VM's power (life.h). A VM that goes off does so in two steps: its vCPUs stop at
 * once, its devices when their device VMs have let go, or when those took too long (connection.c).
 * Only then is anything reset or loaded, so that nobody writes into the next run.
 */
#include "vmm/vm/life.h"

#include "lib/bits.h"
#include "vmm/base/again.h"
#include "vmm/base/log.h"
#include "vmm/vm/vm.h"

/* "vm WHAT", then the reason of the last end if @reason. */
static struct line begin_line(const struct vm *vm, const char *what, bool reason)
{
	struct line line = {0};

	line_text(&line, "vm ");
	line_text(&line, what);
	if (reason) {
		line_text(&line, power_reason(vm->life.power.reason));
	}
	return line;
}

static void end_line(const struct vm *vm, struct line *line)
{
	line_write(line, vm->config.vm->cap_log);
}

static void halt(struct vm *vm)
{
	const struct pv_vmm_config *config = vm->config.vm;

	for (uint32_t i = 0; i < config->vcpu_count; i++) {
		for (uint32_t tries = 0;
		     call_again(call_vcpu_stop(config->cap_vcpu_first + i), &tries);) {
		}
	}
	vm->life.has_halted = true;
	for (uint32_t i = 0; i < config->function_count; i++) {
		physical_stop(&vm->physicals[i]);
	}
	watchdog_reset(&vm->watchdog);
	for (uint32_t i = 0; i < config->connection_count; i++) {
		connection_reset_devices(&vm->connections[i]);
	}
}

static bool is_quiet(const struct vm *vm)
{
	for (uint32_t i = 0; i < vm->config.vm->device_count; i++) {
		if (vm->devices[i].function.virtio.is_resetting) {
			return false;
		}
	}
	return true;
}

static void say_started(struct vm *vm)
{
	struct line line = begin_line(vm, "starting ", false);

	line_number(&line, vm->life.power.starts);
	end_line(vm, &line);
	*vm->life.kept = (struct pv_vmm_kept){.starts = vm->life.power.starts};
	vm->life.started_at = call_counter();
}

static enum power_input start(struct vm *vm)
{
	const struct pv_vmm_config *config = vm->config.vm;

	alarm_clear(&vm->alarms, ALARM_POWER);
	vm->life.owes_stop = false;
	(void)!call_vgic_reset(config->cap_vgic); /* all vCPUs are off */
	vm_power_on(vm);
	say_started(vm);
	if (!physicals_begin(vm->physicals, config->function_count)) {
		return POWER_BROKEN;
	}
	for (uint32_t tries = 0;
	     call_again(call_vcpu_start(config->cap_vcpu_first, config->entry, config->entry_arg),
	                &tries);) {
	}
	return POWER_NONE;
}

static enum power_input delay(struct vm *vm)
{
	uint32_t ms = vm->life.power.delay_ms;
	struct line line = begin_line(vm, "restart ", true);

	line_text(&line, " in ");
	line_number(&line, ms);
	line_text(&line, " ms");
	end_line(vm, &line);
	if (ms == 0) {
		return POWER_TIME;
	}
	alarm_set(&vm->alarms, ALARM_POWER, ms);
	return POWER_NONE;
}

static void stay_off(struct vm *vm, struct line *line)
{
	alarm_clear(&vm->alarms, ALARM_POWER);
	vm->life.owes_stop = true;
	vm->life.kept->is_off = 1;
	end_line(vm, line);
}

/* Do what is to be done; returns an input that follows at once. */
static enum power_input perform(struct vm *vm, enum power_act act)
{
	struct line line;

	switch (act) {
	case POWER_ACT_HALT:
		halt(vm);
		break;
	case POWER_ACT_START:
		return start(vm);
	case POWER_ACT_DELAY:
		return delay(vm);
	case POWER_ACT_OFF:
		line = begin_line(vm, "off ", true);
		stay_off(vm, &line);
		break;
	case POWER_ACT_FAIL:
		line = begin_line(vm, "failed ", true);
		line_text(&line, " after ");
		line_number(&line, vm->life.power.failures);
		line_text(&line, " restarts");
		stay_off(vm, &line);
		break;
	case POWER_ACT_NONE:
	case POWER_ACTS:
	default:
		break;
	}
	return POWER_NONE;
}

void life_take(struct vm *vm, enum power_input input)
{
	uint64_t run_ms = alarm_ms_since(vm->life.started_at);

	while (input != POWER_NONE) { /* TIME may follow QUIET */
		input = perform(vm, power_step(&vm->life.power, vm->config.vm, input, run_ms));
	}
}

struct reply life_settle(struct vm *vm, struct reply reply)
{
	static const uint64_t reasons[POWER_INPUTS] = {
		[POWER_POWEROFF] = PV_STOP_POWEROFF, [POWER_RESET] = PV_STOP_RESET,
		[POWER_FAULT] = PV_STOP_FAULT,       [POWER_WATCHDOG] = PV_STOP_FAULT,
		[POWER_VMM] = PV_STOP_VMM,           [POWER_ASK_STOP] = PV_STOP_POWEROFF,
		[POWER_BROKEN] = PV_STOP_FAULT,
	};
	struct life *life = &vm->life;

	while (life->power.state == POWER_STOPPING && is_quiet(vm)) { /* a start may fail */
		life_take(vm, POWER_QUIET);
	}
	if (life->has_halted) {
		reply = (struct reply){.kind = PV_REPLY_NONE};
	}
	if (life->owes_stop) {
		reply = (struct reply){.kind = PV_REPLY_STOP, .value = reasons[life->power.reason]};
	}
	life->has_halted = false;
	life->owes_stop = false;
	return reply;
}

struct reply life_begin(struct vm *vm, struct pv_vmm_kept *kept, uint32_t restarts)
{
	bool is_on =
		restarts > 0 ? kept->is_off == 0 : (vm->config.vm->flags & PV_VMM_AUTOSTART) != 0;

	vm->life =
		(struct life){.power = {.state = POWER_ON, .starts = kept->starts}, .kept = kept};
	if (!is_on) {
		life_take(vm, POWER_ASK_STOP);
	} else if (restarts > 0) {
		vm->life.power.failures = restarts - 1;
		life_take(vm, POWER_VMM);
	} else {
		vm->life.power.starts = 1;
		say_started(vm);
		if (!physicals_begin(vm->physicals, vm->config.vm->function_count)) {
			life_take(vm, POWER_BROKEN);
		}
	}
	return life_settle(vm, (struct reply){.kind = PV_REPLY_NONE});
}

enum power_input life_end(uint64_t reason)
{
	static const enum power_input ends[] = {
		[PV_STOP_POWEROFF] = POWER_POWEROFF,
		[PV_STOP_RESET] = POWER_RESET,
		[PV_STOP_FAULT] = POWER_FAULT,
		[PV_STOP_VMM] = POWER_VMM,
	};

	return reason < ARRAY_COUNT(ends) ? ends[reason] : POWER_VMM;
}
