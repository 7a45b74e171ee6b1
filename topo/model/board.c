/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boards. QEMU virt: the memory map of hw/arm/virt.c of QEMU 10.0 as its device tree shows it
 * with virtualization=on,gic-version=2. Raspberry Pi 4: BCM2711 ARM Peripherals, and the device
 * tree of Linux 6.12; for check and analysis, the kernel does not run on it yet.
 */
#include "topo/model/board.h"

#include <string.h>

#include "abi/limits.h"

#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)
#define INTID_SPI_FIRST 32U
#define SMMU_IRQS 4U
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct board_range virt_reserved[] = {
	{"the interrupt controller's distributor", 0x08000000, 0x10000, true},
	{"the interrupt controller", 0x08010000, 0x50000, true},
	{"the SMMU", 0x09050000, 0x20000, false},
	{"the power-off GPIO", 0x09030000, 0x1000, false},
};

/* One of the 32 slots of virtio-mmio, which reach memory past the SMMU. */
#define VIRTIO_MMIO(slot, at)                                                                      \
	{                                                                                          \
		"/virtio_mmio@" #at, 0x##at, 0x200, 48 + (slot), true                              \
	}

/* A device with several ranges of registers has a row for each, the one with the interrupt first. */
static const struct board_device virt_devices[] = {
	{"/pl011@9000000", 0x09000000, 0x1000, 33, false},
	{"/pl031@9010000", 0x09010000, 0x1000, 34, false},
	{"/pl061@9030000", 0x09030000, 0x1000, 39, false},
	{"/pl011@9040000", 0x09040000, 0x1000, 40, false},
	{"/fw-cfg@9020000", 0x09020000, 0x18, 0, true},
	{"/pcie@10000000", 0x10000000, 0x2eff0000, 35, true},
	{"/pcie@10000000", 0x3eff0000, 0x10000, 35, true},
	{"/pcie@10000000", 0x4010000000, 0x10000000, 35, true},
	{"/pcie@10000000", 0x8000000000, GIB(512), 35, true},
	{"/intc@8000000", 0x08000000, 0x10000, 0, false},
	{"/intc@8000000/v2m@8020000", 0x08020000, 0x1000, 0, false},
	{"/smmuv3@9050000", 0x09050000, 0x20000, 0, true},
	{"/flash@0", 0, 0x8000000, 0, false},
	{"/platform-bus@c000000", 0x0c000000, 0x2000000, 0, true},
	VIRTIO_MMIO(0, a000000),
	VIRTIO_MMIO(1, a000200),
	VIRTIO_MMIO(2, a000400),
	VIRTIO_MMIO(3, a000600),
	VIRTIO_MMIO(4, a000800),
	VIRTIO_MMIO(5, a000a00),
	VIRTIO_MMIO(6, a000c00),
	VIRTIO_MMIO(7, a000e00),
	VIRTIO_MMIO(8, a001000),
	VIRTIO_MMIO(9, a001200),
	VIRTIO_MMIO(10, a001400),
	VIRTIO_MMIO(11, a001600),
	VIRTIO_MMIO(12, a001800),
	VIRTIO_MMIO(13, a001a00),
	VIRTIO_MMIO(14, a001c00),
	VIRTIO_MMIO(15, a001e00),
	VIRTIO_MMIO(16, a002000),
	VIRTIO_MMIO(17, a002200),
	VIRTIO_MMIO(18, a002400),
	VIRTIO_MMIO(19, a002600),
	VIRTIO_MMIO(20, a002800),
	VIRTIO_MMIO(21, a002a00),
	VIRTIO_MMIO(22, a002c00),
	VIRTIO_MMIO(23, a002e00),
	VIRTIO_MMIO(24, a003000),
	VIRTIO_MMIO(25, a003200),
	VIRTIO_MMIO(26, a003400),
	VIRTIO_MMIO(27, a003600),
	VIRTIO_MMIO(28, a003800),
	VIRTIO_MMIO(29, a003a00),
	VIRTIO_MMIO(30, a003c00),
	VIRTIO_MMIO(31, a003e00),
	{"/reserved-memory", 0, 0, 0, false},
	{"/chosen", 0, 0, 0, false},
	{"/timer", 0, 0, 0, false},
	{"/psci", 0, 0, 0, false},
	{"/pmu", 0, 0, 0, false},
	{"/cpus", 0, 0, 0, false},
	{"/aliases", 0, 0, 0, false},
	{"/apb-pclk", 0, 0, 0, false},
};

