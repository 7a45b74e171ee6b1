/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See vmm_fake_kernel.h. The checks are those of kernel/core/call.c.
 */
#include "tests/unit/vmm_fake_kernel.h"

#include <assert.h>
#include <string.h>

struct fake_kernel fake;

#define SGIS 16U

void fake_reset(uint32_t vcpu_count)
{
	memset(&fake, 0, sizeof(fake));
	fake.vcpu_count = vcpu_count;
	fake.vcpu_on[0] = true;
	fake.now = 1000000;
	fake.timer = UINT64_MAX;
}

void fake_forget(void)
{
	fake.record_count = 0;
	fake.bind_calls = 0;
	fake.pauses = 0;
	memset(fake.rings, 0, sizeof(fake.rings));
	memset(fake.output_bytes, 0, sizeof(fake.output_bytes));
	for (uint32_t i = 0; i < FAKE_CONSOLES; i++) {
		fake.output[i][0] = '\0';
	}
}

static void record(enum pv_call call, uint32_t vcpu, uint32_t intid, uint32_t value)
{
	if (fake.record_count < FAKE_RECORDS) {
		fake.records[fake.record_count] = (struct fake_record){call, vcpu, intid, value};
	}
	fake.record_count++;
}

uint32_t fake_count(enum pv_call call)
{
	uint32_t count = 0;

	assert(fake.record_count <= FAKE_RECORDS);
	for (uint32_t i = 0; i < fake.record_count; i++) {
		count += fake.records[i].call == call ? 1 : 0;
	}
	return count;
}

struct fake_virq *fake_virq(uint32_t vcpu, uint32_t intid)
{
	assert(vcpu < fake.vcpu_count && intid < PV_VIRQS);
	return intid < PV_SPI_FIRST ? &fake.private[vcpu][intid] : &fake.spi[intid];
}

void fake_input(uint32_t cap, const void *bytes, uint32_t count)
{
	const uint8_t *from = bytes;

	for (uint32_t i = 0; i < count && fake.input_bytes[cap] < FAKE_INPUT_BYTES; i++) {
		uint32_t tail = (fake.input_head[cap] + fake.input_bytes[cap]) % FAKE_INPUT_BYTES;

		fake.input[cap][tail] = from[i];
		fake.input_bytes[cap]++;
	}
}

void call_wait(const struct reply *reply, struct message *message)
{
	fake.replies[fake.message_next] = *reply;
	if (fake.message_next == fake.message_count) {
		longjmp(fake.end, 1);
	}
	*message = fake.messages[fake.message_next];
	fake.message_next++;
}

bool call_rndr(uint64_t *value)
{
	*value = fake.rndr++;
	return (fake.rndr_fails >> fake.rndr_calls++ & 1) == 0;
}

err_t call_vcpu_start(uint32_t cap, uint64_t pc, uint64_t argument)
{
	uint32_t vcpu = cap - FAKE_CAP_VCPU;

	assert(vcpu < fake.vcpu_count);
	if (fake.vcpu_on[vcpu]) {
		return ERR_STATE;
	}
	if (fake.too_soon > 0) {
		fake.too_soon--;
		return ERR_AGAIN;
	}
	fake.vcpu_on[vcpu] = true;
	fake.vcpu_starts[vcpu]++;
	fake.vcpu_pc[vcpu] = pc;
	fake.vcpu_argument[vcpu] = argument;
	return OK;
}

err_t call_vcpu_stop(uint32_t cap)
{
	uint32_t vcpu = cap - FAKE_CAP_VCPU;

	assert(vcpu < fake.vcpu_count);
	if (fake.vcpu_on[vcpu] && fake.busy > 0) {
		fake.busy--;
		return ERR_AGAIN;
	}
	fake.vcpu_on[vcpu] = false;
	return OK;
}

err_t call_vgic_reset(uint32_t cap)
{
	assert(cap == FAKE_CAP_VGIC);
	for (uint32_t i = 0; i < fake.vcpu_count; i++) {
		if (fake.vcpu_on[i]) {
			return ERR_STATE;
		}
	}
	memset(fake.private, 0, sizeof(fake.private));
	memset(fake.spi, 0, sizeof(fake.spi));
	memset(fake.bound, 0, sizeof(fake.bound));
	fake.vgic_enabled = false;
	fake.vgic_resets++;
	return OK;
}

