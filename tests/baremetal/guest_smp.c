/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs for many CPUs: all vCPUs of a guest started and interrupting each other, domains
 * that ring each other from CPU to CPU, and interrupts that are pending while a vCPU goes off or
 * while they are aimed elsewhere.
 */
#include "tests/baremetal/guest.h"

#define VCPUS_MAX 4U
#define SGI_ROUNDS 50U
#define SPI 48U
#define SPURIOUS 0x3ffU
#define GICD_CTLR (T_GICD_IPA + 0x000)
#define GICD_SGIR (T_GICD_IPA + 0xf00)
#define PSCI_CPU_ON 0xc4000003U
#define PSCI_ALREADY_ON ((uint64_t)-4)
#define PSCI_INVALID_PARAMETERS ((uint64_t)-2)

extern char guest_entry[] __asm__("_start");

static bool under_real_vmm;
static uint64_t vcpu_count;
/* heard[to][from]: written by vCPU `to` alone. */
static volatile uint64_t heard[VCPUS_MAX][VCPUS_MAX];
static volatile uint64_t finished[VCPUS_MAX];

static uint64_t own_number(void)
{
	uint64_t mpidr;

	__asm__ volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
	return mpidr & 0xff;
}

/* Spin until *@word is @value at least; false after long. */
static bool reaches(const volatile uint64_t *word, uint64_t value)
{
	uint64_t limit = guest_now() + guest_patience();

	while (*word < value) {
		if (guest_now() > limit) {
			return false;
		}
	}
	return true;
}

static uint64_t start_vcpu(uint64_t number, void (*function)(void))
{
	return guest_call(under_real_vmm ? PSCI_CPU_ON : T_VCPU_START, number,
	                  (uint64_t)guest_entry, (uint64_t)function);
}

/* The SGI from one vCPU to another: a handler knows that it is the right vCPU's, and who sent it, which
 * a GICv2 says too. */
static uint32_t sgi_of(uint64_t from, uint64_t to)
{
	return (uint32_t)(from * VCPUS_MAX + to);
}

static void send_sgi(uint64_t to)
{
	uint64_t own = own_number();
	uint32_t sgi = sgi_of(own, to);

	if (guest_gicv3()) {
		guest_irq_send(sgi, to);
	} else if (under_real_vmm) {
		mmio_write32(GICD_SGIR, 1U << (16 + to) | sgi);
	} else {
		guest_virq_op((uint32_t)to, sgi | (uint32_t)own << PV_SGI_SOURCE_SHIFT,
		              PV_VIRQ_OP_PEND);
	}
}

static void on_sgi(uint32_t iar)
{
	uint64_t own = own_number();
	uint32_t source = (iar & 0x3ff) / VCPUS_MAX;

	if ((iar & 0x3ff) == sgi_of(source, own) && source < VCPUS_MAX &&
	    iar >> PV_SGI_SOURCE_SHIFT == (guest_gicv3() ? 0 : source)) {
		heard[own][source]++;
	}
	guest_irq_end(iar);
}

/* Those that come to @vcpu. */
static void enable_sgis(uint64_t vcpu)
{
	for (uint64_t from = 0; from < VCPUS_MAX; from++) {
		uint32_t sgi = sgi_of(from, vcpu);

		if (under_real_vmm) {
			mmio_write32(guest_private_bank(0x100, vcpu), 1U << sgi);
		} else {
			guest_call(T_VIRQ_SET, vcpu, sgi,
			           0x80 << PV_VIRQ_PRIORITY_SHIFT | PV_VIRQ_ENABLED);
		}
	}
}

/* Each vCPU, the first too: to every other one, in rounds; the next round's SGI to one that has
 * taken this round's, or two could become one. */
