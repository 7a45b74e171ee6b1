/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Set-up of a VM and the way of a message to the device that serves it (vm.h). An access that no
 * device answers, and one that cannot be emulated, are aborted with a report (faults.h).
 */
#include "vmm/vm/vm.h"

#include <stddef.h>

#include "lib/bits.h"
#include "vmm/serial/pl011_bulk.h"
#include "vmm/session/served.h"
#include "vmm/vm/sysregs.h"

static uint64_t read_gicd(struct vm *vm, uint32_t index, const struct access *access)
{
	(void)index;
	return gicd_read(&vm->gicd, access);
}

static void write_gicd(struct vm *vm, uint32_t index, const struct access *access)
{
	(void)index;
	gicd_write(&vm->gicd, access);
}

static uint64_t read_gicr(struct vm *vm, uint32_t index, const struct access *access)
{
	return gicr_read(&vm->gicd, index, access);
}

static void write_gicr(struct vm *vm, uint32_t index, const struct access *access)
{
	gicr_write(&vm->gicd, index, access);
}

static uint64_t read_v2m(struct vm *vm, uint32_t index, const struct access *access)
{
	(void)index;
	return v2m_read(&vm->v2m, access);
}

static void write_v2m(struct vm *vm, uint32_t index, const struct access *access)
{
	(void)index;
	v2m_write(&vm->v2m, access);
}

static uint64_t read_uart(struct vm *vm, uint32_t index, const struct access *access)
{
	return pl011_read(&vm->uarts[index], access);
}

static void write_uart(struct vm *vm, uint32_t index, const struct access *access)
{
	pl011_write(&vm->uarts[index], access);
}

static uint64_t read_ecam(struct vm *vm, uint32_t index, const struct access *access)
{
	return pci_bus_read(&vm->buses[index], access);
}

static void write_ecam(struct vm *vm, uint32_t index, const struct access *access)
{
	pci_bus_write(&vm->buses[index], access);
}

/* BARs are counted through all functions. */
static uint64_t read_bar(struct vm *vm, uint32_t index, const struct access *access)
{
	const struct pci_function *function = &vm->functions[index / PCI_BARS];

	return function->operations->read_bar(function->device, index % PCI_BARS, access);
}

static void write_bar(struct vm *vm, uint32_t index, const struct access *access)
{
	const struct pci_function *function = &vm->functions[index / PCI_BARS];

	function->operations->write_bar(function->device, index % PCI_BARS, access);
}

/* clang-format off */
static const struct {
	uint64_t (*read)(struct vm *vm, uint32_t index, const struct access *access);
	void (*write)(struct vm *vm, uint32_t index, const struct access *access);
} kinds[WINDOW_KINDS] = {
	[WINDOW_GICD] = { read_gicd, write_gicd },
	[WINDOW_GICR] = { read_gicr, write_gicr },
	[WINDOW_V2M]  = { read_v2m,  write_v2m  },
	[WINDOW_UART] = { read_uart, write_uart },
	[WINDOW_ECAM] = { read_ecam, write_ecam },
	[WINDOW_BAR]  = { read_bar,  write_bar  },
};
/* clang-format on */

/* PV_MSG_READ and PV_MSG_WRITE. */
static struct reply serve_access(struct vm *vm, const struct message *message)
{
	bool is_write = message->word[0] == PV_MSG_WRITE;
	uint64_t ipa = message->word[2];
	struct access access = {
		.vcpu = (uint32_t)message->word[1],
		.bytes = (uint32_t)message->word[3],
		.value = is_write ? message->word[4] : 0,
	};
	const struct window *window = windows_find(&vm->windows, ipa, access.bytes);
	struct reply reply = {.kind = PV_REPLY_RESUME, .value = 0};

	if (window == NULL) {
		return fault_unanswered(&vm->faults, vm->config.vm, message);
	}
	access.offset = (uint32_t)(ipa - window->base);
	if (is_write) {
		kinds[window->kind].write(vm, window->index, &access);
	} else {
		reply.value = kinds[window->kind].read(vm, window->index, &access);
	}
	return reply;
}

static struct reply serve_call(struct vm *vm, const struct message *message)
{
	const uint64_t *argument = &message->word[2];

	if (trng_has(argument[0])) {
		return trng_call(&vm->trng, argument);
	}
	if (watchdog_has(argument[0])) {
		return watchdog_call(&vm->watchdog, argument);
	}
	if (pl011_bulk_has(argument[0])) {
		return pl011_bulk_call(&vm->uarts[UART_AGENT], argument);
	}
	return psci_call(&vm->psci, (uint32_t)message->word[1], argument);
}

static struct reply serve_register(const struct vm *vm, const struct message *message)
{
	struct reply reply = {.kind = PV_REPLY_RESUME};