err_t call_timer_set(uint64_t at)
{
	fake.timer = at;
	return OK;
}

uint64_t call_counter(void)
{
	return fake.now;
}

uint64_t call_counter_hz(void)
{
	return 1000000;
}

void call_pause(void)
{
	fake.pauses++;
	fake.now += 100;
}

/* Whether a call finds its interrupt on another CPU. */
static bool is_elsewhere(void)
{
	bool elsewhere = fake.elsewhere > 0;

	fake.elsewhere -= elsewhere ? 1 : 0;
	return elsewhere;
}

err_t call_virq_set(uint32_t cap, uint32_t vcpu, uint32_t intid, uint32_t config)
{
	assert(cap == FAKE_CAP_VGIC);
	assert((config & ~(PV_VIRQ_ENABLED | PV_VIRQ_EDGE | 0xff00U | 0xff0000U)) == 0);
	assert(config >> PV_VIRQ_TARGET_SHIFT < fake.vcpu_count);
	if (is_elsewhere()) {
		return ERR_AGAIN;
	}
	fake_virq(vcpu, intid)->config = config;
	record(PV_CALL_VIRQ_SET, vcpu, intid, config);
	return OK;
}

static void operate(struct fake_virq *virq, uint32_t source, enum pv_virq_op op)
{
	switch (op) {
	case PV_VIRQ_OP_PEND:
		virq->pending |= 1U << source;
		break;
	case PV_VIRQ_OP_UNPEND:
		virq->pending &= ~(1U << source);
		break;
	case PV_VIRQ_OP_LINE_HIGH:
	case PV_VIRQ_OP_LINE_LOW:
		virq->line = op == PV_VIRQ_OP_LINE_HIGH;
		break;
	case PV_VIRQ_OP_ACTIVATE:
	case PV_VIRQ_OP_DEACTIVATE:
		virq->active = op == PV_VIRQ_OP_ACTIVATE;
		break;
	case PV_VIRQ_OP_COUNT:
	default:
		assert(false);
	}
}

err_t call_virq_op(uint32_t cap, uint32_t vcpu, uint32_t intid, enum pv_virq_op op)
{
	uint32_t source = intid >> PV_SGI_SOURCE_SHIFT;
	uint32_t low = intid & ((1U << PV_SGI_SOURCE_SHIFT) - 1);

	assert(cap == FAKE_CAP_VGIC);
	assert(source < fake.vcpu_count && (source == 0 || low < SGIS));
	if (is_elsewhere()) {
		return ERR_AGAIN;
	}
	record(PV_CALL_VIRQ_OP, vcpu, intid, (uint32_t)op);
	assert(low >= SGIS || (op != PV_VIRQ_OP_LINE_HIGH && op != PV_VIRQ_OP_LINE_LOW));
	operate(fake_virq(vcpu, low), source, op);
	return OK;
}

err_t call_virq_get(uint32_t cap, uint32_t vcpu, uint32_t intid, uint32_t *state)
{
	const struct fake_virq *virq = fake_virq(vcpu, intid);

	assert(cap == FAKE_CAP_VGIC);
	*state = 0;
	if (is_elsewhere()) {
		return ERR_AGAIN;
	}
	*state = virq->config | (intid < SGIS ? virq->pending << PV_VIRQ_SOURCES_SHIFT : 0) |
	         (virq->pending != 0 || virq->line ? PV_VIRQ_PENDING : 0) |
	         (virq->active ? PV_VIRQ_ACTIVE : 0);
	return OK;
}

err_t call_vgic_enable(uint32_t cap, bool enable)
{
	assert(cap == FAKE_CAP_VGIC);
	fake.vgic_enabled = enable;
	return OK;
}

err_t call_stream_set(uint32_t cap, bool on)
{
	assert(cap >= FAKE_CAP_STREAM && cap < FAKE_CAP_STREAM + 8);
	if (fake.stream_error) {
		return fake.stream_error;
	}
	fake.streams[cap - FAKE_CAP_STREAM] = on;
	return OK;
}

