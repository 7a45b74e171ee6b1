/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest of the real VMM with a physical function of its own (QEMU's edu): what it sees of it, what
 * its DMA reaches and when, and that the next run begins with it at rest. RAM stays as it was from
 * run to run, since nothing loads it.
 */
#include "tests/baremetal/guest.h"

#define PSCI_SYSTEM_RESET 0x84000009UL
#define RUNS 2U

#define CONFIG T_HARDWARE_ECAM_IPA
#define COMMAND (CONFIG + 0x04)
#define BAR0 (CONFIG + 0x10)
#define INTERRUPT (CONFIG + 0x3c)
#define DECODE 2U
#define MASTER 4U
#define RANGE_BYTES 0x100000U

/* Registers and the buffer as its DMA engine counts (QEMU docs/specs/edu). */
#define REGISTER(offset) (T_HARDWARE_BAR_IPA + (offset))
#define EDU_SOURCE REGISTER(0x80)
#define EDU_TARGET REGISTER(0x88)
#define EDU_COUNT REGISTER(0x90)
#define EDU_COMMAND REGISTER(0x98)
#define EDU_BUFFER 0x40000U
#define EDU_START 1U
#define EDU_TO_RAM 2U
#define BYTES 64U

static uint64_t runs;

static void copy(uint64_t source, uint64_t target, uint64_t command)
{
	mmio_write64(EDU_SOURCE, source);
	mmio_write64(EDU_TARGET, target);
	mmio_write64(EDU_COUNT, BYTES);
	mmio_write64(EDU_COMMAND, command | EDU_START);
	while ((mmio_read64(EDU_COMMAND) & EDU_START) != 0) {
	}
}

/* From one place in RAM to another by the function's buffer. */
static void check_dma(const char *name, bool arrives)
{
	static uint64_t rounds;
	uint64_t from = params[0];
	uint64_t to = params[0] + 0x1000;
	bool came = true;

	rounds++;
	for (uint64_t at = 0; at < BYTES; at += 8) {
		mmio_write64(from + at, (rounds << 32) + at + 1);
		mmio_write64(to + at, 0);
	}
	copy(from, EDU_BUFFER, 0);
	copy(EDU_BUFFER, to, EDU_TO_RAM);
	for (uint64_t at = 0; at < BYTES; at += 8) {
		came = came && mmio_read64(to + at) == (rounds << 32) + at + 1;
	}
	check_equal(name, came, arrives);
	check_equal("  nor a part", mmio_read64(to) != 0, arrives);
}

static void check_registers(void)
{
	check_equal("its identity", mmio_read32(CONFIG), 0x11e81234);
	check_equal("it is at rest", mmio_read32(COMMAND) & (DECODE | MASTER), 0);
	check_equal("where its range is", mmio_read32(BAR0), T_HARDWARE_BAR_IPA);
	mmio_write32(BAR0, UINT32_MAX);
	check_equal("how large it is", mmio_read32(BAR0), -RANGE_BYTES);
	mmio_write32(BAR0, 0x12300000);
	check_equal("it does not move", mmio_read32(BAR0), T_HARDWARE_BAR_IPA);
	check_equal("it has no interrupt pin", mmio_read32(INTERRUPT) & 0xff00, 0);
	check_equal("nothing else is on its bus", mmio_read32(CONFIG + 0x8000), UINT32_MAX);
}

PROGRAM(guest_hardware)
{
	guest_under_real_vmm();
	runs++;
	check_registers();
	mmio_write32(COMMAND, DECODE);
	check_equal("it decodes", mmio_read32(REGISTER(0)), 0x010000ed);
	check_dma("no DMA yet", false);
	mmio_write32(COMMAND, DECODE | MASTER);
	check_dma("DMA", true);
	copy(EDU_BUFFER, 0, EDU_TO_RAM); /* where nothing is: a fault */
	check_dma("DMA after a fault", true);
	mmio_write32(COMMAND, DECODE);
	check_dma("DMA no more", false);
	mmio_write32(COMMAND, DECODE | MASTER);
	if (runs < RUNS) {
		guest_call(PSCI_SYSTEM_RESET, 0, 0, 0);
		check_true("the run has ended", false);
	}
}
