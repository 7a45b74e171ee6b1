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
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct board_range virt_reserved[] = {
	{"the interrupt controller's distributor", 0x08000000, 0x10000},
	{"the interrupt controller",               0x08010000, 0x50000},
	{"the SMMU",			       0x09050000, 0x20000},
	{"the power-off GPIO",                     0x09030000, 0x1000 },
};

static const struct board_device virt_devices[] = {
	{"/pl011@9000000",            0x09000000, 0x1000,     33, false},
	{"/pl031@9010000",            0x09010000, 0x1000,     34, false},
	{"/pl061@9030000",            0x09030000, 0x1000,     39, false},
	{"/pl011@9040000",            0x09040000, 0x1000,     40, false},
	{"/fw-cfg@9020000",           0x09020000, 0x18,       0,  true },
	{"/pcie@10000000",            0x10000000, 0x2eff0000, 35, true },
	{"/intc@8000000",             0x08000000, 0x10000,    0,  false},
	{"/intc@8000000/v2m@8020000", 0x08020000, 0x1000,     0,  false},
	{"/reserved-memory",          0,          0,          0,  false},
	{"/chosen",                   0,          0,          0,  false},
	{"/timer",		    0,          0,          0,  false},
	{"/psci",		     0,          0,          0,  false},
};

static const struct board_range pi4_reserved[] = {
	{"the interrupt controller's distributor", 0xff841000, 0x1000},
	{"the interrupt controller",               0xff842000, 0x6000},
	{"the local interrupt controller",         0xff800000, 0x1000},
};

static const struct board_device pi4_devices[] = {
	{"/soc/mailbox@7e00b880",              0xfe00b880, 0x40,    65,  true },
	{"/soc/serial@7e215040",               0xfe215040, 0x40,    125, false},
	{"/soc/serial@7e201000",               0xfe201000, 0x200,   153, false},
	{"/soc/cprman@7e101000",               0xfe101000, 0x2000,  0,   false},
	{"/soc/gpio@7e200000",                 0xfe200000, 0xb4,    145, false},
	{"/soc/firmware",                      0,          0,       0,   true },
	{"/soc/firmware/reset",                0,          0,       0,   false},
	{"/soc/dma-ranges",                    0,          0,       0,   false},
	{"/soc/dma@7e007000",                  0xfe007000, 0xb00,   112, true },
	{"/soc/interrupt-controller@7ef00100", 0xfef00100, 0x30,    128, false},
	{"/soc/hdmi@7ef00700",                 0xfef00700, 0x300,   0,   false},
	{"/soc/i2c@7ef04500",                  0xfef04500, 0x100,   0,   false},
	{"/soc/pixelvalve@7e20a000",           0xfe20a000, 0x100,   133, false},
	{"/soc/hdmi@7ef05700",                 0xfef05700, 0x300,   0,   false},
	{"/soc/i2c@7ef09500",                  0xfef09500, 0x100,   0,   false},
	{"/soc/pixelvalve@7e216000",           0xfe216000, 0x100,   142, false},
	{"/soc/hvs@7e400000",                  0xfe400000, 0x8000,  129, true },
	{"/soc/txp@7e004000",                  0xfe004000, 0x20,    107, true },
	{"/soc/watchdog@7e100000",             0xfe100000, 0x114,   0,   false},
	{"/soc/mmc@7e300000",                  0xfe300000, 0x100,   158, true },
	{"/emmc2bus/mmc@7e340000",             0xfe340000, 0x100,   158, true },
	{"/gpu",			       0,          0,       0,   true },
	{"/v3dbus/v3d@7ec04000",               0xfec04000, 0x4000,  106, true },
	{"/scb/ethernet@7d580000",             0xfd580000, 0x10000, 189, true },
	{"/scb/pcie@7d500000",                 0xfd500000, 0x9310,  180, true },
	{"/scb/pcie@7d500000/pci@0,0",         0,          0,       0,   true },
	{"/scb/pcie@7d500000/pci@0,0/usb@0,0", 0,          0,       0,   true },
	{"/reserved-memory",                   0,          0,       0,   false},
	{"/chosen",			    0,          0,       0,   false},
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
         .gicd_base = 0x08000000,
         .gicc_base = 0x08010000,
         .gich_base = 0x08030000,
         .gicv_base = 0x08040000,
         .reserved = virt_reserved,
         .reserved_count = COUNT(virt_reserved),
         .devices = virt_devices,
         .device_count = COUNT(virt_devices),
	 },
	{
         .name = "rpi4",
         .title = "Raspberry Pi 4 (check and analysis only)",
         .directory = "rpi4",
         .runs = false,
         .cpu_max = 4,
         .ram_base = 0,
         .ram_bytes_max = 0xfc000000,          /* below the peripherals */
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
	 },
};

bool board_reserved_at(const struct board *board, size_t index, struct board_range *out)
{
	if (index < board->reserved_count) {
		*out = board->reserved[index];
	} else if (index == board->reserved_count) {
		*out = (struct board_range){"the kernel's console", board->uart_base,
		                            PV_PAGE_BYTES};
	}
	return index <= board->reserved_count;
}

const struct board *board_find(const char *name)
{
	for (size_t i = 0; i < COUNT(boards); i++) {
		if (strcmp(boards[i].name, name) == 0 || strcmp(boards[i].directory, name) == 0) {
			return &boards[i];
		}
	}
	return NULL;
}

const struct board *board_at(size_t index)
{
	return index < COUNT(boards) ? &boards[index] : NULL;
}