err_t call_stream_get(uint32_t cap, struct stream_faults *faults)
{
	assert(cap >= FAKE_CAP_STREAM && cap < FAKE_CAP_STREAM + 8);
	*faults = fake.stream_faults[cap - FAKE_CAP_STREAM];
	return OK;
}

static struct fake_window *window_of(uint32_t cap, uint32_t word)
{
	assert(cap >= FAKE_CAP_WINDOW && cap < FAKE_CAP_STREAM && word < 1024);
	return &fake.windows[cap - FAKE_CAP_WINDOW];
}

err_t call_window_read(uint32_t cap, uint32_t word, uint32_t *value)
{
	const struct fake_window *window = window_of(cap, word);

	*value = window->closed ? UINT32_MAX : window->words[word];
	return window->closed ? ERR_STATE : OK;
}

err_t call_window_write(uint32_t cap, uint32_t word, uint32_t value)
{
	struct fake_window *window = window_of(cap, word);

	if (window->closed) {
		return ERR_STATE;
	}
	window->words[word] = ((window->words[word] & ~window->writable[word]) |
	                       (value & window->writable[word])) &
	                      ~(value & window->clears[word]);
	window->writes++;
	return OK;
}

err_t call_vcpu_get(uint32_t cap, enum pv_counter which, uint64_t *value)
{
	uint32_t vcpu = cap - FAKE_CAP_VCPU;

	assert(vcpu < fake.vcpu_count && which < PV_COUNTER_COUNT);
	*value = fake.counters[vcpu][which];
	return OK;
}

err_t call_doorbell_sent(uint32_t cap, uint64_t *rings)
{
	assert(cap >= FAKE_CAP_SEND && cap < FAKE_CAP_SEND + 32);
	*rings = fake.sent[cap - FAKE_CAP_SEND];
	return OK;
}

err_t call_doorbell_came(uint32_t cap, uint64_t *rings)
{
	assert(cap >= FAKE_CAP_RECV && cap < FAKE_CAP_COUNT);
	*rings = fake.came[cap - FAKE_CAP_RECV];
	return OK;
}

err_t call_doorbell_ring(uint32_t cap)
{
	assert(cap >= FAKE_CAP_RING && cap < FAKE_CAP_RECV);
	fake.rings[cap]++;
	return OK;
}

err_t call_doorbell_bind(uint32_t cap, uint32_t intid)
{
	assert(cap >= FAKE_CAP_RECV && cap < FAKE_CAP_COUNT);
	assert(intid == 0 || (intid >= PV_SPI_FIRST && intid < PV_VIRQS));
	fake.bound[cap] = intid;
	fake.bind_calls++;
	return OK;
}

static void put(uint32_t cap, char byte)
{
	if (fake.output_bytes[cap] == FAKE_OUTPUT_BYTES - 1) {
		fake.output_bytes[cap] = 0; /* keep the latest */
	}
	fake.output[cap][fake.output_bytes[cap]] = byte;
	fake.output_bytes[cap]++;
	fake.output[cap][fake.output_bytes[cap]] = '\0';
}

err_t call_console_write(uint32_t cap, uint32_t count, uint64_t low, uint64_t high, uint32_t *taken)
{
	assert(cap >= FAKE_CAP_LOG && cap <= FAKE_CAP_AGENT);
	assert(count >= 1 && count <= 16);
	*taken = 0;
	while (*taken < count) {
		if (fake.uart_room != 0 && fake.uart_taken == fake.uart_room) {
			fake.uart_taken = 0; /* by the next call it has drained */
			break;
		}
		put(cap, (char)((*taken < 8 ? low : high) >> (*taken % 8 * 8)));
		fake.uart_taken++;
		(*taken)++;
	}
	return OK;
}

err_t call_console_read(uint32_t cap, uint64_t *bytes, uint32_t *count)
{
	assert(cap >= FAKE_CAP_LOG && cap <= FAKE_CAP_AGENT);
	*bytes = 0;
	for (*count = 0; *count < 8 && fake.input_bytes[cap] != 0; (*count)++) {
		*bytes |= (uint64_t)fake.input[cap][fake.input_head[cap]] << (8 * *count);
		fake.input_head[cap] = (fake.input_head[cap] + 1) % FAKE_INPUT_BYTES;
		fake.input_bytes[cap]--;
	}
	return OK;
}