static const struct board_range pi4_reserved[] = {
	{"the interrupt controller's distributor", 0xff841000, 0x1000, true},
	{"the interrupt controller", 0xff842000, 0x6000, true},
	{"the local interrupt controller", 0xff800000, 0x1000, false},
};

/*
 * What moves its data by the DMA controller (SPI, I2C, I2S, PWM, the SD host, display encoders) is no
 * master by itself: who has the controller is. The VideoCore does what its mailboxes ask for.
 */
static const struct board_device pi4_devices[] = {
	{"/soc/mailbox@7e00b880", 0xfe00b880, 0x40, 65, true},
	{"/soc/mailbox@7e00b840", 0xfe00b840, 0x3c, 66, true},
	{"/soc/serial@7e215040", 0xfe215040, 0x40, 125, false},
	{"/soc/serial@7e201000", 0xfe201000, 0x200, 153, false},
	{"/soc/serial@7e201400", 0xfe201400, 0x200, 153, false},
	{"/soc/serial@7e201600", 0xfe201600, 0x200, 153, false},
	{"/soc/serial@7e201800", 0xfe201800, 0x200, 153, false},
	{"/soc/serial@7e201a00", 0xfe201a00, 0x200, 153, false},
	{"/soc/aux@7e215000", 0xfe215000, 0x8, 0, false},
	{"/soc/spi@7e215080", 0xfe215080, 0x40, 125, false},
	{"/soc/spi@7e2150c0", 0xfe2150c0, 0x40, 125, false},
	{"/soc/spi@7e204000", 0xfe204000, 0x200, 150, false},
	{"/soc/spi@7e204600", 0xfe204600, 0x200, 150, false},
	{"/soc/spi@7e204800", 0xfe204800, 0x200, 150, false},
	{"/soc/spi@7e204a00", 0xfe204a00, 0x200, 150, false},
	{"/soc/spi@7e204c00", 0xfe204c00, 0x200, 150, false},
	{"/soc/i2c@7e205000", 0xfe205000, 0x200, 149, false},
	{"/soc/i2c@7e205600", 0xfe205600, 0x200, 149, false},
	{"/soc/i2c@7e205800", 0xfe205800, 0x200, 149, false},
	{"/soc/i2c@7e205a00", 0xfe205a00, 0x200, 149, false},
	{"/soc/i2c@7e205c00", 0xfe205c00, 0x200, 149, false},
	{"/soc/i2c@7e804000", 0xfe804000, 0x1000, 149, false},
	{"/soc/i2s@7e203000", 0xfe203000, 0x24, 0, false},
	{"/soc/pwm@7e20c000", 0xfe20c000, 0x28, 0, false},
	{"/soc/pwm@7e20c800", 0xfe20c800, 0x28, 0, false},
	{"/soc/rng@7e104000", 0xfe104000, 0x28, 0, false},
	{"/soc/timer@7e003000", 0xfe003000, 0x1000, 96, false},
	{"/soc/avs-monitor@7d5d2000", 0xfd5d2000, 0xf00, 0, false},
	{"/soc/clock@7ef00000", 0xfef00000, 0x10, 0, false},
	{"/soc/cprman@7e101000", 0xfe101000, 0x2000, 0, false},
	{"/soc/gpio@7e200000", 0xfe200000, 0xb4, 145, false},
	{"/soc/firmware", 0, 0, 0, true},
	{"/soc/firmware/reset", 0, 0, 0, false},
	{"/soc/dma-ranges", 0, 0, 0, false},
	{"/soc/dma@7e007000", 0xfe007000, 0xb00, 112, true},
	{"/soc/dma-controller@7e007000", 0xfe007000, 0xb00, 112, true},
	{"/scb/dma@7e007b00", 0xfe007b00, 0x400, 121, true},
	{"/soc/usb@7e980000", 0xfe980000, 0x10000, 105, true},
	{"/scb/usb@7e9c0000", 0xfe9c0000, 0x100000, 208, true},
	{"/soc/csi@7e800000", 0xfe800000, 0x800, 134, true},
	{"/soc/csi@7e800000", 0xfe802000, 0x4, 134, true},
	{"/soc/csi@7e801000", 0xfe801000, 0x800, 135, true},
	{"/soc/csi@7e801000", 0xfe802004, 0x4, 135, true},
	{"/soc/interrupt-controller@7ef00100", 0xfef00100, 0x30, 128, false},
	{"/soc/hdmi@7ef00700", 0xfef00700, 0x300, 0, false},
	{"/soc/i2c@7ef04500", 0xfef04500, 0x100, 0, false},
	{"/soc/pixelvalve@7e206000", 0xfe206000, 0x100, 141, false},
	{"/soc/pixelvalve@7e207000", 0xfe207000, 0x100, 142, false},
	{"/soc/pixelvalve@7e20a000", 0xfe20a000, 0x100, 133, false},
	{"/soc/pixelvalve@7ec12000", 0xfec12000, 0x100, 138, false},
	{"/soc/hdmi@7ef05700", 0xfef05700, 0x300, 0, false},
	{"/soc/i2c@7ef09500", 0xfef09500, 0x100, 0, false},
	{"/soc/pixelvalve@7e216000", 0xfe216000, 0x100, 142, false},
	{"/soc/vec@7ec13000", 0xfec13000, 0x1000, 155, false},
	{"/soc/dpi@7e208000", 0xfe208000, 0x8c, 0, false},
	{"/soc/dsi@7e209000", 0xfe209000, 0x78, 132, false},
	{"/soc/dsi@7e700000", 0xfe700000, 0x8c, 140, false},
	{"/soc/hvs@7e400000", 0xfe400000, 0x8000, 129, true},
	{"/soc/txp@7e004000", 0xfe004000, 0x20, 107, true},
	{"/soc/watchdog@7e100000", 0xfe100000, 0x114, 0, false},
	{"/soc/watchdog@7e100000", 0xfe00a000, 0x24, 0, false},
	{"/soc/watchdog@7e100000", 0xfec11000, 0x20, 0, false},
	{"/soc/mmc@7e202000", 0xfe202000, 0x100, 152, false},
	{"/soc/mmc@7e300000", 0xfe300000, 0x100, 158, true},
	{"/emmc2bus/mmc@7e340000", 0xfe340000, 0x100, 158, true},
	{"/gpu", 0, 0, 0, true},
	{"/v3dbus/v3d@7ec04000", 0xfec04000, 0x4000, 106, true},
	{"/v3dbus/v3d@7ec04000", 0xfec00000, 0x4000, 106, true},
	{"/scb/gpu@7ec00000", 0xfec00000, 0x4000, 106, true},
	{"/scb/gpu@7ec00000", 0xfec04000, 0x4000, 106, true},
	{"/scb/ethernet@7d580000", 0xfd580000, 0x10000, 189, true},
	{"/scb/pcie@7d500000", 0xfd500000, 0x9310, 180, true},
	{"/scb/pcie@7d500000", 0x600000000, 0x40000000, 180, true},
	{"/scb/pcie@7d500000/pci@0,0", 0, 0, 0, true},
	{"/scb/pcie@7d500000/pci@0,0/usb@0,0", 0, 0, 0, true},
	{"/reserved-memory", 0, 0, 0, false},
	{"/chosen", 0, 0, 0, false},
	{"/timer", 0, 0, 0, false},
	{"/pmu", 0, 0, 0, false},
	{"/cpus", 0, 0, 0, false},
	{"/aliases", 0, 0, 0, false},
	{"/clocks", 0, 0, 0, false},
	{"/phy", 0, 0, 0, false},
};