static void all_to_all(void)
{
	uint64_t own = own_number();

	enable_sgis(own);
	guest_irq_start(true);
	for (uint64_t round = 0; round < SGI_ROUNDS; round++) {
		for (uint64_t to = 0; to < vcpu_count; to++) {
			if (to != own && reaches(&heard[to][own], round)) {
				send_sgi(to);
			}
		}
	}
	for (uint64_t from = 0; from < vcpu_count; from++) {
		if (from != own) {
			(void)reaches(&heard[own][from], SGI_ROUNDS);
		}
	}
	finished[own] = 1;
}

static void other_vcpu(void)
{
	all_to_all();
	for (;;) {
		guest_wfi();
	}
}

static void start_all(void)
{
	uint64_t refused = 0;

	guest_irq_hook = on_sgi;
	for (uint64_t n = 1; n < vcpu_count; n++) {
		check_equal("a vCPU starts", start_vcpu(n, other_vcpu), 0);
		refused += start_vcpu(n, other_vcpu) != 0;
	}
	check_equal("and not twice", refused, vcpu_count - 1);
	all_to_all();
	for (uint64_t n = 0; n < vcpu_count; n++) {
		check_true("a vCPU comes to its end", reaches(&finished[n], 1));
	}
	for (uint64_t to = 0; to < vcpu_count; to++) {
		for (uint64_t from = 0; from < vcpu_count; from++) {
			check_equal("SGIs from one vCPU to another", heard[to][from],
			            to == from ? 0 : SGI_ROUNDS);
		}
	}
}

/* params[0]: how many vCPUs. Under the test VMM. */
PROGRAM(guest_vcpus)
{
	vcpu_count = params[0];
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	start_all();
}

/* The same by PSCI and the distributor of the real VMM. */
PROGRAM(guest_psci_vcpus)
{
	under_real_vmm = true;
	vcpu_count = params[0];
	guest_under_real_vmm();
	mmio_write32(GICD_CTLR, 3);
	start_all();
	check_equal("CPU_ON of one that is on", start_vcpu(0, other_vcpu), PSCI_ALREADY_ON);
	check_equal("CPU_ON of one that does not exist", start_vcpu(vcpu_count, other_vcpu),
	            PSCI_INVALID_PARAMETERS);
}

/*
 * Doorbells from each domain to each other one. params[0]: my number; params[1]: how many; params[2]:
 * rounds. Capability T_CAP_EXTRA + n rings domain n, T_CAP_EXTRA + params[1] + n receives from it,
 * as SPI 48 + n; what is to oneself is empty. Word 64 * to + from of the shared page is how often
 * `to` heard `from`.
 */
static volatile uint32_t *mesh_heard(uint64_t to, uint64_t from)
{
	return (volatile uint32_t *)(uint64_t)T_SHARED_IPA + 64 * to + from;
}

static void on_mesh(uint32_t iar)
{
	++*mesh_heard(params[0], (iar & 0x3ff) - SPI);
	guest_irq_end(iar);
}

static bool mesh_reaches(uint64_t to, uint64_t from, uint32_t value)
{
	uint64_t limit = guest_now() + guest_patience();

	while (*mesh_heard(to, from) < value) {
		if (guest_now() > limit) {
			return false;
		}
	}
	return true;
}

PROGRAM(guest_mesh)
{
	uint64_t own = params[0];
	uint64_t count = params[1];

	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_hook = on_mesh;
	guest_irq_start(true);
	for (uint64_t n = 0; n < count; n++) {
		if (n != own) {
			guest_virq(0, (uint32_t)(SPI + n), PV_VIRQ_EDGE, 0x80, 0);
			check_equal("bind", guest_call(T_BIND, T_CAP_EXTRA + count + n, SPI + n, 0),
			            0);
		}
	}
	for (uint32_t round = 0; round < params[2]; round++) {
		for (uint64_t to = 0; to < count; to++) {
			if (to != own && mesh_reaches(to, own, round)) {
				mmio_write32(T_DOORBELL_IPA + 4 * to, 1);
			}
		}
	}
	for (uint64_t from = 0; from < count; from++) {
		if (from != own) {
			(void)mesh_reaches(own, from, (uint32_t)params[2]);
			check_equal("rings of a peer", *mesh_heard(own, from), params[2]);
		}
	}
	/* A peer may still wait for the count that stands in the shared page. */
}

