/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of configuration space (virtio_pci_config.h), after PCI Local Bus 3.0 chapter 6 and
 * virtio 1.2, 4.1. The header is type 0 without INTx; behind it a chain of capabilities:
 *
 *   0x40 MSI-X -> 0x50 common -> 0x60 notify -> 0x74 ISR -> 0x84 access window -> 0x98 device
 *
 * with "device" left out of the chain where the type has no configuration.
 */
#include "vmm/virtio/virtio_pci_config.h"

#include <stddef.h>

#include "lib/bits.h"

#define VENDOR_VIRTIO 0x1af4U
#define DEVICE_VIRTIO 0x1040U /* + virtio device id (4.1.2) */
#define REVISION 1U
#define SUBSYSTEM 0x1100U

#define COMMAND_KEPT 0x0406U /* memory space, bus master, INTx disable */
#define STATUS_CAPABILITIES 0x0010U
#define MSIX_ENABLE BIT32(31) /* of the dword that holds Message Control */
#define MSIX_FUNCTION_MASK BIT32(30)

#define CAP_MSIX 0x40U
#define CAP_COMMON 0x50U
#define CAP_NOTIFY 0x60U
#define CAP_ISR 0x74U
#define CAP_WINDOW 0x84U
#define CAP_DEVICE 0x98U
#define NOTIFY_MULTIPLIER 4U
#define COMMON_BYTES 0x38U
#define CAP_ID_VENDOR 0x09U
#define CAP_ID_MSIX 0x11U
/* First dword of a virtio capability (4.1.4): id, next, length, type. */
#define VIRTIO_CAP(next, length, type)                                                             \
	(CAP_ID_VENDOR | (uint32_t)(next) << 8 | (uint32_t)(length) << 16 | (uint32_t)(type) << 24)

#define CONFIG_BYTES 0x100U

/* Bytes of @now outside of @lanes, those of @value inside. */
static uint32_t merge(uint32_t now, uint32_t value, uint32_t lanes)
{
	return (now & ~lanes) | (value & lanes);
}

static uint32_t read_id(struct virtio_pci *function)
{
	return VENDOR_VIRTIO | (DEVICE_VIRTIO + function->virtio.config->type) << 16;
}

static uint32_t read_command(struct virtio_pci *function)
{
	return function->command | STATUS_CAPABILITIES << 16;
}

static void write_command(struct virtio_pci *function, uint32_t value, uint32_t lanes)
{
	function->command = (uint16_t)(merge(function->command, value, lanes) & COMMAND_KEPT);
}

/* Class codes (PCI Code and ID Assignment 1.11) by virtio device id. */
static uint32_t read_class(struct virtio_pci *function)
{
	static const uint32_t codes[] = {
		[1] = 0x020000,  /* net: Ethernet controller */
		[2] = 0x018000,  /* blk: other mass storage */
		[3] = 0x078000,  /* console: other communication */
		[16] = 0x038000, /* gpu: other display */
		[19] = 0x078000, /* vsock */
		[26] = 0x018000, /* fs */
	};
	uint32_t type = function->virtio.config->type;
	uint32_t code = type < ARRAY_COUNT(codes) && codes[type] != 0 ? codes[type] : 0xff0000;

	return code << 8 | REVISION;
}

static uint32_t read_msix_control(struct virtio_pci *function)
{
	const struct msix *msix = &function->msix;

	return CAP_ID_MSIX | CAP_COMMON << 8 | (msix->vectors - 1) << 16 |
	       (msix->enabled ? MSIX_ENABLE : 0) | (msix->function_masked ? MSIX_FUNCTION_MASK : 0);
}

static void write_msix_control(struct virtio_pci *function, uint32_t value, uint32_t lanes)
{
	uint32_t control = merge(read_msix_control(function), value, lanes);

	function->msix.enabled = (control & MSIX_ENABLE) != 0;
	function->msix.function_masked = (control & MSIX_FUNCTION_MASK) != 0;
	virtio_pci_bind(function);
}

static uint32_t read_notify_bytes(struct virtio_pci *function)
{
	return function->virtio.config->queue_count * NOTIFY_MULTIPLIER;
}

static uint32_t read_device_bytes(struct virtio_pci *function)
{
	return function->virtio.config->config_bytes;
}

static uint32_t read_window_cap(struct virtio_pci *function)
{
	uint32_t next = function->virtio.config->config_bytes == 0 ? 0 : CAP_DEVICE;

	return VIRTIO_CAP(next, 20, 5);
}

static uint32_t read_window_bar(struct virtio_pci *function)
{
	return function->window_bar;
}

static void write_window_bar(struct virtio_pci *function, uint32_t value, uint32_t lanes)
{
	function->window_bar = (uint8_t)merge(function->window_bar, value, lanes);
}

static uint32_t read_window_offset(struct virtio_pci *function)
{
	return function->window_offset;
}

static void write_window_offset(struct virtio_pci *function, uint32_t value, uint32_t lanes)
{
	function->window_offset = merge(function->window_offset, value, lanes);
}

static uint32_t read_window_bytes(struct virtio_pci *function)
{
	return function->window_bytes;
}

static void write_window_bytes(struct virtio_pci *function, uint32_t value, uint32_t lanes)
{
	function->window_bytes = merge(function->window_bytes, value, lanes);
}