/* The firmware sets clocks and power on request, by its mailbox. */
static const struct board_controller pi4_controllers[] = {
	{"/soc/cprman@7e101000", BOARD_CLOCKS},
	{"/soc/gpio@7e200000", BOARD_PINS},
	{"/soc/firmware", BOARD_CLOCKS | BOARD_RESETS | BOARD_SUPPLY},
	{"/soc/firmware/reset", BOARD_RESETS},
	{"/soc/mailbox@7e00b880", BOARD_CLOCKS | BOARD_SUPPLY},
	{"/soc/watchdog@7e100000", BOARD_RESETS | BOARD_SUPPLY},
};

/* The default board first. */
static const struct board boards[] = {
	{
		.name = "qemu-virt",
		.title = "QEMU virt, GICv2, SMMUv3",
		.directory = "qemu-arm-virt",
		.id = PV_BOARD_QEMU_VIRT,
		.runs = true,
		.cpu_max = PV_CPUS_MAX,
		.ram_base = 0x40000000,
		.ram_bytes_max = GIB(8),
		.ram_kernel_bytes = MIB(32),
		.list_registers = 4,
		.spi_count = 256,
		.smmu = true,
		.uart_base = 0x09000000,
		.uart_irq = 33,
		.smmu_irq = 106,
		.gicd_base = 0x08000000,
		.gicc_base = 0x08010000,
		.gich_base = 0x08030000,
		.gicv_base = 0x08040000,
		.reserved = virt_reserved,
		.reserved_count = COUNT(virt_reserved),
		.devices = virt_devices,
		.device_count = COUNT(virt_devices),
		.pci_host = "/pcie@10000000",
		.pci_irq = 35,
	},
	{
		.name = "rpi4",
		.title = "Raspberry Pi 4 (check and analysis only)",
		.directory = "rpi4",
		.runs = false,
		.cpu_max = 4,
		.ram_base = 0,
		.ram_bytes_max = 0xfc000000, /* below the peripherals */
		.ram_kernel_bytes = MIB(32),
		.list_registers = 4,
		.spi_count = 224,
		.smmu = false,
		.uart_base = 0xfe201000,
		.uart_irq = 153,
		.gicd_base = 0xff841000,
		.gicc_base = 0xff842000,
		.gich_base = 0xff844000,
		.gicv_base = 0xff846000,
		.reserved = pi4_reserved,
		.reserved_count = COUNT(pi4_reserved),
		.devices = pi4_devices,
		.device_count = COUNT(pi4_devices),
		.controllers = pi4_controllers,
		.controller_count = COUNT(pi4_controllers),
		.pci_host = "/scb/pcie@7d500000",
	},
};

