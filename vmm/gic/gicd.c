/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv2 distributor for the guest (gicd.h), after Arm IHI 0048B.b section 4.3, without Security
 * Extensions and with one interrupt group: GICD_IGROUPRn, GICD_NSACRn and GICD_CTLR's second bit
 * are RAZ/WI. Like a GIC-400, SGIs are always enabled and edge-triggered, PPIs are level-sensitive,
 * and five bits of priority are implemented. With one vCPU GICD_ITARGETSRn are RAZ/WI (4.3.12).
 *
 * An SPI with several targets goes to the lowest of them, which "1 of N" allows; one with none
 * stays disabled in the kernel.
 */
#include "vmm/gic/gicd.h"

#include "vmm/base/again.h"
#include "vmm/calls.h"

#define SGI_COUNT 16U
#define PRIORITY_MASK 0xf8U    /* five bits, what the list registers of a GIC-400 hold */
#define IIDR_VALUE 0x5000043bU /* product 'P', Arm's JEP106 code as in every GICv2 */
#define PIDR2_VALUE 0x2bU      /* architecture 2, as a GIC-400 */
#define PPI_TYPE_CONFIG 0x00000000U
#define SGI_TYPE_CONFIG 0xaaaaaaaaU

static uint32_t slot_of(uint32_t vcpu, uint32_t intid)
{
	return intid < GICD_PRIVATE ? vcpu * GICD_PRIVATE + intid
	                            : PV_DOMAIN_VCPUS_MAX * GICD_PRIVATE + intid - GICD_PRIVATE;
}

/* Give the kernel the configuration of one interrupt. It refuses nothing that gets here. */
static void push(const struct gicd *gicd, uint32_t vcpu, uint32_t intid)
{
	uint32_t slot = slot_of(vcpu, intid);
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

/* The state bits of one interrupt, 0 where there is none. */
static uint32_t state_of(const struct gicd *gicd, uint32_t vcpu, uint32_t intid)
{
	uint32_t state;

	for (uint32_t tries = 0;
	     call_again(call_virq_get(gicd->cap, vcpu, intid, &state), &tries);) {
	}
	return state;
}

static void operate(const struct gicd *gicd, uint32_t vcpu, uint32_t intid, enum pv_virq_op op)
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

		operate(gicd, access->vcpu, intid, op);
	}
}

/* The bit @flag of each of the 32 interrupts of a word. */
static uint32_t state_word(const struct gicd *gicd, const struct access *access, uint32_t flag)
{
	uint32_t word = 0;

	for (uint32_t i = 0; i < 32; i++) {
		if ((state_of(gicd, access->vcpu, access->offset * 8 + i) & flag) != 0) {
			word |= 1U << i;
		}
	}
	return word;
}

static uint64_t read_ctlr(void *device, const struct access *access)
{
	const struct gicd *gicd = device;

	(void)access;
	return gicd->enabled ? 1 : 0;
}

static void write_ctlr(void *device, const struct access *access)
{
	struct gicd *gicd = device;
	bool enabled = (access->value & 1) != 0;

	if (enabled != gicd->enabled) {
		gicd->enabled = enabled;
		(void)!call_vgic_enable(gicd->cap, enabled);
	}
}

static uint64_t read_typer(void *device, const struct access *access)
{
	const struct gicd *gicd = device;

	(void)access;
	return (PV_VIRQS / 32 - 1) | (gicd->vcpu_count - 1) << 5;
}

static uint64_t read_iidr(void *device, const struct access *access)
{
	(void)device;
	(void)access;
	return IIDR_VALUE;
}

static uint64_t read_pidr2(void *device, const struct access *access)
{
	(void)device;
	(void)access;
	return PIDR2_VALUE;
}

/* The word of slots that a one-bit-each bank shows at this offset. */
static uint32_t word_of(const struct access *access)
{
	return slot_of(access->vcpu, access->offset * 8) / 32;
}

static uint64_t read_enable(void *device, const struct access *access)
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
		push(gicd, access->vcpu, access->offset * 8 + (uint32_t)__builtin_ctz(changed));
	}
}

static void write_set_enable(void *device, const struct access *access)
{
	struct gicd *gicd = device;

	change_enable(gicd, access, (uint32_t)access->value & ~gicd->enable[word_of(access)]);
}

static void write_clear_enable(void *device, const struct access *access)
{
	struct gicd *gicd = device;

	change_enable(gicd, access, (uint32_t)access->value & gicd->enable[word_of(access)]);
}

static uint64_t read_pending(void *device, const struct access *access)
{
	return state_word(device, access, PV_VIRQ_PENDING);
}

/* SGIs are made and unmade pending by GICD_S/CPENDSGIRn alone (4.3.7). */
static uint32_t without_sgis(const struct access *access)
{
	return (uint32_t)access->value & ~fixed_enables(access);
}

