/* SPDX-License-Identifier: BSD-2-Clause */
/* The runtime of the bare-metal test guests; guest.h says what it offers. */
#include "tests/baremetal/guest.h"

#define EC_FETCH_SAME 0x21U
#define KIND_EL1T 3U /* of an exception; 0 synchronous, 1 IRQ, 2 what never comes */

#define GICC_CTLR (T_GICC_IPA + 0x000)
#define GICC_PMR (T_GICC_IPA + 0x004)
#define GICC_IAR (T_GICC_IPA + 0x00c)
#define GICC_EOIR (T_GICC_IPA + 0x010)
#define GICC_RPR (T_GICC_IPA + 0x014)
#define GICC_HPPIR (T_GICC_IPA + 0x018)
/* The same of a GICv3, IHI 0069H 12.2. */
#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_RPR_EL1 S3_0_C12_C11_3
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_HPPIR1_EL1 S3_0_C12_C12_2
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7

#define NAME(reg) #reg
#define READ(reg)                                                                                  \
	__extension__({                                                                            \
		uint64_t value_;                                                                   \
		__asm__ volatile("isb\n\tmrs %0, " NAME(reg) "\n\tdsb sy"                          \
		                 : "=r"(value_)                                                    \
		                 :                                                                 \
		                 : "memory");                                                      \
		value_;                                                                            \
	})
#define WRITE(reg, value)                                                                          \
	__asm__ volatile("dsb sy\n\tmsr " NAME(reg) ", %0\n\tisb"                                  \
	                 :                                                                         \
	                 : "r"((uint64_t)(value))                                                  \
	                 : "memory")
#define IRQ_POLLS 2000U

/* What guest_start.S saves: x29 x30 x0..x18 elr spsr. */
struct guest_frame {
	uint64_t fp, lr;
	uint64_t x[19];
	uint64_t elr;
	uint64_t spsr;
};

/* In .data, so that the builder can fill it in. */
__attribute__((section(".data"))) uint64_t params[T_PARAMS];

volatile uint64_t guest_esr, guest_far;
volatile bool guest_was_el1t;
static volatile uint64_t exceptions;
static volatile bool exceptions_expected;
void (*volatile guest_irq_hook)(uint32_t iar);
volatile uint32_t guest_irq_count[1024];
static uint32_t results;
static bool real_vmm;

#define UARTDR 0x000U
#define UARTFR 0x018U
#define UARTCR 0x030U
#define UARTIMSC 0x038U
#define UARTFR_TXFF (1U << 5)
#define PSCI_SYSTEM_OFF 0x84000008U

void guest_exception_c(uint64_t kind, struct guest_frame *frame);

void guest_under_real_vmm(void)
{
	real_vmm = true;
	mmio_write32(T_DEVICE_IPA + UARTIMSC, 0);
	mmio_write32(T_DEVICE_IPA + UARTCR, 0x301); /* UARTEN, TXE, RXE */
}

static void print_uart(const char *text)
{
	for (; *text != 0; text++) {
		while ((mmio_read32(T_DEVICE_IPA + UARTFR) & UARTFR_TXFF) != 0) {
		}
		mmio_write32(T_DEVICE_IPA + UARTDR, (uint8_t)*text);
	}
}

void guest_print(const char *text)
{
	if (real_vmm) {
		print_uart(text);
		return;
	}
	while (*text != 0) {
		uint64_t words[2] = {0, 0};

		for (unsigned int i = 0; i < 16 && *text != 0; i++) {
			words[i / 8] |= (uint64_t)(uint8_t)*text++ << (8 * (i % 8));
		}
		guest_call(T_PRINT, words[0], words[1], 0);
	}
}

void guest_print_hex(uint64_t value)
{
	char text[19] = "0x";
	unsigned int at = 2;

	for (int shift = 60; shift >= 0; shift -= 4) {
		if (value >> shift != 0 || shift == 0) {
			text[at++] = "0123456789abcdef"[(value >> shift) & 15];
		}
	}
	text[at] = 0;
	guest_print(text);
}

void check_equal(const char *name, uint64_t got, uint64_t want)
{
	results++;
	guest_print(got == want ? "ok " : "FAIL ");
	guest_print(name);
	if (got != want) {
		guest_print(" got ");
		guest_print_hex(got);
		guest_print(" want ");
		guest_print_hex(want);
	}
	guest_print("\n");
}

void check_true(const char *name, bool holds)
{
	check_equal(name, holds, true);
}

_Noreturn void guest_stop(uint64_t reason)
{
	for (;;) {
		guest_call(real_vmm ? PSCI_SYSTEM_OFF : T_STOP, reason, 0, 0);
	}
}

_Noreturn void guest_finish(void)
{
	guest_print("end ");
	guest_print_hex(results);
	guest_print("\n");
	guest_stop(PV_STOP_POWEROFF);
}

static _Noreturn void unexpected(uint64_t kind, const struct guest_frame *frame, uint64_t esr)
{
	results++;
	guest_print("FAIL exception kind ");
	guest_print_hex(kind);
	guest_print(" esr ");
	guest_print_hex(esr);
	guest_print(" elr ");
	guest_print_hex(frame->elr);
	guest_print("\n");
	guest_finish();
}