bool board_reserved_at(const struct board *board, size_t index, struct board_range *out)
{
	if (index < board->reserved_count) {
		*out = board->reserved[index];
	} else if (board->unknown || index > board->reserved_count) {
		return false;
	} else {
		*out = (struct board_range){"the kernel's console", board->uart_base, PV_PAGE_BYTES,
		                            true};
	}
	return true;
}

/* GICv2 and GICv3 have interrupts up to 1019; nobody's CPU interface lies at the last address. */
#define UNKNOWN_BOARD(title_name)                                                                  \
	{                                                                                          \
		.name = (title_name), .title = "known by name only (check and analysis)",          \
		.directory = (title_name), .unknown = true, .cpu_max = PV_CPUS_MAX,                \
		.list_registers = 4, .spi_count = 988, .gicv_base = UINT64_MAX, .pci_host = "",    \
	}

/* The platforms that seL4's VM systems are built for, by the names of their directories. */
static const struct board named_boards[] = {
	UNKNOWN_BOARD("exynos4"),     UNKNOWN_BOARD("exynos5250"), UNKNOWN_BOARD("exynos5410"),
	UNKNOWN_BOARD("exynos5422"),  UNKNOWN_BOARD("fvp"),        UNKNOWN_BOARD("hikey"),
	UNKNOWN_BOARD("imx8mm-evk"),  UNKNOWN_BOARD("imx8mp-evk"), UNKNOWN_BOARD("imx8mq-evk"),
	UNKNOWN_BOARD("imx93"),       UNKNOWN_BOARD("maaxboard"),  UNKNOWN_BOARD("odroidc2"),
	UNKNOWN_BOARD("odroidc4"),    UNKNOWN_BOARD("odroid-xu4"), UNKNOWN_BOARD("quartz64"),
	UNKNOWN_BOARD("rk3288"),      UNKNOWN_BOARD("rk3568"),     UNKNOWN_BOARD("rockpro64"),
	UNKNOWN_BOARD("rpi3"),        UNKNOWN_BOARD("stm32mp2"),   UNKNOWN_BOARD("tk1"),
	UNKNOWN_BOARD("tqma8xqp1gb"), UNKNOWN_BOARD("tx1"),        UNKNOWN_BOARD("tx2"),
	UNKNOWN_BOARD("ultra96"),     UNKNOWN_BOARD("zcu102"),     UNKNOWN_BOARD("zcu106"),
	UNKNOWN_BOARD("zynqmp"),
};

