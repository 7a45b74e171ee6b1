/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of counters (counters.h). */
#include "vmm/vm/counters.h"

#include <stddef.h>

#include "lib/bits.h"
#include "vmm/base/log.h"
#include "vmm/vm/vm.h"

#define US_PER_S 1000000U

void counters_take(struct counters *counters, const struct message *message)
{
	if (message->word[0] < ARRAY_COUNT(counters->messages)) {
		counters->messages[message->word[0]]++;
	}
}

static void put(struct line *line, const char *name, uint64_t number)
{
	line_text(line, name);
	line_number(line, number);
}

/* Of all vCPUs. */
static uint64_t sum(const struct vm *vm, enum pv_counter which)
{
	const struct pv_vmm_config *config = vm->config.vm;
	uint64_t all = 0;

	for (uint32_t i = 0; i < config->vcpu_count; i++) {
		uint64_t value;

		all += call_vcpu_get(config->cap_vcpu_first + i, which, &value) == OK ? value : 0;
	}
	return all;
}

static uint64_t microseconds(uint64_t ticks)
{
	uint64_t hz = call_counter_hz();

	return ticks / hz * US_PER_S + ticks % hz * US_PER_S / hz;
}

/* Of all queues of a connection: what the guest has rung, and the device VM. */
static void tell_connection(const struct connection *connection, uint32_t cap_log)
{
	uint64_t kicks = 0;
	uint64_t calls = 0;
	struct line line = {0};

	for (uint32_t n = 0; n < connection->config->device_count; n++) {
		const struct pv_vmm_device *device = connection->devices[n].function.virtio.config;

		for (uint32_t q = 0; q < device->queue_count; q++) {
			uint64_t rings;

			kicks += call_doorbell_sent(device->cap_send_first + q, &rings) == OK
			                 ? rings
			                 : 0;
			calls += call_doorbell_came(device->cap_recv_first + q, &rings) == OK
			                 ? rings
			                 : 0;
		}
	}
	line_text(&line, "counted connection ");
	line_text(&line, connection->config->peer);
	put(&line, " kicks ", kicks);
	put(&line, " calls ", calls);
	put(&line, " errors ", connection->errors);
	line_write(&line, cap_log);
}

void counters_tell(const struct counters *counters, const struct vm *vm)
{
	const struct pv_vmm_config *config = vm->config.vm;
	const uint64_t *messages = counters->messages;
	struct line line = {0};

	for (uint32_t i = 0; i < config->connection_count; i++) {
		tell_connection(&vm->connections[i], config->cap_log);
	}
	put(&line, "counted traps waits ", sum(vm, PV_COUNTER_WAITS));
	put(&line, " registers ", sum(vm, PV_COUNTER_REGISTERS));
	put(&line, " doorbells ", sum(vm, PV_COUNTER_DOORBELLS));
	put(&line, " reads ", messages[PV_MSG_READ]);
	put(&line, " writes ", messages[PV_MSG_WRITE]);
	put(&line, " calls ", messages[PV_MSG_CALL]);
	put(&line, " faults ", messages[PV_MSG_FAULT]);
	line_write(&line, config->cap_log);
	put(&line, "counted time_us ", microseconds(sum(vm, PV_COUNTER_TIME)));
	put(&line, " held_us ", microseconds(sum(vm, PV_COUNTER_HELD)));
	put(&line, " interrupts ", sum(vm, PV_COUNTER_INTERRUPTS));
	line_write(&line, config->cap_log);
}
