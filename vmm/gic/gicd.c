/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the distributor keeps of each interrupt (gicd.h), and its banks, which all versions have
 * alike: Arm IHI 0048B.b section 4.3, IHI 0069H section 12.9. Like a GIC-400, SGIs are always enabled
 * and edge-triggered, PPIs are level-sensitive, and five bits of priority are implemented.
 *
 * An SPI with several targets goes to the lowest of them, which "1 of N" allows; one with none
 * stays disabled in the kernel.
 */
#include "vmm/gic/gicd.h"

#include "vmm/base/again.h"
#include "vmm/calls.h"
#include "vmm/gic/banks.h"

#define PRIORITY_MASK 0xf8U    /* five bits, what the list registers of a GIC-400 hold */
#define IIDR_VALUE 0x5000043bU /* product 'P', Arm's JEP106 code as in every GIC */
#define PPI_TYPE_CONFIG 0x00000000U
#define SGI_TYPE_CONFIG 0xaaaaaaaaU

uint32_t gicd_slot(uint32_t vcpu, uint32_t intid)
{
	return intid < GICD_PRIVATE ? vcpu * GICD_PRIVATE + intid
	                            : PV_DOMAIN_VCPUS_MAX * GICD_PRIVATE + intid - GICD_PRIVATE;
}

/* The kernel refuses nothing that gets here. */
void gicd_push(const struct gicd *gicd, uint32_t vcpu, uint32_t intid)
{
	uint32_t slot = gicd_slot(vcpu, intid);
	uint32_t bit = 1U << slot % 32;
	bool is_enabled = (gicd->enable[slot / 32] & bit) != 0;
	uint32_t target = vcpu;
	uint32_t config;

	if (intid >= GICD_PRIVATE) {
		uint32_t targets = gicd->vcpu_count == 1 ? 1 : gicd->targets[slot];

		is_enabled = is_enabled && targets != 0;
		target = targets == 0 ? 0 : (uint32_t)__builtin_ctz(targets);
		vcpu = 0;
	}
	config = (is_enabled ? PV_VIRQ_ENABLED : 0) |
	         ((gicd->edge[slot / 32] & bit) != 0 ? PV_VIRQ_EDGE : 0) |
	         (uint32_t)gicd->priority[slot] << PV_VIRQ_PRIORITY_SHIFT |
	         target << PV_VIRQ_TARGET_SHIFT;
	for (uint32_t tries = 0;
	     call_again(call_virq_set(gicd->cap, vcpu, intid, config), &tries);) {
	}
}

uint32_t gicd_state(const struct gicd *gicd, uint32_t vcpu, uint32_t intid)
{
	uint32_t state;

	for (uint32_t tries = 0;
	     call_again(call_virq_get(gicd->cap, vcpu, intid, &state), &tries);) {
	}
	return state;
}

void gicd_operate(const struct gicd *gicd, uint32_t vcpu, uint32_t intid, enum pv_virq_op op)
{
	for (uint32_t tries = 0; call_again(call_virq_op(gicd->cap, vcpu, intid, op), &tries);) {
	}
}

/* Run @op on each interrupt whose bit is set in @bits, a word of a one-bit-each bank. */
static void operate_word(const struct gicd *gicd, const struct access *access, uint32_t bits,
                         enum pv_virq_op op)
{
	for (; bits != 0; bits &= bits - 1) { /* at most 32 turns */
		uint32_t intid = access->offset * 8 + (uint32_t)__builtin_ctz(bits);

		gicd_operate(gicd, access->vcpu, intid, op);
	}
}

/* The bit @flag of each of the 32 interrupts of a word. */
static uint32_t state_word(const struct gicd *gicd, const struct access *access, uint32_t flag)
{
	uint32_t word = 0;

	for (uint32_t i = 0; i < 32; i++) {
		if ((gicd_state(gicd, access->vcpu, access->offset * 8 + i) & flag) != 0) {
			word |= 1U << i;
		}
	}
	return word;
}

/* The word of slots that a one-bit-each bank shows at this offset. */
static uint32_t word_of(const struct access *access)
{
	return gicd_slot(access->vcpu, access->offset * 8) / 32;
}

uint64_t bank_read_enable(void *device, const struct access *access)
{
	const struct gicd *gicd = device;

	return gicd->enable[word_of(access)];
}

/* Bits that GICD_ISENABLERn and GICD_ICENABLERn cannot change. */
static uint32_t fixed_enables(const struct access *access)
{
	return access->offset == 0 ? (1U << SGI_COUNT) - 1 : 0;
}

static void change_enable(struct gicd *gicd, const struct access *access, uint32_t bits)
{
	uint32_t changed = bits & ~fixed_enables(access);

	gicd->enable[word_of(access)] ^= changed;
	for (; changed != 0; changed &= changed - 1) {
		gicd_push(gicd, access->vcpu,
		          access->offset * 8 + (uint32_t)__builtin_ctz(changed));
	}
}

void bank_write_set_enable(void *device, const struct access *access)
{
	struct gicd *gicd = device;

	change_enable(gicd, access, (uint32_t)access->value & ~gicd->enable[word_of(access)]);
}

void bank_write_clear_enable(void *device, const struct access *access)
{
	struct gicd *gicd = device;

	change_enable(gicd, access, (uint32_t)access->value & gicd->enable[word_of(access)]);
}

