/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs that attack: addresses that were not granted, registers of EL2, firmware. What
 * they prove is half here (nothing answers but the own VMM) and half in the bystander, whose
 * memory and life go on.
 */
#include "tests/baremetal/guest.h"

#define MIB (1UL << 20)

/* Whether [address, address + 8) is one of the places that this guest was given. params[1]:
 * bytes of RAM; params[2]: bytes of shared memory, 0 = none. */
static bool granted(uint64_t address)
{
	return (address >= T_RAM_IPA && address < T_RAM_IPA + params[1]) ||
	       (!guest_gicv3() && address >= T_GICC_IPA && address < T_GICC_IPA + 0x2000) ||
	       (address >= T_DOORBELL_IPA && address < T_DOORBELL_IPA + params[3] * 0x1000) ||
	       (address >= T_SHARED_IPA && address < T_SHARED_IPA + params[2]);
}

/* Load and store everywhere in steps; count what neither the VMM answered nor was granted. */
static uint64_t sweep(uint64_t from, uint64_t to, uint64_t step, bool write)
{
	uint64_t open = 0;
	uint64_t told = guest_call(T_COUNT, 0, 0, 0);
	uint64_t due = 0;

	for (uint64_t at = from; at < to; at += step) {
		if (granted(at)) {
			continue;
		}
		due++;
		if (write) {
			mmio_write64(at, 0xdead0000dead0000ULL);
		} else if (mmio_read64(at) != 0x1111111111111111ULL) {
			open++;
		}
	}
	/* The VMM must have been asked for each. */
	return open + (guest_call(T_COUNT, 0, 0, 0) - told != due);
}

PROGRAM(guest_sweep)
{
	guest_call(T_SET_READ, 0x1111111111111111ULL, 0, 0);
	/* Every page of the low 128 MiB and of the first 64 MiB of RAM's window, every 2 MiB of the
	 * rest of the 512 GiB that stage 2 can translate. */
	check_equal("pages read below 128 MiB", sweep(0, 128 * MIB, 4096, false), 0);
	check_equal("pages written below 128 MiB", sweep(0, 128 * MIB, 4096, true), 0);
	check_equal("pages read about RAM", sweep(1024 * MIB, 1088 * MIB, 4096, false), 0);
	check_equal("pages written about RAM", sweep(1024 * MIB, 1088 * MIB, 4096, true), 0);
	check_equal("read up to 512 GiB", sweep(0, 1UL << 39, 2 * MIB, false), 0);
	check_equal("written up to 512 GiB", sweep(0, 1UL << 39, 2 * MIB, true), 0);
}

/* Firmware calls of every class end at the VMM, which does not know them. */
PROGRAM(guest_firmware)
{
	static const uint64_t functions[] = {
		0x84000000, 0x84000001, 0xc4000001, 0x84000002, 0xc4000003, 0xc4000004,
		0x84000008, 0x84000009, 0xc4000012, 0x80000000, 0x80008000, 0xb2000000,
	};

	for (unsigned int i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		check_equal("a firmware call by SMC stays inside",
		            guest_call_smc(functions[i], 0, 0, 0), (uint64_t)ERR_CALL);
		check_equal("  and by HVC", guest_call(functions[i], 0, 0, 0), (uint64_t)ERR_CALL);
	}
}

/* Each is one instruction of EL2's, or one that reaches beyond the guest. */
/* NOLINTBEGIN(bugprone-macro-parentheses): the text is that of an instruction */
#define HOSTILE_INSTRUCTION(name, text)                                                            \
	static void do_##name(uint64_t value)                                                      \
	{                                                                                          \
		__asm__ volatile(text : : "r"(value) : "memory");                                  \
	}
/* NOLINTEND(bugprone-macro-parentheses) */
HOSTILE_INSTRUCTION(tlbi_alle2, "tlbi alle2")
HOSTILE_INSTRUCTION(tlbi_vmalls12, "tlbi vmalls12e1")
HOSTILE_INSTRUCTION(tlbi_ipas2, "tlbi ipas2e1is, %0")
HOSTILE_INSTRUCTION(at_s12, "at s12e1r, %0")
HOSTILE_INSTRUCTION(at_s1e2, "at s1e2r, %0")
HOSTILE_INSTRUCTION(eret_el2, "msr spsr_el2, %0")
HOSTILE_INSTRUCTION(hstr, "msr hstr_el2, %0")
HOSTILE_INSTRUCTION(vmpidr, "msr vmpidr_el2, %0")
HOSTILE_INSTRUCTION(tpidr2, "msr tpidr_el2, %0")
HOSTILE_INSTRUCTION(cnthp, "msr cnthp_ctl_el2, %0")