/* Pending interrupts of a vCPU that goes off. */
static volatile uint64_t step;           /* what the second vCPU may do next */
static volatile uint64_t reached;        /* where it is */
static volatile uint32_t seen_listed[4]; /* what its CPU interface showed before it went off */
static volatile uint32_t seen[4];        /* what it acknowledged after its start */

/* First life: with IRQ masked, see the interrupt in the CPU interface, go off with it there. */
static void goes_off(void)
{
	guest_irq_start(false);
	reached = 1;
	(void)reaches(&step, 1);
	guest_call(T_NOTHING, 0, 0, 0); /* by way of the kernel */
	seen_listed[0] = guest_irq_highest();
	reached = 2;
	for (;;) {
		guest_call(T_OFF, 0, 0, 0);
	}
}

/* Second life: take all that is pending. */
static void takes_all(void)
{
	guest_irq_start(false);
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t iar = guest_irq_poll();

		seen[i] = iar & 0x3ff;
		if (seen[i] != SPURIOUS) {
			guest_irq_end(iar);
		}
	}
	reached = 3;
	for (;;) {
		guest_call(T_OFF, 0, 0, 0);
	}
}

/* Start the second vCPU, which may not be off yet. */
static uint64_t start_second(void (*function)(void))
{
	uint64_t limit = guest_now() + guest_patience();
	uint64_t status;

	do {
		status = guest_call(T_VCPU_START, 1, (uint64_t)guest_entry, (uint64_t)function);
	} while (status == (uint64_t)ERR_STATE && guest_now() < limit);
	return status;
}

/* One interrupt @intid, pending on vCPU 1 when it goes off, comes once after its next start. */
static void off_with(const char *name, uint32_t intid, uint32_t operation_intid)
{
	step = 0;
	reached = 0;
	check_equal("a second vCPU", start_second(goes_off), 0);
	(void)reaches(&reached, 1);
	guest_virq_op(1, operation_intid, PV_VIRQ_OP_PEND);
	step = 1;
	(void)reaches(&reached, 2);
	check_equal("its CPU interface has it", seen_listed[0] & 0x3ff, intid);
	check_equal("it starts again", start_second(takes_all), 0);
	check_true("  and runs", reaches(&reached, 3));
	check_equal(name, seen[0], intid);
	check_equal("  once", seen[1], SPURIOUS);
}

PROGRAM(guest_off_pending)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_virq(1, SPI, PV_VIRQ_EDGE, 0x80, 1);
	guest_call(T_VIRQ_SET, 1, 5, 0x80 << PV_VIRQ_PRIORITY_SHIFT | PV_VIRQ_ENABLED);
	off_with("an edge that was pending outlives CPU_OFF", SPI, SPI);
	off_with("an SGI too", 5, 5);
	/* One that comes while it is off. */
	reached = 0;
	guest_virq_op(1, SPI, PV_VIRQ_OP_PEND);
	check_equal("it starts once more", start_second(takes_all), 0);
	check_true("  and runs", reaches(&reached, 3));
	check_equal("an edge that came while it was off", seen[0], SPI);
	check_equal("  once", seen[1], SPURIOUS);
	/* One that is aimed elsewhere while its vCPU is off. */
	step = 0;
	reached = 0;
	check_equal("it starts for the last time", start_second(goes_off), 0);
	(void)reaches(&reached, 1);
	guest_virq_op(1, SPI, PV_VIRQ_OP_PEND);
	step = 1;
	(void)reaches(&reached, 2);
	check_equal("it has it", seen_listed[0] & 0x3ff, SPI);
	guest_irq_start(false);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	uint32_t iar = guest_irq_poll();

	check_equal("aimed elsewhere it comes there", iar & 0x3ff, SPI);
	guest_irq_end(iar);
}

