/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls, issued: `svc #0` with the number in x8 (abi/calls.h). The kernel keeps every
 * register but x0 to x3 (x0 to x7 for PV_CALL_WAIT). Each call is a compiler barrier, since what
 * is behind it may concern memory that is shared with a peer.
 */
#include "vmm/calls.h"

/* Issue @number with @argument; the results x1 to x3 are left in @argument[1] to [3]. */
static inline err_t issue(enum pv_call number, uint64_t argument[5])
{
	register uint64_t x0 __asm__("x0");
	register uint64_t x1 __asm__("x1");
	register uint64_t x2 __asm__("x2");
	register uint64_t x3 __asm__("x3");
	register uint64_t x4 __asm__("x4");
	register uint64_t x8 __asm__("x8");

	x0 = argument[0];
	x1 = argument[1];
	x2 = argument[2];
	x3 = argument[3];
	x4 = argument[4];
	x8 = (uint64_t)number;
	__asm__ volatile("svc #0"
	                 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
	                 : "r"(x4), "r"(x8)
	                 : "memory", "cc");
	argument[1] = x1;
	argument[2] = x2;
	argument[3] = x3;
	return (err_t)x0; /* narrowing: errors are small */
}

void call_wait(const struct reply *reply, struct message *message)
{
	register uint64_t x0 __asm__("x0");
	register uint64_t x1 __asm__("x1");
	register uint64_t x2 __asm__("x2");
	register uint64_t x3 __asm__("x3");
	register uint64_t x4 __asm__("x4");
	register uint64_t x5 __asm__("x5");
	register uint64_t x6 __asm__("x6");
	register uint64_t x7 __asm__("x7");
	register uint64_t x8 __asm__("x8");

	x0 = (uint64_t)reply->kind;
	x1 = reply->value;
	x2 = reply->more[0];
	x3 = reply->more[1];
	x4 = reply->more[2];
	x8 = (uint64_t)PV_CALL_WAIT;
	__asm__ volatile("svc #0"
	                 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "=r"(x5), "=r"(x6),
	                   "=r"(x7)
	                 : "r"(x8)
	                 : "memory", "cc");
	message->word[0] = x0;
	message->word[1] = x1;
	message->word[2] = x2;
	message->word[3] = x3;
	message->word[4] = x4;
	message->word[5] = x5;
	message->word[6] = x6;
	message->word[7] = x7;
}

err_t call_vcpu_start(uint32_t cap, uint64_t pc, uint64_t argument)
{
	return issue(PV_CALL_VCPU_START, (uint64_t[5]){cap, pc, argument});
}

err_t call_vcpu_stop(uint32_t cap)
{
	return issue(PV_CALL_VCPU_STOP, (uint64_t[5]){cap});
}

err_t call_vgic_reset(uint32_t cap)
{
	return issue(PV_CALL_VGIC_RESET, (uint64_t[5]){cap});
}

err_t call_timer_set(uint64_t at)
{
	return issue(PV_CALL_TIMER_SET, (uint64_t[5]){at});
}

uint64_t call_counter(void)
{
	uint64_t now;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(now) : : "memory");
	return now;
}

uint64_t call_counter_hz(void)
{
	uint64_t hz;

	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz;
}

void call_pause(void)
{
	__asm__ volatile("yield");
}

err_t call_virq_set(uint32_t cap, uint32_t vcpu, uint32_t intid, uint32_t config)
{
	return issue(PV_CALL_VIRQ_SET, (uint64_t[5]){cap, vcpu, intid, config});
}

err_t call_virq_op(uint32_t cap, uint32_t vcpu, uint32_t intid, enum pv_virq_op op)
{
	return issue(PV_CALL_VIRQ_OP, (uint64_t[5]){cap, vcpu, intid, (uint64_t)op});
}

err_t call_virq_get(uint32_t cap, uint32_t vcpu, uint32_t intid, uint32_t *state)
{
	uint64_t argument[5] = {cap, vcpu, intid};
	err_t err = issue(PV_CALL_VIRQ_GET, argument);

	*state = err == OK ? (uint32_t)argument[1] : 0;
	return err;
}

err_t call_vgic_enable(uint32_t cap, bool enable)
{
	return issue(PV_CALL_VGIC_ENABLE, (uint64_t[5]){cap, enable ? 1 : 0});
}

err_t call_stream_set(uint32_t cap, bool on)
{
	return issue(PV_CALL_STREAM_SET, (uint64_t[5]){cap, on ? 1 : 0});
}

err_t call_stream_get(uint32_t cap, struct stream_faults *faults)
{
	uint64_t argument[5] = {cap};
	err_t err = issue(PV_CALL_STREAM_GET, argument);

	*faults = (struct stream_faults){argument[1], argument[2], argument[3]};
	return err;
}

err_t call_window_read(uint32_t cap, uint32_t word, uint32_t *value)
{
	uint64_t argument[5] = {cap, word};
	err_t err = issue(PV_CALL_WINDOW_READ, argument);

	*value = (uint32_t)argument[1];
	return err;
}

err_t call_window_write(uint32_t cap, uint32_t word, uint32_t value)
{
	return issue(PV_CALL_WINDOW_WRITE, (uint64_t[5]){cap, word, value});
}

/* A call whose result is one value. */
static err_t issue_get(enum pv_call call, uint64_t x0, uint64_t x1, uint64_t *value)
{
	uint64_t argument[5] = {x0, x1};
	err_t err = issue(call, argument);

	*value = argument[1];
	return err;
}

err_t call_vcpu_get(uint32_t cap, enum pv_counter which, uint64_t *value)
{
	return issue_get(PV_CALL_VCPU_GET, cap, (uint64_t)which, value);
}

err_t call_doorbell_sent(uint32_t cap, uint64_t *rings)
{
	return issue_get(PV_CALL_DOORBELL_SENT, cap, 0, rings);
}

err_t call_doorbell_came(uint32_t cap, uint64_t *rings)
{
	return issue_get(PV_CALL_DOORBELL_CAME, cap, 0, rings);
}

err_t call_doorbell_ring(uint32_t cap)
{
	return issue(PV_CALL_DOORBELL_RING, (uint64_t[5]){cap});
}

err_t call_doorbell_bind(uint32_t cap, uint32_t intid)
{
	return issue(PV_CALL_DOORBELL_BIND, (uint64_t[5]){cap, intid});
}

err_t call_console_write(uint32_t cap, uint32_t count, uint64_t low, uint64_t high, uint32_t *taken)
{
	uint64_t argument[5] = {cap, count, low, high};
	err_t err = issue(PV_CALL_CONSOLE_WRITE, argument);

	*taken = err == OK ? (uint32_t)argument[1] : 0;
	return err;
}

err_t call_console_read(uint32_t cap, uint64_t *bytes, uint32_t *count)
{
	uint64_t argument[5] = {cap};
	err_t err = issue(PV_CALL_CONSOLE_READ, argument);

	*count = err == OK ? (uint32_t)argument[1] : 0;
	*bytes = argument[2];
	return err;
}

bool call_rndr(uint64_t *value)
{
	uint64_t number;
	uint32_t failed; /* NZCV is 0b0100 then, else 0 (Arm ARM D24.2.146, RNDR) */

	__asm__ volatile("mrs %0, s3_3_c2_c4_0\n\tcset %w1, eq"
	                 : "=r"(number), "=r"(failed)
	                 :
	                 : "cc");
	*value = number;
	return failed == 0;
}
