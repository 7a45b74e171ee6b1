/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses of the guest to a physical function, and its DMA (physical.h), after PCI Local Bus 3.0
 * chapter 6, PCI Power Management 1.2 and PCI Express 4.0 chapter 7.
 */
#include "vmm/pci/physical.h"

#include <stddef.h>

#include "lib/bits.h"
#include "vmm/base/alarm.h"
#include "vmm/calls.h"
#include "vmm/pci/physical_window.h"

#define COMMAND_KEPT 0x0406U /* memory space, bus master, INTx disable */
#define HEADER_TYPE 0x0cU    /* dword that holds it */
#define MULTI_FUNCTION BIT32(23)
#define INTERRUPT 0x3cU
#define INTERRUPT_PIN 0xff00U
#define CAPABILITIES_FIRST 0x40U
#define EXTENDED_FIRST 0x100U
#define NEXT_ONLY 0xffffff00U /* of a head: without its ID, which makes it the null capability */
#define EXTENDED_NEXT_ONLY 0xfff00000U
#define STATUS_HALF 0xffff0000U
#define POWER_STATUS 0x8000U /* PME_Status */
#define FAULTS_MS 1000U      /* between two looks for faults */
#define FAULT_LINES 8U

uint32_t physical_read(const struct physical *physical, uint32_t offset)
{
	uint32_t value;

	return call_window_read(physical->config->cap_window, offset / 4, &value) == OK
	               ? value
	               : UINT32_MAX;
}

void physical_write(const struct physical *physical, uint32_t offset, uint32_t value)
{
	(void)!call_window_write(physical->config->cap_window, offset / 4, value);
}

static void line_byte(struct line *line, uint32_t byte)
{
	static const char digits[] = "0123456789abcdef";
	const char text[3] = {digits[byte >> 4 & 15], digits[byte & 15], '\0'};

	line_text(line, text);
}

struct line physical_line(const struct physical *physical, const char *what)
{
	uint32_t id = physical->config->id;
	struct line line = {0};

	line_text(&line, what);
	line_byte(&line, id >> 8);
	line_text(&line, ":");
	line_byte(&line, id >> 3 & 31);
	line_text(&line, ".");
	line_number(&line, id & 7);
	return line;
}

/* The first lines at once, then each time that the count has doubled. */
static void tell_faults(struct physical *physical, const struct stream_faults *faults)
{
	struct line line;

	if (faults->count == physical->told ||
	    (physical->lines >= FAULT_LINES && faults->count / 2 < physical->told)) {
		return;
	}
	physical->told = faults->count;
	physical->lines++;
	line = physical_line(physical, "stream ");
	line_text(&line, " faults ");
	line_number(&line, faults->count);
	line_text(&line, " last ");
	line_hex(&line, faults->address);
	line_write(&line, physical->cap_log);
}

void physical_look_for_faults(struct physical *physical)
{
	struct stream_faults faults;

	if (call_stream_get(physical->config->cap_stream, &faults) == OK) {
		tell_faults(physical, &faults);
	}
	if (physical->has_stream) {
		alarm_set(physical->alarms, ALARM_FAULTS, FAULTS_MS);
	}
}

/* False: there is one that cannot be had. The kernel tells nobody of faults: while it is on, and when
 * that is over, we ask. */
static bool set_stream(struct physical *physical, bool on)
{
	uint32_t cap = physical->config->cap_stream;

	if (cap == PV_VMM_NO_STREAM) {
		return true;
	}
	bool done = call_stream_set(cap, on) == OK;

	physical->has_stream = on && done;
	physical_look_for_faults(physical);
	return done;
}

static uint32_t read_config(void *device, uint32_t offset)
{
	const struct physical *physical = device;
	uint32_t value = physical_read(physical, offset);

	if ((physical->hidden[offset / 4 / 32] & BIT32(offset / 4 % 32)) != 0) {
		return value & (offset < EXTENDED_FIRST ? NEXT_ONLY : EXTENDED_NEXT_ONLY);
	}
	if (offset == HEADER_TYPE) {
		return value & ~MULTI_FUNCTION;
	}
	return offset == INTERRUPT && physical->config->intx == 0 ? value & ~INTERRUPT_PIN : value;
}

/*
 * Bits that a 1 clears, of dwords that hold others beside them: a store to the others alone must
 * leave these as they are. In Express they are the upper halves of control registers.
 */
static uint32_t status_bits(const struct physical *physical, uint32_t offset)
{
	static const uint8_t controls[] = {PCI_EXPRESS_CONTROL, 0x10, 0x18, 0x28, 0x30, 0x38};

	if (physical->power != 0 && offset == physical->power + PCI_POWER_CONTROL) {
		return POWER_STATUS;
	}
	for (size_t i = 0; i < ARRAY_COUNT(controls); i++) {
		if (physical->express != 0 && offset == physical->express + controls[i]) {
			return STATUS_HALF;
		}
	}
	return 0;
}

/* DMA is translated from before it may begin until it can no longer. */
static void write_command(struct physical *physical, uint32_t value, uint32_t lanes)
{
	uint32_t old = physical_read(physical, PCI_COMMAND);
	uint32_t command = ((old & ~lanes) | value) & COMMAND_KEPT;

	if ((command & PCI_COMMAND_MASTER) != 0 && !physical->has_stream &&
	    !set_stream(physical, true)) {
		command &= ~PCI_COMMAND_MASTER;
	}
	physical_write(physical, PCI_COMMAND, command);
	if ((command & PCI_COMMAND_MASTER) == 0 && physical->has_stream) {
		(void)set_stream(physical, false);
	}
}

static void write_config(void *device, uint32_t offset, uint32_t value, uint32_t lanes)
{
	struct physical *physical = device;
	uint32_t others = ~lanes & ~status_bits(physical, offset);

	if (offset == PCI_COMMAND) {
		write_command(physical, value, lanes);
	} else if (offset >= CAPABILITIES_FIRST) {
		physical_write(physical, offset,
		               (others == 0 ? 0 : physical_read(physical, offset) & others) |
		                       value);
	}
}

static void reset(void *device)
{
	physical_reset(device);
}

void physical_init(struct physical *physical, const struct pv_vmm_function *config,
                   uint32_t cap_log, struct alarms *alarms)
{
	static const struct pci_operations operations = {read_config, write_config, NULL, NULL,
	                                                 reset};

	*physical = (struct physical){
		.config = config,
		.cap_log = cap_log,
		.alarms = alarms,
		.function = {.operations = &operations, .device = physical},
	};
}

void physical_stop(struct physical *physical)
{
	physical_write(physical, PCI_COMMAND, 0);
	(void)set_stream(physical, false);
}