const struct board *board_nameless(void)
{
	static const struct board nameless = UNKNOWN_BOARD("unknown");

	return &nameless;
}

/* A range is given in whole pages. */
static bool share_page(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return a >> PV_PAGE_SHIFT <= (b + b_bytes - 1) >> PV_PAGE_SHIFT &&
	       b >> PV_PAGE_SHIFT <= (a + a_bytes - 1) >> PV_PAGE_SHIFT;
}

const char *board_kernel_at(const struct board *board, uint64_t base, uint64_t bytes)
{
	struct board_range reserved;

	for (size_t i = 0; board_reserved_at(board, i, &reserved); i++) {
		if (share_page(base, bytes, reserved.base, reserved.bytes)) {
			return reserved.name;
		}
	}
	return share_page(base, bytes, board->ram_base, board->ram_bytes_max) ? "RAM" : NULL;
}

const char *board_kernel_irq(const struct board *board, uint32_t irq)
{
	if (irq < INTID_SPI_FIRST) {
		return irq == 0 ? NULL : "the kernel's timers and signals between CPUs";
	}
	if (irq == board->uart_irq) {
		return "the kernel's console";
	}
	if (board->smmu_irq != 0 && irq - board->smmu_irq < SMMU_IRQS) {
		return "the SMMU";
	}
	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *device = &board->devices[i];

		if (device->irq == irq && device->bytes != 0 &&
		    board_kernel_at(board, device->base, device->bytes) != NULL) {
			return board_kernel_at(board, device->base, device->bytes);
		}
	}
	return NULL;
}

const char *board_power_name(enum board_power power)
{
	switch (power) {
	case BOARD_CLOCKS:
		return "clocks";
	case BOARD_RESETS:
		return "resets";
	case BOARD_SUPPLY:
		return "power";
	case BOARD_PINS:
	default:
		return "pins";
	}
}

bool board_is_controller(const char *path)
{
	for (size_t i = 0; i < COUNT(boards); i++) {
		for (size_t j = 0; j < boards[i].controller_count; j++) {
			if (strcmp(boards[i].controllers[j].path, path) == 0) {
				return true;
			}
		}
	}
	return false;
}

const struct board *board_find(const char *name)
{
	for (size_t i = 0; i < COUNT(boards); i++) {
		if (strcmp(boards[i].name, name) == 0 || strcmp(boards[i].directory, name) == 0) {
			return &boards[i];
		}
	}
	for (size_t i = 0; i < COUNT(named_boards); i++) {
		if (strcmp(named_boards[i].name, name) == 0) {
			return &named_boards[i];
		}
	}
	return NULL;
}

const struct board *board_at(size_t index)
{
	return index < COUNT(boards) ? &boards[index] : NULL;
}