PROGRAM(guest_privileged)
{
	static const struct {
		const char *name;
		void (*run)(uint64_t value);
	} attacks[] = {
		{"tlbi alle2", do_tlbi_alle2},     {"tlbi vmalls12e1", do_tlbi_vmalls12},
		{"tlbi ipas2e1is", do_tlbi_ipas2}, {"at s12e1r", do_at_s12},
		{"at s1e2r", do_at_s1e2},          {"msr spsr_el2", do_eret_el2},
		{"msr hstr_el2", do_hstr},         {"msr vmpidr_el2", do_vmpidr},
		{"msr tpidr_el2", do_tpidr2},      {"msr cnthp_ctl_el2", do_cnthp},
	};

	for (unsigned int i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		check_equal(attacks[i].name, guest_exceptions_of(attacks[i].run, 0), 1);
	}
}

/* Rings the one doorbell that it has as fast as it can for params[0] ms, or for ever if 0, and says
 * before each ring in the first shared word how often; every eighth store goes to one that it has
 * not. */
PROGRAM(guest_flood)
{
	volatile uint64_t *rung = (volatile uint64_t *)(uint64_t)T_SHARED_IPA;
	uint64_t limit = guest_now() + guest_hertz() / 1000 * params[0];
	uint64_t n = 0;

	while (params[0] == 0 || guest_now() < limit) {
		if (n++ % 8 == 7) {
			mmio_write32(T_DOORBELL_IPA + 4 * (n % 1024), 1);
			continue;
		}
		++*rung;
		mmio_write32(T_DOORBELL_IPA, 1);
	}
	check_true("a flood of doorbells ends by itself", n > 0);
}

/* Never gives up the CPU of its own will. */
PROGRAM(guest_spin)
{
	guest_irq_mask();
	for (;;) {
	}
}

/* Asks its VMM for something all the time. */
PROGRAM(guest_call_flood)
{
	for (;;) {
		guest_call(T_NOTHING, 0, 0, 0);
	}
}

/* Has the VMM do what the case gave it, and should not come back. */
PROGRAM(guest_provoke)
{
	guest_call(T_DO, params[0], 0, 0);
	check_true("the VMM did not survive that", false);
}

/* The same for what a VMM is free to try, as long as nothing comes of it. */
PROGRAM(guest_provoke_harmless)
{
	guest_call(T_DO, params[0], 0, 0);
	check_equal("the VMM still serves", guest_call(T_NOTHING, 1, 2, 3), 6);
}

/* Rings a doorbell that leads to its own VMM, and waits for what comes of it. */
PROGRAM(guest_ring_vmm)
{
	mmio_write32(T_DOORBELL_IPA, 1);
	for (uint32_t i = 0; i < 1000; i++) {
		guest_call(T_NOTHING, 0, 0, 0);
	}
	check_true("the VMM did not survive that", false);
}

/* Does something that its VMM answers by stopping, or that stops it: see T_SET_FAULT. */
PROGRAM(guest_fault_once)
{
	guest_call(T_SET_FAULT, params[0], 0, 0);
	__asm__ volatile("stp xzr, xzr, [%0]" : : "r"((uint64_t)T_DEVICE_IPA) : "memory");
	check_true("the guest went on after a fault", false);
}

/* All RAM beyond the payload, and shared memory, is zero before anybody writes it. params[0]:
 * bytes of the payload, from the start of RAM. */
PROGRAM(guest_memory_is_clear)
{
	uint64_t dirty = 0;

	for (uint64_t at = T_RAM_IPA + params[0]; at < T_RAM_IPA + params[1]; at += 8) {
		dirty += *(volatile uint64_t *)at != 0;
	}
	check_equal("RAM is clear", dirty, 0);
	for (uint64_t at = T_SHARED_IPA; at < T_SHARED_IPA + params[2]; at += 8) {
		dirty += *(volatile uint64_t *)at != 0;
	}
	check_equal("shared memory is clear", dirty, 0);
}

/* Does nothing and ends: for cases whose work is the VMM's. */
PROGRAM(guest_nothing)
{
	guest_stop(PV_STOP_POWEROFF);
}

PROGRAM(guest_reset)
{
	guest_stop(PV_STOP_RESET);
}

/* Says that it ran. */
PROGRAM(guest_hello)
{
	check_true("hello", true);
}
