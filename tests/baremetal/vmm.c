/* SPDX-License-Identifier: BSD-2-Clause */
/* The runtime of the test VMMs; vmm.h says what it offers. */
#include "tests/baremetal/vmm.h"

#include "abi/limits.h"
#include "vmm/vm/sysregs.h"

/* In .data, so that the builder can fill it in. */
__attribute__((section(".data"))) uint64_t params[T_PARAMS];
__attribute__((section(".data"))) bool has_gicv3; /* the board */

uint64_t vmm_read_value;
void (*vmm_do)(uint64_t argument);
void (*vmm_on_events)(uint64_t bits);
static uint64_t last[8];
static uint64_t count;
static uint64_t events;
static uint64_t fault_reply = PV_REPLY_UNDEF;
static uint64_t access_reply = PV_REPLY_RESUME;
static uint32_t results;

int64_t vmm_call_out(uint64_t call, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t *out)
{
	uint64_t x[9] = {x0, x1, x2, 0, 0, 0, 0, 0, call};

	vmm_svc(x);
	*out = x[1];
	return (int64_t)x[0];
}

int64_t vmm_call(uint64_t call, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	uint64_t x[9] = {x0, x1, x2, x3, 0, 0, 0, 0, call};

	vmm_svc(x);
	return (int64_t)x[0];
}

void vmm_wait(uint64_t reply, uint64_t value, uint64_t m[8])
{
	uint64_t x[9] = {reply, value, 0, 0, 0, 0, 0, 0, PV_CALL_WAIT};

	vmm_svc(x);
	for (unsigned int i = 0; i < 8; i++) {
		m[i] = x[i];
	}
}

/* Up to 16 bytes; the channel takes what it has room for, so it may need more than one call. */
static void print_bytes(uint64_t low, uint64_t high, uint64_t bytes)
{
	while (bytes > 0) {
		uint64_t x[9] = {T_CAP_CONSOLE,        bytes, low, high, 0, 0, 0, 0,
		                 PV_CALL_CONSOLE_WRITE};

		vmm_svc(x);
		uint64_t taken = x[1];

		if ((int64_t)x[0] == ERR_FULL) {
			continue;
		}
		if (x[0] != 0 || taken > bytes) {
			return;
		}
		bytes -= taken;
		for (; taken > 0; taken--) {
			low = low >> 8 | high << 56;
			high >>= 8;
		}
	}
}

static uint64_t bytes_before_nul(uint64_t low, uint64_t high)
{
	for (uint64_t n = 0; n < 16; n++) {
		if ((((n < 8 ? low : high) >> (8 * (n % 8))) & 0xff) == 0) {
			return n;
		}
	}
	return 16;
}

void vmm_print(const char *text)
{
	while (*text != 0) {
		uint64_t words[2] = {0, 0};
		uint64_t n = 0;

		for (; n < 16 && *text != 0; n++) {
			words[n / 8] |= (uint64_t)(uint8_t)*text++ << (8 * (n % 8));
		}
		print_bytes(words[0], words[1], n);
	}
}

void vmm_print_hex(uint64_t value)
{
	char text[19] = "0x";
	unsigned int at = 2;

	for (int shift = 60; shift >= 0; shift -= 4) {
		if (value >> shift != 0 || shift == 0) {
			text[at++] = "0123456789abcdef"[(value >> shift) & 15];
		}
	}
	text[at] = 0;
	vmm_print(text);
}

void vmm_check_equal(const char *name, uint64_t got, uint64_t want)
{
	results++;
	vmm_print(got == want ? "ok " : "FAIL ");
	vmm_print(name);
	if (got != want) {
		vmm_print(" got ");
		vmm_print_hex(got);
		vmm_print(" want ");
		vmm_print_hex(want);
	}
	vmm_print("\n");
}

void vmm_print_end(void)
{
	vmm_print("end ");
	vmm_print_hex(results);
	vmm_print("\n");
}

/* A call of an interrupt that another CPU may have in a list register. */
static int64_t virq_call(uint64_t call, uint64_t vcpu, uint64_t intid, uint64_t argument)
{
	int64_t status;

	while ((status = vmm_call(call, T_CAP_VGIC, vcpu, intid, argument)) == ERR_AGAIN) {
		__asm__ volatile("yield");
	}
	return status;
}

static uint64_t virq_get(uint64_t vcpu, uint64_t intid)
{
	uint64_t state;
	int64_t status;

	while ((status = vmm_call_out(PV_CALL_VIRQ_GET, T_CAP_VGIC, vcpu, intid, &state)) ==
	       ERR_AGAIN) {
		__asm__ volatile("yield");
	}
	return status == 0 ? state : (uint64_t)status;
}

static uint64_t get(uint64_t call, uint64_t x0, uint64_t x1)
{
	uint64_t value;
	int64_t status = vmm_call_out(call, x0, x1, 0, &value);

	return status == 0 ? value : (uint64_t)status;
}

