/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical functions before a run of their VM: quiet, reset, and held against what the image says of
 * them (physical.h). PCI Express 4.0, 6.6.2 (function level reset) and 7.5; Advanced Capabilities
 * for Conventional PCI (the same without Express); PCI Power Management 1.2, 5.4. A function that has
 * none of these three goes on from the state that its last driver left.
 */
#include <stddef.h>

#include "lib/bits.h"
#include "vmm/base/alarm.h"
#include "vmm/calls.h"
#include "vmm/pci/physical.h"
#include "vmm/pci/physical_window.h"

#define STATUS_CAPABILITIES BIT32(20) /* of the dword of PCI_COMMAND */
#define HEADER_TYPE 0x0cU
#define HEADER_LAYOUT 0x7f0000U
#define CAPABILITIES 0x34U
#define FIRST 0x40U
#define CHAIN_MAX 48U /* capabilities of a dword at least have room */
#define EXTENDED_FIRST 0x100U
#define EXTENDED_CHAIN_MAX 480U

#define ID_POWER 0x01U
#define ID_EXPRESS 0x10U
#define ID_ADVANCED 0x13U
#define ID_ENHANCED_ALLOCATION 0x14U
#define EXPRESS_DEVICE 0x04U
#define EXPRESS_HAS_FLR BIT32(28)
#define EXPRESS_FLR 0x8000U
#define EXPRESS_CONTROL_HALF 0xffffU
#define ADVANCED_HAS_FLR BIT32(25)
#define ADVANCED_CONTROL 0x04U
#define ADVANCED_FLR 1U
#define POWER_STATE 3U
#define POWER_KEEPS BIT32(3) /* No_Soft_Reset */
#define POWER_STATUS 0x8000U

#define BAR_IO 1U
#define BAR_FLAGS 0xfU

#define ASLEEP_MS 10U /* between two changes of the power state */
#define RESET_MS 100U

/* The capability @id of the first 256 bytes, 0 = none. */
static uint32_t find(struct physical *physical, uint32_t id)
{
	uint32_t at;

	if ((physical_read(physical, PCI_COMMAND) & STATUS_CAPABILITIES) == 0) {
		return 0;
	}
	at = physical_read(physical, CAPABILITIES) & 0xfc;
	for (uint32_t i = 0; i < CHAIN_MAX && at >= FIRST; i++) {
		uint32_t head = physical_read(physical, at);

		if ((head & 0xff) == id) {
			return at;
		}
		at = head >> 8 & 0xfc;
	}
	return 0;
}

static void hide(struct physical *physical, uint32_t offset)
{
	physical->hidden[offset / 4 / 32] |= BIT32(offset / 4 % 32);
}

/* Single Root and Multi Root IOV make functions, ATS, PRI and PASID go around the SMMU's
 * translation, the two Resizable BARs change what a range decodes. */
static bool is_extended_hidden(uint32_t id)
{
	static const uint8_t ids[] = {0x0f, 0x10, 0x11, 0x13, 0x15, 0x1b, 0x24};

	for (size_t i = 0; i < ARRAY_COUNT(ids); i++) {
		if (ids[i] == id) {
			return true;
		}
	}
	return false;
}

static void hide_extended(struct physical *physical)
{
	uint32_t at = EXTENDED_FIRST;

	for (uint32_t i = 0; i < EXTENDED_CHAIN_MAX && at >= EXTENDED_FIRST; i++) {
		uint32_t head = physical_read(physical, at);

		if (is_extended_hidden(head & 0xffff)) {
			hide(physical, at);
		}
		at = head >> 20 & 0xffc;
	}
}

static void find_capabilities(struct physical *physical)
{
	uint32_t allocation = find(physical, ID_ENHANCED_ALLOCATION);

	physical->power = find(physical, ID_POWER);
	physical->express = find(physical, ID_EXPRESS);
	for (uint32_t i = 0; i < ARRAY_COUNT(physical->hidden); i++) {
		physical->hidden[i] = 0;
	}
	if (allocation != 0) {
		hide(physical, allocation);
	}
	if (physical->express != 0) {
		hide_extended(physical);
	}
}

/* Whether a function level reset has begun. */
static bool begin_flr(struct physical *physical)
{
	uint32_t express = find(physical, ID_EXPRESS);
	uint32_t advanced = find(physical, ID_ADVANCED);

	if (express != 0 &&
	    (physical_read(physical, express + EXPRESS_DEVICE) & EXPRESS_HAS_FLR) != 0) {
		uint32_t control = physical_read(physical, express + PCI_EXPRESS_CONTROL);

		physical_write(physical, express + PCI_EXPRESS_CONTROL,
		               (control & EXPRESS_CONTROL_HALF) | EXPRESS_FLR);
		return true;
	}
	if (advanced != 0 && (physical_read(physical, advanced) & ADVANCED_HAS_FLR) != 0) {
		physical_write(physical, advanced + ADVANCED_CONTROL, ADVANCED_FLR);
		return true;
	}
	return false;
}

