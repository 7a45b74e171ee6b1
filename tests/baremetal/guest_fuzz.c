/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs that write nonsense to the real VMM: a guest to every register of every device
 * that is emulated for it, a backend into the control ring. The VMM serves what it can; it must not
 * fault, and it must not harm others. The sequences repeat: params[0] is the seed, params[1] the
 * number of rounds.
 */
#include "abi/iobuf.h"
#include "abi/vmm.h"
#include "tests/baremetal/guest.h"

static uint64_t state;

/* xorshift64: Marsaglia, "Xorshift RNGs", 2003. */
static uint64_t random64(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static const struct {
	uint64_t ipa;
	uint64_t bytes;
} windows[] = {
	{T_GICD_IPA, 0x1000},   {T_V2M_IPA, 0x1000},
	{T_DEVICE_IPA, 0x1000}, {T_BAR_IPA, PV_VMM_BAR_BYTES},
	{T_BAR_IPA, 0x40},                           /* the common configuration, more often */
	{T_BAR_IPA, 0x40},      {T_ECAM_IPA, 0x100}, /* the device's configuration space */
	{T_ECAM_IPA, 0x100000}, {T_DOORBELL_IPA, 0x1000},
	{T_GICR_IPA, 0x20000}, /* the last: of a GICv3 */
};

/* Calls that do not end the run: everything but CPU_OFF, SUSPEND, SYSTEM_OFF, SYSTEM_RESET. */
static const uint64_t calls[] = {
	0x84000000, 0xc4000003, 0xc4000004, 0x8400000a, 0x84000006, 0xc4000012, 0x80000000,
	0x80000001, 0x84000003, 0x84000004, 0xc5000020, 0x00000000, 0xffffffff,
};

static void access(uint64_t address, uint64_t bytes, bool write)
{
	uint64_t value = random64();

	/* Values near to those that mean something come more often than by chance. */
	if ((value & 3) == 0) {
		value = (value >> 8) & 0xf;
	}
	address &= ~(bytes - 1);
	switch (bytes | (write ? 16 : 0)) {
	case 1:
		__asm__ volatile("ldrb wzr, [%0]" : : "r"(address) : "memory");
		break;
	case 2:
		__asm__ volatile("ldrh wzr, [%0]" : : "r"(address) : "memory");
		break;
	case 4:
		__asm__ volatile("ldr wzr, [%0]" : : "r"(address) : "memory");
		break;
	case 8:
		__asm__ volatile("ldr xzr, [%0]" : : "r"(address) : "memory");
		break;
	case 17:
		__asm__ volatile("strb %w0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	case 18:
		__asm__ volatile("strh %w0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	case 20:
		__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	default:
		__asm__ volatile("str %0, [%1]" : : "r"(value), "r"(address) : "memory");
		break;
	}
}

static void fuzz_registers(void)
{
	state = params[0];
	for (uint64_t i = 0; i < params[1]; i++) {
		uint64_t r = random64();
		unsigned int w =
			(unsigned int)(r % (sizeof(windows) / sizeof(windows[0]) - !guest_gicv3()));
		uint64_t offset = (r >> 8) % windows[w].bytes;

		if ((r >> 60) == 0) {
			guest_call(calls[(r >> 8) % (sizeof(calls) / sizeof(calls[0]))], random64(),
			           random64(), random64());
			continue;
		}
		access(windows[w].ipa + offset, 1UL << ((r >> 40) & 3), ((r >> 44) & 3) != 0);
	}
}

PROGRAM(guest_fuzz_registers)
{
	fuzz_registers();
	guest_under_real_vmm();
	guest_print("\n");
	check_true("the VMM serves after all that", mmio_read32(T_GICD_IPA + 4) != 0);
}

/* The same, with a device that is set up in between as a driver does it, so that its VMM talks to
 * the backend. Registers of virtio 1.2, 4.1.4.3. */
PROGRAM(guest_drive_device)
{
	const uint64_t bar = T_BAR_IPA;

	guest_under_real_vmm();
	for (uint64_t i = 0; i < params[1]; i++) {
		/* A backend that is gone never says that it stopped. */
		uint64_t limit = guest_now() + guest_hertz() / 50;

		access(bar + 0x14, 1, false);
		__asm__ volatile("strb wzr, [%0]" : : "r"(bar + 0x14) : "memory");
		do {
			uint8_t status;

			__asm__ volatile("ldrb %w0, [%1]"
			                 : "=r"(status)
			                 : "r"(bar + 0x14)
			                 : "memory");
			if (status == 0) {
				break;
			}
		} while (guest_now() < limit);
		__asm__ volatile("strb %w0, [%1]" : : "r"(3), "r"(bar + 0x14) : "memory");
		mmio_write32(bar + 0x08, 1);
		mmio_write32(bar + 0x0c, 3);
		__asm__ volatile("strb %w0, [%1]" : : "r"(11), "r"(bar + 0x14) : "memory");
		for (uint64_t q = 0; q < 2; q++) {
			__asm__ volatile("strh %w0, [%1]" : : "r"(q), "r"(bar + 0x16) : "memory");
			mmio_write32(bar + 0x20, 0x40080000);
			mmio_write32(bar + 0x28, 0x40081000);
			mmio_write32(bar + 0x30, 0x40082000);
			__asm__ volatile("strh %w0, [%1]" : : "r"(1), "r"(bar + 0x1c) : "memory");
		}
		__asm__ volatile("strb %w0, [%1]" : : "r"(15), "r"(bar + 0x14) : "memory");
		mmio_write32(T_DOORBELL_IPA, 0);
	}
	guest_print("\n");
	check_true("the VMM serves to the end", mmio_read32(T_GICD_IPA + 4) != 0);
}

/* The backend's side: iobuf page 1 is written at random, and sometimes as the protocol says. */
static void write_message(volatile struct pv_iobuf_page *page, uint64_t r)
{
	static const uint32_t kinds[] = {PV_CTL_READY,  PV_CTL_GONE, PV_CTL_STARTED, PV_CTL_STOPPED,
	                                 PV_CTL_FAILED, PV_CTL_FULL, PV_CTL_LOST};
	volatile struct pv_iobuf_message *slot = &page->slots[page->produced % PV_IOBUF_SLOTS];

	slot->kind = kinds[(r >> 8) % (sizeof(kinds) / sizeof(kinds[0]))];
	slot->device = (uint32_t)((r >> 16) % 3);
	/* The sequence number: mostly a small one, as in use. */
	for (uint32_t i = 0; i < 8; i++) {
		slot->payload[i] = i == 0 ? (uint8_t)((r >> 24) % 32) : 0;
	}
	page->produced++;
}

PROGRAM(guest_fuzz_ring)
{
	volatile struct pv_iobuf_page *in = (volatile struct pv_iobuf_page *)T_SHARED_IPA;
	volatile struct pv_iobuf_page *out = (volatile struct pv_iobuf_page *)(T_SHARED_IPA + 4096);
	uint64_t words = 0;

	state = params[0];
	for (uint64_t i = 0; i < params[1]; i++) {
		uint64_t r = random64();

		if (r % 64 == 0) { /* nonsense anywhere */
			((volatile uint32_t *)out)[(r >> 8) % 1024] = (uint32_t)random64();
			words++;
		} else if (r % 16 < 6) { /* a session, of a new epoch at times */
			out->magic = PV_IOBUF_MAGIC;
			out->version = PV_IOBUF_VERSION;
			if (r % 16 == 0 || out->epoch == 0) {
				out->epoch++;
				out->produced = 0;
				out->consumed = 0;
			}
			out->peer_epoch = in->epoch;
			out->consumed = in->produced;
		} else {
			write_message(out, r);
		}
		mmio_write32(T_DOORBELL_IPA + 4 * ((r >> 32) % 3), 1);
	}
	check_true("the backend wrote nonsense", words > 0);
}
