/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What topo alone knows of rpi4.h. What the rows mean: boards.h.
 *
 * What moves its data by the DMA controller (SPI, I2C, I2S, PWM, the SD host, display encoders) is
 * no master by itself: who has the controller is. The VideoCore does what its mailboxes ask for; by
 * them the firmware sets clocks and power on request.
 */
#ifndef ABI_BOARDS_RPI4_TOPO_H
#define ABI_BOARDS_RPI4_TOPO_H

#define BOARD_TITLE "Raspberry Pi 4 (check and analysis only)"
#define BOARD_DIRECTORY "rpi4"
#define BOARD_BY_DIRECTORY 1
#define BOARD_CPUS 4
#define BOARD_RAM_TAKEN 0x2000000
#define BOARD_RAM_ZEROED 0
#define BOARD_GIC_LIST_REGISTERS 4
#define BOARD_GIC_SPIS 224
#define BOARD_PCI_HOST "/scb/pcie@7d500000"
#define BOARD_PCI_IRQ 0
#define BOARD_QEMU_MACHINE ""
#define BOARD_QEMU_CPU ""

/* clang-format off */
#define BOARD_PCI_WINDOWS(X) \
	X(REGISTERS, 0xfd500000,  0x9310,     180) \
	X(MEMORY,    0x600000000, 0x40000000, 180)