static void set_power_state(struct physical *physical, uint32_t state)
{
	uint32_t at = physical->power + PCI_POWER_CONTROL;
	uint32_t others = physical_read(physical, at) & ~(POWER_STATE | POWER_STATUS);

	physical_write(physical, at, others | state);
}

void physical_reset(struct physical *physical)
{
	physical_stop(physical);
	physical->power = 0;
	if (!begin_flr(physical)) {
		physical->power = find(physical, ID_POWER);
	}
	if (physical->power != 0) {
		set_power_state(physical, POWER_STATE); /* D3hot, to come back from */
	}
}

static void wait_ms(uint32_t ms)
{
	uint64_t since = call_counter();

	while (alarm_ms_since(since) < ms) {
		call_pause();
	}
}

static bool refuse(const struct physical *physical, const char *why)
{
	struct line line = physical_line(physical, "hardware ");

	line_text(&line, why);
	line_write(&line, physical->cap_log);
	return false;
}

static bool refuse_bar(const struct physical *physical, uint32_t number, uint32_t found,
                       const char *why)
{
	struct line line = physical_line(physical, "hardware ");

	line_text(&line, ": BAR ");
	line_number(&line, number);
	line_text(&line, " reads ");
	line_hex(&line, found);
	line_text(&line, why);
	line_write(&line, physical->cap_log);
	return false;
}

/*
 * Address register @number against its place. What it keeps of all ones is how large it is, below
 * the size of the place; the kernel has seen that it is no larger (abi/image.h, PV_RULE_PROBE).
 */
static bool take_bar(struct physical *physical, uint32_t number)
{
	const struct pv_vmm_bar *place = &physical->config->bars[number];
	uint32_t offset = PCI_BAR_FIRST + 4 * number;
	uint32_t ones;
	uint32_t back;
	uint64_t moves;

	physical_write(physical, offset, UINT32_MAX);
	ones = physical_read(physical, offset);
	physical_write(physical, offset, (uint32_t)place->bus);
	back = physical_read(physical, offset);
	if (ones == 0 || (ones & BAR_IO) != 0) { /* I/O ports are not shown */
		return place->bytes == 0 || refuse_bar(physical, number, ones, " and is no memory");
	}
	if (place->bytes == 0) {
		return refuse_bar(physical, number, ones, " and has no place");
	}
	if ((back & ~BAR_FLAGS) != place->bus) {
		return refuse_bar(physical, number, back, " where its place is not");
	}
	moves = ones & (place->bytes - 1) & ~(uint64_t)BAR_FLAGS;
	physical->function.bars[number] = (struct pci_bar){
		.base = place->ipa,
		.bytes = moves == 0 ? place->bytes : moves & -moves,
		.type = ones & (PCI_BAR_64BIT | PCI_BAR_PREFETCH),
	};
	return true;
}

static bool take_bars(struct physical *physical)
{
	bool is_upper = false;

	for (uint32_t i = 0; i < PV_VMM_BARS; i++) {
		physical->function.bars[i] = (struct pci_bar){0};
		if (is_upper) {
			is_upper = false;
			if (physical->config->bars[i].bytes != 0) {
				return refuse_bar(physical, i, 0, " as the upper half of another");
			}
			continue;
		}
		if (!take_bar(physical, i)) {
			return false;
		}
		is_upper = (physical->function.bars[i].type & PCI_BAR_64BIT) != 0;
	}
	return true;
}

/* What the function is, now that it is reset. */
static bool take(struct physical *physical)
{
	uint32_t word;

	if (call_window_read(physical->config->cap_window, 0, &word) != OK) {
		return refuse(physical, ": its registers are closed, see the kernel's line");
	}
	if (word == 0 || word == UINT32_MAX) {
		return refuse(physical, ": nothing is there");
	}
	if ((physical_read(physical, HEADER_TYPE) & HEADER_LAYOUT) != 0) {
		return refuse(physical, ": is a bridge, or no function of a device");
	}
	find_capabilities(physical);
	return take_bars(physical);
}

bool physicals_begin(struct physical *physicals, uint32_t count)
{
	bool all = true;

	if (count > 0) {
		wait_ms(ASLEEP_MS);
	}
	for (uint32_t i = 0; i < count; i++) {
		if (physicals[i].power != 0) {
			set_power_state(&physicals[i], 0);
		}
	}
	if (count > 0) {
		wait_ms(RESET_MS);
	}
	for (uint32_t i = 0; i < count; i++) {
		all = take(&physicals[i]) && all;
	}
	return all;
}