uint64_t bank_read_pending(void *device, const struct access *access)
{
	return state_word(device, access, PV_VIRQ_PENDING);
}

/* A GICv2's SGIs are made and unmade pending by GICD_S/CPENDSGIRn alone (4.3.7). */
static uint32_t changed_pending(const struct gicd *gicd, const struct access *access)
{
	return (uint32_t)access->value & ~(gicd->is_v3 ? 0 : fixed_enables(access));
}

void bank_write_set_pending(void *device, const struct access *access)
{
	operate_word(device, access, changed_pending(device, access), PV_VIRQ_OP_PEND);
}

void bank_write_clear_pending(void *device, const struct access *access)
{
	operate_word(device, access, changed_pending(device, access), PV_VIRQ_OP_UNPEND);
}

uint64_t bank_read_active(void *device, const struct access *access)
{
	return state_word(device, access, PV_VIRQ_ACTIVE);
}

void bank_write_set_active(void *device, const struct access *access)
{
	operate_word(device, access, (uint32_t)access->value, PV_VIRQ_OP_ACTIVATE);
}

void bank_write_clear_active(void *device, const struct access *access)
{
	operate_word(device, access, (uint32_t)access->value, PV_VIRQ_OP_DEACTIVATE);
}

uint64_t bank_read_priority(void *device, const struct access *access)
{
	const struct gicd *gicd = device;
	uint64_t value = 0;

	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t slot = gicd_slot(access->vcpu, access->offset + i);

		value |= (uint64_t)gicd->priority[slot] << (8 * i);
	}
	return value;
}

void bank_write_priority(void *device, const struct access *access)
{
	struct gicd *gicd = device;

	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t slot = gicd_slot(access->vcpu, access->offset + i);
		uint8_t value = (uint8_t)((access->value >> (8 * i)) & PRIORITY_MASK);

		if (gicd->priority[slot] != value) {
			gicd->priority[slot] = value;
			gicd_push(gicd, access->vcpu, access->offset + i);
		}
	}
}

/* Two bits for each interrupt: bit 1 edge-triggered, bit 0 reserved (4.3.13). */
uint64_t bank_read_config(void *device, const struct access *access)
{
	const struct gicd *gicd = device;
	uint32_t first = access->offset * 4;
	uint32_t edges;
	uint64_t value = 0;

	if (first < GICD_PRIVATE) {
		return first < SGI_COUNT ? SGI_TYPE_CONFIG : PPI_TYPE_CONFIG;
	}
	edges = gicd->edge[gicd_slot(0, first) / 32] >> first % 32;
	for (uint32_t i = 0; i < 16; i++) {
		value |= (uint64_t)((edges >> i) & 1) << (2 * i + 1);
	}
	return value;
}

void bank_write_config(void *device, const struct access *access)
{
	struct gicd *gicd = device;
	uint32_t first = access->offset * 4;

	if (first < GICD_PRIVATE) {
		return;
	}
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t slot = gicd_slot(0, first + i);
		uint32_t bit = (uint32_t)((access->value >> (2 * i + 1)) & 1) << slot % 32;

		if ((gicd->edge[slot / 32] & 1U << slot % 32) != bit) {
			gicd->edge[slot / 32] ^= 1U << slot % 32;
			gicd_push(gicd, 0, first + i);
		}
	}
}

uint64_t bank_read_iidr(void *device, const struct access *access)
{
	(void)device;
	(void)access;
	return IIDR_VALUE;
}

uint64_t gicd_read(struct gicd *gicd, const struct access *access)
{
	return gicd->is_v3 ? gicv3_read(gicd, access) : regs_read(&gicv2_registers, gicd, access);
}

void gicd_write(struct gicd *gicd, const struct access *access)
{
	if (gicd->is_v3) {
		gicv3_write(gicd, access);
	} else {
		regs_write(&gicv2_registers, gicd, access);
	}
}

void gicd_init(struct gicd *gicd, uint32_t cap, uint32_t vcpu_count, bool is_v3)
{
	*gicd = (struct gicd){.cap = cap, .vcpu_count = vcpu_count, .is_v3 = is_v3};
	for (uint32_t intid = GICD_PRIVATE; is_v3 && intid < PV_VIRQS; intid++) {
		gicd->targets[gicd_slot(0, intid)] = 1; /* GICD_IROUTER 0 names vCPU 0 */
	}
	for (uint32_t vcpu = 0; vcpu < vcpu_count; vcpu++) {
		gicd->enable[vcpu] = (1U << SGI_COUNT) - 1;
		gicd->edge[vcpu] = (1U << SGI_COUNT) - 1;
		for (uint32_t sgi = 0; sgi < SGI_COUNT; sgi++) {
			gicd_push(gicd, vcpu, sgi);
		}
	}
}

void gicd_pend_spi(const struct gicd *gicd, uint32_t intid)
{
	gicd_operate(gicd, 0, intid, PV_VIRQ_OP_PEND);
}

void gicd_set_line(const struct gicd *gicd, uint32_t intid, bool high)
{
	gicd_operate(gicd, 0, intid, high ? PV_VIRQ_OP_LINE_HIGH : PV_VIRQ_OP_LINE_LOW);
}