static void take_interrupt(void)
{
	uint32_t iar = guest_irq_acknowledge();

	if ((iar & 0x3ff) == 0x3ff) {
		return;
	}
	if (guest_irq_hook != 0) {
		guest_irq_hook(iar);
		return;
	}
	guest_irq_count[iar & 0x3ff]++;
	guest_irq_end(iar);
}

void guest_exception_c(uint64_t kind, struct guest_frame *frame)
{
	uint64_t esr;
	uint64_t far;

	if (kind == 1) {
		take_interrupt();
		return;
	}
	__asm__ volatile("mrs %0, esr_el1" : "=r"(esr));
	__asm__ volatile("mrs %0, far_el1" : "=r"(far));
	if ((kind != 0 && kind != KIND_EL1T) || !exceptions_expected) {
		unexpected(kind, frame, esr);
	}
	guest_esr = esr;
	guest_far = far;
	guest_was_el1t = kind == KIND_EL1T;
	exceptions++;
	/* Code lies in RAM; a PC elsewhere is a jump that the caller wants back. */
	frame->elr = frame->elr < T_RAM_IPA || ESR_CLASS(esr) == EC_FETCH_SAME ? frame->lr
	                                                                       : frame->elr + 4;
}

uint64_t guest_exceptions_of(void (*function)(uint64_t), uint64_t argument)
{
	uint64_t before = exceptions;

	exceptions_expected = true;
	function(argument);
	exceptions_expected = false;
	return exceptions - before;
}

bool guest_gicv3(void)
{
	static enum { UNKNOWN, GICV2, GICV3 } version;

	if (version == UNKNOWN) { /* it traps: not at each interrupt */
		version = (READ(ID_AA64PFR0_EL1) >> 24 & 15) != 0 ? GICV3 : GICV2;
	}
	return version == GICV3;
}

uint64_t guest_private_bank(uint32_t offset, uint64_t vcpu)
{
	return offset + (guest_gicv3() ? T_GICR_IPA + 0x20000 * vcpu + 0x10000 : T_GICD_IPA);
}

void guest_irq_priority_mask(uint32_t priority)
{
	if (guest_gicv3()) {
		WRITE(ICC_PMR_EL1, priority);
	} else {
		mmio_write32(GICC_PMR, priority);
	}
}

void guest_irq_start(bool unmask)
{
	guest_irq_priority_mask(0xff);
	if (guest_gicv3()) {
		WRITE(ICC_IGRPEN1_EL1, 1);
	} else {
		mmio_write32(GICC_CTLR, 1);
	}
	if (unmask) {
		guest_irq_unmask();
	}
}

void guest_irq_unmask(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
}

void guest_irq_mask(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
}

uint32_t guest_irq_acknowledge(void)
{
	return guest_gicv3() ? (uint32_t)READ(ICC_IAR1_EL1) : mmio_read32(GICC_IAR);
}

uint32_t guest_irq_running(void)
{
	return guest_gicv3() ? (uint32_t)READ(ICC_RPR_EL1) : mmio_read32(GICC_RPR);
}

uint32_t guest_irq_highest(void)
{
	return guest_gicv3() ? (uint32_t)READ(ICC_HPPIR1_EL1) : mmio_read32(GICC_HPPIR);
}

void guest_irq_end(uint32_t iar)
{
	if (guest_gicv3()) {
		WRITE(ICC_EOIR1_EL1, iar);
	} else {
		mmio_write32(GICC_EOIR, iar);
	}
}

void guest_irq_send(uint32_t intid, uint64_t to)
{
	WRITE(ICC_SGI1R_EL1, intid << 24 | 1U << to);
}

uint32_t guest_irq_poll(void)
{
	uint32_t iar = 0x3ff;

	for (uint32_t i = 0; i < IRQ_POLLS && (iar & 0x3ff) == 0x3ff; i++) {
		iar = guest_irq_acknowledge();
	}
	return iar;
}

uint64_t guest_virq(uint32_t vcpu, uint32_t intid, uint32_t flags, uint32_t priority,
                    uint32_t target)
{
	uint64_t configuration = PV_VIRQ_ENABLED | flags | priority << PV_VIRQ_PRIORITY_SHIFT |
	                         target << PV_VIRQ_TARGET_SHIFT;

	return guest_call(T_VIRQ_SET, vcpu, intid, configuration);
}

uint64_t guest_virq_op(uint32_t vcpu, uint32_t intid, enum pv_virq_op operation)
{
	return guest_call(T_VIRQ_OP, vcpu, intid, (uint64_t)operation);
}

uint64_t guest_now(void)
{
	uint64_t value;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value) : : "memory");
	return value;
}

uint64_t guest_hertz(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
	return value;
}

void guest_timer_arm(uint64_t ticks)
{
	uint64_t deadline = guest_now() + ticks;

	__asm__ volatile("msr cntv_cval_el0, %0\n\tmsr cntv_ctl_el0, %1\n\tisb"
	                 :
	                 : "r"(deadline), "r"(1UL)
	                 : "memory");
}

void guest_timer_off(void)
{
	__asm__ volatile("msr cntv_ctl_el0, xzr\n\tisb" ::: "memory");
}