/* An edge that is pending, not yet acknowledged, in one vCPU's CPU interface is aimed at another
 * vCPU: it comes there, once, and the first one is not bothered. */
PROGRAM(guest_retarget)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_start(false);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_equal("it is pending here", guest_irq_highest() & 0x3ff, SPI);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 1);
	check_equal("a second vCPU", start_second(takes_all), 0);
	check_true("  runs", reaches(&reached, 3));
	check_equal("the interrupt comes where it is aimed at now", seen[0], SPI);
	check_equal("  once", seen[1], SPURIOUS);
	check_equal("  and not here", guest_irq_poll() & 0x3ff, SPURIOUS);
}

/* First life: acknowledge one, end it if told to, go off. */
static volatile bool end_before;

static void takes_one(void)
{
	guest_irq_start(false);
	uint32_t iar = guest_irq_poll();

	seen[0] = iar & 0x3ff;
	reached = 1;
	(void)reaches(&step, 1);
	if (end_before) {
		guest_irq_end(iar);
		reached = 2;
		(void)reaches(&step, 2);
	}
	reached = 3;
	for (;;) {
		guest_call(T_OFF, 0, 0, 0);
	}
}

static void start_with_one(bool end)
{
	step = 0;
	reached = 0;
	end_before = end;
	guest_virq(1, SPI, PV_VIRQ_EDGE, 0x80, 1);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_equal("a second vCPU", start_second(takes_one), 0);
	(void)reaches(&reached, 1);
	check_equal("  has the interrupt", seen[0], SPI);
}

static uint64_t state_of_spi(void)
{
	return guest_call(T_VIRQ_GET, 0, SPI, 0) & (PV_VIRQ_ACTIVE | PV_VIRQ_PENDING);
}

static void check_comes(const char *name)
{
	uint32_t iar = guest_irq_poll();

	check_equal(name, iar & 0x3ff, SPI);
	guest_irq_end(iar);
	check_equal("  once", guest_irq_poll() & 0x3ff, SPURIOUS);
}

/* The state of an interrupt that another vCPU handles, as Linux's synchronize_irq() needs it. */
PROGRAM(guest_remote_state)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_start(false);
	start_with_one(true);
	check_equal("it is active there", state_of_spi(), PV_VIRQ_ACTIVE);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_equal("and pending", state_of_spi(), PV_VIRQ_ACTIVE | PV_VIRQ_PENDING);
	guest_virq_op(0, SPI, PV_VIRQ_OP_UNPEND);
	check_equal("and not any more", state_of_spi(), PV_VIRQ_ACTIVE);
	step = 1;
	(void)reaches(&reached, 2);
	check_equal("and idle when its handler has ended", state_of_spi(), 0);
	step = 2;
	(void)reaches(&reached, 3);
	start_with_one(true);
	guest_virq_op(0, SPI, PV_VIRQ_OP_DEACTIVATE);
	check_equal("it is made inactive from here", state_of_spi(), 0);
	guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
	guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
	check_comes("and then comes here");
	step = 2;
	(void)reaches(&reached, 3);
}

/* What a vCPU has handled, or still handles, when it goes off is not lost to others. */
PROGRAM(guest_off_active)
{
	guest_call(T_VGIC_ENABLE, 1, 0, 0);
	guest_irq_start(false);
	for (uint32_t i = 0; i < 2; i++) {
		start_with_one(true);
		step = 2;
		(void)reaches(&reached, 3);
		guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
		guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
		check_comes("it had ended: it comes where it is aimed at now");
		start_with_one(false);
		step = 1;
		(void)reaches(&reached, 3);
		guest_virq(0, SPI, PV_VIRQ_EDGE, 0x80, 0);
		guest_virq_op(0, SPI, PV_VIRQ_OP_PEND);
		check_equal("it is active still", guest_irq_poll() & 0x3ff, SPURIOUS);
		guest_virq_op(0, SPI, PV_VIRQ_OP_DEACTIVATE);
		check_comes("made inactive it comes");
	}
}