static void write_set_pending(void *device, const struct access *access)
{
	operate_word(device, access, without_sgis(access), PV_VIRQ_OP_PEND);
}

static void write_clear_pending(void *device, const struct access *access)
{
	operate_word(device, access, without_sgis(access), PV_VIRQ_OP_UNPEND);
}

static uint64_t read_active(void *device, const struct access *access)
{
	return state_word(device, access, PV_VIRQ_ACTIVE);
}

static void write_set_active(void *device, const struct access *access)
{
	operate_word(device, access, (uint32_t)access->value, PV_VIRQ_OP_ACTIVATE);
}

static void write_clear_active(void *device, const struct access *access)
{
	operate_word(device, access, (uint32_t)access->value, PV_VIRQ_OP_DEACTIVATE);
}

static uint64_t read_priority(void *device, const struct access *access)
{
	const struct gicd *gicd = device;
	uint64_t value = 0;

	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t slot = slot_of(access->vcpu, access->offset + i);

		value |= (uint64_t)gicd->priority[slot] << (8 * i);
	}
	return value;
}

static void write_priority(void *device, const struct access *access)
{
	struct gicd *gicd = device;

	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t slot = slot_of(access->vcpu, access->offset + i);
		uint8_t value = (uint8_t)((access->value >> (8 * i)) & PRIORITY_MASK);

		if (gicd->priority[slot] != value) {
			gicd->priority[slot] = value;
			push(gicd, access->vcpu, access->offset + i);
		}
	}
}

static uint64_t read_targets(void *device, const struct access *access)
{
	const struct gicd *gicd = device;
	uint64_t value = 0;

	if (gicd->vcpu_count == 1) {
		return 0;
	}
	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t intid = access->offset + i;
		uint64_t mask = intid < GICD_PRIVATE ? 1U << access->vcpu
		                                     : gicd->targets[slot_of(access->vcpu, intid)];

		value |= mask << (8 * i);
	}
	return value;
}

static void write_targets(void *device, const struct access *access)
{
	struct gicd *gicd = device;

	if (gicd->vcpu_count == 1 || access->offset < GICD_PRIVATE) {
		return;
	}
	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t intid = access->offset + i;
		uint8_t mask =
			(uint8_t)((access->value >> (8 * i)) & ((1U << gicd->vcpu_count) - 1));

		if (gicd->targets[slot_of(0, intid)] != mask) {
			gicd->targets[slot_of(0, intid)] = mask;
			push(gicd, 0, intid);
		}
	}
}

/* Two bits for each interrupt: bit 1 edge-triggered, bit 0 reserved (4.3.13). */
static uint64_t read_config(void *device, const struct access *access)
{
	const struct gicd *gicd = device;
	uint32_t first = access->offset * 4;
	uint32_t edges;
	uint64_t value = 0;

	if (first < GICD_PRIVATE) {
		return first < SGI_COUNT ? SGI_TYPE_CONFIG : PPI_TYPE_CONFIG;
	}
	edges = gicd->edge[slot_of(0, first) / 32] >> first % 32;
	for (uint32_t i = 0; i < 16; i++) {
		value |= (uint64_t)((edges >> i) & 1) << (2 * i + 1);
	}
	return value;
}

static void write_config(void *device, const struct access *access)
{
	struct gicd *gicd = device;
	uint32_t first = access->offset * 4;

	if (first < GICD_PRIVATE) {
		return;
	}
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t slot = slot_of(0, first + i);
		uint32_t bit = (uint32_t)((access->value >> (2 * i + 1)) & 1) << slot % 32;

		if ((gicd->edge[slot / 32] & 1U << slot % 32) != bit) {
			gicd->edge[slot / 32] ^= 1U << slot % 32;
			push(gicd, 0, first + i);
		}
	}
}

/* SGI @sgi, as sent by @source, becomes pending, or not any more, for each of @targets. */
static void operate_sgi(const struct gicd *gicd, uint32_t source, uint32_t targets, uint32_t sgi,
                        enum pv_virq_op op)
{
	for (uint32_t vcpu = 0; vcpu < gicd->vcpu_count; vcpu++) {
		if ((targets & 1U << vcpu) != 0) {
			operate(gicd, vcpu, sgi | source << PV_SGI_SOURCE_SHIFT, op);
		}
	}
}

/* GICD_SGIR (4.3.15): [25:24] filter, [23:16] list, [3:0] the interrupt. */
static void write_sgir(void *device, const struct access *access)
{
	const struct gicd *gicd = device;
	uint32_t value = (uint32_t)access->value;
	uint32_t self = 1U << access->vcpu;
	const uint32_t targets[4] = {(value >> 16) & 0xff, ~self, self, 0};

	operate_sgi(gicd, access->vcpu, targets[(value >> 24) & 3], value & 0xf, PV_VIRQ_OP_PEND);
}