	if (sysreg_is_counter(message->word[5])) {
		reply.value = call_counter();
	} else if (!sysreg_read(message->word[5], message->word[2], vm->config.vm->gicr_ipa != 0,
	                        &reply.value)) {
		reply.kind = PV_REPLY_UNDEF;
	}
	return reply;
}

static void serve_alarms(struct vm *vm)
{
	uint64_t due = alarm_take_due(&vm->alarms);

	for (uint32_t i = 0; i < vm->config.vm->device_count; i++) {
		const struct pv_vmm_device *device = &vm->config.devices[i];

		if ((due & BIT64(ALARM_DEVICE + i)) != 0) {
			connection_expire(&vm->connections[device->connection], device->index);
		}
	}
	for (uint32_t i = 0; i < vm->config.vm->function_count; i++) {
		if ((due & BIT64(ALARM_FAULTS)) != 0) {
			physical_look_for_faults(&vm->physicals[i]);
		}
	}
	if ((due & BIT64(ALARM_WATCHDOG)) != 0) {
		life_take(vm, POWER_WATCHDOG);
	}
	if ((due & BIT64(ALARM_POWER)) != 0) {
		life_take(vm, POWER_TIME);
	}
}

/* Bits of which 0 stands for no event. */
static bool has_event(uint64_t events, uint32_t event)
{
	return event != 0 && (events & BIT64(event)) != 0;
}

static void serve_lines(struct vm *vm)
{
	static const enum power_input inputs[] = {
		[REQUEST_START] = POWER_ASK_START,
		[REQUEST_STOP] = POWER_ASK_STOP,
		[REQUEST_RESTART] = POWER_ASK_RESTART,
	};
	enum request request = requests_next(&vm->requests);

	for (; request != REQUEST_NONE; request = requests_next(&vm->requests)) {
		if (request == REQUEST_COUNTERS) {
			counters_tell(&vm->counters, vm);
		} else {
			life_take(vm, inputs[request]);
		}
	}
}

static void serve_requests(struct vm *vm, uint64_t events)
{
	const struct pv_vmm_config *config = vm->config.vm;

	if (has_event(events, config->event_stop)) {
		life_take(vm, POWER_ASK_STOP);
	}
	if (has_event(events, config->event_start)) {
		life_take(vm, POWER_ASK_START);
	}
	if (has_event(events, config->event_restart)) {
		life_take(vm, POWER_ASK_RESTART);
	}
	if (has_event(events, config->event_log)) {
		serve_lines(vm);
	}
}

static struct reply serve_events(struct vm *vm, uint64_t events)
{
	const struct pv_vmm_config *config = vm->config.vm;

	if ((events & BIT64(PV_EVENT_TIMER)) != 0) {
		serve_alarms(vm);
	}
	serve_requests(vm, events);
	for (uint32_t i = 0; i < UART_COUNT; i++) {
		if (config->uarts[i].ipa != 0 && (events & BIT64(config->uarts[i].event)) != 0) {
			pl011_input(&vm->uarts[i]);
		}
	}
	for (uint32_t i = 0; i < config->connection_count; i++) {
		if ((events & BIT64(vm->config.connections[i].event)) != 0) {
			connection_serve(&vm->connections[i]);
		}
	}
	return (struct reply){.kind = PV_REPLY_NONE, .value = 0};
}

static struct reply serve(struct vm *vm, const struct message *message)
{
	if (message->word[0] == PV_MSG_EVENTS) {
		return serve_events(vm, message->word[1]);
	}
	if (message->word[1] >= vm->config.vm->vcpu_count) {
		return fault_bad_message(vm->config.vm, message);
	}
	counters_take(&vm->counters, message);
	switch (message->word[0]) {
	case PV_MSG_READ:
	case PV_MSG_WRITE:
		return serve_access(vm, message);
	case PV_MSG_CALL:
		return serve_call(vm, message);
	case PV_MSG_SYSREG:
		return serve_register(vm, message);
	case PV_MSG_FAULT:
		return fault_unanswered(&vm->faults, vm->config.vm, message);
	default:
		return fault_bad_message(vm->config.vm, message);
	}
}

struct reply vm_serve(struct vm *vm, const struct message *message)
{
	struct reply reply = serve(vm, message);

	if (reply.kind == PV_REPLY_STOP) {
		life_take(vm, life_end(reply.value));
		reply.kind = PV_REPLY_NONE; /* it is life's to say when the domain is off */
	}
	return life_settle(vm, reply);
}

static err_t add_window(struct vm *vm, enum window_kind kind, uint32_t index, uint64_t base,
                        uint64_t bytes)
{
	const struct window window = {base, bytes, kind, index};

	return base == 0 ? OK : windows_add(&vm->windows, &window);
}

