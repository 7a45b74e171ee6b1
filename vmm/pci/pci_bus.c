/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ECAM and address registers (pci_bus.h), after PCI Express 4.0, 7.2.2 and PCI Local Bus 3.0, 6.2.5.
 * There is no expansion ROM. Narrower accesses than a dword read a part of one or write some of its
 * byte lanes.
 */
#include "vmm/pci/pci_bus.h"

#include <stddef.h>

#include "lib/bits.h"

#define BAR_FIRST 0x10U
#define BAR_END (BAR_FIRST + 4 * PCI_BARS)
#define ROM_ADDRESS 0x30U

/* A register of an access: which dword of whose, and which of its bits. */
struct target {
	struct pci_function *function;
	uint32_t offset;
	uint32_t shift;
	uint32_t lanes;
};

/*
 * What an ECAM access hits: bits [19:15] device, [14:12] function, [11:0] register. False: no such
 * function, or no width of configuration space.
 */
static bool decode(const struct pci_bus *bus, const struct access *access, struct target *target)
{
	if (!access_is_sane(access) || access->bytes > 4 || access->offset >= ECAM_BYTES ||
	    (access->offset >> 12 & 7) != 0) {
		return false;
	}
	target->function = bus->slots[access->offset >> 15];
	target->offset = access->offset & 0xffc;
	target->shift = 8 * (access->offset % 4);
	target->lanes = (uint32_t)(BIT64(8 * access->bytes) - 1) << target->shift;
	return target->function != NULL;
}

static bool is_bar(uint32_t offset)
{
	return offset >= BAR_FIRST && offset < BAR_END;
}

/* Address register @number: the lower half of its own BAR, or the upper one of the BAR before. */
static uint32_t read_address(const struct pci_function *function, uint32_t number)
{
	bool is_upper = number > 0 && (function->bars[number - 1].type & PCI_BAR_64BIT) != 0;
	const struct pci_bar *bar = &function->bars[is_upper ? number - 1 : number];
	bool shows_size = (function->sizing & BIT32(number)) != 0;
	uint64_t value = shows_size ? ~(bar->bytes - 1) : bar->base;

	if (bar->bytes == 0) {
		return 0;
	}
	return is_upper ? (uint32_t)(value >> 32) : (uint32_t)value | bar->type;
}

static void write_address(struct pci_function *function, uint32_t number, uint32_t written)
{
	uint8_t bit = (uint8_t)BIT32(number);

	if (written == UINT32_MAX) {
		function->sizing |= bit;
	} else {
		function->sizing &= (uint8_t)~bit;
	}
}

static uint32_t read_dword(struct pci_function *function, uint32_t offset)
{
	if (is_bar(offset)) {
		return read_address(function, (offset - BAR_FIRST) / 4);
	}
	return offset == ROM_ADDRESS ? 0
	                             : function->operations->read_config(function->device, offset);
}

uint64_t pci_bus_read(struct pci_bus *bus, const struct access *access)
{
	struct target target;

	if (!decode(bus, access, &target)) {
		return access->bytes >= 8 ? UINT64_MAX : BIT64(8 * access->bytes) - 1;
	}
	return (read_dword(target.function, target.offset) & target.lanes) >> target.shift;
}

void pci_bus_write(struct pci_bus *bus, const struct access *access)
{
	struct target target;
	uint32_t value;

	if (!decode(bus, access, &target)) {
		return;
	}
	value = (uint32_t)access->value << target.shift & target.lanes;
	if (is_bar(target.offset)) {
		write_address(target.function, (target.offset - BAR_FIRST) / 4, value);
	} else if (target.offset != ROM_ADDRESS) {
		target.function->operations->write_config(target.function->device, target.offset,
		                                          value, target.lanes);
	}
}

void pci_bus_reset(struct pci_bus *bus)
{
	for (uint32_t slot = 0; slot < PCI_SLOTS; slot++) {
		struct pci_function *function = bus->slots[slot];

		if (function != NULL) {
			function->sizing = 0;
			function->operations->reset(function->device);
		}
	}
}
