/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test VMMs that touch registers: any by its instruction, and those that EL0 has to itself, which
 * neither the guest whose place a VMM takes nor another VMM may see or change.
 */
#include "tests/baremetal/vmm.h"

#define READ(reg)                                                                                  \
	__extension__({                                                                            \
		uint64_t value_;                                                                   \
		__asm__ volatile("mrs %0, " #reg : "=r"(value_));                                  \
		value_;                                                                            \
	})

/* Execute the instruction that the case has filled in on @argument; a load of the guest's from its
 * device then returns the result. */
static void run_code(uint64_t argument)
{
	vmm_read_value = vmm_code(argument);
}

PROGRAM(vmm_instruction_any)
{
	vmm_do = run_code;
}

static uint64_t kept; /* in TPIDR_EL0 */
static uint64_t wrong;

/* The VMM's registers are as it left them, whatever its guest, or another domain, wrote since. */
static void look(uint64_t pattern)
{
	wrong += READ(tpidr_el0) != kept;
	wrong += READ(tpidrro_el0) != 0;
	kept = pattern;
	__asm__ volatile("msr tpidr_el0, %0" : : "r"(kept));
	vmm_read_value = wrong;
}

PROGRAM(vmm_own_registers)
{
	vmm_do = look;
}