/* GICD_S/CPENDSGIRn: a byte for each SGI of the reading vCPU, a bit for each source. */
static uint64_t read_sgi_pending(void *device, const struct access *access)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t state = state_of(device, access->vcpu, access->offset + i);

		value |= (uint64_t)(state >> PV_VIRQ_SOURCES_SHIFT) << (8 * i);
	}
	return value;
}

static void operate_sgi_bytes(const struct gicd *gicd, const struct access *access,
                              enum pv_virq_op op)
{
	for (uint32_t i = 0; i < access->bytes; i++) {
		uint32_t sources = (uint32_t)(access->value >> (8 * i)) & 0xff;

		for (uint32_t source = 0; source < gicd->vcpu_count; source++) {
			if ((sources & 1U << source) != 0) {
				operate_sgi(gicd, source, 1U << access->vcpu, access->offset + i,
				            op);
			}
		}
	}
}

static void write_sgi_set(void *device, const struct access *access)
{
	operate_sgi_bytes(device, access, PV_VIRQ_OP_PEND);
}

static void write_sgi_clear(void *device, const struct access *access)
{
	operate_sgi_bytes(device, access, PV_VIRQ_OP_UNPEND);
}

/* Arm IHI 0048B.b, table 4-1. Banks of one bit, two bits or one byte for each interrupt. */
static const struct reg rows[] = {
	{0x000, 4, W32, read_ctlr, write_ctlr},                          /* GICD_CTLR */
	{0x004, 4, W32, read_typer, NULL},                               /* GICD_TYPER */
	{0x008, 4, W32, read_iidr, NULL},                                /* GICD_IIDR */
	{0x100, PV_VIRQS / 8, W32, read_enable, write_set_enable},       /* GICD_ISENABLERn */
	{0x180, PV_VIRQS / 8, W32, read_enable, write_clear_enable},     /* GICD_ICENABLERn */
	{0x200, PV_VIRQS / 8, W32, read_pending, write_set_pending},     /* GICD_ISPENDRn */
	{0x280, PV_VIRQS / 8, W32, read_pending, write_clear_pending},   /* GICD_ICPENDRn */
	{0x300, PV_VIRQS / 8, W32, read_active, write_set_active},       /* GICD_ISACTIVERn */
	{0x380, PV_VIRQS / 8, W32, read_active, write_clear_active},     /* GICD_ICACTIVERn */
	{0x400, PV_VIRQS, W8 | W32, read_priority, write_priority},      /* GICD_IPRIORITYRn */
	{0x800, PV_VIRQS, W8 | W32, read_targets, write_targets},        /* GICD_ITARGETSRn */
	{0xc00, PV_VIRQS / 4, W32, read_config, write_config},           /* GICD_ICFGRn */
	{0xf00, 4, W32, NULL, write_sgir},                               /* GICD_SGIR */
	{0xf10, SGI_COUNT, W8 | W32, read_sgi_pending, write_sgi_clear}, /* GICD_CPENDSGIRn */
	{0xf20, SGI_COUNT, W8 | W32, read_sgi_pending, write_sgi_set},   /* GICD_SPENDSGIRn */
	{0xfe8, 4, W32, read_pidr2, NULL},                               /* ICPIDR2 */
};
const struct reg_table gicd_registers = REG_TABLE(rows);

void gicd_init(struct gicd *gicd, uint32_t cap, uint32_t vcpu_count)
{
	*gicd = (struct gicd){.cap = cap, .vcpu_count = vcpu_count};
	for (uint32_t vcpu = 0; vcpu < vcpu_count; vcpu++) {
		gicd->enable[vcpu] = (1U << SGI_COUNT) - 1;
		gicd->edge[vcpu] = (1U << SGI_COUNT) - 1;
		for (uint32_t sgi = 0; sgi < SGI_COUNT; sgi++) {
			push(gicd, vcpu, sgi);
		}
	}
}

uint64_t gicd_read(struct gicd *gicd, const struct access *access)
{
	return regs_read(&gicd_registers, gicd, access);
}

void gicd_write(struct gicd *gicd, const struct access *access)
{
	regs_write(&gicd_registers, gicd, access);
}

void gicd_pend_spi(const struct gicd *gicd, uint32_t intid)
{
	operate(gicd, 0, intid, PV_VIRQ_OP_PEND);
}

void gicd_set_line(const struct gicd *gicd, uint32_t intid, bool high)
{
	operate(gicd, 0, intid, high ? PV_VIRQ_OP_LINE_HIGH : PV_VIRQ_OP_LINE_LOW);
}
