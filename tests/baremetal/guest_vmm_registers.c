/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs whose VMM touches registers (vmm_registers.c).
 */
#include "tests/baremetal/guest.h"

/* SCTLR_EL1 as an EL1 that grants its EL0 all there is: DAIF, DC ZVA, CTR, WFI, WFE, cache
 * maintenance, SCXTNUM, TPIDR2; MMU and caches off. */
#define SCTLR_OPEN                                                                                 \
	((0x30d00800UL & ~(1UL << 20)) | 1UL << 9 | 1UL << 14 | 1UL << 15 | 1UL << 16 |            \
	 1UL << 18 | 1UL << 26 | 1UL << 60)
#define CNTKCTL_OPEN 0x3ffUL
#define CPACR_OPEN (3UL << 20 | 3UL << 16 | 3UL << 24)
#define ROUNDS 200U

/* Whatever EL1 can say about EL0 is open: then the VMM does what the case has given it. */
PROGRAM(guest_opened)
{
	__asm__ volatile("msr sctlr_el1, %0" : : "r"(SCTLR_OPEN));
	__asm__ volatile("msr cntkctl_el1, %0" : : "r"(CNTKCTL_OPEN));
	__asm__ volatile("msr cpacr_el1, %0" : : "r"(CPACR_OPEN));
	__asm__ volatile("msr S3_3_C9_C14_0, %0" : : "r"(15UL)); /* PMUSERENR_EL0 */
	__asm__ volatile("msr mdscr_el1, %0\n\tisb" : : "r"(0UL));
	guest_call(T_DO, 0, 0, 0);
	check_true("the VMM goes on", true);
}

/* What EL0 has to itself is the guest's, by whatever number of VMMs and vCPUs it is used too. */
static uint32_t vcpu_rounds(uint64_t seed)
{
	uint32_t wrong = 0;
	uint64_t ours = seed;

	__asm__ volatile("msr cntkctl_el1, %0" : : "r"(CNTKCTL_OPEN));
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint64_t rw;
		uint64_t ro;
		uint64_t open;

		ours = ours * 0x9e3779b97f4a7c15UL + 1;
		__asm__ volatile("msr tpidr_el0, %0\n\tmsr tpidrro_el0, %1"
		                 :
		                 : "r"(ours), "r"(~ours));
		guest_call(T_DO, ours ^ 0x5555555555555555UL, 0, 0);
		__asm__ volatile("mrs %0, tpidr_el0\n\tmrs %1, tpidrro_el0\n\tmrs %2, cntkctl_el1"
		                 : "=r"(rw), "=r"(ro), "=r"(open));
		wrong += rw != ours;
		wrong += ro != ~ours;
		wrong += open != CNTKCTL_OPEN;
	}
	return wrong;
}

static volatile uint32_t second_wrong;
static volatile bool second_done;

void guest_el0_registers_second(void);
void guest_el0_registers_second(void)
{
	second_wrong = vcpu_rounds(0x1357);
	__atomic_store_n(&second_done, true, __ATOMIC_RELEASE);
	guest_call(T_OFF, 0, 0, 0);
}

PROGRAM(guest_el0_registers)
{
	extern char entry[] __asm__("_start");

	check_equal(
		"the second vCPU starts",
		guest_call(T_VCPU_START, 1, (uint64_t)entry, (uint64_t)guest_el0_registers_second),
		0);
	check_equal("the guest keeps its registers", vcpu_rounds(params[0]), 0);
	while (!__atomic_load_n(&second_done, __ATOMIC_ACQUIRE)) {
	}
	check_equal("  on its other vCPU too", second_wrong, 0);
	check_equal("its VMM keeps its own", mmio_read64(T_DEVICE_IPA), 0);
}