/*
 * The access that the window stands for. Only BAR0 is reached: a notification through the window
 * would need the guest's own doorbells, which the VMM does not hold, so it has no effect.
 */
static bool window_access(const struct virtio_pci *function, struct access *access)
{
	*access =
		(struct access){.offset = function->window_offset, .bytes = function->window_bytes};
	return function->window_bar == VIRTIO_PCI_BAR_REGISTERS && access->bytes <= 4;
}

static uint32_t read_window_data(struct virtio_pci *function)
{
	struct access access;

	return window_access(function, &access) ? (uint32_t)virtio_pci_read(function, &access) : 0;
}

static void write_window_data(struct virtio_pci *function, uint32_t value, uint32_t lanes)
{
	struct access access;

	if (window_access(function, &access)) {
		access.value = value & lanes;
		virtio_pci_write(function, &access);
	}
}

/* A dword: a constant, or what `read` says; without `write` it ignores writes. */
struct config_row {
	uint32_t value;
	uint32_t (*read)(struct virtio_pci *function);
	void (*write)(struct virtio_pci *function, uint32_t value, uint32_t lanes);
};

/* By offset / 4; what is not named is 0. Comments: PCI 3.0, 6.1; virtio 1.2, 4.1.4. */
/* clang-format off */
#define AT(offset) [(offset) / 4]
#define VALUE(dword) { (dword), NULL, NULL }
#define CALLS(read, write) { 0, read, write }
static const struct config_row config_rows[CONFIG_BYTES / 4] = {
	AT(0x00)            = CALLS(read_id, NULL),
	AT(0x04)            = CALLS(read_command, write_command),
	AT(0x08)            = CALLS(read_class, NULL),
	AT(0x2c)            = VALUE(VENDOR_VIRTIO | SUBSYSTEM << 16),
	AT(0x34)            = VALUE(CAP_MSIX),
	/* 0x3c: interrupt pin 0, there is no INTx */

	AT(CAP_MSIX + 0)    = CALLS(read_msix_control, write_msix_control),
	AT(CAP_MSIX + 4)    = VALUE(PV_VMM_BAR_MSIX | VIRTIO_PCI_BAR_REGISTERS),
	AT(CAP_MSIX + 8)    = VALUE(PV_VMM_BAR_PBA | VIRTIO_PCI_BAR_REGISTERS),

	AT(CAP_COMMON + 0)  = VALUE(VIRTIO_CAP(CAP_NOTIFY, 16, 1)),
	AT(CAP_COMMON + 4)  = VALUE(VIRTIO_PCI_BAR_REGISTERS),
	AT(CAP_COMMON + 8)  = VALUE(PV_VMM_BAR_COMMON),
	AT(CAP_COMMON + 12) = VALUE(COMMON_BYTES),

	AT(CAP_NOTIFY + 0)  = VALUE(VIRTIO_CAP(CAP_ISR, 20, 2)),
	AT(CAP_NOTIFY + 4)  = VALUE(VIRTIO_PCI_BAR_NOTIFY),
	AT(CAP_NOTIFY + 8)  = VALUE(0),
	AT(CAP_NOTIFY + 12) = CALLS(read_notify_bytes, NULL),
	AT(CAP_NOTIFY + 16) = VALUE(NOTIFY_MULTIPLIER),

	AT(CAP_ISR + 0)     = VALUE(VIRTIO_CAP(CAP_WINDOW, 16, 3)),
	AT(CAP_ISR + 4)     = VALUE(VIRTIO_PCI_BAR_REGISTERS),
	AT(CAP_ISR + 8)     = VALUE(PV_VMM_BAR_ISR),
	AT(CAP_ISR + 12)    = VALUE(1),

	AT(CAP_WINDOW + 0)  = CALLS(read_window_cap, NULL),
	AT(CAP_WINDOW + 4)  = CALLS(read_window_bar, write_window_bar),
	AT(CAP_WINDOW + 8)  = CALLS(read_window_offset, write_window_offset),
	AT(CAP_WINDOW + 12) = CALLS(read_window_bytes, write_window_bytes),
	AT(CAP_WINDOW + 16) = CALLS(read_window_data, write_window_data),

	AT(CAP_DEVICE + 0)  = VALUE(VIRTIO_CAP(0, 16, 4)),
	AT(CAP_DEVICE + 4)  = VALUE(VIRTIO_PCI_BAR_REGISTERS),
	AT(CAP_DEVICE + 8)  = VALUE(PV_VMM_BAR_DEVICE),
	AT(CAP_DEVICE + 12) = CALLS(read_device_bytes, NULL),
};
#undef CALLS
#undef VALUE
#undef AT
/* clang-format on */

uint32_t virtio_pci_config_read(struct virtio_pci *function, uint32_t offset)
{
	const struct config_row *row;

	if (offset >= CONFIG_BYTES) {
		return 0; /* no extended capabilities */
	}
	row = &config_rows[offset / 4];
	return row->read != NULL ? row->read(function) : row->value;
}

void virtio_pci_config_write(struct virtio_pci *function, uint32_t offset, uint32_t value,
                             uint32_t lanes)
{
	if (offset < CONFIG_BYTES && config_rows[offset / 4].write != NULL) {
		config_rows[offset / 4].write(function, value, lanes);
	}
}