static err_t add_windows(struct vm *vm)
{
	const struct pv_vmm_config *config = vm->config.vm;
	bool is_v3 = config->gicr_ipa != 0;
	err_t err =
		add_window(vm, WINDOW_GICD, 0, config->gicd_ipa, is_v3 ? GICV3_BYTES : GICV2_BYTES);

	for (uint32_t i = 0; is_v3 && i < config->vcpu_count && err == OK; i++) {
		err = add_window(vm, WINDOW_GICR, i, config->gicr_ipa + i * (uint64_t)GICR_BYTES,
		                 GICR_BYTES);
	}
	if (err == OK) {
		err = add_window(vm, WINDOW_V2M, 0, config->v2m_ipa, V2M_BYTES);
	}
	for (uint32_t i = 0; i < UART_COUNT && err == OK; i++) {
		err = add_window(vm, WINDOW_UART, i, config->uarts[i].ipa, PL011_BYTES);
	}
	for (uint32_t i = 0; i < config->connection_count && err == OK; i++) {
		err = add_window(vm, WINDOW_ECAM, i, vm->config.connections[i].ecam_ipa,
		                 ECAM_BYTES);
	}
	if (err == OK) {
		err = add_window(vm, WINDOW_ECAM, BUS_HARDWARE, config->hw_ecam_ipa, ECAM_BYTES);
	}
	for (uint32_t i = 0; i < config->device_count * PCI_BARS && err == OK; i++) {
		const struct pci_bar *bar = &vm->functions[i / PCI_BARS].bars[i % PCI_BARS];

		if (bar->is_emulated) {
			err = add_window(vm, WINDOW_BAR, i, bar->base, bar->bytes);
		}
	}
	return err;
}

/* A VMM that was started anew may have used so many numbers of START and STOP before. */
#define SEQUENCES_PER_START BIT32(24)

/* Put the functions into their slots. */
static void init_functions(struct vm *vm, uint32_t restarts)
{
	const struct msi_target msi = v2m_target(&vm->v2m);

	for (uint32_t i = 0; i < vm->config.vm->device_count; i++) {
		const struct pv_vmm_device *device = &vm->config.devices[i];

		served_init(&vm->devices[i], &vm->functions[i],
		            &vm->connections[device->connection], device, &msi);
		vm->devices[i].link.sequence = restarts * SEQUENCES_PER_START;
		vm->buses[device->connection].slots[device->slot] = &vm->functions[i];
	}
	for (uint32_t i = 0; i < vm->config.vm->function_count; i++) {
		const struct pv_vmm_function *function = &vm->config.functions[i];

		physical_init(&vm->physicals[i], function, vm->config.vm->cap_log, &vm->alarms);
		vm->buses[BUS_HARDWARE].slots[function->slot] = &vm->physicals[i].function;
	}
}

static void start_connections(struct vm *vm)
{
	const struct config *config = &vm->config;

	for (uint32_t i = 0; i < config->vm->connection_count; i++) {
		connection_init(&vm->connections[i], &config->connections[i], config->vm->cap_log,
		                &vm->devices[config->connections[i].device_first], &vm->alarms);
	}
}

void vm_power_on(struct vm *vm)
{
	const struct pv_vmm_config *config = vm->config.vm;

	psci_reset(&vm->psci);
	gicd_init(&vm->gicd, config->cap_vgic, config->vcpu_count, config->gicr_ipa != 0);
	for (uint32_t i = 0; i < UART_COUNT; i++) {
		pl011_init(&vm->uarts[i], &vm->gicd, &config->uarts[i]);
		if (config->uarts[i].ipa != 0) {
			pl011_input(&vm->uarts[i]); /* of what waited before no event tells */
		}
	}
	for (uint32_t i = 0; i < config->connection_count; i++) {
		pci_bus_reset(&vm->buses[i]);
	}
	pci_bus_reset(&vm->buses[BUS_HARDWARE]);
}

err_t vm_init(struct vm *vm, const struct pv_vmm_config *config, uint32_t restarts)
{
	const char *fault;
	err_t err = config_open(config, &vm->config, &fault);

	if (err == OK) {
		vm->v2m = (struct v2m){&vm->gicd, config->v2m_ipa, config->v2m_first,
		                       config->v2m_count};
		init_functions(vm, restarts);
		fault = "windows overlap";
		err = add_windows(vm);
	}
	if (err != OK) {
		fault_bad_config(config, fault);
		return err;
	}
	alarm_init(&vm->alarms);
	requests_init(&vm->requests, config->cap_log);
	psci_init(&vm->psci, config->cap_vcpu_first, config->vcpu_count);
	watchdog_init(&vm->watchdog, &vm->alarms, config->watchdog_ms);
	vm_power_on(vm);
	start_connections(vm);
	return OK;
}