/* T_* with the guest's x1 to x3; what it returns becomes the guest's x0. */
static uint64_t serve_call(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
	switch (function) {
	case T_PRINT:
		print_bytes(x1, x2, bytes_before_nul(x1, x2));
		return 0;
	case T_VCPU_START:
		return (uint64_t)vmm_call(PV_CALL_VCPU_START, T_CAP_VCPU + x1, x2, x3, 0);
	case T_VCPU_STOP:
		return (uint64_t)vmm_call(PV_CALL_VCPU_STOP, T_CAP_VCPU + x1, 0, 0, 0);
	case T_VGIC_RESET:
		return (uint64_t)vmm_call(PV_CALL_VGIC_RESET, T_CAP_VGIC, 0, 0, 0);
	case T_VIRQ_SET:
		return (uint64_t)virq_call(PV_CALL_VIRQ_SET, x1, x2, x3);
	case T_VIRQ_OP:
		return (uint64_t)virq_call(PV_CALL_VIRQ_OP, x1, x2, x3);
	case T_VIRQ_GET:
		return virq_get(x1, x2);
	case T_GET:
		return get(x1, x2, x3);
	case T_VGIC_ENABLE:
		return (uint64_t)vmm_call(PV_CALL_VGIC_ENABLE, T_CAP_VGIC, x1, 0, 0);
	case T_RING:
		return (uint64_t)vmm_call(PV_CALL_DOORBELL_RING, x1, 0, 0, 0);
	case T_BIND:
		return (uint64_t)vmm_call(PV_CALL_DOORBELL_BIND, x1, x2, 0, 0);
	case T_LAST:
		return x1 < 8 ? last[x1] : 0;
	case T_COUNT:
		return count;
	case T_SET_READ:
		vmm_read_value = x1;
		return 0;
	case T_SET_FAULT:
		fault_reply = x1;
		return 0;
	case T_SET_ACCESS:
		access_reply = x1;
		return 0;
	case T_PARAM:
		return x1 < T_PARAMS ? params[x1] : 0;
	case T_NOTHING:
		return x1 + x2 + x3;
	case T_DO:
		vmm_do(x1);
		return 0;
	default:
		return (uint64_t)ERR_CALL;
	}
}

/* A vCPU that the domain has no capability for is not there. */
static void stop_vcpu(uint64_t number)
{
	while (vmm_call(PV_CALL_VCPU_STOP, T_CAP_VCPU + number, 0, 0, 0) == ERR_AGAIN) {
		__asm__ volatile("yield");
	}
}

void vmm_restart(uint64_t pc, uint64_t argument)
{
	for (uint64_t number = 0; number < PV_DOMAIN_VCPUS_MAX; number++) {
		stop_vcpu(number);
	}
	if (vmm_call(PV_CALL_VGIC_RESET, T_CAP_VGIC, 0, 0, 0)) {
		vmm_print("FAIL reset of a VM that is off\n");
	}
	vmm_call(PV_CALL_VCPU_START, T_CAP_VCPU, pc, argument, 0);
}

static uint64_t answer_call(const uint64_t m[8], uint64_t *value)
{
	switch (m[2]) {
	case T_STOP:
		*value = m[3];
		return PV_REPLY_STOP;
	case T_OFF:
		return PV_REPLY_OFF;
	case T_UNDEF:
		return PV_REPLY_UNDEF;
	case T_RESTART:
		vmm_restart(m[3], m[4]);
		return PV_REPLY_NONE;
	case T_EVENTS:
		*value = events;
		events = 0;
		return PV_REPLY_RESUME;
	default:
		*value = serve_call(m[2], m[3], m[4], m[5]);
		return PV_REPLY_RESUME;
	}
}

uint64_t vmm_answer(const uint64_t m[8], uint64_t *value)
{
	*value = 0;
	if (m[0] == PV_MSG_CALL) {
		return answer_call(m, value);
	}
	if (m[0] == PV_MSG_SYSREG) {
		return sysreg_read(m[5], m[2], has_gicv3, value) ? PV_REPLY_RESUME : PV_REPLY_UNDEF;
	}
	if (m[0] == PV_MSG_EVENTS) {
		events |= m[1];
		if (vmm_on_events != 0) {
			vmm_on_events(m[1]);
		}
		return PV_REPLY_NONE;
	}
	count++;
	for (unsigned int i = 0; i < 8; i++) {
		last[i] = m[i];
	}
	if (m[0] == PV_MSG_FAULT) {
		*value = PV_STOP_FAULT;
		return fault_reply;
	}
	*value = vmm_read_value;
	return access_reply;
}

_Noreturn void vmm_serve(void)
{
	uint64_t m[8];
	uint64_t reply = PV_REPLY_NONE;
	uint64_t value = 0;

	for (;;) {
		vmm_wait(reply, value, m);
		reply = vmm_answer(m, &value);
	}
}