#define BOARD_TREE(X) \
	X("/soc/mailbox@7e00b880",              0xfe00b880,     0x40,  65, OTHER,   DMA)   \
	X("/soc/mailbox@7e00b840",              0xfe00b840,     0x3c,  66, OTHER,   DMA)   \
	X("/soc/serial@7e215040",               0xfe215040,     0x40, 125, SERIAL,  QUIET) \
	X("/soc/serial@7e201000",               0xfe201000,    0x200, 153, SERIAL,  QUIET) \
	X("/soc/serial@7e201400",               0xfe201400,    0x200, 153, SERIAL,  QUIET) \
	X("/soc/serial@7e201600",               0xfe201600,    0x200, 153, SERIAL,  QUIET) \
	X("/soc/serial@7e201800",               0xfe201800,    0x200, 153, SERIAL,  QUIET) \
	X("/soc/serial@7e201a00",               0xfe201a00,    0x200, 153, SERIAL,  QUIET) \
	X("/soc/aux@7e215000",                  0xfe215000,      0x8,   0, OTHER,   QUIET) \
	X("/soc/spi@7e215080",                  0xfe215080,     0x40, 125, OTHER,   QUIET) \
	X("/soc/spi@7e2150c0",                  0xfe2150c0,     0x40, 125, OTHER,   QUIET) \
	X("/soc/spi@7e204000",                  0xfe204000,    0x200, 150, OTHER,   QUIET) \
	X("/soc/spi@7e204600",                  0xfe204600,    0x200, 150, OTHER,   QUIET) \
	X("/soc/spi@7e204800",                  0xfe204800,    0x200, 150, OTHER,   QUIET) \
	X("/soc/spi@7e204a00",                  0xfe204a00,    0x200, 150, OTHER,   QUIET) \
	X("/soc/spi@7e204c00",                  0xfe204c00,    0x200, 150, OTHER,   QUIET) \
	X("/soc/i2c@7e205000",                  0xfe205000,    0x200, 149, OTHER,   QUIET) \
	X("/soc/i2c@7e205600",                  0xfe205600,    0x200, 149, OTHER,   QUIET) \
	X("/soc/i2c@7e205800",                  0xfe205800,    0x200, 149, OTHER,   QUIET) \
	X("/soc/i2c@7e205a00",                  0xfe205a00,    0x200, 149, OTHER,   QUIET) \
	X("/soc/i2c@7e205c00",                  0xfe205c00,    0x200, 149, OTHER,   QUIET) \
	X("/soc/i2c@7e804000",                  0xfe804000,   0x1000, 149, OTHER,   QUIET) \
	X("/soc/i2s@7e203000",                  0xfe203000,     0x24,   0, OTHER,   QUIET) \
	X("/soc/pwm@7e20c000",                  0xfe20c000,     0x28,   0, OTHER,   QUIET) \
	X("/soc/pwm@7e20c800",                  0xfe20c800,     0x28,   0, OTHER,   QUIET) \
	X("/soc/rng@7e104000",                  0xfe104000,     0x28,   0, OTHER,   QUIET) \
	X("/soc/timer@7e003000",                0xfe003000,   0x1000,  96, OTHER,   QUIET) \
	X("/soc/avs-monitor@7d5d2000",          0xfd5d2000,    0xf00,   0, OTHER,   QUIET) \
	X("/soc/clock@7ef00000",                0xfef00000,     0x10,   0, OTHER,   QUIET) \
	X("/soc/cprman@7e101000",               0xfe101000,   0x2000,   0, OTHER,   QUIET) \
	X("/soc/gpio@7e200000",                 0xfe200000,     0xb4, 145, OTHER,   QUIET) \
	X("/soc/firmware",                               0,        0,   0, OTHER,   DMA)   \
	X("/soc/firmware/reset",                         0,        0,   0, OTHER,   QUIET) \
	X("/soc/dma-ranges",                             0,        0,   0, OTHER,   QUIET) \
	X("/soc/dma@7e007000",                  0xfe007000,    0xb00, 112, OTHER,   DMA)   \
	X("/soc/dma-controller@7e007000",       0xfe007000,    0xb00, 112, OTHER,   DMA)   \
	X("/scb/dma@7e007b00",                  0xfe007b00,    0x400, 121, OTHER,   DMA)   \
	X("/soc/usb@7e980000",                  0xfe980000,  0x10000, 105, USB,     DMA)   \
	X("/scb/usb@7e9c0000",                  0xfe9c0000, 0x100000, 208, USB,     DMA)   \
	X("/soc/csi@7e800000",                  0xfe800000,    0x800, 134, OTHER,   DMA)   \
	X("/soc/csi@7e800000",                  0xfe802000,      0x4, 134, OTHER,   DMA)   \
	X("/soc/csi@7e801000",                  0xfe801000,    0x800, 135, OTHER,   DMA)   \
	X("/soc/csi@7e801000",                  0xfe802004,      0x4, 135, OTHER,   DMA)   \
	X("/soc/interrupt-controller@7ef00100", 0xfef00100,     0x30, 128, OTHER,   QUIET) \
	X("/soc/hdmi@7ef00700",                 0xfef00700,    0x300,   0, GPU,     QUIET) \
	X("/soc/i2c@7ef04500",                  0xfef04500,    0x100,   0, OTHER,   QUIET) \
	X("/soc/pixelvalve@7e206000",           0xfe206000,    0x100, 141, GPU,     QUIET) \
	X("/soc/pixelvalve@7e207000",           0xfe207000,    0x100, 142, GPU,     QUIET) \
	X("/soc/pixelvalve@7e20a000",           0xfe20a000,    0x100, 133, GPU,     QUIET) \
	X("/soc/pixelvalve@7ec12000",           0xfec12000,    0x100, 138, GPU,     QUIET) \
	X("/soc/hdmi@7ef05700",                 0xfef05700,    0x300,   0, GPU,     QUIET) \
	X("/soc/i2c@7ef09500",                  0xfef09500,    0x100,   0, OTHER,   QUIET) \
	X("/soc/pixelvalve@7e216000",           0xfe216000,    0x100, 142, GPU,     QUIET) \
	X("/soc/vec@7ec13000",                  0xfec13000,   0x1000, 155, OTHER,   QUIET) \
	X("/soc/dpi@7e208000",                  0xfe208000,     0x8c,   0, OTHER,   QUIET) \
	X("/soc/dsi@7e209000",                  0xfe209000,     0x78, 132, OTHER,   QUIET) \
	X("/soc/dsi@7e700000",                  0xfe700000,     0x8c, 140, OTHER,   QUIET) \
	X("/soc/hvs@7e400000",                  0xfe400000,   0x8000, 129, GPU,     DMA)   \
	X("/soc/txp@7e004000",                  0xfe004000,     0x20, 107, GPU,     DMA)   \
	X("/soc/watchdog@7e100000",             0xfe100000,    0x114,   0, OTHER,   QUIET) \
	X("/soc/watchdog@7e100000",             0xfe00a000,     0x24,   0, OTHER,   QUIET) \
	X("/soc/watchdog@7e100000",             0xfec11000,     0x20,   0, OTHER,   QUIET) \
	X("/soc/mmc@7e202000",                  0xfe202000,    0x100, 152, STORAGE, QUIET) \
	X("/soc/mmc@7e300000",                  0xfe300000,    0x100, 158, STORAGE, DMA)   \
	X("/emmc2bus/mmc@7e340000",             0xfe340000,    0x100, 158, STORAGE, DMA)   \
	X("/gpu",                                        0,        0,   0, GPU,     DMA)   \
	X("/v3dbus/v3d@7ec04000",               0xfec04000,   0x4000, 106, GPU,     DMA)   \
	X("/v3dbus/v3d@7ec04000",               0xfec00000,   0x4000, 106, GPU,     DMA)   \
	X("/scb/gpu@7ec00000",                  0xfec00000,   0x4000, 106, GPU,     DMA)   \
	X("/scb/gpu@7ec00000",                  0xfec04000,   0x4000, 106, GPU,     DMA)   \
	X("/scb/ethernet@7d580000",             0xfd580000,  0x10000, 189, NIC,     DMA)   \
	X("/scb/pcie@7d500000/pci@0,0",                  0,        0,   0, OTHER,   DMA)   \
	X("/scb/pcie@7d500000/pci@0,0/usb@0,0",          0,        0,   0, USB,     DMA)   \
	X("/reserved-memory",                            0,        0,   0, OTHER,   QUIET) \
	X("/chosen",                                     0,        0,   0, OTHER,   QUIET) \
	X("/timer",                                      0,        0,   0, OTHER,   QUIET) \
	X("/pmu",                                        0,        0,   0, OTHER,   QUIET) \
	X("/cpus",                                       0,        0,   0, OTHER,   QUIET) \
	X("/aliases",                                    0,        0,   0, OTHER,   QUIET) \
	X("/clocks",                                     0,        0,   0, OTHER,   QUIET) \
	X("/phy",                                        0,        0,   0, OTHER,   QUIET)

#define BOARD_CONTROLLERS(X) \
	X("/soc/cprman@7e101000",   BOARD_CLOCKS)                               \
	X("/soc/gpio@7e200000",     BOARD_PINS)                                 \
	X("/soc/firmware",          BOARD_CLOCKS | BOARD_RESETS | BOARD_SUPPLY) \
	X("/soc/firmware/reset",    BOARD_RESETS)                               \
	X("/soc/mailbox@7e00b880",  BOARD_CLOCKS | BOARD_SUPPLY)                \
	X("/soc/watchdog@7e100000", BOARD_RESETS | BOARD_SUPPLY)
/* clang-format on */

#endif
